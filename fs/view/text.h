/*
 * text - a source's bytes as text, in a window that slides over them.
 *
 * Text is what the bytes are in UTF-8, without a byte order mark. A file that
 * is said to be UTF-8 is passed on as it is: bytes in it that are not UTF-8
 * stay. In every other encoding, what cannot be decoded becomes U+FFFD.
 *
 * The window is t->data[t->begin] to t->data[t->end]. It grows with text_more
 * and shrinks with text_drop; text_more moves it. TEXT_SLACK bytes behind end
 * may be read, and mean nothing.
 *
 * iconv lives here. Single thread.
 */
#ifndef FS_VIEW_TEXT_H
#define FS_VIEW_TEXT_H

#include <iconv.h>
#include <stdbool.h>

#include "view.h"

#define TEXT_STEP	(256 * 1024)	/* bytes read at a time */
#define TEXT_SAMPLE	(64 * 1024)	/* bytes by which encoding and delimiter are judged */
#define TEXT_NAME	64		/* room for an encoding's name */
#define TEXT_SLACK	64

struct text {
	char		*data;
	size_t		 begin, end;
	bool		 ended;		/* nothing comes behind end */
	bool		 marked;	/* it began with a byte order mark */
	bool		 replaces;	/* U+FFFD may stand for what could not be decoded */
	uint64_t	 dropped;	/* bytes of the source before begin: see text_offset */
	/* private */
	size_t		 known;		/* a place in data, and where it stands in the source */
	uint64_t	 known_offset;
	const struct view_source *source;
	uint64_t	 off;		/* of the next byte to read */
	size_t		 cap;
	int		(*decode)(struct text *);
	iconv_t		 iconv;
	size_t unit; /* bytes of a character in the source, and what is passed over where none is;
			0: UTF-8 */
	char		*raw;		/* read, not yet decoded */
	size_t		 raw_begin, raw_end;
	bool		 started;
};

/* What the first n bytes of a file are written in, by byte order mark, the NULs of UTF-16, or by
 * whether they are UTF-8; whole: there are no more. */
const char *text_detect(const char *, size_t n, bool whole);

/* -EINVAL: no such encoding. The source must stay. */
int	text_open(struct text *, const struct view_source *, const char *encoding);
int	text_more(struct text *);		/* at least one byte more behind end, or ended */
int	text_fill(struct text *, size_t n);	/* n bytes in the window, or all that there are */
void	text_drop(struct text *, size_t n);	/* the first n bytes of the window are done with */
/*
 * Where byte n of the window stands in the source. In an encoding whose characters differ in length
 * (other than UTF-8 and UTF-16) that is a number of characters. Quick where it is near to what was
 * asked last.
 */
uint64_t text_offset(struct text *, size_t n);
void	text_close(struct text *);

#endif

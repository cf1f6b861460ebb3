/*
 * text - a source's bytes as text, in a window that slides over them.
 *
 * Text is what the bytes are in UTF-8, without a byte order mark. A file that
 * is said to be UTF-8 is passed on as it is: bytes in it that are not UTF-8
 * stay. In every other encoding, what cannot be decoded becomes U+FFFD and is
 * counted.
 *
 * The window is t->data[t->begin] to t->data[t->end]. It grows with text_more
 * and shrinks with text_drop; text_more moves it.
 *
 * iconv lives here. Single thread.
 */
#ifndef FS_VIEW_TEXT_H
#define FS_VIEW_TEXT_H

#include <iconv.h>
#include <stdbool.h>

#include "fs/view.h"

#define TEXT_STEP	(256 * 1024)	/* bytes read at a time */
#define TEXT_SAMPLE	(64 * 1024)	/* bytes by which encoding and delimiter are judged */
#define TEXT_NAME	64		/* room for an encoding's name */

struct text {
	char		*data;
	size_t		 begin, end;
	bool		 ended;		/* nothing comes behind end */
	uint64_t	 dropped;	/* bytes of text before begin, the byte order mark included */
	uint64_t	 undecodable;
	/* private */
	const struct view_source *source;
	uint64_t	 off;		/* of the next byte to read */
	size_t		 cap;
	int		(*decode)(struct text *);
	iconv_t		 iconv;
	size_t		 unit;		/* bytes that are passed over when they cannot be decoded */
	char		*raw;		/* read, not yet decoded */
	size_t		 raw_len;
	bool		 started;
};

/* What the first n bytes of a file are written in, by byte order mark or by whether they are UTF-8; whole: there are no more. */
const char *text_detect(const char *, size_t n, bool whole);

/* -EINVAL: no such encoding. The source must stay. */
int	text_open(struct text *, const struct view_source *, const char *encoding);
int	text_more(struct text *);		/* at least one byte more behind end, or ended */
int	text_fill(struct text *, size_t n);	/* n bytes in the window, or all that there are */
void	text_drop(struct text *, size_t n);	/* the first n bytes of the window are done with */
void	text_close(struct text *);

#endif

/*
 * text - a source's bytes as UTF-8 text, in a window that slides over them.
 *
 * A byte order mark is passed over. A document in UTF-8 is passed on as it is:
 * bytes in it that are not UTF-8 stay. In every other encoding, what cannot be
 * decoded becomes U+FFFD.
 *
 * The window is t->data[t->begin] to t->data[t->end]. text_more makes it longer
 * and moves it; text_drop makes it shorter. TEXT_SLACK bytes after its end may be
 * read, and mean nothing.
 *
 * iconv lives here. Single thread.
 */
#pragma once

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
	bool		 ended;		/* nothing comes after end */
	bool		 marked;	/* it began with a byte order mark */
	bool		 replaces;	/* U+FFFD may stand for what could not be decoded */
	uint64_t	 dropped;	/* bytes of the source before begin: see text_offset */
	/* private */
	size_t		 known;		/* a place in data ... */
	uint64_t	 known_offset;	/* ... and where it stands in the source */
	const struct view_source *source;
	uint64_t	 off;		/* of the next byte to read */
	size_t		 cap;
	int		(*decode)(struct text *);
	iconv_t		 iconv;
	size_t		 unit;		/* bytes of the shortest character; 0: UTF-8 */
	char		*raw;		/* read, not yet decoded */
	size_t		 raw_begin, raw_end;
	bool		 started;
};

/* The encoding of a document's first n bytes: by a byte order mark, by the NULs of UTF-16, or by
 * whether they are UTF-8. whole: there are no more bytes. */
const char *text_detect(const char *, size_t n, bool whole);

/* -EINVAL: no such encoding. The source must stay. */
int	text_open(struct text *, const struct view_source *, const char *encoding);
int	text_more(struct text *);		/* at least one byte more at the end, or ended */
int	text_fill(struct text *, size_t n);	/* n bytes in the window, or all that there are */
void	text_drop(struct text *, size_t n);	/* drops the first n bytes of the window */
/*
 * The place of byte n of the window in the source. If the characters of the encoding differ in
 * length (and it is neither UTF-8 nor UTF-16), this counts characters. Quick near the last answer.
 */
uint64_t text_offset(struct text *, size_t n);
void	text_close(struct text *);

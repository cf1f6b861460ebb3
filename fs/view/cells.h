/*
 * cells - text to cells and records, and what was odd about it.
 *
 * Cells are those of Python's csv.reader (not strict), with these differences:
 * a quote that opens a cell and is not closed within max_field bytes, or by
 * the end of the text, is a character like any other; a line with nothing on
 * it is a record of one empty cell when the first record has one cell, and is
 * passed over when it has more.
 *
 * Every byte of the text is in some cell, a delimiter, a line end or a quote
 * around a cell. Time is linear in the text, whatever it holds; memory is a few
 * times max_field at most.
 *
 * Single thread.
 */
#ifndef FS_VIEW_CELLS_H
#define FS_VIEW_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define CELLS_LONGEST_MIN	4u			/* limits of max_field */
#define CELLS_LONGEST_MAX	(1u << 30)

enum {
	CELL_LAST = 1, /* of its record */
	CELL_PART = 2, /* of a cell longer than max_field: the next one goes on with it; cut between
			  characters */
	CELL_INVALID = 4, /* is not UTF-8 */
	/* Has no byte that any form escapes or decodes, and TEXT_SLACK bytes behind it may be read;
	   others may be so too. */
	CELL_PLAIN = 8,
	CELL_COMMA = 16, /* is plain, but has a comma: in CSV it needs quotes */
};
struct cell {
	const char	*p;	/* valid until the callback returns */
	uint32_t	 len;
	uint32_t	 flags;
};

/* What is odd. X(NAME, code in errors.tsv) */
#define CELLS_FAULTS(X)                                                                            \
	X(UNCLOSED_QUOTE, "unclosed-quote") /* taken as a character */                             \
	X(TEXT_AFTER_QUOTE, "text-after-quote") /* "ab"c is abc */                                 \
	X(QUOTE_IN_TEXT, "quote-in-text") /* 5" is 5" */                                           \
	X(BARE_CR, "bare-cr") /* ends a record, though the first one ends otherwise */             \
	X(SHORT_RECORD, "short-record")                                                            \
	X(LONG_RECORD, "long-record")                                                              \
	X(INVALID_UTF8, "invalid-utf8")                                                            \
	X(UNDECODABLE, "undecodable") /* holds U+FFFD, in a text that was decoded */
#define X(name, code) FAULT_##name,
enum fault_code { CELLS_FAULTS(X) FAULTS };
#undef X

struct fault {
	enum fault_code	code;
	uint64_t offset; /* in the source; of the record's beginning for short and long ones */
	uint64_t	record;		/* 0: the header */
	uint64_t	column;		/* from 1; of the last cell for short and long ones */
};

/* Where they go. A negative errno ends the pass with it. */
struct cells_to {
	int	(*cells)(void *ctx, const struct cell *, size_t n);
	int	(*fault)(void *ctx, const struct fault *);
	void	*ctx;
};

struct cells_options {
	char		delimiter;
	uint64_t	max_field;
	bool careful; /* nothing in many cells at a time: what a test compares with */
};

struct cells_totals {
	uint64_t	lf, crlf, cr;	/* ends of records */
	uint64_t	blank_lines;	/* passed over */
};

const char *cells_fault_name(enum fault_code);
/* The first record is the header. totals may be NULL. */
int cells_read(struct text *, const struct cells_options *, const struct cells_to *,
    struct cells_totals *totals);

#endif

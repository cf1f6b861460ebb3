/*
 * cell - a cell, its faults, and the callbacks that get both.
 *
 * Types alone. The modules that read cells and those that take them share
 * these.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	CELL_LAST = 1,		/* of its record */
	CELL_PART = 2,		/* of a cell above max_field; the next cell continues it */
	CELL_INVALID = 4,	/* is not UTF-8 */
	/* Needs no escaping in any view, and TEXT_SLACK readable bytes follow it. A cell without
	   the flag may be plain all the same. */
	CELL_PLAIN = 8,
	CELL_COMMA = 16,	/* is plain, but has a comma: in CSV it needs quotes */
};
struct cell {
	const char	*p;	/* valid until the callback returns */
	uint32_t	 len;
	uint32_t	 flags;
};

/* The faults. X(NAME, code in errors.tsv) */
#define CELL_FAULTS(X)                                                                             \
	X(UNCLOSED_QUOTE, "unclosed-quote") /* it is a character */                                \
	X(TEXT_AFTER_QUOTE, "text-after-quote") /* "ab"c is abc */                                 \
	X(QUOTE_IN_TEXT, "quote-in-text") /* 5" is 5" */                                           \
	X(BARE_CR, "bare-cr") /* ends a record, though the header ends otherwise */                \
	X(SHORT_RECORD, "short-record")                                                            \
	X(LONG_RECORD, "long-record")                                                              \
	X(INVALID_UTF8, "invalid-utf8")                                                            \
	X(UNDECODABLE, "undecodable") /* has U+FFFD, in a text that was decoded */
#define X(name, code) FAULT_##name,
enum fault_code { CELL_FAULTS(X) FAULTS };
#undef X

struct fault {
	enum fault_code	code;
	uint64_t	offset;	/* in the source; of the record if that is short or long */
	uint64_t	record;	/* 0: the header */
	uint64_t	column;	/* from 1; of the last cell if the record is short or long */
};

/* Takes cells and faults. A negative errno from a callback ends the pass with it. */
struct cell_sink {
	int	(*cells)(void *ctx, const struct cell *, size_t n);
	int	(*fault)(void *ctx, const struct fault *);	/* NULL: faults do not matter */
	void	*ctx;
};

struct cell_totals {
	uint64_t	lf, crlf, cr;	/* ends of records */
	uint64_t	blank_lines;	/* passed over */
};

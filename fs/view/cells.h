/*
 * cells - reads a text as cells and records, and reports what is odd about it.
 *
 * Cells are those of Python's csv.reader (not strict), with two differences. A
 * quote that opens a cell and is not closed within max_field bytes, or by the
 * end of the text, is a character like any other. A blank line is a record of
 * one empty cell if the header has one cell, and is passed over if it has more.
 *
 * Every byte of the text is in some cell, a delimiter, a line end or a quote
 * around a cell. Time is linear in the text, whatever it holds; memory is a few
 * times max_field at most.
 *
 * Single thread.
 */
#pragma once

#include "cell.h"
#include "text.h"

#define CELLS_LONGEST_MIN	4u			/* limits of max_field */
#define CELLS_LONGEST_MAX	(1u << 30)

struct cells_options {
	char		delimiter;
	uint64_t	max_field;
	bool		careful;	/* libcsv alone reads: tests compare with that */
};

#define CELLS_FAULT_LINE	96u		/* bytes at most */

const char *cells_fault_name(enum fault_code);
/* A fault's line in errors.tsv: its length, which is quick to know, and its text. */
size_t	cells_fault_length(const struct fault *);
char	*cells_put_fault(char *out, const struct fault *);	/* returns the end */
/* The first record is the header. totals may be NULL. */
int	cells_read(struct text *, const struct cells_options *, const struct cell_sink *,
	    struct cell_totals *totals);

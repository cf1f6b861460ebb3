/*
 * reader - where a pass is in the text, and what is said of a cell and a record.
 *
 * Two read the text by turns, each from the end of a cell on: split most of it,
 * careful what is left. Both count and tell here.
 *
 * Single thread.
 */
#ifndef FS_VIEW_READER_H
#define FS_VIEW_READER_H

#include "cells.h"

/* How a record ends. */
enum row_end { ROW_GOES_ON, ROW_LF, ROW_CR, ROW_CRLF, ROW_TEXT_ENDED };

struct reader {
	struct text	*text;
	const struct cells_to *to;
	struct cells_totals *totals;
	char		 delimiter;
	size_t		 max_field;

	uint64_t	 width;		/* cells of the header; 0: it has not ended */
	enum row_end	 style;		/* how the header ended */
	uint64_t record, column; /* how many have ended, in the text and in the record */
	uint64_t	 record_at, cell_at;	/* where they begin in the source */
	unsigned told; /* faults of this cell, a bit a code: one of a kind is enough */
};

int	reader_tell(struct reader *, enum fault_code, uint64_t offset, uint64_t column);
/* Sets CELL_INVALID where it is, and tells of what is wrong with the bytes of a cell, or a part of
 * one. */
int	reader_judge(struct reader *, struct cell *);
/* What there is to say about a record whose cells have ended; its line end begins at end_at. */
int	reader_end_record(struct reader *, enum row_end, uint64_t end_at);

static inline void
reader_count(struct reader *r, enum row_end end)
{
	r->totals->lf += end == ROW_LF;
	r->totals->cr += end == ROW_CR;
	r->totals->crlf += end == ROW_CRLF;
}

#endif

/*
 * reader - where a pass is in the text.
 *
 * Two modules read the text in turn, each from the beginning of a cell: split
 * reads most of it, careful reads the cells that split leaves. Both keep count
 * and report faults here.
 *
 * Single thread.
 */
#pragma once

#include "cell.h"
#include "text.h"

/* The ends of a record. */
enum row_end { ROW_GOES_ON, ROW_LF, ROW_CR, ROW_CRLF, ROW_TEXT_ENDED };

struct reader {
	struct text	*text;
	const struct cell_sink *sink;
	struct cell_totals *totals;
	char		 delimiter;
	size_t		 max_field;

	uint64_t	 width;		/* cells of the header; 0: it has not ended */
	enum row_end	 style;		/* how the header ended */
	uint64_t	 record, column;	/* that have ended: in all, in the record */
	uint64_t	 record_at, cell_at;	/* where they begin in the source */
	unsigned	 told;		/* faults of this cell, a bit a code: reported already */
};

int	reader_tell(struct reader *, enum fault_code, uint64_t offset, uint64_t column);
/* Sets CELL_INVALID if the bytes of a cell, or of a part of one, are not UTF-8. Reports that, and
 * U+FFFD. */
int	reader_judge(struct reader *, struct cell *);
/* Ends a record whose cells have ended, and reports its faults. Its line end begins at end_at. */
int	reader_end_record(struct reader *, enum row_end, uint64_t end_at);

static inline void
reader_count(struct reader *r, enum row_end end)
{
	r->totals->lf += end == ROW_LF;
	r->totals->cr += end == ROW_CR;
	r->totals->crlf += end == ROW_CRLF;
}

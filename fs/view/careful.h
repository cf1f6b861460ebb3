/*
 * careful - text to cells, one at a time, by libcsv.
 *
 * Reads any cell: one that is longer than max_field, too, and one whose quote is
 * not closed.
 *
 * libcsv lives here. Its public interface is enough. Single thread.
 */
#pragma once

#include <csv.h>

#include "reader.h"

struct careful {
	/* private */
	struct csv_parser csv;
	bool		 ends_cell[256];	/* delimiter, CR, LF */
	/* The part of a cell that libcsv has read. */
	bool		 quoted;	/* a quote that opens it and is still to be closed */
	size_t		 held;		/* bytes of its text */
	/* The last report of libcsv. */
	const char	*cell;		/* NULL: no cell */
	size_t		 cell_len;
	enum row_end	 row;
};

int	careful_open(struct careful *, char delimiter);
/* Reads a cell and its end. At the end of the text there is none, or an empty one. */
int	careful_read(struct careful *, struct reader *);
void	careful_close(struct careful *);

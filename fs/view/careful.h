/*
 * careful - any text to cells, by libcsv, one at a time: what is longer than max_field, too, and a
 * quote that nothing closes.
 *
 * libcsv lives here. Single thread.
 */
#ifndef FS_VIEW_CAREFUL_H
#define FS_VIEW_CAREFUL_H

#include <csv.h>

#include "reader.h"

struct careful {
	/* private */
	struct csv_parser csv;
	bool		 ends_cell[256];	/* delimiter, CR, LF */
	/* What libcsv reported of what it was fed last. */
	const char	*cell;		/* NULL: none */
	size_t		 cell_len;
	enum row_end	 row;
};

int	careful_open(struct careful *, char delimiter);
bool	careful_between_cells(const struct careful *);	/* the window begins where a cell begins */
void careful_skipped(
    struct careful *, const struct reader *); /* another has read on; between cells */
/* Reads a cell, or as much of it as the window, which is not empty, has. */
int	careful_read(struct careful *, struct reader *);
int	careful_end(struct careful *, struct reader *);	/* the text has ended */
void	careful_close(struct careful *);

#endif

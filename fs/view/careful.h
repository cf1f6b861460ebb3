/*
 * careful - any text to cells, by libcsv, one at a time: what is longer than max_field, too, and a
 * quote that nothing closes.
 *
 * libcsv lives here, behind its public interface. Single thread.
 */
#ifndef FS_VIEW_CAREFUL_H
#define FS_VIEW_CAREFUL_H

#include <csv.h>

#include "reader.h"

struct careful {
	/* private */
	struct csv_parser csv;
	bool		 ends_cell[256];	/* delimiter, CR, LF */
	/* Of the cell that is being read, libcsv has: */
	bool		 quoted;	/* an opening quote, which is still to be closed */
	size_t		 held;		/* bytes of the cell */
	/* What libcsv reported of it: */
	const char	*cell;		/* NULL: no cell */
	size_t		 cell_len;
	enum row_end	 row;
};

int	careful_open(struct careful *, char delimiter);
/* Reads a cell and its end. At the end of the text there may be none, or an empty one. */
int	careful_read(struct careful *, struct reader *);
void	careful_close(struct careful *);

#endif

/*
 * split - text to cells, many at a time.
 *
 * Reads up to the first cell that is longer than max_field or whose quote is
 * not closed: careful reads that one. Both read alike what both can read.
 *
 * Single thread.
 */
#ifndef FS_VIEW_SPLIT_H
#define FS_VIEW_SPLIT_H

#include "reader.h"

struct split;

int	split_new(struct split **out);
int	split_read(struct split *, struct reader *);	/* from the beginning of a cell to another */
void	split_free(struct split *);

#endif

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

int	split_read(struct reader *);	/* from the beginning of a cell to that of another */

#endif

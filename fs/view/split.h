/*
 * split - text to cells, many at a time.
 *
 * Reads on to the first cell that is longer than max_field, or has no end: that one
 * is careful's. What both can read they read alike.
 *
 * Single thread.
 */
#ifndef FS_VIEW_SPLIT_H
#define FS_VIEW_SPLIT_H

#include "reader.h"

struct split;

int	split_new(struct split **out);
int split_read(
    struct split *, struct reader *); /* from where a cell begins, to where another does */
void	split_free(struct split *);

#endif

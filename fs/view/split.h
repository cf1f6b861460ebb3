/*
 * split - well-formed text to cells, many at a time.
 *
 * Reads what is whole, in the window, and beyond doubt; stops in front of a cell that is
 * not, which is careful's. What both can read they read alike.
 *
 * Single thread.
 */
#ifndef FS_VIEW_SPLIT_H
#define FS_VIEW_SPLIT_H

#include "fs/view/reader.h"

struct split;

int	split_new(struct split **out);
int	split_read(struct split *, struct reader *);	/* from where a cell begins, to where another does */
void	split_free(struct split *);

#endif

/*
 * split - text to cells, many at a time.
 *
 * Reads up to the first cell that is longer than max_field or whose quote is
 * not closed: careful reads that one. Both read alike what both can read.
 *
 * Single thread.
 */
#pragma once

#include "reader.h"

int	split_read(struct reader *);	/* from the beginning of a cell to that of another */

/*
 * columns - the cells of each column, written side by side.
 *
 * Each column has its place in one blob, which the survey foretold, and a
 * little memory where its bytes gather.
 *
 * Single thread.
 */
#ifndef FS_VIEW_COLUMNS_H
#define FS_VIEW_COLUMNS_H

#include "survey.h"

struct columns;

int	columns_open(const struct view_survey *, const struct view_sink *, struct columns **out);
int columns_put(struct columns *, size_t column, const char *,
    size_t); /* of a cell; -EIO: more than was foretold */
int	columns_end_cell(struct columns *, size_t column);
int	columns_flush(struct columns *);		/* -EIO: less than was foretold */
void	columns_close(struct columns *);

#endif

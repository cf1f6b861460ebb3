/*
 * columns - writes the cells of all columns side by side.
 *
 * The survey says where each column stands in the view. Each column has a little memory in which
 * its bytes gather.
 *
 * Single thread.
 */
#pragma once

#include "survey.h"

struct columns;

int	columns_open(const struct view_survey *, const struct view_sink *, struct columns **out);
/* Bytes of a cell. -EIO: the column is longer than the survey says. */
int	columns_put(struct columns *, size_t column, const char *, size_t);
int	columns_end_cell(struct columns *, size_t column);
int	columns_flush(struct columns *);		/* -EIO: a column is shorter */
void	columns_close(struct columns *);

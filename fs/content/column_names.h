/*
 * column_names - what the files of parsed/X/columns/ are called.
 *
 * A column's name is its key in rows.jsonl, made safe as a title is. Columns whose key needs no
 * change get it. The others follow in their order; if a name is taken, _2, _3 and so on is added
 * until it is free. So the same header gives the same names everywhere.
 *
 * Joins view and name. Read-only once made: any thread.
 */
#pragma once

#include <stddef.h>

#include "fs/name.h"

struct view_survey;
struct column_names;

int	column_names_new(const struct view_survey *, enum name_rules, struct column_names **out);
void	column_names_free(struct column_names *);
size_t	column_names_count(const struct column_names *);
const char *column_names_get(const struct column_names *, size_t i);	/* i < count; borrowed */
/* False: no column is called so. */
bool	column_names_find(const struct column_names *, const char *name, size_t *i);

/*
 * types - what the values of a column may be: a hint, never more.
 *
 * A set of types, a bit each, that only narrows. Pure. Any thread.
 */
#ifndef FS_VIEW_TYPES_H
#define FS_VIEW_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#define TYPES_ANY	(~0u)

unsigned types_narrow(unsigned possible, const char *, size_t);	/* those that the value fits, too */
const char *types_name(unsigned possible);			/* the narrowest */
bool	types_number(unsigned possible);			/* all are integers or decimals */
int	types_compare_numbers(const char *, size_t, const char *, size_t);

#endif

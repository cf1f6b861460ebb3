/*
 * ids - a list of record Ids that grows.
 *
 * Zero it to begin; free(list) ends it. Caller locks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ids {
	char		 (*list)[19];
	size_t		 count, cap;
};

int	ids_add(struct ids *, const char *id);		/* -ENOMEM */
bool	ids_has(const struct ids *, const char *id);
/* How many one query asks for, from the i-th on. */
size_t	ids_chunk(const struct ids *, size_t i);

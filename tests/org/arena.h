/*
 * arena - memory that is freed all at once, for trees.
 *
 * Caller locks.
 */
#ifndef ORG_ARENA_H
#define ORG_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *blocks;	/* NULL: empty */
};

void	*arena_get(struct arena *, size_t);	/* zeroes; NULL: out of memory */
void	arena_free(struct arena *);

#endif

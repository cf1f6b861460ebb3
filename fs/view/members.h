/*
 * members - what stands before a cell's value in a JSON object: "key":
 *
 * Made once per column and kept, columns without a header cell as they turn
 * up; from KEYS_MOST on they are made each time.
 *
 * Single thread.
 */
#ifndef FS_VIEW_MEMBERS_H
#define FS_VIEW_MEMBERS_H

#include "fs/view/keys.h"

struct members {
	/* private */
	const struct keys *keys;
	const struct keys_taken *taken;
	struct buf	 bytes;		/* of all kept, one behind the other */
	size_t		*ends;
	size_t		 n, cap;
	struct buf	 name, one;	/* of the one that is not kept */
};

/* Both must stay. -ENOMEM. */
int	members_open(struct members *, const struct keys *, const struct keys_taken *);
/* The text for a column, index from 0; until the next call. NULL: out of memory. */
const char *members_get(struct members *, uint64_t index, size_t *len);
int	members_sum(struct members *, uint64_t width, uint64_t *out);	/* the length of the first `width` together. -ENOMEM */
void	members_close(struct members *);

#endif

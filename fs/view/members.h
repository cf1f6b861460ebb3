/*
 * members - what stands before a cell's value in a JSON object: "key":
 *
 * Made once for each key and kept; for columns that have none of their own it is made
 * each time. Single thread.
 */
#ifndef FS_VIEW_MEMBERS_H
#define FS_VIEW_MEMBERS_H

#include "keys.h"

#define MEMBERS_SLACK	32	/* bytes behind a key's text that may be read */

struct members {
	/* private */
	const struct keys *keys;
	struct buf	 bytes;		/* of all keys, one behind the other */
	size_t		*ends;
	struct buf	 extra;
};

int	members_open(struct members *, const struct keys *);	/* ended; they must stay. -ENOMEM */
/* The text for a column, index from 0; until the next call. NULL: out of memory. */
const char *members_get(struct members *, uint64_t index, size_t *len);
uint64_t members_bytes(const struct members *, uint64_t width);	/* of the first `width` together */
void	members_close(struct members *);

#endif

/*
 * members - what comes before a cell's value in a JSON object: "key":
 *
 * The text is made once for each key and kept. For a column without a key of
 * its own it is made each time. Single thread.
 */
#ifndef FS_VIEW_MEMBERS_H
#define FS_VIEW_MEMBERS_H

#include "keys.h"

#define MEMBERS_SLACK	32	/* readable bytes after the text of a key */

struct members {
	/* private */
	const struct keys *keys;
	struct buf	 bytes;		/* the texts of all keys */
	size_t		*ends;
	struct buf	 extra;
};

int	members_open(struct members *, const struct keys *);	/* ended keys, which must stay */
/* A column's text, until the next call. NULL: out of memory. */
const char *members_get(struct members *, uint64_t index, size_t *len);
uint64_t members_bytes(const struct members *, uint64_t width);	/* of the first `width` columns */
void	members_close(struct members *);

#endif

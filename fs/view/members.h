/*
 * members - what comes before a cell's value in a JSON object: "key":
 *
 * The texts of the first keys are made once and kept, a mebibyte of them. All others
 * are made each time. Single thread.
 */
#pragma once

#include "keys.h"

#define MEMBERS_SLACK	32	/* readable bytes after a text */

struct members {
	/* private */
	const struct keys *keys;
	struct buf	 bytes;		/* the texts of the first keys */
	uint32_t	*begins;	/* where each text would begin if all keys had one; and the
					   end */
	struct buf	 extra;
};

int	members_open(struct members *, const struct keys *);	/* ended keys, which must stay */
/* A column's text, until the next call. NULL: out of memory. */
const char *members_get(struct members *, uint64_t index, size_t *len);
uint64_t members_bytes(const struct members *, uint64_t width);	/* of the first `width` columns */
void	members_close(struct members *);

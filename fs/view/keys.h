/*
 * keys - the columns' names, made unique.
 *
 * A key is the header's cell as UTF-8. An empty one is called by its position,
 * _3, and so is a column without a cell in the header. A name that is taken gets
 * _2, _3, ... until it is free. So that memory does not grow with the document,
 * these are called by their position, too: names above KEYS_LONGEST bytes,
 * names after the first KEYS_BYTES bytes of them, columns after KEYS_MOST.
 *
 * Single thread; once they are ended, any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/buf.h"

#define KEYS_LONGEST	4096u
#define KEYS_BYTES	(16u << 20)
#define KEYS_MOST	(1u << 20)

struct keys {
	size_t		 n;
	/* private */
	struct buf	 bytes;		/* of all keys */
	struct buf	 ends;		/* where each ends in bytes, a uint32_t each */
	struct keys_taken *taken;	/* until they are ended: a table of their names, */
	size_t		 places, used;	/* of which there are so many places */
	uint64_t	 secret;
	struct keys_late *late;		/* positions after n that are a key, in their order */
	size_t		 late_n;
};

#define KEYS_INIT	{ .n = 0 }

/* The next column's key, made from its cell in the header. *renamed: the two differ. -ENOMEM. */
int	keys_add(struct keys *, const char *, size_t, bool *renamed);
int	keys_append(struct keys *, const char *, size_t);	/* a key that was kept. -ENOMEM */
int	keys_end(struct keys *);		/* there are no more. -ENOMEM */
void	keys_free(struct keys *);

/* Once they are ended. The index counts from 0 and may be n or more: such columns have no key of
 * their own and are called by their position. */
void	keys_put(const struct keys *, uint64_t index, struct buf *out);
uint64_t keys_extra_bytes(const struct keys *, uint64_t width);	/* of all with n <= index < width */
const char *keys_get(const struct keys *, size_t i, size_t *len);	/* i < n; borrowed */

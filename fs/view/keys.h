/*
 * keys - the columns' names, each one unique.
 *
 * A key is the header's cell as UTF-8. An empty one is called by its position,
 * _3; one that is taken gets _2, _3, ... until it is free. So does a column
 * that has no cell in the header. What would make memory grow with the file is
 * called by its position too: a name above KEYS_LONGEST bytes, names
 * behind the first KEYS_BYTES bytes of them, columns behind the first KEYS_MOST.
 *
 * Once made, read-only: any thread.
 */
#ifndef FS_VIEW_KEYS_H
#define FS_VIEW_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/buf.h"

#define KEYS_LONGEST	4096u
#define KEYS_BYTES	(16u << 20)
#define KEYS_MOST	(1u << 20)

struct keys {
	size_t		 n;
	struct buf	 bytes;		/* one behind the other */
	uint32_t	*ends;		/* where each ends in bytes */
	size_t		 cap;		/* of ends */
};

/* The names that are taken: what makes keys unique, and those of columns without a header cell too. */
struct keys_taken {
	void		*root;
};

#define KEYS_INIT	{ .n = 0 }
#define KEYS_TAKEN_INIT	{ NULL }

/* The next column's key, made from its cell in the header. *renamed: it is not that cell as it is. -ENOMEM. */
int	keys_add(struct keys *, struct keys_taken *, const char *, size_t, bool *renamed);
int	keys_append(struct keys *, const char *, size_t);	/* as it is: for keys that were kept. -ENOMEM */
const char *keys_get(const struct keys *, size_t i, size_t *len);	/* i < n; borrowed */
void	keys_free(struct keys *);

/* The key of a column that has none; index from 0. Appended to out. */
void	keys_extra(const struct keys_taken *, uint64_t index, struct buf *out);
int	keys_take(const struct keys *, struct keys_taken *);	/* all that keys_extra has to know. -ENOMEM */
void	keys_taken_free(struct keys_taken *);

#endif

/*
 * recent - what an inode number stands for where its key alone does not tell: a text by the hash of it.
 *
 * The same text gives the same key on every machine. The table is bounded: what was not used for long is forgotten,
 * the kernel then hears -ESTALE and walks the path again, which puts it back. Two texts of one key, once in 2^58,
 * push each other out.
 *
 * Any thread.
 */
#ifndef FS_TREE_RECENT_H
#define FS_TREE_RECENT_H

#include <stdint.h>

#include "auth/buf.h"

struct recent;

struct recent *recent_new(void);		/* NULL: out of memory */
void	recent_free(struct recent *);
uint64_t recent_key(const char *text);		/* < 1 << NAME_KEY_BITS */
int	recent_put(struct recent *, const char *text);		/* -ENOMEM */
int	recent_get(struct recent *, uint64_t key, struct buf *out);	/* -ESTALE: forgotten */

#endif

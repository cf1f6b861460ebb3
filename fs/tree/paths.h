/*
 * paths - the paths that inode numbers stand for, by their hash.
 *
 * The same path gives the same key on every machine. The table is bounded: paths that were not used
 * for long are forgotten. The kernel then hears -ESTALE and walks the path again, which puts it
 * back. Two paths with one key, once in 2^58, push each other out.
 *
 * Any thread.
 */
#pragma once

#include <stdint.h>

struct paths;

struct paths *paths_new(void);		/* NULL: out of memory */
void	paths_free(struct paths *);
uint64_t paths_key(const char *path);		/* < 1 << NAME_KEY_BITS */
int	paths_put(struct paths *, const char *path);	/* -ENOMEM */
/* -ESTALE: it is forgotten. */
int	paths_get(struct paths *, uint64_t key, char **path /* caller frees */);

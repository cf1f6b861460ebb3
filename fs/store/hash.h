/*
 * hash - the MD5 of a file, taken as it grows.
 *
 * OpenSSL loads its algorithms when one is first used. If that fails, it fails for good. So MD5 is
 * loaded when the store opens. Caller locks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hash {
	void		*md;		/* private */
	uint64_t	 done;		/* bytes hashed */
};

/* MD5, for all hashes. NULL: there is none, logged. */
struct evp_md_st *hash_load(void);
void	hash_unload(struct evp_md_st *);
int	hash_begin(struct hash *, const struct evp_md_st *);	/* or begins anew. -ENOMEM */
int	hash_to(struct hash *, int fd, uint64_t end);	/* adds the bytes of fd up to end */
bool	hash_is(struct hash *, const char *hex);	/* ends the hash: call it once */
void	hash_end(struct hash *);			/* frees; zeros are fine */

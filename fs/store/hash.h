/*
 * hash - the MD5 of a file, taken as it grows.
 *
 * Caller locks.
 */
#ifndef FS_STORE_HASH_H
#define FS_STORE_HASH_H

#include <stdbool.h>
#include <stdint.h>

struct hash {
	void		*md;		/* private */
	uint64_t	 done;		/* bytes hashed */
};

int	hash_begin(struct hash *);			/* or begins anew */
int	hash_to(struct hash *, int fd, uint64_t end);	/* adds the bytes of fd up to end */
bool	hash_is(struct hash *, const char *hex);	/* ends the hash: call it once */
void	hash_end(struct hash *);			/* frees; zeros are fine */

#endif

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
	uint64_t	 done;		/* bytes that are in it */
};

int	hash_begin(struct hash *);			/* also anew */
int	hash_to(struct hash *, int fd, uint64_t end);	/* takes in the bytes of fd up to end */
bool	hash_is(struct hash *, const char *hex);	/* once: it cannot go on after that */
void hash_end(struct hash *); /* one that was never begun (zeros) is fine */

#endif

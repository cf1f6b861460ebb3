/*
 * part - pieces of a blob that is still coming, fetched by themselves for who reads far beyond what
 * has landed: the end of a large file, say, where some formats have their table of contents.
 *
 * They are kept beside the blob's file until it is closed, and compared with what comes in order
 * when that has come so far; a difference fails the blob. Whatever is served early, one stretch
 * that nobody has got is held back until the checks: the last one that is in no part. So nobody
 * reads a wrong file from its first byte to its last, whoever reads which part of it.
 *
 * Caller locks, but for what says otherwise.
 */
#ifndef FS_STORE_PART_H
#define FS_STORE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/async/pool.h"
#include "store.h"
#include "fs/async/wait.h"

#define PART_FAR (4u << 20) /* bytes beyond what has landed: no read-ahead goes so far */
#define PART_SIZE	(1u << 20)	/* of one, at least; they are aligned to it */
#define PARTS_MOST	8		/* of a blob: each is a request */

enum part_state {
	PART_WANTED,
	PART_COMING,
	PART_HERE,		/* and may have been read */
	PART_VAIN,		/* it was not to be had, or is not needed any more */
};

struct part {
	uint64_t	 from, to;
	enum part_state	 state;
	bool		 compared;	/* with the attempt that runs */
};

/* Guarded by the store's lock. */
struct parts {
	store_part	*fetch;		/* NULL: there are none */
	struct part	 part[PARTS_MOST];
	unsigned	 count;
	bool		 busy;		/* the job below is queued or runs */
	int fd; /* -1 until the first one is here; each is at its place in the blob */
	struct waitq waiting; /* who may be served by a part, or else by what comes in order */
	struct job	 job;
};

void	parts_init(struct blob *, store_part *);
void	parts_close(struct blob *);		/* nobody has the blob any more */
bool	parts_have(const struct blob *, uint64_t off, size_t n);
/* Whether a part with these bytes is on its way; it is asked for if they are far off and that makes
 * sense. */
bool	parts_want(struct blob *, uint64_t off, size_t n);
uint64_t parts_held_back(const struct blob
	*); /* where what is held back begins: nothing is granted from there on but parts */
void	parts_begin_attempt(struct blob *);
/* Does not lock: the filler's. The parts that the attempt has got beyond; -EIO: one is something
 * else. */
int	parts_compare(struct blob *);

#endif

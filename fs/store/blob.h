/*
 * blob - what a blob is, and how long it lives: while somebody has it open, or a job works on
 * it.
 *
 * A blob that is open, or that is being filled and worth finishing, is listed: every open of the
 * same name gets it. fs/store/fill.c writes blobs, fs/store/store.c hands them out and reads them.
 *
 * Any thread. One lock, the store's, serves all blobs: it is held for a few assignments, or a
 * walk over the queue.
 */
#pragma once

#include <pthread.h>

#include "fs/async/pool.h"
#include "fs/async/wait.h"
#include "disk.h"
#include "hash.h"
#include "store.h"

#define BLOB_NAME_MOST	100

enum blob_state {
	BLOB_IDLE,		/* nobody has needed its bytes yet */
	BLOB_QUEUED,
	BLOB_FILLING,
	BLOB_WHOLE,
};

/* The thread that fills owns it, except where a comment says otherwise. */
struct attempt {
	int		 fd;		/* of the file that is written; -1: none */
	bool		 spilled;	/* it is a spill; else the disk's: */
	struct disk_temp temp;
	uint64_t	 room;		/* bytes that evictions had to free on a full disk */
	bool		 adopted;	/* readers read this file */
	bool		 wrong;		/* all bytes came, but size or MD5 is wrong */
	bool		 scattered;	/* blob_write_at writes it: it has its whole size */
	uint64_t	 filled;
	int64_t		 since;		/* clock_ms from which on progress is measured */
	uint64_t	 had;		/* filled, then */
	struct hash	 hash;		/* the hashing thread's, while hashing */
	struct job	 job;		/* which hashes */

	/* guarded by the store's lock */
	uint64_t	 seen;		/* filled, for other threads */
	bool		 hashing;	/* the job is queued or runs */
};

struct blob {
	char		 name[BLOB_NAME_MOST + 1];	/* first: the table compares it */
	struct store	*store;
	uint64_t	 size;
	char		 md5[33];	/* "": no check possible */
	enum store_class class;
	store_prepare	*prepare;
	store_fill	*fill;
	void		*ctx;
	void		(*free_ctx)(void *);
	int		 fd;		/* for readers; set once, before anything is granted */
	struct waitq	 waiting;
	struct job	 job;		/* which fills */
	struct wait	 prepared;	/* of prepare; its ready() adds the job again */
	struct attempt	 attempt;

	/* guarded by the store's lock */
	enum blob_state	 state;
	int		 error;
	unsigned	 users, spare;	/* spare: users who do not need its bytes */
	struct blob	*next;		/* which waits for a place, too */
	bool		 aside;		/* it has left its place, and goes on */
	bool		 busy;		/* its job is queued or runs; whoever is last frees it */
	bool		 listed;
	bool		 dropped;	/* its document is gone: not to be kept */
	bool		 abandoned;	/* its fill is to stop */
	bool		 spilled;	/* counted in the store's */
	uint64_t	 landed;	/* what may be granted, from byte 0 on */
	uint64_t	 granted;	/* what has been granted */
};

struct store {
	struct disk	*disk;
	struct pool	*fetch, *render, *hash;
	struct evp_md_st *md5;

	pthread_mutex_t	 lock;		/* guards: all below, and of each blob what it says */
	pthread_cond_t	 hashed;	/* on attempt.hashing */
	void		*blobs;		/* those that are listed, by name (tsearch) */
	struct blob	*queue, **queue_end;	/* fetches that wait for a place */
	unsigned	 small;		/* small ones among them */
	bool		 left;		/* some of them have lost all their readers */
	unsigned	 places, running[2], aside;	/* [1]: small ones */
	int64_t		 patience;	/* ms */
	unsigned	 refs;		/* blobs and the store's owner */
	bool		 closing;
	bool		 spills;	/* the disk takes no more, and the log says so */
	uint64_t	 spilled;	/* bytes */
	struct store_stats stats;
};

int	blob_new(struct store *, const struct store_want *, struct blob **out);
void	blob_free(struct blob *);
void	blob_end_job(struct blob *);		/* the job's last act */
void	blob_put_store(struct store *);		/* the last one closes the disk and frees it */

/* Caller locks. */
struct blob *blob_listed(struct store *, const char *name);
int	blob_list(struct blob *);
void	blob_unlist(struct blob *);
void	blob_abandon(struct blob *, int error);	/* the error is its readers', if not 0 */
/* If nobody has it open: abandons a fill that is not worth finishing, and unlists it. */
void	blob_abandon_if_idle(struct blob *);

/*
 * blob - what fs/store/store.c (handles, who reads) and fs/store/fill.c (who writes) share.
 *
 * One lock, the store's, serves all blobs: it is held for a few assignments.
 */
#ifndef FS_STORE_BLOB_H
#define FS_STORE_BLOB_H

#include <pthread.h>

#include "fs/async/pool.h"
#include "store.h"
#include "fs/async/wait.h"
#include "hash.h"

#define BLOB_NAME_MOST	100

enum blob_state {
	BLOB_IDLE,		/* nobody has needed its bytes yet */
	BLOB_QUEUED,
	BLOB_FILLING,
	BLOB_WHOLE,
	BLOB_FAILED,
};

/* The filler's side; its thread's alone but for what says otherwise. */
struct attempt {
	int		 fd;		/* what it writes (or follows); -1: none */
	bool		 spilled;	/* fd is a spill */
	uint64_t room; /* bytes that were to be removed for this one, since the disk was full */
	uint64_t	 claimed;	/* bytes that the disk counts as this one's: disk_grow */
	bool		 adopted;	/* readers read this file */
	bool		 wrong;		/* all came, and it is not what was promised */
	bool scattered; /* written by blob_write_at: the file has its whole size from the beginning
			 */
	uint64_t	 filled;
	uint64_t seen; /* guarded by the store's lock: `filled`, for the hashing thread */
	bool hashing; /* the same: the job below is queued or runs, and the hash is its own */
	struct hash	 hash;
	struct job	 job;
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
	struct waitq	 waiting;
	struct job	 job;
	struct wait	 prepared;	/* prepare's, whose ready() adds the job again */
	struct attempt	 attempt;

	/* guarded by the store's lock */
	enum blob_state	 state;
	int		 error;
	unsigned	 users;
	unsigned jobs; /* are queued or run: the last one frees the blob if nobody else has it */
	bool		 listed;
	bool		 dropped;	/* its document is gone: not to be kept */
	bool		 spilled;	/* counted in the store's */
	int		 fd;		/* what readers read; set before anything is granted */
	uint64_t	 landed;	/* what may be granted, from byte 0 on */
	uint64_t	 granted;	/* what has been */
};

struct store {
	struct disk	*disk;
	struct pool	*fetch, *render, *hash;

	pthread_mutex_t	 lock;		/* guards: all below, and of each blob what it says */
	pthread_cond_t	 hashed;	/* on attempt.hashing */
	void		*blobs;		/* those that are open, by name (tsearch) */
	unsigned	 refs;		/* blobs and the store's owner */
	bool		 closing;
	bool		 spills;	/* the disk takes no more, and this was told */
	uint64_t	 spilled;
	struct store_stats stats;
};

/* fs/store/store.c */
void	blob_unlist(struct blob *);		/* caller locks */
void	blob_end_job(struct blob *);		/* the job's last act */
void	blob_free(struct blob *);

#endif

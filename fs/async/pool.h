/*
 * pool - a few threads and a queue of jobs, first come, first served.
 *
 * The first thread lives as long as the pool, so every job gets done. Others start when there is
 * work and end after a while without any. A job is embedded in what it works on. When a pool
 * closes, it calls drop() instead of run() of each job that has not begun.
 *
 * Any thread.
 */
#pragma once

#include <pthread.h>

#include "container.h"

struct pool;

struct job {
	void		(*run)(struct job *);	/* may free what the job is part of */
	void		(*drop)(struct job *);	/* called instead of run() when the pool closes
						   first; may be NULL */
	struct job	*next;			/* private */
};

/* name: at most 15 bytes, which ps and gdb show. An error is logged. */
int	pool_open(const char *name, unsigned threads, struct pool **out);
void	pool_add(struct pool *, struct job *);
void	pool_close(struct pool *);		/* waits for jobs that run; NULL is fine */
/* Sets *p to NULL under the lock that guards it, so that nobody adds a job, and closes the pool. */
void	pool_stop(struct pool **p, pthread_mutex_t *lock);

/*
 * task - something that one job makes once, while all who need it wait.
 *
 * Everyone who waited for an attempt gets its error, and so does everyone who asks within
 * keep_error ms. A later caller begins another attempt.
 *
 * Caller locks, except for task_end, which locks.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "pool.h"
#include "wait.h"

/* A task is embedded in what it makes. Zero all but keep_error and job; job.run() ends with
 * task_end(0 or -errno), job.drop() with task_end(-EINTR). */
struct task {
	struct job	 job;
	unsigned	 keep_error;	/* ms, so that one walk over many files costs one attempt */
	/*
	 * Write made = false to have it made anew. A w that waited for the last attempt still gets
	 * its outcome, unless you write w->ticket = 0 as well.
	 */
	bool		 made, running;
	/*
	 * To read: the number of the last attempt, and of the last one that has ended. All attempts
	 * of all tasks have different numbers, and later ones have larger ones.
	 */
	uint64_t	 number, done;
	int		 rc;		/* of the last one that has ended */
	int64_t		 kept_until;	/* clock_ms until which rc is kept; to write: 0 */
	struct waitq	 waiting;	/* private */
};

/*
 * 0: it is made. -EAGAIN: it is being made and w is queued; with a NULL w nothing was begun.
 * -EINTR: w was cancelled before, or there is no pool any more. Any other error: why it could
 * not be made.
 */
int	task_need(struct task *, struct pool *, struct wait *w);
/* Begins an attempt unless one runs; nobody waits for it. -EINTR: there is no pool any more. */
int	task_start(struct task *, struct pool *);
/* Takes the lock for the outcome, and wakes without it. The task must outlive the call. */
void	task_end(struct task *, pthread_mutex_t *lock, int rc);

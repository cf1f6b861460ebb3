/*
 * task - something that is made once, by a job, while those who need it wait.
 *
 * The error of a try is that of all who waited for it, and who comes within keep_error ms; who
 * comes later begins another.
 *
 * Caller locks, but for task_end, which locks itself.
 */
#ifndef FS_ASYNC_TASK_H
#define FS_ASYNC_TASK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "pool.h"
#include "wait.h"

/* Embedded in what it makes. Zero it, but for keep_error and job, whose run() ends with task_end(0
 * or -errno) and whose drop() with task_end(-EINTR). */
struct task {
	struct job	 job;
	unsigned keep_error; /* ms, so that one look at much that is made of it costs one try */
	bool		 made, running;
	/* To read: the number of the try that runs or ran last, and of the last one that has ended.
	 * No two tries of all tasks have the same; later ones have larger ones. */
	uint64_t	 number, done;
	int		 rc;		/* of the last one that has ended */
	/* private */
	int64_t		 kept_until;	/* ms, clock_ms */
	struct waitq	 waiting;
};

/*
 * 0: it is made. -EAGAIN: it is being made and w is queued (w NULL: nothing was begun); -EINTR: w
 * was cancelled before, or there is no pool any more; or why it could not be made.
 */
int	task_need(struct task *, struct pool *, struct wait *w);
/* Begins a try unless one runs; nobody waits for it. -EINTR: there is no pool any more. */
int	task_start(struct task *, struct pool *);
/* lock: the caller's; taken for the outcome, not held for the wake. The task must outlive the call.
 */
void	task_end(struct task *, pthread_mutex_t *lock, int rc);

#endif

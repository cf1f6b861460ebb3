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
	/* private */
	uint64_t number; /* of the try that runs, or the last one; unique among all tasks */
	int		 rc;		/* of the last one */
	int64_t		 kept_until;	/* ms, clock_ms */
	struct waitq	 waiting;
};

/*
 * 0: it is made. -EAGAIN: it is being made and w is queued (w NULL: nothing was begun); -EINTR: w
 * was cancelled before, or there is no pool any more; or why it could not be made.
 */
int	task_need(struct task *, struct pool *, struct wait *w);
/* lock: the caller's; taken for the outcome, not held for the wake. The task must outlive the call.
 */
void	task_end(struct task *, pthread_mutex_t *lock, int rc);

#endif

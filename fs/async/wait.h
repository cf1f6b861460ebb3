/*
 * wait - something that waits without holding a thread.
 *
 * A wait is embedded in what waits (a parked FUSE request). If the answer is not there yet, the
 * wait is added to a queue; progress wakes the queue, which calls ready() once for each add,
 * with no lock held. A cancel takes the wait out again. The three may race freely: of a wait
 * that was added, either ready() runs or cancel says true, never both.
 *
 * One lock inside serves all queues, so that a cancel finds the queue of a wait. It is the last
 * lock in the lock order: wait_add may be called with the queue's owner locked. wait_add takes
 * time in proportion to the waits of its queue; wait_cancel does not.
 *
 * Any thread.
 */
#pragma once

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "container.h"

struct waitq;

struct wait {
	void		(*ready)(struct wait *);	/* may free what the wait is part of */
	uint64_t	 ticket;	/* for the queue's owner: what w waits for; or 0 */
	struct waitq	*those;		/* w serves the waits of this queue alone; or NULL */
	bool		 guest;		/* the request is not the mount's owner's, but a guest's */
	/* private */
	struct waitq	*queue;
	struct wait	*next, **prev;
	uint64_t	 need;
	bool		 cancelled;
};

struct waitq {
	struct wait	*first;
	struct wait	*for_them;	/* it serves the waits of this queue alone; or NULL */
};

#define WAITQ_INIT { NULL, NULL }

/* Queues w until a wake with at >= need. False: w was cancelled before, or those for whom it waits
 * have left; ready() will not run. */
bool	wait_add(struct waitq *, struct wait *w, uint64_t need);
/* Takes out every wait with need <= at and calls its ready(). Call with no lock held. */
void	wait_wake(struct waitq *, uint64_t at);
/*
 * True: w is out of its queue, and ready() will not run. False: ready() has run or will, or w was
 * never added; then the next wait_add refuses. If w was the last in its queue, the wait `for_them`
 * is taken out, too. Its ready() is called with the caller's locks held, so it may only queue a
 * job.
 */
bool	wait_cancel(struct wait *);
bool	wait_any(struct waitq *);	/* whether anybody is in the queue */

#define WAIT_ALL UINT64_MAX	/* wakes everybody */

/*
 * A thread that may block sleeps on one of these:
 *	struct wait_thread t; wait_thread_init(&t);
 *	while ((rc = something(..., &t.wait)) == -EAGAIN) wait_thread_sleep(&t);
 */
struct wait_thread {
	struct wait	 wait;
	sem_t		 sem;			/* private */
};
void	wait_thread_init(struct wait_thread *);
void	wait_thread_sleep(struct wait_thread *);	/* until ready() has run; may be repeated */

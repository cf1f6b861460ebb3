/*
 * wait - something that waits without holding a thread.
 *
 * A wait is embedded in what waits (a parked FUSE request). Whoever cannot
 * answer yet adds it to a queue; whoever makes progress wakes the queue, and
 * ready() is called, with no lock held, once for each add. cancel takes it out
 * again. The three may race freely; exactly one of "ready() runs" and "cancel
 * said true" happens to a wait that was added.
 *
 * One lock inside serves all queues: it is held for a few pointer moves, and
 * lets a cancel find its queue without knowing whose it is. It is the last
 * lock anybody takes: wait_add may be called with the queue's owner locked.
 *
 * Any thread.
 */
#ifndef FS_ASYNC_WAIT_H
#define FS_ASYNC_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct waitq;

struct wait {
	void (*ready)(struct wait *); /* set by the caller; may free what the wait is part of */
	uint64_t
	    ticket; /* what it was queued for last, in the terms of who queued it; 0: nothing yet */
	/* private */
	struct waitq	*queue;
	struct wait	*next, **prev;
	uint64_t	 need;
	bool		 cancelled;
};

struct waitq {
	struct wait	*first;
};

#define WAITQ_INIT { NULL }

/*
 * Queues w until a wake with at >= need. False: w was cancelled before; it was
 * not queued and ready() will not run.
 */
bool	wait_add(struct waitq *, struct wait *w, uint64_t need);
/* Takes out every wait with need <= at and calls its ready(). Call with no lock held. */
void	wait_wake(struct waitq *, uint64_t at);
/*
 * True: w was queued, is not any more, and ready() will not run. False: ready()
 * has run or will, or w was never added; in that case the next wait_add refuses.
 */
bool	wait_cancel(struct wait *);

#define WAIT_ALL UINT64_MAX	/* wakes everybody */

/*
 * For threads that may block: a wait that a thread sleeps on.
 *	struct wait_thread t; wait_thread_init(&t);
 *	while ((rc = something(..., &t.wait)) == -EAGAIN) wait_thread_sleep(&t);
 */
struct wait_thread {
	struct wait	wait;
	void		*sem;		/* private */
	char		sem_space[32];	/* private: a sem_t */
};
void	wait_thread_init(struct wait_thread *);
void wait_thread_sleep(
    struct wait_thread *); /* until ready() has run; then it may be added again */

#endif

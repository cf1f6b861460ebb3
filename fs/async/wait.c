/*
 * A queue is sorted by need, first come first among equals: a wake looks at its head only. It
 * takes waits out under the lock and calls ready() without it. As soon as a wait is out, cancel
 * says false.
 */
#include <pthread.h>
#include <stddef.h>

#include "wait.h"

/* guards: all queues, and the private part of all waits */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool
wait_add(struct waitq *q, struct wait *w, uint64_t need)
{
	struct wait **p = &q->first;

	pthread_mutex_lock(&lock);
	bool added = !w->cancelled && (!w->those || w->those->first);
	if (added) {
		while (*p && (*p)->need <= need)
			p = &(*p)->next;
		w->queue = q;
		w->need = need;
		w->next = *p;
		w->prev = p;
		if (w->next)
			w->next->prev = &w->next;
		*p = w;
	}
	pthread_mutex_unlock(&lock);
	return added;
}

void
wait_wake(struct waitq *q, uint64_t at)
{
	struct wait *first, *rest;

	pthread_mutex_lock(&lock);
	first = q->first;
	for (rest = first; rest && rest->need <= at; rest = rest->next)
		rest->queue = NULL;
	if (rest)
		rest->prev = &q->first;
	q->first = rest;
	pthread_mutex_unlock(&lock);

	while (first != rest) {
		struct wait *w = first;

		first = w->next;	/* ready() may free w */
		w->ready(w);
	}
}

/* Caller locks. Takes w out. Returns the queue in which it was; NULL: none. */
static struct waitq *
take_out(struct wait *w)
{
	struct waitq *q = w->queue;

	if (q) {
		*w->prev = w->next;
		if (w->next)
			w->next->prev = w->prev;
		w->queue = NULL;
	}
	return q;
}

bool
wait_cancel(struct wait *w)
{
	pthread_mutex_lock(&lock);
	struct waitq *q = take_out(w);
	struct wait *idle = q && !q->first ? q->for_them : NULL;
	w->cancelled = !q;
	if (idle && !take_out(idle))
		idle = NULL;
	pthread_mutex_unlock(&lock);
	if (idle)
		idle->ready(idle);
	return q;
}

bool
wait_any(struct waitq *q)
{
	pthread_mutex_lock(&lock);
	bool any = q->first;
	pthread_mutex_unlock(&lock);
	return any;
}

/*
 * Threads.
 */

static void
wake_thread(struct wait *w)
{
	struct wait_thread *t = CONTAINER_OF(w, struct wait_thread, wait);

	sem_post(&t->sem);
}

void
wait_thread_init(struct wait_thread *t)
{
	*t = (struct wait_thread){ .wait.ready = wake_thread };
	sem_init(&t->sem, 0, 0);
}

void
wait_thread_sleep(struct wait_thread *t)
{
	while (sem_wait(&t->sem) < 0)
		continue;		/* a signal */
}

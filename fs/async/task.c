#include <errno.h>
#include <stdatomic.h>

#include "auth/clock.h"

#include "task.h"

int
task_start(struct task *t, struct pool *pool)
{
	static atomic_uint_fast64_t attempts;

	if (!pool)
		return -EINTR;
	if (!t->running) {
		t->number = ++attempts;
		t->running = true;
		pool_add(pool, &t->job);
	}
	return 0;
}

int
task_need(struct task *t, struct pool *pool, struct wait *w)
{
	if (t->made)
		return 0;
	if (!w)
		return -EAGAIN;
	if (!t->running && t->number && w->ticket == t->number)
		return t->rc;
	if (!t->running && t->rc < 0 && clock_ms() < t->kept_until)
		return t->rc;
	if (task_start(t, pool) < 0)
		return -EINTR;
	w->ticket = t->number;
	return wait_add(&t->waiting, w, 0) ? -EAGAIN : -EINTR;
}

void
task_end(struct task *t, pthread_mutex_t *lock, int rc)
{
	pthread_mutex_lock(lock);
	t->made = rc == 0;
	t->rc = rc;
	t->kept_until = rc == -EINTR ? 0 : clock_ms() + t->keep_error;
	t->running = false;
	t->done = t->number;
	pthread_mutex_unlock(lock);
	wait_wake(&t->waiting, WAIT_ALL);
}

#include <errno.h>

#include "task.h"

#define FAILED_FOR	1	/* second */

static time_t
monotonic_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

int
task_need(struct task *t, struct pool *pool, struct wait *w)
{
	if (t->made)
		return 0;
	if (!t->running && t->rc < 0 && monotonic_seconds() - t->ended <= FAILED_FOR)
		return t->rc;
	if (!w)
		return -EAGAIN;
	if (!pool || !wait_add(&t->waiting, w, 0))
		return -EINTR;
	if (!t->running) {
		t->running = true;
		pool_add(pool, &t->job);
	}
	return -EAGAIN;
}

void
task_end(struct task *t, pthread_mutex_t *lock, int rc)
{
	pthread_mutex_lock(lock);
	t->made = rc == 0;
	t->rc = rc;
	t->ended = monotonic_seconds();
	t->running = false;
	pthread_mutex_unlock(lock);
	wait_wake(&t->waiting, WAIT_ALL);
}

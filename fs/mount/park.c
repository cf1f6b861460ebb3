/*
 * A parked request is a struct parked: what to run again when there is progress. Only these may
 * touch it:
 *
 *	- the thread that runs it, until run() says -EAGAIN: then the wait is queued, and another
 *	  thread may already be running it, or have freed it;
 *	- the thread that calls ready(), in the same way;
 *	- an interrupt, or the watcher, if wait_cancel says that it took the wait out of its queue.
 *
 * libfuse calls an interrupt function with the request's lock held, and
 * fuse_req_interrupt_func(req, NULL) takes that lock: once it has returned, no interrupt can come,
 * and the request may be answered and freed.
 *
 * The kernel reports only the first signal. If that one is harmless (SIGCHLD), the watcher polls
 * for a later one that should interrupt. The kernel may report the same signal twice.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"

#include "internal.h"

#define WATCH_EVERY	100	/* ms between two looks at the signals of a caller */

/* Caller locks. */
static void
unwatch(struct parked *p)
{
	if (p->watched)
		LIST_REMOVE(p, link);
	p->watched = false;
}

static void
watch(struct parked *p)
{
	struct watcher *w = &p->mount->watcher;

	pthread_mutex_lock(&w->lock);
	if (!p->watched)
		LIST_INSERT_HEAD(&w->watched, p, link);
	p->watched = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
}

static void
on_interrupt(fuse_req_t req, void *data)
{
	struct parked *p = data;
	struct watcher *w = &p->mount->watcher;

	if (!signals_end_wait(fuse_req_ctx(req)->pid)) {
		watch(p);
		return;
	}
	pthread_mutex_lock(&w->lock);
	bool ours = wait_cancel(&p->wait);
	if (ours)
		unwatch(p);
	pthread_mutex_unlock(&w->lock);
	if (ours) {
		fuse_reply_err(req, EINTR);
		free(p);
	}
}

fuse_req_t
park_end(struct parked *p)
{
	struct watcher *w = &p->mount->watcher;

	fuse_req_interrupt_func(p->req, NULL, NULL);
	pthread_mutex_lock(&w->lock);
	unwatch(p);
	pthread_mutex_unlock(&w->lock);
	return p->req;
}

/* Takes out one whose wait is to be interrupted; NULL: none. Caller locks. */
static struct parked *
take_interrupted(struct watcher *w)
{
	struct parked *p;

	LIST_FOREACH(p, &w->watched, link) {
		if (signals_end_wait(fuse_req_ctx(p->req)->pid) && wait_cancel(&p->wait)) {
			unwatch(p);
			return p;
		}
	}
	return NULL;
}

static void *
watch_all(void *ctx)
{
	struct watcher *w = ctx;
	struct parked *p;

	pthread_setname_np(pthread_self(), "sffs-watch");
	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		if (LIST_EMPTY(&w->watched)) {
			pthread_cond_wait(&w->more, &w->lock);
			continue;
		}
		while ((p = take_interrupted(w))) {
			/* park_end takes the request's lock first. */
			pthread_mutex_unlock(&w->lock);
			fuse_reply_err(park_end(p), EINTR);
			free(p);
			pthread_mutex_lock(&w->lock);
		}
		pthread_mutex_unlock(&w->lock);
		nanosleep(&(struct timespec){ .tv_nsec = WATCH_EVERY * 1000000 }, NULL);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* After -EAGAIN p belongs to another thread. */
static void
run_parked(struct parked *p)
{
	int rc = p->run(p);

	if (rc == -EAGAIN)
		return;
	if (rc < 0)
		fuse_reply_err(park_end(p), -rc);
	free(p);
}

static void
on_ready(struct wait *w)
{
	run_parked(CONTAINER_OF(w, struct parked, wait));
}

bool
park_is_guest(fuse_req_t req)
{
	const struct mount *m = fuse_req_userdata(req);
	const uid_t uid = fuse_req_ctx(req)->uid;

	return uid != 0 && uid != m->o.owner && uid != geteuid();
}

void
park_request(fuse_req_t req, const struct parked *what)
{
	struct parked *p = malloc(sizeof(*p));

	if (!p) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	*p = *what;
	p->wait.ready = on_ready;
	p->mount = fuse_req_userdata(req);
	p->wait.guest = park_is_guest(req);
	p->req = req;
	fuse_req_interrupt_func(req, on_interrupt, p);
	run_parked(p);
}

int
park_start(struct mount *m)
{
	return -pthread_create(&m->watcher.thread, NULL, watch_all, &m->watcher);
}

void
park_stop(struct mount *m)
{
	struct watcher *w = &m->watcher;

	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
}

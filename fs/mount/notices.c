#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "signals.h"

#define NOTICES_MOST	262144	/* one change makes up to twenty notices */
#define STOP_POLL	20	/* ms between two looks whether the thread has ended */

/* A name that means something else now. */
struct notice {
	STAILQ_ENTRY(notice) link;
	uint64_t	 parent;
	char		 name[];
};

void
notices_forget_name(void *ctx, uint64_t parent, const char *name)
{
	struct mount *m = ctx;
	struct notices *ns = &m->notices;
	struct notice *n = malloc(sizeof(*n) + strlen(name) + 1);

	if (!n)
		return;
	n->parent = parent;
	strcpy(n->name, name);
	pthread_mutex_lock(&ns->lock);
	const bool full = ns->closing || ns->queued - ns->sent >= NOTICES_MOST;
	if (!full) {
		STAILQ_INSERT_TAIL(&ns->names, n, link);
		ns->queued++;
		pthread_cond_signal(&ns->more);
	}
	pthread_mutex_unlock(&ns->lock);
	if (full)
		free(n);
}

int
notices_sent(struct mount *m, uint64_t *until, struct wait *w)
{
	struct notices *ns = &m->notices;
	int rc = 0;

	pthread_mutex_lock(&ns->lock);
	if (*until == 0)
		*until = ns->queued;
	if (ns->sent < *until)
		rc = !ns->closing && wait_add(&ns->waiting, w, *until) ? -EAGAIN : -EINTR;
	pthread_mutex_unlock(&ns->lock);
	return rc;
}

void
notices_drop_pages(void *ctx, uint64_t ino)
{
	const struct mount *m = ctx;

	fuse_lowlevel_notify_inval_inode(m->session, ino, 0, 0);
}

static void *
send_notices(void *ctx)
{
	struct mount *m = ctx;
	struct notices *ns = &m->notices;

	pthread_setname_np(pthread_self(), "sffs-notices");
	pthread_mutex_lock(&ns->lock);
	while (!ns->closing) {
		struct notice *n = STAILQ_FIRST(&ns->names);

		if (!n) {
			pthread_cond_wait(&ns->more, &ns->lock);
			continue;
		}
		STAILQ_REMOVE_HEAD(&ns->names, link);
		pthread_mutex_unlock(&ns->lock);
		fuse_lowlevel_notify_inval_entry(m->session, n->parent, n->name, strlen(n->name));
		free(n);
		pthread_mutex_lock(&ns->lock);
		const uint64_t sent = ++ns->sent;
		pthread_mutex_unlock(&ns->lock);
		wait_wake(&ns->waiting, sent);
		pthread_mutex_lock(&ns->lock);
	}
	pthread_mutex_unlock(&ns->lock);
	wait_wake(&ns->waiting, WAIT_ALL);
	return NULL;
}

int
notices_start(struct mount *m)
{
	return -pthread_create(&m->notices.thread, NULL, send_notices, m);
}

/* The thread may be in the kernel, where it waits for the lock of a directory. A request that
 * nobody has answered may hold this lock. Only its answer releases it, or the unmount. */
void
notices_stop(struct mount *m)
{
	struct notices *ns = &m->notices;
	struct fuse_buf buf = { 0 };

	pthread_mutex_lock(&ns->lock);
	ns->closing = true;
	pthread_cond_signal(&ns->more);
	pthread_mutex_unlock(&ns->lock);
	/* One more signal would make the session drop the request that it receives just then. */
	signals_ignore();
	fuse_session_reset(m->session);
	while (pthread_tryjoin_np(ns->thread, NULL) == EBUSY) {
		struct pollfd p = { .fd = fuse_session_fd(m->session), .events = POLLIN };

		if (poll(&p, 1, STOP_POLL) > 0 && fuse_session_receive_buf(m->session, &buf) > 0)
			fuse_session_process_buf(m->session, &buf);
	}
	free(buf.mem);
}

void
notices_close(struct mount *m)
{
	struct notice *n;

	while ((n = STAILQ_FIRST(&m->notices.names))) {
		STAILQ_REMOVE_HEAD(&m->notices.names, link);
		free(n);
	}
}

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define NOTICES_MOST	262144	/* a change is up to twenty names */
#define STOP_POLL	20	/* ms between two looks whether the thread has ended */

/* A name that means something else now, or a request that waits until all before it are sent. */
struct notice {
	struct notice	*next;
	notices_done	*done;		/* NULL: a name */
	struct parked	*request;
	uint64_t	 parent;
	char		 name[];
};

static void
add_notice(struct notices *ns, struct notice *n)
{
	pthread_mutex_lock(&ns->lock);
	n->next = NULL;
	*ns->last = n;
	ns->last = &n->next;
	ns->count++;
	pthread_cond_signal(&ns->more);
	pthread_mutex_unlock(&ns->lock);
}

void
notices_forget_name(void *ctx, uint64_t parent, const char *name)
{
	struct mount *m = ctx;
	struct notices *ns = &m->notices;
	const size_t len = strlen(name);

	pthread_mutex_lock(&ns->lock);
	bool full = ns->count >= NOTICES_MOST || ns->closing;
	pthread_mutex_unlock(&ns->lock);
	struct notice *n = full ? NULL : calloc(1, sizeof(*n) + len + 1);
	if (!n)
		return;
	n->parent = parent;
	memcpy(n->name, name, len);
	add_notice(ns, n);
}

int
notices_after(struct mount *m, notices_done *done, struct parked *p)
{
	struct notice *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->done = done;
	n->request = p;
	add_notice(&m->notices, n);
	return 0;
}

static struct notice *
take_first_notice(struct notices *ns)
{
	struct notice *n = ns->first;

	if (n) {
		ns->first = n->next;
		if (!ns->first)
			ns->last = &ns->first;
		ns->count--;
	}
	return n;
}

/* The next notice; NULL: the mount closes. */
static struct notice *
take_notice(struct notices *ns)
{
	pthread_mutex_lock(&ns->lock);
	while (!ns->first && !ns->closing)
		pthread_cond_wait(&ns->more, &ns->lock);
	struct notice *n = take_first_notice(ns);
	pthread_mutex_unlock(&ns->lock);
	return n;
}

void
notices_drop_pages(void *ctx, uint64_t ino)
{
	const struct mount *m = ctx;

	fuse_lowlevel_notify_inval_inode(m->session, ino, 0, 0);
}

static bool
is_mount_closing(struct notices *ns)
{
	pthread_mutex_lock(&ns->lock);
	bool closing = ns->closing;
	pthread_mutex_unlock(&ns->lock);
	return closing;
}

static void *
send_notices(void *ctx)
{
	struct mount *m = ctx;
	struct notices *ns = &m->notices;
	struct notice *n;

	pthread_setname_np(pthread_self(), "sffs-notices");
	while ((n = take_notice(ns))) {
		if (n->done)
			n->done(n->request, 0);
		else if (!is_mount_closing(ns))
			fuse_lowlevel_notify_inval_entry(
			    m->session, n->parent, n->name, strlen(n->name));
		free(n);
	}
	atomic_store(&ns->ended, true);
	return NULL;
}

int
notices_start(struct mount *m)
{
	return -pthread_create(&m->notices.thread, NULL, send_notices, m);
}

/*
 * The thread may be in the kernel, waiting for the lock of a directory that belongs to a request
 * which nobody has answered. Only the answer releases it.
 */
void
notices_stop(struct mount *m)
{
	static const int stopping[] = { SIGINT, SIGTERM, SIGHUP };
	struct notices *ns = &m->notices;
	struct fuse_buf buf = { 0 };

	pthread_mutex_lock(&ns->lock);
	ns->closing = true;
	pthread_cond_signal(&ns->more);
	pthread_mutex_unlock(&ns->lock);
	/* One more signal would make the session drop the request that it receives just then. */
	for (size_t i = 0; i < sizeof(stopping) / sizeof(stopping[0]); i++)
		signal(stopping[i], SIG_IGN);
	fuse_session_reset(m->session);
	while (!atomic_load(&ns->ended)) {
		struct pollfd p = { .fd = fuse_session_fd(m->session), .events = POLLIN };

		if (poll(&p, 1, STOP_POLL) <= 0)
			continue;
		int rc = fuse_session_receive_buf(m->session, &buf);
		if (rc > 0)
			fuse_session_process_buf(m->session, &buf);
		else if (rc != -EINTR && rc != -EAGAIN)
			break;		/* it is unmounted: the kernel has released the thread */
	}
	free(buf.mem);
	pthread_join(ns->thread, NULL);
}

void
notices_close(struct mount *m)
{
	struct notice *n;

	while ((n = take_first_notice(&m->notices))) {
		if (n->done)
			n->done(n->request, -EINTR);
		free(n);
	}
}

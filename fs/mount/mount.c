/*
 * A parked request is a struct parked: what to run again when there is
 * progress. Who may touch one:
 *
 *	- the thread that runs it, until its run() says -EAGAIN: then the wait is
 *	  queued and another thread may already be running, or have freed, it;
 *	- the thread that calls ready(), in the same way;
 *	- an interrupt, or the watcher, if wait_cancel says that it took the wait
 *	  out of its queue.
 *
 * libfuse calls an interrupt function with the request's lock held, and
 * fuse_req_interrupt_func(req, NULL) takes that lock: so once it has returned
 * no interrupt can come, and the request may be answered and freed.
 *
 * The kernel tells of the first signal only. If that is none that ends a wait,
 * the request is watched: the watcher looks from time to time for one that is.
 */
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <dirent.h>
#include <unistd.h>

#include "auth/buf.h"
#include "auth/log.h"
#include "fs/content/file.h"
#include "mounter.h"
#include "signals.h"
#include "fs/tree/tree.h"

#include "mount.h"

#define ORG_DOCUMENTS	30000000	/* an org holds no more files */
#define SMALL_READ                                                                                 \
	8192 /* bytes up to which libfuse would allocate memory and copy, since splicing costs     \
		more */
#define NOTIFIER_POLL	20	/* ms between looks whether the notifier has ended */
#define BACKGROUND_MOST	65535
#define WATCH_EVERY                                                                                \
	100 /* ms between looks at what has come for those who wait on though they were            \
	       interrupted */
#define NOTICES_MOST                                                                               \
	65536 /* names waiting to be told to the kernel; those beyond expire by themselves */

struct parked {
	struct wait	 wait;
	struct parked	*next, **prev;	/* prev NULL: not watched */
	struct mount	*mount;
	fuse_req_t	 req;
	void (*run)(struct parked *, int *rc); /* answers the request, or sets *rc: see park() */
	fuse_ino_t	 ino;
	struct fuse_file_info fi;
	struct file	*file;
	size_t		 size;
	off_t		 off;
	struct tree_ticket ticket;
	bool		 full;		/* of a refresh */
};

/* A file that is open: the kernel tells of no ends when it is unmounted. */
struct handle {
	struct handle	*next, **prev;
	fuse_ino_t	 ino;
	struct file	*file;
};

/* Something for the notifying thread: a name to tell the kernel about, or a request to answer when
 * all before are told. */
struct notice {
	struct notice	*next;
	char		*name;
	char		 id[19];	/* of a document that is gone; "" : none */
	uint64_t	 key;
	fuse_req_t	 answer;	/* of a write, or NULL */
	size_t		 written;
	struct parked *open; /* an OPEN that lets others in when the pages are dropped, or NULL */
};

struct mount {
	struct mount_options o;
	struct fuse_session *session;
	struct tree	*tree;
	bool		 mounted;
	bool		 opens_dirs;	/* the kernel must be answered when it opens a directory */

	pthread_mutex_t	 handle_lock;	/* guards: handles */
	struct handle	*handles;

	pthread_t	 watcher;
	pthread_mutex_t watch_lock; /* guards: the three below. Taken with a request's lock held */
	pthread_cond_t	 watch_more;
	struct parked	*watched;
	bool		 unwatched;	/* the watcher is to end */

	pthread_t	 notifier;
	atomic_bool	 all_told;	/* the notifier is at its end */
	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 more;
	struct notice	*first, **last;
	unsigned	 notices;
	bool		 closing;
};

static struct mount *
mount_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/*
 * Parking.
 */

static void
watch(struct parked *p)
{
	struct mount *m = p->mount;

	pthread_mutex_lock(&m->watch_lock);
	p->next = m->watched;
	p->prev = &m->watched;
	if (p->next)
		p->next->prev = &p->next;
	m->watched = p;
	pthread_cond_signal(&m->watch_more);
	pthread_mutex_unlock(&m->watch_lock);
}

/* Caller locks. */
static void
unwatch(struct parked *p)
{
	*p->prev = p->next;
	if (p->next)
		p->next->prev = p->prev;
	p->prev = NULL;
}

static void
on_interrupt(fuse_req_t req, void *data)
{
	struct parked *p = data;

	if (!signals_end_wait(fuse_req_ctx(req)->pid)) {
		watch(p);
	} else if (wait_cancel(&p->wait)) {
		fuse_reply_err(req, EINTR);
		free(p);
	}
}

/* To be called by run() when it can answer: from here on no interrupt comes. */
static fuse_req_t
unpark(struct parked *p)
{
	fuse_req_interrupt_func(p->req, NULL, NULL);
	pthread_mutex_lock(&p->mount->watch_lock);
	if (p->prev)
		unwatch(p);
	pthread_mutex_unlock(&p->mount->watch_lock);
	return p->req;
}

/* Caller locks. One that has been taken out of its queue, because it is to wait no more. */
static struct parked *
take_interrupted(struct mount *m)
{
	for (struct parked *p = m->watched; p; p = p->next) {
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
	struct mount *m = ctx;
	struct parked *p;

	pthread_setname_np(pthread_self(), "sffs-watch");
	pthread_mutex_lock(&m->watch_lock);
	while (!m->unwatched) {
		if (!m->watched) {
			pthread_cond_wait(&m->watch_more, &m->watch_lock);
			continue;
		}
		while ((p = take_interrupted(m))) {
			pthread_mutex_unlock(
			    &m->watch_lock); /* unpark() takes the request's lock first */
			fuse_reply_err(unpark(p), EINTR);
			free(p);
			pthread_mutex_lock(&m->watch_lock);
		}
		pthread_mutex_unlock(&m->watch_lock);
		nanosleep(&(struct timespec){ .tv_nsec = WATCH_EVERY * 1000000 }, NULL);
		pthread_mutex_lock(&m->watch_lock);
	}
	pthread_mutex_unlock(&m->watch_lock);
	return NULL;
}

/* Runs p once. After -EAGAIN it is somebody else's. */
static void
run_parked(struct parked *p)
{
	int rc = 0;

	p->run(p, &rc);
	if (rc == -EAGAIN)
		return;
	if (rc < 0) {
		fuse_reply_err(unpark(p), -rc);
		free(p);
	}
}

static void
on_ready(struct wait *w)
{
	run_parked((struct parked *)((char *)w - offsetof(struct parked, wait)));
}

/*
 * Runs a request that may have to wait. run() either sets *rc to -EAGAIN (its wait is queued; it
 * must not touch p any more) or to another error, or it calls unpark(), answers and frees p.
 */
static void
park(fuse_req_t req, const struct parked *what)
{
	struct parked *p = malloc(sizeof(*p));

	if (!p) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	*p = *what;
	p->wait.ready = on_ready;
	p->mount = mount_of(req);
	p->req = req;
	fuse_req_interrupt_func(req, on_interrupt, p);
	run_parked(p);
}

/*
 * Names and attributes.
 */

static void
op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct tree_entry e;
	int rc = tree_lookup(mount_of(req)->tree, parent, name, &e);
	struct fuse_entry_param out = { 0 };

	if (rc < 0 && rc != -ENOENT) {
		fuse_reply_err(req, -rc);
		return;
	}
	if (rc == 0) {
		out.ino = e.ino;
		out.attr = e.st;
		out.attr_timeout = e.attr_for;
	}
	out.entry_timeout = e.name_for;		/* a name that is not there is remembered too */
	fuse_reply_entry(req, &out);
}

static void
run_getattr(struct parked *p, int *rc)
{
	struct tree_entry e;

	*rc = tree_attr(p->mount->tree, p->ino, &p->ticket, &p->wait, &e);
	if (*rc < 0)
		return;
	fuse_reply_attr(unpark(p), &e.st, e.attr_for);
	free(p);
}

static void
op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)fi;
	park(req, &(struct parked){ .run = run_getattr, .ino = ino });
}

static void
op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st, int to_set, struct fuse_file_info *fi)
{
	(void)st;
	if (tree_is_refresh(ino) &&
	    !(to_set &
		~(FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW |
		    FUSE_SET_ATTR_CTIME | FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW)))
		op_getattr(req, ino, fi);
	else
		fuse_reply_err(req, EROFS);
}

static void
run_readlink(struct parked *p, int *rc)
{
	char *target = NULL;

	*rc = tree_link(p->mount->tree, p->ino, &p->ticket, &p->wait, &target);
	if (*rc < 0)
		return;
	fuse_reply_readlink(unpark(p), target);
	free(target);
	free(p);
}

static void
op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	park(req, &(struct parked){ .run = run_readlink, .ino = ino });
}

static void
op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs st = {
		.f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255, .f_flag = ST_RDONLY
	};
	struct tree_space space;

	(void)ino;
	tree_space(mount_of(req)->tree, &space);
	st.f_blocks = (space.bytes + 4095) / 4096;
	st.f_bfree = st.f_bavail = space.free / 4096;
	/* None free would set off who watches for that. */
	st.f_ffree = st.f_favail =
	    space.documents < ORG_DOCUMENTS ? ORG_DOCUMENTS - space.documents : 0;
	st.f_files = space.documents + st.f_ffree;
	fuse_reply_statfs(req, &st);
}

/* size 0: the caller asks how much there is. */
static void
reply_xattr(fuse_req_t req, int rc, const struct buf *b, size_t size)
{
	if (rc == 0 && size > 0 && b->len > size)
		rc = -ERANGE;
	if (rc < 0)
		fuse_reply_err(req, -rc);
	else if (size == 0)
		fuse_reply_xattr(req, b->len);
	else
		fuse_reply_buf(req, b->data, b->len);
}

static void
op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	struct buf value = BUF_INIT;

	reply_xattr(req, tree_xattr(mount_of(req)->tree, ino, name, &value), &value, size);
	buf_free(&value);
}

static void
op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	struct buf names = BUF_INIT;

	reply_xattr(req, tree_xattrs(mount_of(req)->tree, ino, &names), &names, size);
	buf_free(&names);
}

/* What is told is told by one thread, in this order. */
static void
add_notice(struct mount *m, struct notice *n)
{
	pthread_mutex_lock(&m->lock);
	n->next = NULL;
	*m->last = n;
	m->last = &n->next;
	m->notices++;
	pthread_cond_signal(&m->more);
	pthread_mutex_unlock(&m->lock);
}

/*
 * Handles.
 */

static int
add_handle(struct mount *m, fuse_ino_t ino, struct file *file, struct fuse_file_info *fi)
{
	struct handle *h = malloc(sizeof(*h));

	if (!h)
		return -ENOMEM;
	pthread_mutex_lock(&m->handle_lock);
	*h = (struct handle){ .next = m->handles, .prev = &m->handles, .ino = ino, .file = file };
	if (h->next)
		h->next->prev = &h->next;
	m->handles = h;
	pthread_mutex_unlock(&m->handle_lock);
	fi->fh = (uint64_t)(uintptr_t)h;
	return 0;
}

static struct handle *
handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

static void
end_handle(struct mount *m, struct handle *h)
{
	pthread_mutex_lock(&m->handle_lock);
	*h->prev = h->next;
	if (h->next)
		h->next->prev = h->prev;
	pthread_mutex_unlock(&m->handle_lock);
	tree_close_file(m->tree, h->ino, h->file);
	free(h);
}

/*
 * Listing.
 */

struct listing {
	fuse_req_t	 req;
	bool		 plus;
	char		*buf;
	size_t		 size, used;
};

static bool
add_entry(void *ctx, const char *name, const struct tree_entry *e, uint64_t next)
{
	struct listing *l = ctx;
	size_t n;

	if (l->plus) {
		struct fuse_entry_param p = {
			.attr = e->st, .attr_timeout = e->attr_for, .entry_timeout = e->name_for
		};

		/* "." and ".." carry no entry; neither does one whose attributes could not be had.
		 */
		if (e->st.st_nlink)
			p.ino = e->st.st_ino;
		n = fuse_add_direntry_plus(
		    l->req, l->buf + l->used, l->size - l->used, name, &p, (off_t)next);
	} else {
		n = fuse_add_direntry(
		    l->req, l->buf + l->used, l->size - l->used, name, &e->st, (off_t)next);
	}
	if (n > l->size - l->used)
		return false;
	l->used += n;
	return true;
}

/*
 * A directory is not opened (op_opendir), and where that is so the kernel keeps a listing that ends
 * with an empty answer: for ever, were it the same mtime. It does not where the end is an answer
 * too short for an entry.
 */
static void
reply_end(fuse_req_t req)
{
	static const char too_short[8];

	fuse_reply_buf(req, too_short, sizeof(too_short));
}

static void
list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, bool plus)
{
	struct listing l = { .req = req, .plus = plus, .size = size, .buf = malloc(size) };
	int rc =
	    l.buf ? tree_list(mount_of(req)->tree, ino, (uint64_t)off, add_entry, &l) : -ENOMEM;

	if (rc < 0)
		fuse_reply_err(req, rc == -ESTALE ? ENOENT : -rc); /* removed since it was opened */
	else if (l.used == 0)
		reply_end(req);
	else
		fuse_reply_buf(req, l.buf, l.used);
	free(l.buf);
}

static void
op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)fi;
	list(req, ino, size, off, false);
}

static void
op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)fi;
	list(req, ino, size, off, true);
}

/*
 * Nothing is kept of an open directory, and what must be waited for was when the kernel asked for
 * its attributes. So it need not say that it opens one: a walk over the org is half as many
 * requests.
 */
static void
op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	if (mount_of(req)->opens_dirs)
		fuse_reply_open(req, fi);
	else
		fuse_reply_err(req, ENOSYS);
}

/*
 * Reading.
 */

static void
op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	end_handle(mount_of(req), handle_of(fi));
	fuse_reply_err(req, 0);
}

static void
answer_open(struct parked *p)
{
	if (fuse_reply_open(unpark(p), &p->fi) < 0)
		end_handle(p->mount,
		    handle_of(&p->fi)); /* the caller was interrupted: no release will come */
	free(p);
}

static void
run_open(struct parked *p, int *rc)
{
	struct file *file;
	enum tree_pages pages = TREE_PAGES_DROP;
	struct notice *n = NULL;

	*rc = tree_open_file(p->mount->tree, p->ino, &p->ticket, &p->wait, &file, &pages);
	if (*rc < 0)
		return;
	if (pages == TREE_PAGES_DROP && !(n = calloc(1, sizeof(*n))))
		*rc = -ENOMEM;
	if (*rc == 0)
		*rc = add_handle(p->mount, p->ino, file, &p->fi);
	if (*rc < 0) {
		tree_dropped(p->mount->tree, p->ino);
		tree_close_file(p->mount->tree, p->ino, file);
		free(n);
		return;
	}
	p->fi.keep_cache = pages != TREE_PAGES_NONE && pages != TREE_PAGES_FRESH;
	p->fi.direct_io = pages == TREE_PAGES_NONE;
	p->fi.noflush = 1;
	if (n) {	/* the kernel itself would drop them later than it lets others in */
		n->open = p;
		add_notice(p->mount, n);
	} else {
		answer_open(p);
	}
}

/*
 * Not on a thread that serves requests: it waits for pages that are locked until a read is
 * answered, and that read may stand behind as many opens as there are such threads.
 */
static void
drop_pages(struct parked *p)
{
	fuse_lowlevel_notify_inval_inode(p->mount->session, p->ino, 0, 0);
	tree_dropped(p->mount->tree, p->ino);
	answer_open(p);
}

static void
op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	if ((fi->flags & O_ACCMODE) != O_RDONLY && !tree_is_refresh(ino)) {
		fuse_reply_err(req, EROFS);
		return;
	}
	park(req, &(struct parked){ .run = run_open, .ino = ino, .fi = *fi });
}

/* Answers with n bytes that file_ready granted. */
static void
reply_bytes(fuse_req_t req, struct file *file, off_t off, size_t n)
{
	struct fuse_bufvec v = FUSE_BUFVEC_INIT(n);
	char small[SMALL_READ];
	const char *mem = NULL;

	if (n == 0) {
		fuse_reply_buf(req, NULL, 0);
		return;
	}
	/* The kernel has the answer before the call that gives it is over, and may release the
	 * handle at once. */
	file_hold(file);
	v.buf[0].fd = file_where(file, (uint64_t)off, n, &mem, &v.buf[0].pos);
	if (v.buf[0].fd < 0) {
		fuse_reply_buf(req, mem, n);
	} else if (n > sizeof(small)) {
		v.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
		fuse_reply_data(req, &v, 0);
	} else if (pread(v.buf[0].fd, small, n, v.buf[0].pos) == (ssize_t)n) {
		fuse_reply_buf(req, small, n);
	} else {
		fuse_reply_err(req, EIO);
	}
	file_close(file);
}

static void
run_read(struct parked *p, int *rc)
{
	ssize_t n = file_ready(p->file, (uint64_t)p->off, p->size, &p->wait);

	if (n < 0) {
		*rc = (int)n;
		return;
	}
	reply_bytes(unpark(p), p->file, p->off, (size_t)n);
	free(p);
}

static void
op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	struct file *file = handle_of(fi)->file;
	ssize_t n = file_ready(file, (uint64_t)off, size, NULL);

	(void)ino;
	if (n == -EAGAIN)
		park(req,
		    &(struct parked){ .run = run_read, .file = file, .off = off, .size = size });
	else if (n < 0)
		fuse_reply_err(req, (int)-n);
	else
		reply_bytes(req, file, off, (size_t)n);
}

/*
 * Telling the kernel what changed.
 */

void
mount_changed(struct mount *m, const struct catalogue_change *change)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	bool full = m->notices >= NOTICES_MOST || m->closing;
	pthread_mutex_unlock(&m->lock);
	struct notice *n = full ? NULL : calloc(1, sizeof(*n));
	if (!n)
		return;
	if (change->name && !(n->name = strdup(change->name))) {
		free(n);
		return;
	}
	if (change->id)
		snprintf(n->id, sizeof(n->id), "%s", change->id);
	n->key = change->document_key;
	add_notice(m, n);
}

static bool
is_closing(struct mount *m)
{
	pthread_mutex_lock(&m->lock);
	bool closing = m->closing;
	pthread_mutex_unlock(&m->lock);
	return closing;
}

static void
forget_name(void *ctx, uint64_t parent, const char *name)
{
	struct mount *m = ctx;

	fuse_lowlevel_notify_inval_entry(m->session, parent, name, strlen(name));
}

/* The next notice; NULL when the mount closes: names that were not told go with it. */
static struct notice *
take_notice(struct mount *m)
{
	pthread_mutex_lock(&m->lock);
	while (!m->first && !m->closing)
		pthread_cond_wait(&m->more, &m->lock);
	struct notice *n = m->first;
	if (n) {
		m->first = n->next;
		if (!m->first)
			m->last = &m->first;
		m->notices--;
	}
	pthread_mutex_unlock(&m->lock);
	return n;
}

static void *
notify(void *ctx)
{
	struct mount *m = ctx;
	struct notice *n;

	pthread_setname_np(pthread_self(), "sffs-notify");
	while ((n = take_notice(m))) {
		if (*n->id && !is_closing(m))
			tree_names_of_id(n->id, forget_name, m);
		if (n->name && !is_closing(m))
			tree_names_of(m->tree, n->name, n->key, forget_name, m);
		if (n->answer)
			fuse_reply_write(n->answer, n->written);
		if (n->open)
			drop_pages(n->open);
		free(n->name);
		free(n);
	}
	atomic_store(&m->all_told, true);
	return NULL;
}

static void
run_write(struct parked *p, int *rc)
{
	*rc = tree_refresh(p->mount->tree, &p->ticket, p->full, &p->wait);
	if (*rc < 0)
		return;
	/* Only when the kernel knows what changed does the writer go on: its next look must see it.
	 */
	struct notice *n = calloc(1, sizeof(*n));
	if (!n) {
		*rc = -ENOMEM;
		return;
	}
	n->written = p->size;
	n->answer = unpark(p);
	add_notice(p->mount, n);
	free(p);
}

static void
op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
    struct fuse_file_info *fi)
{
	(void)off, (void)fi;
	if (!tree_is_refresh(ino))
		fuse_reply_err(req, EROFS);
	else
		park(req,
		    &(struct parked){ .run = run_write,
			.ino = ino,
			.size = size,
			.full = size >= 4 && memcmp(buf, "full", 4) == 0 });
}

/*
 * The mount is read-only: these say so, instead of "not implemented".
 */

static void
op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t dev)
{
	(void)parent, (void)name, (void)mode, (void)dev;
	fuse_reply_err(req, EROFS);
}

static void
op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent, (void)name, (void)mode;
	fuse_reply_err(req, EROFS);
}

static void
op_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent, (void)name;
	fuse_reply_err(req, EROFS);
}

static void
op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	(void)target, (void)parent, (void)name;
	fuse_reply_err(req, EROFS);
}

static void
op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to_parent, const char *to,
    unsigned flags)
{
	(void)parent, (void)name, (void)to_parent, (void)to, (void)flags;
	fuse_reply_err(req, EROFS);
}

static void
op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	(void)ino, (void)parent, (void)name;
	fuse_reply_err(req, EROFS);
}

static void
op_setxattr(
    fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
	(void)ino, (void)name, (void)value, (void)size, (void)flags;
	fuse_reply_err(req, EROFS);
}

static void
op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	(void)ino, (void)name;
	fuse_reply_err(req, EROFS);
}

static void
op_create(
    fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi)
{
	(void)parent, (void)name, (void)mode, (void)fi;
	fuse_reply_err(req, EROFS);
}

/*
 * The session.
 */

static void
op_init(void *data, struct fuse_conn_info *conn)
{
	struct mount *m = data;

	/* Always: a listing knows all attributes anyway, and a single LOOKUP each costs more (ten
	 * times, at a million). */
	if (conn->capable & FUSE_CAP_READDIRPLUS) {
		conn->want |= FUSE_CAP_READDIRPLUS;
		conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
	}
	m->opens_dirs = !(conn->capable & FUSE_CAP_NO_OPENDIR_SUPPORT);
	conn->want |= conn->capable & (FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
	/* A parked read keeps its place among the kernel's background requests; with the default of
	 * 12, as many slow downloads stop all reading. */
	conn->max_background = BACKGROUND_MOST;
	conn->time_gran = 1000000;
	if (m->o.ready)
		m->o.ready(m->o.ctx);
}

static const struct fuse_lowlevel_ops ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.statfs = op_statfs,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.open = op_open,
	.read = op_read,
	.write = op_write,
	.release = op_release,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.unlink = op_remove,
	.rmdir = op_remove,
	.symlink = op_symlink,
	.rename = op_rename,
	.link = op_link,
	.create = op_create,
	.setxattr = op_setxattr,
	.removexattr = op_removexattr,
};

static void
log_from_libfuse(enum fuse_log_level level, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	if (level <= FUSE_LOG_ERR)
		log_error("fuse", "%s", text);
	else if (level <= FUSE_LOG_WARNING)
		log_warn("fuse", "%s", text);
	else
		log_debug("fuse", "%s", text);
}

static bool
is_mounted_fuse(const char *mountpoint)
{
	char parent[4096];
	struct stat here, above;
	struct statfs fs;

	snprintf(parent, sizeof(parent), "%s/..", mountpoint);
	return stat(mountpoint, &here) == 0 && stat(parent, &above) == 0 &&
	    here.st_dev != above.st_dev && statfs(mountpoint, &fs) == 0 &&
	    fs.f_type == FUSE_SUPER_MAGIC;
}

static bool
is_empty(DIR *dir)
{
	struct dirent *e;

	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return false;
	return true;
}

int
mount_check(const char *mountpoint)
{
	static const char *const devices[] = { "/dev/null", "/dev/fuse" };
	struct stat st;

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (access(devices[i], F_OK) < 0) {
			log_error("mount", "%s: %s; sffs --doctor ORG says what to do", devices[i],
			    strerror(errno));
			return -EPERM;
		}
	if (stat(mountpoint, &st) < 0) {
		int e = errno;

		if (e == ENOTCONN)
			log_error("mount",
			    "%s: a mount that has died is still there; first: fusermount3 -u %s",
			    mountpoint, mountpoint);
		else if (e == ENOENT)
			log_error("mount", "%s: no such directory; first: mkdir %s", mountpoint,
			    mountpoint);
		else
			log_error("mount", "%s: %s", mountpoint, strerror(e));
		return -e;
	}
	if (!S_ISDIR(st.st_mode)) {
		log_error("mount", "%s: not a directory; name an empty one", mountpoint);
		return -ENOTDIR;
	}
	if (is_mounted_fuse(mountpoint)) {
		log_error("mount",
		    "%s: something is mounted here already; to unmount it: fusermount3 -u %s",
		    mountpoint, mountpoint);
		return -EBUSY;
	}
	DIR *dir = opendir(mountpoint);
	if (!dir) {
		int e = errno;

		log_error("mount", "%s: %s", mountpoint, strerror(e));
		return -e;
	}
	bool empty = is_empty(dir);
	closedir(dir);
	if (!empty) {
		log_error("mount",
		    "%s: not empty; what is in it would be hidden: name an empty directory",
		    mountpoint);
		return -ENOTEMPTY;
	}
	return 0;
}

/* By the keeper, if there is one: libfuse is given the descriptor. */
static int
mount_at(struct mount *m, const char *mountpoint, const char *options)
{
	char descriptor[32];

	if (m->o.keeper) {
		int fd = mounter_mount(m->o.keeper, options);

		if (fd < 0)
			return fd;
		snprintf(descriptor, sizeof(descriptor), "/dev/fd/%d", fd);
		mountpoint = descriptor;
	}
	m->mounted = fuse_session_mount(m->session, mountpoint) == 0;
	return m->mounted ? 0 : -EPERM;
}

/* Whether somebody has unmounted it already. */
static bool
is_unmounted(struct mount *m)
{
	struct pollfd p = { .fd = fuse_session_fd(m->session) };

	return poll(&p, 1, 0) == 1 && p.revents & POLLERR;
}

int
mount_open(const struct mount_options *o, const char *mountpoint, struct mount **out)
{
	struct mount *m = calloc(1, sizeof(*m));
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	char options[512];
	int rc = -ENOMEM;

	if (!m)
		return -ENOMEM;
	m->o = *o;
	m->last = &m->first;
	pthread_mutex_init(&m->handle_lock, NULL);
	pthread_mutex_init(&m->watch_lock, NULL);
	pthread_cond_init(&m->watch_more, NULL);
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->more, NULL);
	fuse_set_log_func(log_from_libfuse);
	/*
	 * Not `ro`: a write to .sffs/refresh must come through. default_permissions: the kernel
	 * then asks for the attributes of a directory, where a refresh is waited for, before it
	 * looks anything up in it.
	 */
	snprintf(options, sizeof(options),
	    "-ofsname=%.200s,subtype=sffs,nosuid,nodev,noexec,noatime,default_permissions%s",
	    o->name, o->allow_other ? ",allow_other" : "");
	if (fuse_opt_add_arg(&args, "sffs") < 0 || fuse_opt_add_arg(&args, options) < 0 ||
	    (o->debug && fuse_opt_add_arg(&args, "-d") < 0))
		goto out;
	m->session = fuse_session_new(&args, &ops, sizeof(ops), m);
	if (!m->session) {
		rc = -EINVAL;
		goto out;
	}
	/* It may have been free when this one started, and a first fill takes a while. */
	if (is_mounted_fuse(mountpoint)) {
		log_error("mount",
		    "%s: something is mounted here already; to unmount it: fusermount3 -u %s",
		    mountpoint, mountpoint);
		rc = -EBUSY;
		goto out;
	}
	if (fuse_set_signal_handlers(m->session) < 0 ||
	    mount_at(m, mountpoint, options + strlen("-o")) < 0) {
		log_error("mount", "%s: cannot mount; sffs --doctor %s says what is in the way",
		    mountpoint, o->name);
		rc = -EPERM;
		goto out;
	}
	*out = m;
	m = NULL;
	rc = 0;
out:
	fuse_opt_free_args(&args);
	mount_close(m);
	return rc;
}

/*
 * The loop has ended, but the notifier may be in the kernel, waiting for a directory that a request
 * holds which nobody has answered: the kernel has no way out of that, so requests are answered
 * until the notifier is out of it.
 */
static void
end_notifier(struct mount *m)
{
	static const int stopping[] = { SIGINT, SIGTERM, SIGHUP };
	struct fuse_buf buf = { 0 };

	pthread_mutex_lock(&m->lock);
	m->closing = true;
	pthread_cond_signal(&m->more);
	pthread_mutex_unlock(&m->lock);
	/* One more signal would make the session drop the request that it receives just then. */
	for (size_t i = 0; i < sizeof(stopping) / sizeof(stopping[0]); i++)
		signal(stopping[i], SIG_IGN);
	fuse_session_reset(m->session);
	while (!atomic_load(&m->all_told)) {
		struct pollfd p = { .fd = fuse_session_fd(m->session), .events = POLLIN };

		if (poll(&p, 1, NOTIFIER_POLL) <= 0)
			continue;
		int rc = fuse_session_receive_buf(m->session, &buf);
		if (rc > 0)
			fuse_session_process_buf(m->session, &buf);
		else if (rc != -EINTR && rc != -EAGAIN)
			break;		/* unmounted: the kernel has let go */
	}
	free(buf.mem);
	pthread_join(m->notifier, NULL);
}

static void
end_watcher(struct mount *m)
{
	pthread_mutex_lock(&m->watch_lock);
	m->unwatched = true;
	pthread_cond_signal(&m->watch_more);
	pthread_mutex_unlock(&m->watch_lock);
	pthread_join(m->watcher, NULL);
}

int
mount_serve(struct mount *m, struct tree *tree)
{
	m->tree = tree;
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int rc = config ? -pthread_create(&m->watcher, NULL, watch_all, m) : -ENOMEM;

	if (rc == 0) {
		rc = -pthread_create(&m->notifier, NULL, notify, m);
		if (rc == 0) {
			rc = fuse_session_loop_mt(m->session, config);
			end_notifier(m);
		}
		end_watcher(m);
	}
	fuse_loop_cfg_destroy(config);
	return rc > 0 ? 0 : rc;		/* > 0: the signal that ended it */
}

void
mount_close(struct mount *m)
{
	if (!m)
		return;
	while (m->first) {		/* what came after the notifier had ended */
		struct notice *n = m->first;

		m->first = n->next;
		if (n->answer)
			fuse_reply_err(n->answer, EINTR);
		if (n->open) {
			tree_dropped(m->tree, n->open->ino);
			fuse_reply_err(unpark(n->open), EINTR);
			free(n->open);
		}
		free(n->name);
		free(n);
	}
	bool still_there = m->mounted && m->o.keeper && !is_unmounted(m);
	if (m->mounted)
		fuse_session_unmount(m->session);
	if (m->session) {
		fuse_remove_signal_handlers(m->session);
		fuse_session_destroy(m->session);
	}
	if (still_there && mounter_unmount(m->o.keeper) < 0)
		log_warn("mount", "cannot unmount; fusermount3 -u does");
	while (m->handles)
		end_handle(m, m->handles);
	pthread_mutex_destroy(&m->handle_lock);
	pthread_mutex_destroy(&m->watch_lock);
	pthread_cond_destroy(&m->watch_more);
	pthread_cond_destroy(&m->more);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/buf.h"

#include "internal.h"

#define ORG_DOCUMENTS	30000000	/* an org holds no more files */
#define BACKGROUND_MOST	65535

/* libfuse passes more than most operations need. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static struct mount *
mount_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
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

static int
run_getattr(struct parked *p)
{
	struct tree_entry e;
	int rc = tree_attr(p->mount->tree, p->ino, &p->ticket, &p->wait, &e);

	if (rc == 0)
		fuse_reply_attr(park_end(p), &e.st, e.attr_for);
	return rc;
}

static void
op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	park_request(req, &(struct parked){ .run = run_getattr, .ino = ino });
}

static int
run_readlink(struct parked *p)
{
	struct buf target = BUF_INIT;
	int rc = tree_link(p->mount->tree, p->ino, &p->ticket, &p->wait, &target);

	if (rc == 0)
		fuse_reply_readlink(park_end(p), buf_str(&target));
	buf_free(&target);
	return rc;
}

static void
op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	park_request(req, &(struct parked){ .run = run_readlink, .ino = ino });
}

static void
op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs st = {
		.f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255, .f_flag = ST_RDONLY
	};
	struct tree_space space;

	tree_space(mount_of(req)->tree, &space);
	st.f_blocks = (space.bytes + 4095) / 4096;
	st.f_bfree = st.f_bavail = space.free / 4096;
	/* Monitoring alerts on zero free inodes. */
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

		/* "." and ".." have no inode here, nor has an entry without attributes. */
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
 * The kernel caches the listing of a directory that is not opened (op_opendir), if the listing ends
 * with an empty answer, until the directory's mtime changes. It does not if the last answer is too
 * short for an entry. (fs/fuse/readdir.c of Linux: parse_dirfile.)
 */
static void
reply_end(fuse_req_t req)
{
	static const char too_short[8];

	fuse_reply_buf(req, too_short, sizeof(too_short));
}

static void
reply_entries(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, bool plus)
{
	struct listing l = { .req = req, .plus = plus, .size = size, .buf = malloc(size) };
	int rc =
	    l.buf ? tree_list(mount_of(req)->tree, ino, (uint64_t)off, add_entry, &l) : -ENOMEM;

	if (rc < 0)
		fuse_reply_err(req, rc == -ESTALE ? ENOENT : -rc);	/* removed meanwhile */
	else if (l.used == 0)
		reply_end(req);
	else
		fuse_reply_buf(req, l.buf, l.used);
	free(l.buf);
}

static void
op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	reply_entries(req, ino, size, off, false);
}

static void
op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	reply_entries(req, ino, size, off, true);
}

/*
 * An open directory has no state here, and GETATTR has done the waiting. After ENOSYS the kernel
 * opens directories without asking, which halves the requests of a walk.
 */
static void
op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	if (mount_of(req)->opens_dirs)
		fuse_reply_open(req, fi);
	else
		fuse_reply_err(req, ENOSYS);
}

/*
 * Files that are open.
 */

struct handle {
	LIST_ENTRY(handle) link;
	fuse_ino_t	 ino;
	struct file	*file;
	bool		 no_pages;	/* it must not put bytes into the page cache */
};

static struct handle *
handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

static int
add_handle(struct mount *m, fuse_ino_t ino, struct file *file, struct fuse_file_info *fi)
{
	struct handle *h = malloc(sizeof(*h));

	if (!h)
		return -ENOMEM;
	*h = (struct handle){ .ino = ino, .file = file,
		.no_pages = fi->direct_io && file_source(file) };
	pthread_mutex_lock(&m->handle_lock);
	LIST_INSERT_HEAD(&m->handles, h, link);
	pthread_mutex_unlock(&m->handle_lock);
	fi->fh = (uint64_t)(uintptr_t)h;
	return 0;
}

static void
end_handle(struct mount *m, struct handle *h)
{
	pthread_mutex_lock(&m->handle_lock);
	LIST_REMOVE(h, link);
	pthread_mutex_unlock(&m->handle_lock);
	tree_close_file(m->tree, h->ino, h->file);
	free(h);
}

void
operations_close_files(struct mount *m)
{
	while (!LIST_EMPTY(&m->handles))
		end_handle(m, LIST_FIRST(&m->handles));
}

static void
op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	end_handle(mount_of(req), handle_of(fi));
	fuse_reply_err(req, 0);
}

static int
run_open(struct parked *p)
{
	struct mount *m = p->mount;
	struct file *file;
	enum tree_pages pages;
	int rc = tree_open_file(m->tree, p->ino, &p->ticket, &p->wait, &file, &pages);

	if (rc < 0)
		return rc;
	p->fi.keep_cache = pages == TREE_PAGES_KEEP;
	p->fi.direct_io = pages == TREE_PAGES_NONE;
	p->fi.noflush = 1;
	rc = add_handle(m, p->ino, file, &p->fi);
	if (rc < 0)
		tree_close_file(m->tree, p->ino, file);
	else if (fuse_reply_open(park_end(p), &p->fi) < 0)
		end_handle(m, handle_of(&p->fi));	/* interrupted: no RELEASE will come */
	return rc;
}

static void
op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	const bool writes = (fi->flags & O_ACCMODE) != O_RDONLY || fi->flags & O_TRUNC;

	if (writes && !tree_is_refresh(ino))
		fuse_reply_err(req, EROFS);
	else
		park_request(req, &(struct parked){ .run = run_open, .ino = ino, .fi = *fi });
}

/* Answers with n bytes that file_ready granted. No splice: if the cache file has become shorter,
 * the kernel would take the rest for the whole answer. */
static void
reply_bytes(fuse_req_t req, struct file *file, off_t off, size_t n)
{
	char *p = loop_room && n <= LOOP_ROOM ? loop_room : malloc(n);
	int rc = p ? file_read(file, p, n, (uint64_t)off) : -ENOMEM;

	if (rc == 0)
		fuse_reply_buf(req, p, n);
	else
		fuse_reply_err(req, -rc);
	if (p != loop_room)
		free(p);
}

static int
run_read(struct parked *p)
{
	ssize_t n = file_ready(p->file, (uint64_t)p->off, p->size, &p->wait);

	if (n < 0)
		return (int)n;
	reply_bytes(park_end(p), p->file, p->off, (size_t)n);
	return 0;
}

static void
op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	const struct handle *h = handle_of(fi);
	/* Even with direct I/O a MAP_PRIVATE reads through the page cache, without a lock owner. */
	const bool fills_pages = h->no_pages && fi->lock_owner == 0;
	ssize_t n = fills_pages	  ? -EIO :
	    park_is_guest(req) ? -EAGAIN :	/* only a wait says so to file_ready */
				 file_ready(h->file, (uint64_t)off, size, NULL);

	if (n == -EAGAIN)
		park_request(req,
		    &(struct parked){ .run = run_read, .file = h->file, .off = off, .size = size });
	else if (n < 0)
		fuse_reply_err(req, (int)-n);
	else
		reply_bytes(req, h->file, off, (size_t)n);
}

/* The answer comes after the notices of what changed, so that the writer's next look sees it. */
static int
run_write(struct parked *p)
{
	int rc = p->notices ? 0 : tree_refresh(p->mount->tree, &p->ticket, p->full, &p->wait);

	if (rc == 0)
		rc = notices_sent(p->mount, &p->notices, &p->wait);
	if (rc == 0)
		fuse_reply_write(park_end(p), p->size);
	return rc;
}

static void
op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
    struct fuse_file_info *fi)
{
	if (!tree_is_refresh(ino))
		fuse_reply_err(req, EROFS);
	else
		park_request(req,
		    &(struct parked){ .run = run_write,
			.ino = ino,
			.size = size,
			.full = size >= 4 && memcmp(buf, "full", 4) == 0 });
}

/*
 * Without these, libfuse would answer ENOSYS instead of EROFS. It may for CREATE: the kernel then
 * tries MKNOD. An open of .sffs/refresh that truncates sends no SETATTR (FUSE_CAP_ATOMIC_O_TRUNC).
 */

#define READ_ONLY(operation, ...)                                                                  \
	static void op_##operation(fuse_req_t req, __VA_ARGS__) { fuse_reply_err(req, EROFS); }

READ_ONLY(setattr, fuse_ino_t ino, struct stat *st, int to_set, struct fuse_file_info *fi)
READ_ONLY(mknod, fuse_ino_t dir, const char *name, mode_t mode, dev_t dev)
READ_ONLY(mkdir, fuse_ino_t dir, const char *name, mode_t mode)
READ_ONLY(remove, fuse_ino_t dir, const char *name)
READ_ONLY(symlink, const char *target, fuse_ino_t dir, const char *name)
READ_ONLY(rename, fuse_ino_t dir, const char *name, fuse_ino_t to, const char *new, unsigned flags)
READ_ONLY(link, fuse_ino_t ino, fuse_ino_t dir, const char *name)
READ_ONLY(setxattr, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
READ_ONLY(removexattr, fuse_ino_t ino, const char *name)

/*
 * The session.
 */

static void
op_init(void *data, struct fuse_conn_info *conn)
{
	struct mount *m = data;

	/* Always READDIRPLUS: a listing knows all attributes, and a million LOOKUPs take ten times
	 * as long. */
	if (conn->capable & FUSE_CAP_READDIRPLUS) {
		conn->want |= FUSE_CAP_READDIRPLUS;
		conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
	}
	m->opens_dirs = !(conn->capable & FUSE_CAP_NO_OPENDIR_SUPPORT);
	/* Inode numbers last, and so do the handles that are made of them. */
	conn->want |= conn->capable & FUSE_CAP_EXPORT_SUPPORT;
	/* A parked read counts as one of the kernel's background requests: with the default of 12,
	 * twelve slow downloads would stop all reading. */
	conn->max_background = BACKGROUND_MOST;
	conn->time_gran = 1000000;
	if (m->o.ready)
		m->o.ready(m->o.ctx);
}

const struct fuse_lowlevel_ops operations = {
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
	.setxattr = op_setxattr,
	.removexattr = op_removexattr,
};


/*
 * mount - the tree as FUSE sees it; the only file that knows libfuse.
 *
 * Each request is answered at once, or parked: the request is kept and the
 * thread goes on to the next. LOOKUP and READDIR are never parked (the kernel
 * would freeze their directory); GETATTR, READLINK, OPEN, READ, and a WRITE to
 * .sffs/refresh may be. A FUSE interrupt un-parks at once with EINTR.
 *
 * What changed in the org goes to the kernel from a thread of its own that
 * holds no lock.
 */
#ifndef FS_MOUNT_MOUNT_H
#define FS_MOUNT_MOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct tree;
struct mount;

struct mounter;

struct mount_options {
	const char	*name;		/* what `mount` and `df` show as the device */
	bool		 allow_other;
	bool		 debug;		/* libfuse prints each request */
	struct mounter	*mounter;	/* mounts and unmounts if this process cannot; or NULL */
	void		(*ready)(void *ctx);	/* called once, when the mount answers */
	void		*ctx;
};

/* 0, or -ENOENT, -ENOTDIR, -ENOTEMPTY, -EBUSY, -EACCES: told on the log, with what to do. */
int	mount_check(const char *mountpoint);

int	mount_open(const struct mount_options *, const char *mountpoint, struct mount **out);
/* As catalogue_changed. A NULL mount is fine: nothing is mounted yet. */
struct catalogue_change;
void	mount_changed(struct mount *, const struct catalogue_change *);
/* Serves until it is unmounted or a SIGINT, SIGTERM or SIGHUP comes. */
int	mount_serve(struct mount *, struct tree *);
/* Unmounts. Nobody may be parked any more: first all that they can wait for is stopped. */
void	mount_close(struct mount *);

#endif

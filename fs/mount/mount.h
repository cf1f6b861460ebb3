/*
 * mount - serves the tree to the kernel by FUSE. Only this folder knows libfuse.
 *
 * Each request is answered at once, or parked: the request waits and its thread goes on to the next
 * one. GETATTR, READLINK, OPEN, READ, and a WRITE to .sffs/refresh may be parked. LOOKUP and
 * READDIR never are, since the kernel would lock their directory. A FUSE interrupt answers a parked
 * request at once with EINTR.
 *
 * One thread tells the kernel what changed in the org. It holds no lock.
 *
 * mount_changed: any thread. The rest: the thread that serves.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct mount;
struct mounter;
struct tree;

struct mount_options {
	const char	*name;		/* the device, for mount(8) and df(1) */
	const char	*named;		/* the config's */
	bool		 allow_other;
	uid_t		 owner;		/* others but root and our own user are guests (wait.h) */
	bool		 debug;		/* libfuse prints each request */
	struct mounter	*mounter;	/* mounts and unmounts if this process cannot; or NULL */
	void		(*ready)(void *ctx);	/* called once, when the mount answers */
	void		*ctx;
};

/* Whether this user may mount with allow_other: root, and all if /etc/fuse.conf says so. */
bool	mount_others_allowed(void);
#define MOUNT_ALLOW_OTHERS	"echo user_allow_other >>/etc/fuse.conf"
/* Whether the directory can be mounted on: 0, or an error, logged with what to do. *absolute: its
 * path; the caller frees it, in any case. */
int	mount_check(const char *mountpoint, bool allow_other, char **absolute);

/* -EBUSY, -EPERM: logged. */
int	mount_open(const struct mount_options *, const char *mountpoint, struct mount **out);
/* Serves until somebody unmounts it, or a SIGINT, SIGTERM or SIGHUP comes. Errors are logged. */
int	mount_serve(struct mount *, struct tree *);
/* Unmounts. First stop all that a parked request can wait for. */
void	mount_close(struct mount *);

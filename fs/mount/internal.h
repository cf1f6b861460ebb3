/*
 * internal - what the files of fs/mount that know libfuse share.
 *
 * mount.c has the session; operations.c the requests; park.c those that wait; notices.c what the
 * kernel is notified of; handles.c the files that are open; check.c the mount point.
 *
 * Lock order: a request's own lock in libfuse, then watcher.lock, then the lock inside wait.h.
 * The locks of notices and handles are taken alone.
 */
#ifndef FS_MOUNT_INTERNAL_H
#define FS_MOUNT_INTERNAL_H

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "fs/tree/tree.h"

#include "mount.h"

struct handle;
struct notice;

/* A request that may have to wait. */
struct parked {
	struct wait	 wait;
	struct parked	*next, **prev;	/* among the watched; prev NULL: not watched */
	struct mount	*mount;
	fuse_req_t	 req;
	/* Answers the request, or sets *rc: see park_request. */
	void		(*run)(struct parked *, int *rc);
	fuse_ino_t	 ino;
	struct fuse_file_info fi;
	struct file	*file;
	size_t		 size;
	off_t		 off;
	struct tree_ticket ticket;
	bool		 full;		/* of a refresh */
};

/* Polls for the signals of callers whose first signal did not end their wait. */
struct watcher {
	pthread_t	 thread;
	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 more;
	struct parked	*first;
	bool		 stop;
};

/* Sends the kernel's notifications. */
struct notices {
	pthread_t	 thread;
	atomic_bool	 ended;		/* the thread has */
	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 more;
	struct notice	*first, **last;
	unsigned	 count;
	bool		 closing;
};

struct mount {
	struct mount_options o;
	struct fuse_session *session;
	struct tree	*tree;
	bool		 mounted;
	bool		 has_signal_handlers;
	bool		 opens_dirs;	/* the kernel must be answered when it opens a directory */
	pthread_mutex_t	 handle_lock;	/* guards: handles */
	struct handle	*handles;
	struct watcher	 watcher;
	struct notices	 notices;
};

/* operations.c */
extern const struct fuse_lowlevel_ops operations;

/*
 * park.c: runs a copy of *what with ->run set and the rest as run() needs it. run() either answers
 * with the request that park_end returns and frees p; or it sets *rc to an error, which is the
 * answer; or to -EAGAIN: its wait is queued, and p is no longer its own.
 */
void	park_request(fuse_req_t, const struct parked *what);
/* Call before you answer: from here on no interrupt comes. */
fuse_req_t park_end(struct parked *);
int	park_start(struct mount *);		/* the watcher's thread */
void	park_stop(struct mount *);

/* notices.c: one thread sends all notifications of names, in queue order. */
int	notices_start(struct mount *);
/* Answers requests until the thread has ended. The session's loop is over. */
void	notices_stop(struct mount *);
/* Ends what is left in the queue. The thread has ended, or was never started. */
void	notices_close(struct mount *);
/* Names beyond some number are not queued: they expire by themselves. */
void	notices_forget_name(void *mount, uint64_t parent, const char *name);	/* a tree_name */
/* A tree_drop_pages. Runs in the caller's thread, since no page can be locked then. */
void	notices_drop_pages(void *ctx, uint64_t ino);
/*
 * Runs done(p, 0) on the notices' thread, after all notices that are queued now; or
 * done(p, -EINTR), if the mount closes first. -ENOMEM: it will not run.
 */
typedef void notices_done(struct parked *p, int rc);
int	notices_after(struct mount *, notices_done *, struct parked *p);

/* handles.c */
int	handles_add(struct mount *, fuse_ino_t, struct file *, struct fuse_file_info *);
struct file *handles_file(const struct fuse_file_info *);
/* Whether a READ must be refused: its bytes would get into pages of another blob. */
bool	handles_fills_pages(const struct fuse_file_info *);
void	handles_end(struct mount *, const struct fuse_file_info *);
/* Ends those that are open at the unmount, for which the kernel sends no RELEASE. */
void	handles_close(struct mount *);

/* check.c: whether a FUSE filesystem is mounted there. If so, the log has it. */
bool	check_is_mounted(const char *mountpoint);

#endif

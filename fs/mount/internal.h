/*
 * internal - what the files of fs/mount that know libfuse share.
 *
 * mount.c has the session; loop.c the threads that take requests; operations.c the requests and
 * the files that are open; park.c the requests that wait; notices.c what the kernel is notified
 * of; check.c the mount point.
 *
 * Any thread: each lock below says which fields it guards. The rest of struct mount is set before
 * the session's loop begins.
 *
 * Lock order: a request's own lock in libfuse, then watcher.lock, then that of fs/content/parsed.c,
 * then the lock inside wait.h.
 * The lock of the notices comes before the one inside wait.h; that of the handles is taken alone.
 */
#pragma once

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "fs/tree/tree.h"

#include "mount.h"

struct handle;
struct notice;

/* A request that may have to wait. */
struct parked {
	struct wait	 wait;
	LIST_ENTRY(parked) link;	/* if it is watched */
	bool		 watched;
	struct mount	*mount;
	fuse_req_t	 req;
	int		(*run)(struct parked *);	/* see park_request */
	fuse_ino_t	 ino;
	struct fuse_file_info fi;
	struct file	*file;
	size_t		 size;
	off_t		 off;
	struct tree_ticket ticket;
	uint64_t	 notices;	/* that must be sent first: see notices_sent */
	bool		 full;		/* of a refresh */
};

/* Polls for the signals of callers whose first signal did not end their wait. */
struct watcher {
	pthread_t	 thread;
	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 more;
	LIST_HEAD(, parked) watched;
	bool		 stop;
};

/* Sends the kernel's notifications. */
struct notices {
	pthread_t	 thread;
	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 more;
	STAILQ_HEAD(, notice) names;
	uint64_t	 queued, sent;	/* names, since the start */
	struct waitq	 waiting;	/* requests that wait for `sent` to rise */
	bool		 closing;
};

struct mount {
	struct mount_options o;
	struct fuse_session *session;
	struct tree	*tree;
	struct tree_kernel kernel;
	bool		 mounted;
	bool		 opens_dirs;	/* the kernel asks when it opens a directory */
	pthread_mutex_t	 handle_lock;	/* guards: handles */
	LIST_HEAD(, handle) handles;	/* the files that are open */
	struct watcher	 watcher;
	struct notices	 notices;
};

extern const struct fuse_lowlevel_ops operations;
/* Closes files that are open at the unmount, for which the kernel sends no RELEASE. */
void	operations_close_files(struct mount *);

/*
 * Runs a copy of *what: ->run is set, and the rest is as run() needs it. run() returns
 *	0	it has answered, with park_end's request
 *	-EAGAIN	its wait is queued, and it must not touch the copy; it runs again
 *	< 0	the error that is the answer
 */
void	park_request(fuse_req_t, const struct parked *what);
/* Whether the request is a guest's: neither the owner's nor root's. */
bool	park_is_guest(fuse_req_t);
/* Call before you answer: from here on no interrupt comes. */
fuse_req_t park_end(struct parked *);
int	park_start(struct mount *);		/* the watcher's thread */
void	park_stop(struct mount *);

#define LOOP_ROOM	(128 << 10)	/* only direct reads are larger */
/* Room for an answer, in a thread that takes requests. NULL in others, or for lack of memory. */
extern _Thread_local char *loop_room;
/* From now on signals_take's signals end the session, which is this process's only one. */
void	loop_take_signals(struct fuse_session *);
/* Takes and works on requests until the session ends. */
int	loop_run(void);

/* One thread sends all notifications of names, in queue order. */
int	notices_start(struct mount *);
/* The session's loop is over. Answers requests until the thread of the notices has ended. */
void	notices_stop(struct mount *);
/* Frees what is left in the queue. The thread has ended, or was never started. */
void	notices_close(struct mount *);
/* Names beyond some number are not queued: they expire by themselves. */
void	notices_forget_name(void *mount, uint64_t parent, const char *name);	/* a tree_name */
/* A tree_drop_pages. Runs in the caller's thread, since no page can be locked then. */
void	notices_drop_pages(void *mount, uint64_t ino);
/*
 * Waits until all names are sent that are queued now. 0; -EAGAIN: w is queued; -EINTR: the mount
 * closes, or w was cancelled. *until: 0 in the first call for a request, private after it.
 */
int	notices_sent(struct mount *, uint64_t *until, struct wait *w);

/* Whether a FUSE filesystem is mounted there. If so, the log has it. */
bool	check_is_mounted(const char *mountpoint);

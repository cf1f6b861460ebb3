#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/log.h"
#include "mounter.h"
#include "signals.h"

#include "internal.h"

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

/* If a mounter mounts, libfuse gets the descriptor of /dev/fuse that the mounter has received. */
static int
mount_at(struct mount *m, const char *mountpoint, const char *options)
{
	char descriptor[32];
	int fd = -1;

	if (m->o.mounter) {
		fd = mounter_mount(m->o.mounter, options);
		if (fd < 0) {
			/* It may have mounted, and this process could not take the descriptor. */
			mounter_unmount(m->o.mounter);
			return fd;
		}
		snprintf(descriptor, sizeof(descriptor), "/dev/fd/%d", fd);
		mountpoint = descriptor;
	}
	m->mounted = fuse_session_mount(m->session, mountpoint) == 0;
	if (!m->mounted && fd >= 0) {
		close(fd);
		mounter_unmount(m->o.mounter);
	}
	return m->mounted ? 0 : -EPERM;
}

static bool
is_unmounted(struct mount *m)
{
	struct pollfd p = { .fd = fuse_session_fd(m->session) };

	return poll(&p, 1, 0) == 1 && p.revents & POLLERR;
}

static struct mount *
new_mount(const struct mount_options *o)
{
	struct mount *m = malloc(sizeof(*m));

	if (!m)
		return NULL;
	*m = (struct mount){ .o = *o,
		.handle_lock = PTHREAD_MUTEX_INITIALIZER,
		.watcher = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER },
		.notices = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER },
	};
	STAILQ_INIT(&m->notices.names);
	return m;
}

int
mount_open(const struct mount_options *o, const char *mountpoint, struct mount **out)
{
	struct mount *m = new_mount(o);
	char options[512], *argv[] = { (char *)"sffs", options, (char *)"-d" };
	struct fuse_args args = FUSE_ARGS_INIT(o->debug ? 3 : 2, argv);
	int rc;

	if (!m)
		return -ENOMEM;
	fuse_set_log_func(log_from_libfuse);
	/*
	 * Not `ro`: a write to .sffs/refresh must come through. default_permissions: the kernel
	 * then asks for the attributes of a directory, where a refresh is waited for, before it
	 * looks anything up in it.
	 */
	snprintf(options, sizeof(options),
	    "-ofsname=%.200s,subtype=sffs,nosuid,nodev,noexec,noatime,default_permissions%s",
	    o->name, o->allow_other ? ",allow_other" : "");
	m->session = fuse_session_new(&args, &operations, sizeof(operations), m);
	if (!m->session) {
		rc = -ENOMEM;
		goto out;
	}
	/* The mount point was free when the program started, and a first fill takes a while. */
	if (check_is_mounted(mountpoint)) {
		rc = -EBUSY;
		goto out;
	}
	loop_take_signals(m->session);
	if (mount_at(m, mountpoint, options + strlen("-o")) < 0) {
		log_error("mount", "%s: cannot mount: see the line above, or run: sffs doctor %s%s",
		    mountpoint, o->name, o->named);
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

int
mount_serve(struct mount *m, struct tree *tree)
{
	m->tree = tree;
	m->kernel = (struct tree_kernel){ notices_forget_name, notices_drop_pages, m };
	tree_on_change(tree, &m->kernel);
	int rc = park_start(m);

	if (rc == 0) {
		rc = notices_start(m);
		if (rc == 0) {
			rc = loop_run();
			notices_stop(m);
		}
		park_stop(m);
	}
	if (rc < 0)
		log_error("mount", "%s: cannot start a thread: %s", m->o.name, strerror(-rc));
	return rc;
}

void
mount_close(struct mount *m)
{
	if (!m)
		return;
	notices_close(m);
	bool still_there = m->mounted && m->o.mounter && !is_unmounted(m);
	if (m->mounted)
		fuse_session_unmount(m->session);
	signals_ignore();
	if (m->session)
		fuse_session_destroy(m->session);
	m->session = NULL;		/* libfuse refuses notifications without a session */
	if (still_there && mounter_unmount(m->o.mounter) < 0)
		log_warn("mount", "cannot unmount; run: fusermount3 -u MOUNTPOINT");
	operations_close_files(m);
	free(m);
}

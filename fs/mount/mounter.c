#include "mounter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Each word is a line. Signals are for the filesystem, which asks then. Standard error is let go
 * once it is mounted, as a daemon does. */
static const char script[] =
    "trap '' HUP INT TERM; PATH=${PATH:+$PATH:}/usr/bin:/bin\n"
    "read -r options && _FUSE_COMMFD=0 fusermount3 -o \"$options\" -- \"$1\" || exit\n"
    "exec 2>/dev/null\n"
    "read -r word && exec fusermount3 -u -q -z -- \"$1\"\n";

struct mounter {
	int		 fd;		/* -1: it has been told all */
	pid_t		 pid;
};

static int
start(const char *mountpoint, int fd, pid_t *out)
{
	const char *const argv[] = { "sffs-keeper", "-c", script, "sffs-keeper", mountpoint, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	/* It stays in this process group: while an automount waits for its mount, no other one may
	 * go to the mount point. */
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	int rc = -posix_spawn(out, "/bin/sh", &actions, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

int
mounter_open(const char *mountpoint, struct mounter **out)
{
	struct mounter *k = malloc(sizeof(*k));
	int ends[2];
	int rc = !k							 ? -ENOMEM :
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? -errno :
									   0;

	if (rc < 0)
		goto out;
	rc = start(mountpoint, ends[1], &k->pid);
	close(ends[1]);
	k->fd = ends[0];
	if (rc < 0)
		close(k->fd);
out:
	if (rc == 0)
		*out = k;
	else
		free(k);
	return rc;
}

static int
tell(struct mounter *k, const char *line)
{
	const struct iovec parts[] = { { .iov_base = (char *)line, .iov_len = strlen(line) },
		{ .iov_base = (char *)"\n", .iov_len = 1 } };
	const struct msghdr m = { .msg_iov = (struct iovec *)parts, .msg_iovlen = 2 };

	return sendmsg(k->fd, &m, MSG_NOSIGNAL) == (ssize_t)strlen(line) + 1 ? 0 : -EPERM;
}

int
mounter_mount(struct mounter *k, const char *options)
{
	union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int))]; } control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	ssize_t n;
	int fd;

	if (tell(k, options) < 0)
		return -EPERM;
	while ((n = recvmsg(k->fd, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		continue;
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -EPERM;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* Waits for its end: 0 when that was a good one. */
static int
reap(struct mounter *k)
{
	int status = -1;

	close(k->fd);
	k->fd = -1;
	while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status == 0 ? 0 : -EPERM;
}

int
mounter_unmount(struct mounter *k)
{
	int rc = tell(k, ""), ended = reap(k);

	return rc < 0 ? rc : ended;
}

void
mounter_close(struct mounter *k)
{
	if (!k)
		return;
	if (k->fd >= 0)
		reap(k);
	free(k);
}

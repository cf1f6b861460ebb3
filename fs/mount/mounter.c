#include "mounter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"

/*
 * Reads one line for each command. Once it is mounted, the terminal is left, as a daemon does.
 */
static const char script[] =
    "cd /; PATH=${PATH:+$PATH:}/usr/bin:/bin\n"
    "read -r options && _FUSE_COMMFD=0 fusermount3 -o \"$options\" -- \"$1\" || exit\n"
    "exec >/dev/null 2>&1; trap '' TSTP\n"
    "read -r word && exec fusermount3 -u -q -z -- \"$1\"\n";

struct mounter {
	int		 fd;		/* for commands; -1: closed */
	pid_t		 pid;
};

/*
 * The script is in a nameless file: in argv, it would fill the list of processes. The shell stays
 * in this process group: while an automount waits to be mounted, other groups cannot reach the
 * mount point.
 */
static void
become_shell(const char *mountpoint, int commands)
{
	char path[32];
	int fd = memfd_create(MOUNTER_NAME, 0);

	signals_ignore();	/* they are for the filesystem, which then asks */
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	if (write(fd, script, sizeof(script) - 1) > 0 && dup2(commands, STDIN_FILENO) == 0)
		execl("/bin/sh", MOUNTER_NAME, path, mountpoint, (char *)NULL);
	_exit(1);
}

int
mounter_open(const char *mountpoint, struct mounter **out)
{
	struct mounter *m = malloc(sizeof(*m));
	int ends[2], rc = 0;

	if (!m || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		rc = -errno;
		free(m);
		return rc;
	}
	m->fd = ends[0];
	m->pid = fork();
	if (m->pid == 0)
		become_shell(mountpoint, ends[1]);
	if (m->pid < 0)
		rc = -errno;
	close(ends[1]);
	if (rc == 0) {
		*out = m;
	} else {
		close(m->fd);
		free(m);
	}
	return rc;
}

int
mounter_mount(struct mounter *m, const char *options)
{
	union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int))]; } control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	ssize_t n;
	int fd;

	if (dprintf(m->fd, "%s\n", options) < 0)
		return -EPERM;
	while ((n = recvmsg(m->fd, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		continue;
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -EPERM;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* 0: its exit status was 0. */
static int
wait_for_end(struct mounter *m)
{
	int status = -1;

	close(m->fd);
	m->fd = -1;
	while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status == 0 ? 0 : -EPERM;
}

int
mounter_unmount(struct mounter *m)
{
	dprintf(m->fd, "\n");
	return wait_for_end(m);
}

void
mounter_close(struct mounter *m)
{
	if (!m)
		return;
	if (m->fd >= 0)
		wait_for_end(m);
	free(m);
}

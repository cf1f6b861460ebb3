#include "mounter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/*
 * Reads one line for each command. Signals are for the filesystem, which then asks. Once it is
 * mounted, standard error is closed, as a daemon does.
 */
static const char script[] =
    "trap '' HUP INT TERM; PATH=${PATH:+$PATH:}/usr/bin:/bin\n"
    "read -r options && _FUSE_COMMFD=0 fusermount3 -o \"$options\" -- \"$1\" || exit\n"
    "exec 2>/dev/null\n"
    "read -r word && exec fusermount3 -u -q -z -- \"$1\"\n";

struct mounter {
	int		 fd;		/* for commands; -1: closed */
	pid_t		 pid;
};

/* A nameless file with the script: in argv, it would fill the list of processes. */
static int
open_script(void)
{
	int fd = memfd_create("sffs-mounter", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, script, sizeof(script) - 1) != sizeof(script) - 1) {
		close(fd);
		fd = -1;
	}
	return fd < 0 ? -errno : fd;
}

static int
start_shell(const char *mountpoint, int commands, pid_t *out)
{
	const char *const argv[] = { "sffs-mounter", "/dev/fd/3", mountpoint, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int fd = open_script();

	if (fd < 0)
		return fd;
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, commands, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fd, 3);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	/* It stays in this process group: while an automount waits to be mounted, other groups
	 * cannot reach the mount point. */
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	int rc = -posix_spawn(out, "/bin/sh", &actions, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(fd);
	return rc;
}

int
mounter_open(const char *mountpoint, struct mounter **out)
{
	struct mounter *m = malloc(sizeof(*m));
	int ends[2];

	if (!m)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		int e = errno;

		free(m);
		return -e;
	}
	m->fd = ends[0];
	int rc = start_shell(mountpoint, ends[1], &m->pid);
	close(ends[1]);
	if (rc < 0) {
		close(m->fd);
		free(m);
		return rc;
	}
	*out = m;
	return 0;
}

static int
send_line(struct mounter *m, const char *line)
{
	const struct iovec parts[] = { { .iov_base = (char *)line, .iov_len = strlen(line) },
		{ .iov_base = (char *)"\n", .iov_len = 1 } };
	const struct msghdr msg = { .msg_iov = (struct iovec *)parts, .msg_iovlen = 2 };

	return sendmsg(m->fd, &msg, MSG_NOSIGNAL) == (ssize_t)strlen(line) + 1 ? 0 : -EPERM;
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

	if (send_line(m, options) < 0)
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
	int rc = send_line(m, ""), end = wait_for_end(m);

	return rc < 0 ? rc : end;
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

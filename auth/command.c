#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "log.h"

#define OUTPUT_MAX	(1 << 20)
#define TIME_MAX	60000		/* milliseconds: a person may have to unlock a key */

extern char **environ;

static int
wait_readable(int fd, int64_t end)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_ms();
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* The buffer has all its room from the start: growing would leave copies behind. */
static int
read_output(int fd, int64_t end, struct buf *out)
{
	int rc;

	while ((rc = wait_readable(fd, end)) == 0) {
		ssize_t n = read(fd, out->data + out->len, OUTPUT_MAX - out->len);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		out->len += (size_t)n;
		if (out->len == OUTPUT_MAX)
			return -EMSGSIZE;
	}
	return rc;
}

/* Waits until the command has ended, and kills it at the time limit or if its output was no good
 * (rc). */
static int
end_command(pid_t pid, int64_t end, int rc, int *status)
{
	int fd = rc == 0 ? pidfd_open(pid, 0) : -1;

	if (fd >= 0) {
		rc = wait_readable(fd, end);
		close(fd);
	}
	if (rc < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		continue;
	return rc;
}

/* output: where the output goes; -1: nowhere, for a program that outlives us and our Ctrl-C. */
static int
spawn_program(const char *const *argv, int output, pid_t *out)
{
	const short session = output < 0 ? POSIX_SPAWN_SETSID : 0;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (output >= 0) {
		posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	} else {
		posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
		posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	}
	/* Closes the caller's descriptors: a browser would keep them open for long. */
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes,
	    (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | session));
	int rc = -posix_spawnp(out, argv[0], &actions, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

int
command_start(const char *const *argv)
{
	mode_t ours = umask(022);	/* ours is for secrets: the program must not inherit it */
	pid_t pid;
	int rc = spawn_program(argv, -1, &pid);

	umask(ours);
	return rc;
}

static int
run_command(const char *const *argv, struct buf *out, int *status)
{
	const int64_t end = clock_ms() + TIME_MAX;
	int ends[2];
	pid_t pid = 0;

	if (!buf_reserve(out, OUTPUT_MAX))
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int rc = spawn_program(argv, ends[1], &pid);
	close(ends[1]);
	if (rc == 0)
		rc = end_command(pid, end, read_output(ends[0], end, out), status);
	close(ends[0]);
	return rc;
}

int
command_output(const char *what, const char *const *argv, int *status, struct secret *out)
{
	static const char blank[] = " \t\r\n";
	struct buf text = BUF_INIT;
	int rc = run_command(argv, &text, status);
	const char *s = buf_str(&text);
	size_t n = text.len;

	while (n && strchr(blank, s[0]))
		s++, n--;
	while (n && strchr(blank, s[n - 1]))
		n--;
	const char *why = rc == -ETIMEDOUT ? "the command did not end within a minute" :
	    rc < 0			     ? strerror(-rc) :
	    WIFSIGNALED(*status)	     ? strsignal(WTERMSIG(*status)) :
	    memchr(s, '\0', n)		     ? "the command printed a NUL" :
	    n == 0 && *status == 0	     ? "the command printed nothing" :
					       NULL;
	*status = WEXITSTATUS(*status);
	if (why && rc != -ENOMEM && rc != -ENOENT)
		rc = log_invalid("login", "%s: %s; run it by hand to see why", what, why);
	else if (rc == 0 && !secret_set(out, s, n))
		rc = -ENOMEM;
	buf_wipe(&text);
	return rc;
}

int
command_secret(const char *key, const char *command, struct secret *out)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	int status = 0;
	int rc = command_output(key, argv, &status, out);

	if (rc == -ENOENT)
		rc = log_invalid(
		    "login", "%s: %s; run it by hand to see why", key, strerror(-rc));
	if (rc == 0 && status != 0) {
		secret_free(out);
		rc = log_invalid("login",
		    "%s: the command ended with status %d; run it by hand to see why", key, status);
	}
	return rc;
}

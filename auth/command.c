#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "log.h"

#define OUTPUT_MAX	(1 << 20)
#define TIME_MAX	60000		/* milliseconds: a person may have to unlock a key */

extern char **environ;

/* All that comes, until the end or the time limit. The buffer has its room from the start: growing
 * would leave copies behind. */
static int
read_all(int fd, int64_t end, struct buf *out)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_ms();
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (n == 0)
			return -ETIMEDOUT;
		if (n < 0 && errno == EINTR)
			continue;
		ssize_t got = n < 0 ? -1 : read(fd, out->data + out->len, OUTPUT_MAX - out->len);
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		out->len += (size_t)got;
		if (out->len == OUTPUT_MAX)
			return -EMSGSIZE;
	}
}

/* Until the command has ended; at the time limit, or when its output was no good (rc), it is
 * killed. */
static int
reap(pid_t pid, int64_t end, int rc, int *status)
{
	int fd = rc == 0 ? pidfd_open(pid, 0) : -1;

	while (fd >= 0 && rc == 0) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_ms();
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (n > 0)
			break;
		if (n == 0)
			rc = -ETIMEDOUT;
	}
	if (fd >= 0)
		close(fd);
	if (rc < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		continue;
	return rc;
}

static int
start(const char *const *argv, int output, pid_t *out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int rc = -posix_spawnp(out, argv[0], &actions, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static int
run(const char *const *argv, struct buf *out, int *status)
{
	const int64_t end = clock_ms() + TIME_MAX;
	int ends[2];
	pid_t pid = 0;

	if (!buf_reserve(out, OUTPUT_MAX))
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int rc = start(argv, ends[1], &pid);
	close(ends[1]);
	if (rc == 0) {
		rc = read_all(ends[0], end, out);
		rc = reap(pid, end, rc, status);
	}
	close(ends[0]);
	return rc;
}

int
command_output(const char *what, const char *const *argv, struct secret *out)
{
	static const char blank[] = " \t\r\n";
	struct buf text = BUF_INIT;
	int status = 0;
	int rc = run(argv, &text, &status);

	if (rc < 0) {
		log_error("login", "%s: %s", what,
		    rc == -ETIMEDOUT ? "the command did not end within a minute" : strerror(-rc));
		rc = rc == -ENOMEM ? rc : -EINVAL;
		goto out;
	}
	const char *s = text.data;
	size_t n = text.len;
	while (n && strchr(blank, s[0]))
		s++, n--;
	while (n && strchr(blank, s[n - 1]))
		n--;
	if (WIFSIGNALED(status)) {
		log_error("login",
		    "%s: the command was ended by signal %d; run it by hand to see why", what,
		    WTERMSIG(status));
		rc = -EINVAL;
	} else if (WEXITSTATUS(status) != 0) {
		log_error("login",
		    "%s: the command ended with status %d; run it by hand to see why", what,
		    WEXITSTATUS(status));
		rc = -EINVAL;
	} else if (n == 0 || memchr(s, '\0', n)) {
		log_error("login", "%s: %s; run it by hand to see why", what,
		    n ? "the command printed a NUL" : "the command printed nothing");
		rc = -EINVAL;
	} else if (!secret_set(out, s, n)) {
		rc = -ENOMEM;
	}
out:
	buf_wipe(&text);
	return rc;
}

int
command_secret(const char *key, const char *command, struct secret *out)
{
	return command_output(key, (const char *const []){ "/bin/sh", "-c", command, NULL }, out);
}

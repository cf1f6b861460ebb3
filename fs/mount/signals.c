#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "signals.h"

#define BIT(signal)	(UINT64_C(1) << ((signal) - 1))
#define CRASHES		(BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGABRT) | BIT(SIGBUS) | BIT(SIGFPE) |           \
    BIT(SIGSEGV) | BIT(SIGSYS))
/* A person or a time limit wants the program to end. */
#define ASKING		(BIT(SIGHUP) | BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGALRM) | BIT(SIGTERM) |         \
    BIT(SIGXCPU))
#define HARMLESS	(BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) |        \
    BIT(SIGTTOU) | BIT(SIGURG) | BIT(SIGWINCH))

/* The set of signals in a line of /proc/PID/status; all, if there is no such line. */
static uint64_t
set_of(const char *status, const char *key)
{
	const char *line = strstr(status, key);
	uint64_t set;

	return line && sscanf(line + strlen(key), " %" SCNx64, &set) == 1 ? set : UINT64_MAX;
}

bool
signals_end_wait(pid_t pid)
{
	char path[32], status[4096];
	ssize_t n = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	int fd = pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		n = read(fd, status, sizeof(status) - 1);
		close(fd);
	}
	if (n <= 0)
		return true;
	status[n] = '\0';
	uint64_t pending = set_of(status, "\nSigPnd:") | set_of(status, "\nShdPnd:");
	return (pending & ~set_of(status, "\nSigBlk:") &
		   (ASKING | CRASHES | BIT(SIGKILL) | BIT(SIGPIPE))) != 0;
}

static void
handle_all(const struct sigaction *asking)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction now;

	for (int s = 1; s <= SIGRTMAX; s++)
		if (!(BIT(s) & (CRASHES | HARMLESS | BIT(SIGKILL))) &&
		    sigaction(s, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaction(s, BIT(s) & ASKING ? asking : &ignore, NULL);
}

void
signals_take(void)
{
	struct sigaction end;

	if (sigaction(SIGTERM, NULL, &end) == 0)
		handle_all(&end);
}

void
signals_ignore(void)
{
	handle_all(&(struct sigaction){ .sa_handler = SIG_IGN });
}

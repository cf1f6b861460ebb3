#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "signals.h"

#define BIT(signal)	(UINT64_C(1) << ((signal) - 1))
#define CRASHES		(BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGABRT) | BIT(SIGBUS) | BIT(SIGFPE) | \
    BIT(SIGSEGV) | BIT(SIGSYS))
/* A person or a time limit wants the program to end. */
#define ASKING		(BIT(SIGHUP) | BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGALRM) | BIT(SIGTERM) | \
    BIT(SIGXCPU))
#define HARMLESS	(BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGSTOP) | BIT(SIGTSTP) | \
    BIT(SIGTTIN) | BIT(SIGTTOU) | BIT(SIGURG) | BIT(SIGWINCH))

bool
signals_end_wait(pid_t pid)
{
	char path[32], *line = NULL;
	uint64_t set, pending = 0, blocked = 0;
	unsigned lines = 0;
	size_t room = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = pid > 0 ? fopen(path, "re") : NULL;
	/* The line of groups, which comes before, may be long. */
	while (f && getline(&line, &room, f) > 0) {
		if (sscanf(line, "SigPnd: %" SCNx64, &set) == 1 ||
		    sscanf(line, "ShdPnd: %" SCNx64, &set) == 1)
			pending |= set;
		else if (sscanf(line, "SigBlk: %" SCNx64, &set) == 1)
			blocked = set;
		else
			continue;
		lines++;
	}
	free(line);
	if (f)
		fclose(f);
	return lines < 3 ||
	    (pending & ~blocked & (ASKING | CRASHES | BIT(SIGKILL) | BIT(SIGPIPE))) != 0;
}

void
signals_take(void (*end)(int))
{
	struct sigaction now;

	for (int s = 1; s <= SIGRTMAX; s++)
		if (!(BIT(s) & (CRASHES | HARMLESS | BIT(SIGKILL))) &&
		    sigaction(s, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaction(s,
			    &(struct sigaction){ .sa_handler = BIT(s) & ASKING ? end : SIG_IGN },
			    NULL);
}

void
signals_ignore(void)
{
	signals_take(SIG_IGN);
}

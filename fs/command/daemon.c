#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/exit_status.h"
#include "auth/log.h"
#include "fs/mount/signals.h"

#include "daemon.h"

/* A signal handler needs these. */
static volatile sig_atomic_t worker, passed;

/* The child has the last word, and this process ends after it; at a second signal, at once. */
static void
pass_signal(int number)
{
	passed = number;
	kill((pid_t)worker, number);
	signal(number, SIG_DFL);
}

static int
wait_for_child(pid_t child, int from)
{
	int status = 0, rc;
	char answers;

	worker = child;
	signals_take(pass_signal);
	while ((rc = (int)read(from, &answers, 1)) < 0 && errno == EINTR)
		continue;
	if (rc == 1)
		return EXIT_DONE;
	while ((rc = waitpid(child, &status, 0)) < 0 && errno == EINTR)
		continue;
	if (passed)
		raise(passed);
	if (rc == child && WIFEXITED(status))
		return WEXITSTATUS(status);
	log_error("sffs", "the start was ended by a signal: %s", strsignal(WTERMSIG(status)));
	return EXIT_OTHER;
}

bool
daemon_start(int *parent, int *status)
{
	const pid_t self = getpid();
	int ends[2];

	*status = EXIT_OTHER;
	/* Now: when the daemon leaves its terminal there may be no descriptor left for it. */
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const bool good = null >= 0 && dup2(null, STDIN_FILENO) == 0 && pipe2(ends, O_CLOEXEC) == 0;
	pid_t child = good ? fork() : -1;
	if (child < 0) {
		log_error("sffs", "fork: %s", strerror(errno));
		return false;
	}
	close(null);
	if (child > 0) {
		close(ends[1]);
		*status = wait_for_child(child, ends[0]);
		return false;
	}
	close(ends[0]);
	/* Until it is mounted, the child ends with the parent, even by SIGKILL. The signal is for
	 * the thread that calls prctl, which must be the one that serves. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != self)
		return false;
	*parent = ends[1];
	return true;
}

void
daemon_stay(void)
{
	prctl(PR_SET_PDEATHSIG, 0);
}

void
daemon_leave(int parent)
{
	if (setsid() < 0 || chdir("/") < 0)
		log_warn("sffs", "leaving the terminal: %s", strerror(errno));
	dup2(STDIN_FILENO, STDOUT_FILENO);
	dup2(STDIN_FILENO, STDERR_FILENO);
	log_to_syslog("sffs");
	if (write(parent, "", 1) < 0)
		log_warn("sffs", "the parent is gone: %s", strerror(errno));
	close(parent);
}

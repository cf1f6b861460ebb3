/* claim: one mount of a place at a time, and whose it is. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/log.h"
#include "fs/mount/claim.h"
#include "tap.h"

static int refuse;	/* so many locks, as if another process had them and ended then */

int
fcntl(int fd, int cmd, ...)
{
	static int (*real)(int, int, ...);
	va_list ap;

	va_start(ap, cmd);
	void *arg = va_arg(ap, void *);
	va_end(ap);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fcntl");
	if (cmd == F_SETLK && refuse > 0) {
		refuse--;
		errno = EAGAIN;
		return -1;
	}
	return real(fd, cmd, arg);
}

/* claim_take of another process. */
static int
other_takes(const char *dir, const char *mountpoint)
{
	int status = 0, fd = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(-claim_take(dir, mountpoint, &fd));
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? -WEXITSTATUS(status) :
								      -ECHILD;
}

int
main(void)
{
	char dir[] = "/tmp/sffs-a48-XXXXXX", path[60];
	int fd = -1;

	if (!mkdtemp(dir) || !freopen("/dev/null", "w", stderr))
		return 1;
	ok(claim_take(dir, "/mnt/a", &fd) == 0 && fd >= 0, "taken");
	is_int(other_takes(dir, "/mnt/a"), -EBUSY, "another process does not get it");
	is_int(other_takes(dir, "/mnt/b"), 0, "but another place");
	claim_drop(fd);
	is_int(other_takes(dir, "/mnt/a"), 0, "once it is dropped it does");
	refuse = 2;
	ok(claim_take(dir, "/mnt/a", &fd) == 0 && fd >= 0 && refuse == 0,
	    "who ends while it is asked who he is has it no more");
	is_int(other_takes(dir, "/mnt/a"), -EBUSY, "and it is taken");
	claim_drop(fd);
	snprintf(path, sizeof(path), "%s/mounting.lock", dir);
	unlink(path);
	rmdir(dir);
	return tap_done();
}

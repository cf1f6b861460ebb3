/*
 * notify - a library to preload that holds back the first notification of a name to the kernel, and
 * sends a second SIGTERM to a mount that ends.
 *
 * NOTIFY_DIR names a directory. The first notification makes the file `held` there, and goes on
 * when somebody makes the file `go`.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fuse_session;
struct fuse_loop_config;
typedef int loop_mt(struct fuse_session *, struct fuse_loop_config *);
typedef int inval_entry(struct fuse_session *, uint64_t parent, const char *name, size_t len);

inval_entry fuse_lowlevel_notify_inval_entry;
loop_mt fuse_session_loop_mt;

int
fuse_session_loop_mt(struct fuse_session *se, struct fuse_loop_config *config)
{
	loop_mt *real = (loop_mt *)dlsym(RTLD_NEXT, "fuse_session_loop_mt");
	int rc = real(se, config);

	raise(SIGTERM);
	return rc;
}

int
fuse_lowlevel_notify_inval_entry(
    struct fuse_session *se, uint64_t parent, const char *name, size_t len)
{
	inval_entry *real = (inval_entry *)dlsym(RTLD_NEXT, "fuse_lowlevel_notify_inval_entry");
	char held[512], go[512];

	snprintf(held, sizeof(held), "%s/held", getenv("NOTIFY_DIR"));
	snprintf(go, sizeof(go), "%s/go", getenv("NOTIFY_DIR"));
	int fd = open(held, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
		while (access(go, F_OK) < 0)
			usleep(10000);
	}
	return real(se, parent, name, len);
}

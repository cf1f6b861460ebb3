#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/log.h"

#include "internal.h"

#define PATIENCE	5000	/* ms */

enum mounted { NOTHING, ANSWERS, HANGS };

/* Whether FUSE is mounted there. Another process looks, which hangs if the mount does. */
static enum mounted
look_at_mount(const char *mountpoint)
{
	struct statfs fs;
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		return NOTHING;
	if (child == 0)
		_exit(statfs(mountpoint, &fs) == 0 && fs.f_type == FUSE_SUPER_MAGIC ? ANSWERS :
										      NOTHING);
	struct pollfd p = { .fd = pidfd_open(child, 0), .events = POLLIN };
	const bool hangs = p.fd >= 0 && poll(&p, 1, PATIENCE) == 0;
	if (p.fd >= 0)
		close(p.fd);
	if (hangs)		/* it may not end even by this: nobody waits for it */
		kill(child, SIGKILL);
	else
		waitpid(child, &status, 0);
	return hangs ? HANGS : (enum mounted)WEXITSTATUS(status);
}

bool
check_is_mounted(const char *mountpoint)
{
	struct statx st;

	if (statx(AT_FDCWD, mountpoint, AT_STATX_DONT_SYNC, 0, &st) < 0 ||
	    !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return false;
	const enum mounted mounted = look_at_mount(mountpoint);
	if (mounted == HANGS)
		log_error("mount",
		    "%s: a mount that does not answer is here; to unmount it: sffs unmount %s",
		    mountpoint, log_word(mountpoint).s);
	else if (mounted == ANSWERS)
		log_error("mount",
		    "%s: something is mounted here already; to unmount it: sffs unmount %s",
		    mountpoint, log_word(mountpoint).s);
	return mounted != NOTHING;
}

static int
check_device(const char *path)
{
	if (access(path, F_OK) == 0)
		return 0;
	log_error("mount", "%s: %s; sffs doctor ORG says what to do", path, strerror(errno));
	return -EPERM;
}

static int
check_empty(const char *path)
{
	DIR *dir = opendir(path);
	int entries = 0, rc = dir ? 0 : -errno;

	if (rc == -ENOTCONN)
		log_error("mount",
		    "%s: a mount that has died is still there; first: sffs unmount %s", path,
		    log_word(path).s);
	else if (rc == -ENOENT)
		log_error("mount", "%s: no such directory; first: mkdir %s", path,
		    log_word(path).s);
	else if (rc == -ENOTDIR)
		log_error("mount", "%s: not a directory; name an empty one", path);
	else if (rc < 0)
		log_error("mount", "%s: %s", path, strerror(-rc));
	if (rc < 0)
		return rc;
	while (entries < 3 && readdir(dir))
		entries++;
	if (entries > 2) {	/* . and .. */
		log_error("mount",
		    "%s: not empty; a mount would hide its files: name an empty directory", path);
		rc = -ENOTEMPTY;
	}
	closedir(dir);
	return rc;
}

bool
mount_others_allowed(void)
{
	FILE *f = geteuid() != 0 ? fopen("/etc/fuse.conf", "re") : NULL;
	char line[256], word[32];
	bool found = geteuid() == 0;

	while (f && fgets(line, sizeof(line), f))
		found |= sscanf(line, " %31s", word) == 1 && strcmp(word, "user_allow_other") == 0;
	if (f)
		fclose(f);
	return found;
}

int
mount_check(const char *mountpoint, bool allow_other, char **absolute)
{
	int rc = check_device("/dev/null");	/* the streams of the daemon */

	if (rc == 0)
		rc = check_device("/dev/fuse");
	if (rc == 0 && allow_other && !mount_others_allowed()) {
		log_error("mount",
		    "%s: allow_other is only for root; "
		    "to let all users say it, as root: " MOUNT_ALLOW_OTHERS,
		    mountpoint);
		rc = -EPERM;
	}
	if (rc == 0 && check_is_mounted(mountpoint))
		rc = -EBUSY;
	if (rc == 0)
		rc = check_empty(mountpoint);
	if (rc == 0 && !(*absolute = realpath(mountpoint, NULL))) {
		rc = -errno;
		log_error("mount", "%s: %s", mountpoint, strerror(-rc));
	}
	return rc;
}

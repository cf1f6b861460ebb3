#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "auth/log.h"

#include "internal.h"

bool
check_is_mounted(const char *mountpoint)
{
	struct statx st;
	struct statfs fs;

	if (statx(AT_FDCWD, mountpoint, AT_STATX_DONT_SYNC, 0, &st) < 0 ||
	    !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT) || statfs(mountpoint, &fs) < 0 ||
	    fs.f_type != FUSE_SUPER_MAGIC)
		return false;
	log_error("mount",
	    "%s: something is mounted here already; to unmount it: sffs unmount %s",
	    mountpoint, mountpoint);
	return true;
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
		    path);
	else if (rc == -ENOENT)
		log_error("mount", "%s: no such directory; first: mkdir %s", path, path);
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

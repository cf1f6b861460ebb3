#include <dirent.h>
#include <errno.h>
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
	char parent[4096];
	struct stat here, above;
	struct statfs fs;

	snprintf(parent, sizeof(parent), "%s/..", mountpoint);
	if (stat(mountpoint, &here) < 0 || stat(parent, &above) < 0 ||
	    here.st_dev == above.st_dev || statfs(mountpoint, &fs) < 0 ||
	    fs.f_type != FUSE_SUPER_MAGIC)
		return false;
	log_error("mount",
	    "%s: something is mounted here already; to unmount it: fusermount3 -u %s",
	    mountpoint, mountpoint);
	return true;
}

static bool
is_empty(DIR *dir)
{
	struct dirent *e;

	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return false;
	return true;
}

static int
check_devices(void)
{
	static const char *const devices[] = { "/dev/null", "/dev/fuse" };

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (access(devices[i], F_OK) < 0) {
			log_error("mount", "%s: %s; sffs doctor ORG says what to do", devices[i],
			    strerror(errno));
			return -EPERM;
		}
	return 0;
}

static int
check_directory(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		int e = errno;

		if (e == ENOTCONN)
			log_error("mount",
			    "%s: a mount that has died is still there; first: fusermount3 -u %s",
			    path, path);
		else if (e == ENOENT)
			log_error("mount", "%s: no such directory; first: mkdir %s", path, path);
		else
			log_error("mount", "%s: %s", path, strerror(e));
		return -e;
	}
	if (!S_ISDIR(st.st_mode)) {
		log_error("mount", "%s: not a directory; name an empty one", path);
		return -ENOTDIR;
	}
	return 0;
}

int
mount_check(const char *mountpoint, char **absolute)
{
	int rc = check_devices();

	if (rc == 0)
		rc = check_directory(mountpoint);
	if (rc < 0)
		return rc;
	if (check_is_mounted(mountpoint))
		return -EBUSY;
	DIR *dir = opendir(mountpoint);
	if (!dir || !(*absolute = realpath(mountpoint, NULL))) {
		rc = -errno;
		log_error("mount", "%s: %s", mountpoint, strerror(-rc));
	} else if (!is_empty(dir)) {
		log_error("mount",
		    "%s: not empty; what is in it would be hidden: name an empty directory",
		    mountpoint);
		rc = -ENOTEMPTY;
	}
	if (dir)
		closedir(dir);
	return rc;
}

#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A rename is on disk when its directory is. */
int
replace_sync(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int rc = fd < 0 || fsync(fd) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	free(dir);
	return rc;
}

int
replace_file(const char *path, const struct buf *text, mode_t mode, gid_t group)
{
	char *temp = NULL;
	ssize_t n = -1;

	if (asprintf(&temp, "%s.new", path) < 0)
		return -ENOMEM;
	unlink(temp);		/* left by a process that was killed */
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		n = write(fd, text->data, text->len);
	int rc = n < 0 ? -errno : n < (ssize_t)text->len ? -ENOSPC : 0;
	if (rc == 0 && group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) < 0)
		mode &= 0707;
	if (rc == 0 && ((mode != 0600 && fchmod(fd, mode) < 0) || fsync(fd) < 0))
		rc = -errno;
	if (fd >= 0 && close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(temp, path) < 0)
		rc = -errno;
	if (rc == 0)
		rc = replace_sync(path);
	else
		unlink(temp);
	free(temp);
	return rc;
}

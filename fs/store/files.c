#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/log.h"
#include "store.h"

#include "disk.h"

static void
each_file(const char *dir, int files, const char *name, store_each_file *each, void *ctx)
{
	struct disk *d;
	int fd = openat(files, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return;			/* evicted meanwhile */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    !each(ctx, name, fd, (uint64_t)st.st_size) && disk_open(dir, UINT64_MAX, &d) == 0) {
		disk_drop(d, name);
		disk_close(d);
	}
	close(fd);
}

int
store_files(const char *dir, store_each_file *each, void *ctx)
{
	struct dirent **list = NULL;
	char path[4096];
	int rc = 0;

	snprintf(path, sizeof(path), "%s/files", dir);
	int files = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int n = files < 0 ? -1 : scandirat(AT_FDCWD, path, &list, NULL, alphasort);
	if (n < 0 && errno != ENOENT) {
		rc = -EIO;
		log_error("store", "%s: %s", path, strerror(errno));
	}
	for (int i = 0; i < n; i++) {
		each_file(dir, files, list[i]->d_name, each, ctx);
		free(list[i]);
	}
	free(list);
	if (files >= 0)
		close(files);
	return rc;
}

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "spill.h"

#define MEMORY_MOST	(32u << 20)	/* bytes of a file that is kept in memory */

/* Takes the space at once: a full disk is why there is a spill at all. */
static int
open_in(const char *dir, uint64_t size)
{
	char path[4096];

	if (!dir || (size_t)snprintf(path, sizeof(path), "%s/sffs.XXXXXX", dir) >= sizeof(path))
		return -1;
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -1;
	unlink(path);
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) < 0 &&
	    errno != EOPNOTSUPP) {
		close(fd);
		return -1;
	}
	return fd;
}

int
spill_open(uint64_t size)
{
	const char *const dirs[] = { getenv("TMPDIR"), "/tmp", "/var/tmp" };
	int fd = -1;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && fd < 0; i++)
		fd = open_in(dirs[i], size);
	if (fd < 0 && size <= MEMORY_MOST)
		fd = memfd_create("sffs", MFD_CLOEXEC);
	return fd >= 0 ? fd : errno == EMFILE || errno == ENFILE ? -EMFILE : -ENOSPC;
}

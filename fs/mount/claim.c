#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/fnv.h"
#include "auth/log.h"

#include "claim.h"

/* -EBUSY: *holder has it. */
static int
lock(int fd, const char *mountpoint, pid_t *holder)
{
	/* Whose it is only this kind of lock tells; it is gone once the process closes the file
	 * anywhere, which is here alone. */
	const struct flock want = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1,
	    .l_start = (off_t)(fnv_add(FNV_NONE, mountpoint, strlen(mountpoint)) >> 2) };

	while (fcntl(fd, F_SETLK, &want) < 0) {
		struct flock other = want;

		if (errno != EAGAIN && errno != EACCES)
			return -errno;
		if (fcntl(fd, F_GETLK, &other) < 0)
			other.l_pid = 0;
		else if (other.l_type == F_UNLCK)
			continue;		/* it has ended in between */
		*holder = other.l_pid;
		return -EBUSY;
	}
	return 0;
}

int
claim_take(const char *state_dir, const char *mountpoint, int *fd)
{
	char *path = NULL;
	pid_t holder = 0;

	if (asprintf(&path, "%s/mounting.lock", state_dir) < 0)
		return -ENOMEM;
	int claim = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	free(path);
	if (claim >= 0 && lock(claim, mountpoint, &holder) == -EBUSY) {
		log_error(
		    "mount", "%s: process %ld is mounting here just now", mountpoint, (long)holder);
		close(claim);
		return -EBUSY;
	}
	*fd = claim;
	return 0;
}

void
claim_drop(int fd)
{
	if (fd >= 0)
		close(fd);
}

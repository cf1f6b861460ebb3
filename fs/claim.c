#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/fnv.h"
#include "auth/log.h"

#include "claim.h"

int
claim_take(const char *state_dir, const char *mountpoint, int *fd)
{
	/* Whose it is only this kind of lock tells; it is gone once the process closes the file anywhere, which is here alone. */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1,
	    .l_start = (off_t)(fnv_add(FNV_NONE, mountpoint, strlen(mountpoint)) >> 2) };
	char *path = NULL;
	int rc = 0;

	if (asprintf(&path, "%s/mounting.lock", state_dir) < 0)
		return -ENOMEM;
	int claim = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	free(path);
	if (claim >= 0 && fcntl(claim, F_SETLK, &lock) < 0 && (errno == EAGAIN || errno == EACCES)) {
		if (fcntl(claim, F_GETLK, &lock) < 0)
			lock.l_pid = 0;
		log_error("mount", "%s: process %ld is mounting here just now", mountpoint, (long)lock.l_pid);
		rc = -EBUSY;
	}
	if (rc < 0)
		close(claim);
	else
		*fd = claim;
	return rc;
}

void
claim_drop(int fd)
{
	if (fd >= 0)
		close(fd);
}

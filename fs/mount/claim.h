/*
 * claim - of several starts at one mount point, one goes on.
 *
 * Held from the start until the mount is there, which the next start sees by
 * itself. It is a lock on one byte of a file, whose place stands for the path:
 * the kernel knows whose it is, and frees it however that process ends.
 *
 * Single thread.
 */
#ifndef FS_MOUNT_CLAIM_H
#define FS_MOUNT_CLAIM_H

/* -EBUSY: another process has it; told on the log. *fd is for claim_drop; -1 where there are no
 * locks. */
int	claim_take(const char *state_dir, const char *mountpoint, int *fd);
void	claim_drop(int fd);	/* -1 is fine */

#endif

/*
 * mounter - a process outside of the confinement that mounts and unmounts for this one.
 *
 * It is a shell, started before the confinement, and it holds no secret. On one command it runs
 * fusermount3, which hands over the descriptor of /dev/fuse; on the next it unmounts. It ends when
 * this process does. In a list of processes it is "sffs-mounter /dev/fd/3 MOUNTPOINT".
 *
 * Single thread.
 */
#pragma once

struct mounter;

#define MOUNTER_NAME	"sffs-mounter"	/* its argv[0] */

int	mounter_open(const char *mountpoint, struct mounter **out);
/* options: as for fusermount3 -o. Returns the descriptor, which is the caller's to close; -EPERM:
 * fusermount3 has printed why. */
int	mounter_mount(struct mounter *, const char *options);
/* Call it once, after all other calls but mounter_close, and with the mount's descriptor closed. */
int	mounter_unmount(struct mounter *);
void	mounter_close(struct mounter *);		/* does not unmount */

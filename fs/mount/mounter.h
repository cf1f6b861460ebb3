/*
 * keeper - a process that stays outside of a confinement, to mount and to unmount.
 *
 * A shell that is started before the confinement and holds no secret. Told to mount, it runs
 * fusermount3, which hands the mount's /dev/fuse over; told so, it unmounts. It ends when this
 * process does.
 *
 * Single thread.
 */
#ifndef FS_MOUNT_MOUNTER_H
#define FS_MOUNT_MOUNTER_H

struct mounter;

int	mounter_open(const char *mountpoint, struct mounter **out);
/* options: as fusermount3 -o takes them. Returns the descriptor, the caller's; -EPERM: fusermount3
 * has said why. */
int	mounter_mount(struct mounter *, const char *options);
int mounter_unmount(
    struct mounter *); /* once, and last; the mount's descriptor is closed already */
void	mounter_close(struct mounter *);		/* does not unmount */

#endif

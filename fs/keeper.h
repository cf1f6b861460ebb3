/*
 * keeper - a process that stays outside of a confinement, to mount and to unmount.
 *
 * A shell that is started before the confinement and holds no secret. Told to mount, it runs fusermount3, which hands the
 * mount's /dev/fuse over; told so, it unmounts. It ends when this process does.
 *
 * Single thread.
 */
#ifndef FS_KEEPER_H
#define FS_KEEPER_H

struct keeper;

int	keeper_open(const char *mountpoint, struct keeper **out);
/* options: as fusermount3 -o takes them. Returns the descriptor, the caller's; -EPERM: fusermount3 has said why. */
int	keeper_mount(struct keeper *, const char *options);
int	keeper_unmount(struct keeper *);	/* once, and last; the mount's descriptor is closed already */
void	keeper_close(struct keeper *);		/* does not unmount */

#endif

/*
 * mountinfo - what is mounted where, as the kernel tells without touching any mount.
 *
 * stat() or statfs() of a mount point may hang (a dead server) or mount something (an automount);
 * this may not.
 *
 * Any thread.
 */
#ifndef FS_COMMAND_MOUNTINFO_H
#define FS_COMMAND_MOUNTINFO_H

#include <stdbool.h>

/* Each mount in order, so that what covers another comes later. Strings are borrowed; each()
 * returns false to stop. */
typedef bool mountinfo_each(void *ctx, const char *type, const char *source, const char *target);
int	mountinfo_read(mountinfo_each *, void *ctx);

#endif

/*
 * confine - from some moment on this process can touch only what it needs: Landlock.
 *
 * For the case that a document's bytes get the better of the code that reads them: what runs then
 * finds no other file of the user's, starts no program, signals and debugs nobody, listens nowhere,
 * and has lost root's powers. What the system's libraries need (names of hosts, certificates,
 * character sets) can be read, a temporary directory can be written, and the rest is the caller's.
 * Descriptors that are open stay good. It cannot be undone; mounting and unmounting are no longer
 * possible (keeper.h).
 *
 * Knows nothing of mounts. The thread that calls it, and those that it starts afterwards.
 */
#ifndef FS_MOUNT_CONFINE_H
#define FS_MOUNT_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * REPLACED: read, also the file that stands there later: so what is in its directory can be read,
 * and in those of the links that lead to it; but for a home directory, or one that holds it.
 */
enum confine_access { CONFINE_READ, CONFINE_WRITE, CONFINE_REPLACED };

struct confine_path {
	const char
	    *path; /* a directory with all below it, or a file; NULL, or not there: nothing */
	enum confine_access access;
};

int confine_abi(void); /* of the kernel's Landlock; 0: it has none, or one that is of no use */
int confine_abi_of(long said); /* the same, if the kernel says that; what is below 2 is of no use */
/* -EOPNOTSUPP: it has none; else what the kernel says. */
int	confine_enter(const struct confine_path *, size_t n);
bool confine_is_home(const char *path); /* what holds path is a home directory, or holds one */

#endif

/*
 * confine - from a given moment this process can touch only what it needs: Landlock.
 *
 * If a document's bytes take over the code that reads them, that code finds no other file of the
 * user's, starts no program, signals and debugs nobody, listens nowhere, and has lost root's
 * powers. The system's libraries can still read what they need (host names, certificates,
 * character sets) and write a temporary directory; the caller names the rest. Open descriptors stay
 * good. A rule is for the file that is there now: one that replaces it cannot be read. Nothing
 * undoes a confinement, and a confined process can no longer mount or unmount (mounter.h).
 *
 * Knows nothing of mounts. Confines the calling thread and those that it starts afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct confine_path {
	const char	*path;		/* a directory with all below it, or a file; NULL: none */
	bool		 writable;
};

/* The version of the kernel's Landlock; 0: none, or version 1, which is too old to use. */
int	confine_abi(void);
int	confine_abi_of(long version);	/* the same, of what the kernel answers */
/* Paths that do not exist are left out. -EOPNOTSUPP: no Landlock; or the kernel's error. */
int	confine_enter(const struct confine_path *, size_t n);

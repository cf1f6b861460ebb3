/*
 * evict - makes a directory of files smaller: the least recently used ones go first.
 *
 * A file's mtime says when it was last used. A file on which somebody holds a flock stays, and
 * so does one that was used since the pass saw it. Memory does not grow with the directory: a
 * pass keeps the oldest few thousand files that it saw.
 *
 * Any thread. Several processes may do it at once: a file that another one removes is gone, too.
 */
#pragma once

#include <dirent.h>
#include <stdint.h>

struct evict_result {
	uint64_t	 found_bytes, found_files;	/* before anything was removed */
	uint64_t	 removed_bytes, removed_files;	/* by this call */
	uint64_t	 gone_bytes;			/* by this call or by others meanwhile */
	uint64_t	 left_bytes;
};

DIR	*evict_list(int dir);	/* of the same directory; NULL: see errno */
/* Until at most `most` bytes are left and `less` bytes are gone, or nothing more can go. */
int	evict_run(int dir, uint64_t most, uint64_t less, struct evict_result *out);

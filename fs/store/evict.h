/*
 * evict - makes a directory of files smaller: least recently used first.
 *
 * Memory does not grow with the directory: a pass keeps the oldest few
 * thousand files that it saw. A file on which somebody holds a flock, or that
 * was used since it was seen, stays. One pass at a time: a second process (or
 * thread) is turned away.
 *
 * Any thread.
 */
#ifndef FS_STORE_EVICT_H
#define FS_STORE_EVICT_H

#include <stdint.h>

struct evict_result {
	uint64_t left_bytes, left_files;
	uint64_t removed_bytes, removed_files;
};

/* Until at most `most` bytes are left, or nothing more can go. -EBUSY: somebody else is at it. */
int	evict_run(int dir, uint64_t most, struct evict_result *out);

#endif

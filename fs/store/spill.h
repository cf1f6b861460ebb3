/*
 * spill - a file without a name, for bytes that the cache's disk does not take.
 *
 * In $TMPDIR, /tmp or /var/tmp, whichever has room for all of it; a small one may be in memory.
 * It is gone with its last descriptor, also after kill -9.
 *
 * Any thread.
 */
#pragma once

#include <stdint.h>

#define SPILL_MOST (4ull << 30) /* bytes of all spilled blobs of a process; the store counts */

int	spill_open(uint64_t size);	/* a descriptor, -ENOSPC or -EMFILE */

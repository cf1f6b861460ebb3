/*
 * replace - a file replaced whole: whoever reads it finds the old or the new text.
 *
 * The new text is written beside it (PATH.new), synced and renamed. Caller locks.
 */
#pragma once

#include <sys/types.h>

#include "buf.h"

/* group: (gid_t)-1: the process's. If the file cannot have the group, the mode loses its bits. */
int	replace_file(const char *path, const struct buf *text, mode_t mode, gid_t group);
int	replace_sync(const char *path);		/* puts a rename or a removal on disk */

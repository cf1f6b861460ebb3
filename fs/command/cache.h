/*
 * cache - verifies every cached byte: sffs doctor --cache.
 *
 * Compares size and MD5 of each whole file in the cache with what the catalogue has of its version.
 * A damaged file is removed, so that the next read downloads it again. A view has no checksum: it
 * is removed with its version.
 *
 * Joins catalogue and store; asks no org. Single thread.
 */
#pragma once

#include <stdio.h>

struct catalogue;

/*
 * blobs: the store's directory. Prints a line for each damaged file, and a summary; progress goes
 * to standard error, if that is a terminal. 0; -EBADMSG: some were damaged; -ENODATA: nothing could
 * be compared; -EIO.
 */
int	cache_check(struct catalogue *, const char *blobs, FILE *out);

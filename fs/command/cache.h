/*
 * check - is every cached byte right: sffs --check-cache.
 *
 * Reads every whole file of the cache and compares size and MD5 with what the catalogue has of its
 * version. A wrong one is removed, so that it is fetched again when it is read. A view has no
 * checksum: it is made again from a version that is right whenever its own is removed.
 *
 * Joins catalogue and store. Asks no org; but whose cache it is, the command knows from the login,
 * which is made first if there is none. Single thread.
 */
#ifndef FS_COMMAND_CACHE_H
#define FS_COMMAND_CACHE_H

#include <stdio.h>

struct catalogue;

/* blobs: the store's directory. Prints a line a wrong file and a summary; progress on standard
 * error, if that is a terminal. 0; -EBADMSG: some were wrong; -ENODATA: nothing could be compared;
 * -EIO. */
int	cache_check(struct catalogue *, const char *blobs, FILE *out);

#endif

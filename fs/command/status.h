/*
 * list - which orgs are mounted, and how they are: sffs --list.
 *
 * Each mount is asked by a process of its own, so that one that has died or hangs keeps nobody
 * waiting.
 *
 * Joins mountinfo and what mounts say of themselves. Single thread.
 */
#ifndef FS_COMMAND_STATUS_H
#define FS_COMMAND_STATUS_H

#include <stdbool.h>

struct buf;

#define LIST_PATIENCE	2000	/* ms for which mounts have to answer, all together */

/*
 * orgs: those of the config, a line each; the ones that are not mounted come last. only: no other
 * than this org; NULL: all. -EINVAL: there is no such org, told on the log.
 */
int	status_put(const char *orgs, const char *only, bool json, struct buf *out);

#endif

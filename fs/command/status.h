/*
 * status - which orgs are mounted, and whether they work: sffs status.
 *
 * A process of its own asks each mount, so that one that has died or hangs delays nobody.
 *
 * Reads /proc/self/mounts and each mount's .sffs/status.json. Single thread.
 */
#pragma once

#include <stdbool.h>

struct buf;

/*
 * Prints a line for each mount, then one for each org that is not mounted. orgs: those of the
 * config, a line each. only: this org; NULL: all. -ENODATA: not all are mounted and work. -EINVAL:
 * there is no such org, logged.
 */
int	status_put(const char *orgs, const char *only, bool json, struct buf *out);

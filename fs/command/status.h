/*
 * status - which orgs are mounted, and whether they work: sffs status.
 *
 * Joins mounts and metrics. Single thread.
 */
#pragma once

struct buf;

enum status_format { STATUS_TABLE, STATUS_JSON, STATUS_METRICS };

/*
 * Each mount, then each org that is not mounted: a table is printed, all else put to out. orgs:
 * those of the config, a line each. only: this org; NULL: all. -ENODATA: nothing is mounted, or not
 * all of it is healthy; with STATUS_METRICS that is no error. -EINVAL, logged: there is no such
 * org.
 */
int	status_put(const char *orgs, const char *only, enum status_format, struct buf *out);

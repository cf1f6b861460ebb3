/*
 * status - what .sffs/status.json and .sffs/limits.json say.
 *
 * Made of what the parts count anyway; asks nobody but them. Any thread.
 */
#ifndef FS_MOUNT_STATUS_JSON_H
#define FS_MOUNT_STATUS_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct catalogue;
struct on_demand;
struct rest;
struct store;
struct sync;

struct status {
	const char	*org, *org_id, *user_id;
	const char	*filter;	/* NULL: all documents are listed */
	bool		 archived;
	struct catalogue *catalogue;
	struct rest	*rest;
	struct store	*store;
	struct sync	*sync;
	struct on_demand	*demand;
	unsigned	 reserve;	/* per cent */
};

/* Caller frees; NULL: out of memory. */
char	*status_json(const struct status *, size_t *len);
char	*status_limits(const struct status *, size_t *len);

#endif

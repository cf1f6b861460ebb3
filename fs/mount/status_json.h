/*
 * status_json - the contents of .sffs/status.json and .sffs/limits.json.
 *
 * Made of the counters of the other modules; costs no call. Any thread.
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

struct status_json {
	const char	*org, *org_id, *user_id;
	const char	*filter;	/* NULL: all documents are listed */
	bool		 archived;
	struct catalogue *catalogue;
	struct rest	*rest;
	struct store	*store;
	struct sync	*sync;
	struct on_demand *on_demand;
	unsigned	 reserve;	/* per cent of the org's daily calls */
};

/* ctx is a struct status_json. The caller frees the text; NULL: out of memory. */
char	*status_json(void *ctx, size_t *len);
char	*status_json_limits(void *ctx, size_t *len);

#endif

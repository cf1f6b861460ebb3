/*
 * status_json - the contents of .sffs/status.json and .sffs/limits.json.
 *
 * Made of the config and of the counters of the other modules; costs no call. Any thread.
 */
#ifndef FS_MOUNT_STATUS_JSON_H
#define FS_MOUNT_STATUS_JSON_H

#include <stddef.h>

struct catalogue;
struct config;
struct on_demand;
struct rest;
struct store;
struct sync;
struct token;

struct status_json {
	const struct config *config;
	struct token	*token;
	struct catalogue *catalogue;
	struct rest	*rest;
	struct store	*store;
	struct sync	*sync;
	struct on_demand *on_demand;
};

/* ctx is a struct status_json. The caller frees the text; NULL: out of memory. */
char	*status_json(void *ctx, size_t *len);
char	*status_json_limits(void *ctx, size_t *len);

#endif

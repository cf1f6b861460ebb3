/*
 * status - what .sffs/status.json says.
 *
 * Made of what the parts count anyway; asks nobody but them. Any thread.
 */
#ifndef FS_STATUS_H
#define FS_STATUS_H

#include <stddef.h>

struct catalogue;
struct rest;
struct store;
struct sync;

struct status {
	const char	*org, *org_id, *user_id;
	struct catalogue *catalogue;
	struct rest	*rest;
	struct store	*store;
	struct sync	*sync;
};

char	*status_json(const struct status *, size_t *len);	/* caller frees; NULL: out of memory */

#endif

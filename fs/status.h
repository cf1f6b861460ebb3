/*
 * status - what .sffs/status.json and .sffs/limits.json say.
 *
 * Made of what the parts count anyway; asks nobody but them. Any thread.
 */
#ifndef FS_STATUS_H
#define FS_STATUS_H

#include <stdbool.h>
#include <stddef.h>

struct budget;
struct callers;
struct catalogue;
struct demand;
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
	struct demand	*demand;
	struct budget	*budget;
	struct callers	*callers;
	unsigned	 reserve;	/* per cent */
};

/* Caller frees; NULL: out of memory. */
char	*status_json(const struct status *, size_t *len);
char	*status_limits(const struct status *, size_t *len);

#endif

/*
 * status_json - the contents of .sffs/status.json and .sffs/limits.json.
 *
 * Made of the config and of the counters of the other modules; costs no call. Any thread.
 */
#pragma once

struct buf;
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

/* Append the contents. ctx is a struct status_json. */
void	status_json(void *ctx, struct buf *);
void	status_json_limits(void *ctx, struct buf *);

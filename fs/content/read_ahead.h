/*
 * ahead - fetches the next documents while one is read, when they are read one after another.
 *
 * A walk that reads (grep -r, rsync, cat documents/x/x.csv for all x) opens documents in the order
 * of a listing or of their names, perhaps only those of one kind. Once three have been opened so,
 * the next few are fetched, at most `transfers` at a time and never while somebody waits for a
 * transfer. Opening one document, or several here and there, fetches nothing else. What was fetched
 * in vain makes the next guess harder to come by.
 *
 * Joins catalogue, version and store. Any thread.
 */
#ifndef FS_CONTENT_READ_AHEAD_H
#define FS_CONTENT_READ_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/document.h"

struct read_ahead;
struct catalogue;
struct rest;
struct store;

struct read_ahead_options {
	unsigned	 transfers;
	uint64_t cache_size; /* bytes; what would be much of it is not guessed at */
	bool		 (*may)(void *ctx);	/* whether a call may be spent on a guess */
	void		 *ctx;
};

int read_ahead_open(struct store *, struct rest *, struct catalogue *,
    const struct read_ahead_options *, struct read_ahead **out);
void	read_ahead_stop(struct read_ahead *);	/* before the store stops */
void	read_ahead_close(struct read_ahead *);	/* after store_close */

/* A document, or a view of it, was opened to be read. Never waits. */
void	read_ahead_opened(struct read_ahead *, const struct document *);

#endif

/*
 * ahead - fetches the next documents while one is read, when they are read one after another.
 *
 * A walk that reads (grep -r, rsync, cat documents/x/x.csv for all x) opens documents in the order of a listing or of
 * their names, perhaps only those of one kind. Once three have been opened so, the next few are fetched, at most
 * `transfers` at a time and never while somebody waits for a transfer. Opening one document, or several here and there,
 * fetches nothing else. What was fetched in vain makes the next guess harder to come by.
 *
 * Joins catalogue, version and store. Any thread.
 */
#ifndef FS_AHEAD_H
#define FS_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "document.h"

struct ahead;
struct catalogue;
struct rest;
struct store;

struct ahead_options {
	unsigned	 transfers;
	uint64_t	 cache_size;		/* bytes; what would be much of it is not guessed at */
	bool		 (*may)(void *ctx);	/* whether a call may be spent on a guess */
	void		 *ctx;
};

int	ahead_open(struct store *, struct rest *, struct catalogue *, const struct ahead_options *, struct ahead **out);
void	ahead_stop(struct ahead *);	/* before the store stops */
void	ahead_close(struct ahead *);	/* after store_close */

/* A document, or a view of it, was opened to be read. Never waits. */
void	ahead_opened(struct ahead *, const struct document *);

#endif

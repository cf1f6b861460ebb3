/*
 * read_ahead - fetches the next documents while one is read, when they are read in the order of a
 * listing.
 *
 * A walk that reads (grep -r, rsync) opens documents as they are listed, perhaps only those of one
 * kind. After three opens in that order the next documents are fetched, while fewer than
 * `transfers` transfers run or wait. Opening one document, or several here and there, fetches
 * nothing else. Documents above 16 MiB are not fetched ahead. A fetch that nobody reads yet makes
 * way for others.
 *
 * Joins catalogue, download and store. Any thread.
 */
#pragma once

#include <stdint.h>

#include "fs/document.h"

struct read_ahead;
struct catalogue;
struct rest;
struct store;

struct read_ahead_options {
	unsigned	 transfers;
	uint64_t	 cache_size;	/* bytes; a document that would be much of it is left out */
};

int	read_ahead_open(struct store *, struct rest *, struct catalogue *,
    const struct read_ahead_options *, struct read_ahead **out);
void	read_ahead_stop(struct read_ahead *);	/* before store_stop */
void	read_ahead_close(struct read_ahead *);	/* after store_close */

/* Notes that a document, or a view of it, was opened. Never waits. */
void	read_ahead_opened(struct read_ahead *, const struct document *);

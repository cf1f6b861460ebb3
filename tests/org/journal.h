/*
 * journal - every request, in order, and how it was answered.
 *
 * A request is noted when it arrives, so that a test can wait for one that is held; status and
 * bytes follow when it ends. A glob is matched with "METHOD path" and with "METHOD path?query",
 * where the query is decoded; one match is enough. `*` also matches slashes.
 *
 * Keeps the last JOURNAL_MAX. Any thread.
 */
#ifndef ORG_JOURNAL_H
#define ORG_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/buf.h"

#define JOURNAL_MAX	100000

struct journal;

int	journal_new(struct journal **out);
void	journal_free(struct journal *);
/* Returns the number of the entry, for journal_finish; 0: out of memory, not noted. */
uint64_t journal_arrive(struct journal *, const char *method, const char *path, const char *query);
void	journal_finish(struct journal *, uint64_t number, unsigned status, uint64_t bytes,
    bool whole);
void	journal_clear(struct journal *);
size_t	journal_count(struct journal *, const char *glob);	/* NULL: all */
/* A line each: number, method, path, status (0: not yet answered), body bytes, "whole" | "cut" |
 * "-", query; TABs between. */
void	journal_put(struct journal *, const char *glob, struct buf *out);
/* Waits until `count` matching requests have arrived (finished: have ended) since the last clear.
 * False: time is up, or journal_stop. */
bool	journal_wait(struct journal *, const char *glob, size_t count, bool finished,
    unsigned seconds);
void	journal_stop(struct journal *);		/* ends all waits */

bool	journal_match(const char *glob, const char *method, const char *path, const char *query);

#endif

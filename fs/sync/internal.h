/*
 * sync/internal - how the catalogue is brought up to date. Every function here blocks.
 *
 * A refresh asks for everything whose SystemModstamp is not older than the newest one that an
 * answer has brought, less an overlap for what was stamped but not yet committed. A stamp in the
 * future of its own answer does not count. When the newest one has stood for as long as the
 * overlap, everything before it is committed, and the refresh asks without overlap: that keeps it
 * small after a bulk load that nothing followed. If an answer is older than what was asked for,
 * the org's clock has gone back; then the refresh goes back as well. A refresh does not show
 * access that was lost or gained, emptied bins, or a stamp of a clock that went back and came
 * forward again. A reconcile finds those: it compares a list of all Ids, versions and stamps with
 * the catalogue.
 *
 * Mounts share the catalogue. The pages of one update are committed with no page of another mount's
 * update in between: else the older of two answers could come last. An updater that finds another's
 * page gives up with -EAGAIN and begins anew.
 *
 * State kept in the catalogue, each in the transaction that makes it true:
 *	page		a number that each page of a first fill or a refresh raises
 *	born		this machine's clock (ms) when the first fill began
 *	filling		during the first fill, the last Id that has come
 *	asked		during the first fill, the org's clock (ms) at the first page
 *	began		this machine's clock (ms) when the last complete fill or refresh began
 *	newest		the newest SystemModstamp (ms)
 *	stood		this machine's clock (ms) when `newest` got this value
 *	listing		this machine's clock (ms) when the last list of all Ids was begun
 *	reconciled	this machine's clock (ms) when the last complete list or first fill began
 *	versions	see versions.h
 *
 * An updater is used by one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/name.h"
#include "fs/rest/rest.h"
#include "ids.h"
#include "sync.h"

struct updater {
	struct rest	*rest;
	struct catalogue *catalogue;
	const struct sync_options *o;
	enum rest_kind	 kind;		/* of its calls */
	int64_t		 page;		/* the state; -1: others' pages do not matter */
	bool		 begun;		/* a transaction is open */
};

/* Goes on where an earlier first fill stopped. */
int	first_fill_run(struct updater *, sync_progress *, void *ctx);
/* Brings what changed since the last fill or refresh. */
int	refresh_run(struct updater *);
int	reconcile_run(struct updater *);

/* A number of the state; -1: it is not set. */
int64_t	pages_state(const struct updater *, const char *name);
int64_t	pages_last(const struct updater *);		/* the state `page`; 0: it is not set */
int	pages_put_state(const struct updater *, const char *name, int64_t n);

/* The org's times in the answers of a fill or a refresh (ms). */
struct times {
	int64_t		 since;		/* asks for what changed then or later; 0: for everything */
	int64_t		 asked;		/* the org's clock at the first page; -1: not yet */
	int64_t		 newest;	/* SystemModstamp */
	int64_t		 again;		/* a stamp from then on may be of two changes in a second */
};
/*
 * After each page whose rc this is. A stamp counts up to the org's clock at the first page: a
 * change since then may be on an earlier page. -ERANGE: the answer is older than what was asked
 * for.
 */
int	pages_note_times(struct times *, int rc, const struct rest_page *);
/* After the last one. began: by this machine's clock. */
int	pages_put_complete(const struct updater *, int64_t newest, int64_t began);
/* Takes out of the list what changed since times.since and does not match the filter any more. */
int	filter_run(struct updater *, struct times *);

/* A transaction begins with the first document of a page, so nobody waits for the org in it. */
int	pages_begin(struct updater *);	/* -EAGAIN: another mount has committed a page */
/* Rolls back if rc is negative, and returns it. Calls changed() for all that changed. */
int	pages_commit(struct updater *, int rc);

/* A page of documents on its way into the catalogue. */
struct page {
	struct updater	*updater;
	char		 last[19];	/* the last Id that has come */
	struct ids	*came;		/* all that has come; may be NULL */
	bool		 want_versions;	/* if the catalogue has all versions */
	struct ids	 unversioned;	/* ... then documents that came with an unknown version */
};

/* Sets the keys of d; the names that it may have. */
void	pages_identify(
    const struct updater *, struct document *d, struct name names[NAME_CANDIDATES]);
/* A rest_each. ctx: a struct page, or what begins with one. */
int	pages_put(void *ctx, const struct document *);
/* After a page whose rc this is: raises `page`, if it matters. Before pages_commit. */
int	pages_raise(struct updater *, int rc);
/* A rest_end_page: pages_raise and pages_commit. ctx: a struct page. */
int	pages_end(void *ctx, int rc, const struct rest_page *);

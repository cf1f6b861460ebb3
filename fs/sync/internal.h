/*
 * ask - the questions that keep the catalogue current, each of which blocks until it is in it.
 *
 * What is asked for is everything whose SystemModstamp is not older than the
 * later of the newest stamp seen and the org's clock at the last question,
 * less an overlap for what was stamped but not yet committed. Both are the org's
 * own times; this machine's clock is never compared with them. Taking the
 * later one keeps a refresh small after a bulk load that nothing followed.
 *
 * What a delta cannot tell (access that was lost or gained, bins that were
 * emptied) a reconcile finds: a list of all Ids against those that are in the catalogue.
 *
 * State kept in the catalogue, each in the transaction that makes it true:
 *	born	this machine's clock (ms) when the first fill began
 *	filling	the last Id of the pages that have come, while the first fill is under way
 *	asked	the org's clock (ms) when the first page of the last complete question was answered
 *	newest	the largest SystemModstamp (ms) that a refresh has brought; the fill, which comes in
 *order of Id, does not count filled	"yes" once the first fill is complete listing	this
 *machine's clock (ms) when the last list of Ids was begun reconciled	the org's clock (ms) at the
 *last complete list of Ids versions	see versions.h
 *	began	this machine's clock (ms) when the last good refresh began
 *
 * Knows nothing of threads that wait. A refresh and a reconcile at a time, each by any thread.
 */
#ifndef FS_SYNC_INTERNAL_H
#define FS_SYNC_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "sync.h"
#include "ids.h"

struct rest_page;
struct rest_query;

struct ask {
	struct rest	*rest;
	struct catalogue *catalogue;
	const struct sync_options *o;
	catalogue_changed *changed;	/* never NULL; of a commit that others are to hear of */
	void		*ctx;
	int turn; /* the file that mounts of this org lock; each page gives it another date. -1: not
		     in a turn */
};

int ask_fill(
    const struct ask *, sync_progress *, void *ctx); /* the first fill; goes on where it stopped */
int ask_refresh(const struct ask *); /* what changed since the last complete question */
int ask_filter(const struct ask *,
    int64_t since); /* of that, what the filter does not match any more is not listed */
int ask_reconcile(const struct ask *); /* the list of all Ids against the catalogue */
int ask_all_versions(const struct ask *); /* as far as they are not in the catalogue */

/* What they are made of. Numbers of the state; -1: it has none. */
int64_t	ask_state(const struct ask *, const char *name);
int	ask_put_state(const struct ask *, const char *name, int64_t n);
/* Of the last page, when what was asked for is complete. asked: the org's clock when its first page
 * was answered. */
int	ask_put_complete(const struct ask *, int64_t newest, int64_t asked, int64_t began);

/* One page into the catalogue: one transaction, begun when the answer is there, so that nobody
 * waits for the org in it. */
struct ask_page {
	const struct ask *ask;
	bool		 begun;
	char		 last[19];	/* the last Id of the page */
	int64_t		 newest;	/* the largest SystemModstamp so far (ms) */
	struct ids	*came;		/* what is on it; NULL: nobody asks */
	struct ids *unversioned; /* what is on it with a version that is not among the versions;
				    NULL: nobody asks */
};
int ask_page(const struct ask *, const struct rest_query *, struct ask_page *,
    struct rest_page *answer); /* 0: its transaction is open; else there is none */
int ask_commit(
    const struct ask *, int rc, bool tell); /* rc < 0: it is rolled back, and rc returned */
void ask_went_on(const struct ask *); /* a page has come: seen by who waits for the turn */
int ask_versions(
    const struct ask *, struct ids * /* takes */, int rc); /* of these documents, if rc is 0 */

#endif

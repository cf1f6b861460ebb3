/*
 * sync - keeps the catalogue current, at the price of one call a refresh.
 *
 * The first fill pages through all documents and goes on where it stopped.
 * After that a refresh asks what changed since the last one (deletions
 * included), only when somebody looks and the last answer is older than
 * `refresh` seconds. Such a look is parked until the answer is there, so no
 * name is staler. If the org does not answer, the last good state serves and
 * nobody waits again before the next try is due. Once a day all Ids are listed,
 * beside everything else: that finds what no delta tells. Mounts of one org
 * share the catalogue and ask in turns.
 *
 * Joins rest, name, versions and catalogue. Knows nothing of FUSE. Any thread.
 */
#ifndef FS_SYNC_SYNC_H
#define FS_SYNC_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/catalogue/catalogue.h"
#include "fs/name.h"
#include "fs/async/wait.h"

struct rest;
struct sync;

struct sync_options {
	uint64_t	 refresh;	/* seconds for which an answer is fresh */
	const char	*turn;		/* a file that the mounts of one org lock while they ask */
	bool		 fail_offline;	/* a look that would be stale is -ETIMEDOUT */
	enum name_rules	 names;
	const char *filter; /* a SOQL condition: the documents that are listed; NULL: all */
	bool		 archived;	/* archived ones are listed too */
	bool		 versions;	/* all versions are in the catalogue */
	void (*lists)(void *ctx); /* all Ids are about to be listed: what else is asked once a day
				     is due. May block; NULL: nothing is */
	void		*ctx;
};

int sync_open(struct rest *, struct catalogue *, const struct sync_options *, struct sync **out);
/* Call it before sync_first. changed() hears of every change, also of those that other mounts
 * commit; no lock is held then. */
void	sync_on_change(struct sync *, catalogue_changed *, void *ctx);
void sync_stop(struct sync *); /* after rest_cancel: whoever waits is woken, every look is -EINTR */
void	sync_close(struct sync *);

/*
 * Makes the catalogue complete and current; blocks. progress: after each page of a first fill
 * (documents so far, in all, calls). An org out of reach is no error when an earlier fill is
 * complete and offline may serve.
 */
typedef void sync_progress(void *ctx, uint64_t documents, uint64_t total, unsigned calls);
int	sync_first(struct sync *, sync_progress *, void *ctx);

/* Which refresh a request waits for, so that one refresh is enough for it however short `refresh`
 * is. Zero it before the first call. */
struct sync_ticket { uint64_t refresh, reconcile; };
/*
 * 0: the catalogue is fresh, or as fresh as can be had now. -EAGAIN: a refresh is under way and w
 * is queued. -EINTR: w was cancelled before. -EACCES: the org refuses the login. -ETIMEDOUT: stale,
 * and fail_offline.
 */
int	sync_fresh(struct sync *, struct sync_ticket *, struct wait *w);
double	sync_fresh_for(struct sync *);		/* seconds; 0 when the next look will ask */
/*
 * A refresh that begins after this call, however fresh the last is: as sync_fresh; its error is
 * returned. full: and after it all Ids are listed, to find what has come into reach or gone out of
 * it.
 */
int	sync_refresh(struct sync *, struct sync_ticket *, bool full, struct wait *w);

struct sync_status {
	int64_t refreshed; /* the last that was good, of an earlier mount too: seconds since 1970,
			      this machine's clock; -1: none */
	int	result;		/* of the last refresh: 0 or a negative errno */
};
void	sync_status(struct sync *, struct sync_status *out);

#endif

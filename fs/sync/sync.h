/*
 * sync - keeps the catalogue current, at the price of one call a refresh.
 *
 * The first fill pages through all documents and goes on where it stopped. After that a refresh
 * asks what has changed, deletions included. It begins only when somebody looks and the last
 * answer is older than `refresh` seconds. Such a look is parked until the answer is there, so no
 * name is staler than that. If the org does not answer, the last state serves, and nobody asks
 * again for a while. Once a day a reconcile lists all Ids beside everything else.
 *
 * Mounts of one org share the catalogue. A mount that finds another one asking waits for its
 * answer, but only for seconds. Joins rest, name and catalogue. Knows nothing of FUSE. Any thread.
 */
#pragma once

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
	bool		 fail_offline;	/* the last state never serves: a look has the refresh's
					   error */
	enum name_rules	 names;
	const char	*filter;	/* a SOQL condition of what is listed; NULL: everything */
	bool		 archived;	/* archived documents are listed, too */
	bool		 versions;	/* all versions are in the catalogue */
	/* Hears of every change, also of those that other mounts commit; no lock is held then. */
	catalogue_changed *changed;
	void		(*lists)(void *ctx);	/* called once a day, before the list of Ids; may
						   block; may be NULL */
	/* Called when the result of a refresh differs from that of the one before; may be NULL */
	void		(*health)(void *ctx);
	void		*ctx;
};

int	sync_open(struct rest *, struct catalogue *, const struct sync_options *,
    struct sync **out);
/* After http_cancel: wakes all who wait; from then on every look is -EINTR. */
void	sync_stop(struct sync *);
void	sync_close(struct sync *);

/*
 * Makes the catalogue complete and current; blocks. Calls progress (may be NULL) after each page of
 * a first fill. An org out of reach is no error if an earlier fill is complete and may serve.
 */
typedef void sync_progress(void *ctx, uint64_t documents, uint64_t total, unsigned calls);
int	sync_first(struct sync *, sync_progress *, void *ctx);

/* Stands for the refresh that a request waits for, so that one refresh is enough, however short
 * `refresh` is. Zero it before the first call. */
struct sync_ticket { uint64_t refresh, reconcile; };
/*
 * 0: the catalogue is fresh, or its last state serves. It always serves a guest who may cause no
 * refresh (rest_check_guest). -EAGAIN: a refresh is under way and w is queued. -EINTR: w was
 * cancelled before. -EACCES: the org refuses the login; and with fail_offline the error of the
 * refresh.
 */
int	sync_fresh(struct sync *, struct sync_ticket *, struct wait *w);
double	sync_fresh_for(struct sync *);		/* seconds; 0 when the next look will ask */
/* Waits for a refresh that begins after this call, as sync_fresh, but returns its error always.
 * full: then for a reconcile, which finds access that was lost or gained. */
int	sync_refresh(struct sync *, struct sync_ticket *, bool full, struct wait *w);

struct sync_status {
	int64_t		 refreshed;	/* when the last good one began, by whichever mount: seconds
					   since 1970, this machine's clock; -1: there was none */
	int		 result;	/* of the last refresh: 0 or a negative errno */
	int64_t		 failing;	/* since when it is not 0: seconds since 1970 */
};
void	sync_status(struct sync *, struct sync_status *out);
/* A result below 0 in words: "the org is out of reach". May be strerror's. */
const char *sync_why(int result);

/*
 * Starts the updates of the catalogue and keeps the requests that wait for them; internal.h has the
 * updates.
 *
 * Mounts of one org take turns by a lock on a file, so that one answer serves all of them. The
 * lock only saves calls. If a mount waits for it and sees no page of the other mount for
 * TURN_MOST, it goes on without the lock, since the other mount may be stopped.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "auth/clock.h"
#include "auth/log.h"
#include "fs/async/task.h"
#include "freshness.h"
#include "versions.h"

#include "sync.h"

#define PAUSE_MOST	(300 * 1000)	/* ms of pause, at most, after refreshes that failed */
#define TURN_POLL	50		/* ms between tries: flock has no timed wait */
#define TURN_MOST	3000		/* ms in which another mount must get a page */
#define HOUR		(60 * 60 * INT64_C(1000))	/* ms */
#define RECONCILE	(24 * HOUR)	/* from one list of all Ids to the next */
#define RECONCILE_AGAIN	HOUR		/* after a failed list, or one that another mount began */

struct sync {
	struct sync_options o;
	struct updater	 updater;	/* of which each update has a copy */
	int		 turn;		/* the file that the mounts of this org lock */
	bool		 turn_stuck;	/* the last wait for it timed out; the updating thread's */

	pthread_mutex_t	 lock;		/* guards: all below */
	struct pool	*pool;		/* NULL once stopped */
	struct task	 refresh, reconcile;
	struct job	 check;		/* of a large catalogue, once */
	/* This machine's clock (ms): another mount's refresh serves if it began no earlier. */
	int64_t		 since;
	struct freshness fresh;		/* of the last refresh */
	int64_t		 failing;	/* since when: seconds since 1970; 0: it does not */
};

static bool
is_stopped(struct sync *s)
{
	pthread_mutex_lock(&s->lock);
	bool stopped = !s->pool;
	pthread_mutex_unlock(&s->lock);
	return stopped;
}

/*
 * Updates.
 */

/* Whether this mount has the turn now. */
static bool
begin_turn(struct sync *s)
{
	const struct timespec pause = { 0, TURN_POLL * 1000000 };
	int64_t page = -1, since = clock_ms();

	while (flock(s->turn, LOCK_EX | LOCK_NB) < 0) {
		if (s->turn_stuck || (errno != EWOULDBLOCK && errno != EINTR) || is_stopped(s))
			return false;
		int64_t now = pages_last(&s->updater);
		if (now != page)
			since = clock_ms();
		page = now;
		if (clock_ms() - since >= TURN_MOST) {
			log_info("sync",
			    "another mount of this org has been asking it for %d s and gets "
			    "nowhere: this one asks, too",
			    TURN_MOST / 1000);
			s->turn_stuck = true;
			return false;
		}
		nanosleep(&pause, NULL);
	}
	s->turn_stuck = false;
	return true;
}

/* since: a fill or refresh of another mount is as good if it began then or later. */
static int
update_once(struct sync *s, int64_t since, sync_progress *progress, void *ctx)
{
	struct updater u = s->updater;

	u.page = pages_last(&u);
	if (!catalogue_is_filled(u.catalogue))
		return first_fill_run(&u, progress, ctx);
	int64_t began = pages_state(&u, "began");
	if (began >= since && began <= clock_wall_ms())
		return catalogue_changes(u.catalogue, u.o->changed, u.o->ctx);
	int rc = refresh_run(&u);
	/* The catalogue's file may have been found damaged. */
	return rc == -EIO && !catalogue_is_filled(u.catalogue) ? -EAGAIN : rc;
}

static int
update_catalogue(struct sync *s, int64_t since, sync_progress *progress, void *ctx)
{
	int rc;

	do {
		bool has_turn = begin_turn(s);

		rc = is_stopped(s) ? -EINTR : update_once(s, since, progress, ctx);
		if (has_turn)
			flock(s->turn, LOCK_UN);
	} while (rc == -EAGAIN);	/* another mount has got a page meanwhile */
	return rc < 0 || !s->o.versions ? rc : versions_fill(&s->updater);
}

static bool
reconcile_is_due(const struct sync *s)
{
	const struct updater *u = &s->updater;

	return !freshness_is_recent(pages_state(u, "reconciled"), RECONCILE) &&
	    !freshness_is_recent(pages_state(u, "listing"), RECONCILE_AGAIN);
}

const char *
sync_why(int rc)
{
	switch (rc) {
	case -EHOSTUNREACH:
	case -ETIMEDOUT:
	case -ECONNRESET:
		return "the org is out of reach";
	case -EACCES:
		return "Salesforce refuses the login";
	case -EDQUOT:
		return "the limit of API calls is spent";
	case -ENOSPC:
		return "the cache directory has no room";
	default:
		return strerror(-rc);
	}
}

/* Caller locks. Notes the end of a refresh, and returns how the one before it ended. */
static int
note_refresh(struct sync *s, int rc, int64_t began)
{
	const int before = s->fresh.rc;

	freshness_note(&s->fresh, rc, began, PAUSE_MOST);
	if (s->fresh.rc == 0)
		s->failing = 0;
	else if (before == 0)
		s->failing = clock_wall_ms() / 1000;
	return before;
}

static void
tell_refresh(const struct sync *s, int rc, int before)
{
	const bool serves = freshness_serves(rc, s->o.fail_offline);

	if (rc < 0 && (before == 0 || serves != freshness_serves(before, s->o.fail_offline)))
		log_warn("sync",
		    serves ? "%s; showing the list of %s" :
			     "%s; until a refresh works, all looks fail (the last list is of %s)",
		    sync_why(rc), clock_text(s->fresh.asked / 1000).s);
	if (rc == 0 && before < 0)
		log_info("sync", "refreshed: the org answers again");
	if (rc != before && s->o.health)
		s->o.health(s->o.ctx);
}

static void
run_refresh(struct job *job)
{
	struct sync *s = CONTAINER_OF(job, struct sync, refresh.job);

	pthread_mutex_lock(&s->lock);
	int64_t since = s->since;
	pthread_mutex_unlock(&s->lock);
	int rc = update_catalogue(s, since, NULL, NULL);
	bool due = rc == 0 && reconcile_is_due(s);
	int64_t began = pages_state(&s->updater, "began");

	pthread_mutex_lock(&s->lock);
	const int before = note_refresh(s, rc, began);
	if (due)
		task_start(&s->reconcile, s->pool);
	pthread_mutex_unlock(&s->lock);
	if (rc != -EINTR)
		tell_refresh(s, rc, before);
	task_end(&s->refresh, &s->lock, rc);
}

static void
drop_refresh(struct job *job)
{
	struct sync *s = CONTAINER_OF(job, struct sync, refresh.job);

	task_end(&s->refresh, &s->lock, -EINTR);
}

static void
run_reconcile(struct job *job)
{
	struct sync *s = CONTAINER_OF(job, struct sync, reconcile.job);
	struct updater u = s->updater;

	if (s->o.lists)
		s->o.lists(s->o.ctx);
	int rc = reconcile_run(&u);
	pthread_mutex_lock(&s->lock);
	const int before = s->reconcile.rc;
	pthread_mutex_unlock(&s->lock);
	if (rc < 0 && rc != -EINTR && before == 0)
		log_warn("sync",
		    "the daily list of all Ids failed (%s): documents out of reach stay listed",
		    strerror(-rc));
	task_end(&s->reconcile, &s->lock, rc);
}

static void
drop_reconcile(struct job *job)
{
	struct sync *s = CONTAINER_OF(job, struct sync, reconcile.job);

	task_end(&s->reconcile, &s->lock, -EINTR);
}

static void
run_check(struct job *job)
{
	struct sync *s = CONTAINER_OF(job, struct sync, check);

	catalogue_check_opened(s->updater.catalogue);	/* logs what it finds */
}

/*
 * Opening and closing.
 */

int
sync_open(
    struct rest *rest, struct catalogue *catalogue, const struct sync_options *o, struct sync **out)
{
	struct sync *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->turn = open(o->turn, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = s->turn < 0 ? -errno : 0;
	if (rc < 0)
		log_error("sync", "%s: %s", o->turn, strerror(-rc));
	else
		rc = pool_open("sffs-sync", 2, &s->pool); /* a refresh, and a reconcile beside it */
	if (rc < 0) {
		if (s->turn >= 0)
			close(s->turn);
		free(s);
		return rc;
	}
	s->o = *o;
	s->updater = (struct updater){ .rest = rest, .catalogue = catalogue, .o = &s->o,
		.page = -1 };
	s->refresh.job = (struct job){ .run = run_refresh, .drop = drop_refresh };
	s->reconcile.job = (struct job){ .run = run_reconcile, .drop = drop_reconcile };
	s->check = (struct job){ .run = run_check };
	s->fresh.asked = pages_state(&s->updater, "began");
	pthread_mutex_init(&s->lock, NULL);
	*out = s;
	return 0;
}

void
sync_stop(struct sync *s)
{
	catalogue_interrupt(s->updater.catalogue);
	pool_stop(&s->pool, &s->lock);
}

void
sync_close(struct sync *s)
{
	if (!s)
		return;
	pool_close(s->pool);
	close(s->turn);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static int64_t
refresh_ms(const struct sync *s)
{
	return (int64_t)s->o.refresh * 1000;
}

/* Caller locks. A catalogue is not filled after its file has been found damaged. */
static bool
is_due(const struct sync *s, bool filled)
{
	return freshness_left(&s->fresh, refresh_ms(s)) == 0 || (s->fresh.rc == 0 && !filled);
}

static void
fill_again(void *ctx)
{
	struct sync *s = ctx;

	pthread_mutex_lock(&s->lock);
	if (is_due(s, false))
		task_start(&s->refresh, s->pool);
	pthread_mutex_unlock(&s->lock);
}

int
sync_first(struct sync *s, sync_progress *progress, void *ctx)
{
	const bool filled = catalogue_is_filled(s->updater.catalogue);
	int rc = update_catalogue(s, clock_wall_ms(), progress, ctx);

	catalogue_on_unfilled(s->updater.catalogue, fill_again, s);
	pthread_mutex_lock(&s->lock);
	note_refresh(s, rc, pages_state(&s->updater, "began"));
	if (s->pool)
		pool_add(s->pool, &s->check);
	pthread_mutex_unlock(&s->lock);
	if (rc == 0 || rc == -EINVAL || !filled || !freshness_serves(rc, s->o.fail_offline))
		return rc;
	tell_refresh(s, rc, 0);
	return 0;
}

/*
 * Requests that wait.
 */

/*
 * Caller locks. -EAGAIN or -EINTR as task_need; or the outcome of the try that *ticket stands for.
 * A ticket of 0 gets the number of the try that runs, or with `later` of the one after it. If none
 * runs, one begins.
 */
static int
wait_for_try(struct sync *s, struct task *t, uint64_t *ticket, bool later, struct wait *w)
{
	const bool running = t->running;

	if (*ticket > 0 && *ticket <= t->done)
		return t->rc;
	if (task_start(t, s->pool) < 0)
		return -EINTR;
	/* As soon as w is queued, an interrupt may free it, and the ticket with it. */
	if (*ticket == 0)
		*ticket = later && running ? t->number + 1 : t->number;
	t->made = false;
	w->ticket = 0;
	return task_need(t, s->pool, w);
}

int
sync_fresh(struct sync *s, struct sync_ticket *ticket, struct wait *w)
{
	const bool filled = catalogue_is_filled(s->updater.catalogue);
	const bool may = !w->guest || (filled && sync_fresh_for(s) > 0) ||
	    rest_check_guest(s->updater.rest) == 0;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (!s->pool) {
		rc = -EINTR;
	} else if (ticket->refresh > 0 || (is_due(s, filled) && (may || s->refresh.running))) {
		if (!s->refresh.running)
			s->since = clock_wall_ms() - refresh_ms(s);
		rc = wait_for_try(s, &s->refresh, &ticket->refresh, false, w);
	}
	if (rc != -EAGAIN && rc != -EINTR)
		rc = s->fresh.rc < 0 && !freshness_serves(s->fresh.rc, s->o.fail_offline) ?
		    s->fresh.rc :
		    0;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

double
sync_fresh_for(struct sync *s)
{
	pthread_mutex_lock(&s->lock);
	int64_t left = freshness_left(&s->fresh, refresh_ms(s));
	pthread_mutex_unlock(&s->lock);
	return (double)left / 1e3;
}

int
sync_refresh(struct sync *s, struct sync_ticket *ticket, bool full, struct wait *w)
{
	int rc = -EINTR;

	pthread_mutex_lock(&s->lock);
	if (s->pool) {
		if (!s->refresh.running)
			s->since = clock_wall_ms();
		rc = wait_for_try(s, &s->refresh, &ticket->refresh, true, w);
	}
	if (rc == 0 && full)
		rc = wait_for_try(s, &s->reconcile, &ticket->reconcile, true, w);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

void
sync_status(struct sync *s, struct sync_status *out)
{
	pthread_mutex_lock(&s->lock);
	*out = (struct sync_status){
		.refreshed = s->fresh.asked > 0 ? s->fresh.asked / 1000 : -1,
		.result = s->fresh.rc,
		.failing = s->failing,
	};
	pthread_mutex_unlock(&s->lock);
}

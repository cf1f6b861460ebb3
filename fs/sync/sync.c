/*
 * Who asks, and who waits; sync/ask.h has the questions.
 *
 * Mounts of one org share the catalogue. They take turns by a lock on a file,
 * and whoever comes to its turn and finds by `began` that another has just
 * asked takes over that answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auth/clock.h"
#include "auth/log.h"
#include "fs/async/pool.h"
#include "internal.h"

#include "sync.h"

#define RETRY_FIRST 5 /* seconds after a refresh that failed; doubles up to RETRY_MOST */
#define RETRY_MOST	300
#define TURN_POLL                                                                                  \
	50 /* ms between looks whether another mount has finished its turn: flock has no timed     \
	      wait */
#define TURN_MOST 60 /* seconds in which another mount's turn must have brought something */
#define RECONCILE (24 * 60 * 60 * INT64_C(1000)) /* ms from one list of all Ids to the next */
#define RECONCILE_AGAIN                                                                            \
	(60 * 60 * INT64_C(1000)) /* ms after one that failed, or that another mount has begun */

struct sync {
	struct sync_options o;
	struct ask	 ask;
	struct pool	*pool;
	struct job	 job, reconcile_job;
	int turn; /* the file that mounts of this org lock; used by one thread at a time */

	pthread_mutex_t	 lock;		/* guards: all below */
	bool		 closing;
	bool		 running, wanted;	/* a refresh is under way; another must follow it */
	uint64_t	 begun, done;	/* refreshes, numbered from 1 */
	int64_t since; /* this machine's clock (ms): another mount's refresh is as good if it began
			  no earlier */
	bool		 reconciling, reconcile_wanted;
	uint64_t	 reconciles_begun, reconciles_done;
	int		 reconciled;	/* result of the last */
	double fresh_until; /* monotonic seconds: before then nobody asks, be the last result good
			       or bad */
	double		 retry;		/* seconds until the next try after a failure */
	int		 result;
	int64_t		 refreshed;
	struct waitq	 waiting;
};

static double
monotonic(void)
{
	return (double)clock_ms() / 1e3;
}

/*
 * Turns.
 */

static bool
is_closing(struct sync *s)
{
	pthread_mutex_lock(&s->lock);
	bool closing = s->closing;
	pthread_mutex_unlock(&s->lock);
	return closing;
}

/* Another one after each page that the mount which has the turn gets. */
static int64_t
progress_of_others(struct sync *s)
{
	struct stat st;

	return fstat(s->turn, &st) < 0 ?
	    -1 :
	    st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
}

/* Waits until no other mount asks. -ETIMEDOUT: one does, and gets nowhere. */
static int
begin_turn(struct sync *s)
{
	const struct timespec pause = { 0, TURN_POLL * 1000000 };
	int64_t seen = -1;
	double since = monotonic();

	for (unsigned polls = 1; flock(s->turn, LOCK_EX | LOCK_NB) < 0; polls++) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			int rc = -errno;

			log_error("sync", "turn.lock: %s", strerror(-rc));
			return rc;
		}
		if (is_closing(s))
			return -EINTR;
		if (polls == 2000 / TURN_POLL)
			log_info(
			    "sync", "waiting for another mount of this org, which is asking it");
		if (polls % (1000 / TURN_POLL) == 0) {
			int64_t now = progress_of_others(s);

			if (now != seen)
				since = monotonic();
			seen = now;
			if (monotonic() - since > TURN_MOST) {
				log_warn("sync",
				    "another mount of this org has been asking it for %d s and gets nowhere; is it stopped?",
				    TURN_MOST);
				return -ETIMEDOUT;
			}
		}
		nanosleep(&pause, NULL);
	}
	ask_went_on(&s->ask);
	return 0;
}

static void
end_turn(struct sync *s)
{
	flock(s->turn, LOCK_UN);
}

/* How long ago (ms) the last good refresh of any mount began, if it did at or after since; else -1.
 */
static int64_t
age_of_refresh(struct sync *s, int64_t since)
{
	int64_t began = ask_state(&s->ask, "began"), now = clock_wall_ms();

	return began >= since && began <= now ? now - began : -1;
}

/*
 * Who asks, and who waits.
 */

/* When the last good refresh began, of this mount, an earlier or another one. */
static int64_t
last_good(const struct sync *s)
{
	int64_t began = ask_state(&s->ask, "began");

	return began < 0 ? -1 : began / 1000;
}

static bool
is_filled(struct sync *s)
{
	char *filled = NULL;
	bool yes = catalogue_state(s->ask.catalogue, "filled", &filled) == 0;

	free(filled);
	return yes;
}

/* Whether who looks after that result is told of it, and not what was known before. */
static bool
fails_looks(const struct sync *s, int result)
{
	return result == -EACCES || (result < 0 && s->o.fail_offline);
}

/* Caller locks. age: how long ago (ms) the refresh began. */
static void
note_result(struct sync *s, int rc, int64_t age)
{
	double now = monotonic();

	s->result = rc;
	if (rc == 0) {
		s->retry = RETRY_FIRST;
		s->fresh_until = now + (double)s->o.refresh - (double)age / 1e3;
		return;
	}
	s->fresh_until = now + s->retry;
	s->retry = s->retry * 2 > RETRY_MOST ? RETRY_MOST : s->retry * 2;
}

/* Caller locks. Starts a refresh that begins after this moment, and says which. */
static uint64_t
start_refresh(struct sync *s, bool whatever_runs)
{
	if (!s->running) {
		s->running = true;
		s->begun++;
		s->since = whatever_runs ? clock_wall_ms() :
					   clock_wall_ms() - (int64_t)s->o.refresh * 1000;
		pool_add(s->pool, &s->job);
		return s->begun;
	}
	if (whatever_runs) {
		s->wanted = true;
		return s->begun + 1;
	}
	return s->begun;
}

/* Caller locks. As start_refresh. */
static uint64_t
start_reconcile(struct sync *s)
{
	if (s->reconciling) {
		s->reconcile_wanted = true;
		return s->reconciles_begun + 1;
	}
	s->reconciling = true;
	pool_add(s->pool, &s->reconcile_job);
	return ++s->reconciles_begun;
}

static bool
reconcile_is_due(struct sync *s)
{
	int64_t last = ask_state(&s->ask, "reconciled"), asked = ask_state(&s->ask, "asked");
	int64_t began = ask_state(&s->ask, "listing"), now = clock_wall_ms();

	return asked - last >= RECONCILE &&
	    (began < 0 || began > now || now - began >= RECONCILE_AGAIN);
}

/* Asks, or takes over what another mount has just asked. *age: as note_result. */
static int
take_turn(struct sync *s, int64_t since, int64_t *age)
{
	int rc = begin_turn(s);

	if (rc < 0)
		return rc;
	*age = age_of_refresh(s, since);
	if (*age < 0) {
		*age = 0;
		rc = ask_refresh(&s->ask);
	} else {
		catalogue_catch_up(s->ask.catalogue, s->ask.changed, s->ask.ctx);
	}
	end_turn(s);
	return rc;
}

static void
run_refresh(struct job *job)
{
	struct sync *s = (struct sync *)((char *)job - offsetof(struct sync, job));
	int64_t age = 0;

	pthread_mutex_lock(&s->lock);
	int64_t since = s->since;
	pthread_mutex_unlock(&s->lock);
	int rc = take_turn(s, since, &age);
	bool due = rc == 0 && reconcile_is_due(s);
	int64_t refreshed = last_good(s);

	pthread_mutex_lock(&s->lock);
	s->refreshed = refreshed;
	const int before = s->result;
	note_result(s, rc, age);
	s->done = s->begun;
	s->running = false;
	if (s->wanted && !s->closing)
		start_refresh(s, true);
	s->wanted = false;
	if (due && !s->closing && !s->reconciling)
		start_reconcile(s);
	pthread_mutex_unlock(&s->lock);
	if (rc < 0 && rc != -EINTR && (before == 0 || fails_looks(s, rc) != fails_looks(s, before)))
		log_warn("sync",
		    fails_looks(s, rc) ?
			"refresh failed (%s): until one works, all looks fail" :
			"refresh failed (%s): what was known before is still served",
		    strerror(-rc));
	if (rc == 0 && before < 0)
		log_info("sync", "refreshed: the org answers again");
	wait_wake(&s->waiting, WAIT_ALL);
}

static void
drop_refresh(struct job *job)
{
	struct sync *s = (struct sync *)((char *)job - offsetof(struct sync, job));

	pthread_mutex_lock(&s->lock);
	note_result(s, -EINTR, 0);
	s->done = s->begun;
	s->running = false;
	pthread_mutex_unlock(&s->lock);
	wait_wake(&s->waiting, WAIT_ALL);
}

static void
end_reconcile(struct sync *s, int rc)
{
	pthread_mutex_lock(&s->lock);
	const int before = s->reconciled;
	s->reconciled = rc;
	s->reconciles_done = s->reconciles_begun;
	s->reconciling = false;
	if (s->reconcile_wanted && !s->closing)
		start_reconcile(s);
	s->reconcile_wanted = false;
	pthread_mutex_unlock(&s->lock);
	if (rc < 0 && rc != -EINTR && before == 0)
		log_warn("sync",
		    "listing all documents failed (%s): what is out of reach shows until it works",
		    strerror(-rc));
	wait_wake(&s->waiting, WAIT_ALL);
}

static void
run_reconcile(struct job *job)
{
	struct sync *s = (struct sync *)((char *)job - offsetof(struct sync, reconcile_job));

	struct ask ask = s->ask;

	if (s->o.lists)
		s->o.lists(s->o.ctx);
	ask.turn = -1;
	end_reconcile(s, ask_reconcile(&ask));
}

static void
drop_reconcile(struct job *job)
{
	end_reconcile((struct sync *)((char *)job - offsetof(struct sync, reconcile_job)), -EINTR);
}

static void
ignore_change(void *ctx, const struct catalogue_change *change)
{
	(void)ctx, (void)change;
}

void
sync_on_change(struct sync *s, catalogue_changed *changed, void *ctx)
{
	s->ask.changed = changed;
	s->ask.ctx = ctx;
}

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
	s->ask = (struct ask){ .rest = rest, .catalogue = catalogue, .o = &s->o,
		.changed = ignore_change, .turn = s->turn };
	s->job = (struct job){ .run = run_refresh, .drop = drop_refresh };
	s->reconcile_job = (struct job){ .run = run_reconcile, .drop = drop_reconcile };
	s->retry = RETRY_FIRST;
	s->refreshed = last_good(s);
	pthread_mutex_init(&s->lock, NULL);
	*out = s;
	return 0;
}

void
sync_stop(struct sync *s)
{
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_mutex_unlock(&s->lock);
	pool_close(s->pool);
	s->pool = NULL;
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

static void
warn_old(const struct sync *s, int rc)
{
	const time_t last = (time_t)s->refreshed;
	char date[32] = "a time unknown";
	struct tm tm;

	if (last >= 0 && gmtime_r(&last, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	log_warn("sync", "no refresh (%s): serving what was known at the last one, %s",
	    strerror(-rc), date);
}

int
sync_first(struct sync *s, sync_progress *progress, void *ctx)
{
	int rc = begin_turn(s);

	if (rc < 0)
		return rc;
	bool filled = is_filled(s);
	rc = filled ? ask_refresh(&s->ask) : ask_fill(&s->ask, progress, ctx);
	if (rc == 0 && s->o.versions)
		rc = ask_all_versions(&s->ask);
	int64_t refreshed = last_good(s);
	end_turn(s);

	pthread_mutex_lock(&s->lock);
	s->refreshed = refreshed;
	note_result(s, rc, 0);
	pthread_mutex_unlock(&s->lock);
	if (!filled || (rc != -ETIMEDOUT && rc != -EDQUOT && rc != -EIO) || s->o.fail_offline)
		return rc;
	warn_old(s, rc);
	return 0;
}

int
sync_fresh(struct sync *s, struct sync_ticket *ticket, struct wait *w)
{
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (s->closing) {
		rc = -EINTR;
	} else if (ticket->refresh ? s->done < ticket->refresh : monotonic() >= s->fresh_until) {
		if (!ticket->refresh)
			ticket->refresh = start_refresh(s, false);
		rc = wait_add(&s->waiting, w, 0) ? -EAGAIN : -EINTR;
	} else if (fails_looks(s, s->result)) {
		rc = s->result;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

double
sync_fresh_for(struct sync *s)
{
	pthread_mutex_lock(&s->lock);
	double left = s->fresh_until - monotonic();
	pthread_mutex_unlock(&s->lock);
	return left > 0 ? left : 0;
}

int
sync_refresh(struct sync *s, struct sync_ticket *ticket, bool full, struct wait *w)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	if (ticket->refresh == 0 && !s->closing)
		ticket->refresh = start_refresh(s, true);
	bool refreshed = s->done >= ticket->refresh;
	if (full && refreshed && s->result == 0 && ticket->reconcile == 0 && !s->closing)
		ticket->reconcile = start_reconcile(s);
	if (s->closing)
		rc = -EINTR;
	else if (refreshed && (s->result < 0 || !full))
		rc = s->result;
	else if (refreshed && s->reconciles_done >= ticket->reconcile)
		rc = s->reconciled;
	else
		rc = wait_add(&s->waiting, w, 0) ? -EAGAIN : -EINTR;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

void
sync_status(struct sync *s, struct sync_status *out)
{
	pthread_mutex_lock(&s->lock);
	*out = (struct sync_status){ .refreshed = s->refreshed, .result = s->result };
	pthread_mutex_unlock(&s->lock);
}

/*
 * What is asked for: everything whose SystemModstamp is not older than the
 * later of the newest stamp seen and the org's clock at the last question,
 * less OVERLAP for what was stamped but not yet committed. Both are the org's
 * own times; this machine's clock is never compared with them. Taking the
 * later one keeps a refresh small after a bulk load that nothing followed.
 *
 * What a delta cannot tell (access that was lost or gained, bins that were
 * emptied) a reconcile finds once a day: a list of all Ids against those that
 * are in the catalogue.
 *
 * State kept in the catalogue, each in the transaction that makes it true:
 *	born	this machine's clock (ms) when the first fill began
 *	filling	the last Id of the pages that have come, while the first fill is under way
 *	asked	the org's clock (ms) when the first page of the last complete question was answered
 *	newest	the largest SystemModstamp (ms) that a refresh has brought; the fill, which comes in order of Id, does not count
 *	pages	how many pages of the first fill have come
 *	filled	"yes" once the first fill is complete
 *	listing	this machine's clock (ms) when the last list of Ids was begun
 *	reconciled	the org's clock (ms) at the last complete list of Ids
 *	reach	"all" or "own": whether the user has Query All Files
 *	versions	see versions.h
 *	began	this machine's clock (ms) when the last good refresh began
 *
 * Mounts of one org share the catalogue. They take turns by a lock on a file,
 * and whoever comes to its turn and finds by `began` that another has just
 * asked takes over that answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "auth/clock.h"
#include "auth/log.h"
#include "pool.h"
#include "rest.h"
#include "versions.h"

#include "sync.h"

#define OVERLAP		(10 * 60 * 1000)	/* ms */
#define STAMP_GRAIN	5000			/* ms: stamps are whole seconds, and are committed a little later */
#define RETRY_FIRST	5			/* seconds after a refresh that failed; doubles up to RETRY_MOST */
#define RETRY_MOST	300
#define LOST_LOCATORS	3			/* in a row, without getting further in between */
#define TURN_POLL	50			/* ms between looks whether another mount has finished its turn: flock has no timed wait */
#define TURN_MOST	60			/* seconds in which another mount's turn must have brought something */
#define RECONCILE	(24 * 60 * 60 * INT64_C(1000))	/* ms from one list of all Ids to the next */
#define RECONCILE_AGAIN	(60 * 60 * INT64_C(1000))	/* ms after one that failed, or that another mount has begun */

struct sync {
	struct rest	*rest;
	struct catalogue *catalogue;
	struct sync_options o;
	struct pool	*pool;
	struct job	 job, reconcile_job;
	int		 turn;		/* the file that mounts of this org lock; used by one thread at a time */

	pthread_mutex_t	 lock;		/* guards: all below */
	bool		 closing;
	bool		 running, wanted;	/* a refresh is under way; another must follow it */
	uint64_t	 begun, done;	/* refreshes, numbered from 1 */
	int64_t		 since;		/* this machine's clock (ms): another mount's refresh is as good if it began no earlier */
	bool		 reconciling, reconcile_wanted;
	uint64_t	 reconciles_begun, reconciles_done;
	int		 reconciled;	/* result of the last */
	double		 fresh_until;	/* monotonic seconds: before then nobody asks, be the last result good or bad */
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

static int64_t
state_number(struct catalogue *c, const char *name)
{
	char *s = NULL;
	int64_t n = -1;

	if (catalogue_state(c, name, &s) == 0)
		n = strtoll(s, NULL, 10);
	free(s);
	return n;
}

static int
put_state_number(struct catalogue *c, const char *name, int64_t n)
{
	char s[24];

	snprintf(s, sizeof(s), "%lld", (long long)n);
	return catalogue_put_state(c, name, s);
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

/* What another mount that has the turn brings along: each page of a fill, each answer to a refresh. */
static int64_t
progress_of_others(struct sync *s)
{
	return state_number(s->catalogue, "asked") + state_number(s->catalogue, "pages");
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
			log_info("sync", "waiting for another mount of this org, which is asking it");
		if (polls % (1000 / TURN_POLL) == 0) {
			int64_t now = progress_of_others(s);

			if (now != seen)
				since = monotonic();
			seen = now;
			if (monotonic() - since > TURN_MOST) {
				log_warn("sync", "another mount of this org has been asking it for %d s and gets nowhere; is it stopped?", TURN_MOST);
				return -ETIMEDOUT;
			}
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

static void
end_turn(struct sync *s)
{
	flock(s->turn, LOCK_UN);
}

/* How long ago (ms) the last good refresh of any mount began, if it did at or after since; else -1. */
static int64_t
age_of_refresh(struct sync *s, int64_t since)
{
	int64_t began = state_number(s->catalogue, "began"), now = clock_wall_ms();

	return began >= since && began <= now ? now - began : -1;
}

struct ids {
	char		 (*list)[19];
	size_t		 count, cap;
};

static int
add_id(struct ids *ids, const char *id)
{
	if (ids->count == ids->cap) {
		size_t cap = ids->cap ? 2 * ids->cap : 64;
		void *list = realloc(ids->list, cap * sizeof(ids->list[0]));

		if (!list)
			return -ENOMEM;
		ids->list = list;
		ids->cap = cap;
	}
	memcpy(ids->list[ids->count++], id, sizeof(ids->list[0]));
	return 0;
}

static bool
has_id(const struct ids *ids, const char *id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (strcmp(ids->list[i], id) == 0)
			return true;
	return false;
}

/* So many Ids are asked for with one query: from the i-th on. */
static size_t
chunk(const struct ids *ids, size_t i)
{
	return ids->count - i < REST_IDS_MOST ? ids->count - i : REST_IDS_MOST;
}

/*
 * One page into the catalogue: one transaction, begun when the answer is there, so that nobody waits for the org in it.
 */

struct page {
	struct sync	*sync;
	bool		 begun;
	char		 last[19];	/* the last Id of the page */
	int64_t		 newest;	/* the largest SystemModstamp so far (ms) */
	struct ids	*came;		/* what is on it; NULL: nobody asks */
	struct ids	*unversioned;	/* what is on it with a version that is not among the versions; NULL: nobody asks */
};

static bool
has_version(struct catalogue *c, uint64_t version_key)
{
	struct document d = { 0 };
	bool has = catalogue_version(c, version_key, &d) == 0;

	document_free(&d);
	return has;
}

static int
take_document(void *ctx, const struct document *d)
{
	struct page *p = ctx;
	struct catalogue *c = p->sync->catalogue;
	struct name names[NAME_CANDIDATES];
	struct document keyed = *d;
	int rc = p->begun ? 0 : catalogue_begin(c);

	if (rc < 0)
		return rc;
	p->begun = true;
	memcpy(p->last, d->id, sizeof(p->last));
	if (d->system_modstamp > p->newest)
		p->newest = d->system_modstamp;
	if (d->is_deleted || (d->is_archived && !p->sync->o.archived))
		return catalogue_remove(c, d->id);
	keyed.key = name_key(d->id);
	keyed.version_key = name_key(d->version_id);
	if (p->came && (rc = add_id(p->came, d->id)) < 0)
		return rc;
	if (p->unversioned && !has_version(c, keyed.version_key) && (rc = add_id(p->unversioned, d->id)) < 0)
		return rc;
	name_candidates(d->title, d->file_extension, d->id, p->sync->o.names, names);
	return catalogue_put(c, &keyed, (const char *const[]){ names[0].s, names[1].s, names[2].s });
}

/* Asks for one page; on success its transaction is open, on an error there is none. */
static int
fetch_page(struct sync *s, const struct rest_query *q, struct page *p, struct rest_page *answer)
{
	p->begun = false;
	int rc = rest_documents(s->rest, q, take_document, p, answer);
	if (rc == 0 && !p->begun && (rc = catalogue_begin(s->catalogue)) < 0) {
		free(answer->next);
		answer->next = NULL;
	} else if (rc < 0 && p->begun) {
		catalogue_rollback(s->catalogue);
	}
	return rc;
}

static int
commit_page(struct sync *s, int rc, bool tell)
{
	if (rc == 0)
		return catalogue_commit(s->catalogue, tell ? s->o.changed : NULL, s->o.ctx);
	catalogue_rollback(s->catalogue);
	return rc;
}

/* Of the last page, when what was asked for is complete. asked: the org's clock when its first page was answered. */
static int
put_complete(struct sync *s, int64_t newest, int64_t asked, int64_t began)
{
	int rc = put_state_number(s->catalogue, "newest", newest);

	if (rc == 0)
		rc = put_state_number(s->catalogue, "asked", asked);
	return rc < 0 ? rc : put_state_number(s->catalogue, "began", began);
}

/*
 * The locator of the page that was asked for is used up, or lost (-ESTALE): then a new query goes on behind the last record.
 * further: the page has brought what comes behind all before.
 */
static bool
drop_locator(int *rc, char **next, bool further, unsigned *lost)
{
	free(*next);
	*next = NULL;
	if (*rc != -ESTALE) {
		if (further)
			*lost = 0;
		return false;
	}
	if (++*lost <= LOST_LOCATORS)
		return true;
	log_warn("sync", "Salesforce loses every query locator that it gives");
	*rc = -EIO;
	return false;
}

static int
put_filled(struct sync *s, int64_t asked, int64_t began)
{
	int rc = catalogue_settle(s->catalogue);

	if (rc == 0)
		rc = catalogue_put_state(s->catalogue, "filled", "yes");
	if (rc == 0)
		rc = put_state_number(s->catalogue, "reconciled", asked);
	/* Pages come in order of Id: what changed on an early one meanwhile has a stamp that later ones may surpass. */
	return rc < 0 ? rc : put_complete(s, asked, asked, began);
}

/* Names can wait until all documents are there. */
static int
begin_fill(struct sync *s)
{
	int rc = catalogue_begin(s->catalogue);

	if (rc < 0)
		return rc;
	rc = catalogue_defer(s->catalogue);
	return commit_page(s, rc < 0 ? rc : put_state_number(s->catalogue, "born", clock_wall_ms()), false);
}

static int
fill(struct sync *s, sync_progress *progress, void *ctx)
{
	const int64_t began = clock_wall_ms();
	struct page page = { .sync = s };
	int64_t asked = state_number(s->catalogue, "asked"), pages = state_number(s->catalogue, "pages");
	struct catalogue_totals totals = { 0 };
	char *resume = NULL, *next = NULL;
	unsigned calls = 0, lost = 0;
	uint64_t total = 0;
	int rc = begin_fill(s);

	if (rc < 0)
		return rc;
	if (catalogue_state(s->catalogue, "filling", &resume) == 0)
		snprintf(page.last, sizeof(page.last), "%s", resume);
	free(resume);
	for (;;) {
		struct rest_query q = { .next = next, .after = *page.last ? page.last : NULL, .since = -1,
		    .filter = s->o.filter, .archived = s->o.archived };
		struct rest_page answer = { 0 };

		const bool is_first = !next;
		const struct page before = page;

		if (is_first && (rc = catalogue_totals(s->catalogue, &totals)) < 0)
			break;
		rc = fetch_page(s, &q, &page, &answer);
		calls++;
		if (drop_locator(&rc, &next, strcmp(page.last, before.last) != 0, &lost))
			continue;
		if (rc < 0)
			break;
		if (is_first)
			total = totals.documents + (uint64_t)(answer.total > 0 ? answer.total : 0);
		if (asked < 0)
			asked = answer.date;
		next = answer.next;
		rc = catalogue_put_state(s->catalogue, "filling", page.last);
		if (rc == 0)
			rc = put_state_number(s->catalogue, "asked", asked);
		if (rc == 0)
			rc = put_state_number(s->catalogue, "pages", ++pages);
		if (rc == 0 && !next)
			rc = put_filled(s, asked, began);
		rc = commit_page(s, rc, false);
		if (rc == 0 && progress && (rc = catalogue_totals(s->catalogue, &totals)) == 0)
			progress(ctx, totals.documents, total, calls);
		if (rc < 0 || !next)
			break;
	}
	free(next);
	return rc;
}

/*
 * A filter hides from the refresh what it does not match any more. So the Ids of all that changed are asked for; of those
 * that are listed and have changed since, the ones that do not come with the filter are not to be listed.
 */

struct changed {
	struct sync	*sync;
	int64_t		 asked;		/* what has a later stamp may have changed once more within its second */
	struct ids	 ids;
};

static int
take_stamp(void *ctx, const struct document *d)
{
	struct changed *c = ctx;
	struct document known = { 0 };
	int rc = catalogue_by_id(c->sync->catalogue, d->id, &known);

	if (rc == 0 && known.listed && (known.system_modstamp < d->system_modstamp || d->system_modstamp >= c->asked))
		rc = add_id(&c->ids, d->id);
	document_free(&known);
	return rc == -ENOENT ? 0 : rc;
}

static int
remove_unmatched(struct sync *s, const char (*ids)[19], size_t n)
{
	struct ids came = { 0 };
	struct page page = { .sync = s, .came = &came };
	struct rest_page answer = { 0 };
	int rc = fetch_page(s, &(struct rest_query){ .since = -1, .ids = ids, .id_count = n, .filter = s->o.filter,
	    .archived = s->o.archived }, &page, &answer);

	if (rc == 0) {
		for (size_t i = 0; i < n && rc == 0 && !answer.next; i++)
			if (!has_id(&came, ids[i]))
				rc = catalogue_remove(s->catalogue, ids[i]);
		rc = commit_page(s, rc, true);
	}
	free(answer.next);	/* so few come on one page */
	free(came.list);
	return rc;
}

static int
refresh_filter(struct sync *s, int64_t since)
{
	struct changed c = { .sync = s, .asked = state_number(s->catalogue, "asked") - STAMP_GRAIN };
	unsigned lost = 0;
	char *next = NULL;
	int rc;

	do {
		struct rest_query q = { .next = next, .since = since, .only_ids = true };
		struct rest_page answer = { 0 };

		rc = rest_documents(s->rest, &q, take_stamp, &c, &answer);
		if (drop_locator(&rc, &next, false, &lost))
			rc = -EAGAIN;
		else
			next = answer.next;
	} while (rc == -EAGAIN || (rc == 0 && next));
	free(next);
	for (size_t i = 0; i < c.ids.count && rc == 0; i += REST_IDS_MOST)
		rc = remove_unmatched(s, (const char (*)[19])c.ids.list + i, chunk(&c.ids, i));
	free(c.ids.list);
	return rc;
}

static int
fetch_versions(struct sync *s, struct ids *ids /* takes */, int rc)
{
	for (size_t i = 0; i < ids->count && rc == 0; i += REST_IDS_MOST)
		rc = versions_fetch(s->rest, s->catalogue, (const char (*)[19])ids->list + i, chunk(ids, i));
	free(ids->list);
	return rc;
}

/* What changed since the last complete question. Pages come in order of SystemModstamp. */
static int
refresh(struct sync *s)
{
	const int64_t began = clock_wall_ms();
	int64_t newest = state_number(s->catalogue, "newest"), asked = state_number(s->catalogue, "asked");
	int64_t since = (newest > asked ? newest : asked) - OVERLAP;
	struct ids unversioned = { 0 };
	struct page page = { .sync = s, .newest = newest, .unversioned = s->o.versions ? &unversioned : NULL };
	int64_t answered = -1;
	unsigned lost = 0;
	char *next = NULL;
	int rc = 0;

	since = since > 0 ? since : 0;
	if (s->o.filter && (rc = refresh_filter(s, since)) < 0)
		return rc;
	do {
		struct rest_query q = { .next = next, .since = since, .filter = s->o.filter };
		struct rest_page answer = { 0 };
		const struct page before = page;

		rc = fetch_page(s, &q, &page, &answer);
		if (drop_locator(&rc, &next, page.newest > before.newest, &lost)) {
			since = page.newest > since ? page.newest : since;
			rc = -EAGAIN;
			continue;
		}
		if (rc < 0)
			break;
		if (answered < 0)
			answered = answer.date;
		next = answer.next;
		if (!next)
			rc = put_complete(s, page.newest, answered > asked ? answered : asked, began);
		rc = commit_page(s, rc, true);
	} while (rc == -EAGAIN || (rc == 0 && next));
	free(next);
	return fetch_versions(s, &unversioned, rc);
}

/*
 * The list of all Ids against the catalogue.
 */

struct reconcile {
	struct sync	*sync;
	char		 unknown[REST_IDS_MOST][19];	/* listed by the org, not in the catalogue */
	size_t		 unknown_count;
	char		 last[19];
	int		 rc;
};

/* Documents that have come into reach: their SystemModstamp may be old, so no refresh tells of them. */
static int
fetch_unknown(struct reconcile *r)
{
	struct sync *s = r->sync;
	struct ids unversioned = { 0 };
	struct page page = { .sync = s, .unversioned = s->o.versions ? &unversioned : NULL };
	struct rest_page answer = { 0 };
	int rc;

	if (r->unknown_count == 0)
		return 0;
	rc = fetch_page(s, &(struct rest_query){ .since = -1, .ids = (const char (*)[19])r->unknown, .id_count = r->unknown_count,
	    .filter = s->o.filter, .archived = s->o.archived }, &page, &answer);
	free(answer.next);	/* so few come on one page; what does not is found the next time */
	r->unknown_count = 0;
	if (rc == 0)
		rc = commit_page(s, 0, true);
	return fetch_versions(s, &unversioned, rc);
}

static int
take_id(void *ctx, const struct document *d)
{
	struct reconcile *r = ctx;
	int rc = catalogue_mark(r->sync->catalogue, d->id);

	memcpy(r->last, d->id, sizeof(r->last));
	if (rc > 0) {
		if (r->unknown_count == REST_IDS_MOST && (rc = fetch_unknown(r)) < 0)
			return rc;
		memcpy(r->unknown[r->unknown_count++], d->id, sizeof(d->id));
	}
	return rc < 0 ? rc : 0;
}

/* Removes what the list has not named. */
static int
sweep(struct sync *s)
{
	int rc, more;

	do {
		if ((rc = catalogue_begin(s->catalogue)) < 0)
			return rc;
		more = catalogue_sweep(s->catalogue);
		rc = commit_page(s, more < 0 ? more : 0, true);
	} while (rc == 0 && more > 0);
	return rc;
}

static int
reconcile(struct sync *s)
{
	struct reconcile r = { .sync = s };
	char *next = NULL;
	unsigned lost = 0;
	int64_t asked = -1;
	bool all = false;
	int rc = catalogue_begin(s->catalogue);

	if (rc == 0)
		rc = commit_page(s, put_state_number(s->catalogue, "listing", clock_wall_ms()), false);
	if (rc == 0)
		rc = catalogue_mark_begin(s->catalogue);
	while (rc == 0) {
		struct rest_query q = { .next = next, .after = *r.last ? r.last : NULL, .since = -1, .only_ids = true,
		    .filter = s->o.filter, .archived = s->o.archived };
		struct rest_page answer = { 0 };
		char before[19];

		memcpy(before, r.last, sizeof(before));
		rc = rest_documents(s->rest, &q, take_id, &r, &answer);
		if (drop_locator(&rc, &next, strcmp(r.last, before) != 0, &lost)) {
			rc = 0;
			continue;
		}
		if (rc < 0)
			break;
		if (asked < 0)
			asked = answer.date;
		next = answer.next;
		if (!next)
			break;
	}
	free(next);
	if (rc == 0)
		rc = fetch_unknown(&r);
	if (rc == 0)
		rc = rest_sees_all_files(s->rest, &all);
	if (rc == 0)
		rc = sweep(s);
	if (rc == 0 && (rc = catalogue_begin(s->catalogue)) == 0) {
		rc = put_state_number(s->catalogue, "reconciled", asked);
		if (rc == 0)
			rc = catalogue_put_state(s->catalogue, "reach", all ? "all" : "own");
		rc = commit_page(s, rc, true);
	}
	catalogue_mark_end(s->catalogue);
	return rc;
}

/*
 * Who asks, and who waits.
 */

static bool
is_filled(struct sync *s)
{
	char *filled = NULL;
	bool yes = catalogue_state(s->catalogue, "filled", &filled) == 0;

	free(filled);
	return yes;
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
		s->refreshed = time(NULL) - age / 1000;
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
		s->since = whatever_runs ? clock_wall_ms() : clock_wall_ms() - (int64_t)s->o.refresh * 1000;
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
	int64_t last = state_number(s->catalogue, "reconciled"), asked = state_number(s->catalogue, "asked");
	int64_t began = state_number(s->catalogue, "listing"), now = clock_wall_ms();

	return asked - last >= RECONCILE && (began < 0 || began > now || now - began >= RECONCILE_AGAIN);
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
		rc = refresh(s);
	} else if (s->o.changed) {
		catalogue_catch_up(s->catalogue, s->o.changed, s->o.ctx);
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

	pthread_mutex_lock(&s->lock);
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
	if (rc < 0 && rc != -EINTR && before == 0)
		log_warn("sync", "refresh failed (%s): what was known before is still served", strerror(-rc));
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
		log_warn("sync", "listing all documents failed (%s): what is out of reach shows until it works", strerror(-rc));
	wait_wake(&s->waiting, WAIT_ALL);
}

static void
run_reconcile(struct job *job)
{
	struct sync *s = (struct sync *)((char *)job - offsetof(struct sync, reconcile_job));

	end_reconcile(s, reconcile(s));
}

static void
drop_reconcile(struct job *job)
{
	end_reconcile((struct sync *)((char *)job - offsetof(struct sync, reconcile_job)), -EINTR);
}

int
sync_open(struct rest *rest, struct catalogue *catalogue, const struct sync_options *o, struct sync **out)
{
	struct sync *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->turn = open(o->turn, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = s->turn < 0 ? -errno : 0;
	if (rc < 0)
		log_error("sync", "%s: %s", o->turn, strerror(-rc));
	else
		rc = pool_open("sffs-sync", 2, &s->pool);	/* a refresh, and a reconcile beside it */
	if (rc < 0) {
		if (s->turn >= 0)
			close(s->turn);
		free(s);
		return rc;
	}
	s->rest = rest;
	s->catalogue = catalogue;
	s->o = *o;
	s->job = (struct job){ .run = run_refresh, .drop = drop_refresh };
	s->reconcile_job = (struct job){ .run = run_reconcile, .drop = drop_reconcile };
	s->retry = RETRY_FIRST;
	s->refreshed = -1;
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

/* Once, when the catalogue is new, and with each reconcile: what the user's permissions hide is worth a call a day. */
static int
find_reach(struct sync *s)
{
	char *reach = NULL;
	bool all, known = catalogue_state(s->catalogue, "reach", &reach) == 0;
	int rc;

	free(reach);
	if (known)
		return 0;
	rc = rest_sees_all_files(s->rest, &all);
	if (rc == 0 && (rc = catalogue_begin(s->catalogue)) == 0)
		rc = commit_page(s, catalogue_put_state(s->catalogue, "reach", all ? "all" : "own"), false);
	return rc;
}

int
sync_first(struct sync *s, sync_progress *progress, void *ctx)
{
	int rc = begin_turn(s);

	if (rc < 0)
		return rc;
	bool filled = is_filled(s);
	rc = filled ? refresh(s) : fill(s, progress, ctx);
	if (rc == 0)
		rc = find_reach(s);
	if (rc == 0 && s->o.versions)
		rc = versions_fill(s->rest, s->catalogue);
	end_turn(s);

	pthread_mutex_lock(&s->lock);
	note_result(s, rc, 0);
	pthread_mutex_unlock(&s->lock);
	if (!filled || (rc != -ETIMEDOUT && rc != -EDQUOT && rc != -EIO) || s->o.fail_offline)
		return rc;
	log_warn("sync", "no refresh (%s): serving what was known at the last one", strerror(-rc));
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
	} else if (s->result == -EACCES || (s->result < 0 && s->o.fail_offline)) {
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
	char *reach = NULL;
	out->sees_all_files = catalogue_state(s->catalogue, "reach", &reach) == 0 && strcmp(reach, "all") == 0;
	free(reach);
}

/*
 * What is asked for: everything whose SystemModstamp is not older than the
 * later of the newest stamp seen and the org's clock at the last question,
 * less OVERLAP for what was stamped but not yet committed. Both are the org's
 * own times; this machine's clock is never compared with them. Taking the
 * later one keeps a refresh small after a bulk load that nothing followed.
 *
 * State kept in the catalogue, each in the transaction that makes it true:
 *	filling	the last Id of the pages that have come, while the first fill is under way
 *	asked	the org's clock (ms) when the first page of the last complete question was answered
 *	newest	the largest SystemModstamp (ms) of what has come
 *	filled	"yes" once the first fill is complete
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/log.h"
#include "pool.h"
#include "rest.h"

#include "sync.h"

#define OVERLAP		(10 * 60 * 1000)	/* ms */
#define RETRY_FIRST	5			/* seconds after a refresh that failed; doubles up to RETRY_MOST */
#define RETRY_MOST	300
#define LOST_LOCATORS	3			/* in a row, without a page in between */

struct sync {
	struct rest	*rest;
	struct catalogue *catalogue;
	struct sync_options o;
	struct pool	*pool;
	struct job	 job;

	pthread_mutex_t	 lock;		/* guards: all below */
	bool		 closing;
	bool		 running, wanted;	/* a refresh is under way; another must follow it */
	uint64_t	 begun, done;	/* refreshes, numbered from 1 */
	double		 fresh_until;	/* monotonic seconds: before then nobody asks, be the last result good or bad */
	double		 retry;		/* seconds until the next try after a failure */
	int		 result;
	int64_t		 refreshed;
	struct waitq	 waiting;
};

static double
monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
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
 * One page into the catalogue: one transaction, begun when the answer is there, so that nobody waits for the org in it.
 */

struct page {
	struct sync	*sync;
	bool		 begun;
	char		 last[19];	/* the last Id of the page */
	int64_t		 newest;	/* the largest SystemModstamp so far (ms) */
};

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
	if (d->is_deleted || d->is_archived)
		return catalogue_remove(c, d->id);
	keyed.key = name_key(d->id);
	keyed.version_key = name_key(d->version_id);
	name_candidates(d->title, d->file_extension, d->id, p->sync->o.names, names);
	return catalogue_put(c, &keyed, (const char *const[]){ names[0].s, names[1].s, names[2].s });
}

/* Asks for one page; on success its transaction is open, on an error there is none. */
static int
fetch_page(struct sync *s, const struct rest_query *q, struct page *p, struct rest_page *answer)
{
	p->begun = false;
	int rc = rest_documents(s->rest, q, take_document, p, answer);
	if (rc == 0 && !p->begun)
		rc = catalogue_begin(s->catalogue);
	else if (rc < 0 && p->begun)
		catalogue_rollback(s->catalogue);
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

/* asked: the org's clock when the first page of this question was answered. */
static int
put_progress(struct sync *s, const struct page *p, int64_t asked)
{
	int rc = put_state_number(s->catalogue, "newest", p->newest);

	return rc < 0 ? rc : put_state_number(s->catalogue, "asked", asked);
}

/* After -ESTALE: whether to go on behind the last record with a new query. */
static bool
go_on_without_locator(int rc, char **next, unsigned *lost)
{
	free(*next);
	*next = NULL;
	return rc == -ESTALE && ++*lost <= LOST_LOCATORS;
}

static int
fill(struct sync *s, sync_progress *progress, void *ctx)
{
	struct page page = { .sync = s, .newest = state_number(s->catalogue, "newest") };
	int64_t asked = state_number(s->catalogue, "asked");
	struct catalogue_totals totals = { 0 };
	char *resume = NULL, *next = NULL;
	unsigned calls = 0, lost = 0;
	uint64_t total = 0;
	int rc;

	if (catalogue_state(s->catalogue, "filling", &resume) == 0)
		snprintf(page.last, sizeof(page.last), "%s", resume);
	free(resume);
	for (;;) {
		struct rest_query q = { .next = next, .after = *page.last ? page.last : NULL, .since = -1 };
		struct rest_page answer = { 0 };

		if (!next && (rc = catalogue_totals(s->catalogue, &totals)) < 0)
			break;
		rc = fetch_page(s, &q, &page, &answer);
		calls++;
		if (go_on_without_locator(rc, &next, &lost))
			continue;
		if (rc < 0)
			break;
		lost = 0;
		if (!q.next)
			total = totals.documents + (uint64_t)(answer.total > 0 ? answer.total : 0);
		if (asked < 0)
			asked = answer.date;
		next = answer.next;
		rc = catalogue_put_state(s->catalogue, "filling", page.last);
		if (rc == 0)
			rc = put_progress(s, &page, asked);
		if (rc == 0 && !next)
			rc = catalogue_put_state(s->catalogue, "filled", "yes");
		rc = commit_page(s, rc, false);
		if (rc == 0 && progress && (rc = catalogue_totals(s->catalogue, &totals)) == 0)
			progress(ctx, totals.documents, total, calls);
		if (rc < 0 || !next)
			break;
	}
	free(next);
	return rc;
}

/* What changed since the last complete question. Pages come in order of SystemModstamp. */
static int
refresh(struct sync *s)
{
	int64_t newest = state_number(s->catalogue, "newest"), asked = state_number(s->catalogue, "asked");
	int64_t since = (newest > asked ? newest : asked) - OVERLAP;
	struct page page = { .sync = s, .newest = newest };
	int64_t answered = -1;
	unsigned lost = 0;
	char *next = NULL;
	int rc;

	do {
		struct rest_query q = { .next = next, .since = since > 0 ? since : 0 };
		struct rest_page answer = { 0 };

		rc = fetch_page(s, &q, &page, &answer);
		if (go_on_without_locator(rc, &next, &lost)) {
			since = page.newest > since ? page.newest : since;
			rc = -EAGAIN;
			continue;
		}
		if (rc < 0)
			break;
		lost = 0;
		if (answered < 0)
			answered = answer.date;
		next = answer.next;
		if (!next)
			rc = put_progress(s, &page, answered > asked ? answered : asked);
		rc = commit_page(s, rc, true);
	} while (rc == -EAGAIN || (rc == 0 && next));
	free(next);
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

/* Caller locks. */
static void
note_result(struct sync *s, int rc)
{
	double now = monotonic();

	s->result = rc;
	if (rc == 0) {
		s->retry = RETRY_FIRST;
		s->fresh_until = now + (double)s->o.refresh;
		s->refreshed = time(NULL);
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
		pool_add(s->pool, &s->job);
		return s->begun;
	}
	if (whatever_runs) {
		s->wanted = true;
		return s->begun + 1;
	}
	return s->begun;
}

static void
run_refresh(struct job *job)
{
	struct sync *s = (struct sync *)((char *)job - offsetof(struct sync, job));
	int rc = refresh(s);

	pthread_mutex_lock(&s->lock);
	if (rc < 0 && rc != -EINTR && s->result == 0)
		log_warn("sync", "refresh failed (%s): what was known before is still served", strerror(-rc));
	if (rc == 0 && s->result < 0)
		log_info("sync", "refreshed: the org answers again");
	note_result(s, rc);
	s->done = s->begun;
	s->running = false;
	if (s->wanted && !s->closing)
		start_refresh(s, false);
	s->wanted = false;
	pthread_mutex_unlock(&s->lock);
	wait_wake(&s->waiting, WAIT_ALL);
}

static void
drop_refresh(struct job *job)
{
	struct sync *s = (struct sync *)((char *)job - offsetof(struct sync, job));

	pthread_mutex_lock(&s->lock);
	note_result(s, -EINTR);
	s->done = s->begun;
	s->running = false;
	pthread_mutex_unlock(&s->lock);
	wait_wake(&s->waiting, WAIT_ALL);
}

int
sync_open(struct rest *rest, struct catalogue *catalogue, const struct sync_options *o, struct sync **out)
{
	struct sync *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	int rc = pool_open("sffs-sync", 1, &s->pool);
	if (rc < 0) {
		free(s);
		return rc;
	}
	s->rest = rest;
	s->catalogue = catalogue;
	s->o = *o;
	s->job = (struct job){ .run = run_refresh, .drop = drop_refresh };
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
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int
sync_first(struct sync *s, sync_progress *progress, void *ctx)
{
	bool filled = is_filled(s);
	int rc = filled ? refresh(s) : fill(s, progress, ctx);

	pthread_mutex_lock(&s->lock);
	note_result(s, rc);
	pthread_mutex_unlock(&s->lock);
	if (!filled || rc != -ETIMEDOUT || s->o.fail_offline)
		return rc;
	log_warn("sync", "the org is out of reach: serving what was known at the last refresh");
	return 0;
}

int
sync_fresh(struct sync *s, struct wait *w)
{
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (s->closing) {
		rc = -EINTR;
	} else if (monotonic() >= s->fresh_until) {
		start_refresh(s, false);
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
sync_refresh(struct sync *s, struct sync_ticket *ticket, struct wait *w)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	if (ticket->number == 0 && !s->closing)
		ticket->number = start_refresh(s, true);
	if (s->closing)
		rc = -EINTR;
	else if (s->done >= ticket->number)
		rc = s->result;
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

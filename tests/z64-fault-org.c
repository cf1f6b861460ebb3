/*
 * Requests meet the faults that are meant for them, held ones go on after a release, and the
 * journal has all of them.
 */
#include <pthread.h>
#include <stdlib.h>

#include "tests/org/fault.h"
#include "tests/org/journal.h"
#include "tap.h"

static const struct {
	const char *glob, *method, *path, *query;
	bool match;
} globs[] = {
	{ "GET */VersionData", "GET",
	    "/services/data/v62.0/sobjects/ContentVersion/068/VersionData", "", true },
	{ "GET */VersionData", "POST", "/services/VersionData", "", false },
	{ "*", "GET", "/", "", true },
	{ "GET */query*", "GET", "/services/data/v62.0/query", "q=SELECT Id FROM X", true },
	{ "GET */query[?]q=*LIMIT*", "GET", "/services/data/v62.0/query",
	    "q=SELECT Id FROM X LIMIT 1", true },
	{ "GET */query[?]q=*LIMIT*", "GET", "/services/data/v62.0/query", "q=SELECT Id FROM X",
	    false },
	{ "*FROM ContentDocument *", "GET", "/q", "q=SELECT Id FROM ContentDocument WHERE", true },
	{ "", "GET", "/", "", false },
};

static void
check_globs(void)
{
	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
		ok(journal_match(globs[i].glob, globs[i].method, globs[i].path, globs[i].query) ==
			globs[i].match,
		    "'%s' and %s %s?%s", globs[i].glob, globs[i].method, globs[i].path,
		    globs[i].query);
	ok(journal_match(NULL, "GET", "/", ""), "an empty glob matches all");
}

static void
add(struct faults *faults, enum fault_kind kind, const char *match, int64_t times, int64_t skip)
{
	struct fault *f = calloc(1, sizeof(*f));

	f->kind = kind;
	f->match = strdup(match);
	f->times = times;
	f->skip = skip;
	faults_add(faults, f);
}

/* The faults of the next requests for a path, a letter each. */
static const char *
meet(struct faults *faults, const char *path, unsigned n, char out[16])
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t hold;
		struct fault *f = fault_take(faults, "GET", path, "", &hold);

		out[i] = f ? fault_kind_name(f->kind)[0] : '-';
		out[i + 1] = '\0';
		fault_put(faults, f);
	}
	return out;
}

static void
check_times(void)
{
	struct faults *faults = NULL;
	struct buf list = BUF_INIT;
	char out[16];

	if (!ok(faults_new(&faults) == 0, "a list of faults is made"))
		return;
	add(faults, FAULT_HTML, "GET /a", 2, 1);
	add(faults, FAULT_GARBAGE, "GET /*", -1, 0);
	is_str(meet(faults, "/a", 5, out), "ghhgg",
	    "a fault with skip and times happens, and then the next one");
	is_str(meet(faults, "/b", 3, out), "ggg", "a fault without an end happens each time");
	faults_list(faults, &list);
	is_str(buf_str(&list), "garbage\t-1\tGET /*\n", "a fault that is spent is not listed");
	faults_clear(faults);
	is_str(meet(faults, "/a", 2, out), "--", "cleared faults do not happen");
	buf_free(&list);
	faults_free(faults);
}

struct held {
	pthread_t	 thread;
	struct faults	*faults;
	uint64_t	 hold;
	bool		 leave, released;
};

static bool
has_left(void *ctx)
{
	return ((struct held *)ctx)->leave;
}

static void *
hold(void *ctx)
{
	struct held *h = ctx;

	h->released = fault_hold(h->faults, h->hold, has_left, h);
	return NULL;
}

static void
check_hold(void)
{
	struct faults *faults = NULL;
	struct held held[4] = { 0 };

	if (!ok(faults_new(&faults) == 0, "a list of faults for holds is made"))
		return;
	for (unsigned i = 0; i < 3; i++) {
		held[i].faults = faults;
		held[i].hold = fault_hold_now(faults);
		held[i].leave = i == 2;
		pthread_create(&held[i].thread, NULL, hold, &held[i]);
	}
	pthread_join(held[2].thread, NULL);
	ok(!held[2].released, "a request whose client has left does not wait for the release");
	ok(faults_wait_held(faults, 2, 30), "two requests are held");
	is_int((long long)faults_release(faults), 2, "a release counts the held requests");
	pthread_join(held[0].thread, NULL);
	pthread_join(held[1].thread, NULL);
	ok(held[0].released && held[1].released, "a release lets the held requests go on");

	held[3] = (struct held){ .faults = faults, .hold = fault_hold_now(faults) };
	faults_release(faults);
	hold(&held[3]);
	ok(held[3].released, "a release between arrival and hold is not missed");

	pthread_create(&held[3].thread, NULL, hold, &held[3]);
	held[3].hold = fault_hold_now(faults);
	faults_stop(faults);
	pthread_join(held[3].thread, NULL);
	ok(!faults_wait_held(faults, 9, 30), "nobody waits after a stop");
	faults_free(faults);
}

struct waiter {
	pthread_t	 thread;
	struct journal	*journal;
	const char	*glob;
	size_t		 count;
	bool		 ended, good;
};

static void *
wait_for(void *ctx)
{
	struct waiter *w = ctx;

	w->good = journal_wait(w->journal, w->glob, w->count, w->ended, 30);
	return NULL;
}

static void
check_journal(void)
{
	struct journal *j = NULL;
	struct buf lines = BUF_INIT;

	if (!ok(journal_new(&j) == 0, "a journal is made"))
		return;
	struct waiter arrived = { .journal = j, .glob = "GET /a*", .count = 2 },
		      ended = { .journal = j, .glob = "GET /a*", .count = 1, .ended = true };
	pthread_create(&arrived.thread, NULL, wait_for, &arrived);
	pthread_create(&ended.thread, NULL, wait_for, &ended);
	uint64_t first = journal_arrive(j, "GET", "/a", "q=tab\there");
	journal_arrive(j, "GET", "/b", "");
	journal_arrive(j, "GET", "/ab", "");
	pthread_join(arrived.thread, NULL);
	ok(arrived.good, "a wait for arrivals ends before the answers");
	journal_finish(j, first, 200, 17, true);
	pthread_join(ended.thread, NULL);
	ok(ended.good, "a wait for an end ends");
	is_int((long long)journal_count(j, "GET /a*"), 2, "two requests match a glob");
	journal_put(j, NULL, &lines);
	is_str(buf_str(&lines),
	    "1\tGET\t/a\t200\t17\twhole\tq=tab here\n2\tGET\t/b\t0\t0\t-\t\n"
	    "3\tGET\t/ab\t0\t0\t-\t\n",
	    "the journal has a line for each request");
	journal_clear(j);
	is_int((long long)journal_count(j, NULL), 0, "a cleared journal is empty");
	journal_finish(j, first, 500, 1, false);
	for (unsigned i = 0; i < JOURNAL_MAX + 10; i++)
		journal_arrive(j, "GET", "/many", "");
	is_int((long long)journal_count(j, NULL), JOURNAL_MAX,
	    "a full journal drops its oldest requests");
	journal_stop(j);
	ok(!journal_wait(j, "never", 1, false, 30), "nobody waits for the journal after a stop");
	buf_free(&lines);
	journal_free(j);
}

int
main(void)
{
	check_globs();
	check_times();
	check_hold();
	check_journal();
	return tap_done();
}

#include <errno.h>

#include "auth/clock.h"

#include "versions.h"

#define OVERLAP	(10 * 60 * 1000)	/* ms, at most, from a change's stamp to its commit */
#define STAMP_GRAIN	5000	/* ms: stamps are whole seconds, and are committed a little later */

struct refresh {
	struct page	 page;		/* first: pages_put takes one for the other */
	int64_t		 began;
	struct times	 times;
};

/* Pages come in order of SystemModstamp. */
static int
end_refresh_page(void *ctx, int rc, const struct rest_page *answer)
{
	struct refresh *r = ctx;
	struct updater *u = r->page.updater;

	rc = pages_raise(u, pages_note_times(&r->times, rc, answer));
	if (rc == 0 && answer->last)
		rc = pages_put_complete(u, r->times.newest, r->began);
	return pages_commit(u, rc);
}

static int
ask_changes(struct refresh *r)
{
	struct updater *u = r->page.updater;
	int rc = 0;

	if (r->times.since <= 0)
		r->times.since = 1;
	if (u->o->filter)
		rc = filter_run(u, &r->times);
	if (rc == 0)
		rc = rest_documents(u->rest,
		    &(struct rest_query){ .kind = u->kind, .since = r->times.since,
			.filter = u->o->filter },
		    pages_put, end_refresh_page, r);
	return rc;
}

/* For the first try. stood: as in the state; before: when the last refresh began. */
static void
begin_times(struct times *t, int64_t stood, int64_t before)
{
	const int64_t age = stood < 0 ? 0 : before - stood;

	t->since = t->newest - (age < OVERLAP ? OVERLAP : 0);
	t->again = age < STAMP_GRAIN ? t->newest - STAMP_GRAIN : INT64_MAX;
}

/* The org's clock is behind what was asked for. By any clock, a change since the last refresh is no
 * older than that refresh. times.asked stays, so that this happens only once. */
static void
go_back(struct times *t, int64_t age)
{
	t->newest = age < 0 ? 0 : t->asked - age;
	t->since = t->again = t->newest - OVERLAP;
}

int
refresh_run(struct updater *u)
{
	const int64_t before = pages_state(u, "began");
	struct refresh r = {
		.page = { .updater = u, .want_versions = true },
		.began = clock_wall_ms(),
		.times = { .asked = -1, .newest = pages_state(u, "newest") },
	};

	u->kind = REST_REFRESH;
	begin_times(&r.times, pages_state(u, "stood"), before);
	int rc = ask_changes(&r);
	if (rc == -ERANGE) {
		go_back(&r.times, r.began - before);
		rc = ask_changes(&r);
	}
	return versions_fetch_new(&r.page, rc);
}

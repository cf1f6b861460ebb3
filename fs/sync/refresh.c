#include "auth/clock.h"

#include "versions.h"

#define OVERLAP		(10 * 60 * 1000)	/* ms */

struct refresh {
	struct page	 page;		/* first: pages_put takes one for the other */
	int64_t		 began;
	int64_t		 newest, asked;	/* as in the state */
	int64_t		 answered;	/* the org's clock at the first page; -1: not told yet */
};

/* Pages come in order of SystemModstamp. */
static int
end_refresh_page(void *ctx, int rc, const struct rest_page *answer)
{
	struct refresh *r = ctx;
	struct updater *u = r->page.updater;

	rc = pages_raise(u, rc);
	if (r->answered < 0)
		r->answered = answer->date;
	if (rc == 0 && answer->last)
		rc = pages_put_complete(u, r->page.newest > r->newest ? r->page.newest : r->newest,
		    r->answered > r->asked ? r->answered : r->asked, r->began);
	return pages_commit(u, rc);
}

int
refresh_run(struct updater *u)
{
	struct refresh r = {
		.page = { .updater = u, .newest = -1, .want_versions = true },
		.began = clock_wall_ms(),
		.newest = pages_state(u, "newest"),
		.asked = pages_state(u, "asked"),
		.answered = -1,
	};
	int64_t since = (r.newest > r.asked ? r.newest : r.asked) - OVERLAP;
	int rc = 0;

	since = since > 0 ? since : 1;
	if (u->o->filter)
		rc = filter_run(u, since);
	if (rc == 0)
		rc = rest_documents(u->rest,
		    &(struct rest_query){ .since = since, .filter = u->o->filter },
		    pages_put, end_refresh_page, &r);
	return versions_fetch_new(&r.page, rc);
}

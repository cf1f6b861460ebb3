#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/clock.h"

#include "internal.h"

struct fill {
	struct page	 page;		/* first: pages_put takes one for the other */
	sync_progress	*progress;	/* may be NULL */
	void		*ctx;
	int64_t		 began, whole;	/* whole: as began; 0 if it goes on with an earlier one */
	struct times	 times;
	uint64_t	 total;		/* documents, as far as the org has told */
	unsigned	 calls;
};

static int
put_filled(const struct fill *f)
{
	const struct updater *u = f->page.updater;
	int rc = catalogue_put_filled(u->catalogue);

	if (rc == 0)
		rc = pages_put_state(u, "reconciled", f->whole);
	return rc < 0 ? rc : pages_put_complete(u, f->times.newest, f->began);
}

static int
end_fill_page(void *ctx, int rc, const struct rest_page *answer)
{
	struct fill *f = ctx;
	struct updater *u = f->page.updater;
	struct catalogue_totals totals;

	rc = pages_raise(u, pages_note_times(&f->times, rc, answer));
	if (rc == 0 && f->calls++ == 0) {
		if (answer->total > 0)
			f->total += (uint64_t)answer->total;
		rc = pages_put_state(u, "born", f->began);
	}
	if (rc == 0)
		rc = catalogue_put_state(u->catalogue, "filling", f->page.last);
	if (rc == 0)
		rc = pages_put_state(u, "asked", f->times.asked);
	if (rc == 0 && answer->last)
		rc = put_filled(f);
	rc = pages_commit(u, rc);
	if (answer->wrong && pages_begin(u) == 0)
		pages_commit(u, catalogue_put_state(u->catalogue, "filling", ""));
	if (rc == 0 && f->progress && (rc = catalogue_totals(u->catalogue, &totals)) == 0)
		f->progress(f->ctx, totals.documents, f->total, f->calls);
	return rc;
}

int
first_fill_run(struct updater *u, sync_progress *progress, void *ctx)
{
	struct fill f = { .page.updater = u, .progress = progress, .ctx = ctx,
		.began = clock_wall_ms(),
		.times = { .asked = pages_state(u, "asked"), .newest = -1 } };
	struct catalogue_totals totals = { 0 };
	char *resume = NULL;
	int rc = catalogue_totals(u->catalogue, &totals);

	if (rc < 0)
		return rc;
	f.total = totals.documents;
	if (catalogue_state(u->catalogue, "filling", &resume) == 0)
		snprintf(f.page.last, sizeof(f.page.last), "%s", resume);
	f.whole = *f.page.last ? 0 : f.began;
	rc = rest_documents(u->rest,
	    &(struct rest_query){ .after = f.whole ? NULL : resume,
		.filter = u->o->filter, .archived = u->o->archived },
	    pages_put, end_fill_page, &f);
	free(resume);
	return rc;
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/clock.h"
#include "fs/rest/rest.h"

#include "internal.h"

static int
put_filled(const struct ask *k, int64_t asked, int64_t began)
{
	int rc = catalogue_settle(k->catalogue);

	if (rc == 0)
		rc = catalogue_put_state(k->catalogue, "filled", "yes");
	if (rc == 0)
		rc = ask_put_state(k, "reconciled", asked);
	/* Pages come in order of Id: what changed on an early one meanwhile has a stamp that later
	 * ones may surpass. */
	return rc < 0 ? rc : ask_put_complete(k, asked, asked, began);
}

/* Names can wait until all documents are there. */
static int
begin_fill(const struct ask *k)
{
	int rc = catalogue_begin(k->catalogue);

	if (rc < 0)
		return rc;
	rc = catalogue_defer(k->catalogue);
	return ask_commit(k, rc < 0 ? rc : ask_put_state(k, "born", clock_wall_ms()), false);
}

int
ask_fill(const struct ask *k, sync_progress *progress, void *ctx)
{
	const int64_t began = clock_wall_ms();
	struct ask_page page = { .ask = k };
	int64_t asked = ask_state(k, "asked");
	struct catalogue_totals totals = { 0 };
	char *resume = NULL, *next = NULL;
	unsigned calls = 0, lost = 0;
	uint64_t total = 0;
	int rc = begin_fill(k);

	if (rc < 0)
		return rc;
	if (catalogue_state(k->catalogue, "filling", &resume) == 0)
		snprintf(page.last, sizeof(page.last), "%s", resume);
	free(resume);
	for (;;) {
		struct rest_query q = { .next = next,
			.after = *page.last ? page.last : NULL,
			.since = -1,
			.filter = k->o->filter,
			.archived = k->o->archived };
		struct rest_page answer = { 0 };

		const bool is_first = !next;
		const struct ask_page before = page;

		if (is_first && (rc = catalogue_totals(k->catalogue, &totals)) < 0)
			break;
		rc = ask_page(k, &q, &page, &answer);
		calls++;
		if (rest_drop_locator(&rc, &next, strcmp(page.last, before.last) != 0, &lost))
			continue;
		if (rc < 0)
			break;
		if (is_first)
			total = totals.documents + (uint64_t)(answer.total > 0 ? answer.total : 0);
		if (asked < 0)
			asked = answer.date;
		next = answer.next;
		rc = catalogue_put_state(k->catalogue, "filling", page.last);
		if (rc == 0)
			rc = ask_put_state(k, "asked", asked);
		if (rc == 0 && !next)
			rc = put_filled(k, asked, began);
		rc = ask_commit(k, rc, false);
		if (rc == 0 && progress && (rc = catalogue_totals(k->catalogue, &totals)) == 0)
			progress(ctx, totals.documents, total, calls);
		if (rc < 0 || !next)
			break;
	}
	free(next);
	return rc;
}

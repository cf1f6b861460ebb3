#include <stdlib.h>
#include <string.h>

#include "auth/clock.h"
#include "fs/rest/rest.h"

#include "internal.h"

struct reconcile {
	const struct ask *ask;
	char unknown[REST_IDS_MOST][19]; /* listed by the org, not in the catalogue */
	size_t		 unknown_count;
	char		 last[19];
	int		 rc;
};

/* Documents that have come into reach: their SystemModstamp may be old, so no refresh tells of
 * them. */
static int
fetch_unknown(struct reconcile *r)
{
	const struct ask *k = r->ask;
	struct ids unversioned = { 0 };
	struct ask_page page = { .ask = k, .unversioned = k->o->versions ? &unversioned : NULL };
	struct rest_page answer = { 0 };
	int rc;

	if (r->unknown_count == 0)
		return 0;
	rc = ask_page(k,
	    &(struct rest_query){ .since = -1,
		.ids = (const char(*)[19])r->unknown,
		.id_count = r->unknown_count,
		.filter = k->o->filter,
		.archived = k->o->archived },
	    &page, &answer);
	free(answer.next);	/* so few come on one page; what does not is found the next time */
	r->unknown_count = 0;
	if (rc == 0)
		rc = ask_commit(k, 0, true);
	return ask_versions(k, &unversioned, rc);
}

static int
take_id(void *ctx, const struct document *d)
{
	struct reconcile *r = ctx;
	int rc = catalogue_mark(r->ask->catalogue, d->id);

	memcpy(r->last, d->id, sizeof(r->last));
	if (rc > 0) {
		if (r->unknown_count == REST_IDS_MOST && (rc = fetch_unknown(r)) < 0)
			return rc;
		memcpy(r->unknown[r->unknown_count++], d->id, sizeof(d->id));
	}
	return rc < 0 ? rc : 0;
}

/* Removes what the list has not named. With a filter it may be that which has not named it. */
static int
sweep(const struct ask *k)
{
	int rc, more;

	do {
		if ((rc = catalogue_begin(k->catalogue)) < 0)
			return rc;
		more = catalogue_sweep(k->catalogue, !k->o->filter);
		rc = ask_commit(k, more < 0 ? more : 0, true);
	} while (rc == 0 && more > 0);
	return rc;
}

int
ask_reconcile(const struct ask *k)
{
	struct reconcile r = { .ask = k };
	char *next = NULL;
	unsigned lost = 0;
	int64_t asked = -1;
	int rc = catalogue_begin(k->catalogue);

	if (rc == 0)
		rc = ask_commit(k, ask_put_state(k, "listing", clock_wall_ms()), false);
	if (rc == 0)
		rc = catalogue_mark_begin(k->catalogue);
	while (rc == 0) {
		struct rest_query q = { .next = next,
			.after = *r.last ? r.last : NULL,
			.since = -1,
			.only_ids = true,
			.filter = k->o->filter,
			.archived = k->o->archived };
		struct rest_page answer = { 0 };
		char before[19];

		memcpy(before, r.last, sizeof(before));
		rc = rest_documents(k->rest, &q, take_id, &r, &answer);
		if (rest_drop_locator(&rc, &next, strcmp(r.last, before) != 0, &lost)) {
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
		rc = sweep(k);
	if (rc == 0 && (rc = catalogue_begin(k->catalogue)) == 0)
		rc = ask_commit(k, ask_put_state(k, "reconciled", asked), true);
	catalogue_mark_end(k->catalogue);
	return rc;
}

#include <stdlib.h>

#include "auth/clock.h"

#include "versions.h"

struct reconcile {
	struct updater	*updater;
	struct ids	 unknown;	/* listed by the org, not in the catalogue as they are */
};

/* Documents that have come into reach, or that changed by a wrong clock. No refresh shows them if
 * their SystemModstamp is old. */
static int
fetch_unknown(struct reconcile *r)
{
	struct updater *u = r->updater;
	struct page page = { .updater = u, .want_versions = true };
	int rc = r->unknown.count == 0 ? 0 :
	    rest_documents(u->rest,
		&(struct rest_query){ .kind = u->kind, .ids = r->unknown.list,
		    .id_count = r->unknown.count, .filter = u->o->filter,
		    .archived = u->o->archived },
		pages_put, pages_end, &page);

	r->unknown.count = 0;
	return versions_fetch_new(&page, rc);
}

static int
mark_id(void *ctx, const struct document *d)
{
	struct reconcile *r = ctx;
	int rc = catalogue_mark(r->updater->catalogue, d);

	if (rc > 0)
		rc = ids_add(&r->unknown, d->id);
	return rc == 0 && r->unknown.count == REST_IDS_MOST ? fetch_unknown(r) : rc;
}

/* Removes what the list of Ids does not name. With a filter, such a document may only not match it
 * any more. */
static int
sweep(struct updater *u)
{
	int rc, more;

	do {
		if ((rc = pages_begin(u)) < 0)
			return rc;
		more = catalogue_sweep(u->catalogue, !u->o->filter);
		rc = pages_commit(u, more < 0 ? more : 0);
	} while (rc == 0 && more > 0);
	return rc;
}

static int
commit_state(struct updater *u, const char *name, int64_t n)
{
	int rc = pages_begin(u);

	return rc < 0 ? rc : pages_commit(u, pages_put_state(u, name, n));
}

int
reconcile_run(struct updater *u)
{
	struct reconcile r = { .updater = u };
	const int64_t began = clock_wall_ms();
	int rc = catalogue_check(u->catalogue);

	u->kind = REST_LIST;
	if (rc == 0)
		rc = commit_state(u, "listing", began);
	if (rc == 0)
		rc = catalogue_mark_begin(u->catalogue);
	if (rc == 0)
		rc = rest_documents(u->rest,
		    &(struct rest_query){ .kind = u->kind, .only_ids = true, .filter = u->o->filter,
			.archived = u->o->archived },
		    mark_id, NULL, &r);
	if (rc == 0)
		rc = fetch_unknown(&r);
	if (rc == 0)
		rc = sweep(u);
	if (rc == 0)
		rc = commit_state(u, "reconciled", began);
	catalogue_mark_end(u->catalogue);
	free(r.unknown.list);
	return rc;
}

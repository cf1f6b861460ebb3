/*
 * With a filter, no refresh mentions a document that does not match any more. So a query without
 * the filter asks for the Ids of all that changed. A listed document among them is removed if the
 * query with the filter does not bring it.
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

struct changed {
	struct updater	*updater;
	struct times	*times;
	struct ids	 gone, ids;
};

static int
note_changed(void *ctx, const struct document *d)
{
	struct changed *c = ctx;
	struct document known = { 0 };
	int rc = catalogue_by_id(c->updater->catalogue, d->id, &known);

	if (rc == 0 && known.listed &&
	    (known.system_modstamp != d->system_modstamp || d->system_modstamp >= c->times->again))
		rc = ids_add(d->is_deleted ? &c->gone : &c->ids, d->id);
	document_free(&known);
	return rc == -ENOENT ? 0 : rc;
}

static int
end_changed_page(void *ctx, int rc, const struct rest_page *answer)
{
	struct changed *c = ctx;

	return pages_note_times(c->times, rc, answer);
}

/* Removes these documents but for those in `but`, which may be NULL. */
static int
remove_documents(
    struct updater *u, char (*ids)[19], size_t n, const struct ids *but, bool gone)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		if ((!but || !ids_has(but, ids[i])) && (rc = pages_begin(u)) == 0)
			rc = catalogue_remove(u->catalogue, ids[i], gone);
	return pages_commit(u, rc);
}

static int
remove_unmatched(struct updater *u, char (*ids)[19], size_t n)
{
	struct ids came = { 0 };
	struct page page = { .updater = u, .came = &came };
	int rc = rest_documents(u->rest,
	    &(struct rest_query){ .kind = u->kind, .ids = ids, .id_count = n,
		.filter = u->o->filter,
		.archived = u->o->archived },
	    pages_put, pages_end, &page);

	if (rc == 0)
		rc = remove_documents(u, ids, n, &came, false);
	free(came.list);
	return rc;
}

int
filter_run(struct updater *u, struct times *times)
{
	struct changed c = { .updater = u, .times = times };
	int rc = rest_documents(u->rest,
	    &(struct rest_query){ .kind = u->kind, .since = times->since, .only_ids = true },
	    note_changed, end_changed_page, &c);

	if (rc == 0)
		rc = remove_documents(u, c.gone.list, c.gone.count, NULL, true);
	for (size_t i = 0; i < c.ids.count && rc == 0; i += REST_IDS_MOST)
		rc = remove_unmatched(u, c.ids.list + i, ids_chunk(&c.ids, i));
	free(c.gone.list);
	free(c.ids.list);
	return rc;
}

/*
 * A filter hides from the refresh what it does not match any more. So the Ids of all that changed
 * are asked for; of those that are listed and have changed since, the ones that do not come with
 * the filter are not to be listed.
 */
#include <errno.h>
#include <stdlib.h>

#include "fs/rest/rest.h"

#include "internal.h"

#define STAMP_GRAIN	5000	/* ms: stamps are whole seconds, and are committed a little later */

struct changed {
	const struct ask *ask;
	int64_t asked; /* what has a later stamp may have changed once more within its second */
	struct ids	 gone, ids;
};

static int
take_stamp(void *ctx, const struct document *d)
{
	struct changed *c = ctx;
	struct document known = { 0 };
	int rc = catalogue_by_id(c->ask->catalogue, d->id, &known);

	if (rc == 0 && known.listed &&
	    (known.system_modstamp < d->system_modstamp || d->system_modstamp >= c->asked))
		rc = ids_add(d->is_deleted ? &c->gone : &c->ids, d->id);
	document_free(&known);
	return rc == -ENOENT ? 0 : rc;
}

/* Those that the org has not any more. */
static int
remove_gone(const struct ask *k, const struct ids *gone)
{
	int rc = gone->count > 0 ? catalogue_begin(k->catalogue) : 0;

	if (rc < 0 || gone->count == 0)
		return rc;
	for (size_t i = 0; i < gone->count && rc == 0; i++)
		rc = catalogue_remove(k->catalogue, gone->list[i], true);
	return ask_commit(k, rc, true);
}

static int
remove_unmatched(const struct ask *k, const char (*ids)[19], size_t n)
{
	struct ids came = { 0 };
	struct ask_page page = { .ask = k, .came = &came };
	struct rest_page answer = { 0 };
	int rc = ask_page(k,
	    &(struct rest_query){ .since = -1,
		.ids = ids,
		.id_count = n,
		.filter = k->o->filter,
		.archived = k->o->archived },
	    &page, &answer);

	if (rc == 0) {
		for (size_t i = 0; i < n && rc == 0 && !answer.next; i++)
			if (!ids_has(&came, ids[i]))
				rc = catalogue_remove(k->catalogue, ids[i], false);
		rc = ask_commit(k, rc, true);
	}
	free(answer.next);	/* so few come on one page */
	free(came.list);
	return rc;
}

int
ask_filter(const struct ask *k, int64_t since)
{
	struct changed c = { .ask = k, .asked = ask_state(k, "asked") - STAMP_GRAIN };
	unsigned lost = 0;
	char *next = NULL;
	int rc;

	do {
		struct rest_query q = { .next = next, .since = since, .only_ids = true };
		struct rest_page answer = { 0 };

		rc = rest_documents(k->rest, &q, take_stamp, &c, &answer);
		ask_went_on(k);
		if (rest_drop_locator(&rc, &next, false, &lost))
			rc = -EAGAIN;
		else
			next = answer.next;
	} while (rc == -EAGAIN || (rc == 0 && next));
	free(next);
	if (rc == 0)
		rc = remove_gone(k, &c.gone);
	for (size_t i = 0; i < c.ids.count && rc == 0; i += REST_IDS_MOST)
		rc = remove_unmatched(k, (const char (*)[19])c.ids.list + i, ids_chunk(&c.ids, i));
	free(c.gone.list);
	free(c.ids.list);
	return rc;
}

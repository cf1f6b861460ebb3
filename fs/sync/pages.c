#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "versions.h"

#include "internal.h"

int64_t
pages_state(const struct updater *u, const char *name)
{
	char *s = NULL;
	int64_t n = -1;

	if (catalogue_state(u->catalogue, name, &s) == 0)
		n = strtoll(s, NULL, 10);
	free(s);
	return n;
}

int64_t
pages_last(const struct updater *u)
{
	int64_t page = pages_state(u, "page");

	return page > 0 ? page : 0;
}

int
pages_put_state(const struct updater *u, const char *name, int64_t n)
{
	char s[24];

	snprintf(s, sizeof(s), "%lld", (long long)n);
	return catalogue_put_state(u->catalogue, name, s);
}

int
pages_put_complete(const struct updater *u, int64_t newest, int64_t asked, int64_t began)
{
	int rc = pages_put_state(u, "newest", newest);

	if (rc == 0)
		rc = pages_put_state(u, "asked", asked);
	return rc < 0 ? rc : pages_put_state(u, "began", began);
}

int
pages_begin(struct updater *u)
{
	int rc = catalogue_begin(u->catalogue);

	/* A file that was begun anew after damage has no pages. */
	if (rc == 0 && u->page >= 0 && pages_last(u) != u->page) {
		catalogue_rollback(u->catalogue);
		rc = -EAGAIN;
	}
	return rc;
}

static bool
has_version(struct catalogue *c, uint64_t version_key)
{
	struct document d = { 0 };
	bool has = catalogue_version(c, version_key, &d) == 0;

	document_free(&d);
	return has;
}

int
pages_put(void *ctx, const struct document *d)
{
	struct page *p = ctx;
	struct updater *u = p->updater;
	struct name names[NAME_CANDIDATES];
	struct document keyed = *d;
	int rc = p->begun ? 0 : pages_begin(u);

	if (rc < 0)
		return rc;
	p->begun = true;
	memcpy(p->last, d->id, sizeof(p->last));
	if (d->system_modstamp > p->newest)
		p->newest = d->system_modstamp;
	if (d->is_deleted || (d->is_archived && !u->o->archived))
		return catalogue_remove(u->catalogue, d->id, d->is_deleted);
	keyed.key = name_key(d->id);
	keyed.version_key = name_key(d->version_id);
	if (p->came && (rc = ids_add(p->came, d->id)) < 0)
		return rc;
	if (p->unversioned && !has_version(u->catalogue, keyed.version_key) &&
	    (rc = ids_add(p->unversioned, d->id)) < 0)
		return rc;
	name_candidates(d->title, d->file_extension, d->id, u->o->names, names);
	return catalogue_put(u->catalogue, &keyed,
	    (const char *const[]){ names[0].s, names[1].s, names[2].s });
}

int
pages_end(struct page *p, int rc)
{
	struct updater *u = p->updater;

	if (rc == 0 && !p->begun) {
		rc = pages_begin(u);
		p->begun = rc == 0;
	}
	if (rc == 0 && u->page >= 0)
		rc = pages_put_state(u, "page", ++u->page);
	if (rc < 0 && p->begun)
		catalogue_rollback(u->catalogue);
	p->begun = false;
	return rc;
}

int
pages_commit(struct updater *u, int rc)
{
	if (rc < 0) {
		catalogue_rollback(u->catalogue);
		return rc;
	}
	rc = catalogue_commit(u->catalogue);
	if (rc == 0)
		catalogue_changes(u->catalogue, u->changed, u->ctx);
	return rc;
}

int
pages_end_and_commit(void *ctx, int rc, const struct rest_page *answer)
{
	struct page *p = ctx;

	(void)answer;
	rc = pages_end(p, rc);
	return rc < 0 ? rc : pages_commit(p->updater, 0);
}

int
pages_fetch_versions(struct updater *u, const struct ids *ids)
{
	int rc = 0;

	for (size_t i = 0; i < ids->count && rc == 0; i += REST_IDS_MOST)
		rc = versions_fetch(u->rest, u->catalogue, (const char(*)[19])ids->list + i,
		    ids_chunk(ids, i));
	return rc;
}

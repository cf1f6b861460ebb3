#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "versions.h"

static int
keep_version(struct updater *u, const struct document *version, const char *id)
{
	struct document d = *version, known;
	int rc = pages_begin(u);

	if (rc == 0)
		rc = catalogue_by_id(u->catalogue, id, &known);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;		/* left out, or not there yet */
	d.key = known.key;
	d.version_key = name_text_key(document_content(&d).s);
	document_free(&known);
	return catalogue_put_version(u->catalogue, &d);
}

static int
note_version(void *ctx, const struct document *d)
{
	struct page *p = ctx;

	memcpy(p->last, d->version_id, sizeof(p->last));
	return keep_version(p->updater, d, d->id);
}

static int
put_latest(struct updater *u, const char *id)
{
	struct document d = { 0 }, version = { 0 };
	int rc = catalogue_by_id(u->catalogue, id, &d);

	if (rc == 0 && catalogue_version(u->catalogue, d.version_key, &version) == -ENOENT)
		rc = keep_version(u, &d, id);
	document_free(&version);
	document_free(&d);
	return rc == -ENOENT ? 0 : rc;
}

/* Other mounts' pages do not matter. */
static struct updater
updater_of(const struct updater *u)
{
	struct updater own = *u;

	own.page = -1;
	return own;
}

int
versions_fetch(const struct updater *updater, const struct ids *ids)
{
	struct updater u = updater_of(updater);
	struct page page = { .updater = &u };
	int rc = 0;

	for (size_t i = 0; i < ids->count && rc == 0; i += REST_IDS_MOST)
		rc = rest_documents(u.rest,
		    &(struct rest_query){ .kind = u.kind, .source = REST_VERSIONS,
			.ids = ids->list + i,
			.id_count = ids_chunk(ids, i) },
		    note_version, pages_end, &page);
	for (size_t i = 0; i < ids->count && rc == 0; i++)
		rc = put_latest(&u, ids->list[i]);
	return pages_commit(&u, rc);
}

int
versions_fetch_new(struct page *p, int rc)
{
	if (rc == 0)
		rc = versions_fetch(p->updater, &p->unversioned);
	free(p->unversioned.list);
	p->unversioned = (struct ids){ 0 };
	return rc;
}

static int
end_version_page(void *ctx, int rc, const struct rest_page *answer)
{
	struct page *p = ctx;
	struct updater *u = p->updater;

	if (rc == 0 && (rc = pages_begin(u)) == 0)
		rc = catalogue_put_state(u->catalogue, "versions", answer->last ? "all" : p->last);
	return pages_commit(u, rc);
}

int
versions_fill(const struct updater *updater)
{
	struct updater u = updater_of(updater);
	struct page page = { .updater = &u };
	char *done = NULL;
	int rc = catalogue_state(u.catalogue, "versions", &done);

	if (rc == -ENOENT || (rc == 0 && strcmp(done, "all") != 0))
		rc = rest_documents(u.rest,
		    &(struct rest_query){ .source = REST_VERSIONS,
			.after = done && *done ? done : NULL },
		    note_version, end_version_page, &page);
	free(done);
	return rc;
}

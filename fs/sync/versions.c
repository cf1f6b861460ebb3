#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/catalogue/catalogue.h"
#include "fs/name.h"
#include "fs/rest/rest.h"

#include "versions.h"

/* A page into the catalogue: one transaction, begun when the answer is there. */
struct page {
	struct catalogue *catalogue;
	bool		 begun;
	char		 last[19];
	versions_page	*paged;		/* may be NULL */
	void		*ctx;
};

static int
put(struct page *p, const struct document *version, const char *id)
{
	struct document d = *version, known;
	int rc = p->begun ? 0 : catalogue_begin(p->catalogue);

	if (rc < 0)
		return rc;
	p->begun = true;
	rc = catalogue_by_id(p->catalogue, id, &known);
	if (rc == -ENOENT)
		return 0;		/* left out, or not there yet */
	if (rc == 0) {
		d.key = known.key;
		d.version_key = name_key(d.version_id);
		document_free(&known);
		rc = catalogue_put_version(p->catalogue, &d);
	}
	return rc;
}

static int
take_version(void *ctx, const struct document *d)
{
	struct page *p = ctx;

	memcpy(p->last, d->version_id, sizeof(p->last));
	return put(p, d, d->id);
}

static int
end_page(struct page *p, int rc)
{
	if (p->begun && rc == 0)
		rc = catalogue_commit(p->catalogue, NULL, NULL);
	else if (p->begun)
		catalogue_rollback(p->catalogue);
	p->begun = false;
	if (p->paged)
		p->paged(p->ctx);
	return rc;
}

static int
put_latest(struct page *p, const char *id)
{
	struct document d = { 0 }, version = { 0 };
	int rc = catalogue_by_id(p->catalogue, id, &d);

	if (rc == 0 && catalogue_version(p->catalogue, d.version_key, &version) == -ENOENT)
		rc = put(p, &d, id);
	document_free(&version);
	document_free(&d);
	return rc == -ENOENT ? 0 : rc;
}

int
versions_fetch(struct rest *r, struct catalogue *c, const char (*ids)[19], size_t n,
    versions_page *paged, void *ctx)
{
	struct rest_query q = { .source = REST_VERSIONS, .since = -1, .ids = ids, .id_count = n };
	struct page p = { .catalogue = c, .paged = paged, .ctx = ctx };
	unsigned lost = 0;
	char *next = NULL;
	bool again;
	int rc;

	do {
		struct rest_page answer = { 0 };

		q.next = next;
		rc = end_page(&p, rest_documents(r, &q, take_version, &p, &answer));
		again = rest_drop_locator(
		    &rc, &next, false, &lost); /* of few documents, from the first on */
		if (!again)
			next = answer.next;
	} while (again || (rc == 0 && next));
	free(next);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_latest(&p, ids[i]);
	p.paged = NULL;
	return end_page(&p, rc);
}

/* next: there are more pages. */
static int
end_fill_page(struct page *p, int rc, bool more)
{
	if (rc == 0 && !p->begun) {
		rc = catalogue_begin(p->catalogue);
		p->begun = rc == 0;
	}
	if (rc == 0)
		rc = catalogue_put_state(p->catalogue, "versions", more ? p->last : "all");
	return end_page(p, rc);
}

int
versions_fill(struct rest *r, struct catalogue *c, versions_page *paged, void *ctx)
{
	struct page p = { .catalogue = c, .paged = paged, .ctx = ctx };
	unsigned lost = 0;
	bool again;
	char *done = NULL, *next = NULL;
	int rc = catalogue_state(c, "versions", &done);

	if (rc == 0)
		snprintf(p.last, sizeof(p.last), "%s", done);
	free(done);
	if ((rc < 0 && rc != -ENOENT) || strcmp(p.last, "all") == 0)
		return rc;
	do {
		struct rest_query q = { .source = REST_VERSIONS,
			.since = -1,
			.next = next,
			.after = *p.last ? p.last : NULL };
		struct rest_page answer = { 0 };
		char before[19];

		memcpy(before, p.last, sizeof(before));
		rc = rest_documents(r, &q, take_version, &p, &answer);
		again = rest_drop_locator(&rc, &next, strcmp(p.last, before) != 0, &lost);
		if (!again) {
			next = answer.next;
			rc = end_fill_page(&p, rc, next != NULL);
		}
	} while (again || (rc == 0 && next));
	free(next);
	return rc;
}

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/catalogue/catalogue.h"
#include "fs/name.h"
#include "fs/rest/rest.h"

#include "versions.h"

/* A page of versions on its way into the catalogue; its transaction begins with the first one. */
struct version_page {
	struct catalogue *catalogue;
	bool		 begun;
	char		 last[19];
};

static int
keep_version(struct version_page *p, const struct document *version, const char *id)
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
note_version(void *ctx, const struct document *d)
{
	struct version_page *p = ctx;

	memcpy(p->last, d->version_id, sizeof(p->last));
	return keep_version(p, d, d->id);
}

static int
end_version_page(void *ctx, int rc, const struct rest_page *answer)
{
	struct version_page *p = ctx;

	(void)answer;
	if (p->begun && rc == 0)
		rc = catalogue_commit(p->catalogue);
	else if (p->begun)
		catalogue_rollback(p->catalogue);
	p->begun = false;
	return rc;
}

static int
put_latest(struct version_page *p, const char *id)
{
	struct document d = { 0 }, version = { 0 };
	int rc = catalogue_by_id(p->catalogue, id, &d);

	if (rc == 0 && catalogue_version(p->catalogue, d.version_key, &version) == -ENOENT)
		rc = keep_version(p, &d, id);
	document_free(&version);
	document_free(&d);
	return rc == -ENOENT ? 0 : rc;
}

int
versions_fetch(struct rest *r, struct catalogue *c, const char (*ids)[19], size_t n)
{
	struct version_page p = { .catalogue = c };
	int rc = rest_documents(r,
	    &(struct rest_query){ .source = REST_VERSIONS, .since = -1, .ids = ids, .id_count = n },
	    note_version, end_version_page, &p);

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_latest(&p, ids[i]);
	return end_version_page(&p, rc, NULL);
}

static int
end_version_fill_page(void *ctx, int rc, const struct rest_page *answer)
{
	struct version_page *p = ctx;

	if (rc == 0 && !p->begun) {
		rc = catalogue_begin(p->catalogue);
		p->begun = rc == 0;
	}
	if (rc == 0)
		rc = catalogue_put_state(
		    p->catalogue, "versions", answer->last ? "all" : p->last);
	return end_version_page(p, rc, answer);
}

int
versions_fill(struct rest *r, struct catalogue *c)
{
	struct version_page p = { .catalogue = c };
	char *done = NULL;
	int rc = catalogue_state(c, "versions", &done);

	if (rc == -ENOENT || (rc == 0 && strcmp(done, "all") != 0))
		rc = rest_documents(r,
		    &(struct rest_query){ .source = REST_VERSIONS, .since = -1,
			.after = done && *done ? done : NULL },
		    note_version, end_version_fill_page, &p);
	free(done);
	return rc;
}

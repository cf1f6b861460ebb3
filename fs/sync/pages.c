#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/log.h"
#include "fs/rest/rest.h"
#include "versions.h"

#include "internal.h"

int64_t
ask_state(const struct ask *k, const char *name)
{
	char *s = NULL;
	int64_t n = -1;

	if (catalogue_state(k->catalogue, name, &s) == 0)
		n = strtoll(s, NULL, 10);
	free(s);
	return n;
}

int
ask_put_state(const struct ask *k, const char *name, int64_t n)
{
	char s[24];

	snprintf(s, sizeof(s), "%lld", (long long)n);
	return catalogue_put_state(k->catalogue, name, s);
}

int
ask_put_complete(const struct ask *k, int64_t newest, int64_t asked, int64_t began)
{
	int rc = ask_put_state(k, "newest", newest);

	if (rc == 0)
		rc = ask_put_state(k, "asked", asked);
	return rc < 0 ? rc : ask_put_state(k, "began", began);
}

static bool
has_version(struct catalogue *c, uint64_t version_key)
{
	struct document d = { 0 };
	bool has = catalogue_version(c, version_key, &d) == 0;

	document_free(&d);
	return has;
}

static int
take_document(void *ctx, const struct document *d)
{
	struct ask_page *p = ctx;
	struct catalogue *c = p->ask->catalogue;
	struct name names[NAME_CANDIDATES];
	struct document keyed = *d;
	int rc = p->begun ? 0 : catalogue_begin(c);

	if (rc < 0)
		return rc;
	p->begun = true;
	memcpy(p->last, d->id, sizeof(p->last));
	if (d->system_modstamp > p->newest)
		p->newest = d->system_modstamp;
	if (d->is_deleted || (d->is_archived && !p->ask->o->archived))
		return catalogue_remove(c, d->id, d->is_deleted);
	keyed.key = name_key(d->id);
	keyed.version_key = name_key(d->version_id);
	if (p->came && (rc = ids_add(p->came, d->id)) < 0)
		return rc;
	if (p->unversioned && !has_version(c, keyed.version_key) &&
	    (rc = ids_add(p->unversioned, d->id)) < 0)
		return rc;
	name_candidates(d->title, d->file_extension, d->id, p->ask->o->names, names);
	return catalogue_put(
	    c, &keyed, (const char *const[]){ names[0].s, names[1].s, names[2].s });
}

int
ask_page(
    const struct ask *k, const struct rest_query *q, struct ask_page *p, struct rest_page *answer)
{
	p->begun = false;
	int rc = rest_documents(k->rest, q, take_document, p, answer);
	ask_went_on(k);
	if (rc == 0 && !p->begun && (rc = catalogue_begin(k->catalogue)) < 0) {
		free(answer->next);
		answer->next = NULL;
	} else if (rc < 0 && p->begun) {
		catalogue_rollback(k->catalogue);
	}
	return rc;
}

int
ask_commit(const struct ask *k, int rc, bool tell)
{
	if (rc == 0)
		return catalogue_commit(k->catalogue, tell ? k->changed : NULL, k->ctx);
	catalogue_rollback(k->catalogue);
	return rc;
}

void
ask_went_on(const struct ask *k)
{
	if (k->turn >= 0)
		futimens(k->turn, NULL);
}

static void
version_page(void *ctx)
{
	ask_went_on(ctx);
}

int
ask_versions(const struct ask *k, struct ids *ids /* takes */, int rc)
{
	for (size_t i = 0; i < ids->count && rc == 0; i += REST_IDS_MOST)
		rc = versions_fetch(k->rest, k->catalogue, (const char(*)[19])ids->list + i,
		    ids_chunk(ids, i), version_page, (void *)(uintptr_t)k);
	free(ids->list);
	return rc;
}

int
ask_all_versions(const struct ask *k)
{
	return versions_fill(k->rest, k->catalogue, version_page, (void *)(uintptr_t)k);
}

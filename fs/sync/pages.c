#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/clock.h"

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
pages_note_times(struct times *t, int rc, const struct rest_page *answer)
{
	if (rc < 0)
		return rc;
	if (t->asked < 0)
		t->asked = answer->date;
	const int64_t newest = answer->newest < t->asked ? answer->newest : t->asked;
	if (newest > t->newest)
		t->newest = newest;
	return t->asked < t->since ? -ERANGE : 0;
}

int
pages_put_complete(const struct updater *u, int64_t newest, int64_t began)
{
	int rc = 0;

	if (newest != pages_state(u, "newest")) {
		rc = pages_put_state(u, "newest", newest);
		if (rc == 0)
			rc = pages_put_state(u, "stood", clock_wall_ms());
	}
	return rc < 0 ? rc : pages_put_state(u, "began", began);
}

int
pages_begin(struct updater *u)
{
	if (u->begun)
		return 0;
	int rc = catalogue_begin(u->catalogue);
	u->begun = rc == 0;
	/* A file that was begun anew after damage has no pages. */
	return rc == 0 && u->page >= 0 && pages_last(u) != u->page ? pages_commit(u, -EAGAIN) : rc;
}

int
pages_commit(struct updater *u, int rc)
{
	if (!u->begun)
		return rc;
	u->begun = false;
	rc = catalogue_end(u->catalogue, rc);
	if (rc == 0)
		catalogue_changes(u->catalogue, u->o->changed, u->o->ctx);
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

void
pages_identify(const struct updater *u, struct document *d, struct name names[NAME_CANDIDATES])
{
	d->key = name_key(d->id);
	d->version_key = name_text_key(document_content(d).s);
	name_candidates(d->title, d->file_extension, d->id, u->o->names, names);
}

int
pages_put(void *ctx, const struct document *d)
{
	struct page *p = ctx;
	struct updater *u = p->updater;
	struct name names[NAME_CANDIDATES];
	struct document keyed = *d;
	int rc = pages_begin(u);

	if (rc < 0)
		return rc;
	memcpy(p->last, d->id, sizeof(p->last));
	if (d->is_deleted || (d->is_archived && !u->o->archived))
		return catalogue_remove(u->catalogue, d->id, d->is_deleted);
	pages_identify(u, &keyed, names);
	if (p->came && (rc = ids_add(p->came, d->id)) < 0)
		return rc;
	if (p->want_versions && u->o->versions && !has_version(u->catalogue, keyed.version_key) &&
	    (rc = ids_add(&p->unversioned, d->id)) < 0)
		return rc;
	return catalogue_put(u->catalogue, &keyed,
	    (const char *const[]){ names[0].s, names[1].s, names[2].s });
}

int
pages_raise(struct updater *u, int rc)
{
	if (rc == 0 && u->page >= 0 && (rc = pages_begin(u)) == 0)
		rc = pages_put_state(u, "page", ++u->page);
	return rc;
}

int
pages_end(void *ctx, int rc, const struct rest_page *answer)
{
	struct updater *u = ((struct page *)ctx)->updater;

	(void)answer;
	return pages_commit(u, pages_raise(u, rc));
}

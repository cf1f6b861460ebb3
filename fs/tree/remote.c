/*
 * Offsets of entries: the key of their Id; directories have DIRECTORIES more. So a listing goes on
 * in the right place although the answer changes meanwhile.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/id.h"
#include "fs/catalogue/catalogue.h"
#include "fs/sync/on_demand.h"

#include "remote.h"

#define DIRECTORIES	(UINT64_C(1) << NAME_KEY_BITS)

/* Waits for the answer; or, if patience is NULL, takes what is known. */
static int
get_answer(struct tree *t, enum on_demand_kind kind, const char *subject,
    const struct patience *p, const struct answer **out)
{
	if (!p)
		return on_demand_known(t->o.on_demand, kind, subject, out);
	return on_demand_get(t->o.on_demand, kind, subject, p->since, p->w, out);
}

/* A name that is no safe name cannot be one of the org's. */
static bool
is_safe(const struct tree *t, const char *name)
{
	struct name safe;

	name_safe(name, t->o.names, 0, &safe);
	return strcmp(safe.s, name) == 0;
}

static bool
is_object_name(const char *s)
{
	if (!isalpha((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return *s == '\0';
}

/*
 * Names of directories. If several would have the same name, each is called `Name (Id)`. This name
 * works for all others, too.
 */

static void
put_long_name(const struct tree *t, const struct rest_row *row, struct name *out)
{
	name_safe(row->name, t->o.names, NAME_ID_SUFFIX, out);
	size_t len = strlen(out->s);
	snprintf(out->s + len, sizeof(out->s) - len, " (%s)", row->id);
}

/* The directory in the answer that has this name; NULL: none, or several. */
static const struct rest_row *
directory_called(const struct tree *t, const struct answer *a, const char *name)
{
	name_hash *hash_of = name_hash_of(t->o.names);
	const struct rest_row *found = NULL;
	const uint64_t hash = hash_of(name);
	const bool long_name = strchr(name, '(');
	unsigned count = 0;
	struct name own;

	for (const struct rest_row *row = a->rows; row < a->rows + a->count; row++) {
		if (!row->folder)
			continue;
		if (long_name) {
			put_long_name(t, row, &own);
			if (strcmp(own.s, name) == 0)
				return row;
		}
		name_safe(row->name, t->o.names, 0, &own);
		if (hash_of(own.s) == hash) {
			found = row;
			count++;
		}
	}
	return count == 1 ? found : NULL;
}

/*
 * From a path to Ids.
 */

struct remote_ids {
	char		 id[19];	/* of a record, a library or a folder */
	char		 contents[19];	/* by which a library or a folder is asked what is in it */
};

static const char *
below_root(const char *path)
{
	return strchr(path, '/') + 1;
}

static int
ids_of_record(
    struct tree *t, const char *name, const struct patience *p, struct remote_ids *ids)
{
	const struct answer *a = NULL;
	int rc = 0;

	if (!strchr(name, '/')) {
		id_read(name, ids->id);
		return 0;
	}
	rc = get_answer(t, ON_DEMAND_RECORD, name, p, &a);
	if (rc == 0)
		rc = a->count == 0 ? -ENOENT : a->count > 1 ? -ENOTUNIQ : 0;
	if (rc == 0)
		memcpy(ids->id, a->rows->id, sizeof(ids->id));
	answers_put(a);
	return rc;
}

static int
renew_libraries(struct tree *t, const struct patience *p, const struct answer **a)
{
	answers_put(*a);
	*a = NULL;
	return on_demand_get_missing(t->o.on_demand, ON_DEMAND_LIBRARIES, "", p->since, p->w, a);
}

/* Goes on to the directory of that name: from nowhere to a library, else to a folder. */
static int
enter_directory(
    struct tree *t, const char *name, const struct patience *p, struct remote_ids *ids)
{
	const bool top = !*ids->id;
	const enum on_demand_kind kind = top ? ON_DEMAND_LIBRARIES : ON_DEMAND_FOLDER;
	const struct answer *a = NULL;
	const struct rest_row *row = NULL;
	/* A library may have no root folder. */
	int rc = top || *ids->contents ? get_answer(t, kind, ids->contents, p, &a) : -ENOENT;

	if (rc == 0)
		row = directory_called(t, a, name);
	/* The list of libraries is kept for long, so that a walk costs nothing. A name that is not
	 * in it may be a new library's. */
	if (rc == 0 && !row && top && p && (rc = renew_libraries(t, p, &a)) == 0)
		row = directory_called(t, a, name);
	if (row) {
		memcpy(ids->id, row->id, sizeof(ids->id));
		snprintf(
		    ids->contents, sizeof(ids->contents), "%.18s", top ? row->more : row->id);
	}
	answers_put(a);
	return rc == 0 && !row ? -ENOENT : rc;
}

static int
ids_of_path(struct tree *t, const struct node *n, const struct patience *p,
    struct remote_ids *ids)
{
	const char *path = below_root(n->path);

	*ids = (struct remote_ids){ 0 };
	if (n->kind == RECORD)
		return ids_of_record(t, path, p, ids);
	char *copy = strdup(path), *rest = copy;
	int rc = copy ? 0 : -ENOMEM;
	for (const char *name; rc == 0 && (name = strsep(&rest, "/"));)
		rc = enter_directory(t, name, p, ids);
	free(copy);
	return rc;
}

/* Gets the contents of a record or a folder, or the list of libraries. */
static int
get_contents(struct tree *t, const struct node *n, const struct patience *p,
    const struct answer **out)
{
	struct remote_ids ids;

	if (n->kind == LIBRARIES)
		return get_answer(t, ON_DEMAND_LIBRARIES, "", p, out);
	int rc = ids_of_path(t, n, p, &ids);
	if (rc < 0)
		return rc;
	return n->kind == RECORD ? get_answer(t, ON_DEMAND_LINKS, ids.id, p, out) :
				   get_answer(t, ON_DEMAND_FOLDER, ids.contents, p, out);
}

/*
 * Waiting.
 */

int
remote_wait_object(struct tree *t, const struct node *n, const struct patience *p)
{
	const struct answer *a = NULL;
	int rc = get_answer(t, ON_DEMAND_OBJECT, below_root(n->path), p, &a);

	if (rc == 0 && a->count == 0)
		rc = -ENOENT;
	answers_put(a);
	return rc;
}

int
remote_wait_contents(struct tree *t, const struct node *n, const struct patience *p)
{
	const struct answer *a = NULL;
	int rc = get_contents(t, n, p, &a);

	/* For an Id that does not exist the org answers the same as for a record without files. */
	if (rc == 0 && a->count == 0 && n->kind == RECORD && !strchr(below_root(n->path), '/'))
		rc = -ENOENT;
	answers_put(a);
	return rc;
}

int
remote_wait_library(struct tree *t, const struct node *n, const struct patience *p)
{
	const struct answer *a = NULL;
	struct remote_ids ids;
	int rc = ids_of_path(t, n, p, &ids);

	if (rc == 0 && t->o.browse && *ids.contents)
		rc = get_answer(t, ON_DEMAND_FOLDER, ids.contents, p, &a);
	answers_put(a);
	return rc;
}

/* Whether some document is in a library that is not in the answer. */
static bool
misses_library(struct tree *t, const struct answer *a)
{
	char id[19] = "";

	while (catalogue_next_parent(t->o.catalogue, id, id) == 0)
		if (!answers_find(a, id))
			return true;
	return false;
}

int
remote_wait_libraries(struct tree *t, const struct node *n, const struct patience *p)
{
	const struct answer *a = NULL;
	int rc = get_contents(t, n, p, &a);

	if (rc == 0 && misses_library(t, a))
		rc = renew_libraries(t, p, &a);
	answers_put(a);
	return rc;
}

/*
 * Finding.
 */

/* An Id begins with a digit or a small letter, an object's name with a capital. */
int
remote_find_object(struct tree *t, struct node *dir, const char *name, struct node *n)
{
	char id[19];

	if (!isupper((unsigned char)*name) && id_read(name, id))
		return node_set_path(t, n, RECORD, dir, id);
	return is_object_name(name) ? node_set_path(t, n, OBJECT, dir, name) : -ENOENT;
}

/* Finds any record of an object, and any library: nobody knows yet whether it exists. */
int
remote_find_any(struct tree *t, struct node *dir, const char *name, struct node *n)
{
	const enum kind kind = dir->kind == OBJECT ? RECORD : LIBRARY;

	return is_safe(t, name) ? node_set_path(t, n, kind, dir, name) : -ENOENT;
}

static unsigned
depth_of(const char *path)
{
	unsigned n = 1;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* A document of that name, if it is in the directory, as far as is known. */
static int
find_link(struct tree *t, const struct node *dir, const char *name, struct node *n)
{
	const struct document *d = &n->doc;
	const unsigned depth = depth_of(dir->path);
	const struct answer *a = NULL;
	struct remote_ids ids;
	bool is = false;
	int rc;

	if (depth > LINK_DEPTHS)
		return -ENOENT;
	n->kind = LINK;
	n->variant = depth - 1;
	if ((rc = catalogue_by_name(t->o.catalogue, name, &n->doc)) < 0)
		return rc;
	if (dir->kind == LIBRARY) {
		rc = ids_of_path(t, dir, NULL, &ids);
		is = rc == 0 && d->listed && strcmp(d->parent_id, ids.id) == 0;
	} else {
		rc = get_contents(t, dir, NULL, &a);
		is = rc == 0 && answers_find(a, d->id);
	}
	answers_put(a);
	return rc == 0 && !is ? -ENOENT : rc;
}

int
remote_find_contents(struct tree *t, struct node *dir, const char *name, struct node *n)
{
	const struct answer *a = NULL;
	int rc = find_link(t, dir, name, n);

	if (rc != -ENOENT || dir->kind == RECORD)
		return rc;
	node_free(n);
	*n = (struct node){ 0 };
	bool is = is_safe(t, name) && depth_of(dir->path) < LINK_DEPTHS;
	/* Only a folder's attributes have waited for its contents: a library's may be unknown. */
	if (is && dir->kind == FOLDER)
		is = get_contents(t, dir, NULL, &a) == 0 && directory_called(t, a, name);
	answers_put(a);
	return is ? node_set_path(t, n, FOLDER, dir, name) : -ENOENT;
}

/*
 * Listing.
 */

static bool
list_link(void *ctx, const struct document *d)
{
	struct node_listing *l = ctx;
	const struct node n = { .kind = LINK, .variant = depth_of(l->dir->path) - 1, .doc = *d };

	return n.variant >= LINK_DEPTHS || node_list(l, d->name, &n, d->key);
}

/* With the short name if only this directory has it, and no document or README. */
static int
list_directory(struct node_listing *l, const struct answer *a,
    const struct rest_row *row, uint64_t next)
{
	struct tree *t = l->tree;
	const bool top = l->dir->kind == LIBRARIES;
	struct node other = { 0 }, n = { 0 };
	struct name name;

	name_safe(row->name, t->o.names, 0, &name);
	if (!directory_called(t, a, name.s) ||
	    (top ? strcmp(name.s, "README") : find_link(t, l->dir, name.s, &other)) == 0)
		put_long_name(t, row, &name);
	int rc = node_set_path(t, &n, top ? LIBRARY : FOLDER, l->dir, name.s);
	if (rc == 0)
		node_list(l, name.s, &n, next);
	node_free(&other);
	node_free(&n);
	return rc;
}

static int
list_row(struct node_listing *l, const struct answer *a,
    const struct rest_row *row, uint64_t next)
{
	struct document d;

	if (row->folder)
		return list_directory(l, a, row, next);
	if (catalogue_by_id(l->tree->o.catalogue, row->id, &d) == 0) {
		list_link(l, &d);
		document_free(&d);
	}
	return 0;
}

/* Rows are in order of their Ids. Folders' (07H) come after documents' (069), and the keys of one
 * kind are in the same order (name.h): so offsets grow. */
int
remote_list_contents(struct node_listing *l, uint64_t after)
{
	const struct answer *a = NULL;
	int rc = get_contents(l->tree, l->dir, NULL, &a);

	for (size_t i = 0; rc == 0 && i < a->count && !l->full; i++) {
		const struct rest_row *row = &a->rows[i];
		const uint64_t offset = name_key(row->id) + (row->folder ? DIRECTORIES : 0);

		if (offset > after)
			rc = list_row(l, a, row, offset);
	}
	answers_put(a);
	return rc;
}

/* Its documents, then with `browse` its folders. */
int
remote_list_library(struct node_listing *l, uint64_t after)
{
	struct tree *t = l->tree;
	struct remote_ids ids;
	int rc = ids_of_path(t, l->dir, NULL, &ids);

	if (rc == 0 && after < DIRECTORIES)
		rc = catalogue_list_parent(t->o.catalogue, ids.id, after, list_link, l);
	if (rc < 0 || l->full || !t->o.browse)
		return rc;
	rc = remote_list_contents(l, after < DIRECTORIES ? DIRECTORIES : after);
	return rc == -ENOENT ? 0 : rc;		/* it cannot have folders */
}

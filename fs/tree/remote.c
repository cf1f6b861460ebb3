/*
 * Offsets of entries: 2 + the key of their Id, and beyond all of these those of directories; so a
 * listing survives an answer that changes meanwhile.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/catalogue/catalogue.h"
#include "fs/sync/on_demand.h"

#include "remote.h"

#define ID_ROOM		21	/* ` (058000000000000AAA)` */
#define DIRECTORIES	(UINT64_C(1) << NAME_KEY_BITS)	/* the offsets of directories begin here */

/* How an answer is had: waited for, or (NULL) as it is known. */
struct look {
	int64_t		 since;
	struct wait	*w;
};

static int
ask(struct tree *t, enum on_demand_kind kind, const char *subject, const struct look *look,
    const struct on_demand_answer **out)
{
	return look ? on_demand_get(t->demand, kind, subject, look->since, look->w, out) :
		      on_demand_known(t->demand, kind, subject, out);
}

/* What is no name of ours can be none of the org's. */
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
 * Names of rows. Those that would be called alike are `Name (Id)`; that is a name of the others,
 * too.
 */

static uint64_t
hash_of_row(const struct tree *t, const struct on_demand_row *row)
{
	struct name safe;

	name_safe(row->name, t->o.names, 0, &safe);
	return name_hash_of(t->o.names)(safe.s);
}

static void
long_name(const struct tree *t, const struct on_demand_row *row, struct name *out)
{
	name_safe(row->name, t->o.names, ID_ROOM, out);
	size_t len = strlen(out->s);
	snprintf(out->s + len, sizeof(out->s) - len, " (%s)", row->id);
}

/* The directory among the rows that has this name; NULL: none, or several. */
static const struct on_demand_row *
find_row(const struct tree *t, const struct on_demand_answer *a, const char *name)
{
	const struct on_demand_row *found = NULL;
	const uint64_t hash = name_hash_of(t->o.names)(name);
	const char *open = strrchr(name, '(');
	struct name full;
	char id[19];

	if (open && strlen(open) == ID_ROOM - 1) {
		snprintf(id, sizeof(id), "%.18s", open + 1);
		found = on_demand_find(a, id);
		if (found && found->folder) {
			long_name(t, found, &full);
			if (strcmp(full.s, name) == 0)
				return found;
		}
		found = NULL;
	}
	for (size_t i = 0; i < a->count; i++) {
		if (!a->rows[i].folder || hash_of_row(t, &a->rows[i]) != hash)
			continue;
		if (found)
			return NULL;
		found = &a->rows[i];
	}
	return found;
}

/*
 * From a path to Ids.
 */

struct resolved {
	char		 id[19];	/* of a record, a library or a folder */
	char		 folder[19];	/* of a library: its root */
};

static int
resolve_record(struct tree *t, const char *name, const struct look *look, struct resolved *out)
{
	const struct on_demand_answer *a = NULL;
	int rc = 0;

	if (!strchr(name, '/')) {
		name_id(name, out->id);
		return 0;
	}
	rc = ask(t, ON_DEMAND_RECORD, name, look, &a);
	if (rc == 0)
		rc = a->count == 0 ? -ENOENT : a->count > 1 ? -ENOTUNIQ : 0;
	if (rc == 0)
		memcpy(out->id, a->rows->id, sizeof(out->id));
	on_demand_put(a);
	return rc;
}

static int
take_row(
    const struct tree *t, const struct on_demand_answer *a, const char *name, struct resolved *out)
{
	const struct on_demand_row *row = find_row(t, a, name);

	if (!row)
		return -ENOENT;
	memcpy(out->id, row->id, sizeof(out->id));
	snprintf(out->folder, sizeof(out->folder), "%.18s", row->more);
	return 0;
}

/* The list of libraries is kept for long, so that a walk costs nothing; a name that it has not may
 * be a new one's. */
static int
resolve_library(struct tree *t, const char *name, const struct look *look, struct resolved *out)
{
	const struct on_demand_answer *a = NULL;
	int rc = ask(t, ON_DEMAND_REACH, "", look, &a);

	if (rc == 0)
		rc = take_row(t, a, name, out);
	on_demand_put(a);
	a = NULL;
	if (rc == -ENOENT && look) {
		rc =
		    on_demand_get_missing(t->demand, ON_DEMAND_REACH, "", look->since, look->w, &a);
		if (rc == 0)
			rc = take_row(t, a, name, out);
		on_demand_put(a);
	}
	return rc;
}

static int
resolve_child(struct tree *t, const char *name, const struct look *look, struct resolved *out)
{
	const struct on_demand_answer *a = NULL;
	int rc = ask(t, ON_DEMAND_FOLDER, out->folder, look, &a);

	if (rc == 0)
		rc = take_row(t, a, name, out);
	on_demand_put(a);
	if (rc == 0)
		memcpy(out->folder, out->id, sizeof(out->folder));
	return rc;
}

/* From the library down, folder by folder. */
static int
resolve_folder(struct tree *t, const char *path, const struct look *look, struct resolved *out)
{
	char *copy = strdup(path), *rest = copy;
	int rc = copy ? 0 : -ENOMEM;

	for (const char *name; rc == 0 && (name = strsep(&rest, "/"));)
		rc = name == copy ? resolve_library(t, name, look, out) :
				    resolve_child(t, name, look, out);
	free(copy);
	return rc;
}

static const char *
below_root(const char *path)
{
	return strchr(path, '/') + 1;
}

static int
resolve(struct tree *t, const struct node *n, const struct look *look, struct resolved *out)
{
	*out = (struct resolved){ 0 };
	return n->kind == RECORD ? resolve_record(t, below_root(n->path), look, out) :
				   resolve_folder(t, below_root(n->path), look, out);
}

/* What is in a record or a folder. */
static int
content(struct tree *t, const struct node *n, const struct look *look,
    const struct on_demand_answer **out)
{
	struct resolved found;
	int rc = resolve(t, n, look, &found);

	return rc < 0 ?
	    rc :
	    ask(t, n->kind == RECORD ? ON_DEMAND_LINKS : ON_DEMAND_FOLDER, found.id, look, out);
}

/* Whether some document is in a library of which the answer says nothing. */
static bool
misses_library(struct tree *t, const struct on_demand_answer *a)
{
	char id[19] = "";

	while (catalogue_next_parent(t->catalogue, id, id) == 0)
		if (!on_demand_find(a, id))
			return true;
	return false;
}

static int
look_at_libraries(struct tree *t, const struct look *look)
{
	const struct on_demand_answer *a = NULL;
	int rc = ask(t, ON_DEMAND_REACH, "", look, &a);
	bool more = rc == 0 && misses_library(t, a);

	on_demand_put(a);
	a = NULL;
	if (more)
		rc =
		    on_demand_get_missing(t->demand, ON_DEMAND_REACH, "", look->since, look->w, &a);
	on_demand_put(a);
	return rc;
}

int
remote_look(struct tree *t, const struct node *n, int64_t since, struct wait *w)
{
	const struct look look = { since, w };
	const struct on_demand_answer *a = NULL;
	struct resolved found;
	int rc = 0;

	switch (n->kind) {
	case FIXED:
		rc = look_at_libraries(t, &look);
		break;
	case OBJECT:
		rc = ask(t, ON_DEMAND_OBJECT, below_root(n->path), &look, &a);
		if (rc == 0 && a->count == 0)
			rc = -ENOENT;
		break;
	case RECORD:
		rc = content(t, n, &look, &a);
		if (rc == 0 && a->count == 0 && !strchr(below_root(n->path), '/'))
			rc = -ENOENT; /* the org says the same of a record that is not there */
		break;
	case LIBRARY:
		rc = resolve(t, n, &look, &found);
		if (rc == 0 && t->o.browse && *found.folder)
			rc = ask(t, ON_DEMAND_FOLDER, found.folder, &look, &a);
		break;
	default:
		rc = content(t, n, &look, &a);
	}
	on_demand_put(a);
	return rc;
}

/*
 * Looking up.
 */

static int
set_path(struct tree *t, struct node *n, enum kind kind, const char *dir, const char *name)
{
	n->kind = kind;
	if (asprintf(&n->path, "%s/%s", dir, name) < 0) {
		n->path = NULL;
		return -ENOMEM;
	}
	return node_remember(t, n);
}

static int
find_record(struct tree *t, const char *name, struct node *n)
{
	char id[19];

	/* An Id begins with a digit or a small letter, an object's name with a capital. */
	if (!isupper((unsigned char)*name) && name_id(name, id))
		return set_path(t, n, RECORD, "records", id);
	return is_object_name(name) ? set_path(t, n, OBJECT, "records", name) : -ENOENT;
}

static unsigned
depth_of(const char *path)
{
	unsigned n = 1;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* A document of that name, if the place has it. */
static int
find_document(struct tree *t, const struct node *dir, const char *name, struct node *n)
{
	const struct on_demand_answer *a = NULL;
	struct resolved found;
	int rc = catalogue_by_name(t->catalogue, name, &n->doc);

	if (rc == 0)
		rc = dir->kind == LIBRARY ? resolve(t, dir, NULL, &found) :
					    content(t, dir, NULL, &a);
	if (rc == 0 &&
	    !(dir->kind == LIBRARY ? strcmp(n->doc.parent_id, found.id) == 0 && n->doc.listed :
				     !!on_demand_find(a, n->doc.id)))
		rc = -ENOENT;
	on_demand_put(a);
	n->kind = LINK;
	n->depth = depth_of(dir->path);
	return n->depth > LINK_DEPTHS ? -ENOENT : rc;
}

static int
find_folder(struct tree *t, const struct node *dir, const char *name, struct node *n)
{
	const struct on_demand_answer *a = NULL;
	bool there = is_safe(t, name) && depth_of(dir->path) < LINK_DEPTHS;

	/* Of a library nobody has asked yet what is in it. */
	if (there && dir->kind == FOLDER)
		there = content(t, dir, NULL, &a) == 0 && find_row(t, a, name);
	on_demand_put(a);
	return there ? set_path(t, n, FOLDER, dir->path, name) : -ENOENT;
}

int
remote_find(struct tree *t, const struct node *dir, const char *name, struct node *n)
{
	int rc = -ENOENT;

	if (node_is(dir, RECORDS))
		return find_record(t, name, n);
	if (node_is(dir, LIBRARIES))
		return is_safe(t, name) ? set_path(t, n, LIBRARY, "libraries", name) : -ENOENT;
	if (dir->kind == OBJECT)
		return is_safe(t, name) ? set_path(t, n, RECORD, dir->path, name) : -ENOENT;
	rc = find_document(t, dir, name, n);
	if (rc == -ENOENT && dir->kind != RECORD) {
		node_free(n);
		rc = find_folder(t, dir, name, n);
	}
	return rc;
}

/*
 * Listing.
 */

struct listing {
	struct tree	*tree;
	const struct node *dir;
	remote_each	*each;
	void		*ctx;
	bool		 full;
};

static void
list_document(struct listing *l, const struct document *d)
{
	const struct node n = { .kind = LINK, .depth = depth_of(l->dir->path), .doc = *d };

	if (n.depth <= LINK_DEPTHS && !l->each(l->ctx, d->name, &n, 2 + d->key))
		l->full = true;
}

static bool
list_child(void *ctx, const struct document *d)
{
	struct listing *l = ctx;

	list_document(l, d);
	return !l->full;
}

/* name: unless it is another's in this directory. */
static void
list_directory(struct listing *l, const struct on_demand_row *row, const char *name, uint64_t next)
{
	struct node other = { .kind = FIXED }, n = { .kind = FIXED };
	const bool top = node_is(l->dir, LIBRARIES);
	struct name full;

	if (top ? strcmp(name, "README") == 0 : find_document(l->tree, l->dir, name, &other) == 0) {
		long_name(l->tree, row, &full);
		name = full.s;
	}
	node_free(&other);
	if (set_path(l->tree, &n, top ? LIBRARY : FOLDER, top ? "libraries" : l->dir->path, name) <
		0 ||
	    !l->each(l->ctx, name, &n, next))
		l->full = true;
	node_free(&n);
}

static void
list_row(struct listing *l, const struct on_demand_answer *a, const struct on_demand_row *row,
    uint64_t next)
{
	struct document d;
	struct name name;

	if (row->folder) {
		name_safe(row->name, l->tree->o.names, 0, &name);
		if (!find_row(l->tree, a, name.s))
			long_name(l->tree, row, &name);
		list_directory(l, row, name.s, next);
	} else if (catalogue_by_id(l->tree->catalogue, row->id, &d) == 0) {
		list_document(l, &d);
		document_free(&d);
	}
}

struct entry {
	uint64_t	 next;
	const struct on_demand_row *row;
};

static int
by_offset(const void *a, const void *b)
{
	uint64_t x = ((const struct entry *)a)->next, y = ((const struct entry *)b)->next;

	return x < y ? -1 : x > y;
}

/* The rows behind off, or of them the directories alone. */
static int
list_rows(struct listing *l, const struct on_demand_answer *a, bool directories, uint64_t off)
{
	struct entry *entries = malloc((a->count + 1) * sizeof(*entries));
	size_t n = 0;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < a->count; i++) {
		const struct on_demand_row *row = &a->rows[i];

		entries[n] =
		    (struct entry){ 2 + name_key(row->id) + (row->folder ? DIRECTORIES : 0), row };
		n += entries[n].next > off && (row->folder || !directories);
	}
	qsort(entries, n, sizeof(*entries), by_offset);
	for (size_t i = 0; i < n && !l->full; i++)
		list_row(l, a, entries[i].row, entries[i].next);
	free(entries);
	return 0;
}

static int
list_library(struct listing *l, uint64_t off)
{
	struct tree *t = l->tree;
	const struct on_demand_answer *a = NULL;
	struct resolved found;
	int rc = resolve(t, l->dir, NULL, &found);

	if (rc == 0 && off < DIRECTORIES)
		rc = catalogue_list_parent(t->catalogue, found.id, off - 2, list_child, l);
	if (rc == 0 && !l->full && t->o.browse &&
	    ask(t, ON_DEMAND_FOLDER, found.folder, NULL, &a) == 0)
		rc = list_rows(l, a, true, off);
	on_demand_put(a);
	return rc;
}

int
remote_list(struct tree *t, const struct node *dir, uint64_t off, remote_each *each, void *ctx)
{
	struct listing l = { .tree = t, .dir = dir, .each = each, .ctx = ctx };
	const struct on_demand_answer *a = NULL;
	int rc = 0;

	if (dir->kind == OBJECT)
		return 0;
	if (dir->kind == LIBRARY)
		return list_library(&l, off);
	rc = dir->kind == FIXED ? ask(t, ON_DEMAND_REACH, "", NULL, &a) : content(t, dir, NULL, &a);
	if (rc == 0)
		rc = list_rows(&l, a, false, off);
	on_demand_put(a);
	return rc;
}

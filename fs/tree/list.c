/*
 * Offsets: 1 behind ".", 2 behind "..", then in documents/ and by-id/ 2 + the document's key; in
 * parsed/ and versions/ 3 behind the README and then 3 + the key; in versions/X/ 2 + the version's
 * key; elsewhere 3, 4, ... in the order of the entries. place.c has its own. In documents/X/ the
 * last entry's is LISTED, so that to find the end nobody needs to be asked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/catalogue/catalogue.h"

#include "node.h"
#include "remote.h"

#define LISTED	(UINT64_C(1) << 62)	/* behind the last entry */

struct listing {
	struct tree	*tree;
	enum kind	 kind;
	double		 fresh;
	tree_each	*each;
	void		*ctx;
	bool		 full;
};

static void
list_node(struct listing *l, const char *name, const struct node *n, uint64_t next)
{
	struct tree_entry e;

	/* An entry whose attributes cannot be had is listed all the same: one fault must not hide
	 * the rest. */
	if (node_entry(l->tree, n, NULL, l->fresh, &e) < 0)
		e = (struct tree_entry){ .st = { .st_ino = node_ino(n),
					     .st_mode = node_mode(l->tree, n) } };
	if (!l->full && !l->each(l->ctx, name, &e, next))
		l->full = true;
}

static bool
list_document(void *ctx, const struct document *d)
{
	struct listing *l = ctx;
	const struct node n = { .kind = l->kind, .depth = 1, .doc = *d };

	list_node(l, l->kind == LINK ? d->id : d->name, &n, 2 + d->key);
	return !l->full;
}

/* What is listed in parsed/ besides its README. */
static bool
list_parsed(void *ctx, const struct document *d)
{
	struct listing *l = ctx;

	if (document_is_csv(d))
		list_node(l, node_parsed_name(d), &(struct node){ .kind = PARSED, .doc = *d },
		    3 + d->key);
	return !l->full;
}

/* In versions/, with versions = all. */
static bool
list_versions(void *ctx, const struct document *d)
{
	struct listing *l = ctx;

	list_node(
	    l, node_parsed_name(d), &(struct node){ .kind = VERSIONS, .doc = *d }, 3 + d->key);
	return !l->full;
}

static bool
list_version(void *ctx, const struct document *d)
{
	struct listing *l = ctx;
	struct name name;

	document_dir_version_name(d, l->tree->o.names, &name);
	list_node(l, name.s, &(struct node){ .kind = VERSION, .doc = *d }, 2 + d->version_key);
	return !l->full;
}

static void
list_inside(struct listing *l, const struct node *dir, uint64_t off)
{
	struct node n = *dir;
	struct document_dir in;

	node_names_inside(l->tree, &dir->doc, &in);
	const struct { enum kind kind; const char *name; } entries[] = {
		{ VERSION, in.file.s }, { METADATA, in.metadata }, { PARSED_LINK, in.parsed },
	};
	for (uint64_t i = off - 2; i < 3 && entries[i].name; i++) {
		n.kind = entries[i].kind;
		list_node(
		    l, entries[i].name, &n, i + 1 < 3 && entries[i + 1].name ? 3 + i : LISTED);
	}
}

static void
list_views(struct listing *l, const struct node *dir, uint64_t off)
{
	struct node n = *dir;

	n.kind = VIEW;
	uint64_t i = off - 2;
	for (; file_view_name((unsigned)i); i++) {
		n.view = (unsigned)i;
		list_node(l, file_view_name(n.view), &n, 3 + i);
	}
	if (!file_view_name((unsigned)i - 1))
		return;		/* columns was the last */
	n.kind = COLUMNS;
	list_node(l, "columns", &n, 3 + i);
}

struct column_listing {
	struct listing	*listing;
	struct node	 node;
};

static bool
list_column(void *ctx, const struct file_column *c)
{
	struct column_listing *cl = ctx;

	cl->node.column = c->number;
	if (node_remember(cl->listing->tree, &cl->node) < 0)
		return false;
	list_node(cl->listing, c->name, &cl->node, 3 + c->number);
	return !cl->listing->full;
}

/* Nothing while there is no survey: opening the directory has waited for it. */
static int
list_columns(struct listing *l, const struct node *dir, uint64_t off)
{
	struct column_listing cl = { .listing = l, .node = *dir };

	cl.node.kind = COLUMN;
	int rc = file_columns(l->tree->files, &dir->doc, (size_t)(off - 2), NULL, list_column, &cl);
	return rc == -EAGAIN ? -EIO : rc;
}

static void
list_fixed(struct listing *l, uint64_t parent, uint64_t off)
{
	uint64_t next = 3;

	for (size_t i = 1; i < node_fixed_count; i++) {
		if (node_fixed[i].parent != parent)
			continue;
		if (next > off)
			list_node(l, node_fixed[i].name,
			    &(struct node){ .kind = FIXED, .fixed = &node_fixed[i] }, next);
		next++;
	}
}

static bool
list_entry(void *ctx, const char *name, const struct node *n, uint64_t next)
{
	struct listing *l = ctx;

	list_node(l, name, n, next);
	return !l->full;
}

/* Of a path. */
static uint64_t
parent_of_place(const struct node *n)
{
	struct node parent = { .kind = n->kind == RECORD ? OBJECT : LIBRARY,
		.path = strdup(n->path) };
	char *slash = parent.path ? strrchr(parent.path, '/') : NULL;
	uint64_t ino = TREE_ROOT;

	if (slash) {
		*slash = '\0';
		if (!strchr(parent.path, '/'))
			ino = strcmp(parent.path, "records") == 0 ? RECORDS : LIBRARIES;
		else if (n->kind == FOLDER && strchr(strchr(parent.path, '/') + 1, '/'))
			parent.kind = FOLDER;
		if (ino == TREE_ROOT)
			ino = node_ino(&parent);
	}
	free(parent.path);
	return ino;
}

static uint64_t
parent_of(const struct node *n)
{
	if (n->path)
		return parent_of_place(n);
	if (n->kind == COLUMNS) {
		struct node parsed = *n;

		parsed.kind = PARSED;
		return node_ino(&parsed);
	}
	return n->kind == DOCUMENT ? DOCUMENTS :
	    n->kind == VERSIONS	   ? VERSIONS_ROOT :
	    n->kind == PARSED	   ? PARSED_ROOT :
				     n->fixed->parent;
}

int
tree_list(struct tree *t, uint64_t ino, uint64_t off, tree_each *each, void *ctx)
{
	struct listing l = {
		.tree = t, .fresh = sync_fresh_for(t->sync), .each = each, .ctx = ctx
	};
	struct node dir;
	int rc;

	if (off == LISTED)
		return 0;
	rc = node_of(t, ino, &dir);
	if (rc == 0 && !S_ISDIR(node_mode(t, &dir)))
		rc = -ENOTDIR;
	if (rc < 0)
		goto out;
	for (; off < 2 && !l.full; off++) {
		struct tree_entry dots = { .st = { .st_ino = off == 0 ? ino : parent_of(&dir),
					       .st_mode = S_IFDIR } };

		l.full = !each(ctx, off == 0 ? "." : "..", &dots, off + 1);
	}
	if (l.full)
		goto out;
	if (dir.kind == DOCUMENT) {
		list_inside(&l, &dir, off);
	} else if (dir.kind == VERSIONS) {
		rc = catalogue_versions(t->catalogue, dir.doc.key, off - 2, list_version, &l);
	} else if (dir.kind == PARSED) {
		list_views(&l, &dir, off);
	} else if (dir.kind == COLUMNS) {
		rc = list_columns(&l, &dir, off);
	} else if (ino == DOCUMENTS || ino == BY_ID) {
		l.kind = ino == BY_ID ? LINK : DOCUMENT;
		rc = catalogue_list(t->catalogue, off - 2, list_document, &l);
	} else if (dir.path) {
		rc = remote_list(t, &dir, off, list_entry, &l);
	} else {
		list_fixed(&l, ino, off);
		if (ino == LIBRARIES && !l.full)
			rc = remote_list(t, &dir, off, list_entry, &l);
		else if (ino == VERSIONS_ROOT && t->o.versions && !l.full)
			rc = catalogue_list(t->catalogue, off > 3 ? off - 3 : 0, list_versions, &l);
		else if (ino == PARSED_ROOT && t->o.browse && !l.full)
			rc = catalogue_list(t->catalogue, off > 3 ? off - 3 : 0, list_parsed, &l);
	}
out:
	node_free(&dir);
	return rc;
}

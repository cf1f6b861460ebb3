/*
 * Asking for attributes, looking up, opening. tree/node.c says what an inode is, tree/place.c what
 * is in records and libraries, tree/list.c lists, tree/opened.c keeps the attributes of what is
 * open.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/buf.h"
#include "fs/content/read_ahead.h"
#include "fs/catalogue/catalogue.h"
#include "fs/sync/on_demand.h"
#include "node.h"
#include "open_files.h"
#include "remote.h"
#include "paths.h"

#include "tree.h"

/* -ESTALE becomes 0 if the inode is open. */
static int
attr_of_opened(struct tree *t, uint64_t ino, struct tree_entry *out)
{
	*out = (struct tree_entry){ .attr_for = TREE_FOREVER };
	return open_files_stat(t->opened, ino, &out->st);
}

/* Whether what the inode shows changes with the catalogue. */
static bool
shows_catalogue(uint64_t ino)
{
	const struct fixed *f;

	switch (node_kind(ino)) {
	case FIXED:
		f = node_fixed_of(ino);
		return f && f->fresh;
	case DOCUMENT: case VERSIONS: case PARSED: case LIBRARY:
		return true;
	default:
		return false;
	}
}

/* A document that the refresh does not tell of. */
static int
look_at_document(struct tree *t, const struct node *n, int64_t since, struct wait *w)
{
	const char *id = n->kind == UNKNOWN ? strchr(n->path, '/') + 1 : n->doc.id;
	const struct on_demand_answer *a;
	int rc = on_demand_get(t->demand, ON_DEMAND_DOCUMENT, id, since, w, &a);

	if (rc == 0)
		on_demand_put(a);
	return rc;
}

/* Versions never change: they are asked for again only when the latest is not among them. */
static int
look_at_versions(struct tree *t, const struct node *n, int64_t since, struct wait *w)
{
	const struct on_demand_answer *a = NULL;
	struct document latest = { 0 };
	int rc = catalogue_version(t->catalogue, n->doc.version_key, &latest);

	if (rc == -ENOENT)
		rc = on_demand_get(t->demand, ON_DEMAND_VERSIONS, n->doc.id, since, w, &a);
	on_demand_put(a);
	document_free(&latest);
	return rc;
}

/* Resolves an inode, when what it shows is current, and what is in it too. -EAGAIN: w is queued. */
static int
look(struct tree *t, uint64_t ino, struct tree_ticket *ticket, struct wait *w, struct node *n)
{
	int rc = 0;

	*n = (struct node){ .kind = FIXED };
	if (ticket->since == 0)
		ticket->since = on_demand_now();
	if (shows_catalogue(ino))
		rc = sync_fresh(t->sync, &ticket->refresh, w);
	if (rc == 0)
		rc = node_of(t, ino, n);
	if (rc == 0 && n->kind != UNKNOWN && (n->path || node_is(n, LIBRARIES))) {
		rc = remote_look(t, n, ticket->since, w);
	} else if (rc == 0 &&
	    (n->kind == UNKNOWN ||
		(n->kind != FIXED && !n->doc.listed && !S_ISREG(node_mode(t, n))))) {
		rc = look_at_document(t, n, ticket->since, w);
		if (rc == 0) {
			node_free(n);		/* what it was before */
			rc = node_of(t, ino, n);
		}
	}
	if (rc == 0 && n->kind == VERSIONS)
		rc = look_at_versions(t, n, ticket->since, w);
	return rc == 0 && n->kind == UNKNOWN ? -ENOENT : rc;
}

int
tree_attr(struct tree *t, uint64_t ino, struct tree_ticket *ticket, struct wait *w,
    struct tree_entry *out)
{
	struct node n;
	int rc = look(t, ino, ticket, w, &n);

	if (rc == 0)
		rc = node_entry(t, &n, w, sync_fresh_for(t->sync), out);
	else if (rc == -ESTALE)
		rc = attr_of_opened(t, ino, out);
	node_free(&n);
	return rc;
}

int
tree_link(struct tree *t, uint64_t ino, struct tree_ticket *ticket, struct wait *w, char **target)
{
	struct buf b = BUF_INIT;
	struct node n;
	int rc = look(t, ino, ticket, w, &n);

	if (rc == 0)
		rc = node_target(&n, &b);
	if (rc == 0 && !(*target = buf_detach(&b)))
		rc = -ENOMEM;
	buf_free(&b);
	node_free(&n);
	return rc;
}

int
tree_refresh(struct tree *t, struct tree_ticket *ticket, bool full, struct wait *w)
{
	if (ticket->since == 0) {
		ticket->since = on_demand_now();
		on_demand_expire(t->demand);
	}
	return sync_refresh(t->sync, &ticket->refresh, full, w);
}

/*
 * Looking up.
 */

static int
find_by_id(struct tree *t, const char *name, struct node *n)
{
	char id[19];

	if (!name_id(name, id) || strncmp(id, "069", 3) != 0)
		return -ENOENT;
	n->kind = LINK;
	n->depth = 1;
	int rc = catalogue_by_id(t->catalogue, id, &n->doc);
	if (rc != -ENOENT)
		return rc;
	n->kind = UNKNOWN;
	if (asprintf(&n->path, "by-id/%s", id) < 0) {
		n->path = NULL;
		return -ENOMEM;
	}
	return node_remember(t, n);
}

static int
find_inside(const struct tree *t, const struct document *d, const char *name, struct node *n)
{
	struct document_dir in;

	node_names_inside(t, d, &in);
	if (strcmp(name, in.file.s) == 0 || strcmp(name, "content") == 0)
		n->kind = VERSION;
	else if (strcmp(name, in.metadata) == 0)
		n->kind = METADATA;
	else if (*in.text.s && strcmp(name, in.text.s) == 0)
		n->kind = NOTE_TEXT;
	else if (in.parsed && strcmp(name, in.parsed) == 0)
		n->kind = PARSED_LINK;
	else if (in.versions && strcmp(name, in.versions) == 0)
		n->kind = VERSIONS_LINK;
	else
		return -ENOENT;
	return 0;
}

struct version_search {
	const struct tree *tree;
	const char	*name;
	struct document	 found;		/* a copy; no Id: none */
	int		 rc;
};

static bool
compare_version(void *ctx, const struct document *d)
{
	struct version_search *s = ctx;
	struct name name;

	document_dir_version_name(d, s->tree->o.names, &name);
	if (strcmp(name.s, s->name) == 0)
		s->rc = document_copy(d, &s->found);
	return s->rc == -ENOENT;
}

/* Who looks here has asked for the directory's attributes, which waits for the versions. */
static int
find_version(struct tree *t, const struct document *d, const char *name, struct node *n)
{
	struct version_search s = { .tree = t, .name = name, .rc = -ENOENT };
	int rc = catalogue_versions(t->catalogue, d->key, 0, compare_version, &s);

	n->kind = VERSION;
	n->doc = s.found;
	return rc < 0 ? rc : s.rc;
}

static int
find_parsed(const char *name, struct node *n)
{
	n->kind = VIEW;
	for (n->view = 0; file_view_name(n->view); n->view++)
		if (strcmp(file_view_name(n->view), name) == 0)
			return 0;
	n->kind = COLUMNS;
	return strcmp(name, "columns") == 0 ? 0 : -ENOENT;
}

/* Who looks here has asked for the directory's attributes, which waits for the survey; if it is
 * lost since, it is asked again. */
static int
find_column(struct tree *t, const char *name, struct node *n)
{
	struct file_column c;
	int rc = file_column_find(t->files, &n->doc, name, &c);

	n->kind = COLUMN;
	if (rc == 0) {
		n->column = c.number;
		rc = node_remember(t, n);
	}
	return rc == -EAGAIN ? -ESTALE : rc;
}

static int
find_fixed(uint64_t parent, const char *name, struct node *n)
{
	for (size_t i = 1; i < node_fixed_count; i++) {
		if (node_fixed[i].parent == parent && strcmp(node_fixed[i].name, name) == 0) {
			*n = (struct node){ .kind = FIXED, .fixed = &node_fixed[i] };
			return 0;
		}
	}
	return -ENOENT;
}

/* The node called name in the directory dir, whose document it takes over where it needs one. */
static int
find(struct tree *t, struct node *dir, const char *name, struct node *n)
{
	int rc = -ENOENT;

	*n = (struct node){ .kind = FIXED };
	if (dir->kind == DOCUMENT || dir->kind == PARSED || dir->kind == COLUMNS) {
		n->doc = dir->doc;
		dir->doc = (struct document){ 0 };
	}
	if (dir->kind == DOCUMENT) {
		rc = find_inside(t, &n->doc, name, n);
	} else if (dir->kind == VERSIONS) {
		rc = find_version(t, &dir->doc, name, n);
	} else if (dir->kind == PARSED) {
		rc = find_parsed(name, n);
	} else if (dir->kind == COLUMNS) {
		rc = find_column(t, name, n);
	} else if (dir->kind == FIXED) {
		rc = find_fixed(dir->fixed->number, name, n);
		if (rc == 0)
			return 0;
		if (dir->fixed->number == DOCUMENTS) {
			n->kind = DOCUMENT;
			rc = catalogue_by_name(t->catalogue, name, &n->doc);
		} else if (dir->fixed->number == BY_ID) {
			rc = find_by_id(t, name, n);
		} else if (dir->fixed->number == PARSED_ROOT) {
			n->kind = PARSED;
			rc = catalogue_by_name(
			    t->catalogue, strcmp(name, ".README") == 0 ? "README" : name, &n->doc);
			if (rc == 0 && !document_is_csv(&n->doc))
				rc = -ENOENT;
		} else if (dir->fixed->number == VERSIONS_ROOT) {
			n->kind = VERSIONS;
			rc = catalogue_by_name(
			    t->catalogue, strcmp(name, ".README") == 0 ? "README" : name, &n->doc);
		} else if (node_is(dir, RECORDS) || node_is(dir, LIBRARIES)) {
			rc = remote_find(t, dir, name, n);
		}
	} else if (dir->path) {
		rc = remote_find(t, dir, name, n);
	} else {
		rc = -ENOTDIR;
	}
	return rc;
}

/* Of a document that is not listed: it comes and goes when somebody asks for it, not with a
 * refresh. */
static bool
may_be_unlisted(const char *name)
{
	const char *open = strrchr(name, '(');

	return open && strncmp(open, "(069", 4) == 0 &&
	    strlen(open) == strlen("(069000000000000AAA)");
}

int
tree_lookup(struct tree *t, uint64_t parent, const char *name, struct tree_entry *out)
{
	struct node dir, n = { 0 };
	double fresh = sync_fresh_for(t->sync);
	int rc = node_of(t, parent, &dir);

	out->name_for = fresh;
	if (rc == 0)
		rc = find(t, &dir, name, &n);
	if (rc == 0)
		rc = node_entry(t, &n, NULL, fresh, out);
	if (rc == 0 && node_is(&n, REFRESH))
		out->ino += FIXED_MOST * (uint64_t)++t->refreshers;
	if ((node_is_on_demand(&dir) && (rc < 0 || n.kind != FIXED)) ||
	    (rc == -ENOENT && may_be_unlisted(name)))
		out->name_for = 0;
	node_free(&n);
	node_free(&dir);
	return rc;
}

/*
 * Opening.
 */

bool
tree_is_refresh(uint64_t ino)
{
	return node_kind(ino) == FIXED && ino % FIXED_MOST == REFRESH;
}

static void
put_snapshot(void *snapshot)
{
	snapshot_put(snapshot);
}

static int
open_inventory(struct tree *t, enum inventory_kind kind, struct tree_ticket *ticket, struct wait *w,
    struct file **out)
{
	struct snapshot *s;
	int rc = sync_fresh(t->sync, &ticket->refresh, w);

	if (rc == 0)
		rc = inventory_get(t->inventory, kind, w, &s);
	return rc < 0 ? rc : file_open_fd(snapshot_fd(s), snapshot_size(s), put_snapshot, s, out);
}

/* n: a regular file, whose text is to be in text. */
static int
open_node(struct tree *t, const struct node *n, struct tree_ticket *ticket, struct wait *w,
    struct file **out)
{
	struct buf text = BUF_INIT;
	enum inventory_kind kind;
	int rc = node_text(t, n, &text);

	if (rc > 0) {
		size_t len = text.len;
		char *s = buf_detach(&text);

		rc = s ? file_open_text(s, len, out) : -ENOMEM;
	} else if (rc == 0) {
		rc = node_is_inventory(n, &kind) ? open_inventory(t, kind, ticket, w, out) :
		    n->kind == VIEW ? file_open_view(t->files, &n->doc, n->view, w, out) :
		    n->kind == COLUMN ? file_open_column(t->files, &n->doc, n->column, w, out) :
		    n->kind == NOTE_TEXT ? file_open_note(t->files, &n->doc, w, out) :
		    file_open_version(t->files, &n->doc, out);
	}
	buf_free(&text);
	return rc;
}

/* An open file keeps its attributes: the catalogue forgets a version that is replaced. */
static int
keep_attr(struct tree *t, const struct node *n, struct file *f, enum tree_pages *pages)
{
	struct tree_entry e;
	bool shares;
	int rc = node_entry(t, n, NULL, 0, &e);

	if (rc < 0)
		return rc;
	e.st.st_size = (off_t)file_size(f);	/* what was opened, whatever has changed since */
	rc = open_files_add(t->opened, &e.st, file_source(f), file_is_verified(f), &shares);
	if (rc < 0)
		return rc;
	if (node_is_of_version(n))
		*pages = shares ? TREE_PAGES_KEEP : TREE_PAGES_NONE;
	else if (n->kind == FIXED && !n->fixed->text && !node_is(n, STATUS) && !node_is(n, LIMITS))
		*pages = TREE_PAGES_NONE;
	else
		*pages = TREE_PAGES_FRESH;
	return 0;
}

int
tree_open_file(struct tree *t, uint64_t ino, struct tree_ticket *ticket, struct wait *w,
    struct file **out, enum tree_pages *pages)
{
	struct file *f = NULL;
	struct node n;
	int rc = node_of(t, ino, &n);

	if (rc == 0 && !S_ISREG(node_mode(t, &n)))
		rc = -EISDIR;
	if (rc == 0 && node_is_of_version(&n) && n.doc.listed && n.doc.name) /* a latest version */
		read_ahead_opened(t->ahead, &n.doc);
	if (rc == 0)
		rc = open_node(t, &n, ticket, w, &f);
	if (rc == 0)
		rc = keep_attr(t, &n, f, pages);
	if (rc == 0) {
		*out = f;
		f = NULL;
	}
	file_close(f);
	node_free(&n);
	return rc;
}

void
tree_on_drop_pages(struct tree *t, tree_drop_pages *drop, void *ctx)
{
	open_files_on_drop(t->opened, drop, ctx);
}

void
tree_close_file(struct tree *t, uint64_t ino, struct file *f)
{
	if (f)
		open_files_remove(t->opened, tree_is_refresh(ino) ? REFRESH : ino, file_source(f),
		    file_is_verified(f));
	file_close(f);
}

void
tree_space(struct tree *t, struct tree_space *out)
{
	const struct on_demand_answer *a = NULL;
	struct catalogue_totals totals = { 0 };

	catalogue_totals(t->catalogue, &totals);
	*out = (struct tree_space){ .bytes = totals.bytes, .documents = totals.documents };
	if (on_demand_known(t->demand, ON_DEMAND_STORAGE, "", &a) == 0 && a->count > 0) {
		out->bytes = strtoull(a->rows->name, NULL, 10) << 20;
		out->free = strtoull(a->rows->more, NULL, 10) << 20;
	}
	on_demand_put(a);
}

void
tree_names_of_id(const char *id, tree_each_name *each, void *ctx)
{
	each(ctx, BY_ID, id);
}

void
tree_names_of(
    struct tree *t, const char *name, uint64_t document_key, tree_each_name *each, void *ctx)
{
	struct document d;
	struct document_dir in;

	each(ctx, DOCUMENTS, name);
	each(ctx, PARSED_ROOT, strcmp(name, "README") == 0 ? ".README" : name);
	each(ctx, VERSIONS_ROOT, strcmp(name, "README") == 0 ? ".README" : name);
	if (catalogue_by_key(t->catalogue, document_key, &d) < 0)
		return;
	node_names_inside(t, &d, &in);
	const uint64_t dir = node_ino(&(struct node){ .kind = DOCUMENT, .doc = d });
	const uint64_t parsed = node_ino(&(struct node){ .kind = PARSED, .doc = d });
	each(ctx, dir, in.file.s);
	each(ctx, dir, "content");
	each(ctx, dir, in.metadata);
	if (*in.text.s)
		each(ctx, dir, in.text.s);
	if (in.parsed)
		each(ctx, dir, in.parsed);
	if (in.versions)
		each(ctx, dir, in.versions);
	each(ctx, BY_ID, d.id);
	for (unsigned i = 0; in.parsed && file_view_name(i); i++)
		each(ctx, parsed, file_view_name(i));
	if (in.parsed)
		each(ctx, parsed, "columns");
	document_free(&d);
}

int
tree_open(const struct tree_parts *parts, const struct tree_options *o, struct tree **out)
{
	struct open_files *opened = open_files_new();
	struct paths *recent = paths_new();
	struct tree *t = malloc(sizeof(*t));

	if (!t || !opened || !recent) {
		open_files_free(opened);
		paths_free(recent);
		free(t);
		return -ENOMEM;
	}
	*t = (struct tree){ .catalogue = parts->catalogue,
		.sync = parts->sync,
		.demand = parts->demand,
		.files = parts->files,
		.inventory = parts->inventory,
		.ahead = parts->ahead,
		.opened = opened,
		.recent = recent,
		.o = *o,
		.born = time(NULL) };
	*out = t;
	return 0;
}

void
tree_close(struct tree *t)
{
	if (!t)
		return;
	open_files_free(t->opened);
	paths_free(t->recent);
	free(t);
}

/*
 * The functions that the mount calls. kinds.c has the kinds of nodes, node.c their numbers, names
 * and attributes, remote.c records and libraries, open_files.c the use of the kernel's page cache.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/buf.h"
#include "auth/clock.h"
#include "fs/catalogue/catalogue.h"
#include "fs/content/read_ahead.h"
#include "fs/sync/on_demand.h"

#include "node.h"
#include "open_files.h"
#include "paths.h"

#include "tree.h"

#define UNKNOWN_INO	0xffffffff	/* of "..", as libfuse's own filesystems say it */

/*
 * Attributes.
 */

/* Resolves an inode when it and what is in it are current. -EAGAIN: w is queued. */
static int
current_node(
    struct tree *t, uint64_t ino, struct tree_ticket *ticket, struct wait *w, struct node *n)
{
	int rc = 0;

	*n = (struct node){ 0 };
	if (ticket->since == 0)
		ticket->since = clock_wall_ms();
	const struct patience patience = { ticket->since, w };
	if (kinds[node_kind(ino)].fresh)
		rc = sync_fresh(t->o.sync, &ticket->refresh, w);
	if (rc == 0)
		rc = node_of(t, ino, n);
	/* A refresh does not mention these documents. */
	if (rc == 0 && (n->kind == UNKNOWN ||
			   (node_is_unlisted(n) && !S_ISREG(kinds[n->kind].mode)))) {
		const char *id = n->path ? strchr(n->path, '/') + 1 : n->doc.id;
		const struct answer *a = NULL;

		rc = on_demand_get(t->o.on_demand, ON_DEMAND_DOCUMENT, id, ticket->since, w, &a);
		answers_put(a);
		if (rc == 0) {
			node_free(n);		/* what it was before */
			rc = node_of(t, ino, n);
		}
	}
	if (rc == 0 && n->kind == UNKNOWN)
		return -ENOENT;
	return rc == 0 && kinds[n->kind].wait ? kinds[n->kind].wait(t, n, &patience) : rc;
}

int
tree_attr(struct tree *t, uint64_t ino, struct tree_ticket *ticket, struct wait *w,
    struct tree_entry *out)
{
	struct node n;
	int rc = current_node(t, ino, ticket, w, &n);

	if (rc == 0) {
		rc = node_entry(t, &n, w, sync_fresh_for(t->o.sync), out);
	} else if (rc == -ESTALE) {
		*out = (struct tree_entry){ .attr_for = TREE_FOREVER };
		rc = open_files_stat(t->open_files, ino, &out->st);
	}
	node_free(&n);
	return rc;
}

int
tree_link(
    struct tree *t, uint64_t ino, struct tree_ticket *ticket, struct wait *w, struct buf *target)
{
	struct node n;
	int rc = current_node(t, ino, ticket, w, &n);

	if (rc == 0 && !S_ISLNK(kinds[n.kind].mode))
		rc = -EINVAL;
	if (rc == 0) {
		node_put_text(t, &n, target);
		rc = target->failed ? -ENOMEM : 0;
	}
	node_free(&n);
	return rc;
}

int
tree_refresh(struct tree *t, struct tree_ticket *ticket, bool full, struct wait *w)
{
	if (ticket->since == 0) {
		ticket->since = clock_wall_ms();
		on_demand_expire(t->o.on_demand);
	}
	return sync_refresh(t->o.sync, &ticket->refresh, full, w);
}

/*
 * Names.
 */

/* Whether it is a document that is not listed. Such a name comes and goes when somebody asks for
 * it, not with a refresh. */
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
	double fresh = sync_fresh_for(t->o.sync);
	int rc = node_of(t, parent, &dir);

	if (rc == 0 && strlen(name) > NAME_BYTES)
		rc = -ENAMETOOLONG;
	out->name_for = fresh;
	bool expires = kinds[dir.kind].on_demand || node_is_unlisted(&dir);
	if (rc == 0)
		rc = node_find(t, &dir, name, &n);
	if (rc == 0)
		rc = node_entry(t, &n, NULL, fresh, out);
	if (rc == 0 && n.kind == REFRESH)
		out->ino = *name == '.' ?
		    parent :
		    REFRESH + REFRESH_STEP * (uint64_t)++t->refreshers;
	if ((expires && (rc < 0 || n.kind >= KEYED)) || (rc == -ENOENT && may_be_unlisted(name)))
		out->name_for = 0;
	node_free(&n);
	node_free(&dir);
	return rc;
}

int
tree_list(struct tree *t, uint64_t ino, uint64_t off, tree_each *each, void *ctx)
{
	struct node dir;
	struct node_listing l = { .tree = t, .dir = &dir, .fresh = sync_fresh_for(t->o.sync),
		.each = each, .ctx = ctx };
	int rc = node_of(t, ino, &dir);

	if (rc == 0 && !S_ISDIR(kinds[dir.kind].mode))
		rc = -ENOTDIR;
	for (; rc == 0 && off < 2 && !l.full; off++) {
		struct tree_entry dots = { .st.st_ino = off == 0 ? ino : UNKNOWN_INO,
			.st.st_mode = S_IFDIR };

		l.full = !each(ctx, off == 0 ? "." : "..", &dots, off + 1);
	}
	if (rc == 0 && !l.full)
		rc = node_list_dir(&l, off);
	node_free(&dir);
	return rc;
}

/*
 * Opening.
 */

bool
tree_is_refresh(uint64_t ino)
{
	return node_kind(ino) == REFRESH;
}

/* An open file keeps its attributes: the catalogue forgets a version that is replaced. */
static int
keep_attr(struct tree *t, const struct node *n, const struct file *f, enum tree_pages *pages)
{
	const struct kind_row *k = &kinds[n->kind];
	struct tree_entry e;
	bool shares;
	int rc = node_entry(t, n, NULL, 0, &e);

	if (rc < 0)
		return rc;
	rc = open_files_add(t->open_files, &e.st, f, &shares);
	if (rc == 0)
		*pages = !shares || k->uncached ? TREE_PAGES_NONE :
		    k->attr == FOREVER		? TREE_PAGES_KEEP :
						  TREE_PAGES_FRESH;
	return rc;
}

int
tree_open_file(struct tree *t, uint64_t ino, struct tree_ticket *ticket, struct wait *w,
    struct file **out, enum tree_pages *pages)
{
	struct file *f = NULL;
	struct node n;
	int rc = node_of(t, ino, &n);
	const struct kind_row *k = &kinds[n.kind];

	if (rc == 0 && !S_ISREG(k->mode))
		rc = -EISDIR;
	if (rc == 0 && k->attr == FOREVER && n.doc.listed && n.doc.name && *n.doc.name)
		read_ahead_opened(t->o.read_ahead, &n.doc);	/* made of a latest version */
	if (rc == 0 && k->fresh)
		rc = sync_fresh(t->o.sync, &ticket->refresh, w);
	if (rc == 0)
		rc = k->open ? k->open(t, &n, w, &f) : node_open_text(t, &n, &f);
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
tree_close_file(struct tree *t, uint64_t ino, struct file *f)
{
	if (tree_is_refresh(ino))
		ino = REFRESH;
	if (f)
		open_files_remove(t->open_files, ino, f);
	file_close(f);
}

void
tree_space(struct tree *t, struct tree_space *out)
{
	const struct answer *a = NULL;
	struct catalogue_totals totals = { 0 };

	catalogue_totals(t->o.catalogue, &totals);
	*out = (struct tree_space){ .bytes = totals.bytes, .documents = totals.documents };
	if (on_demand_known(t->o.on_demand, ON_DEMAND_STORAGE, "", &a) == 0 && a->count > 0) {
		out->bytes = strtoull(a->rows->name, NULL, 10) << 20;
		out->free = strtoull(a->rows->more, NULL, 10) << 20;
	}
	answers_put(a);
}

/*
 * Changes.
 */

void
tree_on_change(struct tree *t, const struct tree_kernel *kernel)
{
	open_files_on_drop(t->open_files, kernel);
	t->kernel = kernel;
}

/* Forgets all names whose meaning changes with this one: in the roots, in the directories of the
 * document, and by its Id. */
static void
forget_names(
    struct tree *t, const struct tree_kernel *kernel, const struct catalogue_change *change)
{
	struct document d = { .name = change->name };
	unsigned kind;

	for (kind = ROOT; kind < KEYED; kind++)
		if (kinds[kind].shows && kind != BY_ID)
			kernel->forget_name(kernel->ctx, kind, node_name_in((enum kind)kind, &d));
	if (catalogue_by_key(t->o.catalogue, change->document_key, &d) < 0)
		return;
	kernel->forget_name(kernel->ctx, BY_ID, d.id);
	for (; kind < KINDS; kind++)
		if (S_ISDIR(kinds[kind].mode) && kinds[kind].key == DOCUMENT_KEY &&
		    node_meets(t, kinds[kind].has_if, &d))
			node_each_name(t, &(struct node){ .kind = (enum kind)kind, .doc = d },
			    kernel->forget_name, kernel->ctx);
	document_free(&d);
}

void
tree_changed(void *tree, const struct catalogue_change *change)
{
	struct tree *t = tree;
	const struct tree_kernel *kernel = t->kernel;

	if (kernel && change->id)
		kernel->forget_name(kernel->ctx, BY_ID, change->id);
	if (kernel && change->name)
		forget_names(t, kernel, change);
	if (change->content)
		file_drop(t->o.files, change->content);
}

int
tree_open(const struct tree_options *o, struct tree **out)
{
	struct tree *t = malloc(sizeof(*t));

	if (!t)
		return -ENOMEM;
	*t = (struct tree){
		.o = *o, .open_files = open_files_new(), .paths = paths_new(), .born = time(NULL)
	};
	if (!t->open_files || !t->paths) {
		tree_close(t);
		return -ENOMEM;
	}
	*out = t;
	return 0;
}

void
tree_close(struct tree *t)
{
	if (!t)
		return;
	open_files_free(t->open_files);
	paths_free(t->paths);
	free(t);
}

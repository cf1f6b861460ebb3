#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/catalogue/catalogue.h"

#include "document_dir.h"
#include "node.h"
#include "paths.h"

_Static_assert(KINDS - KEYED < 1 << (64 - NAME_KEY_BITS), "an inode number has room for the kind");

/*
 * Inode numbers.
 */

static uint64_t
node_key(const struct node *n)
{
	switch (kinds[n->kind].key) {
	case DOCUMENT_KEY:
		return n->doc.key;
	case PATH_KEY:
		return paths_key(n->path);
	default:
		return n->doc.version_key;
	}
}

static uint64_t
node_ino(const struct node *n)
{
	const bool by_path = kinds[n->kind].key == PATH_KEY;	/* which tells the variant, too */
	const uint64_t number = n->kind - KEYED + (by_path ? 0 : n->variant) + 1;

	return n->kind < KEYED ? n->kind : number << NAME_KEY_BITS | node_key(n);
}

enum kind
node_kind(uint64_t ino)
{
	const uint64_t number = ino >> NAME_KEY_BITS;
	unsigned kind = KEYED + (unsigned)number - 1;

	if (number == 0)
		return ino % REFRESH_STEP == REFRESH ? REFRESH : ino < KEYED ? (enum kind)ino : 0;
	if (kind >= KINDS)
		return 0;
	while (!kinds[kind].mode)	/* a variant */
		kind--;
	return (enum kind)kind;
}

bool
node_meets(const struct tree *t, unsigned conditions, const struct document *d)
{
	return (!(conditions & IF_CSV) || document_is_csv(d)) &&
	    (!(conditions & IF_NOTE) || document_is_note(d)) &&
	    (!(conditions & IF_LINKS) || t->o.links) &&
	    (!(conditions & IF_BROWSE) || t->o.browse) &&
	    (!(conditions & IF_VERSIONS) || t->o.versions);
}

int
node_of(struct tree *t, uint64_t ino, struct node *n)
{
	const uint64_t key = ino & ((UINT64_C(1) << NAME_KEY_BITS) - 1);
	int rc = 0;

	*n = (struct node){ 0 };
	n->kind = node_kind(ino);
	if (n->kind >= KEYED)
		n->variant = (unsigned)(ino >> NAME_KEY_BITS) - (n->kind - KEYED + 1);
	const struct kind_row *k = &kinds[n->kind];
	if (!k->mode || (k->names && !k->names(n->variant)))
		return -ESTALE;
	switch (k->key) {
	case NO_KEY:
		break;
	case DOCUMENT_KEY:
		rc = catalogue_by_key(t->o.catalogue, key, &n->doc);
		break;
	case PATH_KEY:
		rc = paths_get(t->paths, key, &n->path);
		if (rc == 0 && k->recall)
			rc = k->recall(t, n);
		break;
	case VERSION_KEY:
	case ANY_VERSION_KEY:
		rc = catalogue_by_version_key(t->o.catalogue, key, &n->doc);
		if (rc == -ENOENT && k->key == ANY_VERSION_KEY)
			rc = catalogue_version(t->o.catalogue, key, &n->doc);
		break;
	}
	return rc == -ENOENT ? -ESTALE : rc;
}

void
node_free(struct node *n)
{
	document_free(&n->doc);
	free(n->path);
	n->path = NULL;
}

int
node_remember(struct tree *t, const struct node *n)
{
	return n->path ? paths_put(t->paths, n->path) : 0;
}

int
node_set_path(
    struct tree *t, struct node *n, enum kind kind, const struct node *dir, const char *name)
{
	const char *in = dir->path ? dir->path : kinds[dir->kind].name;

	n->kind = kind;
	if (asprintf(&n->path, "%s/%s", in, name) < 0) {
		n->path = NULL;
		return -ENOMEM;
	}
	return node_remember(t, n);
}

bool
node_is_unlisted(const struct node *n)
{
	return *n->doc.id && !n->doc.listed;
}

/*
 * Names.
 */

const char *
node_name_in(enum kind root, const struct document *d)
{
	if (root == BY_ID)
		return d->id;
	return root != DOCUMENTS && strcmp(d->name, "README") == 0 ? ".README" : d->name;
}

/* Goes on from n to the next child of dir that has its name by a row. Start with a zeroed node. */
static bool
next_child(const struct tree *t, const struct node *dir, struct node *n)
{
	const struct kind_row *k = &kinds[n->kind];

	if (k->names && k->names(n->variant + 1)) {
		n->variant++;
		return true;
	}
	n->variant = 0;
	n->doc = dir->doc;
	for (unsigned i = n->kind + 1; i < KINDS; i++) {
		k = &kinds[i];
		if (k->parent == dir->kind && (k->name || k->name_of || k->names) && i != ROOT &&
		    node_meets(t, k->has_if, &dir->doc)) {
			n->kind = (enum kind)i;
			return true;
		}
	}
	return false;
}

/* A name that the document's file has already gets a leading dot. */
static const char *
name_of_child(const struct tree *t, const struct node *n, struct name *buf)
{
	const struct kind_row *k = &kinds[n->kind];
	const char *name = k->names ? k->names(n->variant) : k->name;
	struct name file;

	if (k->name_of) {
		k->name_of(&n->doc, t->o.names, buf);
		return buf->s;
	}
	if (k->parent == DOCUMENT) {
		document_dir_file_name(&n->doc, t->o.names, &file);
		if (strcasecmp(file.s, name) == 0) {
			snprintf(buf->s, sizeof(buf->s), ".%s", name);
			return buf->s;
		}
	}
	return name;
}

void
node_each_name(const struct tree *t, const struct node *dir, tree_name *each, void *ctx)
{
	const uint64_t ino = node_ino(dir);
	struct node n = { 0 };
	struct name buf;

	while (next_child(t, dir, &n)) {
		each(ctx, ino, name_of_child(t, &n, &buf));
		if (kinds[n.kind].also)
			each(ctx, ino, kinds[n.kind].also);
	}
}

/* Nobody knows the directory of one that is only a path. */
static int
find_parent(struct node *dir, struct node *out)
{
	if (dir->path)
		return -ESTALE;
	out->kind = kinds[dir->kind].parent;
	if (kinds[out->kind].key != NO_KEY) {
		out->doc = dir->doc;
		dir->doc = (struct document){ 0 };
	}
	return 0;
}

int
node_find(struct tree *t, struct node *dir, const char *name, struct node *out)
{
	const struct kind_row *k = &kinds[dir->kind];
	struct name buf;

	*out = (struct node){ 0 };
	if (strcmp(name, ".") == 0) {
		*out = *dir;
		*dir = (struct node){ 0 };
		return 0;
	}
	if (strcmp(name, "..") == 0)
		return find_parent(dir, out);
	while (next_child(t, dir, out)) {
		const char *also = kinds[out->kind].also;

		if (strcmp(name, name_of_child(t, out, &buf)) == 0 ||
		    (also && strcmp(name, also) == 0)) {
			dir->doc = (struct document){ 0 };	/* it is out's now */
			return 0;
		}
	}
	*out = (struct node){ 0 };
	return k->find ? k->find(t, dir, name, out) : S_ISDIR(k->mode) ? -ENOENT : -ENOTDIR;
}

static mode_t
node_mode(const struct tree *t, const struct node *n)
{
	const mode_t mode = kinds[n->kind].mode;

	return S_ISLNK(mode) ? mode : mode & ~t->o.umask;
}

bool
node_list(struct node_listing *l, const char *name, const struct node *n, uint64_t next)
{
	struct tree_entry e;

	/* One entry whose attributes cannot be had must not hide the rest. */
	if (node_entry(l->tree, n, NULL, l->fresh, &e) < 0)
		e = (struct tree_entry){ .st.st_ino = node_ino(n),
			.st.st_mode = node_mode(l->tree, n) };
	l->full = l->full || !l->each(l->ctx, name, &e, l->base + next);
	return !l->full;
}

int
node_list_dir(struct node_listing *l, uint64_t off)
{
	const struct kind_row *k = &kinds[l->dir->kind];
	struct node n = { 0 };
	uint64_t next = 2;		/* after "." and ".." */
	struct name buf;

	while (!l->full && next_child(l->tree, l->dir, &n))
		if (!kinds[n.kind].hidden && ++next > off)
			node_list(l, name_of_child(l->tree, &n, &buf), &n, next);
	l->base = next;
	return l->full || !k->list ? 0 : k->list(l, off > next ? off - next : 0);
}

/*
 * Attributes.
 */

static struct timespec
time_of(const struct tree *t, const struct node *n)
{
	const struct document *d = &n->doc;
	int64_t ms = !*d->id ? (int64_t)t->born * 1000 :
	    kinds[n->kind].of_record ? d->system_modstamp :
	    d->content_modified != -1 ? d->content_modified : d->created;

	return document_timespec(ms);
}

static void
put_target(const struct node *n, struct buf *b)
{
	const enum kind target = kinds[n->kind].shows, root = kinds[target].parent;

	for (unsigned i = n->kind == LINK ? n->variant + 1 : 2; i > 0; i--)
		buf_puts(b, "../");
	buf_puts(b, kinds[root].name);
	buf_putc(b, '/');
	buf_puts(b, node_name_in(root, &n->doc));
}

void
node_put_text(const struct tree *t, const struct node *n, struct buf *b)
{
	const struct kind_row *k = &kinds[n->kind];

	if (S_ISLNK(k->mode) && k->shows)
		put_target(n, b);
	else if (k->constant)
		buf_puts(b, k->constant);
	else if (k->put_record)
		k->put_record(b, &n->doc);
	else if (k->put)
		k->put(t, n, b);
}

int
node_open_text(const struct tree *t, const struct node *n, struct file **out)
{
	struct buf b = BUF_INIT;

	node_put_text(t, n, &b);
	const size_t len = b.len;
	char *text = buf_detach(&b);
	return text ? file_open_text(text, len, out) : -ENOMEM;
}

int
node_text_size(const struct tree *t, const struct node *n, uint64_t *size)
{
	struct buf b = BUF_INIT;

	node_put_text(t, n, &b);
	const bool failed = b.failed;
	*size = b.len;
	buf_free(&b);
	return failed ? -ENOMEM : 0;
}

int
node_entry(
    struct tree *t, const struct node *n, struct wait *w, double fresh, struct tree_entry *out)
{
	const struct kind_row *k = &kinds[n->kind];
	const struct timespec time = time_of(t, n);
	const uint64_t ino = node_ino(n);
	const double here = node_is_unlisted(n) ? 0 : fresh;
	uint64_t size = 0;
	int rc = k->size ? k->size(t, n, w, &size) : node_text_size(t, n, &size);

	if (rc < 0 && (w || rc != -EAGAIN))
		return rc;
	*out = (struct tree_entry){
		.ino = ino,
		.st = {
			.st_ino = ino, .st_mode = node_mode(t, n),
			.st_nlink = S_ISDIR(k->mode) ? 2 : 1,
			.st_uid = t->o.uid, .st_gid = t->o.gid,
			.st_size = (off_t)size, .st_blocks = (blkcnt_t)(size + 511) / 512,
			.st_blksize = 4096, .st_atim = time, .st_mtim = time, .st_ctim = time,
		},
		.name_for = n->kind == REFRESH ? 0 : n->kind < KEYED ? TREE_FOREVER :
		    k->on_demand ? 0 : here,
		.attr_for = rc == -EAGAIN ? 0 : k->attr == FOREVER ? TREE_FOREVER :
		    k->attr == WHILE_FRESH ? here : 0,
	};
	return 0;
}

/*
 * An inode number is `kind << NAME_KEY_BITS | key`. From a kind one CAN tell
 * what the inode is without asking anybody, and from the key which row of the
 * catalogue it belongs to; one CANNOT tell whether that row still exists, so
 * every use looks it up (-ESTALE if not).
 *
 *	kind		key of		the inode changes when		attributes
 *	FIXED		(a number)	never				for ever
 *	DOCUMENT	the document	never				while the catalogue is fresh
 *	METADATA	the document	never				while the catalogue is fresh
 *	VERSION, VIEW	the version	there is a new version		for ever
 *
 * Names within a directory hold while the catalogue is fresh.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/buf.h"
#include "auth/log.h"
#include "inside.h"
#include "inventory.h"

#include "tree.h"

enum kind {
	FIXED,			/* one of fixed[] */
	DOCUMENT,		/* documents/X/ */
	VERSION,		/* documents/X/X.csv and its other name, content */
	METADATA,		/* documents/X/metadata.json */
	PARSED_LINK,		/* documents/X/parsed -> */
	ID_LINK,		/* by-id/069... -> */
	PARSED,			/* parsed/X/ */
	VIEW,			/* parsed/X/header and so on: VIEW + the view's number */
};

enum fixed_number { ROOT = TREE_ROOT, DOCUMENTS, PARSED_ROOT, PARSED_README, BY_ID, SFFS, STATUS, REFRESH, LOG, MD5SUMS, DOCUMENTS_TSV };

static const char parsed_readme[] =
	"Every CSV document as files that a pipeline can trust. This directory lists nothing,\n"
	"so that no listing depends on what was looked at before; any CSV document's name works:\n"
	"\n"
	"    ls   'parsed/Q3 Forecast/'\n"
	"    head -3 'parsed/Q3 Forecast/table.tsv'\n"
	"    cat  documents/*/parsed/rows.jsonl        all CSV documents\n";

#define STATUS_BYTES	4096	/* padded with blanks, so that its size is always true */

static const struct fixed {
	uint64_t	 number, parent;
	const char	*name;
	mode_t		 mode;
	const char	*text;
	bool		 fresh;		/* what is in it shows the catalogue: it waits until that is fresh */
} fixed[] = {
	{ ROOT,			ROOT,		"",		S_IFDIR | 0555,	NULL,		false },
	{ DOCUMENTS,		ROOT,		"documents",	S_IFDIR | 0555,	NULL,		true },
	{ PARSED_ROOT,		ROOT,		"parsed",	S_IFDIR | 0555,	NULL,		true },
	{   PARSED_README,	PARSED_ROOT,	"README",	S_IFREG | 0444,	parsed_readme,	false },
	{ BY_ID,		ROOT,		"by-id",	S_IFDIR | 0555,	NULL,		true },
	{ SFFS,			ROOT,		".sffs",	S_IFDIR | 0555,	NULL,		false },
	{   STATUS,		SFFS,		"status.json",	S_IFREG | 0444,	NULL,		false },
	{   REFRESH,		SFFS,		"refresh",	S_IFREG | 0644,	"",		false },
	{   LOG,		SFFS,		"log",		S_IFREG | 0444,	NULL,		false },
	{   MD5SUMS,		SFFS,		"MD5SUMS",	S_IFREG | 0444,	NULL,		true },
	{   DOCUMENTS_TSV,	SFFS,		"documents.tsv", S_IFREG | 0444, NULL,		true },
};

#define FIXED_COUNT (sizeof(fixed) / sizeof(fixed[0]))

/* A file that is open: what stat says of it holds, though the catalogue may know its version no more. */
struct open_file {
	struct stat	 st;
	unsigned	 handles;
	struct open_file *next;
};
#define OPEN_BUCKETS	1024

struct tree {
	struct catalogue *catalogue;
	struct sync	*sync;
	struct files	*files;
	struct inventory *inventory;
	struct tree_options o;
	time_t		 born;

	pthread_mutex_t	 lock;		/* guards: open */
	struct open_file *open[OPEN_BUCKETS];	/* by st_ino */
};

/* An inode, resolved. */
struct node {
	enum kind	 kind;		/* VIEW for all views */
	unsigned	 view;
	const struct fixed *fixed;	/* of FIXED */
	struct document	 doc;		/* of all others; not owned unless node_of filled it */
};

static uint64_t
ino_of(enum kind kind, uint64_t key)
{
	return (uint64_t)kind << NAME_KEY_BITS | key;
}

static uint64_t
node_ino(const struct node *n)
{
	switch (n->kind) {
	case FIXED:
		return n->fixed->number;
	case VERSION:
		return ino_of(VERSION, n->doc.version_key);
	case VIEW:
		return ino_of(VIEW + n->view, n->doc.version_key);
	default:
		return ino_of(n->kind, n->doc.key);
	}
}

/* Resolves an inode number; n->doc is to be freed. */
static int
node_of(struct tree *t, uint64_t ino, struct node *n)
{
	unsigned kind = (unsigned)(ino >> NAME_KEY_BITS);
	uint64_t key = ino & ((UINT64_C(1) << NAME_KEY_BITS) - 1);
	int rc;

	*n = (struct node){ .kind = kind < VIEW ? (enum kind)kind : VIEW };
	if (kind == FIXED) {
		for (size_t i = 0; i < FIXED_COUNT; i++)
			if (fixed[i].number == key)
				n->fixed = &fixed[i];
		return n->fixed ? 0 : -ESTALE;
	}
	if (kind >= VIEW) {
		n->view = kind - VIEW;
		if (!file_view_name(n->view))
			return -ESTALE;
	}
	if (n->kind == VERSION || n->kind == VIEW)
		rc = catalogue_by_version_key(t->catalogue, key, &n->doc);
	else
		rc = catalogue_by_key(t->catalogue, key, &n->doc);
	return rc == -ENOENT ? -ESTALE : rc;
}

static void
names_inside(const struct tree *t, const struct document *d, struct inside *in)
{
	inside_names(d, t->o.names, in);
	if (!t->o.links)
		in->parsed = NULL;
}

/*
 * Texts: what is made on the spot.
 */

static int
put_status(const struct tree *t, struct buf *b)
{
	size_t len = 0;
	char *text = t->o.status(t->o.ctx, &len);

	if (!text)
		return -ENOMEM;
	buf_put(b, text, len);
	free(text);
	while (b->len % STATUS_BYTES != STATUS_BYTES - 1 && !b->failed)
		buf_putc(b, ' ');
	buf_putc(b, '\n');
	return 0;
}

static bool
is_fixed(const struct node *n, enum fixed_number number)
{
	return n->kind == FIXED && n->fixed->number == number;
}

/* Whether the node is a snapshot of the catalogue; which. */
static bool
is_inventory(const struct node *n, enum inventory_kind *kind)
{
	*kind = is_fixed(n, MD5SUMS) ? INVENTORY_MD5SUMS : INVENTORY_DOCUMENTS;
	return is_fixed(n, MD5SUMS) || is_fixed(n, DOCUMENTS_TSV);
}

/* 1: the node is a text, and it is in b. 0: it is not. */
static int
text_of(const struct tree *t, const struct node *n, struct buf *b)
{
	int rc = 1;

	if (n->kind == METADATA)
		inside_put_metadata(b, &n->doc);
	else if (n->kind == VERSION && inside_is_link(&n->doc))
		inside_put_url(b, &n->doc);
	else if (is_fixed(n, STATUS))
		rc = put_status(t, b) < 0 ? -ENOMEM : 1;
	else if (is_fixed(n, LOG))
		log_tail(b);
	else if (n->kind == FIXED && n->fixed->text)
		buf_puts(b, n->fixed->text);
	else
		rc = 0;
	return b->failed ? -ENOMEM : rc;
}

static int
link_target(const struct node *n, struct buf *b)
{
	if (n->kind != PARSED_LINK && n->kind != ID_LINK)
		return -EINVAL;
	buf_puts(b, n->kind == PARSED_LINK ? "../../parsed/" : "../documents/");
	buf_puts(b, n->doc.name);
	return b->failed ? -ENOMEM : 0;
}

/*
 * Attributes.
 */

static mode_t
mode_of(const struct tree *t, const struct node *n)
{
	switch (n->kind) {
	case FIXED:
		return n->fixed->mode & ~t->o.umask;
	case DOCUMENT: case PARSED:
		return (S_IFDIR | 0555) & ~t->o.umask;
	case PARSED_LINK: case ID_LINK:
		return S_IFLNK | 0777;
	default:
		return (S_IFREG | 0444) & ~t->o.umask;
	}
}

static struct timespec
time_of(const struct tree *t, const struct node *n)
{
	int64_t ms = n->kind == FIXED ? (int64_t)t->born * 1000 :
	    n->kind == METADATA ? n->doc.system_modstamp :
	    n->doc.content_modified >= 0 ? n->doc.content_modified : n->doc.created;

	return (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
}

/* All but the size of what has to be made first, a view or a snapshot: that is -EAGAIN, with w queued if there is one. */
static int
size_of(struct tree *t, const struct node *n, struct wait *w, uint64_t *size)
{
	enum inventory_kind kind;
	struct snapshot *snapshot;
	struct buf b = BUF_INIT;
	int rc = 0;

	*size = 0;
	if (n->kind == VIEW)
		return file_view_size(t->files, &n->doc, n->view, w, size);
	if (is_inventory(n, &kind)) {
		if ((rc = inventory_get(t->inventory, kind, w, &snapshot)) == 0) {
			*size = snapshot_size(snapshot);
			snapshot_put(snapshot);
		}
		return rc;
	}
	if (n->kind == PARSED_LINK || n->kind == ID_LINK)
		rc = link_target(n, &b);
	else if ((rc = text_of(t, n, &b)) == 0 && n->kind == VERSION)
		*size = (uint64_t)n->doc.content_size;
	if (b.len)
		*size = b.len;
	buf_free(&b);
	return rc < 0 ? rc : 0;
}

/* fresh: seconds for which the catalogue is. */
static int
fill_entry(struct tree *t, const struct node *n, struct wait *w, double fresh, struct tree_entry *out)
{
	struct timespec time = time_of(t, n);
	uint64_t size;
	int rc = size_of(t, n, w, &size);

	if (rc < 0 && (w || rc != -EAGAIN))
		return rc;
	bool is_dir = S_ISDIR(mode_of(t, n));
	*out = (struct tree_entry){
		.st = {
			.st_ino = node_ino(n), .st_mode = mode_of(t, n), .st_nlink = is_dir ? 2 : 1,
			.st_uid = t->o.uid, .st_gid = t->o.gid, .st_size = (off_t)size, .st_blocks = (blkcnt_t)(size + 511) / 512,
			.st_blksize = 4096, .st_atim = time, .st_mtim = time, .st_ctim = time,
		},
		.name_for = n->kind == FIXED ? TREE_FOREVER : fresh,
		.attr_for = fresh,
	};
	if (rc == -EAGAIN || (n->kind == FIXED && !is_dir && !n->fixed->text))
		out->attr_for = 0;
	else if (n->kind == VERSION || n->kind == VIEW || (n->kind == FIXED && !n->fixed->fresh))
		out->attr_for = TREE_FOREVER;
	return 0;
}

/*
 * Open files.
 */

/* Caller locks. Where the entry of that inode is, or would be. */
static struct open_file **
find_open(struct tree *t, uint64_t ino)
{
	struct open_file **p = &t->open[(ino ^ ino >> 32) % OPEN_BUCKETS];

	while (*p && (*p)->st.st_ino != ino)
		p = &(*p)->next;
	return p;
}

static int
add_open(struct tree *t, const struct stat *st)
{
	struct open_file *new = malloc(sizeof(*new));

	if (!new)
		return -ENOMEM;
	pthread_mutex_lock(&t->lock);
	struct open_file **p = find_open(t, st->st_ino);
	if (*p) {
		(*p)->handles++;
		free(new);
	} else {
		*new = (struct open_file){ .st = *st, .handles = 1 };
		*p = new;
	}
	pthread_mutex_unlock(&t->lock);
	return 0;
}

static void
remove_open(struct tree *t, uint64_t ino)
{
	pthread_mutex_lock(&t->lock);
	struct open_file **p = find_open(t, ino), *old = *p;
	if (old && --old->handles == 0) {
		*p = old->next;
		free(old);
	}
	pthread_mutex_unlock(&t->lock);
}

/* -ESTALE becomes 0 if the inode is open. */
static int
attr_of_open(struct tree *t, uint64_t ino, struct tree_entry *out)
{
	int rc = -ESTALE;

	pthread_mutex_lock(&t->lock);
	const struct open_file *f = *find_open(t, ino);
	if (f) {
		*out = (struct tree_entry){ .st = f->st, .attr_for = TREE_FOREVER };
		rc = 0;
	}
	pthread_mutex_unlock(&t->lock);
	return rc;
}

int
tree_attr(struct tree *t, uint64_t ino, struct sync_ticket *ticket, struct wait *w, struct tree_entry *out)
{
	struct node n;
	int rc = node_of(t, ino, &n);

	if (rc == 0 && (n.kind == DOCUMENT || n.kind == PARSED || (n.kind == FIXED && n.fixed->fresh)) &&
	    (rc = sync_fresh(t->sync, ticket, w)) == 0 && n.kind != FIXED) {
		document_free(&n.doc);		/* what it was before the refresh */
		rc = node_of(t, ino, &n);
	}
	if (rc == 0)
		rc = fill_entry(t, &n, w, sync_fresh_for(t->sync), out);
	else if (rc == -ESTALE)
		rc = attr_of_open(t, ino, out);
	document_free(&n.doc);
	return rc;
}

int
tree_link(struct tree *t, uint64_t ino, char **target)
{
	struct buf b = BUF_INIT;
	struct node n;
	int rc = node_of(t, ino, &n);

	if (rc == 0)
		rc = link_target(&n, &b);
	if (rc == 0 && !(*target = buf_detach(&b)))
		rc = -ENOMEM;
	buf_free(&b);
	document_free(&n.doc);
	return rc;
}

/*
 * Looking up.
 */

static int
find_by_id(struct tree *t, const char *name, struct document *d)
{
	char id[19];

	if (!name_id(name, id) || strncmp(id, "069", 3) != 0)
		return -ENOENT;
	return catalogue_by_id(t->catalogue, id, d);
}

static int
find_inside(const struct tree *t, const struct document *d, const char *name, struct node *n)
{
	struct inside in;

	names_inside(t, d, &in);
	if (strcmp(name, in.file.s) == 0 || strcmp(name, "content") == 0)
		n->kind = VERSION;
	else if (strcmp(name, in.metadata) == 0)
		n->kind = METADATA;
	else if (in.parsed && strcmp(name, in.parsed) == 0)
		n->kind = PARSED_LINK;
	else
		return -ENOENT;
	return 0;
}

static int
find_fixed(uint64_t parent, const char *name, struct node *n)
{
	for (size_t i = 1; i < FIXED_COUNT; i++) {
		if (fixed[i].parent == parent && strcmp(fixed[i].name, name) == 0) {
			*n = (struct node){ .kind = FIXED, .fixed = &fixed[i] };
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
	if (dir->kind == DOCUMENT || dir->kind == PARSED) {
		n->doc = dir->doc;
		dir->doc = (struct document){ 0 };
	}
	if (dir->kind == DOCUMENT) {
		rc = find_inside(t, &n->doc, name, n);
	} else if (dir->kind == PARSED) {
		n->kind = VIEW;
		for (n->view = 0; file_view_name(n->view); n->view++)
			if (strcmp(file_view_name(n->view), name) == 0)
				return 0;
	} else if (dir->kind == FIXED) {
		rc = find_fixed(dir->fixed->number, name, n);
		if (rc == 0)
			return 0;
		if (dir->fixed->number == DOCUMENTS) {
			n->kind = DOCUMENT;
			rc = catalogue_by_name(t->catalogue, name, &n->doc);
		} else if (dir->fixed->number == BY_ID) {
			n->kind = ID_LINK;
			rc = find_by_id(t, name, &n->doc);
		} else if (dir->fixed->number == PARSED_ROOT) {
			n->kind = PARSED;
			rc = catalogue_by_name(t->catalogue, name, &n->doc);
			if (rc == 0 && !inside_is_csv(&n->doc))
				rc = -ENOENT;
		}
	} else {
		rc = -ENOTDIR;
	}
	return rc;
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
		rc = fill_entry(t, &n, NULL, fresh, out);
	document_free(&n.doc);
	document_free(&dir.doc);
	return rc;
}

/*
 * Listing. Offsets: 1 behind ".", 2 behind "..", then in documents/ and by-id/ 2 + the document's key,
 * elsewhere 3, 4, ... in the order of the entries.
 */

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

	/* An entry whose attributes cannot be had is listed all the same: one fault must not hide the rest. */
	if (fill_entry(l->tree, n, NULL, l->fresh, &e) < 0)
		e = (struct tree_entry){ .st = { .st_ino = node_ino(n), .st_mode = mode_of(l->tree, n) } };
	if (!l->full && !l->each(l->ctx, name, &e, next))
		l->full = true;
}

static bool
list_document(void *ctx, const struct document *d)
{
	struct listing *l = ctx;
	const struct node n = { .kind = l->kind, .doc = *d };

	list_node(l, l->kind == ID_LINK ? d->id : d->name, &n, 2 + d->key);
	return !l->full;
}

static void
list_inside(struct listing *l, const struct node *dir, uint64_t off)
{
	struct node n = *dir;
	struct inside in;

	names_inside(l->tree, &dir->doc, &in);
	const struct { enum kind kind; const char *name; } entries[] = {
		{ VERSION, in.file.s }, { METADATA, in.metadata }, { PARSED_LINK, in.parsed },
	};
	for (uint64_t i = off - 2; i < 3 && entries[i].name; i++) {
		n.kind = entries[i].kind;
		list_node(l, entries[i].name, &n, 3 + i);
	}
}

static void
list_views(struct listing *l, const struct node *dir, uint64_t off)
{
	struct node n = *dir;

	n.kind = VIEW;
	for (uint64_t i = off - 2; file_view_name((unsigned)i); i++) {
		n.view = (unsigned)i;
		list_node(l, file_view_name(n.view), &n, 3 + i);
	}
}

static void
list_fixed(struct listing *l, uint64_t parent, uint64_t off)
{
	uint64_t next = 3;

	for (size_t i = 1; i < FIXED_COUNT; i++) {
		if (fixed[i].parent != parent)
			continue;
		if (next > off)
			list_node(l, fixed[i].name, &(struct node){ .kind = FIXED, .fixed = &fixed[i] }, next);
		next++;
	}
}

static uint64_t
parent_of(const struct node *n)
{
	return n->kind == DOCUMENT ? DOCUMENTS : n->kind == PARSED ? PARSED_ROOT : n->fixed->parent;
}

int
tree_list(struct tree *t, uint64_t ino, uint64_t off, tree_each *each, void *ctx)
{
	struct listing l = { .tree = t, .fresh = sync_fresh_for(t->sync), .each = each, .ctx = ctx };
	struct node dir;
	int rc = node_of(t, ino, &dir);

	if (rc == 0 && !S_ISDIR(mode_of(t, &dir)))
		rc = -ENOTDIR;
	if (rc < 0)
		goto out;
	for (; off < 2 && !l.full; off++) {
		struct tree_entry dots = { .st = { .st_ino = off == 0 ? ino : parent_of(&dir), .st_mode = S_IFDIR } };

		l.full = !each(ctx, off == 0 ? "." : "..", &dots, off + 1);
	}
	if (l.full)
		goto out;
	if (dir.kind == DOCUMENT) {
		list_inside(&l, &dir, off);
	} else if (dir.kind == PARSED) {
		list_views(&l, &dir, off);
	} else if (ino == DOCUMENTS || ino == BY_ID) {
		l.kind = ino == BY_ID ? ID_LINK : DOCUMENT;
		rc = catalogue_list(t->catalogue, off - 2, list_document, &l);
	} else {
		list_fixed(&l, ino, off);
	}
out:
	document_free(&dir.doc);
	return rc;
}

/*
 * Opening.
 */

bool
tree_is_refresh(uint64_t ino)
{
	return ino == REFRESH;
}

static void
put_snapshot(void *snapshot)
{
	snapshot_put(snapshot);
}

static int
open_inventory(struct tree *t, enum inventory_kind kind, struct sync_ticket *ticket, struct wait *w, struct file **out)
{
	struct snapshot *s;
	int rc = sync_fresh(t->sync, ticket, w);

	if (rc == 0)
		rc = inventory_get(t->inventory, kind, w, &s);
	return rc < 0 ? rc : file_open_fd(snapshot_fd(s), snapshot_size(s), put_snapshot, s, out);
}

/* n: a regular file, whose text is to be in text. */
static int
open_node(struct tree *t, const struct node *n, struct sync_ticket *ticket, struct wait *w, struct file **out)
{
	struct buf text = BUF_INIT;
	enum inventory_kind kind;
	int rc = text_of(t, n, &text);

	if (rc > 0) {
		size_t len = text.len;
		char *s = buf_detach(&text);

		rc = s ? file_open_text(s, len, out) : -ENOMEM;
	} else if (rc == 0) {
		rc = is_inventory(n, &kind) ? open_inventory(t, kind, ticket, w, out) :
		    n->kind == VIEW ? file_open_view(t->files, &n->doc, n->view, w, out) :
		    file_open_version(t->files, &n->doc, out);
	}
	buf_free(&text);
	return rc;
}

/* What opens keeps its attributes: a version that is replaced is not in the catalogue any more. */
static int
keep_attr(struct tree *t, const struct node *n, uint64_t size)
{
	struct tree_entry e;
	int rc = fill_entry(t, n, NULL, 0, &e);

	if (rc < 0)
		return rc;
	e.st.st_size = (off_t)size;	/* what was opened, whatever has changed since */
	return add_open(t, &e.st);
}

int
tree_open_file(struct tree *t, uint64_t ino, struct sync_ticket *ticket, struct wait *w, struct file **out, enum tree_pages *pages)
{
	struct file *f = NULL;
	struct node n;
	int rc = node_of(t, ino, &n);

	if (rc == 0 && !S_ISREG(mode_of(t, &n)))
		rc = -EISDIR;
	if (rc == 0)
		rc = open_node(t, &n, ticket, w, &f);
	if (rc == 0)
		rc = keep_attr(t, &n, file_size(f));
	if (rc == 0) {
		*pages = n.kind == VERSION || n.kind == VIEW ? TREE_PAGES_KEEP :
		    n.kind == FIXED && !n.fixed->text && !is_fixed(&n, STATUS) ? TREE_PAGES_NONE : TREE_PAGES_DROP;
		*out = f;
		f = NULL;
	}
	file_close(f);
	document_free(&n.doc);
	return rc;
}

void
tree_close_file(struct tree *t, uint64_t ino, struct file *f)
{
	if (f)
		remove_open(t, ino);
	file_close(f);
}

void
tree_names_of(struct tree *t, const char *name, uint64_t document_key, tree_each_name *each, void *ctx)
{
	struct document d;
	struct inside in;

	each(ctx, DOCUMENTS, name);
	each(ctx, PARSED_ROOT, name);
	if (catalogue_by_key(t->catalogue, document_key, &d) < 0)
		return;
	names_inside(t, &d, &in);
	each(ctx, ino_of(DOCUMENT, document_key), in.file.s);
	each(ctx, BY_ID, d.id);
	for (unsigned i = 0; file_view_name(i); i++)
		each(ctx, ino_of(PARSED, document_key), file_view_name(i));
	document_free(&d);
}

int
tree_open(struct catalogue *catalogue, struct sync *sync, struct files *files, struct inventory *inventory, const struct tree_options *o,
    struct tree **out)
{
	struct tree *t = malloc(sizeof(*t));

	if (!t)
		return -ENOMEM;
	*t = (struct tree){ .lock = PTHREAD_MUTEX_INITIALIZER, .catalogue = catalogue, .sync = sync, .files = files, .inventory = inventory, .o = *o, .born = time(NULL) };
	*out = t;
	return 0;
}

void
tree_close(struct tree *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < OPEN_BUCKETS; i++) {		/* those that the kernel had no time to release */
		while (t->open[i]) {
			struct open_file *f = t->open[i];

			t->open[i] = f->next;
			free(f);
		}
	}
	pthread_mutex_destroy(&t->lock);
	free(t);
}

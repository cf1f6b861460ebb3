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
 *	VERSION, VIEW,
 *	and so on	the version	there is a new version		for ever
 *	LINK		the document	never				while the catalogue is fresh
 *	OBJECT, RECORD,
 *	and so on	the path	never				not at all
 *
 * Names within a directory hold while the catalogue is fresh; of what is on demand not at all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/log.h"
#include "fs/catalogue/catalogue.h"

#include "node.h"
#include "readme.h"
#include "paths.h"

#define COLUMN_TEXT	64
#define STATUS_BYTES	4096	/* padded with blanks, so that its size is always true */

const struct fixed node_fixed[] = {
	{ ROOT, ROOT, "", S_IFDIR | 0555, NULL, false },
	{ README, ROOT, "README", S_IFREG | 0444, readme_root, false },
	{ DOCUMENTS, ROOT, "documents", S_IFDIR | 0555, NULL, true },
	{ PARSED_ROOT, ROOT, "parsed", S_IFDIR | 0555, NULL, true },
	{ PARSED_README, PARSED_ROOT, "README", S_IFREG | 0444, readme_parsed, false },
	{ BY_ID, ROOT, "by-id", S_IFDIR | 0555, NULL, true },
	{ VERSIONS_ROOT, ROOT, "versions", S_IFDIR | 0555, NULL, true },
	{ VERSIONS_README, VERSIONS_ROOT, "README", S_IFREG | 0444, readme_versions, false },
	{ RECORDS, ROOT, "records", S_IFDIR | 0555, NULL, false },
	{ RECORDS_README, RECORDS, "README", S_IFREG | 0444, readme_records, false },
	{ LIBRARIES, ROOT, "libraries", S_IFDIR | 0555, NULL, true },
	{ LIBRARIES_README, LIBRARIES, "README", S_IFREG | 0444, readme_libraries, false },
	{ SFFS, ROOT, ".sffs", S_IFDIR | 0555, NULL, false },
	{ STATUS, SFFS, "status.json", S_IFREG | 0444, NULL, false },
	{ LIMITS, SFFS, "limits.json", S_IFREG | 0444, NULL, false },
	{ REFRESH, SFFS, "refresh", S_IFREG | 0644, "", false },
	{ LOG, SFFS, "log", S_IFREG | 0444, NULL, false },
	{ MD5SUMS, SFFS, "MD5SUMS", S_IFREG | 0444, NULL, true },
	{ DOCUMENTS_TSV, SFFS, "documents.tsv", S_IFREG | 0444, NULL, true },
};
const size_t node_fixed_count = sizeof(node_fixed) / sizeof(node_fixed[0]);

static uint64_t
ino_of(enum kind kind, uint64_t key)
{
	return (uint64_t)kind << NAME_KEY_BITS | key;
}

/* What a column's inode stands for. */
static void
column_text(const struct node *n, char text[COLUMN_TEXT])
{
	snprintf(text, COLUMN_TEXT, "column %llx %zu", (unsigned long long)n->doc.version_key,
	    n->column);
}

int
node_remember(struct tree *t, const struct node *n)
{
	char text[COLUMN_TEXT];

	if (node_has_path(n))
		return paths_put(t->recent, n->path);
	if (n->kind != COLUMN)
		return 0;
	column_text(n, text);
	return paths_put(t->recent, text);
}

static int
recall_column(struct tree *t, uint64_t key, struct node *n, uint64_t *version_key)
{
	unsigned long long version;
	struct buf text = BUF_INIT;
	int rc = paths_get(t->recent, key, &text);

	if (rc == 0 && sscanf(buf_str(&text), "column %llx %zu", &version, &n->column) != 2)
		rc = -ESTALE;
	if (rc == 0)
		*version_key = version;
	buf_free(&text);
	return rc;
}

static int
recall_path(struct tree *t, uint64_t key, struct node *n)
{
	struct buf path = BUF_INIT;
	int rc = paths_get(t->recent, key, &path);

	if (rc == 0 && !(n->path = buf_detach(&path)))
		rc = -ENOMEM;
	buf_free(&path);
	return rc;
}

uint64_t
node_ino(const struct node *n)
{
	char text[COLUMN_TEXT];

	switch (n->kind) {
	case FIXED:
		return n->fixed->number;
	case VERSION: case NOTE_TEXT: case COLUMNS:
		return ino_of(n->kind, n->doc.version_key);
	case COLUMN:
		column_text(n, text);
		return ino_of(COLUMN, paths_key(text));
	case VIEW:
		return ino_of(VIEW + n->view, n->doc.version_key);
	case LINK:
		return ino_of(LINK + n->depth - 1, n->doc.key);
	case OBJECT: case RECORD: case LIBRARY: case FOLDER: case UNKNOWN:
		return ino_of(n->kind, paths_key(n->path));
	default:
		return ino_of(n->kind, n->doc.key);
	}
}

bool
node_is_of_version(const struct node *n)
{
	switch (n->kind) {
	case VERSION: case NOTE_TEXT: case VIEW: case COLUMNS: case COLUMN:
		return true;
	default:
		return false;
	}
}

bool
node_has_path(const struct node *n)
{
	return n->kind >= OBJECT && n->kind <= UNKNOWN;
}

bool
node_is_on_demand(const struct node *n)
{
	return node_has_path(n) || n->kind == VERSIONS || node_is(n, RECORDS) ||
	    node_is(n, LIBRARIES) || (n->kind != FIXED && !n->doc.listed);
}

/* It is a link like any other once the document is known. */
static int
find_unknown(struct tree *t, struct node *n)
{
	int rc = catalogue_by_id(t->catalogue, n->path + strlen("by-id/"), &n->doc);

	if (rc == 0) {
		n->kind = LINK;
		n->depth = 1;
		free(n->path);
		n->path = NULL;
	}
	return rc == -ENOENT ? 0 : rc;
}

enum kind
node_kind(uint64_t ino)
{
	const unsigned kind = (unsigned)(ino >> NAME_KEY_BITS);

	return kind < LINK ? (enum kind)kind : kind < VIEW ? LINK : VIEW;
}

const struct fixed *
node_fixed_of(uint64_t ino)
{
	if (ino % FIXED_MOST == REFRESH)
		ino = REFRESH;
	for (size_t i = 0; i < node_fixed_count; i++)
		if (node_fixed[i].number == ino)
			return &node_fixed[i];
	return NULL;
}

int
node_of(struct tree *t, uint64_t ino, struct node *n)
{
	unsigned kind = (unsigned)(ino >> NAME_KEY_BITS);
	uint64_t key = ino & ((UINT64_C(1) << NAME_KEY_BITS) - 1);
	int rc;

	*n = (struct node){ .kind = node_kind(ino) };
	if (kind == FIXED) {
		n->fixed = node_fixed_of(ino);
		return n->fixed ? 0 : -ESTALE;
	}
	if (kind >= VIEW) {
		n->view = kind - VIEW;
		if (!file_view_name(n->view))
			return -ESTALE;
	}
	if (n->kind == LINK)
		n->depth = kind - LINK + 1;
	if (node_has_path(n)) {
		rc = recall_path(t, key, n);
		return rc == 0 && n->kind == UNKNOWN ? find_unknown(t, n) : rc;
	}
	if (n->kind == COLUMN && (rc = recall_column(t, key, n, &key)) < 0)
		return rc;
	if (node_is_of_version(n))
		rc = catalogue_by_version_key(t->catalogue, key, &n->doc);
	else
		rc = catalogue_by_key(t->catalogue, key, &n->doc);
	if (rc == -ENOENT && n->kind == VERSION)
		rc = catalogue_version(t->catalogue, key, &n->doc);
	return rc == -ENOENT ? -ESTALE : rc;
}

void
node_free(struct node *n)
{
	document_free(&n->doc);
	free(n->path);
	n->path = NULL;
}

bool
node_is(const struct node *n, enum fixed_number number)
{
	return n->kind == FIXED && n->fixed->number == number;
}

bool
node_is_inventory(const struct node *n, enum inventory_kind *kind)
{
	*kind = node_is(n, MD5SUMS) ? INVENTORY_MD5SUMS : INVENTORY_DOCUMENTS;
	return node_is(n, MD5SUMS) || node_is(n, DOCUMENTS_TSV);
}

const char *
node_parsed_name(const struct document *d)
{
	return strcmp(d->name, "README") == 0 ? ".README" : d->name;
}

void
node_names_inside(const struct tree *t, const struct document *d, struct document_dir *in)
{
	document_dir_names(d, t->o.names, in);
	if (!t->o.links)
		in->parsed = in->versions = NULL;
}

/*
 * Texts: what is made on the spot.
 */

static int
put_status(const struct tree *t, tree_text *make, struct buf *b)
{
	size_t len = 0;
	char *text = make(t->o.ctx, &len);

	if (!text)
		return -ENOMEM;
	buf_put(b, text, len);
	free(text);
	while (b->len % STATUS_BYTES != STATUS_BYTES - 1 && !b->failed)
		buf_putc(b, ' ');
	buf_putc(b, '\n');
	return 0;
}

int
node_text(const struct tree *t, const struct node *n, struct buf *b)
{
	int rc = 1;

	if (n->kind == METADATA)
		document_dir_put_metadata(b, &n->doc);
	else if (n->kind == VERSION && document_is_link(&n->doc))
		document_dir_put_url(b, &n->doc);
	else if (node_is(n, STATUS))
		rc = put_status(t, t->o.status, b) < 0 ? -ENOMEM : 1;
	else if (node_is(n, LIMITS))
		rc = put_status(t, t->o.limits, b) < 0 ? -ENOMEM : 1;
	else if (node_is(n, LOG))
		log_tail(b);
	else if (n->kind == FIXED && n->fixed->text)
		buf_puts(b, n->fixed->text);
	else
		rc = 0;
	return b->failed ? -ENOMEM : rc;
}

static mode_t
type_of(const struct node *n)
{
	switch (n->kind) {
	case FIXED:
		return n->fixed->mode & S_IFMT;
	case DOCUMENT:
	case VERSIONS:
	case PARSED:
	case COLUMNS:
	case OBJECT:
	case RECORD:
	case LIBRARY:
	case FOLDER:
		return S_IFDIR;
	case PARSED_LINK: case VERSIONS_LINK: case LINK: case UNKNOWN:
		return S_IFLNK;
	default:
		return S_IFREG;
	}
}

int
node_target(const struct node *n, struct buf *b)
{
	const unsigned depth = n->kind == LINK ? n->depth : 2;

	if (!S_ISLNK(type_of(n)))
		return -EINVAL;
	if (n->kind == UNKNOWN)
		return -ENOENT;
	for (unsigned i = 0; i < depth; i++)
		buf_puts(b, "../");
	buf_puts(b,
	    n->kind == LINK	       ? "documents/" :
		n->kind == PARSED_LINK ? "parsed/" :
					 "versions/");
	buf_puts(b, n->kind == LINK ? n->doc.name : node_parsed_name(&n->doc));
	return b->failed ? -ENOMEM : 0;
}

/*
 * Attributes.
 */

mode_t
node_mode(const struct tree *t, const struct node *n)
{
	switch (type_of(n)) {
	case S_IFLNK:
		return S_IFLNK | 0777;
	case S_IFDIR:
		return (S_IFDIR | 0555) & ~t->o.umask;
	default:
		return (n->kind == FIXED ? n->fixed->mode : S_IFREG | 0444) & ~t->o.umask;
	}
}

static struct timespec
time_of(const struct tree *t, const struct node *n)
{
	int64_t ms = n->kind == FIXED || n->path ? (int64_t)t->born * 1000 :
	    n->kind == METADATA ? n->doc.system_modstamp :
	    n->doc.content_modified >= 0 ? n->doc.content_modified : n->doc.created;

	return (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
}

/* -EAGAIN: it has to be made first, and w is queued if there is one. */
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
	if (n->kind == COLUMN)
		return file_column_size(t->files, &n->doc, n->column, w, size);
	if (n->kind == COLUMNS)		/* what is in it is known when the survey is */
		return file_columns(t->files, &n->doc, 0, w, NULL, NULL);
	if (n->kind == NOTE_TEXT)
		return file_note_size(t->files, &n->doc, w, size);
	if (node_is_inventory(n, &kind)) {
		if ((rc = inventory_get(t->inventory, kind, w, &snapshot)) == 0) {
			*size = snapshot_size(snapshot);
			snapshot_put(snapshot);
		}
		return rc;
	}
	if (n->kind == UNKNOWN)
		return -EAGAIN;
	if (S_ISLNK(type_of(n)))
		rc = node_target(n, &b);
	else if ((rc = node_text(t, n, &b)) == 0 && n->kind == VERSION)
		*size = (uint64_t)n->doc.content_size;
	if (b.len)
		*size = b.len;
	buf_free(&b);
	return rc < 0 ? rc : 0;
}

static double
attr_for(const struct node *n, bool is_dir, double fresh)
{
	if (n->kind == FIXED)
		return !is_dir && !n->fixed->text ? 0 : n->fixed->fresh ? fresh : TREE_FOREVER;
	if (n->kind == METADATA)
		return 0; /* the record may change, here or in another mount, without a name that
			     does */
	if (node_is_of_version(n) && !is_dir)
		return TREE_FOREVER;
	return node_is_on_demand(n) ? 0 : fresh;
}

int
node_entry(
    struct tree *t, const struct node *n, struct wait *w, double fresh, struct tree_entry *out)
{
	struct timespec time = time_of(t, n);
	uint64_t size;
	int rc = size_of(t, n, w, &size);

	if (rc < 0 && (w || rc != -EAGAIN))
		return rc;
	bool is_dir = S_ISDIR(node_mode(t, n));
	*out = (struct tree_entry){
		.ino = node_ino(n),
		.st = {
			.st_ino = node_ino(n), .st_mode = node_mode(t, n), .st_nlink = is_dir ? 2 : 1,
			.st_uid = t->o.uid, .st_gid = t->o.gid, .st_size = (off_t)size, .st_blocks = (blkcnt_t)(size + 511) / 512,
			.st_blksize = 4096, .st_atim = time, .st_mtim = time, .st_ctim = time,
		},
		.name_for = node_is(n, REFRESH) ? 0 : n->kind == FIXED ? TREE_FOREVER : node_is_on_demand(n) ? 0 : fresh,
		.attr_for = rc == -EAGAIN ? 0 : attr_for(n, is_dir, fresh),
	};
	return 0;
}

/*
 * The kinds of nodes: a table, after the functions that are in it.
 *
 * An inode number is a kind and a key: `(kind - KEYED + 1) << NAME_KEY_BITS | key`, or for kinds of
 * which there is one, the kind itself.
 *
 *	key		number made of		the inode changes when
 *	NO_KEY		the kind		never
 *	DOCUMENT_KEY	the document's Id	never
 *	VERSION_KEY	the version's content	there is a new version, or other bytes in it
 *	ANY_VERSION_KEY	the same; it may be an older version
 *	PATH_KEY	a hash of the path	never
 *
 * From a number alone one CAN tell the kind and, but for PATH_KEY, the row of the catalogue; the
 * same org gives the same numbers in every mount, on every machine. One CANNOT tell whether that
 * row still exists, so node_of looks it up at each use (-ESTALE if not). Nor can one tell the path
 * from its hash: paths.c remembers the paths that were looked up or listed lately, and a number
 * whose path is forgotten is -ESTALE too. The kernel then walks the path again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/id.h"
#include "auth/log.h"
#include "fs/catalogue/catalogue.h"
#include "fs/sync/on_demand.h"

#include "document_dir.h"
#include "node.h"
#include "readme.h"
#include "remote.h"

#define JSON_BYTES	4096	/* padded with blanks, so that the size is always true */

/*
 * documents/, by-id/, parsed/ and versions/: a node for each document.
 */

static int
find_document_by_name(struct tree *t, struct node *dir, const char *name, struct node *n)
{
	const bool dotted = dir->kind != DOCUMENTS && strcmp(name, ".README") == 0;

	n->kind = kinds[dir->kind].shows;
	int rc = catalogue_by_name(t->o.catalogue, dotted ? "README" : name, &n->doc);
	return rc == 0 && !node_meets(t, kinds[n->kind].has_if, &n->doc) ? -ENOENT : rc;
}

static int
find_document_by_id(struct tree *t, struct node *dir, const char *name, struct node *n)
{
	char id[19];

	if (!id_read(name, id) || strncmp(id, "069", 3) != 0)
		return -ENOENT;
	n->kind = LINK;
	int rc = catalogue_by_id(t->o.catalogue, id, &n->doc);
	return rc == -ENOENT ? node_set_path(t, n, UNKNOWN, dir, id) : rc;
}

static bool
list_one_document(void *ctx, const struct document *d)
{
	struct node_listing *l = ctx;
	const enum kind root = l->dir->kind;
	const struct node n = { .kind = kinds[root].shows, .doc = *d };

	if (!node_meets(l->tree, kinds[n.kind].has_if, d))
		return true;
	return node_list(l, node_name_in(root, d), &n, d->key);
}

static int
list_documents(struct node_listing *l, uint64_t after)
{
	if (!node_meets(l->tree, kinds[l->dir->kind].lists_if, NULL))
		return 0;
	return catalogue_list(l->tree->o.catalogue, after, list_one_document, l);
}

/* It is a link like any other once the document is known. */
static int
recall_unknown(struct tree *t, struct node *n)
{
	int rc = catalogue_by_id(t->o.catalogue, strchr(n->path, '/') + 1, &n->doc);

	if (rc == 0) {
		n->kind = LINK;
		free(n->path);
		n->path = NULL;
	}
	return rc == -ENOENT ? 0 : rc;
}

/*
 * documents/X/
 */

static int
size_version(struct tree *t, const struct node *n, struct wait *w, uint64_t *size)
{
	(void)w;
	*size = (uint64_t)n->doc.content_size;
	return document_is_link(&n->doc) ? node_text_size(t, n, size) : 0;
}

static int
open_version(struct tree *t, const struct node *n, struct wait *w, struct file **out)
{
	(void)w;
	return document_is_link(&n->doc) ? node_open_text(t, n, out) :
					   file_open_version(t->o.files, &n->doc, out);
}

/*
 * versions/X/
 */

struct version_search {
	const struct tree *tree;
	const char	*name;
	struct document	*found;
	int		 rc;
};

static bool
compare_version(void *ctx, const struct document *d)
{
	struct version_search *s = ctx;
	struct name name;

	document_dir_version_name(d, s->tree->o.names, &name);
	if (strcmp(name.s, s->name) == 0)
		s->rc = document_copy(d, s->found);
	return s->rc == -ENOENT;
}

/* The kernel has asked for the directory's attributes before. Those wait for the versions. */
static int
find_version(struct tree *t, struct node *dir, const char *name, struct node *n)
{
	struct version_search s = { t, name, &n->doc, -ENOENT };
	int rc = catalogue_versions(t->o.catalogue, dir->doc.key, 0, compare_version, &s);

	n->kind = VERSION;
	return rc < 0 ? rc : s.rc;
}

static bool
list_one_version(void *ctx, const struct document *d)
{
	struct node_listing *l = ctx;
	struct name name;

	document_dir_version_name(d, l->tree->o.names, &name);
	return node_list(l, name.s, &(struct node){ .kind = VERSION, .doc = *d }, d->version_key);
}

static int
list_versions(struct node_listing *l, uint64_t after)
{
	return catalogue_versions(
	    l->tree->o.catalogue, l->dir->doc.key, after, list_one_version, l);
}

/* Asks for the versions again only if the latest is not among them. */
static int
wait_versions(struct tree *t, const struct node *n, const struct patience *p)
{
	const struct answer *a = NULL;
	struct document latest = { 0 };
	int rc = catalogue_version(t->o.catalogue, n->doc.version_key, &latest);

	if (rc == -ENOENT)
		rc = on_demand_get(t->o.on_demand, ON_DEMAND_VERSIONS, n->doc.id, p->since, p->w,
		    &a);
	answers_put(a);
	document_free(&latest);
	return rc;
}

/*
 * parsed/X/
 */

/* Views, columns, and notes as plain text. */
static int
size_made(struct tree *t, const struct node *n, struct wait *w, uint64_t *size)
{
	return file_made_size(t->o.files, &n->doc, kinds[n->kind].made, n->variant, w, size);
}

static int
open_made(struct tree *t, const struct node *n, struct wait *w, struct file **out)
{
	return file_open_made(t->o.files, &n->doc, kinds[n->kind].made, n->variant, w, out);
}

/* The survey says what is in it. */
static int
size_columns(struct tree *t, const struct node *n, struct wait *w, uint64_t *size)
{
	(void)size;
	return file_columns(t->o.files, &n->doc, 0, w, NULL, NULL);
}

#define COLUMN_PATH	64

static void
put_column_path(const struct node *n, char path[COLUMN_PATH])
{
	snprintf(path, COLUMN_PATH, "column %llx %u", (unsigned long long)n->doc.version_key,
	    n->variant);
}

static int
recall_column(struct tree *t, struct node *n)
{
	unsigned long long version_key;

	if (sscanf(n->path, "column %llx %u", &version_key, &n->variant) != 2)
		return -ESTALE;
	return catalogue_by_version_key(t->o.catalogue, version_key, &n->doc);
}

/* The kernel has asked for the directory's attributes before. Those wait for the survey. If the
 * survey has been forgotten since, the kernel asks for them again. */
static int
find_column(struct tree *t, struct node *dir, const char *name, struct node *n)
{
	char path[COLUMN_PATH];
	size_t column;
	int rc = file_column_find(t->o.files, &dir->doc, name, &column);

	if (rc < 0)
		return rc == -EAGAIN ? -ESTALE : rc;
	*n = (struct node){ .kind = COLUMN, .variant = (unsigned)column, .doc = dir->doc };
	dir->doc = (struct document){ 0 };
	put_column_path(n, path);
	n->path = strdup(path);
	return n->path ? node_remember(t, n) : -ENOMEM;
}

static bool
list_one_column(void *ctx, const char *name, size_t column)
{
	struct node_listing *l = ctx;
	char path[COLUMN_PATH];
	struct node n = {
		.kind = COLUMN, .variant = (unsigned)column, .path = path, .doc = l->dir->doc
	};

	put_column_path(&n, path);
	return node_remember(l->tree, &n) == 0 && node_list(l, name, &n, column + 1);
}

/* The kernel has asked for the directory's attributes. Those wait for the survey. */
static int
list_columns(struct node_listing *l, uint64_t after)
{
	int rc = file_columns(
	    l->tree->o.files, &l->dir->doc, (size_t)after, NULL, list_one_column, l);

	return rc == -EAGAIN ? -EIO : rc;
}

/*
 * .sffs/
 */

static void
put_json(const struct tree *t, const struct node *n, struct buf *b)
{
	(n->kind == STATUS ? t->o.status : t->o.limits)(t->o.ctx, b);
	while (b->len % JSON_BYTES != JSON_BYTES - 1 && !b->failed)
		buf_putc(b, ' ');
	buf_putc(b, '\n');
}

static void
put_log(const struct tree *t, const struct node *n, struct buf *b)
{
	(void)t, (void)n;
	log_tail(b);
}

static int
open_inventory(struct tree *t, const struct node *n, struct wait *w, struct file **out)
{
	return inventory_get(t->o.inventory, kinds[n->kind].inventory, w, out);
}

static int
size_inventory(struct tree *t, const struct node *n, struct wait *w, uint64_t *size)
{
	struct file *f;
	int rc = open_inventory(t, n, w, &f);

	if (rc == 0) {
		*size = file_size(f);
		file_close(f);
	}
	return rc;
}

/*
 * The table.
 */

#define A_DIR	S_IFDIR | 0555
#define A_FILE	S_IFREG | 0444
#define A_LINK	S_IFLNK | 0777

const struct kind_row kinds[KINDS] = {
	/* is in	name	mode	key	its attributes are valid */
	[ROOT] = { ROOT, "", A_DIR, NO_KEY, FOREVER },
	[README] = { ROOT, "README", A_FILE, NO_KEY, FOREVER, .constant = readme_root },

	[DOCUMENTS] = { ROOT, "documents", A_DIR, NO_KEY, WHILE_FRESH, .fresh = true,
		.shows = DOCUMENT, .find = find_document_by_name, .list = list_documents },
	[DOCUMENT] = { DOCUMENTS, NULL, A_DIR, DOCUMENT_KEY, WHILE_FRESH, .fresh = true },
	[VERSION] = { DOCUMENT, NULL, A_FILE, ANY_VERSION_KEY, FOREVER,
		.name_of = document_dir_file_name, .also = "content",
		.put_record = document_dir_put_url, .size = size_version, .open = open_version },
	[METADATA] = { DOCUMENT, "metadata.json", A_FILE, DOCUMENT_KEY, NEVER, .of_record = true,
		.put_record = document_dir_put_metadata },
	[PARSED_LINK] = { DOCUMENT, "parsed", A_LINK, DOCUMENT_KEY, WHILE_FRESH,
		.shows = PARSED, .has_if = IF_LINKS | IF_CSV },
	[VERSIONS_LINK] = { DOCUMENT, "versions", A_LINK, DOCUMENT_KEY, WHILE_FRESH,
		.shows = VERSIONS, .has_if = IF_LINKS, .hidden = true },
	[NOTE_TEXT] = { DOCUMENT, NULL, A_FILE, VERSION_KEY, FOREVER,
		.name_of = document_dir_text_name, .has_if = IF_NOTE, .hidden = true,
		.made = FILE_NOTE, .size = size_made, .open = open_made },

	[PARSED_ROOT] = { ROOT, "parsed", A_DIR, NO_KEY, WHILE_FRESH, .fresh = true,
		.shows = PARSED, .find = find_document_by_name, .list = list_documents,
		.lists_if = IF_BROWSE },
	[PARSED_README] = { PARSED_ROOT, "README", A_FILE, NO_KEY, FOREVER,
		.constant = readme_parsed },
	[PARSED] = { PARSED_ROOT, NULL, A_DIR, DOCUMENT_KEY, WHILE_FRESH, .fresh = true,
		.has_if = IF_CSV },
	[VIEW] = { PARSED, NULL, A_FILE, VERSION_KEY, FOREVER,
		.names = file_view_name, .made = FILE_VIEW, .size = size_made, .open = open_made },
	[COLUMNS] = { PARSED, "columns", A_DIR, VERSION_KEY, WHILE_FRESH,
		.size = size_columns, .find = find_column, .list = list_columns },
	[COLUMN] = { COLUMNS, NULL, A_FILE, PATH_KEY, FOREVER, .recall = recall_column,
		.made = FILE_COLUMN, .size = size_made, .open = open_made },

	[VERSIONS_ROOT] = { ROOT, "versions", A_DIR, NO_KEY, WHILE_FRESH, .fresh = true,
		.shows = VERSIONS, .find = find_document_by_name, .list = list_documents,
		.lists_if = IF_VERSIONS },
	[VERSIONS_README] = { VERSIONS_ROOT, "README", A_FILE, NO_KEY, FOREVER,
		.constant = readme_versions },
	[VERSIONS] = { VERSIONS_ROOT, NULL, A_DIR, DOCUMENT_KEY, NEVER, .fresh = true,
		.on_demand = true, .wait = wait_versions, .find = find_version,
		.list = list_versions },

	[BY_ID] = { ROOT, "by-id", A_DIR, NO_KEY, WHILE_FRESH, .fresh = true,
		.shows = LINK, .find = find_document_by_id, .list = list_documents },
	[LINK] = { BY_ID, NULL, A_LINK, DOCUMENT_KEY, WHILE_FRESH, .shows = DOCUMENT },
	[UNKNOWN] = { BY_ID, NULL, A_LINK, PATH_KEY, NEVER, .on_demand = true,
		.recall = recall_unknown },

	[RECORDS] = { ROOT, "records", A_DIR, NO_KEY, FOREVER, .on_demand = true,
		.find = remote_find_object },
	[RECORDS_README] = { RECORDS, "README", A_FILE, NO_KEY, FOREVER,
		.constant = readme_records },
	[OBJECT] = { RECORDS, NULL, A_DIR, PATH_KEY, NEVER, .on_demand = true,
		.wait = remote_wait_object, .find = remote_find_any },
	[RECORD] = { OBJECT, NULL, A_DIR, PATH_KEY, NEVER, .on_demand = true,
		.wait = remote_wait_contents, .find = remote_find_contents,
		.list = remote_list_contents },

	[LIBRARIES] = { ROOT, "libraries", A_DIR, NO_KEY, WHILE_FRESH, .fresh = true,
		.on_demand = true, .wait = remote_wait_libraries, .find = remote_find_any,
		.list = remote_list_contents },
	[LIBRARIES_README] = { LIBRARIES, "README", A_FILE, NO_KEY, FOREVER,
		.constant = readme_libraries },
	[LIBRARY] = { LIBRARIES, NULL, A_DIR, PATH_KEY, NEVER, .fresh = true, .on_demand = true,
		.wait = remote_wait_library, .find = remote_find_contents,
		.list = remote_list_library },
	[FOLDER] = { LIBRARY, NULL, A_DIR, PATH_KEY, NEVER, .on_demand = true,
		.wait = remote_wait_contents, .find = remote_find_contents,
		.list = remote_list_contents },

	/* For the owner alone: the log, and what costs calls. */
	[SFFS] = { ROOT, ".sffs", S_IFDIR | 0500, NO_KEY, FOREVER },
	[STATUS] = { SFFS, "status.json", A_FILE, NO_KEY, NEVER, .put = put_json },
	[LIMITS] = { SFFS, "limits.json", A_FILE, NO_KEY, NEVER, .put = put_json },
	[REFRESH] = { SFFS, "refresh", S_IFREG | 0644, NO_KEY, FOREVER, .constant = "" },
	[LOG] = { SFFS, "log", A_FILE, NO_KEY, NEVER, .uncached = true, .put = put_log },
	[MD5SUMS] = { SFFS, "MD5SUMS", A_FILE, NO_KEY, NEVER, .uncached = true, .fresh = true,
		.inventory = INVENTORY_MD5SUMS,
		.size = size_inventory, .open = open_inventory },
	[DOCUMENTS_TSV] = { SFFS, "documents.tsv", A_FILE, NO_KEY, NEVER, .uncached = true,
		.fresh = true, .inventory = INVENTORY_DOCUMENTS,
		.size = size_inventory, .open = open_inventory },
};

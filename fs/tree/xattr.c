/*
 * Extended attributes: the fields of a document's record that stat has no place for. The catalogue
 * has them all, so they never wait.
 */
#include <errno.h>
#include <linux/limits.h>
#include <string.h>

#include "node.h"

#define PREFIX	"user.salesforce."

/* NULL: there are no bytes of the org to cache. */
static const char *
cached_text(struct tree *t, const struct document *d)
{
	if (document_is_link(d))
		return NULL;
	const bool empty = document_is_elsewhere(d) && d->content_size == 0;
	return file_is_cached(t->o.files, d) && !empty ? "yes" : "no";
}

/* The value of this attribute; or, if name is NULL, the names of all that the node has. */
static int
put_xattrs(struct tree *t, uint64_t ino, const char *name, struct buf *b)
{
	struct node n;
	int rc = node_of(t, ino, &n);
	const struct document *d = &n.doc;
	const struct clock_text created = document_date(d->version_created);
	const struct {
		const char	*name, *text;	/* NULL or "": it has none */
	} attributes[] = {
		{ "document_id", d->id },
		{ "version_id", d->version_id },
		{ "version_number", d->version_number },
		{ "checksum", d->checksum },
		{ "created", created.s },
		{ "reason_for_change", d->reason },
		{ "owner_id", d->owner_id },
		{ "file_type", d->file_type },
		{ "library", d->parent_id },
		{ "description", d->description },
		{ "cached", rc == 0 ? cached_text(t, d) : NULL },
	};

	/* The kernel gives nobody the user.* attributes of a symbolic link. */
	const bool has = *d->id && !S_ISLNK(kinds[n.kind].mode);
	for (size_t i = 0; has && i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		const char *text = attributes[i].text;

		if (!text || !*text || strlen(text) > XATTR_SIZE_MAX)
			continue;
		if (!name) {
			buf_puts(b, PREFIX);
			buf_puts(b, attributes[i].name);
			buf_putc(b, '\0');
		} else if (strcmp(name, attributes[i].name) == 0) {
			buf_puts(b, text);
		}
	}
	node_free(&n);
	return rc < 0 ? rc : b->failed ? -ENOMEM : 0;
}

int
tree_xattr(struct tree *t, uint64_t ino, const char *name, struct buf *value)
{
	/* `ls -l` asks each file for its ACL, unless one has said that there is no such thing. */
	if (strncmp(name, "user.", 5) != 0)
		return -EOPNOTSUPP;
	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return -ENODATA;
	int rc = put_xattrs(t, ino, name + strlen(PREFIX), value);
	return rc == 0 && value->len == 0 ? -ENODATA : rc;
}

int
tree_xattrs(struct tree *t, uint64_t ino, struct buf *names)
{
	return put_xattrs(t, ino, NULL, names);
}

/*
 * Extended attributes: the fields of a document's record that stat has no place for. The catalogue
 * has them all, so they never wait.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "node.h"

#define PREFIX	"user.salesforce."

#define MEMBER(m) offsetof(struct document, m)

static const struct {
	const char	*name;
	enum { IS_ID, IS_TEXT, IS_TIME, IS_CACHED } kind;
	size_t		 member;	/* of struct document */
} attributes[] = {
	{ "document_id",	IS_ID,		MEMBER(id) },
	{ "version_id",		IS_ID,		MEMBER(version_id) },
	{ "version_number",	IS_TEXT,	MEMBER(version_number) },
	{ "checksum",		IS_TEXT,	MEMBER(checksum) },
	{ "created",		IS_TIME,	MEMBER(version_created) },
	{ "reason_for_change",	IS_TEXT,	MEMBER(reason) },
	{ "owner_id",		IS_ID,		MEMBER(owner_id) },
	{ "file_type",		IS_TEXT,	MEMBER(file_type) },
	{ "library",		IS_ID,		MEMBER(parent_id) },
	{ "description",	IS_TEXT,	MEMBER(description) },
	{ "cached",		IS_CACHED,	0 },
};

#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

/* Puts nothing for an attribute that the document does not have. */
static void
put_xattr(struct tree *t, const struct document *d, size_t which, struct buf *b)
{
	const void *member = (const char *)d + attributes[which].member;
	const char *text;

	switch (attributes[which].kind) {
	case IS_ID:
		buf_puts(b, member);
		break;
	case IS_TEXT:
		memcpy(&text, member, sizeof(text));
		buf_puts(b, text ? text : "");
		break;
	case IS_TIME:
		buf_puts(b, document_date(*(const int64_t *)member).s);
		break;
	case IS_CACHED:
		if (!document_is_link(d))
			buf_puts(b,
			    file_is_cached(t->o.files, d) &&
				    !(document_is_elsewhere(d) && d->content_size == 0) ?
				"yes" :
				"no");
		break;
	}
}

int
tree_xattr(struct tree *t, uint64_t ino, const char *name, struct buf *value)
{
	size_t which = 0;
	struct node n;

	/* `ls -l` asks each file for its ACL, unless one has said that there is no such thing. */
	if (strncmp(name, "user.", 5) != 0)
		return -EOPNOTSUPP;
	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return -ENODATA;
	while (which < ATTRIBUTES && strcmp(attributes[which].name, name + strlen(PREFIX)) != 0)
		which++;
	if (which == ATTRIBUTES)
		return -ENODATA;
	int rc = node_of(t, ino, &n);
	if (rc == 0 && *n.doc.id)
		put_xattr(t, &n.doc, which, value);
	node_free(&n);
	return rc < 0 ? rc : value->failed ? -ENOMEM : value->len ? 0 : -ENODATA;
}

int
tree_xattrs(struct tree *t, uint64_t ino, struct buf *names)
{
	struct buf value = BUF_INIT;
	struct node n;
	int rc = node_of(t, ino, &n);

	for (size_t i = 0; rc == 0 && *n.doc.id && i < ATTRIBUTES; i++) {
		buf_clear(&value);
		put_xattr(t, &n.doc, i, &value);
		if (value.len == 0)
			continue;
		buf_puts(names, PREFIX);
		buf_puts(names, attributes[i].name);
		buf_putc(names, '\0');
	}
	if (rc == 0 && (value.failed || names->failed))
		rc = -ENOMEM;
	buf_free(&value);
	node_free(&n);
	return rc;
}

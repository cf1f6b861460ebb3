/*
 * document_dir - what a document's directory holds: the names in it, and the texts that are made of
 * its record alone.
 *
 * The same record gives the same names and the same bytes on every machine.
 *
 * Pure; joins document and name. Any thread.
 */
#ifndef FS_TREE_DOCUMENT_DIR_H
#define FS_TREE_DOCUMENT_DIR_H

#include <stdbool.h>

#include "auth/buf.h"
#include "fs/document.h"
#include "fs/name.h"

/* The names in documents/X/. The file keeps its own; what would be called the same gets a leading
 * dot. */
struct document_dir {
	struct name	 file;
	const char	*metadata;	/* static */
	const char	*parsed;	/* static; NULL: not a CSV document */
	const char	*versions;	/* static; not listed */
	struct name	 text;		/* of a note, which is not listed; "" : not a note */
};

void	document_dir_names(const struct document *, enum name_rules, struct document_dir *out);
void document_dir_version_name(
    const struct document *, enum name_rules, struct name *out); /* in versions/X/ */

/* A Windows internet shortcut, which desktops of all kinds open. */
void	document_dir_put_url(struct buf *, const struct document *);
/* metadata.json: the fields of DOCUMENT_FIELDS in its order, as the org answers them. */
void	document_dir_put_metadata(struct buf *, const struct document *);

#endif

/*
 * inside - what a document's directory holds: the names in it, and the texts that are made of its record alone.
 *
 * The same record gives the same names and the same bytes on every machine.
 *
 * Pure; joins document and name. Any thread.
 */
#ifndef FS_INSIDE_H
#define FS_INSIDE_H

#include <stdbool.h>

#include "auth/buf.h"
#include "document.h"
#include "name.h"

/* The names in documents/X/. The file keeps its own; what would be called the same gets a leading dot. */
struct inside {
	struct name	 file;
	const char	*metadata;	/* static */
	const char	*parsed;	/* static; NULL: not a CSV document */
	const char	*versions;	/* static; not listed */
	struct name	 text;		/* of a note, which is not listed; "" : not a note */
};

void	inside_names(const struct document *, enum name_rules, struct inside *out);
void	inside_version_name(const struct document *, enum name_rules, struct name *out);	/* in versions/X/ */
bool	inside_is_csv(const struct document *);		/* has views */
bool	inside_is_note(const struct document *);	/* HTML; also there as plain text */
bool	inside_is_elsewhere(const struct document *);	/* the org knows of it, but its bytes are not in Salesforce */
bool	inside_is_link(const struct document *);	/* its file is inside_put_url, not bytes of the org */

/* A Windows internet shortcut, which desktops of all kinds open. */
void	inside_put_url(struct buf *, const struct document *);
/* metadata.json: the fields of DOCUMENT_FIELDS in its order, as the org answers them. */
void	inside_put_metadata(struct buf *, const struct document *);

#endif

/*
 * document_dir - the names and texts in a document's directory that come from its record alone.
 *
 * The same record gives the same names and the same bytes on every machine.
 *
 * Pure; joins document and name. Any thread.
 */
#pragma once

#include "auth/buf.h"
#include "fs/document.h"
#include "fs/name.h"

/* The file's name in documents/X/. */
void	document_dir_file_name(const struct document *, enum name_rules, struct name *out);
/* The name of a note as plain text, beside it. */
void	document_dir_text_name(const struct document *, enum name_rules, struct name *out);
/* A version's name in versions/X/. */
void	document_dir_version_name(const struct document *, enum name_rules, struct name *out);

/* A Windows internet shortcut, which desktops of all kinds open. */
void	document_dir_put_url(struct buf *, const struct document *);
/* metadata.json: the fields of DOCUMENT_FIELDS in its order, as the org answers them. */
void	document_dir_put_metadata(struct buf *, const struct document *);

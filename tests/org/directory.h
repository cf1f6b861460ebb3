/*
 * directory - real files as documents.
 *
 * Title is the file's name without its extension, PathOnClient its name,
 * ContentModifiedDate its mtime. Directories are walked in the order of their
 * names:
 *	NAME.versions/		one document, its versions 1.csv 2.csv ...
 *	NAME.account/		a record; the files below are another user's and linked to it,
 *	NAME.contact/		a contact or opportunity in an account belongs to it
 *	NAME.opportunity/
 *	NAME.archived/		the files below are archived
 *	NAME.user/		they are private files of NAME@example.com
 *	NAME/			in the top directory a library, below that a folder of it
 * and of files
 *	NAME.snote		is a note, its bytes HTML
 *	NAME.link		a link, its URL the first line; it has no bytes
 *	NAME.external		what is not in Salesforce, its FileType the first line; no bytes
 *	a symbolic link		to a file in the same tree shares that document with the library or record
 * What else is no regular file or directory is left out.
 *
 * Reads every byte once, for the MD5. Single thread.
 */
#ifndef ORG_DIRECTORY_H
#define ORG_DIRECTORY_H

#include "tests/org/data.h"

/* What cannot be read below dir is left out and told on the log. */
int	directory_load(struct data *, const char *dir);

#endif

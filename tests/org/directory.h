/*
 * directory - real files as documents.
 *
 * The Title is the file's name without its extension, PathOnClient its name, ContentModifiedDate
 * its mtime. Directories are walked in the order of their names:
 *
 * 	NAME.versions/		one document; 1.csv 2.csv ... are its versions
 * 	NAME.account/		a record; the files below are another user's and linked to it;
 * 	NAME.contact/		a contact or opportunity in an account belongs to that account
 * 	NAME.opportunity/
 * 	NAME.archived/		the files below are archived
 * 	NAME.user/		the files below are private files of NAME@example.com
 * 	NAME/			at the top a library, below that a folder of it
 *
 * and of files
 *
 * 	NAME.snote		a note, its bytes HTML
 * 	NAME.link		a link without bytes; the first line is its URL
 * 	NAME.external		a file outside Salesforce, without bytes; the first line is its
 * 				FileType
 * 	a symbolic link		to a file in the same tree: shares that document with the library
 * 				or record
 *
 * Anything else that is no regular file or directory is left out. Reads every byte once, for the
 * MD5. Single thread.
 */
#ifndef ORG_DIRECTORY_H
#define ORG_DIRECTORY_H

#include "tests/org/data.h"

/* Leaves out what it cannot read below dir, with a line in the log. */
int	directory_load(struct data *, const char *dir);

#endif

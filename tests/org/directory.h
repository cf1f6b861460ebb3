/*
 * directory - real files as documents.
 *
 * Title is the file's name without its extension, PathOnClient its name,
 * ContentModifiedDate its mtime. Sub-directories are walked in the order of
 * their names:
 *	NAME.versions/	one document, its versions 1.csv 2.csv ...
 *	NAME.account/	an Account; the files below are linked to it
 *	NAME/		in the top directory a library, below that a folder of it
 * Links and what else is no regular file or directory are left out.
 *
 * Reads every byte once, for the MD5. Single thread.
 */
#ifndef ORG_DIRECTORY_H
#define ORG_DIRECTORY_H

#include "tests/org/data.h"

/* What cannot be read below dir is left out and told on the log. */
int	directory_load(struct data *, const char *dir);

#endif

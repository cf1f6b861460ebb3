/*
 * row - a document as columns and as parameters.
 *
 * Strings live as long as the row. Caller locks.
 */
#ifndef FS_CATALOGUE_ROW_H
#define FS_CATALOGUE_ROW_H

#include <stdint.h>

#include <sqlite3.h>

#include "fs/document.h"

const char *row_text(sqlite3_stmt *, int i);			/* NULL: null */
void	row_id(sqlite3_stmt *, int i, char out[19]);
/* Reads the columns SQL_FIELDS from i on; returns the next one. */
int	row_fields(sqlite3_stmt *, int i, struct document *);
/* Reads the columns of SQL_DOCUMENT. The name is NULL only in a damaged file. */
void	row_document(sqlite3_stmt *, struct document *);
/* Binds the parameters SQL_FIELDS from the first on; returns the next one. */
int	row_bind(sqlite3_stmt *, const struct document *, uint64_t key);

#endif

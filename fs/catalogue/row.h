/*
 * row - a document as columns and as parameters.
 *
 * Each row has a seal, a hash of all its fields. So a read notices a row that was damaged on the
 * disk, where SQLite notices nothing.
 *
 * Strings live as long as the row. Caller locks.
 */
#pragma once

#include <stdint.h>

#include <sqlite3.h>

#include "fs/document.h"

const char *row_text(sqlite3_stmt *, int i);			/* NULL: null */
void	row_id(sqlite3_stmt *, int i, char out[19]);
/* Reads the columns SQL_FIELDS from i on. False, here and below: the row is damaged. */
bool	row_fields(sqlite3_stmt *, int i, struct document *);
/* Reads the columns of SQL_DOCUMENT, with the hash that names have. */
bool	row_document(sqlite3_stmt *, uint64_t (*hash)(const char *), struct document *);
/* Binds the parameters SQL_FIELDS from the first on; returns the next one. */
int	row_bind(sqlite3_stmt *, const struct document *, uint64_t key);
/* The seal of all fields and both keys. */
int64_t	row_seal_of(const struct document *, uint64_t key);
/* Extends a seal, which begins as 0, by n bytes. A NULL p is null, which is not the same as no
 * bytes. */
uint64_t row_seal(uint64_t seal, const void *p, size_t n);

#include <string.h>

#include "row.h"

const char *
row_text(sqlite3_stmt *st, int i)
{
	return (const char *)sqlite3_column_text(st, i);
}

void
row_id(sqlite3_stmt *st, int i, char out[19])
{
	const char *s = row_text(st, i);
	size_t n = s ? strnlen(s, 18) : 0;

	memcpy(out, s ? s : "", n);
	out[n] = '\0';
}

#define READ_ID(v)	row_id(st, i++, v)
#define READ_TEXT(v)	v = row_text(st, i++)
#define READ_INT(v)	v = sqlite3_column_int64(st, i++)
#define READ_TIME(v)	v = sqlite3_column_int64(st, i++)
#define READ_BOOL(v)	v = sqlite3_column_int(st, i++) != 0

int
row_fields(sqlite3_stmt *st, int i, struct document *d)
{
	*d = (struct document){ 0 };
#define X(kind, member, path) READ_##kind(d->member);
	DOCUMENT_FIELDS(X)
#undef X
	d->key = (uint64_t)sqlite3_column_int64(st, i++);
	d->version_key = (uint64_t)sqlite3_column_int64(st, i++);
	return i;
}

void
row_document(sqlite3_stmt *st, struct document *d)
{
	int i = row_fields(st, 0, d);

	d->name = row_text(st, i++);
	d->listed = sqlite3_column_int(st, i) != 0;
}

#define BIND_ID(v)	sqlite3_bind_text(st, i++, v, -1, SQLITE_STATIC)
#define BIND_TEXT(v)	sqlite3_bind_text(st, i++, v, -1, SQLITE_STATIC)
#define BIND_INT(v)	sqlite3_bind_int64(st, i++, v)
#define BIND_TIME(v)	sqlite3_bind_int64(st, i++, v)
#define BIND_BOOL(v)	sqlite3_bind_int64(st, i++, v)

int
row_bind(sqlite3_stmt *st, const struct document *d, uint64_t key)
{
	int i = 1;

#define X(kind, member, path) BIND_##kind(d->member);
	DOCUMENT_FIELDS(X)
#undef X
	sqlite3_bind_int64(st, i++, (int64_t)key);
	if (d->version_key)
		sqlite3_bind_int64(st, i++, (int64_t)d->version_key);
	else
		sqlite3_bind_null(st, i++);
	return i;
}

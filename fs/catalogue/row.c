#include <string.h>

#include "row.h"
#include "sql.h"

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
#define READ_TIME(v)	READ_INT(v)
#define READ_BOOL(v)	v = sqlite3_column_int(st, i++) != 0

/* Eight bytes that differ always give another seal: each step can be undone. */
static uint64_t
seal_number(uint64_t seal, uint64_t n)
{
	seal = (seal ^ n) * UINT64_C(0x9e3779b97f4a7c15);
	return seal ^ seal >> 32;
}

uint64_t
row_seal(uint64_t seal, const void *p, size_t n)
{
	seal = seal_number(seal, p ? n : UINT64_MAX);
	for (size_t i = 0; p && i < n; i += sizeof(uint64_t)) {
		uint64_t piece = 0;

		memcpy(&piece, (const char *)p + i, n - i < sizeof(piece) ? n - i : sizeof(piece));
		seal = seal_number(seal, piece);
	}
	return seal;
}

#define SEAL_ID(v)	seal = row_seal(seal, v, strlen(v))
#define SEAL_TEXT(v)	seal = row_seal(seal, v, v ? strlen(v) : 0)
#define SEAL_INT(v)	seal = seal_number(seal, (uint64_t)(v))
#define SEAL_TIME(v)	SEAL_INT(v)
#define SEAL_BOOL(v)	SEAL_INT(v)

int64_t
row_seal_of(const struct document *d, uint64_t key)
{
	uint64_t seal = seal_number(seal_number(0, key), d->version_key);

#define X(kind, member, path) SEAL_##kind(d->member);
	DOCUMENT_FIELDS(X)
#undef X
	return (int64_t)seal;
}

bool
row_fields(sqlite3_stmt *st, int i, struct document *d)
{
	*d = (struct document){ 0 };
#define X(kind, member, path) READ_##kind(d->member);
	DOCUMENT_FIELDS(X)
#undef X
	d->key = (uint64_t)sqlite3_column_int64(st, i++);
	d->version_key = (uint64_t)sqlite3_column_int64(st, i++);
	return sqlite3_column_int64(st, i) == row_seal_of(d, d->key);
}

bool
row_document(sqlite3_stmt *st, uint64_t (*hash)(const char *), struct document *d)
{
	const bool good = row_fields(st, 0, d);

	d->name = row_text(st, SQL_FIELD_COLUMNS);
	d->listed = sqlite3_column_int(st, SQL_FIELD_COLUMNS + 2) != 0;
	return good && d->name && (!*d->name ||
	    (int64_t)hash(d->name) == sqlite3_column_int64(st, SQL_FIELD_COLUMNS + 1));
}

#define BIND_TEXT(v)	sqlite3_bind_text(st, i++, v, -1, SQLITE_STATIC)
#define BIND_ID(v)	BIND_TEXT(v)
#define BIND_INT(v)	sqlite3_bind_int64(st, i++, v)
#define BIND_TIME(v)	BIND_INT(v)
#define BIND_BOOL(v)	BIND_INT(v)

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
	sqlite3_bind_int64(st, i++, row_seal_of(d, key));
	return i;
}

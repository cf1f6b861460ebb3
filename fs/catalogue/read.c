/*
 * A few connections read, each used by one thread at a time. A reader sees the last commit and
 * waits for no writer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "row.h"
#include "sql.h"

#define READER_KIB	1024	/* of pages */

int
catalogue_get_reader(struct catalogue *c, struct db **out)
{
	struct db *db = NULL;

	pthread_mutex_lock(&c->read_lock);
	if (c->idle_count > 0)
		db = c->idle[--c->idle_count];
	pthread_mutex_unlock(&c->read_lock);
	if (db && !db_is_current(db)) {
		db_close(db);
		db = NULL;
	}
	if (!db)
		return db_open(c->file, READER_KIB, out);
	*out = db;
	return 0;
}

void
catalogue_put_reader(struct catalogue *c, struct db *db)
{
	pthread_mutex_lock(&c->read_lock);
	if (c->idle_count < READERS_KEPT) {
		c->idle[c->idle_count++] = db;
		db = NULL;
	}
	pthread_mutex_unlock(&c->read_lock);
	db_close(db);
}

int
catalogue_read_filled(struct catalogue *c, struct db *db, bool *out)
{
	int64_t filled = 1;
	int rc = 0;

	if (c->filled != db_number(db))
		rc = db_number_of(db, &filled, SQL_FILLED, "");
	if (rc < 0)
		return rc == -ENOENT ? db_damaged(db) : rc;
	if (filled)
		c->filled = db_number(db);
	*out = filled;
	return 0;
}

bool
catalogue_is_filled(struct catalogue *c)
{
	bool filled = false;
	struct db *db;

	if (catalogue_get_reader(c, &db) < 0)
		return false;
	if (catalogue_read_filled(c, db, &filled) < 0)
		filled = false;
	catalogue_put_reader(c, db);
	return filled;
}

/* A bound statement on a connection of its own, until end_read. */
struct read { struct db *db; sqlite3_stmt *st; };

static void
end_read(struct catalogue *c, struct read *r)
{
	if (r->st)
		sqlite3_reset(r->st);
	catalogue_put_reader(c, r->db);
}

/* Documents have no names before the catalogue is filled: -EIO. */
static int
check_filled(struct catalogue *c, struct db *db, unsigned which)
{
	bool filled = true;
	int rc = 0;

	if (which != SQL_STATE && which != SQL_TOTAL)
		rc = catalogue_read_filled(c, db, &filled);
	if (rc < 0 || filled)
		return rc;
	if (c->unfilled)
		c->unfilled(c->unfilled_ctx);
	return -EIO;
}

static int
begin_read(struct catalogue *c, struct read *r, unsigned which, const char *types, ...)
{
	va_list ap;
	int rc = catalogue_get_reader(c, &r->db);

	if (rc < 0)
		return rc;
	r->st = NULL;
	rc = check_filled(c, r->db, which);
	va_start(ap, types);
	if (rc == 0)
		rc = db_vbind(r->db, which, &r->st, types, ap);
	va_end(ap);
	if (rc < 0)
		end_read(c, r);
	return rc;
}

/* 1: a row; 0: the end; else a negative errno. SQLite takes the columns of a search from the index.
 * So if a damaged index leads to a wrong row, that row does not fit its seal. */
static int
sealed_row(struct catalogue *c, struct read *r, struct document *d)
{
	int rc = db_step(r->db, r->st);

	return rc <= 0 || row_document(r->st, c->names.hash, d) ? rc : db_damaged(r->db);
}

/* rc, here and below: of begin_read. */
static int
find_one(struct catalogue *c, struct read *r, int rc, struct document *out)
{
	struct document d;

	if (rc < 0)
		return rc;
	rc = sealed_row(c, r, &d);
	rc = rc > 0 ? document_copy(&d, out) : rc < 0 ? rc : -ENOENT;
	end_read(c, r);
	return rc;
}

static int
find_each(struct catalogue *c, struct read *r, int rc, catalogue_each *each, void *ctx)
{
	struct document d;

	if (rc < 0)
		return rc;
	while ((rc = sealed_row(c, r, &d)) > 0 && each(ctx, &d))
		;
	end_read(c, r);
	return rc < 0 ? rc : 0;
}

int
catalogue_by_key(struct catalogue *c, uint64_t key, struct document *out)
{
	struct read r;

	return find_one(c, &r, begin_read(c, &r, SQL_BY_KEY, "i", N(key)), out);
}

int
catalogue_by_version_key(struct catalogue *c, uint64_t version_key, struct document *out)
{
	struct read r;

	return find_one(c, &r, begin_read(c, &r, SQL_BY_VERSION, "i", N(version_key)), out);
}

int
catalogue_by_id(struct catalogue *c, const char *id, struct document *out)
{
	struct read r;

	return find_one(c, &r, begin_read(c, &r, SQL_BY_ID, "t", id), out);
}

int
catalogue_by_name(struct catalogue *c, const char *name, struct document *out)
{
	const int64_t hash = N(c->names.hash(name));
	struct read r;

	return find_one(c, &r, begin_read(c, &r, SQL_BY_NAME, "it", hash, name), out);
}

int
catalogue_version(struct catalogue *c, uint64_t version_key, struct document *out)
{
	struct read r;

	return find_one(c, &r, begin_read(c, &r, SQL_VERSION, "i", N(version_key)), out);
}

/* SQLite's numbers have a sign. */
static int64_t
bound(uint64_t after)
{
	return after > INT64_MAX ? INT64_MAX : N(after);
}

int
catalogue_list(struct catalogue *c, uint64_t after, catalogue_each *each, void *ctx)
{
	struct read r;

	return find_each(c, &r, begin_read(c, &r, SQL_LIST, "i", bound(after)), each, ctx);
}

int
catalogue_list_names(struct catalogue *c, const char *after, catalogue_each *each, void *ctx)
{
	struct read r;

	return find_each(c, &r, begin_read(c, &r, SQL_LIST_NAMES, "t", after), each, ctx);
}

int
catalogue_list_parent(
    struct catalogue *c, const char *parent_id, uint64_t after, catalogue_each *each, void *ctx)
{
	struct read r;
	int rc = begin_read(c, &r, SQL_LIST_PARENT, "ti", parent_id, bound(after));

	return find_each(c, &r, rc, each, ctx);
}

int
catalogue_versions(
    struct catalogue *c, uint64_t key, uint64_t after, catalogue_each *each, void *ctx)
{
	struct read r;
	int rc = begin_read(c, &r, SQL_VERSIONS, "ii", N(key), bound(after));

	return find_each(c, &r, rc, each, ctx);
}

int
catalogue_next_parent(struct catalogue *c, const char *after, char out[19])
{
	struct read r;
	int rc = begin_read(c, &r, SQL_NEXT_PARENT, "t", after);

	if (rc < 0)
		return rc;
	if ((rc = db_step(r.db, r.st)) > 0)
		row_id(r.st, 0, out);
	end_read(c, &r);
	return rc > 0 ? 0 : rc < 0 ? rc : -ENOENT;
}

int
catalogue_state(struct catalogue *c, const char *name, char **out)
{
	struct read r;
	int rc = begin_read(c, &r, SQL_STATE, "t", name);

	if (rc < 0)
		return rc;
	rc = db_step(r.db, r.st);
	const char *value = rc > 0 ? row_text(r.st, 0) : NULL;
	char *copy = value ? strdup(value) : NULL;
	if (rc >= 0)
		rc = copy ? 0 : value ? -ENOMEM : -ENOENT;
	if (rc == 0)
		*out = copy;
	end_read(c, &r);
	return rc;
}

int
catalogue_totals(struct catalogue *c, struct catalogue_totals *out)
{
	struct read r;
	int rc = begin_read(c, &r, SQL_TOTAL, "");

	if (rc < 0)
		return rc;
	if ((rc = db_step(r.db, r.st)) > 0) {
		out->documents = (uint64_t)sqlite3_column_int64(r.st, 0);
		out->bytes = (uint64_t)sqlite3_column_int64(r.st, 1);
		out->generation = (uint64_t)sqlite3_column_int64(r.st, 2);
	} else if (rc == 0) {
		rc = db_damaged(r.db);
	}
	end_read(c, &r);
	return rc < 0 ? rc : 0;
}

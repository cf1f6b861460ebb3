/*
 * A few connections read, each used by one thread at a time. A reader sees the last commit and
 * waits for nobody.
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

/* Steps a bound SQL_DOCUMENT, if rc is 0. */
static int
take_document(struct db *db, sqlite3_stmt *st, int rc, struct document *out)
{
	struct document d;

	if (rc < 0)
		return rc;
	if ((rc = db_step(db, st)) > 0) {
		row_document(st, &d);
		rc = document_copy(&d, out);
	} else if (rc == 0) {
		rc = -ENOENT;
	}
	db_reset(st);
	return rc;
}

static int
by_number(struct catalogue *c, unsigned which, uint64_t number, struct document *out)
{
	sqlite3_stmt *st;
	struct db *db;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	rc = db_bind(db, which, &st, "i", N(number));
	rc = take_document(db, st, rc, out);
	catalogue_put_reader(c, db);
	return rc;
}

int
catalogue_by_key(struct catalogue *c, uint64_t key, struct document *out)
{
	return by_number(c, SQL_BY_KEY, key, out);
}

int
catalogue_by_version_key(struct catalogue *c, uint64_t version_key, struct document *out)
{
	return by_number(c, SQL_BY_VERSION, version_key, out);
}

int
catalogue_by_id(struct catalogue *c, const char *id, struct document *out)
{
	sqlite3_stmt *st;
	struct db *db;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	rc = db_bind(db, SQL_BY_ID, &st, "t", id);
	rc = take_document(db, st, rc, out);
	catalogue_put_reader(c, db);
	return rc;
}

int
catalogue_by_name(struct catalogue *c, const char *name, struct document *out)
{
	sqlite3_stmt *st;
	struct db *db;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	rc = db_bind(db, SQL_BY_NAME, &st, "it", N(c->hash(name)), name);
	rc = take_document(db, st, rc, out);
	catalogue_put_reader(c, db);
	return rc;
}

/* Steps a bound SQL_DOCUMENT to its end, if rc is 0. */
static int
take_documents(struct db *db, sqlite3_stmt *st, int rc, catalogue_each *each, void *ctx)
{
	struct document d;

	if (rc < 0)
		return rc;
	while ((rc = db_step(db, st)) > 0) {
		row_document(st, &d);
		if (!each(ctx, &d))
			break;
	}
	db_reset(st);
	return rc < 0 ? rc : 0;
}

int
catalogue_list(struct catalogue *c, uint64_t after, catalogue_each *each, void *ctx)
{
	sqlite3_stmt *st;
	struct db *db;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	rc = db_bind(db, SQL_LIST, &st, "i", after > INT64_MAX ? INT64_MAX : N(after));
	rc = take_documents(db, st, rc, each, ctx);
	catalogue_put_reader(c, db);
	return rc;
}

int
catalogue_list_names(struct catalogue *c, const char *after, catalogue_each *each, void *ctx)
{
	sqlite3_stmt *st;
	struct db *db;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	rc = db_bind(db, SQL_LIST_NAMES, &st, "t", after);
	rc = take_documents(db, st, rc, each, ctx);
	catalogue_put_reader(c, db);
	return rc;
}

int
catalogue_list_parent(
    struct catalogue *c, const char *parent_id, uint64_t after, catalogue_each *each, void *ctx)
{
	sqlite3_stmt *st;
	struct db *db;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	rc = db_bind(
	    db, SQL_LIST_PARENT, &st, "ti", parent_id, after > INT64_MAX ? INT64_MAX : N(after));
	rc = take_documents(db, st, rc, each, ctx);
	catalogue_put_reader(c, db);
	return rc;
}

int
catalogue_next_parent(struct catalogue *c, const char *after, char out[19])
{
	sqlite3_stmt *st;
	struct db *db;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	if ((rc = db_bind(db, SQL_NEXT_PARENT, &st, "t", after)) == 0) {
		rc = db_step(db, st);
		if (rc > 0)
			snprintf(out, 19, "%s", row_text(st, 0));
		rc = rc > 0 ? 0 : rc == 0 ? -ENOENT : rc;
		db_reset(st);
	}
	catalogue_put_reader(c, db);
	return rc;
}

int
catalogue_state(struct catalogue *c, const char *name, char **out)
{
	sqlite3_stmt *st;
	struct db *db;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	if ((rc = db_bind(db, SQL_STATE, &st, "t", name)) == 0) {
		rc = db_step(db, st);
		const char *value = rc > 0 ? row_text(st, 0) : NULL;
		char *copy = value ? strdup(value) : NULL;

		if (rc >= 0)
			rc = copy ? 0 : value ? -ENOMEM : -ENOENT;
		if (rc == 0)
			*out = copy;
		db_reset(st);
	}
	catalogue_put_reader(c, db);
	return rc;
}

static int
read_total(struct catalogue *c, struct catalogue_totals *totals, uint64_t *generation)
{
	sqlite3_stmt *st;
	struct db *db;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	if ((rc = db_bind(db, SQL_TOTAL, &st, "")) == 0) {
		if ((rc = db_step(db, st)) > 0) {
			totals->documents = (uint64_t)sqlite3_column_int64(st, 0);
			totals->bytes = (uint64_t)sqlite3_column_int64(st, 1);
			*generation = (uint64_t)sqlite3_column_int64(st, 2);
		}
		db_reset(st);
	}
	catalogue_put_reader(c, db);
	return rc > 0 ? 0 : rc < 0 ? rc : -EIO;
}

int
catalogue_totals(struct catalogue *c, struct catalogue_totals *out)
{
	uint64_t generation;

	return read_total(c, out, &generation);
}

int
catalogue_generation(struct catalogue *c, uint64_t *out)
{
	struct catalogue_totals totals;

	return read_total(c, &totals, out);
}

int
catalogue_version(struct catalogue *c, uint64_t version_key, struct document *out)
{
	return by_number(c, SQL_VERSION, version_key, out);
}

int
catalogue_versions(
    struct catalogue *c, uint64_t key, uint64_t after, catalogue_each *each, void *ctx)
{
	sqlite3_stmt *st;
	struct db *db;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	rc = db_bind(db, SQL_VERSIONS, &st, "ii", N(key), after > INT64_MAX ? INT64_MAX : N(after));
	rc = take_documents(db, st, rc, each, ctx);
	catalogue_put_reader(c, db);
	return rc;
}

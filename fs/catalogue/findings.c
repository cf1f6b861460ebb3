/*
 * A row that is put gets the highest rowid, so the lowest ones are the oldest: what is too old is
 * found without an index. A survey that is used when half of those kept are newer is put in front
 * again.
 *
 * One connection reads, and waits for nobody: whoever has locked the file may take seconds, and
 * names are looked up meanwhile.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "sql.h"

#include "findings.h"

#define CACHE_KIB	512
#define SURVEYS_KEPT	INT64_C(100000)		/* of those made or used last */
#define ANSWERS_KEPT	(30 * 24 * 60 * 60 * INT64_C(1000))	/* ms before one that comes */
#define PRUNED_MOST	INT64_C(50)		/* rows, by one that comes */

struct findings {
	struct db_file	*file;		/* never changes */
	pthread_mutex_t	 read_lock;	/* guards: reader */
	struct db	*reader;
	pthread_mutex_t write_lock; /* guards: writer. Held for as long as another process writes */
	struct db	*writer;
};

static const char *const sql[] = { SQL_FOUND_STATEMENTS(SQL_TEXT) };

static const struct db_kind kind = {
	.name = "found",
	.formerly = "surveys",
	.schema = SQL_FOUND,
	.check = SQL_FOUND_CHECK,
	.sql = sql,
	.count = SQL_FOUND_COUNT,
};

int
findings_open(const char *dir, struct findings **out)
{
	struct findings *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	pthread_mutex_init(&f->read_lock, NULL);
	pthread_mutex_init(&f->write_lock, NULL);
	int rc = db_file_open(dir, &kind, &f->file);
	if (rc == 0)
		rc = db_open(f->file, CACHE_KIB, &f->reader);
	if (rc == 0)
		rc = db_open(f->file, CACHE_KIB, &f->writer);
	if (rc < 0) {
		findings_close(f);
		return rc;
	}
	*out = f;
	return 0;
}

void
findings_close(struct findings *f)
{
	if (!f)
		return;
	db_close(f->reader);
	db_close(f->writer);
	db_file_close(f->file);
	pthread_mutex_destroy(&f->read_lock);
	pthread_mutex_destroy(&f->write_lock);
	free(f);
}

/* Steps a bound statement, if rc is 0: the bytes in column 0, and the number in column 1. */
static int
take_bytes(struct db *db, sqlite3_stmt *st, int rc, void **out, size_t *len, int64_t *number)
{
	if (rc < 0)
		return rc;
	if ((rc = db_step(db, st)) > 0) {
		const void *p = sqlite3_column_blob(st, 0);
		size_t n = (size_t)sqlite3_column_bytes(st, 0);
		char *copy = malloc(n + 1);

		rc = copy ? 0 : -ENOMEM;
		if (copy) {
			if (n > 0)
				memcpy(copy, p, n);
			copy[n] = '\0';
			*out = copy;
			*len = n;
			*number = sqlite3_column_int64(st, 1);
		}
	} else if (rc == 0) {
		rc = -ENOENT;
	}
	db_reset(st);
	return rc;
}

int
findings_survey(
    struct findings *f, const char *version_id, const char *maker, void **out, size_t *len)
{
	sqlite3_stmt *st = NULL;
	int64_t none;

	pthread_mutex_lock(&f->read_lock);
	int rc = db_bind(f->reader, SQL_SURVEY, &st, "tt", version_id, maker);
	rc = take_bytes(f->reader, st, rc, out, len, &none);
	pthread_mutex_unlock(&f->read_lock);
	return rc;
}

/* 1: it is there, and old; 0: not; else a negative errno. */
static int
is_old(struct findings *f, const char *version_id, const char *maker)
{
	sqlite3_stmt *st;

	pthread_mutex_lock(&f->read_lock);
	int rc =
	    db_bind(f->reader, SQL_OLD_SURVEY, &st, "tti", version_id, maker, SURVEYS_KEPT / 2);
	if (rc == 0) {
		rc = db_step(f->reader, st);
		db_reset(st);
	}
	pthread_mutex_unlock(&f->read_lock);
	return rc;
}

int
findings_use_survey(struct findings *f, const char *version_id, const char *maker)
{
	int rc = is_old(f, version_id, maker);

	if (rc <= 0)
		return rc;
	pthread_mutex_lock(&f->write_lock);
	rc = db_do(f->writer, SQL_USE_SURVEY, "tt", version_id, maker);
	pthread_mutex_unlock(&f->write_lock);
	return rc;
}

int
findings_put_survey(
    struct findings *f, const char *version_id, const char *maker, const void *p, size_t n)
{
	pthread_mutex_lock(&f->write_lock);
	int rc = db_do(f->writer, SQL_PUT_SURVEY, "ttb", version_id, maker, p, n);
	if (rc == 0)
		rc = db_do(f->writer, SQL_PRUNE_SURVEYS, "ii", SURVEYS_KEPT, PRUNED_MOST);
	pthread_mutex_unlock(&f->write_lock);
	return rc;
}

int
findings_answer(struct findings *f, const char *key, void **out, size_t *len, int64_t *asked)
{
	sqlite3_stmt *st = NULL;

	pthread_mutex_lock(&f->read_lock);
	int rc = db_bind(f->reader, SQL_ANSWER, &st, "t", key);
	rc = take_bytes(f->reader, st, rc, out, len, asked);
	pthread_mutex_unlock(&f->read_lock);
	return rc;
}

int
findings_put_answer(struct findings *f, const char *key, const void *p, size_t n, int64_t asked)
{
	pthread_mutex_lock(&f->write_lock);
	int rc = db_do(f->writer, SQL_PUT_ANSWER, "tbi", key, p, n, asked);
	if (rc == 0)
		rc = db_do(f->writer, SQL_PRUNE_ANSWERS, "ii", PRUNED_MOST, asked - ANSWERS_KEPT);
	pthread_mutex_unlock(&f->write_lock);
	return rc;
}

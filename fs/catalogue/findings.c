/*
 * A row that is put gets the highest rowid, so the lowest ones are the oldest, and no index is
 * needed to find them. A survey that is used when half of those kept are newer gets the highest
 * rowid again.
 *
 * A connection of its own reads, and waits for nobody: a look for a name must not wait when another
 * process has locked the file for seconds.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "sql.h"

#include "findings.h"

#define CACHE_KIB	512
#define SURVEYS_KEPT	INT64_C(100000)		/* that were put or used last */
#define ANSWERS_KEPT	(30 * 24 * 60 * 60 * INT64_C(1000))	/* ms before one that is put */
#define TRIMMED_MOST	INT64_C(50)		/* rows, by one that is put */

struct findings {
	struct db_file	*file;		/* never changes */
	pthread_mutex_t	 read_lock;	/* guards: reader */
	struct db	*reader;
	pthread_mutex_t	 write_lock;	/* guards: writer. Held while another process writes */
	struct db	*writer;
};

static const char *const statements[] = { SQL_FINDINGS_STATEMENTS(SQL_TEXT) };

static const struct db_kind kind = {
	.name = "findings",
	.formerly = "found",
	.schema = SQL_FINDINGS,
	.sql = statements,
	.count = SQL_FINDINGS_COUNT,
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

void
findings_interrupt(struct findings *f)
{
	db_file_interrupt(f->file);
}

int
findings_check(struct findings *f)
{
	return db_file_check(f->file);
}

static int
copy_blob(const void *p, size_t n, void **out)
{
	char *copy = malloc(n + 1);

	if (!copy)
		return -ENOMEM;
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	*out = copy;
	return 0;
}

/* The bytes in column 0 and the number in column 1 of the row that a statement finds. */
static int
read_finding(struct findings *f, void **out, size_t *len, int64_t *number, unsigned which,
    const char *types, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	pthread_mutex_lock(&f->read_lock);
	int rc = db_renew(&f->reader);
	va_start(ap, types);
	if (rc == 0)
		rc = db_vbind(f->reader, which, &st, types, ap);
	va_end(ap);
	if (rc == 0) {
		if ((rc = db_step(f->reader, st)) == 0)
			rc = -ENOENT;
		if (rc > 0) {
			const void *p = sqlite3_column_blob(st, 0);

			*len = (size_t)sqlite3_column_bytes(st, 0);
			*number = sqlite3_column_int64(st, 1);
			rc = copy_blob(p, *len, out);
		}
		db_reset(st);
	}
	pthread_mutex_unlock(&f->read_lock);
	return rc;
}

static int
write_finding(struct findings *f, unsigned which, const char *types, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	pthread_mutex_lock(&f->write_lock);
	int rc = db_renew(&f->writer);
	va_start(ap, types);
	if (rc == 0)
		rc = db_vbind(f->writer, which, &st, types, ap);
	va_end(ap);
	if (rc == 0)
		rc = db_run(f->writer, st);
	pthread_mutex_unlock(&f->write_lock);
	return rc;
}

int
findings_survey(
    struct findings *f, const char *version_id, const char *maker, void **out, size_t *len)
{
	int64_t none;

	return read_finding(f, out, len, &none, SQL_SURVEY, "tt", version_id, maker);
}

int
findings_use_survey(struct findings *f, const char *version_id, const char *maker)
{
	void *old = NULL;
	size_t len;
	int64_t none;
	int rc = read_finding(
	    f, &old, &len, &none, SQL_OLD_SURVEY, "tti", version_id, maker, SURVEYS_KEPT / 2);

	free(old);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	return write_finding(f, SQL_USE_SURVEY, "tt", version_id, maker);
}

int
findings_put_survey(
    struct findings *f, const char *version_id, const char *maker, const void *p, size_t n)
{
	int rc = write_finding(f, SQL_PUT_SURVEY, "ttb", version_id, maker, p, n);

	return rc < 0 ? rc : write_finding(f, SQL_TRIM_SURVEYS, "ii", SURVEYS_KEPT, TRIMMED_MOST);
}

int
findings_answer(struct findings *f, const char *key, void **out, size_t *len, int64_t *asked)
{
	return read_finding(f, out, len, asked, SQL_ANSWER, "t", key);
}

int
findings_put_answer(struct findings *f, const char *key, const void *p, size_t n, int64_t asked)
{
	int rc = write_finding(f, SQL_PUT_ANSWER, "tbi", key, p, n, asked);

	asked -= ANSWERS_KEPT;
	return rc < 0 ? rc : write_finding(f, SQL_TRIM_ANSWERS, "ii", TRIMMED_MOST, asked);
}

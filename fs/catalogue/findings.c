/*
 * A row that is put gets the highest rowid, so the lowest ones are the oldest, and no index is
 * needed to find them. When half of those kept are newer than a survey that is used, it gets the
 * highest rowid again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "sql.h"

#include "findings.h"

#define SURVEYS_KEPT	INT64_C(100000)		/* that were put or used last */
#define ANSWERS_KEPT	(30 * 24 * 60 * 60 * INT64_C(1000))	/* ms before one that is put */
#define TRIMMED_MOST	INT64_C(50)		/* rows, by one that is put */

/* The bytes in column 0 and the number in column 1 of the row that a statement finds. */
static int
read_finding(struct catalogue *c, void **out, size_t *len, int64_t *number, unsigned which,
    const char *types, ...)
{
	sqlite3_stmt *st = NULL;
	struct db *db;
	va_list ap;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	va_start(ap, types);
	rc = db_vbind(db, which, &st, types, ap);
	va_end(ap);
	if (rc == 0 && (rc = db_step(db, st)) == 0)
		rc = -ENOENT;
	if (rc > 0) {
		const void *p = sqlite3_column_blob(st, 0);

		*len = (size_t)sqlite3_column_bytes(st, 0);
		*number = sqlite3_column_int64(st, 1);
		*out = malloc(*len + 1);
		rc = *out ? 0 : -ENOMEM;
		if (rc == 0 && *len > 0)
			memcpy(*out, p, *len);
	}
	db_reset(st);
	catalogue_put_reader(c, db);
	return rc;
}

int
findings_survey(
    struct catalogue *c, const char *version_id, const char *maker, void **out, size_t *len)
{
	int64_t none;

	return read_finding(c, out, len, &none, SQL_SURVEY, "tt", version_id, maker);
}

int
findings_put_survey(
    struct catalogue *c, const char *version_id, const char *maker, const void *p, size_t n)
{
	int rc = db_do(c->writer, SQL_PUT_SURVEY, "ttb", version_id, maker, p, n);

	return rc < 0 ? rc :
			db_do(c->writer, SQL_TRIM_SURVEYS, "ii", SURVEYS_KEPT, TRIMMED_MOST);
}

int
findings_use_survey(struct catalogue *c, const char *version_id, const char *maker)
{
	void *old = NULL;
	size_t len;
	int64_t none;
	int rc = read_finding(
	    c, &old, &len, &none, SQL_OLD_SURVEY, "tti", version_id, maker, SURVEYS_KEPT / 2);

	free(old);
	if (rc == 0)
		rc = catalogue_begin(c);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	return catalogue_end(c, db_do(c->writer, SQL_USE_SURVEY, "tt", version_id, maker));
}

int
findings_answer(struct catalogue *c, const char *key, void **out, size_t *len, int64_t *asked)
{
	return read_finding(c, out, len, asked, SQL_ANSWER, "t", key);
}

int
findings_put_answer(struct catalogue *c, const char *key, const void *p, size_t n, int64_t asked)
{
	int rc = db_do(c->writer, SQL_PUT_ANSWER, "tbi", key, p, n, asked);

	asked -= ANSWERS_KEPT;
	return rc < 0 ? rc : db_do(c->writer, SQL_TRIM_ANSWERS, "ii", TRIMMED_MOST, asked);
}

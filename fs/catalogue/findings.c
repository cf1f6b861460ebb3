/*
 * Each put gives its row the highest rowid, so the lowest ones are the oldest, and no index is
 * needed to find them. When half of the surveys are newer than one that is used, that one gets the
 * highest rowid again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "row.h"
#include "sql.h"

#include "findings.h"

#define SURVEYS_KEPT	INT64_C(100000)		/* those that were put or used last */
#define ANSWERS_KEPT	(30 * 24 * 60 * 60 * INT64_C(1000))	/* ms before one that is put */
#define TRIMMED_MOST	INT64_C(50)		/* rows that a put deletes */

static int64_t
seal_of_finding(const char *key, const char *maker, const void *p, size_t n, int64_t asked)
{
	uint64_t seal = row_seal(0, key, strlen(key));

	if (maker)
		seal = row_seal(seal, maker, strlen(maker));
	return N(row_seal(row_seal(seal, &asked, sizeof(asked)), n ? p : "", n));
}

int
findings_get(struct catalogue *c, const char *key, const char *maker, void **out, size_t *len,
    int64_t *asked)
{
	sqlite3_stmt *st = NULL;
	struct db *db;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	rc = db_bind(db, maker ? SQL_SURVEY : SQL_ANSWER, &st, maker ? "tt" : "t", key, maker);
	if (rc == 0 && (rc = db_step(db, st)) == 0)
		rc = -ENOENT;
	if (rc > 0) {
		const void *p = sqlite3_column_blob(st, 0);

		*len = (size_t)sqlite3_column_bytes(st, 0);
		*asked = sqlite3_column_int64(st, 1);
		rc = seal_of_finding(key, maker, p, *len, *asked) == sqlite3_column_int64(st, 2) ?
		    0 : db_damaged(db);
		if (rc == 0 && !(*out = malloc(*len + 1)))
			rc = -ENOMEM;
		if (rc == 0 && *len > 0)
			memcpy(*out, p, *len);
	}
	sqlite3_reset(st);
	catalogue_put_reader(c, db);
	return rc;
}

int
findings_put_survey(
    struct catalogue *c, const char *content, const char *maker, const void *p, size_t n)
{
	int rc = db_do(c->writer, SQL_PUT_SURVEY, "ttbi", content, maker, p, n,
	    seal_of_finding(content, maker, p, n, 0));

	return rc < 0 ? rc :
			db_do(c->writer, SQL_TRIM_SURVEYS, "ii", SURVEYS_KEPT, TRIMMED_MOST);
}

int
findings_use_survey(struct catalogue *c, const char *content, const char *maker)
{
	struct db *db;
	int64_t old;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	rc = db_number_of(db, &old, SQL_OLD_SURVEY, "tti", content, maker, SURVEYS_KEPT / 2);
	catalogue_put_reader(c, db);
	if (rc == 0)
		rc = catalogue_begin(c);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	return catalogue_end(c, db_do(c->writer, SQL_USE_SURVEY, "tt", content, maker));
}

int
findings_put_answer(struct catalogue *c, const char *key, const void *p, size_t n, int64_t asked)
{
	int rc = db_do(c->writer, SQL_PUT_ANSWER, "tbii", key, p, n, asked,
	    seal_of_finding(key, NULL, p, n, asked));

	asked -= ANSWERS_KEPT;
	return rc < 0 ? rc : db_do(c->writer, SQL_TRIM_ANSWERS, "ii", TRIMMED_MOST, asked);
}

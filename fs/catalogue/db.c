#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "auth/log.h"

#include "db.h"

#define BUSY_MS		10000	/* for another process's writer; a batch takes milliseconds */
#define CHECKPOINT	8192	/* pages of 4 KiB in the log before they move to the file */

struct db_file {
	const struct db_kind *kind;
	char		*path;
	bool		 opened;	/* from then on damage is told of; before, it is mended */
	atomic_bool	 damaged;
	atomic_int	 told;		/* the error that was last logged */
};

struct db {
	struct db_file	*file;
	sqlite3		*handle;
	sqlite3_stmt	*statements[];	/* kind->count */
};

/*
 * Errors.
 */

static int
errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK: case SQLITE_ROW: case SQLITE_DONE: return 0;
	case SQLITE_BUSY: case SQLITE_LOCKED: return -ETIMEDOUT;
	case SQLITE_FULL: return -ENOSPC;
	case SQLITE_NOMEM: return -ENOMEM;
	case SQLITE_READONLY: return -EROFS;
	default: return code == SQLITE_IOERR_NOMEM ? -ENOMEM : -EIO;
	}
}

static bool
is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

/* Logs a code unless it was the last to be logged, and makes an errno of it. */
static int
fail(struct db_file *f, int code)
{
	int rc = errno_of(code);

	if (rc == 0)
		return 0;
	if (atomic_exchange(&f->told, code) != code && !atomic_load(&f->damaged)) {
		if (is_damage(code) && f->opened)
			log_error("catalogue", "%s is damaged (%s): it is made anew at the next mount", f->path, sqlite3_errstr(code));
		else if (is_damage(code))
			;
		else if (rc == -ETIMEDOUT)
			log_warn("catalogue", "%s: another process has kept it locked for %d s", f->path, BUSY_MS / 1000);
		else
			log_warn("catalogue", "%s: %s (%s)", f->path, sqlite3_errstr(code), strerror(-rc));
	}
	if (is_damage(code))
		atomic_store(&f->damaged, true);
	return rc;
}

/*
 * Statements.
 */

int
db_exec(struct db *db, const char *sql)
{
	return fail(db->file, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

int
db_begin(struct db *db)
{
	return db_exec(db, "BEGIN IMMEDIATE");
}

int
db_commit(struct db *db)
{
	int rc = db_exec(db, "COMMIT");

	if (rc == 0)
		atomic_store(&db->file->told, 0);	/* whatever was wrong is over; the next time is news */
	return rc;
}

void
db_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(db->handle))
		db_exec(db, "ROLLBACK");
}

static int
bind(struct db *db, unsigned which, sqlite3_stmt **out, const char *types, va_list ap)
{
	sqlite3_stmt **st = &db->statements[which];
	int code = SQLITE_OK;

	if (!*st)
		code = sqlite3_prepare_v3(db->handle, db->file->kind->sql[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
	for (int i = 1; code == SQLITE_OK && types[i - 1]; i++) {
		if (types[i - 1] == 'i') {
			code = sqlite3_bind_int64(*st, i, va_arg(ap, int64_t));
		} else if (types[i - 1] == 't') {
			code = sqlite3_bind_text(*st, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
		} else {
			const void *p = va_arg(ap, const void *);

			code = sqlite3_bind_blob64(*st, i, p, va_arg(ap, size_t), SQLITE_STATIC);
		}
	}
	*out = *st;
	return fail(db->file, code);
}

int
db_bind(struct db *db, unsigned which, sqlite3_stmt **out, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	int rc = bind(db, which, out, types, ap);
	va_end(ap);
	return rc;
}

int
db_step(struct db *db, sqlite3_stmt *st)
{
	int code = sqlite3_step(st);

	return code == SQLITE_ROW ? 1 : fail(db->file, code);
}

void
db_reset(sqlite3_stmt *st)
{
	sqlite3_reset(st);
}

int
db_run(struct db *db, sqlite3_stmt *st)
{
	int rc;

	do {
		rc = db_step(db, st);
	} while (rc > 0);
	db_reset(st);
	return rc;
}

int
db_do(struct db *db, unsigned which, const char *types, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, types);
	int rc = bind(db, which, &st, types, ap);
	va_end(ap);
	return rc < 0 ? rc : db_run(db, st);
}

/*
 * Connections.
 */

void
db_close(struct db *db)
{
	if (!db)
		return;
	for (unsigned i = 0; i < db->file->kind->count; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->handle);
	free(db);
}

static int
set_up(struct db *db, unsigned cache_kib)
{
	char sql[256];

	sqlite3_busy_timeout(db->handle, BUSY_MS);
	sqlite3_extended_result_codes(db->handle, 1);
	/* NORMAL: a power failure may lose the last batches, never the file. What is lost, the org still has. */
	snprintf(sql, sizeof(sql), "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -%u; "
	    "PRAGMA temp.journal_mode = OFF; PRAGMA wal_autocheckpoint = %d; PRAGMA journal_size_limit = %d",
	    cache_kib, CHECKPOINT, CHECKPOINT * 4096);
	return db_exec(db, sql);
}

int
db_open(struct db_file *f, unsigned cache_kib, struct db **out)
{
	struct db *db = calloc(1, sizeof(*db) + f->kind->count * sizeof(db->statements[0]));

	if (!db)
		return -ENOMEM;
	db->file = f;
	int code = sqlite3_open_v2(f->path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	int rc = fail(f, code);
	if (rc == 0)
		rc = set_up(db, cache_kib);
	if (rc < 0) {
		db_close(db);
		return rc;
	}
	*out = db;
	return 0;
}

/*
 * The file.
 */

/* What tells two schemas of one number apart: a field more in the table of fields is another schema. */
static int
schema_mark(const char *schema)
{
	uint32_t h = 0x811c9dc5u;

	for (; *schema; schema++)
		h = (h ^ (unsigned char)*schema) * 0x01000193u;
	return (int)(h >> 1) | 1;
}

/* 1: as it must be; 0: not; else a negative errno. An empty file gets its schema. */
static int
look(struct db *db)
{
	const struct db_kind *kind = db->file->kind;
	sqlite3_stmt *st = NULL;
	int mark = -1, rc;
	char sql[64];

	rc = fail(db->file, sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1, &st, NULL));
	if (rc == 0 && (rc = db_step(db, st)) > 0)
		mark = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	if (rc < 0)
		return rc;
	if (mark == 0) {
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", schema_mark(kind->schema));
		rc = db_begin(db);
		if (rc == 0)
			rc = db_exec(db, kind->schema);
		if (rc == 0)
			rc = db_exec(db, sql);
		if (rc == 0)
			rc = db_commit(db);
		return rc < 0 ? rc : 1;
	}
	if (mark != schema_mark(kind->schema))
		return 0;
	int code = sqlite3_exec(db->handle, kind->check, NULL, NULL, NULL);
	if (is_damage(code) || (code & 0xff) == SQLITE_ERROR)	/* ERROR: a table is not there */
		return 0;
	return code == SQLITE_OK ? 1 : fail(db->file, code);
}

/* Also what belongs to the file: a log that outlived it would be taken for the new one's. */
static int
put_aside(struct db_file *f)
{
	static const char *const ends[] = { "-wal", "-shm" };
	char *other = NULL;
	int rc = 0;

	if (asprintf(&other, "%s.damaged", f->path) < 0)
		return -ENOMEM;
	if (rename(f->path, other) < 0)
		rc = -errno;
	free(other);
	for (size_t i = 0; rc == 0 && i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (asprintf(&other, "%s%s", f->path, ends[i]) < 0)
			return -ENOMEM;
		if (unlink(other) < 0 && errno != ENOENT)
			rc = -errno;
		free(other);
	}
	if (rc < 0)
		log_error("catalogue", "%s: cannot put it aside: %s", f->path, strerror(-rc));
	atomic_store(&f->damaged, false);
	atomic_store(&f->told, 0);
	return rc;
}

static int
open_and_look(struct db_file *f)
{
	struct db *db = NULL;
	int rc = db_open(f, 256, &db);

	if (rc == 0)
		rc = look(db);
	db_close(db);
	return rc;
}

static int
look_and_mend(struct db_file *f)
{
	int rc = open_and_look(f);

	if (rc == 0 || (rc < 0 && atomic_load(&f->damaged))) {
		log_warn("catalogue", "%s is damaged or of another version: put aside and begun anew", f->path);
		rc = put_aside(f);
		if (rc == 0)
			rc = open_and_look(f);
	}
	return rc > 0 ? 0 : rc < 0 ? rc : -EIO;
}

int
db_file_open(const char *dir, const struct db_kind *kind, struct db_file **out)
{
	struct db_file *f = calloc(1, sizeof(*f));
	int rc = 0, lock = -1;

	if (!f)
		return -ENOMEM;
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);	/* nobody reads it, and it is a lock for all threads; only the first counts */
	f->kind = kind;
	if (asprintf(&f->path, "%s/%s", dir, kind->name) < 0) {
		free(f);
		return -ENOMEM;
	}
	/* One process at a time makes or mends it. */
	if (access(dir, W_OK) < 0 || (lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 || flock(lock, LOCK_EX) < 0) {
		rc = -errno;
		log_error("catalogue", "%s: %s", dir, strerror(-rc));
	}
	if (rc == 0)
		rc = look_and_mend(f);
	if (lock >= 0)
		close(lock);
	if (rc < 0) {
		free(f->path);
		free(f);
		return rc;
	}
	f->opened = true;
	*out = f;
	return 0;
}

void
db_file_close(struct db_file *f)
{
	if (!f)
		return;
	if (atomic_load(&f->damaged))
		put_aside(f);
	free(f->path);
	free(f);
}

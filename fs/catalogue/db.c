#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auth/log.h"

#include "db.h"

#define BUSY_MS		10000	/* for another process's writer; a batch takes milliseconds */
#define CHECKPOINT	8192	/* pages of 4 KiB in the log before they move to the file */
#define ENDING_MS 2000 /* for a mount that was unmounted just now and is about to close it */
#define POLL_MS		50	/* flock has no timed wait */
#define OLD                                                                                        \
	(30 * 24 * 60 *                                                                            \
	    60) /* seconds after which another version's file, which nobody opens, goes */

/*
 * Beside the file, NAME-MARK.db, is NAME-MARK.lock: locked by everyone, shared, for as long as the
 * file is open, alone by who puts it aside. It has a byte once somebody has found damage. The
 * SQLite file itself must not be opened for that: closing it would take SQLite's own locks along.
 * The directory is locked by who opens, mends or removes.
 */
struct db_file {
	const struct db_kind *kind;
	char		 stem[64];	/* NAME-MARK */
	char		*path;
	int		 dir, lock;
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
			log_error("catalogue",
			    "%s is damaged (%s): it is made anew at the next mount", f->path,
			    sqlite3_errstr(code));
		else if (is_damage(code))
			;
		else if (rc == -ETIMEDOUT)
			log_warn("catalogue", "%s: another process has kept it locked for %d s",
			    f->path, BUSY_MS / 1000);
		else
			log_warn("catalogue", "%s: %s (%s)", f->path, sqlite3_errstr(code),
			    strerror(-rc));
	}
	if (is_damage(code) && !atomic_exchange(&f->damaged, true) && f->opened &&
	    pwrite(f->lock, "!", 1, 0) < 0)
		log_warn(
		    "catalogue", "%s: cannot be marked as damaged: %s", f->path, strerror(errno));
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
		atomic_store(
		    &db->file->told, 0); /* whatever was wrong is over; the next time is news */
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
		code = sqlite3_prepare_v3(db->handle, db->file->kind->sql[which], -1,
		    SQLITE_PREPARE_PERSISTENT, st, NULL);
	for (int i = 1; code == SQLITE_OK && types[i - 1]; i++) {
		if (types[i - 1] == 'i') {
			code = sqlite3_bind_int64(*st, i, va_arg(ap, int64_t));
		} else if (types[i - 1] == 't') {
			code =
			    sqlite3_bind_text(*st, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
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
	/* NORMAL: a power failure may lose the last batches, never the file. What is lost, the org
	 * still has. */
	snprintf(sql, sizeof(sql),
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -%u; "
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
	int code = sqlite3_open_v2(f->path, &db->handle,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
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

/* What tells two schemas apart: a field more in the table of fields is another schema. */
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

/* What belongs to the file: a log that outlived it would be taken for the new one's. */
static void
unlink_beside(int dir, const char *stem, const char *end)
{
	char name[300];

	snprintf(name, sizeof(name), "%s%s", stem, end);
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		log_warn("catalogue", "%s: cannot be removed: %s", name, strerror(errno));
}

/* Caller has locked the directory. Nobody else may have the file open; -EBUSY: somebody has, for so
 * long. */
static int
lock_alone(struct db_file *f, int ms)
{
	const struct timespec pause = { 0, POLL_MS * 1000000 };

	while (flock(f->lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if ((ms -= POLL_MS) < 0)
			return -EBUSY;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* As lock_alone. */
static int
put_aside(struct db_file *f, int ms)
{
	char name[80], other[80];
	int rc = lock_alone(f, ms);

	snprintf(name, sizeof(name), "%s.db", f->stem);
	snprintf(other, sizeof(other), "%s.db.damaged", f->stem);
	if (rc == 0 && renameat(f->dir, name, f->dir, other) < 0 && errno != ENOENT)
		rc = -errno;
	if (rc == 0) {
		unlink_beside(f->dir, f->stem, ".db-wal");
		unlink_beside(f->dir, f->stem, ".db-shm");
		rc = ftruncate(f->lock, 0) < 0 ? -errno : 0;
	}
	flock(f->lock, LOCK_SH);	/* a try to have it alone may have lost it */
	if (rc < 0 && rc != -EBUSY)
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
	struct stat st;
	int rc = fstat(f->lock, &st) == 0 && st.st_size > 0 ? 0 : open_and_look(f);

	if (rc == 0 || (rc < 0 && atomic_load(&f->damaged))) {
		rc = put_aside(f, ENDING_MS);
		if (rc == -EBUSY)
			log_error("catalogue",
			    "%s is damaged, and another mount has it open: unmount that one first",
			    f->path);
		if (rc < 0)
			return rc;
		log_warn("catalogue", "%s is damaged: put aside and begun anew", f->path);
		rc = open_and_look(f);
	}
	return rc > 0 ? 0 : rc < 0 ? rc : -EIO;
}

/*
 * Files of other versions.
 */

/* False also where there is nothing. */
static bool
is_old(int dir, const char *stem)
{
	static const char *const ends[] = { ".db", ".db-wal", ".db.damaged", ".lock" };
	const time_t now = time(NULL);
	char name[300];
	struct stat st;
	bool there = false;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", stem, ends[i]);
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (now - st.st_mtime < OLD)
			return false;
		there = true;
	}
	return there;
}

static int
open_lock(int dir, const char *stem)
{
	char name[300];

	snprintf(name, sizeof(name), "%s.lock", stem);
	return openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static void
remove_old(int dir, const char *stem)
{
	static const char *const ends[] = { ".db", ".db-wal", ".db-shm", ".db.damaged", ".lock" };
	int lock = is_old(dir, stem) ? open_lock(dir, stem) : -1;

	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			unlink_beside(dir, stem, ends[i]);
	if (lock >= 0)
		close(lock);
}

static bool
begins(const char *s, const char *kind)
{
	size_t len = kind ? strlen(kind) : 0;

	return kind && strncmp(s, kind, len) == 0 && s[len] == '-';
}

/* Cuts the end off a name with one that can be left alone. */
static bool
cut_end(char *name)
{
	static const char *const ends[] = { ".db", ".db.damaged", ".lock" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t n = strlen(ends[i]);

		if (len > n && strcmp(name + len - n, ends[i]) == 0) {
			name[len - n] = '\0';
			return true;
		}
	}
	return false;
}

/* Caller has locked the directory. */
static void
remove_others(struct db_file *f, const char *path)
{
	const struct db_kind *kind = f->kind;
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if ((begins(e->d_name, kind->name) || begins(e->d_name, kind->formerly)) &&
		    cut_end(e->d_name) && strcmp(e->d_name, f->stem) != 0)
			remove_old(f->dir, e->d_name);
	}
	if (d)
		closedir(d);
}

/*
 * Opening and closing.
 */

/* One process at a time makes, mends or removes files. */
static int
lock_all(struct db_file *f, const char *dir)
{
	if (access(dir, W_OK) < 0 || (f->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    flock(f->dir, LOCK_EX) < 0 || (f->lock = open_lock(f->dir, f->stem)) < 0 ||
	    flock(f->lock, LOCK_SH) < 0) {
		int rc = -errno;

		log_error("catalogue", "%s: %s", dir, strerror(-rc));
		return rc;
	}
	futimens(f->lock, NULL);
	return 0;
}

static void
free_file(struct db_file *f)
{
	if (f->dir >= 0)
		close(f->dir);
	if (f->lock >= 0)
		close(f->lock);
	free(f->path);
	free(f);
}

int
db_file_open(const char *dir, const struct db_kind *kind, struct db_file **out)
{
	struct db_file *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS,
	    0); /* nobody reads it, and it is a lock for all threads; only the first counts */
	f->kind = kind;
	f->dir = f->lock = -1;
	snprintf(
	    f->stem, sizeof(f->stem), "%s-%08x", kind->name, (unsigned)schema_mark(kind->schema));
	int rc = asprintf(&f->path, "%s/%s.db", dir, f->stem) < 0 ? -ENOMEM : 0;
	if (rc < 0)
		f->path = NULL;
	if (rc == 0)
		rc = lock_all(f, dir);
	if (rc == 0)
		rc = look_and_mend(f);
	if (rc == 0)
		remove_others(f, dir);
	if (rc < 0) {
		free_file(f);
		return rc;
	}
	flock(f->dir, LOCK_UN);
	f->opened = true;
	*out = f;
	return 0;
}

void
db_file_close(struct db_file *f)
{
	if (!f)
		return;
	/* If that cannot be now, whoever opens it next knows by the lock's byte. */
	if (atomic_load(&f->damaged) && flock(f->dir, LOCK_EX | LOCK_NB) == 0)
		put_aside(f, 0);
	futimens(f->lock, NULL);
	free_file(f);
}

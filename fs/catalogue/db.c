#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <pthread.h>

#include "auth/fnv.h"
#include "auth/log.h"

#include "db.h"
#include "sql.h"

#define NAME		"catalogue-"
#define BUSY_MS		5000	/* for another process's writer; a batch takes milliseconds */
#define CHECKPOINT	1024	/* pages of 4 KiB in the log before they move to the file */
#define CHECK_AT_ONCE	(16 << 20)	/* bytes: a quick_check takes a fraction of a second */
#define TRIES		3	/* files that an opening tries, if each one is damaged */
#define OLD (30 * 24 * 60 * 60)	/* seconds until the unused file of another version goes */

static const char *const statements[] = { SQL_STATEMENTS(SQL_TEXT) };

struct db_file {
	char		*dir;
	char		 stem[64];	/* catalogue-MARK */
	pthread_mutex_t	 lock;		/* held while number changes */
	atomic_uint	 number;	/* of the file that counts */
	atomic_bool	 interrupted;	/* checks end */
	atomic_bool	 unchecked;	/* the quick_check is left to db_file_check_opened */
	atomic_int	 logged;	/* the error that was last logged */
};

struct db {
	struct db_file	*file;
	unsigned	 number, cache_kib;
	sqlite3		*handle;
	sqlite3_stmt	*statements[SQL_COUNT];
};

/*
 * Files.
 */

static int
path_of(const struct db_file *f, unsigned number, const char *end, char **out)
{
	return asprintf(out, "%s/%s.%u.db%s", f->dir, f->stem, number, end) < 0 ? -ENOMEM : 0;
}

/* A name is STEM.N.db, or that with -wal or -shm; 0: it is not. */
static unsigned
number_in_name(const struct db_file *f, const char *name)
{
	const size_t len = strlen(f->stem);
	unsigned number;
	int end = 0;

	if (strncmp(name, f->stem, len) != 0 || sscanf(name + len, ".%9u.db%n", &number, &end) < 1)
		return 0;
	return end > 0 ? number : 0;
}

static bool
is_old(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && time(NULL) - st.st_mtime > OLD;
}

/* Removes files with lower numbers, and those of other versions that nobody has used for long. */
static void
remove_others(const struct db_file *f)
{
	DIR *d = opendir(f->dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		const unsigned number = number_in_name(f, e->d_name);
		const bool other = strncmp(e->d_name, NAME, strlen(NAME)) == 0;

		if (number ? number < f->number : other && is_old(dirfd(d), e->d_name))
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
}

static unsigned
highest_number(const struct db_file *f)
{
	DIR *d = opendir(f->dir);
	unsigned highest = 0, number;
	struct dirent *e;

	while (d && (e = readdir(d)))
		if ((number = number_in_name(f, e->d_name)) > highest)
			highest = number;
	if (d)
		closedir(d);
	return highest;
}

static int
errno_of_sqlite(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK: case SQLITE_ROW: case SQLITE_DONE: return 0;
	case SQLITE_BUSY: case SQLITE_LOCKED: return -ETIMEDOUT;
	case SQLITE_FULL: return -ENOSPC;
	case SQLITE_NOMEM: return -ENOMEM;
	case SQLITE_READONLY: return -EROFS;
	case SQLITE_INTERRUPT: return -EINTR;
	case SQLITE_CANTOPEN: return errno == EMFILE || errno == ENFILE ? -EMFILE : -EIO;
	default: return code == SQLITE_IOERR_NOMEM ? -ENOMEM : -EIO;
	}
}

/* The schema's mark: one field more in the table of fields makes another schema. */
static unsigned
schema_mark(void)
{
	return (unsigned)(fnv_add(FNV_NONE, SQL_SCHEMA, strlen(SQL_SCHEMA)) >> 33) | 1;
}

static int
make_schema(const char *path)
{
	char mark[64];
	sqlite3 *handle = NULL;

	snprintf(mark, sizeof(mark), "PRAGMA user_version = %u; COMMIT", schema_mark());
	int code = sqlite3_open(path, &handle);
	if (code == SQLITE_OK)
		code = sqlite3_exec(handle, "PRAGMA journal_mode = WAL; BEGIN", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(handle, SQL_SCHEMA, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(handle, mark, NULL, NULL, NULL);
	sqlite3_close(handle);
	return errno_of_sqlite(code);
}

static void
log_no_room(const struct db_file *f)
{
	log_error("catalogue", "no room in %s: free some, or -o cache_dir=...", f->dir);
}

/* Makes an empty file with that number, whole at once, unless there is one. */
static int
make_file(const struct db_file *f, unsigned number)
{
	char *path = NULL, *draft = NULL;
	int rc = path_of(f, number, "", &path);

	if (rc == 0 && access(path, F_OK) == 0)
		goto out;
	if (rc == 0 && asprintf(&draft, "%s/%s.draft-%d", f->dir, f->stem, (int)getpid()) < 0) {
		draft = NULL;
		rc = -ENOMEM;
	}
	if (rc < 0)
		goto out;
	unlink(draft);		/* of a process that was killed */
	rc = make_schema(draft);
	if (rc == 0 && link(draft, path) < 0 && errno != EEXIST)
		rc = -errno;
	unlink(draft);
	if (rc == -ENOSPC)
		log_no_room(f);
	else if (rc < 0)
		log_error("catalogue", "%s: cannot be made: %s", path, strerror(-rc));
out:
	free(draft);
	free(path);
	return rc;
}

/* Goes on to a file with a higher number, if there is one; make: makes one if there is none. */
static void
move_on(struct db_file *f, unsigned number, bool make)
{
	pthread_mutex_lock(&f->lock);
	if (f->number == number) {
		unsigned next = highest_number(f);

		if (next <= number && make)
			next = number + 1;
		if (next > number && make_file(f, next) == 0) {
			f->number = next;
			f->logged = 0;
			remove_others(f);
		}
	}
	pthread_mutex_unlock(&f->lock);
}

/*
 * Errors.
 */

static bool
is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

static void
log_failure(const struct db *db, int code)
{
	const int rc = errno_of_sqlite(code);
	char *path = NULL;

	if (path_of(db->file, db->number, "", &path) < 0)
		return;
	if (is_damage(code))
		log_warn("catalogue", "%s is damaged (%s): begun anew", path, sqlite3_errstr(code));
	else if (rc == -ETIMEDOUT)
		log_warn("catalogue", "%s: another process has kept it locked for %d s", path,
		    BUSY_MS / 1000);
	else if (rc == -ENOSPC)
		log_no_room(db->file);
	else
		log_warn("catalogue", "%s: %s (%s)", path, sqlite3_errstr(code), strerror(-rc));
	free(path);
}

/* Turns a code into an errno. Logs it, unless it was the last to be logged or is of a file that
 * does not count any more. */
static int
fail(struct db *db, int code)
{
	struct db_file *f = db->file;
	const int rc = errno_of_sqlite(code);

	if (rc == 0 || rc == -EINTR)
		return rc;
	const bool current = db_is_current(db);
	const bool news = current && atomic_exchange(&f->logged, code) != code;
	if (rc == -EIO)
		move_on(f, db->number, is_damage(code));
	if (news && (is_damage(code) || db_is_current(db)))
		log_failure(db, code);
	return rc;
}

int
db_damaged(struct db *db)
{
	return fail(db, SQLITE_CORRUPT);
}

/*
 * Statements.
 */

int
db_exec(struct db *db, const char *sql)
{
	return fail(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

int
db_commit(struct db *db)
{
	int rc = db_exec(db, "COMMIT");

	if (rc == 0)
		db->file->logged = 0;	/* all is well again: the next error is logged */
	return rc;
}

void
db_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(db->handle))
		db_exec(db, "ROLLBACK");
}

static int
prepare_statement(struct db *db, unsigned which, sqlite3_stmt **st)
{
	int code = sqlite3_prepare_v3(
	    db->handle, statements[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);

	/* The file has another schema than its mark says. */
	return code == SQLITE_ERROR ? SQLITE_CORRUPT : code;
}

int
db_vbind(struct db *db, unsigned which, sqlite3_stmt **out, const char *types, va_list ap)
{
	sqlite3_stmt **st = &db->statements[which];
	int code = *st ? SQLITE_OK : prepare_statement(db, which, st);

	for (int i = 1; code == SQLITE_OK && types[i - 1]; i++) {
		if (types[i - 1] == 'i') {
			code = sqlite3_bind_int64(*st, i, va_arg(ap, int64_t));
		} else if (types[i - 1] == 't') {
			const char *s = va_arg(ap, const char *);

			code = sqlite3_bind_text(*st, i, s, -1, SQLITE_STATIC);
		} else {
			const void *p = va_arg(ap, const void *);

			code = sqlite3_bind_blob64(*st, i, p, va_arg(ap, size_t), SQLITE_STATIC);
		}
	}
	*out = *st;
	return fail(db, code);
}

int
db_bind(struct db *db, unsigned which, sqlite3_stmt **out, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	int rc = db_vbind(db, which, out, types, ap);
	va_end(ap);
	return rc;
}

int
db_step(struct db *db, sqlite3_stmt *st)
{
	int code = sqlite3_step(st);

	return code == SQLITE_ROW ? 1 : fail(db, code);
}

int
db_run(struct db *db, sqlite3_stmt *st)
{
	int rc;

	do {
		rc = db_step(db, st);
	} while (rc > 0);
	sqlite3_reset(st);
	return rc;
}

int
db_do(struct db *db, unsigned which, const char *types, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, types);
	int rc = db_vbind(db, which, &st, types, ap);
	va_end(ap);
	return rc < 0 ? rc : db_run(db, st);
}

int
db_number_of(struct db *db, int64_t *out, unsigned which, const char *types, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, types);
	int rc = db_vbind(db, which, &st, types, ap);
	va_end(ap);
	if (rc < 0)
		return rc;
	if ((rc = db_step(db, st)) > 0)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return rc > 0 ? 0 : rc < 0 ? rc : -ENOENT;
}

/*
 * Connections.
 */

void
db_close(struct db *db)
{
	if (!db)
		return;
	for (unsigned i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->handle);
	free(db);
}

bool
db_is_current(const struct db *db)
{
	return db->number == db->file->number;
}

unsigned
db_number(const struct db *db)
{
	return db->number;
}

static int
set_up(struct db *db)
{
	char sql[256];

	sqlite3_busy_timeout(db->handle, BUSY_MS);
	sqlite3_extended_result_codes(db->handle, 1);
	/* NORMAL: a power failure may lose the last batches, but never the file. The org still has
	 * them. */
	snprintf(sql, sizeof(sql),
	    "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -%u; "
	    "PRAGMA temp.journal_mode = OFF; PRAGMA wal_autocheckpoint = %d; "
	    "PRAGMA journal_size_limit = %d; SELECT 1 FROM sqlite_schema",
	    db->cache_kib, CHECKPOINT, CHECKPOINT * 4096);
	return db_exec(db, sql);
}

static int
connect_to(struct db_file *f, unsigned cache_kib, struct db **out)
{
	struct db *db = calloc(1, sizeof(*db));
	char *path = NULL;

	if (!db)
		return -ENOMEM;
	db->file = f;
	db->number = f->number;
	db->cache_kib = cache_kib;
	int rc = path_of(f, db->number, "", &path);
	if (rc == 0)
		rc = fail(db,
		    sqlite3_open_v2(path, &db->handle,
			SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (rc == 0)
		rc = set_up(db);
	free(path);
	if (rc < 0)
		db_close(db);
	else
		*out = db;
	return rc;
}

int
db_open(struct db_file *f, unsigned cache_kib, struct db **out)
{
	const unsigned number = f->number;
	int rc = connect_to(f, cache_kib, out);

	return rc == -EIO && f->number != number ? connect_to(f, cache_kib, out) : rc;
}

int
db_renew(struct db **db)
{
	struct db *current = NULL;

	if (db_is_current(*db))
		return 0;
	int rc = db_open((*db)->file, (*db)->cache_kib, &current);
	if (rc < 0)
		return rc;
	db_close(*db);
	*db = current;
	return 0;
}

/*
 * Checks.
 */

#define QUICK_CHECK	"PRAGMA quick_check(1)"

/* Runs a pragma that answers with one row. Is that row this text? */
static int
check_pragma(struct db *db, const char *pragma, const char *good)
{
	sqlite3_stmt *st = NULL;
	int rc = fail(db, sqlite3_prepare_v2(db->handle, pragma, -1, &st, NULL));

	if (rc == 0 && (rc = db_step(db, st)) > 0) {
		const char *s = (const char *)sqlite3_column_text(st, 0);

		rc = !s ? -ENOMEM : strcmp(s, good) == 0 ? 0 : db_damaged(db);
	}
	sqlite3_finalize(st);
	return rc;
}

static int
is_interrupted(void *ctx)
{
	struct db_file *f = ctx;

	return f->interrupted;
}

static int
check_pages(struct db_file *f, const char *pragma)
{
	struct db *db = NULL;
	int rc = db_open(f, 2048, &db);

	if (rc == 0) {
		sqlite3_progress_handler(db->handle, 10000, is_interrupted, f);
		rc = check_pragma(db, pragma, "ok");
	}
	db_close(db);
	return rc;
}

int
db_file_check(struct db_file *f)
{
	return check_pages(f, "PRAGMA integrity_check(1)");
}

int
db_file_check_opened(struct db_file *f)
{
	return atomic_exchange(&f->unchecked, false) ? check_pages(f, QUICK_CHECK) : 0;
}

void
db_file_interrupt(struct db_file *f)
{
	f->interrupted = true;
}

/*
 * Opening and closing.
 */

/* Notes that it is left unchecked. */
static bool
is_large(struct db_file *f)
{
	char *path = NULL;
	struct stat st;

	f->unchecked = path_of(f, f->number, "", &path) == 0 && stat(path, &st) == 0 &&
	    st.st_size > CHECK_AT_ONCE;
	free(path);
	return f->unchecked;
}

static int
make_and_check(struct db_file *f)
{
	struct db *db = NULL;
	char mark[16];
	int rc = make_file(f, f->number);

	snprintf(mark, sizeof(mark), "%u", schema_mark());
	if (rc == 0)
		rc = db_open(f, 2048, &db);
	if (rc == 0)
		rc = check_pragma(db, "PRAGMA user_version", mark);
	if (rc == 0)
		rc = is_large(f) ? 0 : check_pragma(db, QUICK_CHECK, "ok");
	db_close(db);
	return rc;
}

int
db_file_open(const char *dir, struct db_file **out)
{
	struct db_file *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return -ENOMEM;
	/* Nobody reads SQLite's statistics, and they are a lock for all threads. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	pthread_mutex_init(&f->lock, NULL);
	f->dir = strdup(dir);
	snprintf(f->stem, sizeof(f->stem), NAME "%08x", schema_mark());
	if (!f->dir)
		rc = -ENOMEM;
	else if ((rc = access(dir, W_OK) < 0 ? -errno : 0) < 0)
		log_error("catalogue", "%s: %s", dir, strerror(-rc));
	if (rc == 0) {
		unsigned number = highest_number(f);

		f->number = number ? number : 1;
		rc = make_and_check(f);
		for (int i = 1; rc == -EIO && f->number != number && i < TRIES; i++) {
			number = f->number;
			rc = make_and_check(f);
		}
	}
	if (rc < 0) {
		db_file_close(f);
		return rc;
	}
	remove_others(f);
	*out = f;
	return 0;
}

void
db_file_close(struct db_file *f)
{
	if (!f)
		return;
	pthread_mutex_destroy(&f->lock);
	free(f->dir);
	free(f);
}

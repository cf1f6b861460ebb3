/*
 * db - the SQLite file of the catalogue and the connections to it.
 *
 * The file is catalogue-MARK.N.db. MARK is of the schema, so versions of sffs that differ in it
 * share no file. A damaged file is never mended: the process that finds the damage makes an empty
 * file with the next N and unlinks the old one. The highest N counts. A process that has the old
 * one open goes on with it until it gets an error; then its connections are not current any more.
 *
 * Each opening runs a PRAGMA quick_check. It takes 1 to 6 s for a million documents (585 MB), so
 * for a file of more than CHECK_AT_ONCE bytes db_file_open leaves it to db_file_check_opened.
 *
 * No call waits for another process longer than BUSY_MS. A statement is named by its place in
 * sql.h; the connection prepares it at its first use and keeps it.
 *
 * A db_file: any thread; a db: one thread at a time.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#define N(number) ((int64_t)(number))	/* as SQLite has it */

struct db_file;
struct db;

/* dir: borrowed. Errors, here and below: those of catalogue.h. */
int	db_file_open(const char *dir, struct db_file **out);
void	db_file_close(struct db_file *);	/* after its connections; NULL is fine */
/* The quick_check that db_file_open has left; 0 at once if it has left none. -EIO: damaged. */
int	db_file_check_opened(struct db_file *);
/* PRAGMA integrity_check: 10 s for a million documents. -EIO: damaged. -EINTR: somebody has called
 * db_file_interrupt, which takes effect within the time of a quick_check. */
int	db_file_check(struct db_file *);
void	db_file_interrupt(struct db_file *);

int	db_open(struct db_file *, unsigned cache_kib, struct db **out);
void	db_close(struct db *);			/* NULL is fine */
bool	db_is_current(const struct db *);
int	db_renew(struct db **);		/* opens another in its place if it is not current */
unsigned db_number(const struct db *);	/* N of its file, from 1 */
/* Reports that the file holds something that sffs cannot have written. Returns -EIO. */
int	db_damaged(struct db *);

int	db_exec(struct db *, const char *sql);
int	db_commit(struct db *);
void	db_rollback(struct db *);	/* also when SQLite has done so by itself */
/*
 * A statement with its parameters. types has a letter for each: i int64_t, t const char * (NULL is
 * null), b const void * and size_t. Borrows them until sqlite3_reset.
 */
int	db_bind(struct db *, unsigned which, sqlite3_stmt **out, const char *types, ...);
int	db_vbind(struct db *, unsigned which, sqlite3_stmt **out, const char *types, va_list);
int	db_step(struct db *, sqlite3_stmt *);	/* 1: a row; 0: the end; else a negative errno */
int	db_run(struct db *, sqlite3_stmt *);	/* steps to the end and resets */
int	db_do(struct db *, unsigned which, const char *types, ...);	/* db_bind and db_run */
/* The first column of the only row; -ENOENT if there is no row. */
int	db_number_of(struct db *, int64_t *out, unsigned which, const char *types, ...);

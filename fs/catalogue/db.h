/*
 * db - one SQLite file and the connections to it.
 *
 * The schema's mark is in the file's name, so versions of sffs that differ in it never share a
 * file; what other ones have left goes when nobody has had it open for 30 days. A file is looked at
 * when it is opened, cheaply: one that is damaged is put aside (NAME.damaged, at most one is kept)
 * and begun anew, unless another mount has it open: -EBUSY, logged. Damage that shows later is -EIO
 * and told once; the file is put aside when the last who has it open closes it, or at the next
 * open.
 *
 * A statement is named by its place in the kind's table, is prepared when it is
 * first used and kept by the connection.
 *
 * Knows nothing of what is in the file. A db_file: any thread; a db: one thread at a time.
 */
#ifndef FS_CATALOGUE_DB_H
#define FS_CATALOGUE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

struct db_kind {
	const char	*name;		/* of the file: NAME-MARK.db */
	const char	*formerly;	/* what earlier versions called it; NULL: the same */
	const char	*schema;	/* statements that make an empty one */
	const char *check; /* statements that touch what must be there, and little of it */
	const char *const *sql;
	unsigned	 count;		/* of sql */
};

struct db_file;
struct db;

int	db_file_open(const char *dir, const struct db_kind *, struct db_file **out);
void	db_file_close(struct db_file *);		/* after its connections; NULL is fine */

int	db_open(struct db_file *, unsigned cache_kib, struct db **out);
void	db_close(struct db *);

int	db_exec(struct db *, const char *sql);
int db_begin(
    struct db *); /* of a transaction that writes: waits for another process's, for some seconds */
int	db_commit(struct db *);
void	db_rollback(struct db *);	/* also when SQLite has done so by itself */
/*
 * A statement, its parameters bound: types has one letter for each, i int64_t, t const char * (NULL
 * is null), b const void * and size_t. What is bound must live until db_reset.
 */
int	db_bind(struct db *, unsigned which, sqlite3_stmt **out, const char *types, ...);
int db_step(struct db *, sqlite3_stmt *); /* 1: a row; 0: the end; else a negative errno */
void	db_reset(sqlite3_stmt *);
int db_run(struct db *, sqlite3_stmt *); /* steps to the end and resets: 0 or a negative errno */
/* db_bind and db_run. */
int	db_do(struct db *, unsigned which, const char *types, ...);

#endif

/*
 * One connection writes, under a lock that is held from begin to commit; a few read (read.c). A
 * reconcile's notes are a temporary table of one more connection, so that they neither end with a
 * batch nor wait for one.
 *
 * sql.h has the tables, names.c says which document gets which name.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/buf.h"
#include "internal.h"
#include "row.h"
#include "sql.h"

#include "catalogue.h"

#define WRITER_KIB	12288	/* a batch of 2,000 changes about as many pages */
#define OTHER_KIB	512
#define SWEEP_MOST	5000	/* documents in a batch */
#define CHANGES_KEPT	INT64_C(20000)
#define CHANGES_STEP	500	/* read at a time */

/*
 * Opening and closing.
 */

/* Changes before now are not passed on. Caller locks. */
static int
skip_changes(struct catalogue *c, struct db *db)
{
	c->told_number = db_number(db);
	return db_number_of(db, &c->told, SQL_LAST_CHANGE, "");
}

int
catalogue_open(const char *dir, uint64_t (*hash)(const char *), struct catalogue **out)
{
	struct catalogue *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	pthread_mutex_init(&c->read_lock, NULL);
	pthread_mutex_init(&c->write_lock, NULL);
	pthread_mutex_init(&c->note_lock, NULL);
	pthread_mutex_init(&c->tell_lock, NULL);
	c->names.hash = hash;
	int rc = db_file_open(dir, &c->file);
	if (rc == 0)
		rc = db_open(c->file, WRITER_KIB, &c->writer);
	if (rc == 0)
		rc = skip_changes(c, c->writer);
	if (rc < 0) {
		catalogue_close(c);
		return rc;
	}
	*out = c;
	return 0;
}

void
catalogue_close(struct catalogue *c)
{
	if (!c)
		return;
	while (c->idle_count > 0)
		db_close(c->idle[--c->idle_count]);
	db_close(c->notes);
	db_close(c->writer);
	db_file_close(c->file);
	pthread_mutex_destroy(&c->read_lock);
	pthread_mutex_destroy(&c->write_lock);
	pthread_mutex_destroy(&c->note_lock);
	pthread_mutex_destroy(&c->tell_lock);
	free(c);
}

void
catalogue_on_unfilled(struct catalogue *c, void (*unfilled)(void *ctx), void *ctx)
{
	c->unfilled_ctx = ctx;
	c->unfilled = unfilled;
}

void
catalogue_interrupt(struct catalogue *c)
{
	db_file_interrupt(c->file);
}

int
catalogue_check_opened(struct catalogue *c)
{
	return db_file_check_opened(c->file);
}

int
catalogue_check(struct catalogue *c)
{
	return db_file_check(c->file);
}

/*
 * A batch.
 */

int
catalogue_begin(struct catalogue *c)
{
	pthread_mutex_lock(&c->write_lock);
	int rc = db_renew(&c->writer);
	if (rc == 0)
		rc = db_exec(c->writer, "BEGIN IMMEDIATE");
	if (rc == 0)
		rc = catalogue_read_filled(c, c->writer, &c->named);
	if (rc < 0) {
		db_rollback(c->writer);
		pthread_mutex_unlock(&c->write_lock);
		return rc;
	}
	c->names.db = c->writer;
	c->names.silent = !c->named;
	c->documents = c->bytes = 0;
	c->touched = false;
	return 0;
}

int
catalogue_end(struct catalogue *c, int rc)
{
	if (rc == 0 && c->touched)
		rc = db_do(c->writer, SQL_ADD_TOTAL, "ii", c->documents, c->bytes);
	if (rc == 0)
		rc = db_do(c->writer, SQL_TRIM_CHANGES, "i", CHANGES_KEPT);
	if (rc == 0)
		rc = db_commit(c->writer);
	if (rc < 0)
		db_rollback(c->writer);
	pthread_mutex_unlock(&c->write_lock);
	return rc;
}

int
catalogue_put_state(struct catalogue *c, const char *name, const char *value)
{
	return db_do(c->writer, SQL_PUT_STATE, "tt", name, value);
}

/*
 * Changes.
 */

/* The next few changes. text has a name, an Id and a content's name for each, as C strings; an
 * empty one is none. */
struct changes {
	struct buf	 text;
	uint64_t	 keys[CHANGES_STEP];
	unsigned	 count;
};

/* Caller locks tell_lock. After an error they are read again the next time. */
static int
read_changes(struct catalogue *c, struct db *db, struct changes *out)
{
	int64_t told = c->told;
	sqlite3_stmt *st;
	int rc;

	if (db_number(db) != c->told_number)
		return skip_changes(c, db);
	rc = db_bind(db, SQL_CHANGES, &st, "ii", told, (int64_t)CHANGES_STEP);
	if (rc < 0)
		return rc;
	while ((rc = db_step(db, st)) > 0) {
		for (int i = 2; i <= 4; i++) {
			const char *s = row_text(st, i);

			buf_put(&out->text, s ? s : "", s ? strlen(s) + 1 : 1);
		}
		out->keys[out->count++] = (uint64_t)sqlite3_column_int64(st, 1);
		told = sqlite3_column_int64(st, 0);
	}
	sqlite3_reset(st);
	if (rc == 0 && out->text.failed)
		rc = -ENOMEM;
	if (rc == 0)
		c->told = told;
	return rc;
}

/* The C string at *s, NULL if it is empty; *s is then after it. */
static const char *
next_text(const char **s)
{
	const char *text = *s;

	*s += strlen(text) + 1;
	return *text ? text : NULL;
}

static void
tell(const struct changes *changes, catalogue_changed *changed, void *ctx)
{
	const char *s = changes->text.data;

	for (unsigned i = 0; i < changes->count; i++) {
		struct catalogue_change change = { .document_key = changes->keys[i] };

		change.name = next_text(&s);
		change.id = next_text(&s);
		change.content = next_text(&s);
		changed(ctx, &change);
	}
}

int
catalogue_changes(struct catalogue *c, catalogue_changed *changed, void *ctx)
{
	struct changes changes;
	struct db *db;
	int rc;

	do {
		changes = (struct changes){ .text = BUF_INIT };
		if ((rc = catalogue_get_reader(c, &db)) < 0)
			return rc;
		pthread_mutex_lock(&c->tell_lock);
		rc = read_changes(c, db, &changes);
		pthread_mutex_unlock(&c->tell_lock);
		catalogue_put_reader(c, db);
		if (rc == 0)
			tell(&changes, changed, ctx);
		buf_free(&changes.text);
	} while (rc == 0 && changes.count == CHANGES_STEP);
	return rc;
}

/*
 * Documents come and go.
 */

/* The row that a batch finds in the place of a document. */
struct stored {
	struct named	 named;
	bool		 listed;
	struct document	 doc;
};

static void
free_stored(struct stored *s)
{
	names_free(&s->named);
	document_free(&s->doc);
}

/* id: of SQL_STORED; NULL for SQL_TWICE. */
static int
find_stored(struct catalogue *c, unsigned which, const char *id, struct stored *out)
{
	struct document d;
	sqlite3_stmt *st;
	int rc = db_bind(c->writer, which, &st, id ? "t" : "", id);

	if (rc < 0)
		return rc;
	if ((rc = db_step(c->writer, st)) > 0) {
		out->listed = sqlite3_column_int(st, SQL_NAMED_COLUMNS) != 0;
		rc = row_fields(st, SQL_NAMED_COLUMNS + 1, &d) ?
		    names_read(c->writer, st, &out->named) : db_damaged(c->writer);
		if (rc == 0 && (rc = document_copy(&d, &out->doc)) < 0)
			names_free(&out->named);
	} else if (rc == 0) {
		rc = -ENOENT;
	}
	sqlite3_reset(st);
	return rc;
}

/* Only listed documents count. */
static void
count_listed(struct catalogue *c, const struct document *d, int sign)
{
	c->documents += sign;
	c->bytes += d->content_size > 0 ? sign * d->content_size : 0;
	c->touched = true;
}

static int
remove_stored(struct catalogue *c, const struct stored *s)
{
	int rc = db_do(c->writer, SQL_DELETE, "i", N(s->named.key));

	if (rc == 0 && c->named)
		rc = names_remove(&c->names, &s->named);
	if (s->listed)
		count_listed(c, &s->doc, -1);
	return rc;
}

int
catalogue_remove(struct catalogue *c, const char *id, bool gone)
{
	struct stored s = { 0 };
	int rc = find_stored(c, SQL_STORED, id, &s);

	if (rc == 0) {
		const int64_t key = N(s.named.key);

		rc = remove_stored(c, &s);
		if (rc == 0)
			rc = db_do(c->writer, SQL_FORGET_VERSIONS, "i", key);
		if (rc == 0 && gone)
			rc = db_do(c->writer, SQL_ADD_CHANGE, "titt", NULL, key, s.doc.id,
			    document_content(&s.doc).s);
	}
	free_stored(&s);
	return rc == -ENOENT ? 0 : rc;
}

/* Two Ids, or two contents, can have one key in theory: the later takes the next that is free. */
static int
find_free_key(struct catalogue *c, uint64_t *key, unsigned taken, const char *id)
{
	int64_t other;
	int rc;

	while ((rc = db_number_of(c->writer, &other, taken, "it", N(*key), id)) == 0)
		++*key;
	return rc == -ENOENT ? 0 : rc;
}

static int
insert_row(struct catalogue *c, const struct document *d, const struct named *x, bool listed)
{
	sqlite3_stmt *st;
	int rc = db_bind(c->writer, SQL_INSERT, &st, "");

	if (rc < 0)
		return rc;
	int i = row_bind(st, d, x->key);
	sqlite3_bind_int64(st, i++, listed);
	sqlite3_bind_int64(st, i++, x->rank);
	sqlite3_bind_int64(st, i++, N(c->names.hash(x->names[x->rank])));
	for (unsigned k = 0; k < NAMES_CANDIDATES; k++)
		sqlite3_bind_text(st, i++, x->names[k], -1, SQLITE_STATIC);
	return db_run(c->writer, st);
}

static int
add_named(struct catalogue *c, const struct document *d, struct named *x, bool listed)
{
	struct named displaced = { 0 };
	int rc = 0;

	if (c->named)
		rc = names_add(&c->names, x, 0, &displaced);
	else
		while (!x->names[x->rank])
			x->rank++;
	if (rc == 0)
		rc = insert_row(c, d, x, listed);
	if (rc == 0)
		rc = names_displace(&c->names, &displaced);
	names_free(&displaced);
	if (listed)
		count_listed(c, d, 1);
	return rc;
}

/* For a document whose names and age stay the same: its row stays, and gets the new fields. */
static int
update_row(struct catalogue *c, const struct document *d, const struct stored *old)
{
	const struct named *x = &old->named;
	sqlite3_stmt *st;
	int rc = 0;

	if (row_seal_of(d, x->key) == row_seal_of(&old->doc, x->key))
		return 0;
	if (d->version_key != old->doc.version_key)
		rc = names_log(&c->names, x->names[x->rank], x->key);
	if (rc == 0)
		rc = db_bind(c->writer, SQL_UPDATE, &st, "");
	if (rc < 0)
		return rc;
	sqlite3_bind_text(st, row_bind(st, d, x->key), d->id, -1, SQLITE_STATIC);
	if (old->listed) {
		count_listed(c, &old->doc, -1);
		count_listed(c, d, 1);
	}
	return db_run(c->writer, st);
}

static bool
same_names_and_age(const struct named *a, const struct named *b)
{
	for (unsigned i = 0; i < NAMES_CANDIDATES; i++)
		if (a->names[i] && b->names[i] ? strcmp(a->names[i], b->names[i]) != 0 :
						 a->names[i] != b->names[i])
			return false;
	return a->created == b->created;
}

static int
unnote(struct catalogue *c, uint64_t key)
{
	int rc = 0;

	pthread_mutex_lock(&c->note_lock);
	if (c->notes)
		rc = db_do(c->notes, SQL_UNNOTE, "i", N(key));
	pthread_mutex_unlock(&c->note_lock);
	return rc;
}

static int
put_named(
    struct catalogue *c, const struct document *new, const char *const names[3], bool listed)
{
	struct document own = *new, *d = &own;
	struct named x = { .key = d->key, .created = d->created };
	struct stored old = { 0 };
	int rc = c->named ?
	    find_free_key(c, &d->version_key, SQL_VERSION_KEY_TAKEN, d->version_id) : 0;

	if (rc == 0)
		rc = find_stored(c, SQL_STORED, d->id, &old);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (old.listed && !listed) {
		names = old.named.names;
		listed = true;
	}
	for (unsigned i = 0; i < NAMES_CANDIDATES; i++)
		x.names[i] = names[i] && *names[i] ? names[i] : NULL;
	/* If two candidates are one name, the document must not wait for itself. */
	if (x.names[0] && x.names[1] && c->names.hash(x.names[0]) == c->names.hash(x.names[1]))
		x.names[1] = NULL;
	if (!x.names[NAMES_LAST]) {
		rc = -EINVAL;
	} else if (rc == -ENOENT) {
		rc = find_free_key(c, &x.key, SQL_KEY_TAKEN, d->id);
		if (rc == 0)
			rc = add_named(c, d, &x, listed);
	} else {
		x.key = old.named.key;
		if (old.listed == listed && same_names_and_age(&x, &old.named))
			rc = update_row(c, d, &old);
		else if ((rc = remove_stored(c, &old)) == 0)
			rc = add_named(c, d, &x, listed);
	}
	if (rc == 0)
		rc = unnote(c, x.key);
	free_stored(&old);
	return rc;
}

int
catalogue_put(struct catalogue *c, const struct document *d, const char *const candidates[3])
{
	return put_named(c, d, candidates, true);
}

int
catalogue_put_unlisted(struct catalogue *c, const struct document *d, const char *name)
{
	return put_named(c, d, (const char *const[]){ NULL, NULL, name }, false);
}

int
catalogue_put_filled(struct catalogue *c)
{
	int rc = 0;

	if (c->named)
		return 0;
	c->named = c->touched = true;
	rc = names_assign_all(&c->names);
	while (rc == 0) {
		struct stored old = { 0 };

		if ((rc = find_stored(c, SQL_TWICE, NULL, &old)) == 0) {
			struct document d = old.doc;

			rc = find_free_key(c, &d.version_key, SQL_VERSION_KEY_TAKEN, d.version_id);
			if (rc == 0)
				rc = update_row(c, &d, &old);
		}
		free_stored(&old);
	}
	return rc == -ENOENT ? 0 : rc;
}

/*
 * Versions.
 */

int
catalogue_put_version(struct catalogue *c, const struct document *new)
{
	struct document d = *new;
	sqlite3_stmt *st;
	/* Its bytes may have changed in place: then it had another key. */
	int rc = db_do(c->writer, SQL_FORGET_VERSION, "it", N(d.key), d.version_id);

	if (rc == 0)
		rc = find_free_key(c, &d.version_key, SQL_VERSION_KEY_TAKEN, d.version_id);
	if (rc == 0)
		rc = db_bind(c->writer, SQL_PUT_VERSION, &st, "");
	if (rc < 0)
		return rc;
	row_bind(st, &d, d.key);
	return db_run(c->writer, st);
}

/*
 * A reconcile.
 */

int
catalogue_mark_begin(struct catalogue *c)
{
	struct db *db = NULL;
	int rc = 0;

	pthread_mutex_lock(&c->note_lock);
	if (c->notes)
		rc = -EBUSY;
	if (rc == 0)
		rc = db_open(c->file, OTHER_KIB, &db);
	if (rc == 0)
		rc = db_exec(db, SQL_NOTES);
	if (rc == 0)
		c->notes = db;
	else
		db_close(db);
	pthread_mutex_unlock(&c->note_lock);
	return rc;
}

/* Takes a document out of the notes. d: only if it is listed just like this; NULL: any. -ENOENT:
 * there is none. */
static int
unnote_found(struct catalogue *c, uint64_t *key, const struct document *d)
{
	int64_t found = 0;
	int rc = -EINVAL;

	pthread_mutex_lock(&c->note_lock);
	if (c->notes)
		rc = d ? db_number_of(c->notes, &found, SQL_LISTED, "tti", d->id, d->version_id,
			     d->system_modstamp) :
			 db_number_of(c->notes, &found, SQL_NOTED, "");
	if (rc == 0)
		rc = db_do(c->notes, SQL_UNNOTE, "i", found);
	pthread_mutex_unlock(&c->note_lock);
	*key = (uint64_t)found;
	return rc;
}

int
catalogue_mark(struct catalogue *c, const struct document *d)
{
	uint64_t key;
	int rc = unnote_found(c, &key, d);

	return rc == -ENOENT ? 1 : rc;
}

/* Removes it if it is still there and listed: its key may belong to another document by now. */
static int
remove_noted(struct catalogue *c, uint64_t key, bool gone)
{
	sqlite3_stmt *st;
	char id[19];
	int rc = db_bind(c->writer, SQL_ID_OF, &st, "i", N(key));

	if (rc < 0)
		return rc;
	if ((rc = db_step(c->writer, st)) > 0)
		row_id(st, 0, id);
	sqlite3_reset(st);
	return rc <= 0 ? rc : catalogue_remove(c, id, gone);
}

int
catalogue_sweep(struct catalogue *c, bool gone)
{
	uint64_t key;

	for (unsigned n = 0; n < SWEEP_MOST; n++) {
		int rc = unnote_found(c, &key, NULL);

		if (rc == -ENOENT)
			return 0;
		if (rc == 0)
			rc = remove_noted(c, key, gone);
		if (rc < 0)
			return rc;
	}
	return 1;
}

void
catalogue_mark_end(struct catalogue *c)
{
	pthread_mutex_lock(&c->note_lock);
	db_close(c->notes);
	c->notes = NULL;
	pthread_mutex_unlock(&c->note_lock);
}

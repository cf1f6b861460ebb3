/*
 * One connection writes, under a lock that is held from begin to commit; a few
 * read (catalogue/read.c). A reconcile's notes are a temporary table of one more
 * connection, so that they neither end with a batch nor wait for one.
 *
 * catalogue/sql.h has the tables, catalogue/settle.c who gets which name.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/buf.h"
#include "findings.h"
#include "internal.h"
#include "row.h"
#include "sql.h"

#include "catalogue.h"

#define WRITER_KIB	12288	/* a batch of 2,000 changes about as many pages */
#define OTHER_KIB	512
#define SWEEP_MOST	5000	/* documents in a batch */
#define CHANGES_KEPT	65536	/* for those who have not heard of them yet */
#define CHANGES_STEP	500	/* told at a time */

static const char *const catalogue_sql[] = { SQL_STATEMENTS(SQL_TEXT) };

static const struct db_kind catalogue_kind = {
	.name = "catalogue",
	.schema = SQL_CATALOGUE,
	.check = SQL_CHECK,
	.sql = catalogue_sql,
	.count = SQL_COUNT,
};

/*
 * Opening and closing.
 */

static int
read_newest_change(struct catalogue *c)
{
	sqlite3_stmt *st;
	int rc = db_bind(c->writer, SQL_NEWEST_CHANGE, &st, "");

	if (rc < 0)
		return rc;
	if ((rc = db_step(c->writer, st)) > 0)
		c->told = sqlite3_column_int64(st, 0);
	db_reset(st);
	return rc < 0 ? rc : 0;
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
	int rc = db_file_open(dir, &catalogue_kind, &c->file);
	if (rc == 0)
		rc = findings_open(dir, &c->found);
	if (rc == 0)
		rc = db_open(c->file, WRITER_KIB, &c->writer);
	if (rc == 0)
		rc = read_newest_change(c);
	if (rc < 0) {
		catalogue_close(c);
		return rc;
	}
	c->hash = hash;
	c->settle = (struct settle){ .db = c->writer, .hash = hash };
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
	findings_close(c->found);
	changes_free(&c->settle.changes);
	pthread_mutex_destroy(&c->read_lock);
	pthread_mutex_destroy(&c->write_lock);
	pthread_mutex_destroy(&c->note_lock);
	pthread_mutex_destroy(&c->tell_lock);
	free(c);
}

/*
 * A batch.
 */

/* Caller locks. */
static int
read_deferred(struct catalogue *c)
{
	sqlite3_stmt *st;
	int rc = db_bind(c->writer, SQL_DEFERRED, &st, "");

	if (rc < 0)
		return rc;
	if ((rc = db_step(c->writer, st)) > 0)
		c->deferred = sqlite3_column_int(st, 0) != 0;
	db_reset(st);
	return rc > 0 ? 0 : rc < 0 ? rc : -EIO;
}

int
catalogue_begin(struct catalogue *c)
{
	pthread_mutex_lock(&c->write_lock);
	int rc = db_begin(c->writer);
	if (rc == 0)
		rc = read_deferred(c);
	if (rc < 0) {
		db_rollback(c->writer);
		pthread_mutex_unlock(&c->write_lock);
	}
	return rc;
}

/* Caller locks. */
static void
forget_batch(struct catalogue *c)
{
	changes_free(&c->settle.changes);
	c->documents = c->bytes = 0;
	c->touched = false;
}

void
catalogue_rollback(struct catalogue *c)
{
	db_rollback(c->writer);
	forget_batch(c);
	pthread_mutex_unlock(&c->write_lock);
}

/* Caller locks. Leaves the changes that are some, each with what the name means now, or if that is
 * nothing with what it meant. */
static void
find_meanings(struct catalogue *c, struct changes *changes)
{
	sqlite3_stmt *st;
	size_t n = 0;

	changes_sort(changes);
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *was = &changes->list[i];
		const char *name = changes->names.data + was->name;
		struct change now = { .name = was->name };

		if (db_bind(c->writer, SQL_MEANS, &st, "it", N(c->hash(name)), name) == 0) {
			if (db_step(c->writer, st) > 0) {
				now.key = (uint64_t)sqlite3_column_int64(st, 0);
				now.version_key = (uint64_t)sqlite3_column_int64(st, 1);
			}
			db_reset(st);
		}
		if (now.key == was->key && now.version_key == was->version_key)
			continue;
		if (now.key == 0)
			now.key = was->key;
		changes->list[n++] = now;
	}
	changes->count = n;
}

/* Caller locks. What this batch has changed becomes rows. */
static int
log_changes(struct catalogue *c)
{
	struct changes *changes = &c->settle.changes;
	int rc = 0;

	find_meanings(c, changes);
	for (size_t i = 0; i < changes->count && rc == 0; i++)
		rc = db_do(c->writer, SQL_ADD_CHANGE, "titt",
		    changes->names.data + changes->list[i].name, N(changes->list[i].key), NULL,
		    NULL);
	if (rc == 0 && changes->count > 0)
		rc = db_do(c->writer, SQL_PRUNE_CHANGES, "i", N(CHANGES_KEPT));
	return rc;
}

int
catalogue_commit(struct catalogue *c, catalogue_changed *changed, void *ctx)
{
	int rc = 0;

	if (c->touched)
		rc = db_do(c->writer, SQL_ADD_TOTAL, "iii", c->documents, c->bytes, N(1));
	if (rc == 0 && changed)
		rc = log_changes(c);
	if (rc == 0)
		rc = db_commit(c->writer);
	if (rc < 0) {
		catalogue_rollback(c);
		return rc;
	}
	forget_batch(c);
	pthread_mutex_unlock(&c->write_lock);
	if (changed)
		catalogue_catch_up(c, changed, ctx);	/* an error leaves them for the next time */
	return 0;
}

/* The next few changes. text has a name, an Id and a version's Id for each, as C strings; an empty
 * one is none. */
struct told {
	struct buf	 text;
	uint64_t	 keys[CHANGES_STEP];
	unsigned	 count;
};

/* Caller locks tell_lock. All that it takes are told now; an error leaves them for the next time.
 */
static int
take_changes(struct catalogue *c, struct told *t)
{
	sqlite3_stmt *st;
	struct db *db;
	int64_t told = c->told;
	int rc = catalogue_get_reader(c, &db);

	if (rc < 0)
		return rc;
	rc = db_bind(db, SQL_CHANGES, &st, "ii", told, N(CHANGES_STEP));
	if (rc == 0) {
		while ((rc = db_step(db, st)) > 0) {
			for (int i = 2; i <= 4; i++) {
				const char *s = row_text(st, i);

				buf_put(&t->text, s ? s : "", s ? strlen(s) + 1 : 1);
			}
			t->keys[t->count++] = (uint64_t)sqlite3_column_int64(st, 1);
			told = sqlite3_column_int64(st, 0);
		}
		db_reset(st);
	}
	catalogue_put_reader(c, db);
	if (rc == 0 && t->text.failed)
		rc = -ENOMEM;
	if (rc == 0)
		c->told = told;
	return rc;
}

int
catalogue_catch_up(struct catalogue *c, catalogue_changed *changed, void *ctx)
{
	struct told t;
	int rc;

	do {
		t = (struct told){ .text = BUF_INIT };
		pthread_mutex_lock(&c->tell_lock);
		rc = take_changes(c, &t);
		pthread_mutex_unlock(&c->tell_lock);
		const char *s = t.text.data;
		for (unsigned i = 0; i < t.count && rc == 0; i++) {
			const char *name = s, *id = s + strlen(s) + 1,
				   *version = id + strlen(id) + 1;

			changed(ctx,
			    &(struct catalogue_change){ .name = *name ? name : NULL,
				.document_key = t.keys[i],
				.id = *id ? id : NULL,
				.version_id = *version ? version : NULL });
			s = version + strlen(version) + 1;
		}
		buf_free(&t.text);
	} while (rc == 0 && t.count == CHANGES_STEP);
	return rc;
}

int
catalogue_put_state(struct catalogue *c, const char *name, const char *value)
{
	return db_do(c->writer, SQL_PUT_STATE, "tt", name, value);
}

int
catalogue_defer(struct catalogue *c)
{
	c->deferred = true;
	return db_exec(c->writer, SQL_DEFER);
}

int
catalogue_settle(struct catalogue *c)
{
	if (!c->deferred)
		return 0;
	c->deferred = false;
	c->touched = true;
	return settle_all(&c->settle);
}

/*
 * Documents come and go.
 */

/* What a batch finds in the place of a document. */
struct stored {
	struct claimant	 claimant;
	bool		 listed;
	struct document	 doc;
};

static void
free_stored(struct stored *s)
{
	claimant_free(&s->claimant);
	document_free(&s->doc);
}

static int
find_stored(struct catalogue *c, const char *id, struct stored *out)
{
	struct document d;
	sqlite3_stmt *st;
	int rc = db_bind(c->writer, SQL_STORED, &st, "t", id);

	if (rc < 0)
		return rc;
	if ((rc = db_step(c->writer, st)) > 0) {
		out->listed = sqlite3_column_int(st, SQL_CLAIMANT_COLUMNS) != 0;
		row_fields(st, SQL_CLAIMANT_COLUMNS + 1, &d);
		rc = claimant_read(st, &out->claimant);
		if (rc == 0 && (rc = document_copy(&d, &out->doc)) < 0)
			claimant_free(&out->claimant);
	} else if (rc == 0) {
		rc = -ENOENT;
	}
	db_reset(st);
	return rc;
}

/* Listed documents alone count. */
static void
count(struct catalogue *c, const struct document *d, int sign)
{
	c->documents += sign;
	c->bytes += d->content_size > 0 ? sign * d->content_size : 0;
	c->touched = true;
}

static int
remove_stored(struct catalogue *c, const struct stored *s)
{
	int rc = db_do(c->writer, SQL_DELETE, "i", N(s->claimant.key));

	if (rc == 0 && !c->deferred)
		rc = settle_go(&c->settle, &s->claimant);
	if (s->listed)
		count(c, &s->doc, -1);
	return rc;
}

/* Of a document that is no more: here, or (gone) at all. */
static int
forget_versions(struct catalogue *c, const struct stored *s, bool gone)
{
	int rc = db_do(c->writer, SQL_FORGET_VERSIONS, "i", N(s->claimant.key));

	return rc < 0 || !gone ? rc :
				 db_do(c->writer, SQL_ADD_CHANGE, "titt", NULL, N(s->claimant.key),
				     s->doc.id, s->doc.version_id);
}

int
catalogue_remove(struct catalogue *c, const char *id, bool gone)
{
	struct stored s = { 0 };
	int rc = find_stored(c, id, &s);

	if (rc == 0)
		rc = remove_stored(c, &s);
	if (rc == 0)
		rc = forget_versions(c, &s, gone);
	free_stored(&s);
	return rc == -ENOENT ? 0 : rc;
}

/* Two Ids can have one key in theory: the later takes the next key that is free. */
static int
find_free_key(struct catalogue *c, uint64_t *key)
{
	sqlite3_stmt *st;
	int rc;

	for (;; ++*key) {
		rc = db_bind(c->writer, SQL_ID_OF, &st, "i", N(*key));
		if (rc == 0) {
			rc = db_step(c->writer, st);
			db_reset(st);
		}
		if (rc <= 0)
			return rc;
	}
}

static int
insert(struct catalogue *c, const struct document *d, const struct claimant *x, bool listed)
{
	sqlite3_stmt *st;
	int rc = db_bind(c->writer, SQL_INSERT, &st, "");

	if (rc < 0)
		return rc;
	int i = row_bind(st, d, x->key);
	sqlite3_bind_int64(st, i++, listed);
	sqlite3_bind_int64(st, i++, x->rank);
	sqlite3_bind_int64(st, i++, N(c->hash(x->names[x->rank])));
	for (unsigned k = 0; k < SETTLE_CANDIDATES; k++)
		sqlite3_bind_text(st, i++, x->names[k], -1, SQLITE_STATIC);
	return db_run(c->writer, st);
}

static int
come(struct catalogue *c, const struct document *d, struct claimant *x, bool listed)
{
	struct claimant pushed = { 0 };
	int rc = 0;

	if (!c->deferred)
		rc = settle_come(&c->settle, x, &pushed);
	else
		while (!x->names[x->rank])
			x->rank++;
	if (rc == 0)
		rc = insert(c, d, x, listed);
	if (rc == 0)
		rc = settle_push(&c->settle, &pushed);
	claimant_free(&pushed);
	if (listed)
		count(c, d, 1);
	return rc;
}

/* The same names and the same age: the row is written over in its place, if anything in it is new.
 */
static int
update(struct catalogue *c, const struct document *d, const struct stored *old)
{
	const struct claimant *x = &old->claimant;
	sqlite3_stmt *st;
	int rc = 0;

	if (document_same(d, &old->doc) && d->version_key == x->version_key)
		return 0;
	if (d->version_key != x->version_key)
		rc = settle_change(&c->settle, x->names[x->rank], x->key, x->version_key);
	if (rc == 0)
		rc = db_bind(c->writer, SQL_UPDATE, &st, "");
	if (rc < 0)
		return rc;
	sqlite3_bind_text(st, row_bind(st, d, x->key), d->id, -1, SQLITE_STATIC);
	if (old->listed) {
		count(c, &old->doc, -1);
		count(c, d, 1);
	}
	return db_run(c->writer, st);
}

static bool
same_claims(const struct claimant *a, const struct claimant *b)
{
	for (unsigned i = 0; i < SETTLE_CANDIDATES; i++)
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
put(struct catalogue *c, const struct document *d, const char *const names[SETTLE_CANDIDATES],
    bool listed)
{
	struct claimant x = { .key = d->key, .version_key = d->version_key, .created = d->created };
	struct stored old = { 0 };
	int rc = find_stored(c, d->id, &old);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (old.listed && !listed) {
		names = old.claimant.names;
		listed = true;
	}
	for (unsigned i = 0; i < SETTLE_CANDIDATES; i++)
		x.names[i] = names[i] && *names[i] ? names[i] : NULL;
	/* No document stands in its own way. */
	if (x.names[0] && x.names[1] && c->hash(x.names[0]) == c->hash(x.names[1]))
		x.names[1] = NULL;
	if (!x.names[SETTLE_LAST]) {
		rc = -EINVAL;
	} else if (rc == -ENOENT) {
		rc = find_free_key(c, &x.key);
		if (rc == 0)
			rc = come(c, d, &x, listed);
	} else {
		x.key = old.claimant.key;
		if (old.listed == listed && same_claims(&x, &old.claimant))
			rc = update(c, d, &old);
		else if ((rc = remove_stored(c, &old)) == 0)
			rc = come(c, d, &x, listed);
	}
	if (rc == 0)
		rc = unnote(c, x.key);
	free_stored(&old);
	return rc;
}

int
catalogue_put(struct catalogue *c, const struct document *d, const char *const candidates[3])
{
	return put(c, d, candidates, true);
}

int
catalogue_put_unlisted(struct catalogue *c, const struct document *d, const char *name)
{
	return put(c, d, (const char *const[]){ NULL, NULL, name }, false);
}

/*
 * Versions.
 */

int
catalogue_put_version(struct catalogue *c, const struct document *d)
{
	sqlite3_stmt *st;
	int rc = db_bind(c->writer, SQL_PUT_VERSION, &st, "");

	if (rc < 0)
		return rc;
	row_bind(st, d, d->key);
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

/* Caller locks. The number that the statement answers, or -ENOENT. */
static int
note_number(struct catalogue *c, unsigned which, const char *id, uint64_t *out)
{
	sqlite3_stmt *st;
	int rc = c->notes ? db_bind(c->notes, which, &st, id ? "t" : "", id) : -EINVAL;

	if (rc < 0)
		return rc;
	if ((rc = db_step(c->notes, st)) > 0)
		*out = (uint64_t)sqlite3_column_int64(st, 0);
	db_reset(st);
	return rc > 0 ? 0 : rc < 0 ? rc : -ENOENT;
}

int
catalogue_mark(struct catalogue *c, const char *id)
{
	uint64_t key;

	pthread_mutex_lock(&c->note_lock);
	int rc = note_number(c, SQL_LISTED, id, &key);
	if (rc == 0)
		rc = db_do(c->notes, SQL_UNNOTE, "i", N(key));
	pthread_mutex_unlock(&c->note_lock);
	return rc == -ENOENT ? 1 : rc;
}

/* What has been noted and is still there; a key that is free again is not the document that was
 * noted. */
static int
remove_noted(struct catalogue *c, uint64_t key, bool gone)
{
	struct stored s = { 0 };
	sqlite3_stmt *st;
	char id[19];
	int rc = db_bind(c->writer, SQL_ID_OF, &st, "i", N(key));

	if (rc < 0)
		return rc;
	if ((rc = db_step(c->writer, st)) > 0)
		row_id(st, 0, id);
	db_reset(st);
	if (rc <= 0)
		return rc;
	rc = find_stored(c, id, &s);
	if (rc == 0 && s.listed && (rc = remove_stored(c, &s)) == 0)
		rc = forget_versions(c, &s, gone);
	free_stored(&s);
	return rc;
}

int
catalogue_sweep(struct catalogue *c, bool gone)
{
	uint64_t key;
	int rc;

	for (unsigned n = 0; n < SWEEP_MOST; n++) {
		pthread_mutex_lock(&c->note_lock);
		rc = note_number(c, SQL_NOTED, NULL, &key);
		if (rc == 0)
			rc = db_do(c->notes, SQL_UNNOTE, "i", N(key));
		pthread_mutex_unlock(&c->note_lock);
		if (rc == 0)
			rc = remove_noted(c, key, gone);
		if (rc < 0)
			return rc == -ENOENT ? 0 : rc;
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

/*
 * What was found.
 */

int
catalogue_survey(
    struct catalogue *c, const char *version_id, const char *maker, void **out, size_t *len)
{
	return findings_survey(c->found, version_id, maker, out, len);
}

int
catalogue_use_survey(struct catalogue *c, const char *version_id, const char *maker)
{
	return findings_use_survey(c->found, version_id, maker);
}

int
catalogue_put_survey(
    struct catalogue *c, const char *version_id, const char *maker, const void *p, size_t n)
{
	return findings_put_survey(c->found, version_id, maker, p, n);
}

int
catalogue_answer(struct catalogue *c, const char *key, void **out, size_t *len, int64_t *asked)
{
	return findings_answer(c->found, key, out, len, asked);
}

int
catalogue_put_answer(struct catalogue *c, const char *key, const void *p, size_t n, int64_t asked)
{
	return findings_put_answer(c->found, key, p, n, asked);
}

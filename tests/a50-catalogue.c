/*
 * The catalogue: a document that was put is found and listed once, whatever happens to its process.
 * A damaged file costs a new fill: never a wrong name, a crash or a hang.
 */
#include <errno.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "auth/fnv.h"
#include "auth/log.h"
#include "fs/catalogue/catalogue.h"
#include "fs/catalogue/findings.h"
#include "tap.h"

static char dir[] = "/tmp/sffs-catalogue-XXXXXX";

static uint64_t
hash(const char *s)
{
	return fnv_add(FNV_NONE, s, strlen(s));
}

/* Opens it as it is; NULL: failed. */
static struct catalogue *
open_any(void)
{
	struct catalogue *c = NULL;
	int rc = catalogue_open(dir, hash, &c);

	if (rc < 0)
		printf("# catalogue_open: %d\n", rc);
	return c;
}

static bool
fill(struct catalogue *c)
{
	return catalogue_begin(c) == 0 && catalogue_put_filled(c) == 0 && catalogue_end(c, 0) == 0;
}

/* Opens it and marks it filled. */
static struct catalogue *
open_catalogue(void)
{
	struct catalogue *c = open_any();

	if (c && !catalogue_is_filled(c) && !fill(c))
		printf("# cannot be filled\n");
	return c;
}

static const char *
path_of(const char *name)
{
	static char path[2][100];
	static int turn;

	snprintf(path[turn ^= 1], sizeof(path[0]), "%s/%s", dir, name);
	return path[turn];
}

/* The path of NAME-MARK.N.db. */
static const char *
db_of(const char *name)
{
	static char path[120];
	char pattern[100];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/%s-????????.*.db", dir, name);
	if (glob(pattern, 0, NULL, &found) != 0 || found.gl_pathc != 1)
		return "/nonexistent";
	snprintf(path, sizeof(path), "%s", found.gl_pathv[0]);
	globfree(&found);
	return path;
}

/* SQLite fails at this many rows from now; 0: never. */
static atomic_int fail_step;
static _Thread_local sem_t *tell_step;	/* posted before this thread takes a row */

int
sqlite3_step(sqlite3_stmt *st)
{
	static int (*real)(sqlite3_stmt *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "sqlite3_step");
	if (tell_step)
		sem_post(tell_step);
	return fail_step > 0 && --fail_step == 0 ? SQLITE_IOERR : real(st);
}

/* Each is a batch. */
static int
put_survey(struct catalogue *c, const char *version_id, const char *maker, const void *p, size_t n)
{
	int rc = catalogue_begin(c);

	return rc < 0 ? rc : catalogue_end(c, findings_put_survey(c, version_id, maker, p, n));
}

static int
put_answer(struct catalogue *c, const char *key, const void *p, size_t n, int64_t asked)
{
	int rc = catalogue_begin(c);

	return rc < 0 ? rc : catalogue_end(c, findings_put_answer(c, key, p, n, asked));
}

/* Empties the directory. */
static void
clean(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s/*", dir);
	if (system(command) != 0)
		printf("# %s failed\n", command);
}

/* Document number n: its key is n, its title Tn, n bytes long. */
static struct document
document(unsigned n)
{
	static char titles[8][16];
	static unsigned turn;
	char *title = titles[turn++ % 8];
	struct document d = { .key = n,
		.version_key = 1000000 + n,
		.created = n,
		.system_modstamp = n,
		.content_size = n,
		.title = title };

	snprintf(title, 16, "T%u", n);
	snprintf(d.id, sizeof(d.id), "069000%09uAAA", n);
	snprintf(d.version_id, sizeof(d.version_id), "068000%09uAAA", n);
	return d;
}

static int
put(struct catalogue *c, const struct document *d)
{
	char last[60];

	snprintf(last, sizeof(last), "%s (%s)", d->title, d->id);
	return catalogue_put(c, d, (const char *const[]){ d->title, "", last });
}

/* Puts the documents from..to in one batch. */
static int
put_many(struct catalogue *c, unsigned from, unsigned to)
{
	int rc = catalogue_begin(c);

	for (unsigned n = from; n <= to && rc == 0; n++) {
		struct document d = document(n);

		rc = put(c, &d);
	}
	return rc < 0 ? rc : catalogue_end(c, 0);
}

static int
remove_one(struct catalogue *c, unsigned n)
{
	struct document d = document(n);
	int rc = catalogue_begin(c);

	if (rc == 0)
		rc = catalogue_remove(c, d.id, true);
	return rc < 0 ? rc : catalogue_end(c, 0);
}

static int
find(struct catalogue *c, unsigned n)
{
	struct document d;
	int rc = catalogue_by_key(c, n, &d);

	if (rc == 0)
		document_free(&d);
	return rc;
}

static uint64_t
documents(struct catalogue *c)
{
	struct catalogue_totals t = { 0 };

	catalogue_totals(c, &t);
	return t.documents;
}

/*
 * Fields.
 */

static bool
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

#define SAME_ID(m)	strcmp(a->m, b->m) == 0
#define SAME_INT(m)	a->m == b->m
#define SAME_TIME(m)	a->m == b->m
#define SAME_BOOL(m)	a->m == b->m
#define SAME_TEXT(m)	same_text(a->m, b->m)

static bool
same(const struct document *a, const struct document *b)
{
#define X(kind, member, path) if (!(SAME_##kind(member))) return false;
	DOCUMENT_FIELDS(X)
#undef X
	return true;
}

#define SET_ID(m)	snprintf(d.m, sizeof(d.m), "069%015u", ++n);
#define SET_TEXT(m)	d.m = #m;
#define SET_INT(m)	d.m = INT64_C(1) << 40 | ++n;
#define SET_TIME(m)	d.m = INT64_C(1700000000000) + ++n;
#define SET_BOOL(m)	d.m = true;

static void
test_fields(void)
{
	struct catalogue *c = open_catalogue();
	struct document d = { .key = 7, .version_key = 8 },
			empty = { .key = 9, .content_size = -1, .created = -1 }, got;
	unsigned n = 0;

#define X(kind, member, path) SET_##kind(member)
	DOCUMENT_FIELDS(X)
#undef X
	snprintf(empty.id, sizeof(empty.id), "069000000000001AAA");
	ok(catalogue_begin(c) == 0 &&
		catalogue_put(c, &d, (const char *const[]){ "a", "b", "c" }) == 0 &&
		catalogue_put(c, &empty, (const char *const[]){ NULL, "", "e" }) == 0 &&
		catalogue_end(c, 0) == 0,
	    "two documents are put");
	static const char *const ways[] = { "by key", "by version", "by Id", "by name" };
	for (int i = 0; i < 4; i++) {
		int rc = i == 0 ? catalogue_by_key(c, 7, &got) :
		    i == 1	? catalogue_by_version_key(c, 8, &got) :
		    i == 2	? catalogue_by_id(c, d.id, &got) :
				  catalogue_by_name(c, "a", &got);

		ok(rc == 0 && same(&d, &got) && got.key == 7 && got.version_key == 8 &&
			strcmp(got.name, "a") == 0,
		    "a document is found %s, with all its fields", ways[i]);
		document_free(&got);
	}
	ok(catalogue_by_name(c, "e", &got) == 0 && same(&empty, &got) &&
		got.version_key == 0,
	    "fields that are NULL stay NULL");
	document_free(&got);
	ok(catalogue_by_key(c, 1, &got) == -ENOENT &&
		catalogue_by_version_key(c, 0, &got) == -ENOENT &&
		catalogue_by_id(c, "069", &got) == -ENOENT &&
		catalogue_by_name(c, "b", &got) == -ENOENT,
	    "an unknown document is not found");
	ok(catalogue_begin(c) == 0 &&
		catalogue_put(c, &d, (const char *const[]){ "a", NULL, NULL }) == -EINVAL,
	    "a document without a name of its own is refused");
	catalogue_end(c, -EINTR);
	catalogue_close(c);
}

/*
 * Putting again.
 */

static uint64_t
generation_of(struct catalogue *c)
{
	struct catalogue_totals t = { 0 };

	catalogue_totals(c, &t);
	return t.generation;
}

static void
test_replace(void)
{
	struct catalogue *c = open_catalogue();
	struct document d = document(5), got;
	struct catalogue_totals t;

	ok(put_many(c, 1, 9) == 0, "nine documents are put");
	const uint64_t before = generation_of(c);
	ok(put_many(c, 1, 9) == 0 && generation_of(c) == before,
	    "documents that are put again unchanged change no generation");
	d.version_key = 77;
	d.content_size = 100;
	catalogue_begin(c);
	ok(put(c, &d) == 0 && catalogue_end(c, 0) == 0 &&
		generation_of(c) > before,
	    "a new version changes the generation");
	ok(catalogue_by_version_key(c, 77, &got) == 0 && got.key == 5,
	    "a document is found by its new version");
	document_free(&got);
	is_int(catalogue_by_version_key(c, 1000005, &got), -ENOENT,
	    "a document is not found by its old version");
	ok(catalogue_totals(c, &t) == 0 && t.documents == 9 && t.bytes == 45 - 5 + 100,
	    "the totals count documents and bytes");
	ok(remove_one(c, 5) == 0 && remove_one(c, 5) == 0 && catalogue_totals(c, &t) == 0 &&
		t.documents == 8 && t.bytes == 40,
	    "the totals count a removed document no more");

	catalogue_begin(c);
	d = document(20);
	catalogue_put_state(c, "filling", "x");
	put(c, &d);
	catalogue_end(c, -EINTR);
	char *state = NULL;
	ok(find(c, 20) == -ENOENT && documents(c) == 8 &&
		catalogue_state(c, "filling", &state) == -ENOENT,
	    "a rollback undoes a batch");
	catalogue_begin(c);
	catalogue_put_state(c, "filling", "x");
	catalogue_put_state(c, "filling", "y");
	catalogue_end(c, 0);
	ok(catalogue_state(c, "filling", &state) == 0, "a state is kept");
	is_str(state, "y", "the last state that was put counts");
	free(state);

	/* Two Ids whose keys are the same. */
	d = document(21);
	d.key = 1;
	catalogue_begin(c);
	put(c, &d);
	catalogue_end(c, 0);
	ok(catalogue_by_id(c, d.id, &got) == 0 && got.key != 1,
	    "a document gets another key if its own is taken");
	uint64_t key = got.key;
	document_free(&got);
	ok(catalogue_by_key(c, key, &got) == 0 && strcmp(got.id, d.id) == 0 && find(c, 1) == 0,
	    "both documents with this key are found");
	document_free(&got);
	catalogue_close(c);
}

static void
test_unlisted(void)
{
	struct catalogue *c = open_catalogue();
	struct document d = document(30), other = document(31), got;
	uint64_t before = documents(c);

	catalogue_begin(c);
	catalogue_put_unlisted(c, &d, "T30 (30)");
	other.title = d.title;
	put(c, &other);
	catalogue_end(c, 0);
	ok(catalogue_by_name(c, "T30 (30)", &got) == 0 && got.key == 30,
	    "an unlisted document is found");
	document_free(&got);
	ok(catalogue_by_name(c, "T30", &got) == 0 && got.key == 31 && documents(c) == before + 1,
	    "an unlisted document takes no name and does not count");
	document_free(&got);
	catalogue_begin(c);
	put(c, &d);
	catalogue_end(c, 0);
	ok(catalogue_by_name(c, "T30", &got) == 0 && got.key == 30 && documents(c) == before + 2,
	    "a document that is listed now has the name of its age");
	document_free(&got);
	d.content_size = 1;
	catalogue_begin(c);
	catalogue_put_unlisted(c, &d, "T30 (30)");
	catalogue_end(c, 0);
	ok(catalogue_by_name(c, "T30", &got) == 0 && got.key == 30 && got.content_size == 1 &&
		documents(c) == before + 2,
	    "a listed document does not become unlisted");
	document_free(&got);
	catalogue_close(c);
}

/*
 * Listing.
 */

struct walk { uint64_t after, seen, room; bool ordered; unsigned times[400]; };

static bool
walk_one(void *ctx, const struct document *d)
{
	struct walk *w = ctx;

	w->ordered &= d->key > w->after && d->name != NULL;
	w->after = d->key;
	w->seen++;
	if (d->key < 400)
		w->times[d->key]++;
	return --w->room > 0;
}

static void
test_list(void)
{
	struct catalogue *c = open_catalogue();
	struct walk w = { .ordered = true };
	bool good = true;

	put_many(c, 1, 300);
	for (uint64_t seen = 1; seen > 0;) {
		uint64_t before = w.seen;

		w.room = 7;
		good &= catalogue_list(c, w.after, walk_one, &w) == 0;
		seen = w.seen - before;
	}
	ok(good && w.seen == 300 && w.ordered,
	    "300 documents are listed in pieces, each once, in order");

	/* Odd documents stay all the while; even ones go, come back, change their names. */
	w = (struct walk){ .ordered = true };
	for (uint64_t seen = 1, turn = 0; seen > 0; turn++) {
		uint64_t before = w.seen;
		struct document d = document((unsigned)(turn * 38 % 300 / 2 * 2 + 2));

		w.room = 1 + turn % 5;
		good &= catalogue_list(c, w.after, walk_one, &w) == 0;
		seen = w.seen - before;
		d.title = turn % 2 ? "moved" : "T1";
		catalogue_begin(c);
		if (turn % 3)
			good &= put(c, &d) == 0;
		else
			good &= catalogue_remove(c, d.id, true) == 0;
		catalogue_end(c, 0);
	}
	for (unsigned n = 1; n < 300; n += 2)
		good &= w.times[n] == 1;
	for (unsigned n = 2; n <= 300; n += 2)
		good &= w.times[n] <= 1;
	ok(good && w.ordered, "documents that stay are listed once, however much the rest changes");
	w = (struct walk){ .room = UINT64_MAX };
	ok(catalogue_list(c, UINT64_MAX, walk_one, &w) == 0 && w.seen == 0,
	    "no document is listed behind the last");
	catalogue_close(c);
}

/*
 * A reconcile.
 */

static void
test_reconcile(void)
{
	struct catalogue *c = open_catalogue();
	struct document unlisted = document(100), late = document(101), back = document(9);
	int rc = 0;

	put_many(c, 1, 10);
	catalogue_begin(c);
	catalogue_put_unlisted(c, &unlisted, "unlisted");
	catalogue_end(c, 0);
	is_int(catalogue_mark_begin(c), 0, "a reconcile begins");
	for (unsigned n = 1; n <= 6; n++) {
		struct document d = document(n);

		rc |= catalogue_mark(c, &d);
	}
	is_int(rc, 0, "listed documents are marked");
	ok(catalogue_mark(c, &late) == 1 && catalogue_mark(c, &unlisted) == 1,
	    "unlisted and late documents are told apart");
	struct document changed = document(7), stamped = document(7);
	changed.version_id[17]++;
	stamped.system_modstamp--;
	ok(catalogue_mark(c, &changed) == 1 && catalogue_mark(c, &stamped) == 1,
	    "and those with another version or stamp");
	put_many(c, 101, 101);
	remove_one(c, 9);
	catalogue_begin(c);
	struct document seven = document(7);
	rc = catalogue_mark(c, &seven);	/* within a batch, too */
	put(c, &back);
	catalogue_end(c, 0);
	is_int(rc, 0, "documents are marked beside a batch");
	catalogue_begin(c);
	ok(catalogue_sweep(c, true) == 0 && catalogue_end(c, 0) == 0, "a sweep is committed");
	catalogue_mark_end(c);
	ok(documents(c) == 9 && find(c, 7) == 0 && find(c, 8) == -ENOENT && find(c, 9) == 0 &&
		find(c, 10) == -ENOENT && find(c, 100) == 0 && find(c, 101) == 0,
	    "the sweep removes the documents that were neither marked nor put");
	ok(catalogue_mark_begin(c) == 0, "another reconcile begins");
	catalogue_mark_end(c);
	ok(documents(c) == 9, "a reconcile that ends without a sweep removes nothing");

	unsigned batches = 0;
	put_many(c, 1001, 9000);
	rc = catalogue_mark_begin(c);
	do {
		catalogue_begin(c);
		if (rc >= 0)
			rc = catalogue_sweep(c, true);
		catalogue_end(c, 0);
	} while (batches++ < 10 && rc > 0);
	catalogue_mark_end(c);
	ok(rc == 0 && documents(c) == 0 && batches > 1, "a large sweep takes a few batches");
	catalogue_close(c);
}

/*
 * Surveys and answers.
 */

static void
test_found(void)
{
	struct catalogue *c = open_catalogue();
	void *p = NULL;
	size_t n = 0;
	int64_t asked = 0;

	is_int(findings_get(c, "068", "1", &p, &n, &asked), -ENOENT,
	    "an unknown survey is not found");
	ok(put_survey(c, "068", "1", "a\0b", 3) == 0 &&
		put_survey(c, "068", "2", "", 0) == 0,
	    "two surveys are put");
	ok(findings_get(c, "068", "1", &p, &n, &asked) == 0 && n == 3 &&
		memcmp(p, "a\0b", 3) == 0,
	    "a survey is found by its maker");
	free(p);
	ok(findings_get(c, "068", "2", &p, &n, &asked) == 0 && n == 0, "an empty survey is found");
	free(p);
	ok(put_answer(c, "k", "old", 3, 1) == 0 &&
		put_answer(c, "k", "new one", 7, 2) == 0,
	    "two answers are put");
	ok(findings_get(c, "k", NULL, &p, &n, &asked) == 0 && n == 7 &&
		memcmp(p, "new one", 7) == 0 && asked == 2,
	    "the last answer counts");
	free(p);
	is_int(findings_get(c, "l", NULL, &p, &n, &asked), -ENOENT,
	    "an unknown answer is not found");
	catalogue_close(c);
}

#define DAY	(24 * 60 * 60 * INT64_C(1000))

static void
run_sql(const char *file, const char *sql)
{
	sqlite3 *db = NULL;

	if (sqlite3_open(db_of(file), &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		printf("# %s: %s\n", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static bool
has_survey(struct catalogue *c, const char *version_id)
{
	void *p = NULL;
	size_t n;
	int64_t asked;
	int rc = findings_get(c, version_id, "m", &p, &n, &asked);

	free(p);
	return rc == 0;
}

static bool
has_answer(struct catalogue *c, const char *key)
{
	void *p = NULL;
	size_t n;
	int64_t asked;
	int rc = findings_get(c, key, NULL, &p, &n, &asked);

	free(p);
	return rc == 0;
}

/* A new row pushes out the least recently used one. */
static void
test_prune(void)
{
	struct catalogue *c = open_catalogue();

	put_answer(c, "old", "1", 1, DAY);
	put_answer(c, "asked again", "1", 1, DAY);
	put_answer(c, "later", "1", 1, 2 * DAY);
	put_answer(c, "asked again", "2", 1, 31 * DAY);
	ok(has_answer(c, "old") && has_answer(c, "later"), "an answer of 30 days ago is kept");
	put_answer(c, "new", "1", 1, 31 * DAY + 1);
	ok(!has_answer(c, "old"), "an older answer is removed when another one comes");
	ok(has_answer(c, "later") && has_answer(c, "asked again") && has_answer(c, "new"),
	    "no other answer is removed");

	for (const char *const *id = (const char *const []){ "a", "b", "c", "v1", NULL }; *id; id++)
		put_survey(c, *id, "m", "x", 1);
	run_sql("catalogue",
	    "WITH RECURSIVE n(i) AS (VALUES(2) UNION ALL SELECT i + 1 FROM n WHERE i < 99997)"
	    " INSERT INTO survey SELECT 'v' || i, 'm', 'x', 0 FROM n");
	ok(has_survey(c, "b") && findings_use_survey(c, "b", "m") == 0 &&
		has_survey(c, "c"),
	    "one of two surveys is used, the other only read");
	put_survey(c, "d", "m", "x", 1);
	put_survey(c, "e", "m", "x", 1);
	ok(!has_survey(c, "a") && !has_survey(c, "c"),
	    "the oldest of too many surveys are removed when others come");
	ok(has_survey(c, "b"), "the survey that was used stays");
	ok(has_survey(c, "v1") && has_survey(c, "d") && has_survey(c, "e"),
	    "the newer surveys stay");
	catalogue_close(c);
}

/*
 * Other threads and processes.
 */

struct putter { struct catalogue *catalogue; sem_t begun; atomic_bool done; };

static void *
put_new_answer(void *ctx)
{
	struct putter *p = ctx;

	tell_step = &p->begun;
	put_answer(p->catalogue, "new", "1", 1, DAY);
	p->done = true;
	tell_step = NULL;
	return NULL;
}

/* A name is looked up while another process has the file locked and a thread of this one waits for
 * it. */
static void
test_locked(void)
{
	struct putter p = { .catalogue = open_catalogue() };
	sqlite3 *db = NULL;
	pthread_t putter;

	sem_init(&p.begun, 0, 0);
	put_answer(p.catalogue, "old", "1", 1, DAY);
	put_survey(p.catalogue, "v", "m", "x", 1);
	ok(sqlite3_open(db_of("catalogue"), &db) == SQLITE_OK &&
		sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK,
	    "another process begins to write");
	pthread_create(&putter, NULL, put_new_answer, &p);
	sem_wait(&p.begun);
	ok(has_answer(p.catalogue, "old") && has_survey(p.catalogue, "v") && !p.done,
	    "a reader does not wait for a writer");
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	pthread_join(putter, NULL);
	sqlite3_close(db);
	ok(has_answer(p.catalogue, "new"), "a writer that has waited writes");
	catalogue_close(p.catalogue);
}

struct work { struct catalogue *catalogue; atomic_bool done, bad; };

static bool
walk_all(void *ctx, const struct document *d)
{
	uint64_t *after = ctx;
	bool good = d->key > *after && d->name && *d->name;

	*after = good ? d->key : UINT64_MAX;
	return good;
}

static void *
read_all_the_time(void *ctx)
{
	struct work *w = ctx;
	struct document d;
	char *state;

	do {
		uint64_t after = 0, totals = documents(w->catalogue);
		int rc = catalogue_list(w->catalogue, 0, walk_all, &after);

		if (rc < 0 || after == UINT64_MAX || totals > 200)
			w->bad = true;
		rc = catalogue_by_name(w->catalogue, "T1", &d);
		if (rc == 0)
			document_free(&d);
		else if (rc != -ENOENT)
			w->bad = true;
		if (catalogue_state(w->catalogue, "round", &state) == 0)
			free(state);
		put_survey(w->catalogue, "068", "x", "y", 1);
	} while (!w->done);
	return NULL;
}

static void
nothing(void *ctx, const struct catalogue_change *change)
{
	(void)ctx, (void)change;
}

static void *
write_some(void *ctx)
{
	struct work *w = ctx;

	for (unsigned round = 0; round < 30; round++) {
		if (catalogue_begin(w->catalogue) < 0) {
			w->bad = true;
			break;
		}
		for (unsigned n = 1; n <= 100; n++) {
			struct document d = document(n);

			d.title = n % 3 ? "T1" : d.title;
			if ((n + round) % 4 ? put(w->catalogue, &d) < 0 :
					      catalogue_remove(w->catalogue, d.id, true) < 0)
				w->bad = true;
		}
		catalogue_put_state(w->catalogue, "round", "n");
		if (catalogue_end(w->catalogue, 0) < 0 ||
		    catalogue_changes(w->catalogue, nothing, NULL) < 0)
			w->bad = true;
	}
	return NULL;
}

static void
test_threads(void)
{
	struct work w = { .catalogue = open_catalogue() };
	pthread_t readers[3], writers[2];

	for (int i = 0; i < 3; i++)
		pthread_create(&readers[i], NULL, read_all_the_time, &w);
	for (int i = 0; i < 2; i++)
		pthread_create(&writers[i], NULL, write_some, &w);
	for (int i = 0; i < 2; i++)
		pthread_join(writers[i], NULL);
	w.done = true;
	for (int i = 0; i < 3; i++)
		pthread_join(readers[i], NULL);
	ok(!w.bad, "readers and writers do not disturb one another");
	catalogue_close(w.catalogue);
}

/* Another process begins a batch, puts a document, says so, and is killed. */
static void
test_kill(void)
{
	int go[2], done[2], status;
	char byte = 0;

	if (pipe(go) < 0 || pipe(done) < 0)
		return;
	pid_t child =
	    fork(); /* before either has the file open: SQLite's handles do not outlive a fork */
	if (child == 0) {
		if (read(go[0], &byte, 1) != 1)
			_exit(1);
		struct catalogue *mine = open_catalogue();
		struct document d = document(11);

		catalogue_begin(mine);
		put(mine, &d);
		if (write(done[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	struct catalogue *c = open_catalogue();
	put_many(c, 1, 10);
	ok(write(go[1], "x", 1) == 1 && read(done[0], &byte, 1) == 1 && find(c, 10) == 0 &&
		find(c, 11) == -ENOENT,
	    "a batch of another process does not keep readers waiting");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	ok(put_many(c, 12, 12) == 0 && find(c, 11) == -ENOENT && find(c, 12) == 0 &&
		documents(c) == 11,
	    "a batch whose process was killed leaves nothing");
	for (int i = 0; i < 2; i++) {
		close(go[i]);
		close(done[i]);
	}
	struct catalogue *other = open_catalogue();
	ok(put_many(other, 13, 13) == 0 && find(c, 13) == 0 && documents(c) == 12,
	    "one handle sees what another one commits");
	catalogue_close(other);
	catalogue_close(c);
}

/*
 * Damage.
 */

static void
overwrite(const char *name, off_t from, off_t n)
{
	int fd = open(db_of(name), O_RDWR, 0600);
	struct stat st = { 0 };

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	for (off_t at = from; at < (n ? from + n : st.st_size); at++)
		if (pwrite(fd, "\xa5", 1, at) != 1)
			break;
	close(fd);
}

static void
enlarge(const char *name, off_t size)
{
	ok(truncate(db_of(name), size) == 0, "the file is large");
}

static void
ruin_all(const char *name)
{
	overwrite(name, 0, 5000);
}

static void
ruin_inside(const char *name)
{
	overwrite(name, 2 * 4096, 0);
}

static void
ruin_a_page(const char *name)
{
	overwrite(name, 3 * 4096, 4096);
}

static void
cut_short(const char *name)
{
	if (truncate(db_of(name), 8192 + 100) < 0)
		printf("# truncate failed\n");
}

static void
other_schema(const char *name)
{
	run_sql(name, "PRAGMA user_version = 12345");
}

static int
times_logged(const char *text)
{
	struct buf b = BUF_INIT;
	int n = 0;

	log_tail(&b);
	for (const char *p = buf_str(&b); (p = strstr(p, text)); p++)
		n++;
	buf_free(&b);
	return n;
}

/*
 * Changes that are reported.
 */

struct heard { unsigned names, gone; };

static void
hear(void *ctx, const struct catalogue_change *change)
{
	struct heard *h = ctx;

	*(change->id ? &h->gone : &h->names) += 1;
}

/* The number of the catalogue's files. */
static unsigned
files(void)
{
	char pattern[100];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*.db*", dir);
	unsigned n = glob(pattern, 0, NULL, &found) == 0 ? (unsigned)found.gl_pathc : 0;
	globfree(&found);
	return n;
}

static const struct { const char *what; void (*ruin)(const char *name); } ruins[] = {
	{ "garbage", ruin_all },
	{ "garbage inside", ruin_inside },
	{ "a page of garbage", ruin_a_page },
	{ "cut short", cut_short },
	{ "of another schema", other_schema },
};

/* Damage is found when the file is opened, and loses only that file's content. */
static void
test_damage_at_open(void)
{
	struct document d;
	int logged = 0;

	for (size_t i = 0; i < sizeof(ruins) / sizeof(ruins[0]); i++) {
		clean();
		struct catalogue *c = open_catalogue();
		put_many(c, 1, 200);
		put_survey(c, "068", "m", "kept", 4);
		catalogue_close(c);
		ruins[i].ruin("catalogue");
		c = open_any();
		is_int(times_logged("is damaged"), ++logged, ruins[i].what);
		ok(c && !catalogue_is_filled(c) && documents(c) == 0 &&
			catalogue_by_name(c, "T1", &d) == -EIO && find(c, 1) == -EIO,
		    "%s: the catalogue is begun anew, and no name is wrong", ruins[i].what);
		ok(put_many(c, 1, 5) == 0 && find(c, 5) == -EIO && fill(c) && find(c, 5) == 0,
		    "%s: names are there once the catalogue is filled", ruins[i].what);
		ok(!has_survey(c, "068") && put_survey(c, "068", "m", "new", 3) == 0 &&
			has_survey(c, "068"),
		    "%s: surveys can be put again", ruins[i].what);
		catalogue_close(c);
		is_int(files(), 1, "the damaged file is removed");
	}
	clean();
	is_int(catalogue_open("/nonexistent/sffs", hash, &(struct catalogue *){ NULL }), -ENOENT,
	    "a catalogue without a directory does not open");
}

static void
count_unfilled(void *ctx)
{
	++*(unsigned *)ctx;
}

/* Damage under an open catalogue; another process has the same file open. */
static void
test_damage_in_use(void)
{
	struct catalogue *c = open_catalogue(), *other;
	uint64_t after = 0;
	struct heard heard = { 0 };

	put_many(c, 1, 200);
	catalogue_close(c);
	c = open_catalogue();
	other = open_catalogue();
	ok(documents(other) == 200 && find(other, 200) == 0, "another mount reads the catalogue");
	overwrite("catalogue", 4096, 0);
	unsigned unfilled = 0;
	catalogue_on_unfilled(c, count_unfilled, &unfilled);
	is_int(catalogue_list(c, 0, walk_all, &after), -EIO, "one mount finds the damage");
	ok(!catalogue_is_filled(c) && find(c, 1) == -EIO && documents(c) == 0 && unfilled == 1,
	    "that mount has an empty catalogue at once");
	ok(put_many(c, 1, 5) == 0 && fill(c) && documents(c) == 5 && find(c, 5) == 0 &&
		catalogue_changes(c, nothing, NULL) == 0,
	    "that mount fills the catalogue");
	is_int(catalogue_list(other, 0, walk_all, &after), -EIO,
	    "the other mount finds the damage later");
	ok(catalogue_is_filled(other) && documents(other) == 5 && put_many(other, 6, 6) == 0,
	    "the other mount goes on with the new catalogue");
	ok(documents(c) == 6 && catalogue_changes(c, hear, &heard) == 0 && heard.names > 0,
	    "both mounts have the same documents");
	catalogue_close(c);
	catalogue_close(other);
	c = open_any();
	ok(c && documents(c) == 6 && files() == 3, "one file of the catalogue is left");
	catalogue_close(c);
}

static bool
accept_all(void *ctx, const struct document *d)
{
	(void)ctx, (void)d;
	return true;
}

/* Damage that SQLite does not notice: a row or an index differs from what was put. */
static const struct { const char *what, *sql; } lies[] = {
	{ "a version of another document",
	    "UPDATE document SET version_id = '068000000004AAA' WHERE key = 3" },
	{ "a checksum", "UPDATE document SET checksum = 'x' WHERE key = 3" },
	{ "a size", "UPDATE document SET content_size = 4 WHERE key = 3" },
	{ "a title", "UPDATE document SET title = 'T5' WHERE key = 3" },
	{ "a text instead of none", "UPDATE document SET description = '' WHERE key = 3" },
	{ "a date", "UPDATE document SET system_modstamp = 4 WHERE key = 3" },
	{ "a key of a version", "UPDATE document SET version_key = 1000004 WHERE key = 3" },
	{ "a key", "UPDATE document SET key = 40 WHERE key = 3" },
	{ "an Id", "UPDATE document SET id = '069000000000040AAA' WHERE key = 3" },
	{ "a name", "UPDATE document SET name0 = 'T30' WHERE key = 3" },
	{ "another of its names", "UPDATE document SET rank = 2 WHERE key = 3" },
	{ "a hash", "UPDATE document SET hash = hash + 1 WHERE key = 3" },
	{ "an older version", "UPDATE version SET content_size = 4" },
	{ "its document", "UPDATE version SET key = 4" },
	{ "an index of versions",
	    "CREATE INDEX wrong ON document(version_key + 1);"
	    "PRAGMA writable_schema = on;"
	    "UPDATE sqlite_schema SET rootpage = (SELECT sum(rootpage) FROM sqlite_schema"
	    "	WHERE name IN ('wrong', 'document_version')) - rootpage"
	    "	WHERE name IN ('wrong', 'document_version')" },
	{ "an index of the versions of a document",
	    "CREATE INDEX wrong ON version(key + 1);"
	    "PRAGMA writable_schema = on;"
	    "UPDATE sqlite_schema SET rootpage = (SELECT sum(rootpage) FROM sqlite_schema"
	    "	WHERE name IN ('wrong', 'version_document')) - rootpage"
	    "	WHERE name IN ('wrong', 'version_document')" },
	{ "an index of Ids",
	    "CREATE INDEX wrong ON document(substr(id, 1, 14) || (substr(id, 15, 1) + 1) || 'AAA');"
	    "PRAGMA writable_schema = on;"
	    "UPDATE sqlite_schema SET rootpage = (SELECT sum(rootpage) FROM sqlite_schema"
	    "	WHERE name IN ('wrong', 'document_id')) - rootpage"
	    "	WHERE name IN ('wrong', 'document_id')" },
};

static void
test_lies(void)
{
	struct document d, three = document(3), version = document(3);
	void *p;
	size_t n;
	int64_t asked;

	version.version_key = 2000000;
	strcpy(version.version_id, "068000000999AAA");
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct catalogue *c = open_catalogue();

		put_many(c, 1, 9);
		catalogue_begin(c);
		catalogue_put_version(c, &version);
		catalogue_end(c, 0);
		catalogue_close(c);
		run_sql("catalogue", lies[i].sql);
		c = open_any();
		ok(catalogue_is_filled(c), "%s: is not noticed at first", lies[i].what);
		int found = catalogue_list(c, 0, accept_all, NULL);
		for (uint64_t key = 1; key < 10 && found == 0; key++)
			found = catalogue_versions(c, key, 0, accept_all, NULL);
		if (found == 0 && (found = catalogue_by_version_key(c, three.version_key, &d)) == 0)
			document_free(&d);
		if (found == 0 && (found = catalogue_by_id(c, three.id, &d)) == 0)
			document_free(&d);
		ok(found == -EIO, "%s: but when it is read", lies[i].what);
		ok(!catalogue_is_filled(c), "%s: and the file is begun anew", lies[i].what);
		catalogue_close(c);
		clean();
	}
	static const char *const findings[] = {
		"UPDATE survey SET data = 'kepT'; UPDATE answer SET data = 'kepT'",
		"UPDATE survey SET content = 'x'; UPDATE answer SET key = 'x'",
	};
	for (size_t i = 0; i < 2; i++) {
		struct catalogue *c = open_catalogue();

		put_survey(c, "068", "m", "kept", 4);
		put_answer(c, "k", "kept", 4, 1);
		catalogue_close(c);
		run_sql("catalogue", findings[i]);
		c = open_any();
		is_int(findings_get(c, i ? "x" : "068", "m", &p, &n, &asked), -EIO, "a survey");
		catalogue_close(c);
		clean();
		c = open_catalogue();
		put_answer(c, "k", "kept", 4, 1);
		catalogue_close(c);
		run_sql("catalogue", findings[i]);
		c = open_any();
		is_int(findings_get(c, i ? "x" : "k", NULL, &p, &n, &asked), -EIO, "an answer");
		catalogue_close(c);
		clean();
	}
}

/* Two contents have one key: each keeps a key of its own. */
static void
test_one_key(void)
{
	struct catalogue *c = open_catalogue();
	struct document a = document(1), b = document(2), older = document(1), got;

	b.version_key = a.version_key;
	older.version_key = a.version_key;
	strcpy(older.version_id, "068000000999AAA");
	catalogue_begin(c);
	put(c, &a);
	put(c, &b);
	catalogue_put_version(c, &older);
	catalogue_put_version(c, &older);
	catalogue_end(c, 0);
	ok(catalogue_by_version_key(c, a.version_key, &got) == 0 && got.key == 1, "the first");
	document_free(&got);
	ok(catalogue_by_version_key(c, a.version_key + 1, &got) == 0 && got.key == 2, "the second");
	document_free(&got);
	ok(catalogue_version(c, a.version_key + 2, &got) == 0, "and an older version, put twice");
	document_free(&got);
	is_int(catalogue_version(c, a.version_key + 3, &got), -ENOENT, "is there once");
	older.version_key = 77;
	catalogue_begin(c);
	catalogue_put_version(c, &older);
	catalogue_end(c, 0);
	is_int(catalogue_version(c, a.version_key + 2, &got), -ENOENT,
	    "a version that has changed in place replaces what it was");
	catalogue_close(c);
	clean();

	c = open_any();
	catalogue_begin(c);
	put(c, &a);
	put(c, &b);
	catalogue_put_filled(c);
	catalogue_end(c, 0);
	for (unsigned n = 0; n < 2; n++) {
		is_int(catalogue_by_version_key(c, a.version_key + n, &got), 0,
		    "each of two versions of a first fill with one key is found");
		document_free(&got);
	}
	catalogue_close(c);
}

/* Many small batches: SQLite's log stays small. */
static void
test_log_size(void)
{
	struct catalogue *c = open_catalogue();
	char path[140] = "";
	struct stat st;

	for (unsigned i = 1; i <= 600; i++) {
		put_many(c, i, i);
		put_survey(c, "068", "m", path, sizeof(path));
	}
	snprintf(path, sizeof(path), "%s-wal", db_of("catalogue"));
	ok(stat(path, &st) == 0 && st.st_size <= 6 << 20, "the log of a small catalogue is small");
	printf("# %lld bytes\n", (long long)st.st_size);
	catalogue_close(c);
}

/* A check finds damage that no reader has met. */
static void
test_check(void)
{
	struct catalogue *c = open_catalogue();

	put_many(c, 1, 200);
	catalogue_close(c);
	c = open_catalogue();
	is_int(catalogue_check(c), 0, "a check of a good file finds nothing");
	overwrite("catalogue", 3 * 4096, 4096);
	is_int(catalogue_check(c), -EIO, "a check finds damage in a page that nobody has read");
	ok(!catalogue_is_filled(c) && catalogue_check(c) == 0, "the damaged file is begun anew");
	catalogue_close(c);
	c = open_catalogue();
	put_many(c, 1, 200);
	catalogue_close(c);
	overwrite("catalogue", 3 * 4096, 4096);
	enlarge("catalogue", 65 << 20);
	c = open_catalogue();
	ok(c && find(c, 1) == 0, "the opening does not wait for the check of a large file");
	is_int(catalogue_check_opened(c), -EIO, "which finds the damage a little later");
	ok(!catalogue_is_filled(c) && catalogue_check_opened(c) == 0, "once");
	put_many(c, 1, 2000);
	catalogue_interrupt(c);
	is_int(catalogue_check(c), -EINTR, "a check can be interrupted");
	catalogue_close(c);
}

/* Another process has the file locked: a batch waits for some seconds, an opening not at all. */
static void
test_open_beside_writer(void)
{
	struct catalogue *c = open_catalogue(), *other;

	put_many(c, 1, 5);
	ok(catalogue_begin(c) == 0, "one mount begins a batch");
	other = open_any();
	ok(other && documents(other) == 5 && catalogue_is_filled(other),
	    "another mount opens meanwhile");
	is_int(catalogue_begin(other), -ETIMEDOUT,
	    "a batch of the other mount waits for some seconds");
	catalogue_end(c, -EINTR);
	ok(put_many(other, 6, 6) == 0 && documents(c) == 6,
	    "after the first batch the other mount writes");
	catalogue_close(other);
	catalogue_close(c);
}

static bool
is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

static void
make(const char *name, int days_ago)
{
	int fd = open(path_of(name), O_RDWR | O_CREAT, 0600);
	const struct timespec then = { time(NULL) - days_ago * (time_t)(DAY / 1000), 0 };

	if (fd < 0 || futimens(fd, (const struct timespec[]){ then, then }) < 0)
		printf("# %s: %s\n", name, strerror(errno));
	close(fd);
}

/* Another version of sffs, whose schema has another mark, has a file of its own. */
static void
test_other_versions(void)
{
	static const char *const kinds[] = { "catalogue" };
	static const char *const ends[] = { ".1.db", ".1.db-wal", ".db", ".lock" };
	char name[40];

	for (int old = 0; old <= 1; old++) {
		make(old ? "catalogues" : "turn.lock", 40);
		for (size_t i = 0; i < 4; i++) {
			snprintf(name, sizeof(name), "%s-%08d%s", kinds[i / 4], old, ends[i % 4]);
			make(name, old ? 31 : 29);
		}
	}
	catalogue_close(open_catalogue());
	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s-%08d%s", kinds[i / 4], 0, ends[i % 4]);
		ok(is_there(name), "%s is kept", name);
		snprintf(name, sizeof(name), "%s-%08d%s", kinds[i / 4], 1, ends[i % 4]);
		ok(!is_there(name), "%s has gone", name);
	}
	ok(is_there("catalogues") && is_there("turn.lock"), "other files are left alone");
}

static void
test_told(void)
{
	struct catalogue *c = open_catalogue(), *other = open_catalogue();
	struct heard heard = { 0 };
	struct document d;

	catalogue_begin(other);
	for (unsigned n = 1; n <= 700; n++) {
		d = document(n);
		put(other, &d);
	}
	catalogue_end(other, 0);
	fail_step = 300;
	is_int(catalogue_changes(c, hear, &heard), -EIO,
	    "an error while changes are read is returned");
	unsigned then = heard.names;
	is_int(catalogue_changes(c, hear, &heard), 0, "the next call reads the changes");
	ok(then == 0 && heard.names == 700, "each change is told once");

	heard = (struct heard){ 0 };
	catalogue_begin(c);
	for (unsigned n = 1; n <= 3; n++) {
		d = document(n);
		catalogue_remove(c, d.id, n == 2);
	}
	ok(catalogue_end(c, 0) == 0 && catalogue_changes(c, hear, &heard) == 0,
	    "three documents leave the list");
	ok(heard.names == 3 && heard.gone == 1,
	    "documents that leave the list are told, and one as gone");
	catalogue_close(c);
	catalogue_close(other);
}

/* A long chain: the first name of each document is the second name of the next younger one. */
static void
test_chain(void)
{
	enum { LENGTH = 2000 };
	struct catalogue *c = open_catalogue();
	char names[3][24], name[24];
	struct document got;
	bool good = true;

	catalogue_begin(c);
	for (unsigned n = LENGTH; n > 0; n--) {
		struct document d = document(n);

		snprintf(names[0], sizeof(names[0]), "link %u", n);
		snprintf(names[1], sizeof(names[1]), "link %u", n + 1);
		snprintf(names[2], sizeof(names[2]), "own %u", n);
		good &= catalogue_put(c, &d,
			    (const char *const[]){ names[0], names[1], names[2] }) == 0;
	}
	/* Document 0 is the oldest, and wants the name of document 1. */
	struct document d = document(0);
	d.key = LENGTH + 1;
	good &= catalogue_put(c, &d, (const char *const[]){ "link 1", NULL, "own 0" }) == 0;
	good &= catalogue_end(c, 0) == 0;
	for (unsigned n = 1; n <= LENGTH; n++) {
		snprintf(name, sizeof(name), "link %u", n + 1);
		good &= catalogue_by_name(c, name, &got) == 0 && got.key == n;
		document_free(&got);
	}
	ok(good, "a new document moves the names of all younger ones");
	catalogue_begin(c);
	good = catalogue_remove(c, d.id, true) == 0 && catalogue_end(c, 0) == 0;
	for (unsigned n = 1; n <= LENGTH; n++) {
		snprintf(name, sizeof(name), "link %u", n);
		good &= catalogue_by_name(c, name, &got) == 0 && got.key == n;
		document_free(&got);
	}
	ok(good && catalogue_by_name(c, "link 2001", &got) == -ENOENT,
	    "a removed document gives the names back");
	catalogue_close(c);
}

int
main(void)
{
	static void (*const tests[])(void) = {
		test_fields,
		test_replace,
		test_unlisted,
		test_list,
		test_reconcile,
		test_found,
		test_prune,
		test_locked,
		test_threads,
		test_kill,
		test_chain,
		test_told,
		test_other_versions,
		test_damage_at_open,
		test_damage_in_use,
		test_lies,
		test_one_key,
		test_log_size,
		test_check,
		test_open_beside_writer,
	};

	if (!mkdtemp(dir))
		return 1;
	if (!freopen("/dev/null", "w", stderr)) /* the errors are expected; log_tail has them */
		return 1;
	log_level_set(LOG_LEVEL_WARN);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		tests[i]();
		clean();
	}
	rmdir(dir);
	return tap_done();
}

/*
 * An answer is kept as lines of `Id TAB name TAB more TAB d|f`, \t \n \\ escaped. In memory the
 * questions that were asked lately have theirs unpacked; the catalogue has them all, and those of
 * other mounts of the org.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/clock.h"
#include "auth/log.h"
#include "fs/async/pool.h"
#include "fs/rest/rest.h"
#include "fs/async/task.h"
#include "versions.h"

#include "on_demand.h"

#define KEPT		64	/* questions in memory */
#define THREADS		4
#define RETRY		5000	/* ms after a try that failed */
#define DAY		(24 * 60 * 60 * INT64_C(1000))	/* ms */
#define ID_SUFFIX	21	/* ` (001000000000000AAA)` */
#define NAMED_MOST	10	/* records that a log line names */

struct answer {
	struct on_demand_answer a;		/* first: one is the other */
	atomic_uint	 users;
	struct on_demand_row rows[];	/* then the text that they point into */
};

struct question {
	struct on_demand	*owner;
	enum on_demand_kind kind;
	char		*subject;
	struct task	 task;
	struct answer	*answer;	/* NULL: none yet */
	int		 rc;		/* of the last try */
	int64_t		 failed;	/* when that was (ms), if it failed; else -1 */
	unsigned	 users;
	struct question	*next;		/* less recently used */
};

struct on_demand {
	struct rest	*rest;
	struct catalogue *catalogue;
	struct on_demand_options o;
	catalogue_changed *changed;	/* never NULL */
	void		*ctx;
	int64_t born; /* what was asked before the catalogue was new is void (ms) */

	pthread_mutex_t lock; /* guards: all below, and questions but for what never changes */
	struct pool	*pool;		/* NULL once stopped */
	int64_t		 expired;	/* what was asked before is stale (ms) */
	struct question	*first;		/* the most recently used */
};

int64_t
on_demand_now(void)
{
	return clock_wall_ms();
}

/*
 * Answers.
 */

static void
put_field(struct buf *b, const char *s, char end)
{
	for (; s && *s; s++) {
		if (*s == '\t' || *s == '\n' || *s == '\\') {
			buf_putc(b, '\\');
			buf_putc(b, *s == '\t' ? 't' : *s == '\n' ? 'n' : '\\');
		} else {
			buf_putc(b, *s);
		}
	}
	buf_putc(b, end);
}

static void
pack_row(struct buf *b, const char *id, const char *name, const char *more, bool folder)
{
	put_field(b, id, '\t');
	put_field(b, name, '\t');
	put_field(b, more, '\t');
	buf_puts(b, folder ? "f\n" : "d\n");
}

/* Takes a field off the text at *s, in place. */
static char *
unpack_field(char **s, char end)
{
	char *field = *s, *to = field, *p = field;

	for (; *p && *p != end; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			*to++ = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p;
		} else {
			*to++ = *p;
		}
	}
	*s = *p ? p + 1 : p;
	*to = '\0';
	return field;
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct on_demand_row *)a)->id, ((const struct on_demand_row *)b)->id);
}

static int
unpack(const char *packed, size_t len, int64_t asked, struct answer **out)
{
	size_t n = 0, i = 0;

	for (size_t k = 0; k < len; k++)
		n += packed[k] == '\n';
	struct answer *a = malloc(sizeof(*a) + n * sizeof(a->rows[0]) + len + 1);
	if (!a)
		return -ENOMEM;
	char *s = (char *)&a->rows[n];
	if (len > 0)
		memcpy(s, packed, len);
	s[len] = '\0';
	for (; *s && i < n; i++) {
		struct on_demand_row *row = &a->rows[i];

		snprintf(row->id, sizeof(row->id), "%.18s", unpack_field(&s, '\t'));
		row->name = unpack_field(&s, '\t');
		row->more = unpack_field(&s, '\t');
		row->folder = *unpack_field(&s, '\n') == 'f';
	}
	qsort(a->rows, i, sizeof(a->rows[0]), by_id);
	a->a = (struct on_demand_answer){ .asked = asked, .count = i, .rows = a->rows };
	a->users = 1;
	*out = a;
	return 0;
}

void
on_demand_put(const struct on_demand_answer *a)
{
	struct answer *answer = (struct answer *)(uintptr_t)a;

	if (answer && --answer->users == 0)
		free(answer);
}

const struct on_demand_row *
on_demand_find(const struct on_demand_answer *a, const char *id)
{
	struct on_demand_row key = { 0 };

	snprintf(key.id, sizeof(key.id), "%s", id);
	return bsearch(&key, a->rows, a->count, sizeof(key), by_id);
}

/*
 * Asking: each function writes the rows of an answer, or says why there is none.
 */

struct asking {
	struct on_demand	*demand;
	const char	*subject;
	int64_t		 asked;
	struct buf	 rows;
	size_t		 count;
	/* the page under way */
	bool		 begun;		/* its transaction is open */
	/* of records */
	const char	*name;		/* what they must be called */
	size_t		 reserve;	/* bytes of a name that are for an Id */
};

static void
add_row(struct asking *a, const char *id, const char *name, const char *more, bool folder)
{
	pack_row(&a->rows, id, name, more, folder);
	a->count++;
}

static int
take_row(void *ctx, const struct rest_row *row)
{
	struct asking *a = ctx;

	add_row(a, row->id, row->name, row->more, row->folder);
	return a->rows.failed ? -ENOMEM : 0;
}

static int
begin_once(struct asking *a)
{
	int rc = a->begun ? 0 : catalogue_begin(a->demand->catalogue);

	a->begun |= rc == 0;
	return rc;
}

static int
end_batch(void *ctx, int rc, const struct rest_page *page)
{
	struct asking *a = ctx;
	struct on_demand *d = a->demand;

	(void)page;
	if (a->begun && rc == 0)
		rc = catalogue_commit(d->catalogue, d->changed, d->ctx);
	else if (a->begun)
		catalogue_rollback(d->catalogue);
	a->begun = false;
	return rc;
}

static void
key_of(enum on_demand_kind kind, const char *subject, struct buf *b);

/* What the refresh keeps current is left as it is; the others are now as current as this answer. */
static int
take_document(void *ctx, const struct document *found)
{
	struct asking *a = ctx;
	struct on_demand *d = a->demand;
	struct name names[NAME_CANDIDATES];
	struct document doc = *found, known = { 0 };
	struct buf key = BUF_INIT, row = BUF_INIT;

	if (doc.is_deleted || (doc.is_archived && !d->o.archived))
		return 0;
	add_row(a, doc.id, "", "", false);
	bool listed = catalogue_by_id(d->catalogue, doc.id, &known) == 0 && known.listed;
	document_free(&known);
	if (listed)
		return a->rows.failed ? -ENOMEM : 0;
	doc.key = name_key(doc.id);
	doc.version_key = name_key(doc.version_id);
	name_candidates(doc.title, doc.file_extension, doc.id, d->o.names, names);
	int rc = begin_once(a);
	if (rc == 0)
		rc = catalogue_put_unlisted(d->catalogue, &doc, names[NAME_CANDIDATES - 1].s);
	key_of(ON_DEMAND_DOCUMENT, doc.id, &key);
	pack_row(&row, doc.id, "", "", false);
	if (rc == 0)
		rc = a->rows.failed || key.failed || row.failed ? -ENOMEM :
		    catalogue_put_answer(d->catalogue, buf_str(&key), row.data, row.len, a->asked);
	buf_free(&key);
	buf_free(&row);
	return rc;
}

/* A document that is gone, or archived where those are not asked for; one that is listed is the
 * refresh's. */
static int
forget_document(struct asking *a, const char *id)
{
	struct document d;
	int rc = catalogue_by_id(a->demand->catalogue, id, &d);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	bool listed = d.listed;
	document_free(&d);
	if (listed)
		return 0;
	rc = begin_once(a);
	if (rc == 0)
		rc = catalogue_remove(a->demand->catalogue, id, a->demand->o.archived);
	return end_batch(a, rc, NULL);
}

static int
ask_document(struct asking *a)
{
	char id[1][19];

	snprintf(id[0], sizeof(id[0]), "%s", a->subject);
	int rc = rest_documents(a->demand->rest,
	    &(struct rest_query){ .since = -1, .ids = (const char (*)[19])id, .id_count = 1,
		.archived = a->demand->o.archived },
	    take_document, end_batch, a);
	return rc == 0 && a->count == 0 ? forget_document(a, id[0]) : rc;
}

static int
ask_links(struct asking *a)
{
	return rest_documents(a->demand->rest,
	    &(struct rest_query){ .source = REST_LINKED, .since = -1, .linked_to = a->subject },
	    take_document, end_batch, a);
}

static int
ask_versions(struct asking *a)
{
	char id[1][19];

	snprintf(id[0], sizeof(id[0]), "%s", a->subject);
	add_row(a, id[0], "", "", false);
	return versions_fetch(
	    a->demand->rest, a->demand->catalogue, (const char(*)[19])id, 1);
}

static int
ask_object(struct asking *a)
{
	char field[64];
	int rc = rest_name_field(a->demand->rest, a->subject, field);

	if (rc == 0)
		add_row(a, "", field, "", false);
	return rc == -ENOENT ? 0 : rc;
}

static int
take_record(void *ctx, const struct rest_row *row)
{
	struct asking *a = ctx;
	const struct on_demand_options *o = &a->demand->o;
	name_hash *hash = name_hash_of(o->names);
	struct name safe;

	name_safe(row->name, o->names, a->reserve, &safe);
	return hash(safe.s) == hash(a->name) ? take_row(ctx, row) : 0;
}

/* A name that ends in ` (Id)` is that of one record. */
static bool
split_id(char *name, char id[19])
{
	size_t len = strlen(name);
	char *open = len > 0 && name[len - 1] == ')' ? strrchr(name, '(') : NULL;

	if (!open || open - name < 2 || open[-1] != ' ')
		return false;
	name[len - 1] = '\0';
	bool is_id = name_id(open + 1, id);
	name[len - 1] = ')';
	if (is_id)
		open[-1] = '\0';
	return is_id;
}

static void
tell_namesakes(struct asking *a, const char *name)
{
	struct answer *answer;
	struct buf list = BUF_INIT;

	if (unpack(buf_str(&a->rows), a->rows.len, 0, &answer) < 0)
		return;
	for (size_t i = 0; i < answer->a.count && i < NAMED_MOST; i++)
		buf_printf(&list, "%s%s (%s)", i ? ", " : "", name, answer->a.rows[i].id);
	if (answer->a.count > NAMED_MOST)
		buf_puts(&list, " ...");
	log_warn("records", "%s: %zu records have this name; say which: %s", a->subject,
	    answer->a.count, buf_str(&list));
	buf_free(&list);
	on_demand_put(&answer->a);
}

static int ask_now(struct on_demand *, enum on_demand_kind, const char *subject,
    const struct on_demand_answer **out);

static int
ask_record(struct asking *a)
{
	const struct on_demand_answer *object = NULL;
	char *copy = strdup(a->subject), id[19];
	char *name = copy ? strchr(copy, '/') : NULL;
	int rc = name ? 0 : -ENOMEM;

	if (rc == 0) {
		*name++ = '\0';
		rc = ask_now(a->demand, ON_DEMAND_OBJECT, copy, &object);
	}
	if (rc == 0 && object->count > 0 && *object->rows->name) {
		bool one = split_id(name, id);

		a->name = name;
		a->reserve = one ? ID_SUFFIX : 0;
		rc = rest_records(a->demand->rest, copy, object->rows->name, one ? id : NULL,
		    one ? NULL : name, take_record, a);
		if (rc == 0 && a->count > 1)
			tell_namesakes(a, name);
	}
	on_demand_put(object);
	free(copy);
	return rc;
}

static int
take_library(void *ctx, const struct rest_row *row)
{
	struct asking *a = ctx;

	add_row(a, row->id, row->name, row->more, true);
	return a->rows.failed ? -ENOMEM : 0;
}

/* Libraries that documents name and the user does not see: it is known of them that they are none
 * of his. */
static int
add_strangers(struct asking *a)
{
	struct answer *mine;
	char id[19] = "";
	int rc = unpack(buf_str(&a->rows), a->rows.len, 0, &mine);

	if (rc < 0)
		return rc;
	while ((rc = catalogue_next_parent(a->demand->catalogue, id, id)) == 0)
		if (!on_demand_find(&mine->a, id))
			add_row(a, id, "", "", false);
	on_demand_put(&mine->a);
	return rc == -ENOENT ? 0 : rc;
}

static int
ask_reach(struct asking *a)
{
	int all_files = -1;
	int rc = rest_reach(a->demand->rest, &all_files, take_library, a);

	if (rc == 0)
		rc = add_strangers(a);
	if (rc == 0 && all_files >= 0)
		add_row(a, "", all_files ? "all" : "own", "", false);
	return rc;
}

static int
ask_folder(struct asking *a)
{
	return rest_folder(a->demand->rest, a->subject, take_row, a);
}

static int
ask_storage(struct asking *a)
{
	char most[24], left[24];
	int64_t n, m;
	int rc = rest_storage(a->demand->rest, &n, &m);

	if (rc == 0) {
		snprintf(most, sizeof(most), "%lld", (long long)n);
		snprintf(left, sizeof(left), "%lld", (long long)m);
		add_row(a, "", most, left, false);
	}
	return rc == -ENOENT || rc == -EACCES ? 0 : rc;
}

static const struct {
	const char	*name;
	int		(*ask)(struct asking *);
	int64_t		 fresh;		/* ms; 0: always stale, -1: `refresh` says */
} kinds[] = {
	[ON_DEMAND_DOCUMENT] =	{ "document",	ask_document,	-1 },
	[ON_DEMAND_OBJECT] =	{ "object",	ask_object,	7 * DAY },
	[ON_DEMAND_RECORD] =	{ "record",	ask_record,	-1 },
	[ON_DEMAND_LINKS] =	{ "links",	ask_links,	-1 },
	[ON_DEMAND_VERSIONS] =	{ "versions",	ask_versions,	0 },
	[ON_DEMAND_REACH] =	{ "reach",	ask_reach,	7 * DAY },
	[ON_DEMAND_FOLDER] =	{ "folder",	ask_folder,	-1 },
	[ON_DEMAND_STORAGE] =	{ "storage",	ask_storage,	DAY },
};

static void
key_of(enum on_demand_kind kind, const char *subject, struct buf *b)
{
	buf_printf(b, "%s/%s", kinds[kind].name, subject);
}

/* Asks, and keeps the answer. Blocks. */
static int
ask(struct on_demand *d, enum on_demand_kind kind, const char *subject, struct answer **out)
{
	struct asking a = {
		.demand = d, .subject = subject, .asked = on_demand_now(), .rows = BUF_INIT
	};
	struct buf key = BUF_INIT;
	int rc = kinds[kind].ask(&a);

	key_of(kind, subject, &key);
	if (rc == 0 && (a.rows.failed || key.failed))
		rc = -ENOMEM;
	if (rc == 0)
		rc = unpack(buf_str(&a.rows), a.rows.len, a.asked, out);
	if (rc == 0)
		catalogue_put_answer(
		    d->catalogue, buf_str(&key), buf_str(&a.rows), a.rows.len, a.asked);
	buf_free(&a.rows);
	buf_free(&key);
	return rc;
}

/*
 * Questions.
 */

/* Caller locks. fresh: as in kinds. */
static bool
is_fresh(const struct on_demand *d, int64_t fresh, const struct answer *a, int64_t since)
{
	const int64_t now = on_demand_now();

	if (!a || a->a.asked > now)
		return false;
	if (a->a.asked >= since)
		return true;
	if (fresh == 0)
		return false;
	/* That there is nothing is not believed for long. */
	return fresh > 0 && a->a.count > 0 ? now - a->a.asked < fresh :
	    a->a.asked >= d->expired && now - a->a.asked < (int64_t)d->o.refresh * 1000;
}

/* The answer that an earlier look, an earlier mount or another mount has got, if it is newer than
 * the one in memory. Caller locks. */
static void
recall(struct question *q)
{
	struct buf key = BUF_INIT;
	struct answer *a = NULL;
	void *packed = NULL;
	int64_t asked;
	size_t len;

	key_of(q->kind, q->subject, &key);
	if (!key.failed &&
	    catalogue_answer(q->owner->catalogue, buf_str(&key), &packed, &len, &asked) == 0 &&
	    asked >= q->owner->born && (!q->answer || asked > q->answer->a.asked) &&
	    unpack(packed, len, asked, &a) == 0) {
		if (q->answer)
			on_demand_put(&q->answer->a);
		q->answer = a;
	}
	free(packed);
	buf_free(&key);
}

static struct question *
question_of(struct job *job)
{
	return (struct question *)((char *)job - offsetof(struct question, task.job));
}

static void
end_question(struct question *q, int rc, struct answer *answer)
{
	struct on_demand *d = q->owner;
	struct answer *old = NULL;

	pthread_mutex_lock(&d->lock);
	q->users++;		/* for the wake */
	if (rc == 0) {
		old = q->answer;
		q->answer = answer;
	}
	q->rc = rc;
	q->failed = rc < 0 && rc != -EINTR ? on_demand_now() : -1;
	pthread_mutex_unlock(&d->lock);
	on_demand_put(old ? &old->a : NULL);
	task_end(&q->task, &d->lock, rc);
	pthread_mutex_lock(&d->lock);
	q->users--;
	pthread_mutex_unlock(&d->lock);
}

static void
run_question(struct job *job)
{
	struct question *q = question_of(job);
	struct answer *answer = NULL;
	int rc = ask(q->owner, q->kind, q->subject, &answer);

	end_question(q, rc, answer);
}

static void
drop_question(struct job *job)
{
	end_question(question_of(job), -EINTR, NULL);
}

static void
free_question(struct question *q)
{
	if (q->answer)
		on_demand_put(&q->answer->a);
	free(q->subject);
	free(q);
}

static struct question *
new_question(struct on_demand *d, enum on_demand_kind kind, const char *subject)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!q || !(q->subject = strdup(subject))) {
		free(q);
		return NULL;
	}
	q->owner = d;
	q->kind = kind;
	q->failed = -1;
	q->task.job = (struct job){ .run = run_question, .drop = drop_question };
	return q;
}

/* Caller locks. The question, in front of those that were used lately; the last is forgotten if
 * they are too many. */
static struct question *
find_question(struct on_demand *d, enum on_demand_kind kind, const char *subject)
{
	struct question **at = &d->first, *q;
	unsigned n = 0;

	while (*at && ((*at)->kind != kind || strcmp((*at)->subject, subject) != 0))
		at = &(*at)->next;
	q = *at;
	if (q)
		*at = q->next;
	else if (!(q = new_question(d, kind, subject)))
		return NULL;
	q->next = d->first;
	d->first = q;
	for (struct question **p = &q->next; *p;) {
		struct question *old = *p;

		if (++n >= KEPT && !old->users && !old->task.running) {
			*p = old->next;
			free_question(old);
		} else {
			p = &old->next;
		}
	}
	return q;
}

/* Whether the last answer may serve in place of one that could not be had. */
static bool
may_serve(const struct on_demand *d, int rc)
{
	return !d->o.fail_offline && rc != -EACCES && rc != -EINTR && rc != -EAGAIN &&
	    rc != -ENOMEM;
}

/* Caller locks. As on_demand_get, but that an answer which serves is in the question when it is 0.
 */
static int
need(struct on_demand *d, struct question *q, int64_t fresh, int64_t since, struct wait *w)
{
	if (!is_fresh(d, fresh, q->answer, since))
		recall(q);
	if (is_fresh(d, fresh, q->answer, since))
		return 0;
	int64_t now = on_demand_now();
	int rc = q->rc;
	if (q->failed < 0 || q->failed < d->expired || q->failed > now ||
	    now - q->failed >= RETRY) {
		q->task.made = false;
		rc = task_need(&q->task, d->pool, w);
		if (rc == 0 && w && q->answer->a.asked < d->expired) {
			w->ticket = 0;		/* it was on its way when all became stale */
			rc = task_need(&q->task, d->pool, w);
		}
	}
	return rc < 0 && q->answer && may_serve(d, rc) ? 0 : rc;
}

static int
get(struct on_demand *d, enum on_demand_kind kind, const char *subject, int64_t fresh,
    int64_t since, struct wait *w, const struct on_demand_answer **out)
{
	int rc = -ENOMEM;

	pthread_mutex_lock(&d->lock);
	struct question *q = find_question(d, kind, subject);
	if (q)
		rc = need(d, q, fresh, since, w);
	if (rc == 0) {
		q->answer->users++;
		*out = &q->answer->a;
	}
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
on_demand_get(struct on_demand *d, enum on_demand_kind kind, const char *subject, int64_t since,
    struct wait *w, const struct on_demand_answer **out)
{
	return get(d, kind, subject, kinds[kind].fresh, since, w, out);
}

int
on_demand_get_missing(struct on_demand *d, enum on_demand_kind kind, const char *subject,
    int64_t since, struct wait *w, const struct on_demand_answer **out)
{
	return get(d, kind, subject, -1, since, w, out);
}

void
on_demand_renew(struct on_demand *d, enum on_demand_kind kind, const char *subject)
{
	const int64_t now = on_demand_now();
	const struct on_demand_answer *a;
	struct wait_thread t;
	int rc;

	wait_thread_init(&t);
	while ((rc = get(d, kind, subject, 0, now, &t.wait, &a)) == -EAGAIN)
		wait_thread_sleep(&t);
	if (rc == 0)
		on_demand_put(a);
}

int
on_demand_known(struct on_demand *d, enum on_demand_kind kind, const char *subject,
    const struct on_demand_answer **out)
{
	int rc = -ENOMEM;

	pthread_mutex_lock(&d->lock);
	struct question *q = find_question(d, kind, subject);
	if (q && !q->answer)
		recall(q);
	if (q)
		rc = q->answer ? 0 : -ENOENT;
	if (rc == 0) {
		q->answer->users++;
		*out = &q->answer->a;
	}
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
on_demand_prepare(struct on_demand *d)
{
	static const enum on_demand_kind first[2] = { ON_DEMAND_REACH, ON_DEMAND_STORAGE };
	const struct on_demand_answer *a[2];
	struct wait_thread t[2];
	int rc[2];

	for (int i = 0; i < 2; i++) {
		wait_thread_init(&t[i]);
		rc[i] = on_demand_get(d, first[i], "", INT64_MAX, &t[i].wait, &a[i]);
	}
	for (int i = 0; i < 2; i++) {
		while (rc[i] == -EAGAIN) {
			wait_thread_sleep(&t[i]);
			rc[i] = on_demand_get(d, first[i], "", INT64_MAX, &t[i].wait, &a[i]);
		}
		if (rc[i] == 0)
			on_demand_put(a[i]);
	}
	return rc[0] == -EINTR || rc[1] == -EINTR ? -EINTR : 0;
}

int
on_demand_sees_all_files(struct on_demand *d)
{
	const struct on_demand_answer *a;
	int all = -1;

	if (on_demand_known(d, ON_DEMAND_REACH, "", &a) == 0) {
		const struct on_demand_row *row = on_demand_find(a, "");

		if (row)
			all = strcmp(row->name, "all") == 0;
		on_demand_put(a);
	}
	return all;
}

/* For a question that another one needs: blocks, and is not asked again while its answer is fresh.
 */
static int
ask_now(struct on_demand *d, enum on_demand_kind kind, const char *subject,
    const struct on_demand_answer **out)
{
	struct answer *answer = NULL;

	if (on_demand_get(d, kind, subject, INT64_MAX, NULL, out) == 0)
		return 0;
	int rc = ask(d, kind, subject, &answer);
	if (rc == 0)
		*out = &answer->a;
	return rc;
}

/*
 * The whole.
 */

void
on_demand_expire(struct on_demand *d)
{
	pthread_mutex_lock(&d->lock);
	d->expired = on_demand_now();
	pthread_mutex_unlock(&d->lock);
}

static void
ignore_change(void *ctx, const struct catalogue_change *change)
{
	(void)ctx, (void)change;
}

void
on_demand_on_change(struct on_demand *d, catalogue_changed *changed, void *ctx)
{
	d->changed = changed;
	d->ctx = ctx;
}

int
on_demand_open(struct rest *rest, struct catalogue *catalogue, const struct on_demand_options *o,
    struct on_demand **out)
{
	struct on_demand *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	int rc = pool_open("sffs-demand", THREADS, &d->pool);
	if (rc < 0) {
		free(d);
		return rc;
	}
	d->rest = rest;
	d->catalogue = catalogue;
	d->o = *o;
	d->changed = ignore_change;
	char *born = NULL;
	if (catalogue_state(catalogue, "born", &born) == 0)
		d->born = strtoll(born, NULL, 10);
	free(born);
	pthread_mutex_init(&d->lock, NULL);
	*out = d;
	return 0;
}

void
on_demand_stop(struct on_demand *d)
{
	pthread_mutex_lock(&d->lock);
	struct pool *pool = d->pool;
	d->pool = NULL;
	pthread_mutex_unlock(&d->lock);
	pool_close(pool);
}

void
on_demand_close(struct on_demand *d)
{
	if (!d)
		return;
	pool_close(d->pool);
	while (d->first) {
		struct question *q = d->first;

		d->first = q->next;
		free_question(q);
	}
	pthread_mutex_destroy(&d->lock);
	free(d);
}

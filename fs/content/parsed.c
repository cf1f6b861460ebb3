#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/fnv.h"
#include "fs/catalogue/catalogue.h"
#include "fs/catalogue/findings.h"
#include "fs/store/store.h"

#include "column_names.h"
#include "note.h"

#include "parsed.h"

#define KEPT		32	/* results in memory, at most, */
#define KEPT_BYTES	(4u << 20)	/* and bytes that these take in the catalogue */
#define THREADS		2
#define KEEP_ERROR	1000	/* ms, so that an ls of all views of a document is one try */
#define NOTE_MOST	(16 << 20)	/* bytes of HTML, which is converted in memory */

struct parsed {
	struct store	*store;
	struct rest	*rest;
	struct catalogue *catalogue;
	struct parsed_options o;
	char		 maker[40];

	/* guards: all below; of each result columns, users, next and the task */
	pthread_mutex_t	 lock;
	struct pool	*pool;		/* NULL once stopped */
	struct parsed_result *first;	/* the most recently used */
};

/*
 * Making.
 */

static const char *
maker_of(const struct parsed_result *r)
{
	return r->download.note ? NOTE_RENDERER : r->owner->maker;
}

static int
make_survey(struct parsed_result *r, struct buf *packed)
{
	struct view_options o = r->owner->o.view;

	if (!o.delimiter && r->download.tabs)
		o.delimiter = '\t';
	int rc = view_survey(&(struct view_source){ blob_read, r->source, r->download.size },
	    &o, &r->survey);
	if (rc == 0 && view_survey_pack(r->survey, packed) < 0)
		packed->len = 0;		/* it is not kept, but serves */
	return rc;
}

static int
make_text(struct parsed_result *r, struct buf *text)
{
	struct buf html = BUF_INIT;
	size_t size = (size_t)r->download.size;
	int rc = size > NOTE_MOST ? -EOPNOTSUPP : buf_reserve(&html, size) ? 0 : -ENOMEM;

	while (rc == 0 && html.len < size) {
		ssize_t n = blob_read(r->source, html.data + html.len, size - html.len, html.len);

		if (n > 0)
			html.len += (size_t)n;
		else
			rc = n < 0 ? (int)n : -EIO;
	}
	if (rc == 0)
		note_put_text(text, buf_str(&html), html.len);
	buf_free(&html);
	return rc < 0 ? rc : text->failed ? -ENOMEM : 0;
}

static int
make_result(struct parsed_result *r)
{
	struct catalogue *c = r->owner->catalogue;
	struct buf b = BUF_INIT;
	int rc = r->download.note ? make_text(r, &b) : make_survey(r, &b);

	if (rc == 0 && (b.len > 0 || r->download.note) && catalogue_begin(c) == 0)
		catalogue_end(c,
		    findings_put_survey(c, r->download.name.s, maker_of(r), buf_str(&b), b.len));
	r->bytes = b.len;
	if (rc == 0 && r->download.note)
		r->text = b;
	else
		buf_free(&b);
	return rc;
}

static void
end_parse(struct parsed_result *r, int rc)
{
	struct parsed *p = r->owner;

	blob_put(r->source);
	r->source = NULL;
	pthread_mutex_lock(&p->lock);
	r->users++;		/* it must stay while task_end wakes those who wait */
	pthread_mutex_unlock(&p->lock);
	task_end(&r->task, &p->lock, rc);
	parsed_put(r);
}

static struct parsed_result *
result_of(struct job *job)
{
	return CONTAINER_OF(job, struct parsed_result, task.job);
}

/*
 * If nobody waits for the result any more, the task is as if it had not begun, and r may be gone.
 */
static bool
leave_if_deserted(struct parsed_result *r)
{
	struct parsed *p = r->owner;
	struct blob *source = NULL;

	pthread_mutex_lock(&p->lock);
	const bool deserted = !wait_any(&r->task.waiting);
	if (deserted) {
		source = r->source;
		r->source = NULL;
		r->task.running = false;
	}
	pthread_mutex_unlock(&p->lock);
	blob_put(source);
	return deserted;
}

static void
on_whole(struct wait *w)
{
	struct parsed_result *r = CONTAINER_OF(w, struct parsed_result, whole);
	struct parsed *p = r->owner;

	pthread_mutex_lock(&p->lock);
	bool stopped = !p->pool;
	if (!stopped)
		pool_add(p->pool, &r->task.job);
	pthread_mutex_unlock(&p->lock);
	if (stopped)
		end_parse(r, -EINTR);
}

/* Gives the thread back until the source is whole: its last byte is there only then. */
static void
run_parse(struct job *job)
{
	struct parsed_result *r = result_of(job);
	ssize_t rc = 0;

	if (leave_if_deserted(r))
		return;
	if (!r->source)
		rc = download_open(r->owner->store, r->owner->rest, &r->download, &r->source);
	if (rc == 0)
		rc = blob_ready(r->source, r->download.size - 1, 1, &r->whole);
	if (rc == -EAGAIN)
		return;			/* it may run in another thread by now */
	if (rc == -EINTR)		/* all have left, but others may have come; or it ends */
		on_whole(&r->whole);
	else
		end_parse(r, rc < 0 ? (int)rc : make_result(r));
}

static void
drop_parse(struct job *job)
{
	end_parse(result_of(job), -EINTR);
}

/*
 * Results in memory.
 */

static void
free_result(struct parsed_result *r)
{
	if (!r)
		return;
	view_survey_free(r->survey);
	column_names_free(r->columns);
	buf_free(&r->text);
	free(r);
}

/* With what the catalogue has kept of it. */
static struct parsed_result *
new_result(struct parsed *p, const struct download *d)
{
	struct parsed_result *r = calloc(1, sizeof(*r));
	void *kept = NULL;
	int64_t never;
	size_t n;

	if (!r)
		return NULL;
	*r = (struct parsed_result){ .owner = p, .download = *d,
		.whole = { .ready = on_whole, .those = &r->task.waiting },
		.task = { .waiting.for_them = &r->whole,
		    .job = { .run = run_parse, .drop = drop_parse },
		    .keep_error = d->note ? 0 : KEEP_ERROR } };
	if (findings_get(p->catalogue, d->name.s, maker_of(r), &kept, &n, &never) < 0)
		return r;
	r->bytes = n;
	if (d->note)
		buf_put(&r->text, kept, n);
	r->task.made = d->note ? !r->text.failed : view_survey_unpack(kept, n, &r->survey) == 0;
	free(kept);
	return r;
}

/* Caller locks. A task that runs sets them without the lock. */
static size_t
bytes_of(const struct parsed_result *r)
{
	return r->task.running ? 0 : r->bytes;
}

/* Caller locks. Puts r first, and forgets the last ones if there are too many. */
static void
put_first(struct parsed *p, struct parsed_result *r)
{
	size_t n = 1, bytes = bytes_of(r);

	r->next = p->first;
	p->first = r;
	for (struct parsed_result **at = &r->next; *at;) {
		struct parsed_result *old = *at;

		bytes += bytes_of(old);
		if ((++n > KEPT || bytes > KEPT_BYTES) && !old->users && !old->task.running) {
			bytes -= bytes_of(old);
			*at = old->next;
			free_result(old);
		} else {
			at = &old->next;
		}
	}
}

/* Caller locks. Takes the result of that content out of the list. NULL: it is not there. */
static struct parsed_result *
take_result(struct parsed *p, const char *content)
{
	for (struct parsed_result **at = &p->first; *at; at = &(*at)->next) {
		struct parsed_result *r = *at;

		if (strcmp(r->download.name.s, content) == 0) {
			*at = r->next;
			return r;
		}
	}
	return NULL;
}

int
parsed_get(struct parsed *p, const struct download *d, struct wait *w, struct parsed_result **out)
{
	struct parsed_result *new = NULL;
	int rc = -ENOMEM;

	pthread_mutex_lock(&p->lock);
	struct parsed_result *r = take_result(p, d->name.s);
	if (!r) {
		pthread_mutex_unlock(&p->lock);
		new = new_result(p, d);
		pthread_mutex_lock(&p->lock);
		if (!(r = take_result(p, d->name.s))) {	/* nobody else was faster */
			r = new;
			new = NULL;
		}
	}
	if (r) {
		put_first(p, r);
		rc = task_need(&r->task, p->pool, w);
	}
	if (rc == 0) {
		r->users++;
		*out = r;
	}
	pthread_mutex_unlock(&p->lock);
	free_result(new);
	return rc;
}

void
parsed_put(struct parsed_result *r)
{
	struct parsed *p = r->owner;

	pthread_mutex_lock(&p->lock);
	r->users--;
	pthread_mutex_unlock(&p->lock);
}

/* Makes the names without the lock, which all results share: there may be a million columns. */
int
parsed_columns(struct parsed_result *r, const struct column_names **out)
{
	struct parsed *p = r->owner;
	struct column_names *made = NULL;

	pthread_mutex_lock(&p->lock);
	bool there = r->columns;
	pthread_mutex_unlock(&p->lock);
	int rc = there ? 0 : column_names_new(r->survey, p->o.names, &made);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&p->lock);
	if (!r->columns) {
		r->columns = made;
		made = NULL;
	}
	*out = r->columns;
	pthread_mutex_unlock(&p->lock);
	column_names_free(made);	/* another thread was faster */
	return 0;
}

void
parsed_use(const struct parsed_result *r)
{
	findings_use_survey(r->owner->catalogue, r->download.name.s, maker_of(r));
}

const char *
parsed_maker(const struct parsed *p)
{
	return p->maker;
}

/* Only tells apart the few sets of options that one cache ever sees. */
static uint64_t
hash_options(const struct view_options *o)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %d %llu %d", o->encoding ? o->encoding : "", o->delimiter,
	    (unsigned long long)o->max_field, o->strict);
	return fnv_add(FNV_NONE, text, strlen(text));
}

int
parsed_open(struct store *store, struct rest *rest, struct catalogue *catalogue,
    const struct parsed_options *o, struct parsed **out)
{
	if (view_check_options(&o->view) < 0)	/* the config has checked them */
		return -EINVAL;
	struct parsed *p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct parsed){ .store = store, .rest = rest,
		.catalogue = catalogue, .o = *o };
	int rc = pool_open("sffs-parse", THREADS, &p->pool);
	if (rc < 0) {
		free(p);
		return rc;
	}
	pthread_mutex_init(&p->lock, NULL);
	snprintf(p->maker, sizeof(p->maker), "%s-%016llx", VIEW_RENDERER,
	    (unsigned long long)hash_options(&o->view));
	*out = p;
	return 0;
}

void
parsed_stop(struct parsed *p)
{
	pool_stop(&p->pool, &p->lock);
}

void
parsed_close(struct parsed *p)
{
	if (!p)
		return;
	pool_close(p->pool);
	while (p->first) {
		struct parsed_result *r = p->first;

		p->first = r->next;
		free_result(r);
	}
	pthread_mutex_destroy(&p->lock);
	free(p);
}

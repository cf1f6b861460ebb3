#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/fnv.h"
#include "auth/log.h"
#include "fs/catalogue/catalogue.h"
#include "column_names.h"
#include "note.h"
#include "fs/async/pool.h"
#include "fs/store/store.h"
#include "fs/async/task.h"

#include "parsed.h"

#define KEPT		32	/* in memory */
#define THREADS		2
#define KEEP_ERROR	1000	/* ms: as long as one ls of what is made of a version may take */
#define NOTE_MOST	(16 << 20)	/* bytes of HTML: it is made a text in memory */

struct survey {
	struct parsed	*owner;
	struct download	 version;
	struct task	 task;
	struct view_survey *view;	/* once task.made, unless it is a note */
	struct buf	 text;		/* once task.made, of a note */
	struct column_names *columns;	/* NULL: nobody has asked */
	unsigned	 users;
	struct survey	*next;		/* less recently used */
};

struct parsed {
	struct store	*store;
	struct rest	*rest;
	struct catalogue *catalogue;
	struct parsed_options o;
	char		 maker[40];

	pthread_mutex_t
	    lock; /* guards: all below, and of each survey what is not there once and for all */
	struct pool	*pool;		/* NULL once stopped */
	struct survey	*first;		/* the most recently used */
};

/*
 * What they make.
 */

static ssize_t
read_blob(void *ctx, void *p, size_t n, uint64_t off)
{
	return blob_read(ctx, p, n, off);
}

static int
make_survey(struct survey *s)
{
	struct parsed *ss = s->owner;
	struct view_options o = ss->o.view;
	struct buf packed = BUF_INIT;
	struct blob *blob = NULL;
	int rc = download_open(ss->store, ss->rest, &s->version, &blob);

	if (rc < 0)
		return rc;
	if (!o.delimiter && s->version.tabs)
		o.delimiter = '\t';
	rc = view_survey(&(struct view_source){ read_blob, blob, s->version.size }, &o, &s->view);
	if (rc == 0 && view_survey_pack(s->view, &packed) == 0)
		catalogue_put_survey(
		    ss->catalogue, s->version.id, ss->maker, packed.data, packed.len);
	buf_free(&packed);
	blob_put(blob);
	return rc;
}

static int
put_note(struct blob *blob, uint64_t size, struct buf *text)
{
	struct buf html = BUF_INIT;
	int rc = size > NOTE_MOST ? -EOPNOTSUPP : buf_reserve(&html, size) ? 0 : -ENOMEM;

	while (rc == 0 && html.len < size) {
		ssize_t n = blob_read(blob, html.data + html.len, size - html.len, html.len);

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

void
survey_use(const struct survey *s)
{
	struct parsed *ss = s->owner;

	catalogue_use_survey(ss->catalogue, s->version.id, ss->maker);
}

static int
make_note(struct survey *s)
{
	struct parsed *ss = s->owner;
	struct buf text = BUF_INIT;
	struct blob *blob = NULL;
	int rc = download_open(ss->store, ss->rest, &s->version, &blob);

	if (rc < 0)
		return rc;
	rc = put_note(blob, s->version.size, &text);
	if (rc == 0) {
		catalogue_put_survey(
		    ss->catalogue, s->version.id, NOTE_RENDERER, buf_str(&text), text.len);
		s->text = text;
		text = (struct buf)BUF_INIT;
	}
	buf_free(&text);
	blob_put(blob);
	return rc;
}

/* The survey stays while it is woken for: a task is part of it. */
static void
end_task(struct survey *s, int rc)
{
	struct parsed *ss = s->owner;

	pthread_mutex_lock(&ss->lock);
	s->users++;
	pthread_mutex_unlock(&ss->lock);
	task_end(&s->task, &ss->lock, rc);
	survey_put(s);
}

static struct survey *
survey_of(struct job *job)
{
	return (struct survey *)((char *)job - offsetof(struct survey, task.job));
}

static void
run_survey(struct job *job)
{
	struct survey *s = survey_of(job);

	end_task(s, s->version.note ? make_note(s) : make_survey(s));
}

static void
drop_survey(struct job *job)
{
	end_task(survey_of(job), -EINTR);
}

/* What an earlier look, or an earlier mount, has found. */
static void
recall(struct survey *s)
{
	struct parsed *ss = s->owner;
	void *p = NULL;
	size_t n;

	const char *maker = s->version.note ? NOTE_RENDERER : ss->maker;
	if (catalogue_survey(ss->catalogue, s->version.id, maker, &p, &n) < 0)
		return;
	if (s->version.note)
		buf_put(&s->text, p, n);
	s->task.made = s->version.note ? !s->text.failed : view_survey_unpack(p, n, &s->view) == 0;
	free(p);
}

/*
 * Those used lately.
 */

static void
free_survey(struct survey *s)
{
	view_survey_free(s->view);
	column_names_free(s->columns);
	buf_free(&s->text);
	free(s);
}

static struct survey *
new_survey(struct parsed *ss, const struct download *v)
{
	struct survey *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->owner = ss;
	s->version = *v;
	const unsigned keep = v->note ? 0 : KEEP_ERROR;		/* of a note there is one text */
	s->task =
	    (struct task){ .job = { .run = run_survey, .drop = drop_survey }, .keep_error = keep };
	recall(s);
	return s;
}

/* Caller locks. Puts s in front of those that were used lately, and forgets the last if they are
 * too many. */
static void
use_survey(struct parsed *ss, struct survey *s)
{
	unsigned n = 0;

	s->next = ss->first;
	ss->first = s;
	for (struct survey **p = &s->next; *p;) {
		struct survey *old = *p;

		if (++n >= KEPT && !old->users && !old->task.running) {
			*p = old->next;
			free_survey(old);
		} else {
			p = &old->next;
		}
	}
}

/* Caller locks. Takes the survey of that version out of the list; NULL: it is not there. */
static struct survey *
take_survey(struct parsed *ss, const char *version_id)
{
	for (struct survey **p = &ss->first; *p; p = &(*p)->next) {
		struct survey *s = *p;

		if (strcmp(s->version.id, version_id) == 0) {
			*p = s->next;
			return s;
		}
	}
	return NULL;
}

/* With the survey, or the text of a note, made. */
static int
get_made(struct parsed *ss, const struct download *v, struct wait *w, struct survey **out)
{
	int rc = -ENOMEM;

	pthread_mutex_lock(&ss->lock);
	struct survey *s = take_survey(ss, v->id);
	if (s || (s = new_survey(ss, v))) {
		use_survey(ss, s);
		rc = task_need(&s->task, ss->pool, w);
	}
	if (rc == 0) {
		s->users++;
		*out = s;
	}
	pthread_mutex_unlock(&ss->lock);
	return rc;
}

int
parsed_get(struct parsed *ss, const struct download *v, struct wait *w, struct survey **out)
{
	return v->note ? -ENOENT : get_made(ss, v, w, out);
}

int
parsed_note(struct parsed *ss, const struct download *v, struct wait *w, struct survey **out)
{
	return v->note ? get_made(ss, v, w, out) : -ENOENT;
}

void
survey_put(struct survey *s)
{
	struct parsed *ss = s->owner;

	pthread_mutex_lock(&ss->lock);
	s->users--;
	pthread_mutex_unlock(&ss->lock);
}

const struct view_survey *
survey_view(const struct survey *s)
{
	return s->view;
}

const struct download *
survey_version(const struct survey *s)
{
	return &s->version;
}

/* Not under the lock, which all surveys share: there may be a million columns. */
int
survey_columns(struct survey *s, const struct column_names **out)
{
	struct parsed *ss = s->owner;
	struct column_names *made = NULL;

	pthread_mutex_lock(&ss->lock);
	bool there = s->columns;
	pthread_mutex_unlock(&ss->lock);
	int rc = there ? 0 : column_names_new(s->view, ss->o.names, &made);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&ss->lock);
	if (!s->columns) {
		s->columns = made;
		made = NULL;
	}
	*out = s->columns;
	pthread_mutex_unlock(&ss->lock);
	column_names_free(made);	/* another was quicker */
	return 0;
}

const char *
survey_note(const struct survey *s, size_t *len)
{
	*len = s->text.len;
	return s->text.data ? s->text.data : "";
}

const char *
parsed_maker(const struct parsed *ss)
{
	return ss->maker;
}

/* Two sets of options in one cache are all that it must tell apart. */
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
	struct parsed *ss = NULL;

	if (view_check_options(&o->view) < 0) {
		log_error("config",
		    "csv_encoding = %s: there is no such encoding; iconv -l lists them",
		    o->view.encoding);
		return -EINVAL;
	}
	ss = calloc(1, sizeof(*ss));
	if (!ss)
		return -ENOMEM;
	ss->store = store;
	ss->rest = rest;
	ss->catalogue = catalogue;
	ss->o = *o;
	snprintf(ss->maker, sizeof(ss->maker), "%s-%016llx", VIEW_RENDERER,
	    (unsigned long long)hash_options(&o->view));
	pthread_mutex_init(&ss->lock, NULL);
	int rc = pool_open("sffs-survey", THREADS, &ss->pool);
	if (rc < 0) {
		pthread_mutex_destroy(&ss->lock);
		free(ss);
		return rc;
	}
	*out = ss;
	return 0;
}

void
parsed_stop(struct parsed *ss)
{
	pthread_mutex_lock(&ss->lock);
	struct pool *pool = ss->pool;
	ss->pool = NULL;
	pthread_mutex_unlock(&ss->lock);
	pool_close(pool);
}

void
parsed_close(struct parsed *ss)
{
	if (!ss)
		return;
	pool_close(ss->pool);
	while (ss->first) {
		struct survey *s = ss->first;

		ss->first = s->next;
		free_survey(s);
	}
	pthread_mutex_destroy(&ss->lock);
	free(ss);
}

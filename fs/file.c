/*
 * A view is read through three steps, each done once per version and kept:
 * the version's bytes come into the store (a fetch), a survey finds the sizes
 * (a job here, its result in the catalogue), a render fills the view's blob.
 *
 * Surveys that were used lately are kept in memory, in order of use. One that
 * failed stays for FAILED_FOR seconds, so that all who waited get its error
 * and only then another try is made.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "auth/log.h"
#include "catalogue.h"
#include "pool.h"
#include "rest.h"
#include "store.h"

#include "file.h"

#define SURVEYS_KEPT	32
#define SURVEY_THREADS	2
#define FAILED_FOR	1	/* second */

static const struct {
	const char	*name;
	const char	*blob;		/* the end of its blob's name */
	enum view_kind	 kind;
	bool		 without_header;	/* the same blob, from behind its first line */
} views[] = {
	{ "header",     "header", VIEW_HEADER,     false },
	{ "table.tsv",  "tsv",    VIEW_TABLE_TSV,  false },
	{ "rows.tsv",   "tsv",    VIEW_TABLE_TSV,  true },
	{ "rows.jsonl", "jsonl",  VIEW_ROWS_JSONL, false },
	{ "table.csv",  "csv",    VIEW_TABLE_CSV,  false },
	{ "info.tsv",   "info",   VIEW_INFO,       false },
	{ "errors.tsv", "errors", VIEW_ERRORS,     false },
};

#define VIEWS (sizeof(views) / sizeof(views[0]))

/* What a fill or a survey needs of a document: a value, so that it outlives whoever asked. */
struct version {
	char		id[19];
	char		md5[33];	/* "" : the org gives none */
	uint64_t	size;
	bool		tabs;		/* by its extension, a tab-separated file */
};

struct survey {
	struct files	*files;
	struct version	 version;
	struct job	 job;
	struct view_survey *found;	/* set once, before `running` ends */
	bool		 running;
	int		 rc;
	time_t		 failed_at;	/* monotonic */
	unsigned	 users;
	struct waitq	 waiting;
	struct survey	*next;		/* less recently used */
};

struct files {
	struct store	*store;
	struct rest	*rest;
	struct catalogue *catalogue;
	struct view_options view;
	char		 maker[40];	/* the renderer and the options that its output depends on */

	pthread_mutex_t	 lock;		/* guards: all below, and surveys but for their immutable parts */
	struct pool	*pool;		/* NULL once stopped */
	struct survey	*surveys;
};

struct file {
	atomic_uint	 users;
	struct blob	*blob;		/* one of blob, text and release is there */
	char		*text;
	int		 fd;
	void		(*release)(void *);
	void		*ctx;
	uint64_t	 start, size;	/* where the file begins in the blob, and its size */
};

static time_t
monotonic_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static struct version
version_of(const struct document *d)
{
	struct version v = { .size = (uint64_t)d->content_size };

	memcpy(v.id, d->version_id, sizeof(v.id));
	if (d->checksum && strlen(d->checksum) == 32)
		memcpy(v.md5, d->checksum, sizeof(v.md5));
	v.tabs = d->file_extension && (strcasecmp(d->file_extension, "tsv") == 0 || strcasecmp(d->file_extension, "tab") == 0);
	return v;
}

/*
 * The version's bytes.
 */

struct fetch {
	struct rest	*rest;
	struct version	 version;
};

static int
sink_write(void *ctx, const void *p, size_t n)
{
	return blob_append(ctx, p, n);
}

static int
sink_restart(void *ctx)
{
	return blob_restart(ctx);
}

static uint64_t
sink_filled(void *ctx)
{
	return blob_filled(ctx);
}

static int
fill_by_fetch(void *ctx, struct blob *blob)
{
	struct fetch *f = ctx;
	const struct rest_sink sink = { sink_write, sink_restart, sink_filled, blob };

	return rest_version_data(f->rest, f->version.id, f->version.size, &sink);
}

static int
get_version(struct files *fs, const struct version *v, struct blob **out)
{
	struct fetch *f = malloc(sizeof(*f));

	if (!f)
		return -ENOMEM;
	*f = (struct fetch){ .rest = fs->rest, .version = *v };
	return store_get(fs->store, &(struct store_want){
		.name = v->id, .size = v->size, .md5 = *v->md5 ? v->md5 : NULL, .class = STORE_FETCH,
		.fill = fill_by_fetch, .ctx = f, .free_ctx = free }, out);
}

static ssize_t
read_blob(void *ctx, void *p, size_t n, uint64_t off)
{
	return blob_read(ctx, p, n, off);
}

/*
 * Surveys.
 */

static int
make_survey(struct files *fs, const struct version *v, struct view_survey **out)
{
	struct view_options o = fs->view;
	struct buf packed = BUF_INIT;
	struct blob *blob = NULL;
	int rc = get_version(fs, v, &blob);

	if (rc < 0)
		return rc;
	if (!o.delimiter && v->tabs)
		o.delimiter = '\t';
	rc = view_survey(&(struct view_source){ read_blob, blob, v->size }, &o, out);
	if (rc == 0 && view_survey_pack(*out, &packed) == 0)
		catalogue_put_survey(fs->catalogue, v->id, fs->maker, packed.data, packed.len);
	buf_free(&packed);
	blob_put(blob);
	return rc;
}

static struct survey *
survey_of_job(struct job *job)
{
	return (struct survey *)((char *)job - offsetof(struct survey, job));
}

static void
end_survey(struct survey *s, int rc, struct view_survey *found)
{
	struct files *fs = s->files;

	pthread_mutex_lock(&fs->lock);
	s->found = found;
	s->rc = rc;
	s->failed_at = monotonic_seconds();
	s->running = false;
	s->users++;		/* for the wake */
	pthread_mutex_unlock(&fs->lock);
	wait_wake(&s->waiting, WAIT_ALL);
	pthread_mutex_lock(&fs->lock);
	s->users--;
	pthread_mutex_unlock(&fs->lock);
}

static void
run_survey(struct job *job)
{
	struct survey *s = survey_of_job(job);
	struct view_survey *found = NULL;
	int rc = make_survey(s->files, &s->version, &found);

	end_survey(s, rc, found);
}

static void
drop_survey(struct job *job)
{
	end_survey(survey_of_job(job), -EINTR, NULL);
}

static void
free_survey(struct survey *s)
{
	view_survey_free(s->found);
	free(s);
}

/* Caller locks. Puts s in front of those that were used lately, and forgets the last if they are too many. */
static void
use_survey(struct files *fs, struct survey *s)
{
	unsigned n = 0;

	s->next = fs->surveys;
	fs->surveys = s;
	for (struct survey **p = &s->next; *p;) {
		struct survey *old = *p;

		if (++n >= SURVEYS_KEPT && !old->users && !old->running) {
			*p = old->next;
			free_survey(old);
		} else {
			p = &old->next;
		}
	}
}

/* Caller locks. Takes the survey of that version out of the list; NULL: it is not there. */
static struct survey *
take_survey(struct files *fs, const char *version_id)
{
	for (struct survey **p = &fs->surveys; *p; p = &(*p)->next) {
		struct survey *s = *p;

		if (strcmp(s->version.id, version_id) == 0) {
			*p = s->next;
			return s;
		}
	}
	return NULL;
}

/* The survey that an earlier look, or an earlier mount, has made; found stays NULL if there is none. */
static struct survey *
recall_survey(struct files *fs, const struct version *v)
{
	struct survey *s = calloc(1, sizeof(*s));
	void *packed = NULL;
	size_t len;

	if (!s)
		return NULL;
	s->files = fs;
	s->version = *v;
	s->job = (struct job){ .run = run_survey, .drop = drop_survey };
	if (catalogue_survey(fs->catalogue, v->id, fs->maker, &packed, &len) == 0)
		view_survey_unpack(packed, len, &s->found);
	free(packed);
	return s;
}

/* The survey of a version, for as long as the caller has not put it. Errors as file_view_size. */
static int
get_survey(struct files *fs, const struct version *v, struct wait *w, struct survey **out)
{
	int rc = 0;

	pthread_mutex_lock(&fs->lock);
	struct survey *s = take_survey(fs, v->id);
	if (!s && !(s = recall_survey(fs, v))) {
		pthread_mutex_unlock(&fs->lock);
		return -ENOMEM;
	}
	use_survey(fs, s);
	if (s->found && !s->running) {
		s->users++;
		*out = s;
	} else if (!w) {
		rc = -EAGAIN;
	} else if (s->running) {
		rc = wait_add(&s->waiting, w, 0) ? -EAGAIN : -EINTR;
	} else if (s->rc < 0 && monotonic_seconds() - s->failed_at <= FAILED_FOR) {
		rc = s->rc;
	} else if (!fs->pool) {
		rc = -EINTR;
	} else if (wait_add(&s->waiting, w, 0)) {
		s->running = true;
		pool_add(fs->pool, &s->job);
		rc = -EAGAIN;
	} else {
		rc = -EINTR;
	}
	pthread_mutex_unlock(&fs->lock);
	return rc;
}

static void
put_survey(struct survey *s)
{
	pthread_mutex_lock(&s->files->lock);
	s->users--;
	pthread_mutex_unlock(&s->files->lock);
}

/*
 * Views.
 */

struct render {
	struct survey	*survey;	/* ours */
	enum view_kind	 kind;
};

static void
free_render(void *ctx)
{
	struct render *r = ctx;

	put_survey(r->survey);
	free(r);
}

static int
fill_by_render(void *ctx, struct blob *blob)
{
	struct render *r = ctx;
	const struct version *v = &r->survey->version;
	struct blob *bytes = NULL;
	int rc = get_version(r->survey->files, v, &bytes);

	if (rc < 0)
		return rc;
	rc = view_render(r->survey->found, r->kind, &(struct view_source){ read_blob, bytes, v->size },
	    &(struct view_sink){ .write = sink_write, .ctx = blob });
	blob_put(bytes);
	return rc;
}

const char *
file_view_name(unsigned view)
{
	return view < VIEWS ? views[view].name : NULL;
}

static uint64_t
size_of_view(const struct survey *s, unsigned view)
{
	uint64_t size = view_size(s->found, views[view].kind);

	return views[view].without_header ? size - view_rows_offset(s->found) : size;
}

int
file_view_size(struct files *fs, const struct document *d, unsigned view, struct wait *w, uint64_t *out)
{
	struct version v = version_of(d);
	struct survey *s;
	int rc = get_survey(fs, &v, w, &s);

	if (rc == 0) {
		*out = size_of_view(s, view);
		put_survey(s);
	}
	return rc;
}

int
file_open_view(struct files *fs, const struct document *d, unsigned view, struct wait *w, struct file **out)
{
	struct version v = version_of(d);
	struct file *f = calloc(1, sizeof(*f));
	struct render *r = malloc(sizeof(*r));
	struct survey *s = NULL;
	char name[100];
	int rc = f && r ? get_survey(fs, &v, w, &s) : -ENOMEM;

	if (rc < 0)
		goto fail;
	rc = view_check(s->found, views[view].kind);
	if (rc < 0) {
		put_survey(s);
		goto fail;
	}
	f->start = views[view].without_header ? view_rows_offset(s->found) : 0;
	f->users = 1;
	f->size = size_of_view(s, view);
	snprintf(name, sizeof(name), "%s.%s.%s", v.id, fs->maker, views[view].blob);
	*r = (struct render){ .survey = s, .kind = views[view].kind };
	rc = store_get(fs->store, &(struct store_want){
		.name = name, .size = view_size(s->found, r->kind), .class = STORE_RENDER,
		.fill = fill_by_render, .ctx = r, .free_ctx = free_render }, &f->blob);
	r = NULL;		/* the store's */
	if (rc < 0)
		goto fail;
	*out = f;
	return 0;
fail:
	free(r);
	free(f);
	return rc;
}

int
file_open_version(struct files *fs, const struct document *d, struct file **out)
{
	struct version v = version_of(d);
	struct file *f = calloc(1, sizeof(*f));
	int rc = f ? get_version(fs, &v, &f->blob) : -ENOMEM;

	if (rc < 0) {
		free(f);
		return rc;
	}
	f->users = 1;
	f->size = v.size;
	*out = f;
	return 0;
}

int
file_open_text(char *text, size_t len, struct file **out)
{
	struct file *f = calloc(1, sizeof(*f));

	if (!f) {
		free(text);
		return -ENOMEM;
	}
	f->users = 1;
	f->text = text;
	f->size = len;
	*out = f;
	return 0;
}

int
file_open_fd(int fd, uint64_t size, void (*release)(void *), void *ctx, struct file **out)
{
	struct file *f = calloc(1, sizeof(*f));

	if (!f) {
		release(ctx);
		return -ENOMEM;
	}
	*f = (struct file){ .users = 1, .fd = fd, .size = size, .release = release, .ctx = ctx };
	*out = f;
	return 0;
}

void
file_hold(struct file *f)
{
	f->users++;
}

void
file_close(struct file *f)
{
	if (!f || --f->users > 0)
		return;
	if (f->release)
		f->release(f->ctx);
	blob_put(f->blob);
	free(f->text);
	free(f);
}

uint64_t
file_size(const struct file *f)
{
	return f->size;
}

ssize_t
file_ready(struct file *f, uint64_t off, size_t n, struct wait *w)
{
	if (off >= f->size || n == 0)
		return 0;
	if (n > f->size - off)
		n = (size_t)(f->size - off);
	return !f->blob ? (ssize_t)n : blob_ready(f->blob, f->start + off, n, w);
}

int
file_where(struct file *f, uint64_t off, const char **mem, off_t *pos)
{
	if (f->text) {
		*mem = f->text + off;
		return -1;
	}
	*pos = (off_t)(f->start + off);
	return f->blob ? blob_fd(f->blob) : f->fd;
}

/* FNV-1a: short, and the same on every machine; two sets of options in one cache are all that it must tell apart. */
static uint64_t
hash_options(const struct view_options *o)
{
	char text[128];
	uint64_t h = 0xcbf29ce484222325u;

	snprintf(text, sizeof(text), "%s %d %llu %d", o->encoding ? o->encoding : "", o->delimiter,
	    (unsigned long long)o->max_field, o->strict);
	for (const char *p = text; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	return h;
}

int
files_open(struct store *store, struct rest *rest, struct catalogue *catalogue, const struct view_options *o, struct files **out)
{
	struct files *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	fs->store = store;
	fs->rest = rest;
	fs->catalogue = catalogue;
	fs->view = *o;
	snprintf(fs->maker, sizeof(fs->maker), "%s-%016llx", VIEW_RENDERER, (unsigned long long)hash_options(o));
	pthread_mutex_init(&fs->lock, NULL);
	int rc = pool_open("sffs-survey", SURVEY_THREADS, &fs->pool);
	if (rc < 0) {
		pthread_mutex_destroy(&fs->lock);
		free(fs);
		return rc;
	}
	*out = fs;
	return 0;
}

void
files_stop(struct files *fs)
{
	pthread_mutex_lock(&fs->lock);
	struct pool *pool = fs->pool;
	fs->pool = NULL;
	pthread_mutex_unlock(&fs->lock);
	pool_close(pool);
}

void
files_close(struct files *fs)
{
	if (!fs)
		return;
	pool_close(fs->pool);
	while (fs->surveys) {
		struct survey *s = fs->surveys;

		fs->surveys = s->next;
		free_survey(s);
	}
	pthread_mutex_destroy(&fs->lock);
	free(fs);
}

/*
 * A view is read through three steps, each done once per version and kept:
 * the version's bytes come into the store (version), a survey finds the sizes
 * (surveys), a render fills the view's blob.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column_names.h"
#include "fs/store/store.h"
#include "parsed.h"
#include "download.h"

#include "file.h"

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

#define COLUMNS	"columns"	/* the end of the name of the blob that has them all */
#define VIEWS (sizeof(views) / sizeof(views[0]))

struct files {
	struct store	*store;
	struct rest	*rest;
	struct parsed	*surveys;
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

static ssize_t
read_blob(void *ctx, void *p, size_t n, uint64_t off)
{
	return blob_read(ctx, p, n, off);
}

static int
write_blob(void *ctx, const void *p, size_t n)
{
	return blob_append(ctx, p, n);
}

static int
write_blob_at(void *ctx, const void *p, size_t n, uint64_t off)
{
	return blob_write_at(ctx, p, n, off);
}

/*
 * Rendered views.
 */

struct render {
	struct files	*files;
	struct survey	*survey;	/* ours */
	enum view_kind	 kind;
};

static void
free_render(void *ctx)
{
	struct render *r = ctx;

	survey_put(r->survey);
	free(r);
}

static int
fill_by_render(void *ctx, struct blob *blob)
{
	struct render *r = ctx;
	const struct download *v = survey_version(r->survey);
	struct blob *bytes = NULL;
	int rc = download_open(r->files->store, r->files->rest, v, &bytes);

	if (rc < 0)
		return rc;
	survey_use(r->survey);
	rc = view_render(survey_view(r->survey), r->kind,
	    &(struct view_source){ read_blob, bytes, v->size },
	    &(struct view_sink){ .write = write_blob, .write_at = write_blob_at, .ctx = blob });
	blob_put(bytes);
	return rc;
}

struct render_name { char s[100]; };

static struct render_name
render_name(const struct files *fs, const char *version_id, const char *ending)
{
	struct render_name name;

	snprintf(name.s, sizeof(name.s), "%s.%s.%s", version_id, parsed_maker(fs->surveys), ending);
	return name;
}

/* size bytes from start of a rendered view. */
static int
open_render(struct files *fs, struct survey *s /* takes */, enum view_kind kind, const char *ending,
    uint64_t start, uint64_t size, struct file **out)
{
	struct file *f = calloc(1, sizeof(*f));
	struct render *r = malloc(sizeof(*r));
	int rc = f && r ? view_check(survey_view(s), kind) : -ENOMEM;

	if (rc < 0) {
		survey_put(s);
		free(r);
		free(f);
		return rc;
	}
	*f = (struct file){ .users = 1, .start = start, .size = size };
	*r = (struct render){ .files = fs, .survey = s, .kind = kind };
	const struct render_name name = render_name(fs, survey_version(s)->id, ending);
	rc = store_get(fs->store, &(struct store_want){
		.name = name.s, .size = view_size(survey_view(s), kind), .class = STORE_RENDER,
		.fill = fill_by_render, .ctx = r, .free_ctx = free_render }, &f->blob);
	if (rc < 0) {
		free(f);
		return rc;
	}
	*out = f;
	return 0;
}

const char *
file_view_name(unsigned view)
{
	return view < VIEWS ? views[view].name : NULL;
}

static uint64_t
start_of_view(const struct survey *s, unsigned view)
{
	return views[view].without_header ? view_rows_offset(survey_view(s)) : 0;
}

static uint64_t
size_of_view(const struct survey *s, unsigned view)
{
	return view_size(survey_view(s), views[view].kind) - start_of_view(s, view);
}

int
file_view_size(
    struct files *fs, const struct document *d, unsigned view, struct wait *w, uint64_t *out)
{
	struct download v = download_of(d);
	struct survey *s;
	int rc = parsed_get(fs->surveys, &v, w, &s);

	if (rc == 0) {
		*out = size_of_view(s, view);
		survey_put(s);
	}
	return rc;
}

int
file_open_view(
    struct files *fs, const struct document *d, unsigned view, struct wait *w, struct file **out)
{
	struct download v = download_of(d);
	struct survey *s;
	int rc = parsed_get(fs->surveys, &v, w, &s);

	return rc < 0 ? rc :
			open_render(fs, s, views[view].kind, views[view].blob,
			    start_of_view(s, view), size_of_view(s, view), out);
}

/*
 * Columns: parts of one blob.
 */

int
file_columns(struct files *fs, const struct document *d, size_t from, struct wait *w,
    file_each_column *each, void *ctx)
{
	struct download v = download_of(d);
	const struct column_names *names;
	struct survey *s;
	int rc = parsed_get(fs->surveys, &v, w, &s);

	if (rc < 0)
		return rc;
	if (each)
		rc = survey_columns(s, &names);
	size_t n = rc == 0 && each ? column_names_count(names) : 0;
	for (size_t i = from; i < n; i++) {
		struct file_column c = { .name = column_names_get(names, i), .number = i };
		uint64_t off;

		view_column_range(survey_view(s), i, &off, &c.size);
		if (!each(ctx, &c))
			break;
	}
	survey_put(s);
	return rc;
}

int
file_column_find(
    struct files *fs, const struct document *d, const char *name, struct file_column *out)
{
	struct download v = download_of(d);
	const struct column_names *names;
	struct survey *s;
	uint64_t off;
	int rc = parsed_get(fs->surveys, &v, NULL, &s);

	if (rc < 0)
		return rc;
	rc = survey_columns(s, &names);
	if (rc == 0 && !column_names_find(names, name, &out->number))
		rc = -ENOENT;
	if (rc == 0)
		view_column_range(survey_view(s), out->number, &off, &out->size);
	survey_put(s);
	return rc;
}

int
file_column_size(
    struct files *fs, const struct document *d, size_t column, struct wait *w, uint64_t *size)
{
	struct download v = download_of(d);
	struct survey *s;
	uint64_t off;
	int rc = parsed_get(fs->surveys, &v, w, &s);

	if (rc < 0)
		return rc;
	if (column < view_column_count(survey_view(s)))
		view_column_range(survey_view(s), column, &off, size);
	else
		rc = -ESTALE;
	survey_put(s);
	return rc;
}

int
file_open_column(
    struct files *fs, const struct document *d, size_t column, struct wait *w, struct file **out)
{
	struct download v = download_of(d);
	struct survey *s;
	uint64_t off, size;
	int rc = parsed_get(fs->surveys, &v, w, &s);

	if (rc < 0)
		return rc;
	if (column >= view_column_count(survey_view(s))) {
		survey_put(s);
		return -ESTALE;
	}
	view_column_range(survey_view(s), column, &off, &size);
	return open_render(fs, s, VIEW_COLUMNS, COLUMNS, off, size, out);
}

/*
 * Notes as plain text.
 */

int
file_note_size(struct files *fs, const struct document *d, struct wait *w, uint64_t *out)
{
	struct download v = download_of(d);
	struct survey *s;
	size_t len;
	int rc = parsed_note(fs->surveys, &v, w, &s);

	if (rc < 0)
		return rc;
	survey_note(s, &len);
	*out = len;
	survey_put(s);
	return 0;
}

int
file_open_note(struct files *fs, const struct document *d, struct wait *w, struct file **out)
{
	struct download v = download_of(d);
	struct survey *s;
	size_t len;
	int rc = parsed_note(fs->surveys, &v, w, &s);

	if (rc < 0)
		return rc;
	const char *text = survey_note(s, &len);
	char *copy = malloc(len + 1);
	if (copy)
		memcpy(copy, text, len);
	survey_put(s);
	return copy ? file_open_text(copy, len, out) : -ENOMEM;
}

/*
 * Handles.
 */

bool
file_is_cached(struct files *fs, const struct document *d)
{
	struct download v = download_of(d);

	return store_has(fs->store, v.id, v.size);
}

int
file_open_version(struct files *fs, const struct document *d, struct file **out)
{
	struct download v = download_of(d);
	struct file *f = calloc(1, sizeof(*f));
	int rc = f ? download_open(fs->store, fs->rest, &v, &f->blob) : -ENOMEM;

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
	*f = (struct file){ .users = 1,
		.fd = fd,
		.size = size,
		.release = release,
		.ctx = ctx };
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

bool
file_is_verified(const struct file *f)
{
	return !f->blob || blob_is_whole(f->blob);
}

const void *
file_source(const struct file *f)
{
	return f->blob;
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

void
file_drop(struct files *fs, const char *version_id)
{
	store_drop(fs->store, version_id);
	for (unsigned i = 0; i < VIEWS; i++)
		store_drop(fs->store, render_name(fs, version_id, views[i].blob).s);
	store_drop(fs->store, render_name(fs, version_id, COLUMNS).s);
}

int
files_open(struct store *store, struct rest *rest, struct parsed *surveys, struct files **out)
{
	struct files *fs = malloc(sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	*fs = (struct files){ .store = store, .rest = rest, .surveys = surveys };
	*out = fs;
	return 0;
}

void
files_close(struct files *fs)
{
	free(fs);
}

/*
 * Three steps lead to a view's bytes, each done once per version and kept: the document's bytes
 * come into the store (download), a survey finds the sizes (parsed), a render fills the view's
 * blob.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/rest/rest.h"
#include "fs/store/store.h"

#include "column_names.h"
#include "download.h"
#include "parsed.h"

#include "file.h"

static const struct {
	const char	*name;
	const char	*blob;		/* the end of its blob's name */
	enum view_kind	 kind;
	bool		 without_header;	/* the same blob after its first line */
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

struct file {
	atomic_uint	 users;
	struct blob	*blob;		/* one of blob, text and stream is there */
	char		*text;
	FILE		*stream;
	uint64_t	 start, size;	/* where the file begins in the blob, and its size */
	/* of a blob: */
	struct files	*files;
	struct download	 download;	/* the document, or what the view is made of */
};

static void
close_source(const struct file *f)
{
	if (f->stream)
		fclose(f->stream);
	blob_put(f->blob);
	free(f->text);
}

/* takes what f reads from, even if it fails */
static int
open_file_of(struct file f, struct file **out)
{
	struct file *copy = malloc(sizeof(*copy));

	if (!copy) {
		close_source(&f);
		return -ENOMEM;
	}
	f.users = 1;
	*copy = f;
	*out = copy;
	return 0;
}

/*
 * -EDQUOT: the document must be downloaded, and no call may be spent on this guest. If one may, the
 * request counts as the owner's from then on: its own call may have been the last one.
 */
static int
check_guest(struct files *fs, const struct download *d, struct wait *w)
{
	if (!w || !w->guest || store_has(fs->store, d->name.s, d->size))
		return 0;
	int rc = rest_check_guest(fs->rest);
	w->guest = rc < 0;
	return rc;
}

static int
get_result(struct files *fs, const struct document *d, bool note, struct wait *w,
    struct parsed_result **out)
{
	struct download v = download_of(d);
	int rc = v.note == note ? parsed_get(fs->parsed, &v, NULL, out) : -ENOENT;

	if (rc != -EAGAIN || !w)
		return rc;
	rc = check_guest(fs, &v, w);
	return rc < 0 ? rc : parsed_get(fs->parsed, &v, w, out);
}

/*
 * Rendering.
 */

struct render {
	struct files	*files;
	struct parsed_result *result;	/* ours */
	struct blob	*source;	/* the document; while it is needed */
	enum view_kind	 kind;
};

static void
free_render(void *ctx)
{
	struct render *r = ctx;

	blob_put(r->source);
	parsed_put(r->result);
	free(r);
}

/* The source is whole when its last byte is there; if it is empty, at once. */
static int
prepare_render(void *ctx, struct wait *w)
{
	struct render *r = ctx;
	const struct download *d = &r->result->download;
	ssize_t rc = 0;

	if (!r->source)
		rc = download_open(r->files->store, r->files->rest, d, &r->source);
	if (rc == 0)
		rc = blob_ready(r->source, d->size - 1, 1, w);
	return rc < 0 ? (int)rc : 0;
}

static int
fill_by_render(void *ctx, struct blob *blob)
{
	struct render *r = ctx;

	parsed_use(r->result);
	int rc = view_render(r->result->survey, r->kind,
	    &(struct view_source){ blob_read, r->source, r->result->download.size },
	    &(struct view_sink){ .write = blob_append, .write_at = blob_write_at, .ctx = blob });
	blob_put(r->source);
	r->source = NULL;
	return rc;
}

struct render_name { char s[100]; };

static struct render_name
render_name(const struct files *fs, const char *content, const char *ending)
{
	struct render_name name;

	snprintf(name.s, sizeof(name.s), "%s.%s.%s", content, parsed_maker(fs->parsed), ending);
	return name;
}

/* A part of a rendered blob: what one file shows of it. */
struct rendered {
	enum view_kind	 kind;
	const char	*ending;
	uint64_t	 start, size;
};

static struct rendered
rendered_view(const struct view_survey *s, unsigned view)
{
	uint64_t start = views[view].without_header ? view_rows_offset(s) : 0;

	return (struct rendered){ views[view].kind, views[view].blob, start,
		view_size(s, views[view].kind) - start };
}

static int
open_rendered(struct files *fs, struct parsed_result *result /* takes */,
    const struct rendered *part, struct file **out)
{
	const struct view_survey *s = result->survey;
	struct file f = { .start = part->start, .size = part->size, .files = fs,
		.download = result->download };
	struct render *r = malloc(sizeof(*r));
	int rc = r ? view_check(s, part->kind) : -ENOMEM;

	if (rc < 0) {
		parsed_put(result);
		free(r);
		return rc;
	}
	*r = (struct render){ .files = fs, .result = result, .kind = part->kind };
	const struct render_name name =
	    render_name(fs, result->download.name.s, part->ending);
	rc = store_get(fs->store,
	    &(struct store_want){ .name = name.s,
		.size = view_size(s, part->kind),
		.class = STORE_RENDER,
		.prepare = prepare_render,
		.fill = fill_by_render,
		.ctx = r,
		.free_ctx = free_render },
	    &f.blob);
	return rc < 0 ? rc : open_file_of(f, out);
}

const char *
file_view_name(unsigned view)
{
	return view < VIEWS ? views[view].name : NULL;
}

/*
 * Columns: parts of one blob.
 */

#define COLUMNS	"columns"	/* the end of its name */

int
file_columns(struct files *fs, const struct document *d, size_t from, struct wait *w,
    file_each_column *each, void *ctx)
{
	const struct column_names *names;
	struct parsed_result *r;
	int rc = get_result(fs, d, false, w, &r);

	if (rc < 0)
		return rc;
	if (each)
		rc = parsed_columns(r, &names);
	size_t n = rc == 0 && each ? column_names_count(names) : 0;
	for (size_t i = from; i < n && each(ctx, column_names_get(names, i), i);)
		i++;
	parsed_put(r);
	return rc;
}

int
file_column_find(struct files *fs, const struct document *d, const char *name, size_t *column)
{
	const struct column_names *names;
	struct parsed_result *r;
	int rc = get_result(fs, d, false, NULL, &r);

	if (rc < 0)
		return rc;
	rc = parsed_columns(r, &names);
	if (rc == 0 && !column_names_find(names, name, column))
		rc = -ENOENT;
	parsed_put(r);
	return rc;
}

/*
 * All that is made of a document.
 */

/* Finds its place in the blob (of a note: its size) and its result, which the caller puts. */
static int
get_made(struct files *fs, const struct document *d, enum file_made what, size_t number,
    struct wait *w, struct parsed_result **result, struct rendered *out)
{
	int rc = get_result(fs, d, what == FILE_NOTE, w, result);

	if (rc < 0)
		return rc;
	const struct view_survey *s = (*result)->survey;
	if (what == FILE_VIEW) {
		*out = rendered_view(s, (unsigned)number);
	} else if (what == FILE_NOTE) {
		*out = (struct rendered){ .size = (*result)->text.len };
	} else if (number < view_column_count(s)) {
		*out = (struct rendered){ .kind = VIEW_COLUMNS, .ending = COLUMNS };
		view_column_range(s, number, &out->start, &out->size);
	} else {
		parsed_put(*result);
		rc = -ESTALE;
	}
	return rc;
}

int
file_made_size(struct files *fs, const struct document *d, enum file_made what, size_t number,
    struct wait *w, uint64_t *out)
{
	struct parsed_result *r;
	struct rendered part;
	int rc = get_made(fs, d, what, number, w, &r, &part);

	if (rc < 0)
		return rc;
	*out = part.size;
	parsed_put(r);
	return 0;
}

static int
open_note(struct parsed_result *r /* takes */, struct file **out)
{
	const size_t len = r->text.len;
	char *copy = malloc(len + 1);

	if (copy)
		memcpy(copy, buf_str(&r->text), len);
	parsed_put(r);
	return copy ? file_open_text(copy, len, out) : -ENOMEM;
}

int
file_open_made(struct files *fs, const struct document *d, enum file_made what, size_t number,
    struct wait *w, struct file **out)
{
	struct parsed_result *r;
	struct rendered part;
	int rc = get_made(fs, d, what, number, w, &r, &part);

	if (rc < 0)
		return rc;
	return what == FILE_NOTE ? open_note(r, out) : open_rendered(fs, r, &part, out);
}

/*
 * Handles.
 */

bool
file_is_cached(struct files *fs, const struct document *d)
{
	struct download v = download_of(d);

	return store_has(fs->store, v.name.s, v.size);
}

int
file_open_version(struct files *fs, const struct document *d, struct file **out)
{
	struct download v = download_of(d);
	struct blob *blob;
	int rc = download_open(fs->store, fs->rest, &v, &blob);

	return rc < 0 ? rc : open_file_of((struct file){ .blob = blob, .size = v.size, .files = fs,
	    .download = v }, out);
}

int
file_open_text(char *text, size_t len, struct file **out)
{
	return open_file_of((struct file){ .text = text, .size = len }, out);
}

int
file_open_stream(FILE *stream, uint64_t size, struct file **out)
{
	return open_file_of((struct file){ .stream = stream, .size = size }, out);
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
	close_source(f);
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
	if (!f->blob)
		return (ssize_t)n;
	int rc = blob_is_whole(f->blob) ? 0 : check_guest(f->files, &f->download, w);
	return rc < 0 ? rc : blob_ready(f->blob, f->start + off, n, w);
}

int
file_read(struct file *f, void *p, size_t n, uint64_t off)
{
	if (f->blob)
		return blob_pread(f->blob, p, n, f->start + off);
	if (f->text)
		memcpy(p, f->text + off, n);
	else if (pread(fileno(f->stream), p, n, (off_t)off) != (ssize_t)n)
		return -EIO;
	return 0;
}

void
file_drop(struct files *fs, const char *content)
{
	store_drop(fs->store, content);
	for (unsigned i = 0; i < VIEWS; i++)
		store_drop(fs->store, render_name(fs, content, views[i].blob).s);
	store_drop(fs->store, render_name(fs, content, COLUMNS).s);
}

/*
 * Each view is a row of renderings[]: what it does with a cell, or with a fault. A render is a pass
 * over the text that gives all cells and faults to one view.
 */
#include <errno.h>
#include <string.h>

#include "chars.h"
#include "columns.h"
#include "members.h"
#include "out.h"

#include "survey.h"

struct renderer {
	const struct view_survey *s;
	const struct view *view;
	struct out	 out;
	struct members	 members;	/* rows.jsonl */
	struct columns	*columns;	/* columns/ */
	bool		 in_records;
	bool		 in_cell;	/* after a part of it */
	bool		 complete;	/* the view needs no more of the text */
	uint64_t	 column;
};

struct view {
	bool	header;			/* has the header's cells, too */
	int	(*begin)(struct renderer *);
	int	(*cell)(struct renderer *, const struct cell *);
	/* Writes cells of records as long as they are plain, and says how many; `cell` writes the
	 * one at which it stops. */
	size_t	(*plain)(struct renderer *, const struct cell *, size_t n);
	void	(*fault)(struct renderer *, const struct fault *);
};

static int
header_cell(struct renderer *r, const struct cell *c)
{
	out_text(&r->out, CHARS_TSV, c->p, c->len, true);
	if (!(c->flags & CELL_PART))
		out_putc(&r->out, '\n');
	r->complete = c->flags & CELL_LAST;
	return r->complete ? -ECANCELED : 0;
}

static int
tsv_cell(struct renderer *r, const struct cell *c)
{
	out_text(&r->out, CHARS_TSV, c->p, c->len, true);
	if (c->flags & CELL_PART)
		return 0;
	if ((c->flags & CELL_LAST) && r->column + 1 < r->s->width)
		out_repeat(&r->out, '\t', r->s->width - r->column - 1);
	out_putc(&r->out, c->flags & CELL_LAST ? '\n' : '\t');
	return 0;
}

#define PLAIN_ROOM	(OUT_SIZE / 4)

static size_t
tsv_plain(struct renderer *r, const struct cell *c, size_t n)
{
	char *to = out_room(&r->out, PLAIN_ROOM), *limit = to + PLAIN_ROOM - OUT_STRIDE - 1;
	uint64_t column = r->column;
	size_t i;

	for (i = 0; i < n && c[i].flags & CELL_PLAIN && c[i].len < limit - to; i++) {
		bool last = c[i].flags & CELL_LAST;

		if (last && column + 1 < r->s->width)
			break;
		to = out_stride(to, c[i].p, c[i].len);
		*to++ = last ? '\n' : '\t';
		column = last ? 0 : column + 1;
	}
	out_put_to(&r->out, to);
	r->column = column;
	return i;
}

static int
jsonl_begin(struct renderer *r)
{
	return members_open(&r->members, &r->s->keys);
}

static int
jsonl_cell(struct renderer *r, const struct cell *c)
{
	if (!r->in_cell) {
		size_t len;
		const char *member = members_get(&r->members, r->column, &len);

		if (!member)
			return -ENOMEM;
		out_putc(&r->out, r->column ? ',' : '{');
		out_put(&r->out, member, len);
		out_putc(&r->out, '"');
	}
	out_text(&r->out, CHARS_JSON, c->p, c->len, !(c->flags & CELL_INVALID));
	if (c->flags & CELL_PART)
		return 0;
	out_putc(&r->out, '"');
	if (c->flags & CELL_LAST)
		out_put(&r->out, "}\n", 2);
	return 0;
}

static size_t
jsonl_plain(struct renderer *r, const struct cell *c, size_t n)
{
	char *to = out_room(&r->out, PLAIN_ROOM), *limit = to + PLAIN_ROOM - OUT_STRIDE - 4;
	size_t i, len;

	for (i = 0; i < n && c[i].flags & CELL_PLAIN && r->column < r->s->keys.n; i++) {
		const char *member = members_get(&r->members, r->column, &len);

		if (!member || len + c[i].len >= (size_t)(limit - to))
			break;
		*to++ = r->column ? ',' : '{';
		to = out_stride(to, member, len);
		*to++ = '"';
		to = out_stride(to, c[i].p, c[i].len);
		*to++ = '"';
		r->column++;
		if (c[i].flags & CELL_LAST) {
			*to++ = '}';
			*to++ = '\n';
			r->column = 0;
		}
	}
	out_put_to(&r->out, to);
	return i;
}

static void
put_csv_key(struct renderer *r, const char *p, size_t n)
{
	bool quotes = chars_csv_quotes(p, n);

	if (quotes)
		out_putc(&r->out, '"');
	out_text(&r->out, CHARS_CSV, p, n, true);
	if (quotes)
		out_putc(&r->out, '"');
}

/* The header line: each column's key. */
static int
csv_begin(struct renderer *r)
{
	struct buf key = BUF_INIT;

	for (uint64_t i = 0; i < r->s->widest && r->out.rc == 0 && !key.failed; i++) {
		buf_clear(&key);
		keys_put(&r->s->keys, i, &key);
		if (i > 0)
			out_putc(&r->out, ',');
		put_csv_key(r, buf_str(&key), key.len);
	}
	if (r->s->widest > 0)
		out_putc(&r->out, '\n');
	int rc = key.failed ? -ENOMEM : r->out.rc;
	buf_free(&key);
	return rc;
}

/* A cell that comes in parts is always in quotes: its first part does not show whether it needs
 * them. An empty cell is in quotes if it would be a blank line. */
static int
csv_cell(struct renderer *r, const struct cell *c)
{
	bool whole = !r->in_cell && !(c->flags & CELL_PART);
	bool quotes =
	    !whole || chars_csv_quotes(c->p, c->len) || (c->len == 0 && r->s->widest == 1);

	if (quotes && !r->in_cell)
		out_putc(&r->out, '"');
	out_text(&r->out, CHARS_CSV, c->p, c->len, !(c->flags & CELL_INVALID));
	if (c->flags & CELL_PART)
		return 0;
	if (quotes)
		out_putc(&r->out, '"');
	if ((c->flags & CELL_LAST) && r->column + 1 < r->s->widest)
		out_repeat(&r->out, ',', r->s->widest - r->column - 1);
	out_putc(&r->out, c->flags & CELL_LAST ? '\n' : ',');
	return 0;
}

static size_t
csv_plain(struct renderer *r, const struct cell *c, size_t n)
{
	char *to = out_room(&r->out, PLAIN_ROOM), *limit = to + PLAIN_ROOM - OUT_STRIDE - 3;
	uint64_t column = r->column;
	size_t i;

	for (i = 0; i < n && c[i].flags & CELL_PLAIN && c[i].len < limit - to && r->s->widest > 1;
	     i++) {
		bool last = c[i].flags & CELL_LAST;

		if (last && column + 1 < r->s->widest)
			break;
		bool quotes = c[i].flags & CELL_COMMA;
		*to = '"';
		to = out_stride(to + quotes, c[i].p, c[i].len);
		*to = '"';
		to += quotes;
		*to++ = last ? '\n' : ',';
		column = last ? 0 : column + 1;
	}
	out_put_to(&r->out, to);
	r->column = column;
	return i;
}

static int
columns_begin(struct renderer *r)
{
	return columns_open(r->s, r->out.sink, &r->columns);
}

static int
columns_cell(struct renderer *r, const struct cell *c)
{
	uint64_t n = r->s->keys.n, i = r->column;
	int rc = 0;

	if (i < n)
		rc = columns_put(r->columns, (size_t)i, c->p, c->len);
	if (rc < 0 || c->flags & CELL_PART)
		return rc;
	/* The last cell of a record also ends the cells that the record lacks. */
	uint64_t end = c->flags & CELL_LAST ? n : i + 1;
	for (; i < end && i < n && rc == 0; i++)
		rc = columns_end_cell(r->columns, (size_t)i);
	return rc;
}

static int
info_begin(struct renderer *r)
{
	struct buf info = BUF_INIT;

	survey_put_info(r->s, &info);
	int rc = info.failed ? -ENOMEM : 0;
	out_put(&r->out, info.data, info.len);
	buf_free(&info);
	r->complete = true;
	return rc;
}

static int
errors_begin(struct renderer *r)
{
	out_put(&r->out, SURVEY_ERRORS_HEADER, sizeof(SURVEY_ERRORS_HEADER) - 1);
	return r->out.rc;
}

static void
errors_fault(struct renderer *r, const struct fault *f)
{
	out_put_to(&r->out, cells_put_fault(out_room(&r->out, CELLS_FAULT_LINE), f));
}

static const struct view renderings[VIEW_KINDS] = {
	[VIEW_HEADER] = { .header = true, .cell = header_cell },
	[VIEW_TABLE_TSV] = { .header = true, .cell = tsv_cell, .plain = tsv_plain },
	[VIEW_ROWS_JSONL] = { .begin = jsonl_begin, .cell = jsonl_cell, .plain = jsonl_plain },
	[VIEW_TABLE_CSV] = { .begin = csv_begin, .cell = csv_cell, .plain = csv_plain },
	[VIEW_COLUMNS] = { .begin = columns_begin, .cell = columns_cell },
	[VIEW_INFO] = { .begin = info_begin },
	[VIEW_ERRORS] = { .begin = errors_begin, .fault = errors_fault },
};

static int
render_cell(struct renderer *r, const struct cell *c)
{
	bool wanted = r->view->cell && (r->in_records || r->view->header);
	int rc = wanted ? r->view->cell(r, c) : 0;

	r->in_cell = c->flags & CELL_PART;
	if (r->in_cell)
		return rc;
	r->column++;
	if (c->flags & CELL_LAST) {
		r->column = 0;
		r->in_records = true;
	}
	return rc;
}

static int
render_cells(void *ctx, const struct cell *c, size_t n)
{
	struct renderer *r = ctx;
	int rc = 0;

	while (n > 0 && rc == 0) {
		if (r->view->plain && r->in_records && !r->in_cell) {
			size_t plain = r->view->plain(r, c, n);

			c += plain;
			n -= plain;
		}
		if (n > 0)
			rc = render_cell(r, c++), n--;
	}
	return rc < 0 ? rc : r->out.rc;
}

static int
render_fault(void *ctx, const struct fault *f)
{
	struct renderer *r = ctx;

	r->view->fault(r, f);
	return r->out.rc;
}

static int
render_text(struct renderer *r, const struct view_source *source)
{
	const struct cell_sink sink = { render_cells, r->view->fault ? render_fault : NULL, r };
	struct text text;
	int rc = survey_open_text(r->s, source, &text);

	if (rc < 0)
		return rc;
	rc = cells_read(&text, &r->s->cells, &sink, NULL);
	text_close(&text);
	return r->complete ? 0 : rc;
}

int
view_render(const struct view_survey *s, enum view_kind kind, const struct view_source *source,
    const struct view_sink *sink)
{
	struct renderer r = { .s = s, .view = &renderings[kind] };
	int rc = view_check(s, kind);

	if (rc == 0)
		rc = out_open(&r.out, sink, s->sizes[kind]);
	if (rc == 0 && r.view->begin)
		rc = r.view->begin(&r);
	if (rc == 0 && !r.complete)
		rc = render_text(&r, source);
	if (rc == 0)
		rc = r.columns ? columns_flush(r.columns) : out_flush(&r.out);
	/* The source is not the one that was surveyed. */
	if (rc == 0 && !r.columns && r.out.written != s->sizes[kind])
		rc = -EIO;
	members_close(&r.members);
	columns_close(r.columns);
	out_close(&r.out);
	return rc;
}

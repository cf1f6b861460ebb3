/*
 * Each view is a row of views[]: what it does with a cell, or with a fault. A render is a pass over
 * the text that gives it all of them.
 */
#include <errno.h>
#include <string.h>

#include "chars.h"
#include "columns.h"
#include "members.h"
#include "out.h"

#include "survey.h"

struct render {
	const struct view_survey *s;
	struct out	 out;
	struct members	 members;	/* rows.jsonl */
	struct columns	*columns;	/* columns/ */
	bool		 in_records;
	bool		 in_cell;	/* behind a part of it */
	bool		 enough;	/* the view is complete: the pass was ended for that */
	uint64_t	 column;
};

/* Moves to the next cell, or the next record, once c has been written. */
static void
step(struct render *r, const struct cell *c)
{
	r->in_cell = c->flags & CELL_PART;
	if (r->in_cell)
		return;
	r->column++;
	if (c->flags & CELL_LAST) {
		r->column = 0;
		r->in_records = true;
	}
}

static int
header_cell(struct render *r, const struct cell *c)
{
	out_text(&r->out, CHARS_TSV, c->p, c->len, true);
	if (!(c->flags & CELL_PART))
		out_putc(&r->out, '\n');
	r->enough = c->flags & CELL_LAST;
	return r->enough ? -ECANCELED : 0;
}

static int
tsv_cell(struct render *r, const struct cell *c)
{
	out_text(&r->out, CHARS_TSV, c->p, c->len, true);
	if (c->flags & CELL_PART)
		return 0;
	if ((c->flags & CELL_LAST) && r->column + 1 < r->s->width)
		out_repeat(&r->out, '\t', r->s->width - r->column - 1);
	out_putc(&r->out, c->flags & CELL_LAST ? '\n' : '\t');
	return 0;
}

/*
 * The functions ..._plain write cells for as long as these are plain and nothing is special about
 * their records. They say how many; the next one is for the function above them.
 */
#define PLAIN_ROOM	(OUT_SIZE / 4)

static size_t
tsv_plain(struct render *r, const struct cell *c, size_t n)
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
jsonl_begin(struct render *r)
{
	return members_open(&r->members, &r->s->keys);
}

static int
jsonl_cell(struct render *r, const struct cell *c)
{
	if (!r->in_records)
		return 0;
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
jsonl_plain(struct render *r, const struct cell *c, size_t n)
{
	char *to = out_room(&r->out, PLAIN_ROOM), *limit = to + PLAIN_ROOM - OUT_STRIDE - 4;
	size_t i, len;

	for (i = 0; i < n && c[i].flags & CELL_PLAIN && r->column < r->s->keys.n; i++) {
		const char *member = members_get(&r->members, r->column, &len);

		if (len + c[i].len >= (size_t)(limit - to))
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
put_csv(struct render *r, const char *p, size_t n)
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
csv_begin(struct render *r)
{
	struct buf key = BUF_INIT;

	for (uint64_t i = 0; i < r->s->widest && r->out.rc == 0 && !key.failed; i++) {
		buf_clear(&key);
		keys_put(&r->s->keys, i, &key);
		if (i > 0)
			out_putc(&r->out, ',');
		put_csv(r, buf_str(&key), key.len);
	}
	if (r->s->widest > 0)
		out_putc(&r->out, '\n');
	int rc = key.failed ? -ENOMEM : r->out.rc;
	buf_free(&key);
	return rc;
}

/* A cell that comes in parts is in quotes always: the first one does not tell. So is what would
 * make a blank line. */
static int
csv_cell(struct render *r, const struct cell *c)
{
	bool whole = !r->in_cell && !(c->flags & CELL_PART);
	bool quotes =
	    !whole || chars_csv_quotes(c->p, c->len) || (c->len == 0 && r->s->widest == 1);

	if (!r->in_records)
		return 0;
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
csv_plain(struct render *r, const struct cell *c, size_t n)
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
columns_cell(struct render *r, const struct cell *c)
{
	uint64_t n = r->s->keys.n, i = r->column;
	int rc = 0;

	if (!r->in_records)
		return 0;
	if (i < n)
		rc = columns_put(r->columns, (size_t)i, c->p, c->len);
	if (rc < 0 || c->flags & CELL_PART)
		return rc;
	/* The last one ends those that are missing, too. */
	uint64_t end = c->flags & CELL_LAST ? n : i + 1;
	for (; i < end && i < n && rc == 0; i++)
		rc = columns_end_cell(r->columns, (size_t)i);
	return rc;
}

static int
ignore_cell(struct render *r, const struct cell *c)
{
	(void)r;
	(void)c;
	return 0;
}

static int
errors_begin(struct render *r)
{
	out_put(&r->out, SURVEY_ERRORS_HEADER, sizeof(SURVEY_ERRORS_HEADER) - 1);
	return r->out.rc;
}

static void
errors_fault(struct render *r, const struct fault *f)
{
	out_put_to(&r->out, cells_put_fault(out_room(&r->out, CELLS_FAULT_LINE), f));
}

static const struct view {
	int	(*begin)(struct render *);	/* NULL: nothing to do; so are the last two */
	int	(*cell)(struct render *, const struct cell *);
	size_t	(*plain)(struct render *, const struct cell *, size_t n);	/* in records */
	void	(*fault)(struct render *, const struct fault *);
} views[VIEW_KINDS] = {
	[VIEW_HEADER]	  = { NULL,	    header_cell,  NULL,	       NULL },
	[VIEW_TABLE_TSV]  = { NULL,	    tsv_cell,	  tsv_plain,   NULL },
	[VIEW_ROWS_JSONL] = { jsonl_begin,  jsonl_cell,	  jsonl_plain, NULL },
	[VIEW_TABLE_CSV]  = { csv_begin,    csv_cell,	  csv_plain,   NULL },
	[VIEW_COLUMNS]	  = { NULL,	    columns_cell, NULL,	       NULL },
	[VIEW_ERRORS]	  = { errors_begin, ignore_cell,  NULL,	       errors_fault },
};

struct pass {
	struct render	*render;
	const struct view *view;
};

static int
render_cells(void *ctx, const struct cell *c, size_t n)
{
	const struct pass *pass = ctx;
	struct render *r = pass->render;

	while (n > 0) {
		size_t plain = r->in_records && !r->in_cell && pass->view->plain ?
		    pass->view->plain(r, c, n) :
		    0;

		c += plain;
		n -= plain;
		if (n == 0)
			break;
		int rc = pass->view->cell(r, c);
		if (rc)
			return rc;
		step(r, c++);
		n--;
	}
	return r->out.rc;
}

static int
render_fault(void *ctx, const struct fault *f)
{
	const struct pass *pass = ctx;

	if (pass->view->fault)
		pass->view->fault(pass->render, f);
	return pass->render->out.rc;
}

static int
render_text(struct render *r, enum view_kind kind, const struct view_source *source)
{
	struct pass pass = { r, &views[kind] };
	struct text text;
	int rc = pass.view->begin ? pass.view->begin(r) : 0;

	if (rc == 0)
		rc = survey_open_text(r->s, source, &text);
	if (rc < 0)
		return rc;
	rc = cells_read(
	    &text, &r->s->cells, &(struct cell_sink){ render_cells, render_fault, &pass }, NULL);
	text_close(&text);
	return rc < 0 && !r->enough ? rc : 0;
}

static int
render_info(struct render *r)
{
	struct buf info = BUF_INIT;

	survey_put_info(r->s, &info);
	int rc = info.failed ? -ENOMEM : 0;
	out_put(&r->out, info.data, info.len);
	buf_free(&info);
	return rc;
}

int
view_render(const struct view_survey *s, enum view_kind kind, const struct view_source *source,
    const struct view_sink *sink)
{
	struct render r = { .s = s };
	int rc = view_check(s, kind);

	if (rc == 0)
		rc = out_open(&r.out, sink, s->sizes[kind]);
	if (rc == 0 && kind == VIEW_COLUMNS)
		rc = columns_open(s, sink, &r.columns);
	if (rc == 0)
		rc = kind == VIEW_INFO ? render_info(&r) : render_text(&r, kind, source);
	if (rc == 0)
		rc = r.columns ? columns_flush(r.columns) : out_flush(&r.out);
	/* Another source than the one that was surveyed. */
	if (rc == 0 && !r.columns && r.out.written != s->sizes[kind])
		rc = -EIO;
	members_close(&r.members);
	columns_close(r.columns);
	out_close(&r.out);
	return rc;
}

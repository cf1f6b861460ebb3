/*
 * Each view is a row of views[]: what it does with a cell. A render is a pass over the text that gives it all of them.
 */
#include <errno.h>
#include <stdlib.h>

#include "fs/view/members.h"
#include "fs/view/out.h"

#include "fs/view/survey.h"

struct render {
	const struct view_survey *s;
	struct out	 out;
	struct keys_taken taken;
	struct members	 members;
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
	out_tsv(&r->out, c->p, c->len);
	if (!(c->flags & CELL_PART))
		out_putc(&r->out, '\n');
	r->enough = c->flags & CELL_LAST;
	return r->enough ? -ECANCELED : 0;
}

static int
tsv_cell(struct render *r, const struct cell *c)
{
	out_tsv(&r->out, c->p, c->len);
	if (c->flags & CELL_PART)
		return 0;
	if ((c->flags & CELL_LAST) && r->column + 1 < r->s->width)
		out_repeat(&r->out, '\t', r->s->width - r->column - 1);
	out_putc(&r->out, c->flags & CELL_LAST ? '\n' : '\t');
	return 0;
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
	out_json(&r->out, c->p, c->len, !(c->flags & CELL_INVALID));
	if (c->flags & CELL_PART)
		return 0;
	out_putc(&r->out, '"');
	if (c->flags & CELL_LAST)
		out_put(&r->out, "}\n", 2);
	return 0;
}

static const struct {
	int	(*cell)(struct render *, const struct cell *);
	bool	 members;	/* needs them */
} views[VIEW_KINDS] = {
	[VIEW_HEADER]	  = { header_cell, false },
	[VIEW_TABLE_TSV]  = { tsv_cell,	   false },
	[VIEW_ROWS_JSONL] = { jsonl_cell,  true },
};

struct pass {
	struct render	*render;
	int		(*cell)(struct render *, const struct cell *);
};

static int
render_cells(void *ctx, const struct cell *c, size_t n)
{
	const struct pass *pass = ctx;
	struct render *r = pass->render;

	for (; n > 0; c++, n--) {
		int rc = pass->cell(r, c);

		if (rc)
			return rc;
		step(r, c);
	}
	return r->out.rc;
}

static int
render_fault(void *ctx, const struct fault *fault)
{
	(void)ctx;
	(void)fault;
	return 0;
}

static int
render_text(struct render *r, enum view_kind kind, struct text *text)
{
	struct pass pass = { r, views[kind].cell };
	int rc = text_fill(text, r->s->skip);

	if (rc < 0)
		return rc;
	if (text->end - text->begin < r->s->skip)
		return -EIO;
	text_drop(text, r->s->skip);
	rc = cells_read(text, &r->s->cells, &(struct cells_to){ render_cells, render_fault, &pass }, NULL);
	if (rc < 0 && !r->enough)
		return rc;
	rc = out_flush(&r->out);
	/* Another source than the one that was surveyed. */
	return rc == 0 && r->out.written != r->s->sizes[kind] ? -EIO : rc;
}

int
view_render(const struct view_survey *s, enum view_kind kind, const struct view_source *source, const struct view_sink *sink)
{
	struct render r = { .s = s, .taken = KEYS_TAKEN_INIT };
	struct text text;
	int rc;

	if (s->strict && !survey_clean(s))
		return -EIO;
	rc = text_open(&text, source, s->encoding);
	if (rc < 0)
		return rc;
	rc = out_open(&r.out, sink);
	if (rc == 0 && views[kind].members)
		rc = keys_take(&s->keys, &r.taken);
	if (rc == 0 && views[kind].members)
		rc = members_open(&r.members, &s->keys, &r.taken);
	if (rc == 0)
		rc = render_text(&r, kind, &text);
	members_close(&r.members);
	keys_taken_free(&r.taken);
	out_close(&r.out);
	text_close(&text);
	return rc;
}

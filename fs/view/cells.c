/*
 * libcsv is fed one cell, or less, at a time, so that the position of everything is known. Its
 * settings are those under which it loses nothing: strict, so that it stops at each quote out of place
 * and we decide what it means; every line end reported; no byte is a space.
 *
 * A quote that opens a cell is fed only together with the one that closes it. That is looked for
 * first, and when it is not there within max_field, the quote is fed as a letter and made a quote in libcsv's buffer.
 * The search cannot be made to repeat itself: behind a quote that is not closed, all quotes within its reach stand in
 * pairs, so a cell that begins with one of those is closed by the next byte. Only a quote at the end of that
 * reach can have a long search of its own: each byte is searched twice at most.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "fs/view/chars.h"

#include "fs/view/cells.h"

/* libcsv's pstate: between cells the first two, in a cell, and behind the quote that may have closed it. */
enum { ROW_NOT_BEGUN, FIELD_NOT_BEGUN, FIELD_BEGUN, FIELD_MIGHT_HAVE_ENDED };

#define OPTIONS	(CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL)
#define BLOCK	4096

/* How a record ends; libcsv tells of CR and LF by two reports when both are there. */
enum row_end { ROW_GOES_ON, ROW_LF, ROW_CR, ROW_CRLF, ROW_TEXT_ENDED };

struct reader {
	struct csv_parser csv;
	struct text	*text;
	const struct cells_to *to;
	struct cells_totals *totals;
	bool		 ends_cell[256];	/* delimiter, CR, LF */
	size_t		 max_field;

	uint64_t	 width;		/* cells of the header; 0: it has not ended */
	enum row_end	 style;		/* how the header ended */
	uint64_t	 record, column;	/* how many have ended, in the text and in the record */
	uint64_t	 record_at, cell_at;	/* where they begin in the text */
	unsigned	 told;		/* faults of this cell, a bit a code: one of a kind is enough */

	/* What libcsv reported of what it was fed last. */
	const char	*cell;		/* NULL: none */
	size_t		 cell_len;
	enum row_end	 row;
};

static const char *const fault_names[FAULTS] = {
#define X(name, code) code,
	CELLS_FAULTS(X)
#undef X
};

const char *
cells_fault_name(enum fault_code code)
{
	return fault_names[code];
}

static int
no_space(unsigned char c)
{
	(void)c;
	return 0;
}

static void
on_cell(void *s, size_t len, void *ctx)
{
	struct reader *r = ctx;

	r->cell = s ? s : "";
	r->cell_len = len;
}

static void
on_row(int c, void *ctx)
{
	struct reader *r = ctx;

	r->row = c == '\r' ? ROW_CR : c != '\n' ? ROW_TEXT_ENDED : r->row == ROW_CR ? ROW_CRLF : ROW_LF;
}

static int
tell(struct reader *r, enum fault_code code, uint64_t offset, uint64_t column)
{
	if (r->told & 1u << code)
		return 0;
	r->told |= 1u << code;
	return r->to->fault(r->to->ctx, &(struct fault){ .code = code, .offset = offset, .record = r->record, .column = column });
}

/* One cell, or one part of a cell, to the consumer. */
static int
emit(struct reader *r, const char *p, size_t len, unsigned flags)
{
	int rc = 0;

	if (!chars_valid(p, len)) {
		flags |= CELL_INVALID;
		rc = tell(r, FAULT_INVALID_UTF8, r->cell_at, r->column + 1);
	}
	if (rc == 0)
		rc = r->to->cells(r->to->ctx, &(struct cell){ p, (uint32_t)len, flags }, 1);
	return rc;
}

/* Emits parts until no more than max_field bytes are left; says how long they were. */
static ssize_t
emit_parts(struct reader *r, const char *p, size_t len)
{
	size_t done = 0;

	while (len - done > r->max_field) {
		size_t n = r->max_field - chars_tail(p + done, r->max_field);
		int rc = emit(r, p + done, n, CELL_PART);

		if (rc < 0)
			return rc;
		done += n;
	}
	return (ssize_t)done;
}

static int
emit_cell(struct reader *r)
{
	ssize_t parts = emit_parts(r, r->cell, r->cell_len);
	int rc = parts < 0 ? (int)parts :
	    emit(r, r->cell + parts, r->cell_len - (size_t)parts, r->row ? CELL_LAST : 0);

	r->column++;
	r->told = 0;
	return rc;
}

static void
count_line_end(struct reader *r)
{
	r->totals->lf += r->row == ROW_LF;
	r->totals->cr += r->row == ROW_CR;
	r->totals->crlf += r->row == ROW_CRLF;
}

/* What there is to say about a record whose cells have all been emitted. */
static int
end_record(struct reader *r)
{
	int rc = 0;

	if (r->width == 0) {
		r->width = r->column;
		r->style = r->row;
	}
	if (r->column != r->width)
		rc = tell(r, r->column < r->width ? FAULT_SHORT_RECORD : FAULT_LONG_RECORD, r->record_at, r->column);
	if (rc == 0 && r->row == ROW_CR && r->style != ROW_CR)
		rc = tell(r, FAULT_BARE_CR, r->text->dropped - 1, r->column);
	r->told = 0;
	r->record++;
	r->column = 0;
	return rc;
}

/* Passes on what libcsv reported; the text before the window is what it has been fed. */
static int
report(struct reader *r)
{
	int rc = 0;

	if (r->row && !r->cell && r->width == 1)
		r->cell = "", r->cell_len = 0;
	if (r->cell)
		rc = emit_cell(r);
	else if (r->row)
		r->totals->blank_lines++;
	count_line_end(r);
	if (rc == 0 && r->cell && r->row)
		rc = end_record(r);
	if (r->cell || r->row)
		r->cell_at = r->text->dropped;
	if (r->row)
		r->record_at = r->text->dropped;
	r->cell = NULL;
	r->row = ROW_GOES_ON;
	return rc;
}

/* A cell that is not quoted and has no end in sight is passed on in parts: its length is not ours to bear. */
static int
relieve(struct reader *r)
{
	struct csv_parser *csv = &r->csv;

	if (csv->pstate != FIELD_BEGUN || csv->quoted || csv->entry_pos <= r->max_field)
		return 0;
	ssize_t parts = emit_parts(r, (const char *)csv->entry_buf, csv->entry_pos);
	if (parts < 0)
		return (int)parts;
	csv->entry_pos -= (size_t)parts;
	memmove(csv->entry_buf, csv->entry_buf + parts, csv->entry_pos);
	return 0;
}

/* libcsv has stopped at a quote out of place, or behind one: says what the quote is. */
static int
mend(struct reader *r, uint64_t offset)
{
	struct csv_parser *csv = &r->csv;

	csv->status = CSV_SUCCESS;
	if (csv->pstate == FIELD_MIGHT_HAVE_ENDED) {
		/* "ab"c: the quote has closed, what follows is text as if the cell had no quotes. */
		csv->entry_pos--;
		csv->quoted = 0;
		csv->spaces = 0;
		csv->pstate = FIELD_BEGUN;
		return tell(r, FAULT_TEXT_AFTER_QUOTE, offset, r->column + 1);
	}
	csv_set_opts(csv, OPTIONS & ~CSV_STRICT);
	size_t done = csv_parse(csv, "\"", 1, on_cell, on_row, r);
	csv_set_opts(csv, OPTIONS);
	return done == 1 ? tell(r, FAULT_QUOTE_IN_TEXT, offset, r->column + 1) : -ENOMEM;
}

/* Feeds the first n bytes of the window, which hold one end of a cell at most, and passes on what came of it. */
static int
feed(struct reader *r, size_t n)
{
	struct csv_parser *csv = &r->csv;
	struct text *t = r->text;

	while (n > 0) {
		csv_set_blk_size(csv, csv->entry_size > BLOCK ? csv->entry_size : BLOCK);
		size_t done = csv_parse(csv, t->data + t->begin, n, on_cell, on_row, r);

		text_drop(t, done);
		n -= done;
		if (n == 0)
			break;
		if (csv_error(csv) != CSV_EPARSE)
			return -ENOMEM;
		bool quote = csv->pstate != FIELD_MIGHT_HAVE_ENDED;
		int rc = mend(r, t->dropped);
		if (rc < 0)
			return rc;
		if (quote) {
			text_drop(t, 1);
			n--;
		}
	}
	int rc = report(r);
	return rc < 0 ? rc : relieve(r);
}

/*
 * The length of the quoted text at the window's beginning, both quotes included, all
 * of it in the window; 0: no quote closes it within max_field.
 */
static ssize_t
find_close(struct reader *r)
{
	struct text *t = r->text;

	for (size_t i = 1;;) {
		int rc = text_fill(t, i + 2);
		if (rc < 0)
			return rc;
		const char *s = t->data + t->begin;
		size_t have = t->end - t->begin;
		size_t limit = have < r->max_field + 2 ? have : r->max_field + 2;
		const char *q = i < limit ? memchr(s + i, '"', limit - i) : NULL;

		if (q && (size_t)(q - s) + 1 < have && q[1] == '"') {
			i = (size_t)(q - s) + 2;
		} else if (q && ((size_t)(q - s) + 1 < have || t->ended)) {
			return q - s + 1;
		} else if (!q && (limit == r->max_field + 2 || t->ended)) {
			return 0;
		} else {
			i = q ? (size_t)(q - s) : limit;	/* the window ends here */
		}
	}
}

static int
read_quoted(struct reader *r)
{
	ssize_t n = find_close(r);

	if (n < 0)
		return (int)n;
	if (n > 0)
		return feed(r, (size_t)n);
	if (csv_parse(&r->csv, "x", 1, on_cell, on_row, r) != 1)
		return -ENOMEM;
	r->csv.entry_buf[r->csv.entry_pos - 1] = '"';
	int rc = tell(r, FAULT_UNCLOSED_QUOTE, r->text->dropped, r->column + 1);
	text_drop(r->text, 1);
	return rc;
}

/* Feeds to the end of the cell: a delimiter or a line end, which is fed too; or as far as the window goes. */
static int
read_text(struct reader *r)
{
	struct text *t = r->text;
	size_t n = 0;
	int rc;

	for (;;) {
		const char *s = t->data + t->begin;
		size_t have = t->end - t->begin;

		while (n < have && !r->ends_cell[(unsigned char)s[n]])
			n++;
		/* A CR goes with the byte behind it: the two may be one end. */
		bool crlf = n + 1 < have && s[n] == '\r' && s[n + 1] == '\n';
		if (t->ended || (n < have && s[n] != '\r') || n + 1 < have)
			return feed(r, n + (n < have) + crlf);
		if (n > TEXT_STEP)
			return feed(r, n);
		if ((rc = text_more(t)) < 0)
			return rc;
	}
}

static int
read_all(struct reader *r)
{
	struct text *t = r->text;

	for (;;) {
		int rc = text_fill(t, 1);

		if (rc < 0)
			return rc;
		if (t->begin == t->end)
			break;
		rc = r->csv.pstate <= FIELD_NOT_BEGUN && t->data[t->begin] == '"' ? read_quoted(r) : read_text(r);
		if (rc < 0)
			return rc;
	}
	if (csv_fini(&r->csv, on_cell, on_row, r) != 0)
		return -EIO;
	return report(r);
}

int
cells_read(struct text *t, const struct cells_options *o, const struct cells_to *to, struct cells_totals *totals)
{
	struct cells_totals unused;
	struct reader r = { .text = t, .to = to, .totals = totals ? totals : &unused, .max_field = (size_t)o->max_field };

	*r.totals = (struct cells_totals){ 0 };
	r.record_at = r.cell_at = t->dropped;
	r.ends_cell[(unsigned char)o->delimiter] = r.ends_cell['\r'] = r.ends_cell['\n'] = true;
	if (csv_init(&r.csv, OPTIONS) != 0)
		return -EIO;
	csv_set_delim(&r.csv, (unsigned char)o->delimiter);
	csv_set_space_func(&r.csv, no_space);
	int rc = read_all(&r);
	csv_free(&r.csv);
	return rc;
}

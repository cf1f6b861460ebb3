/*
 * libcsv is fed one cell, or less, at a time, so that the position of everything is known. Its
 * settings are those under which it loses nothing: strict, so that it stops at each quote out of
 * place and we decide what it means; every line end reported; no byte is a space.
 *
 * A quote that opens a cell is fed only together with the one that closes it. That is looked for
 * first, and when it is not there within max_field, the quote is fed as a letter and made a quote
 * in libcsv's buffer. The search cannot be made to repeat itself: behind a quote that is not
 * closed, all quotes within its reach stand in pairs, so a cell that begins with one of those is
 * closed by the next byte. Only a quote at the end of that reach can have a long search of its own:
 * each byte is searched twice at most.
 */
#include <errno.h>
#include <string.h>

#include "chars.h"

#include "careful.h"

/* libcsv's pstate: between cells the first two, in a cell, and behind the quote that may have
 * closed it. */
enum { ROW_NOT_BEGUN, FIELD_NOT_BEGUN, FIELD_BEGUN, FIELD_MIGHT_HAVE_ENDED };

#define OPTIONS	(CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL)
#define BLOCK	4096

static int
no_space(unsigned char c)
{
	(void)c;
	return 0;
}

static void
on_cell(void *s, size_t len, void *ctx)
{
	struct careful *f = ctx;

	f->cell = s ? s : "";
	f->cell_len = len;
}

/* libcsv tells of CR and LF by two reports when both are there. */
static void
on_row(int c, void *ctx)
{
	struct careful *f = ctx;

	f->row = c == '\r'   ? ROW_CR :
	    c != '\n'	     ? ROW_TEXT_ENDED :
	    f->row == ROW_CR ? ROW_CRLF :
			       ROW_LF;
}

static int
emit(struct reader *r, const char *p, size_t len, unsigned flags)
{
	struct cell c = { p, (uint32_t)len, flags };
	int rc = reader_judge(r, &c);

	return rc < 0 ? rc : r->to->cells(r->to->ctx, &c, 1);
}

static int
end_cell(struct careful *f, struct reader *r)
{
	int rc = emit(r, f->cell, f->cell_len, f->row ? CELL_LAST : 0);

	r->column++;
	r->told = 0;
	csv_set_opts(&f->csv, OPTIONS);
	return rc;
}

/* Passes on what libcsv reported; the text before the window is what it has been fed. */
static int
report(struct careful *f, struct reader *r)
{
	uint64_t at = r->text->dropped;
	int rc = 0;

	if (f->row && !f->cell && r->width == 1)
		f->cell = "", f->cell_len = 0;
	if (f->cell)
		rc = end_cell(f, r);
	else if (f->row)
		r->totals->blank_lines++;
	reader_count(r, f->row);
	if (rc == 0 && f->cell && f->row)
		rc = reader_end_record(r, f->row, at - (r->text->unit ? r->text->unit : 1));
	if (f->cell || f->row)
		r->cell_at = at;
	if (f->row)
		r->record_at = at;
	f->cell = NULL;
	f->row = ROW_GOES_ON;
	return rc;
}

/* A cell that is not quoted and has no end in sight is passed on in parts: its length is not ours
 * to bear. */
static int
relieve(struct careful *f, struct reader *r)
{
	struct csv_parser *csv = &f->csv;

	if (csv->pstate != FIELD_BEGUN || csv->quoted || csv->entry_pos <= r->max_field)
		return 0;
	const char *s = (const char *)csv->entry_buf;
	size_t part = r->max_field - chars_tail(s, r->max_field);
	int rc = emit(r, s, part, CELL_PART);
	csv->entry_pos -= part;
	memmove(csv->entry_buf, s + part, csv->entry_pos);
	return rc;
}

/* libcsv has stopped at a quote out of place, or behind one: says what the quote is. */
static int
mend(struct careful *f, struct reader *r)
{
	struct csv_parser *csv = &f->csv;
	uint64_t at = r->text->dropped;

	csv->status = CSV_SUCCESS;
	if (csv->pstate == FIELD_MIGHT_HAVE_ENDED) {
		/* "ab"c: the quote has closed, what follows is text as if the cell had no quotes.
		 */
		csv->entry_pos--;
		csv->quoted = 0;
		csv->spaces = 0;
		csv->pstate = FIELD_BEGUN;
		return reader_tell(r, FAULT_TEXT_AFTER_QUOTE, at, r->column + 1);
	}
	csv_set_opts(
	    csv, OPTIONS & ~CSV_STRICT); /* to the end of the cell: so are all quotes in it */
	return reader_tell(r, FAULT_QUOTE_IN_TEXT, at, r->column + 1);
}

/* Puts n bytes of text behind the cell so far, as libcsv would one by one: they hold no end of a
 * cell, and no quote that matters. */
static int
append(struct csv_parser *csv, const char *p, size_t n)
{
	if (csv->entry_size - csv->entry_pos < n) {
		size_t size = csv->entry_pos + n > 2 * csv->entry_size ? csv->entry_pos + n :
									 2 * csv->entry_size;
		void *entry = csv->realloc_func(csv->entry_buf, size);

		if (!entry)
			return -ENOMEM;
		csv->entry_buf = entry;
		csv->entry_size = size;
	}
	memcpy(csv->entry_buf + csv->entry_pos, p, n);
	csv->entry_pos += n;
	return 0;
}

/* How many of the next n bytes can be appended: those of a long text that is not quoted. */
static size_t
appendable(const struct careful *f, const char *p, size_t n)
{
	const struct csv_parser *csv = &f->csv;

	if (csv->pstate != FIELD_BEGUN || csv->quoted)
		return 0;
	const char *quote = csv->options & CSV_STRICT ? memchr(p, '"', n) : NULL;
	if (quote)
		n = (size_t)(quote - p);
	while (n > 0 && f->ends_cell[(unsigned char)p[n - 1]])
		n--;
	return n;
}

/* Feeds the first n bytes of the window, which hold one end of a cell at most, and passes on what
 * came of it. */
static int
feed(struct careful *f, struct reader *r, size_t n)
{
	struct csv_parser *csv = &f->csv;
	struct text *t = r->text;

	while (n > 0) {
		size_t room =
		    r->max_field + 1 > csv->entry_pos ? r->max_field + 1 - csv->entry_pos : 1;
		size_t part = n < room ? n : room;

		csv_set_blk_size(csv, csv->entry_size > BLOCK ? csv->entry_size : BLOCK);
		size_t done = appendable(f, t->data + t->begin, part);
		if (done > 0) {
			if (append(csv, t->data + t->begin, done) < 0)
				return -ENOMEM;
			part = done;
		} else {
			done = csv_parse(csv, t->data + t->begin, part, on_cell, on_row, f);
		}
		if (done < part && csv_error(csv) != CSV_EPARSE)
			return -ENOMEM;
		text_drop(t, done);
		n -= done;
		int rc = done < part ? mend(f, r) : relieve(f, r);
		if (rc < 0)
			return rc;
	}
	return report(f, r);
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
read_quoted(struct careful *f, struct reader *r)
{
	ssize_t n = find_close(r);

	if (n < 0)
		return (int)n;
	if (n > 0)
		return feed(f, r, (size_t)n);
	if (csv_parse(&f->csv, "x", 1, on_cell, on_row, f) != 1)
		return -ENOMEM;
	f->csv.entry_buf[f->csv.entry_pos - 1] = '"';
	int rc = reader_tell(r, FAULT_UNCLOSED_QUOTE, r->text->dropped, r->column + 1);
	text_drop(r->text, 1);
	return rc;
}

/* Feeds to the end of the cell: a delimiter or a line end, which is fed too; or as far as the
 * window goes. */
static int
read_text(struct careful *f, struct reader *r)
{
	struct text *t = r->text;
	size_t n = 0;
	int rc;

	for (;;) {
		const char *s = t->data + t->begin;
		size_t have = t->end - t->begin;

		while (n < have && !f->ends_cell[(unsigned char)s[n]])
			n++;
		/* A CR goes with the byte behind it: the two may be one end. */
		bool crlf = n + 1 < have && s[n] == '\r' && s[n + 1] == '\n';
		if (t->ended || (n < have && s[n] != '\r') || n + 1 < have)
			return feed(f, r, n + (n < have) + crlf);
		if (n > TEXT_STEP)
			return feed(f, r, n);
		if ((rc = text_more(t)) < 0)
			return rc;
	}
}

int
careful_read(struct careful *f, struct reader *r)
{
	return careful_between_cells(f) && r->text->data[r->text->begin] == '"' ?
	    read_quoted(f, r) :
	    read_text(f, r);
}

int
careful_end(struct careful *f, struct reader *r)
{
	if (csv_fini(&f->csv, on_cell, on_row, f) != 0)
		return -EIO;
	return report(f, r);
}

bool
careful_between_cells(const struct careful *f)
{
	return f->csv.pstate <= FIELD_NOT_BEGUN;
}

void
careful_skipped(struct careful *f, const struct reader *r)
{
	f->csv.pstate = r->column ? FIELD_NOT_BEGUN : ROW_NOT_BEGUN;
}

int
careful_open(struct careful *f, char delimiter)
{
	*f = (struct careful){ .cell = NULL };
	f->ends_cell[(unsigned char)delimiter] = f->ends_cell['\r'] = f->ends_cell['\n'] = true;
	if (csv_init(&f->csv, OPTIONS) != 0)
		return -EIO;
	csv_set_delim(&f->csv, (unsigned char)delimiter);
	csv_set_space_func(&f->csv, no_space);
	return 0;
}

void
careful_close(struct careful *f)
{
	csv_free(&f->csv);
}

/*
 * This decides which quotes are letters. libcsv gets text with such quotes while its quote
 * character is the delimiter, which text cannot hold. Before each cell libcsv is brought to the
 * state that it has after the cells before, since split may have read those.
 *
 * libcsv gets a quote that opens a cell only once the quote that closes it has been found. If
 * there is none within max_field, the opening quote is a letter. No text can make that search
 * slow: after a quote that nothing closes, all quotes within its reach stand in pairs, so a cell
 * that begins with one of those is closed by the next byte. Only a quote at the end of that reach
 * can have a long search of its own: each byte is searched twice at most.
 */
#include <errno.h>
#include <string.h>

#include "chars.h"

#include "careful.h"

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

/* libcsv reports CR and LF separately when both are there. */
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
feed(struct careful *f, const char *p, size_t n)
{
	size_t size = csv_get_buffer_size(&f->csv);

	csv_set_blk_size(&f->csv, size > BLOCK ? size : BLOCK);
	return csv_parse(&f->csv, p, n, on_cell, on_row, f) == n ? 0 : -ENOMEM;
}

/* Brings libcsv to where the next cell begins. */
static int
begin_cell(struct careful *f, const struct reader *r)
{
	csv_fini(&f->csv, NULL, NULL, NULL);
	int rc = r->column ? feed(f, &r->delimiter, 1) : 0;
	f->cell = NULL;
	f->row = ROW_GOES_ON;
	f->quoted = false;
	f->held = 0;
	return rc;
}

static int
emit(struct reader *r, const char *p, size_t len, unsigned flags)
{
	/* Others look at the first byte of any cell. */
	struct cell c = { len ? p : "", (uint32_t)len, flags };
	int rc = reader_judge(r, &c);

	return rc < 0 ? rc : r->sink->cells(r->sink->ctx, &c, 1);
}

/* Passes on what libcsv reported; the window begins after it. */
static int
report(struct careful *f, struct reader *r)
{
	uint64_t at = r->text->dropped;
	int rc = 0;

	if (f->row && !f->cell && r->width == 1)
		f->cell = "", f->cell_len = 0;
	if (f->cell) {
		rc = emit(r, f->cell, f->cell_len, f->row ? CELL_LAST : 0);
		r->column++;
		r->told = 0;
	} else if (f->row) {
		r->totals->blank_lines++;
	}
	reader_count(r, f->row);
	if (rc == 0 && f->cell && f->row)
		rc = reader_end_record(r, f->row, at - (r->text->unit ? r->text->unit : 1));
	r->cell_at = at;
	if (f->row)
		r->record_at = at;
	return rc;
}

/*
 * The length of the quoted text at the window's beginning, with both quotes; the window then has
 * all of it. 0: no quote closes it within max_field. *doubled: how many pairs of quotes stand for
 * one.
 */
static ssize_t
closed_length(struct reader *r, size_t *doubled)
{
	struct text *t = r->text;

	*doubled = 0;
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
			++*doubled;
		} else if (q && ((size_t)(q - s) + 1 < have || t->ended)) {
			return q - s + 1;
		} else if (!q && (limit == r->max_field + 2 || t->ended)) {
			return 0;
		} else {
			i = q ? (size_t)(q - s) : limit;	/* the window ends here */
		}
	}
}

/* Reads quoted text, but for the closing quote; a quote that nothing closes stays in the window. */
static int
read_quoted(struct careful *f, struct reader *r)
{
	struct text *t = r->text;
	size_t doubled;
	ssize_t n = closed_length(r, &doubled);

	if (n < 0)
		return (int)n;
	if (n == 0)
		return reader_tell(r, FAULT_UNCLOSED_QUOTE, t->dropped, r->column + 1);
	const char *s = t->data + t->begin, *end = s + n;
	int rc = feed(f, s, (size_t)n - 1);
	if (rc == 0 && end < t->data + t->end && !f->ends_cell[(unsigned char)*end])
		rc = reader_tell(r, FAULT_TEXT_AFTER_QUOTE, text_offset(t, (size_t)n),
		    r->column + 1);
	f->quoted = true;
	f->held = (size_t)n - 2 - doubled;
	text_drop(t, (size_t)n);
	return rc;
}

/* Returns how many bytes of text come before the end of the cell, or most + 1 if they are more than
 * most. The window holds them and two bytes more, if there are so many: the longest end. */
static ssize_t
text_length(const struct careful *f, struct text *t, size_t most)
{
	for (size_t n = 0;;) {
		const char *s = t->data + t->begin;
		size_t have = t->end - t->begin;

		while (n < have && n <= most && !f->ends_cell[(unsigned char)s[n]])
			n++;
		if (n > most || have - n >= 2 || t->ended)
			return (ssize_t)n;
		int rc = text_more(t);
		if (rc < 0)
			return rc;
	}
}

/* Reports the first quote among the window's bytes i to n. All quotes there are letters. */
static int
tell_quote(struct reader *r, size_t i, size_t n)
{
	const char *s = r->text->data + r->text->begin;
	const char *quote = i < n ? memchr(s + i, '"', n - i) : NULL;

	return quote ? reader_tell(r, FAULT_QUOTE_IN_TEXT,
			   text_offset(r->text, (size_t)(quote - s)), r->column + 1) :
		       0;
}

/* Reads n bytes of text, in which a quote is a letter. */
static int
feed_text(struct careful *f, struct text *t, size_t n)
{
	csv_set_quote(&f->csv, csv_get_delim(&f->csv));
	int rc = feed(f, t->data + t->begin, n);
	csv_set_quote(&f->csv, '"');
	text_drop(t, n);
	return rc;
}

/*
 * Passes on a part of a cell that is longer than max_field, since memory has no room for all of it.
 * If libcsv has nothing of the cell, the part is text as it stands in the window. A character that
 * is cut at the end of the part belongs to the next part; if libcsv had its bytes, it gets them
 * again.
 */
static int
read_part(struct careful *f, struct reader *r)
{
	struct text *t = r->text;
	const char *s = t->data + t->begin;
	size_t room = r->max_field - f->held, tail;
	char begun[4] = "\"";
	int rc;

	if (!f->quoted) {
		tail = chars_tail(s, room);
		rc = emit(r, s, room - tail, CELL_PART);
		text_drop(t, room - tail);
		return rc;
	}
	if ((rc = feed_text(f, t, room)) < 0 || (rc = feed(f, "\"", 1)) < 0 ||
	    (rc = feed(f, &r->delimiter, 1)) < 0)
		return rc;
	tail = chars_tail(f->cell, f->cell_len);
	memcpy(begun + 1, f->cell + f->cell_len - tail, tail);
	rc = emit(r, f->cell, f->cell_len - tail, CELL_PART);
	f->cell = NULL;
	f->quoted = tail > 0;
	f->held = tail;
	return rc < 0 || tail == 0 ? rc : feed(f, begun, 1 + tail);
}

/* Reads the n bytes of text that remain of a cell, and what ends it. */
static int
end_cell(struct careful *f, struct reader *r, size_t n)
{
	struct text *t = r->text;
	int rc = feed_text(f, t, n);

	if (rc == 0 && f->quoted)
		rc = feed(f, "\"", 1);
	if (rc < 0)
		return rc;
	const char *s = t->data + t->begin;
	size_t have = t->end - t->begin;
	size_t end = have < 2 ? have : s[0] == '\r' && s[1] == '\n' ? 2 : 1;
	if (end > 0)
		rc = feed(f, s, end);
	else
		csv_fini(&f->csv, on_cell, on_row, f);
	text_drop(t, end);
	return rc < 0 ? rc : report(f, r);
}

int
careful_read(struct careful *f, struct reader *r)
{
	struct text *t = r->text;
	bool opens = t->begin < t->end && t->data[t->begin] == '"';
	int rc = begin_cell(f, r);

	if (rc == 0 && opens)
		rc = read_quoted(f, r);
	for (bool letter = opens && !f->quoted; rc == 0; letter = false) {
		size_t room = r->max_field - f->held;
		ssize_t n = text_length(f, t, room);

		if (n < 0)
			return (int)n;
		rc = tell_quote(r, letter, (size_t)n);
		if (rc == 0 && (size_t)n <= room)
			return end_cell(f, r, (size_t)n);
		if (rc == 0)
			rc = read_part(f, r);
	}
	return rc;
}

int
careful_open(struct careful *f, char delimiter)
{
	*f = (struct careful){ .cell = NULL };
	f->ends_cell[(unsigned char)delimiter] = f->ends_cell['\r'] = f->ends_cell['\n'] = true;
	if (csv_init(&f->csv, CSV_REPALL_NL) != 0)
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

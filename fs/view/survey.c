/* Answers questions about a document from its survey, and writes info.tsv for the user. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "chars.h"

#include "survey.h"

/* A view above this size that is also so many times as large as the document is refused: a few
 * bytes could fill any disk. */
#define VIEW_LARGE		((uint64_t)1 << 30)
#define VIEW_TIMES		100

bool
survey_clean(const struct view_survey *s)
{
	uint64_t odd = 0;

	for (size_t i = 0; i < FAULTS; i++)
		odd += s->faults[i];
	return odd == 0;
}

int
survey_open_text(const struct view_survey *s, const struct view_source *source, struct text *out)
{
	int rc = text_open(out, source, s->encoding);

	if (rc < 0)
		return rc;
	rc = text_fill(out, s->skip);
	if (rc == 0 && out->end - out->begin < s->skip)
		rc = -EIO;
	if (rc < 0)
		text_close(out);
	else
		text_drop(out, s->skip);
	return rc;
}

void
view_survey_free(struct view_survey *s)
{
	if (!s)
		return;
	keys_free(&s->keys);
	free(s->columns);
	free(s);
}

bool
survey_too_large(const struct view_survey *s, enum view_kind kind)
{
	return s->sizes[kind] > VIEW_LARGE && s->sizes[kind] / VIEW_TIMES > s->source_size;
}

int
view_check(const struct view_survey *s, enum view_kind kind)
{
	if (kind == VIEW_INFO || kind == VIEW_ERRORS)
		return 0;
	return (s->strict && !survey_clean(s)) || survey_too_large(s, kind) ? -EIO : 0;
}

uint64_t
view_size(const struct view_survey *s, enum view_kind kind)
{
	return s->sizes[kind] < INT64_MAX ? s->sizes[kind] : INT64_MAX;
}

uint64_t
view_rows_offset(const struct view_survey *s)
{
	return s->rows_offset;
}

size_t
view_column_count(const struct view_survey *s)
{
	return s->keys.n;
}

const char *
view_column_key(const struct view_survey *s, size_t i, size_t *len)
{
	return keys_get(&s->keys, i, len);
}

void
view_column_range(const struct view_survey *s, size_t i, uint64_t *off, uint64_t *size)
{
	*off = i ? s->columns[i - 1] : 0;
	*size = s->columns[i] - *off;
}

static void
put_number(struct buf *b, const char *key, uint64_t n)
{
	buf_printf(b, "%s\t%" PRIu64 "\n", key, n);
}

static void
put_yes_no(struct buf *b, const char *key, bool yes)
{
	buf_printf(b, "%s\t%s\n", key, yes ? "yes" : "no");
}

static const char *
line_ends(const struct cell_totals *t)
{
	if (!t->lf && !t->crlf && !t->cr)
		return "none";
	if ((t->lf != 0) + (t->crlf != 0) + (t->cr != 0) > 1)
		return "mixed";
	return t->lf ? "LF" : t->crlf ? "CRLF" : "CR";
}

static void
put_delimiter(struct buf *b, char delimiter)
{
	char text[CHARS_MOST];

	buf_puts(b, "delimiter\t");
	buf_put(b, text, (size_t)(chars_put(text, CHARS_TSV, &delimiter, 1, true) - text));
	buf_putc(b, '\n');
}

static void
put_too_large(struct buf *b, const struct view_survey *s)
{
	static const char *const names[VIEW_KINDS] = {
		[VIEW_HEADER] = "header",
		[VIEW_TABLE_TSV] = "table.tsv",
		[VIEW_ROWS_JSONL] = "rows.jsonl",
		[VIEW_TABLE_CSV] = "table.csv",
		[VIEW_COLUMNS] = "columns",
	};

	for (int kind = 0; kind < VIEW_KINDS; kind++)
		if (names[kind] && survey_too_large(s, (enum view_kind)kind))
			buf_printf(b, "too-large\t%s\n", names[kind]);
}

void
survey_put_info(const struct view_survey *s, struct buf *b)
{
	uint64_t repairs = 0;

	for (size_t i = 0; i < FAULTS; i++)
		if (i != FAULT_SHORT_RECORD && i != FAULT_LONG_RECORD)
			repairs += s->faults[i];
	put_yes_no(b, "clean", survey_clean(s));
	buf_printf(b, "encoding\t%s\n", s->encoding);
	put_yes_no(b, "byte-order-mark", s->marked);
	put_delimiter(b, s->cells.delimiter);
	put_yes_no(b, "sep-line", s->skip > 0);
	buf_printf(b, "line-ends\t%s\n", line_ends(&s->totals));
	put_number(b, "records", s->records);
	put_number(b, "columns", s->width);
	put_number(b, "widest", s->widest);
	put_number(b, "short", s->faults[FAULT_SHORT_RECORD]);
	put_number(b, "long", s->faults[FAULT_LONG_RECORD]);
	put_number(b, "repairs", repairs);
	for (size_t i = 0; i < FAULTS; i++)
		if (i != FAULT_SHORT_RECORD && i != FAULT_LONG_RECORD)
			put_number(b, cells_fault_name((enum fault_code)i), s->faults[i]);
	put_number(b, "renamed", s->renamed);
	put_number(b, "blank-lines", s->totals.blank_lines);
	put_number(b, "formulas", s->formulas);
	put_too_large(b, s);
}

/* info.tsv: what the survey found, a line each. */
#include <inttypes.h>

#include "chars.h"

#include "survey.h"

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
line_ends(const struct cells_totals *t)
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
	char escaped[CHARS_TSV_MOST];

	buf_puts(b, "delimiter\t");
	buf_put(b, escaped, (size_t)(chars_tsv(escaped, &delimiter, 1) - escaped));
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

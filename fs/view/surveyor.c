/* The pass over a document that makes its survey. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chars.h"
#include "members.h"
#include "sniff.h"

#include "survey.h"

#define MAX_FIELD_DEFAULT	(8u << 20)

struct surveyor {
	struct view_survey *s;
	struct members	 members;
	struct buf	 name;		/* the header's cell so far; at most KEYS_LONGEST + 1 */
	bool		 in_records;
	bool		 in_cell;	/* after a part of it */
	uint64_t	 column;	/* cells of this record so far */

	/* Sums over all records. */
	uint64_t	 cells;
	uint64_t	 plain;		/* bytes of plain cells: as long in each form */
	struct chars_lens lens;		/* of the others; in CSV with their quotes */
	uint64_t	 padding;	/* cells that short records lack */
	uint64_t	 members_bytes;
	uint64_t	 blank;		/* records of one empty cell */
};

/* A sum or product that is too large for a number is the largest number. */
static uint64_t
saturating_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t
saturating_mul(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static int
end_header(struct surveyor *v)
{
	struct view_survey *s = v->s;
	int rc = keys_end(&s->keys);

	s->width = s->widest = v->column;
	s->columns = calloc(s->keys.n, sizeof(*s->columns));
	v->in_records = true;
	v->column = 0;
	if (rc == 0)
		rc = s->columns ? members_open(&v->members, &s->keys) : -ENOMEM;
	return rc;
}

static int
survey_header_cell(struct surveyor *v, const struct cell *c)
{
	struct view_survey *s = v->s;
	size_t room = KEYS_LONGEST + 1 - v->name.len;
	struct chars_lens lens = { 0 };
	bool renamed = false;
	int rc = 0;

	chars_measure(c->p, c->len, true, &lens);
	s->rows_offset += lens.tsv;
	buf_put(&v->name, c->p, c->len < room ? c->len : room);
	if (c->flags & CELL_PART)
		return 0;
	s->rows_offset++;
	v->column++;
	if (v->name.failed)
		return -ENOMEM;
	if (s->keys.n < KEYS_MOST)
		rc = keys_add(&s->keys, v->name.data, v->name.len, &renamed);
	s->renamed += renamed;
	buf_clear(&v->name);
	return rc == 0 && c->flags & CELL_LAST ? end_header(v) : rc;
}

static void
end_records(struct surveyor *v, uint64_t width, uint64_t n)
{
	struct view_survey *s = v->s;

	s->records += n;
	v->cells += n * width;
	v->members_bytes += n * members_bytes(&v->members, width);
	if (width < s->width)
		v->padding = saturating_add(v->padding, saturating_mul(n, s->width - width));
	if (s->widest < width)
		s->widest = width;
}

/* A spreadsheet takes a cell that begins like this for a formula. */
static const unsigned char begins_formula[256] = {
	['='] = 1, ['+'] = 1, ['-'] = 1, ['@'] = 1, ['\t'] = 1, ['\r'] = 1, ['\0'] = 1
};

static inline bool
is_formula(const struct cell *c)
{
	return (c->len > 0) & begins_formula[(unsigned char)*c->p];
}

/* Adds a cell that is not plain to the sums. */
static inline void
measure_cell(struct surveyor *v, const struct cell *c, struct chars_lens *lens)
{
	chars_measure(c->p, c->len, !(c->flags & CELL_INVALID), lens);
	v->lens.tsv += lens->tsv;
	v->lens.json += lens->json;
	v->lens.csv += lens->csv;
}

static void
survey_cell(struct surveyor *v, const struct cell *c)
{
	struct view_survey *s = v->s;
	struct chars_lens lens = { 0 };

	if (c->flags & CELL_PLAIN) {
		v->plain += c->len;
		lens.tsv = c->len;
		lens.csv_quotes = c->flags & CELL_COMMA;
	} else {
		measure_cell(v, c, &lens);
	}
	if (v->column < s->keys.n)
		s->columns[v->column] += lens.tsv;
	s->formulas += !v->in_cell && is_formula(c);
	bool first = !v->in_cell;
	v->in_cell = c->flags & CELL_PART;
	if (v->in_cell)
		return;
	if (lens.csv_quotes || !first)
		v->lens.csv += 2;
	if (c->flags & CELL_LAST) {
		v->blank += first && c->len == 0 && v->column == 0;
		end_records(v, v->column + 1, 1);
		v->column = 0;
	} else {
		v->column++;
	}
}

/* Surveys whole cells of records that are as wide as the header, up to another kind of cell.
 * Returns how many. */
static size_t
survey_usual_cells(struct surveyor *v, const struct cell *c, size_t n)
{
	struct view_survey *s = v->s;
	uint64_t bytes = 0, formulas = 0, quotes = 0, blank = 0, records = 0, column = v->column,
		 *columns = s->columns;
	size_t i = 0;

	if (v->in_cell || v->column >= s->keys.n)
		return 0;
	for (; i < n && column < s->keys.n; i++) {
		/* Most are plain, and not the last of their record. */
		size_t room = s->keys.n - column, end = i + (n - i < room ? n - i : room);
		for (; i < end && (c[i].flags & ~(unsigned)CELL_COMMA) == CELL_PLAIN; i++) {
			bytes += c[i].len;
			columns[column++] += c[i].len;
			formulas += is_formula(&c[i]);
			quotes += c[i].flags / CELL_COMMA;
		}
		if (i == end)
			break;
		bool last = c[i].flags & CELL_LAST;

		if ((last && column + 1 != s->width) || c[i].flags & CELL_PART)
			break;
		formulas += is_formula(&c[i]);
		if (c[i].flags & CELL_PLAIN) {
			bytes += c[i].len;
			columns[column++] += c[i].len;
			quotes += (c[i].flags & CELL_COMMA) != 0;
		} else {
			struct chars_lens lens = { 0 };

			measure_cell(v, &c[i], &lens);
			columns[column++] += lens.tsv;
			quotes += lens.csv_quotes;
		}
		if (last) {
			blank += column == 1 && c[i].len == 0;
			records++;
			column = 0;
		}
	}
	v->plain += bytes;
	v->lens.csv += 2 * quotes;
	v->blank += blank;
	v->column = column;
	s->formulas += formulas;
	if (records > 0)
		end_records(v, s->width, records);
	return i;
}

static int
survey_cells(void *ctx, const struct cell *c, size_t n)
{
	struct surveyor *v = ctx;
	int rc = 0;

	for (; n > 0 && rc == 0 && !v->in_records; c++, n--)
		rc = survey_header_cell(v, c);
	while (n > 0 && rc == 0) {
		size_t usual = survey_usual_cells(v, c, n);

		c += usual;
		n -= usual;
		if (n > 0)
			survey_cell(v, c++), n--;
	}
	return rc;
}

static int
survey_fault(void *ctx, const struct fault *f)
{
	struct surveyor *v = ctx;

	v->s->faults[f->code]++;
	v->s->sizes[VIEW_ERRORS] += cells_fault_length(f);
	return 0;
}

/* The bytes of table.csv. */
static uint64_t
csv_size(const struct surveyor *v)
{
	const struct view_survey *s = v->s;
	struct chars_lens header = { 0 };
	uint64_t size = v->plain + v->lens.csv + keys_extra_bytes(&s->keys, s->widest);

	for (size_t i = 0; i < s->keys.n; i++) {
		size_t len;
		const char *key = keys_get(&s->keys, i, &len);

		header.csv_quotes = false;
		chars_measure(key, len, true, &header);
		size += header.csv_quotes ? 2 : 0;
	}
	if (s->widest == 1)
		size += 2 * v->blank;
	/* A comma or a line end after each cell, in as many cells as the widest record has. */
	return saturating_add(size + header.csv, saturating_mul(s->widest, s->records + 1));
}

static void
set_sizes(struct surveyor *v)
{
	struct view_survey *s = v->s;
	struct buf info = BUF_INIT;
	uint64_t end = 0;

	for (size_t i = 0; i < s->keys.n; i++)
		s->columns[i] = end = saturating_add(end, s->columns[i] + s->records);
	s->sizes[VIEW_HEADER] = s->rows_offset;
	s->sizes[VIEW_TABLE_TSV] =
	    saturating_add(s->rows_offset + v->plain + v->lens.tsv + v->cells, v->padding);
	/* Two quotes around each value, a brace or a comma before it; a brace and a line end after
	 * each record. */
	s->sizes[VIEW_ROWS_JSONL] =
	    v->plain + v->lens.json + v->members_bytes + 3 * v->cells + 2 * s->records;
	s->sizes[VIEW_TABLE_CSV] = csv_size(v);
	s->sizes[VIEW_COLUMNS] = end;
	s->sizes[VIEW_ERRORS] += strlen(SURVEY_ERRORS_HEADER);
	survey_put_info(s, &info);
	s->sizes[VIEW_INFO] = info.len;
	buf_free(&info);
}

static int
survey_text(struct view_survey *s, struct text *text)
{
	struct surveyor v = { .s = s, .name = BUF_INIT };
	int rc = cells_read(
	    text, &s->cells, &(struct cell_sink){ survey_cells, survey_fault, &v }, &s->totals);

	if (rc == 0)
		set_sizes(&v);
	buf_free(&v.name);
	members_close(&v.members);
	return rc;
}

static int
read_start(const struct view_source *source, char *sample, size_t n)
{
	for (size_t have = 0; have < n;) {
		ssize_t got = source->read(source->ctx, sample + have, n - have, have);

		if (got <= 0)
			return got < 0 ? (int)got : -EIO;
		have += (size_t)got;
	}
	return 0;
}

/* Encoding: as told, or by the first bytes. If UTF-16 or UTF-32 was told without a byte order, the
 * bytes say which it is. */
static int
find_encoding(struct view_survey *s, const struct view_source *source, const char *told)
{
	size_t n = source->size < TEXT_SAMPLE ? (size_t)source->size : TEXT_SAMPLE;
	char *sample = malloc(n + 1);
	int rc = sample ? read_start(source, sample, n) : -ENOMEM;

	if (rc == 0) {
		const char *found = text_detect(sample, n, n == source->size);
		bool wide =
		    told && (strcasecmp(told, "UTF-16") == 0 || strcasecmp(told, "UTF-32") == 0);

		if (!told || !*told || (wide && strncasecmp(told, found, 6) == 0))
			strcpy(s->encoding, found);
		else
			snprintf(s->encoding, sizeof(s->encoding), "%s%s", told, wide ? "LE" : "");
	}
	free(sample);
	return rc;
}

/* Delimiter: as told, or by a sep= line, or by the first bytes. */
static int
find_delimiter(struct view_survey *s, struct text *text, char told)
{
	int rc = text_fill(text, TEXT_SAMPLE);
	char said = 0;

	if (rc < 0)
		return rc;
	s->marked = text->marked;
	s->skip = sniff_sep_line(text->data + text->begin, text->end - text->begin, &said);
	text_drop(text, s->skip);
	s->cells.delimiter = told ? told : said;
	if (s->cells.delimiter)
		return 0;
	size_t n = text->end - text->begin;
	bool whole = text->ended && n <= TEXT_SAMPLE;
	return sniff_delimiter(text->data + text->begin, n <= TEXT_SAMPLE ? n : TEXT_SAMPLE, whole,
	    s->cells.max_field, &s->cells.delimiter);
}

static uint64_t
limit_field(uint64_t max)
{
	return max == 0 ? MAX_FIELD_DEFAULT : max < CELLS_LONGEST_MIN ? CELLS_LONGEST_MIN :
	    max > CELLS_LONGEST_MAX ? CELLS_LONGEST_MAX : max;
}

int
view_check_options(const struct view_options *o)
{
	const struct view_source none = { NULL, NULL, 0 };
	struct text text;

	if (o->delimiter && strchr("\"\r\n", o->delimiter))
		return -EINVAL;
	if (!o->encoding || !*o->encoding)
		return 0;
	if (strlen(o->encoding) > TEXT_NAME - sizeof("LE"))
		return -EINVAL;
	int rc = text_open(&text, &none, o->encoding);
	if (rc == 0)
		text_close(&text);
	return rc;
}

int
view_survey(
    const struct view_source *source, const struct view_options *o, struct view_survey **out)
{
	struct text text = { .data = NULL };
	struct view_survey *s = NULL;
	int rc;

	if (view_check_options(o) < 0)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->source_size = source->size;
	s->strict = o->strict;
	s->cells.max_field = limit_field(o->max_field);
	rc = find_encoding(s, source, o->encoding);
	if (rc == 0)
		rc = text_open(&text, source, s->encoding);
	if (rc == 0) {
		rc = find_delimiter(s, &text, o->delimiter);
		if (rc == 0)
			rc = survey_text(s, &text);
		text_close(&text);
	}
	if (rc < 0) {
		view_survey_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

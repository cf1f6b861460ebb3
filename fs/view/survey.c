#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/view/chars.h"
#include "fs/view/members.h"
#include "fs/view/sniff.h"

#include "fs/view/survey.h"

#define MAX_FIELD_DEFAULT	(8u << 20)

/* The pass. */
struct surveyor {
	struct view_survey *s;
	struct keys_taken taken;
	struct members	 members;
	struct buf	 name;		/* the header's cell so far, as far as KEYS_LONGEST goes */
	bool		 in_records;
	uint64_t	 column;	/* cells of this record so far */
};

bool
survey_clean(const struct view_survey *s)
{
	uint64_t odd = 0;

	for (size_t i = 0; i < FAULTS; i++)
		odd += s->faults[i];
	return odd == 0;
}

static int
end_header(struct surveyor *v)
{
	struct view_survey *s = v->s;

	s->width = s->widest = v->column;
	s->rows_offset = s->sizes[VIEW_HEADER] = s->sizes[VIEW_TABLE_TSV];
	s->columns = calloc(s->keys.n, sizeof(*s->columns));
	v->in_records = true;
	v->column = 0;
	return s->columns ? members_open(&v->members, &s->keys, &v->taken) : -ENOMEM;
}

static int
survey_header_cell(struct surveyor *v, const struct cell *c)
{
	struct view_survey *s = v->s;
	size_t room = KEYS_LONGEST + 1 - v->name.len;
	bool renamed = false;
	int rc = 0;

	s->sizes[VIEW_TABLE_TSV] += chars_tsv_len(c->p, c->len);
	buf_put(&v->name, c->p, c->len < room ? c->len : room);
	if (c->flags & CELL_PART)
		return 0;
	s->sizes[VIEW_TABLE_TSV]++;
	v->column++;
	if (v->name.failed)
		return -ENOMEM;
	if (s->keys.n < KEYS_MOST)
		rc = keys_add(&s->keys, &v->taken, v->name.data, v->name.len, &renamed);
	s->renamed += renamed;
	buf_clear(&v->name);
	return rc == 0 && c->flags & CELL_LAST ? end_header(v) : rc;
}

static int
end_record(struct surveyor *v)
{
	struct view_survey *s = v->s;
	uint64_t width = v->column, members;
	int rc = members_sum(&v->members, width, &members);

	s->records++;
	s->sizes[VIEW_TABLE_TSV] += width < s->width ? s->width - width : 0;
	s->sizes[VIEW_ROWS_JSONL] += members + width + 2;	/* { } and newline, a comma between two */
	if (s->widest < width)
		s->widest = width;
	v->column = 0;
	return rc;
}

static int
survey_cell(struct surveyor *v, const struct cell *c)
{
	struct view_survey *s = v->s;
	size_t tsv = chars_tsv_len(c->p, c->len);

	s->sizes[VIEW_TABLE_TSV] += tsv;
	s->sizes[VIEW_ROWS_JSONL] += chars_json_len(c->p, c->len, !(c->flags & CELL_INVALID));
	if (v->column < s->keys.n)
		s->columns[v->column] += tsv;
	if (c->flags & CELL_PART)
		return 0;
	s->sizes[VIEW_TABLE_TSV]++;
	s->sizes[VIEW_ROWS_JSONL] += 2;
	v->column++;
	return c->flags & CELL_LAST ? end_record(v) : 0;
}

static int
survey_cells(void *ctx, const struct cell *c, size_t n)
{
	struct surveyor *v = ctx;
	int rc = 0;

	for (; n > 0 && rc == 0; c++, n--)
		rc = v->in_records ? survey_cell(v, c) : survey_header_cell(v, c);
	return rc;
}

static int
survey_fault(void *ctx, const struct fault *fault)
{
	struct surveyor *v = ctx;

	v->s->faults[fault->code]++;
	return 0;
}

static int
survey_text(struct view_survey *s, struct text *text)
{
	struct surveyor v = { .s = s, .taken = KEYS_TAKEN_INIT, .name = BUF_INIT };
	int rc = cells_read(text, &s->cells, &(struct cells_to){ survey_cells, survey_fault, &v }, &s->totals);

	buf_free(&v.name);
	members_close(&v.members);
	keys_taken_free(&v.taken);
	return rc;
}

/* Encoding: as told, or by the first bytes. */
static int
find_encoding(struct view_survey *s, const struct view_source *source, const char *told)
{
	size_t n = source->size < TEXT_SAMPLE ? (size_t)source->size : TEXT_SAMPLE;
	char *sample = NULL;
	int rc = 0;

	if (told && *told) {
		if (strlen(told) >= sizeof(s->encoding))
			return -EINVAL;
		strcpy(s->encoding, told);
		return 0;
	}
	sample = malloc(n + 1);
	if (!sample)
		return -ENOMEM;
	for (size_t have = 0; rc == 0 && have < n;) {
		ssize_t got = source->read(source->ctx, sample + have, n - have, have);

		rc = got < 0 ? (int)got : got == 0 ? -EIO : 0;
		have += rc == 0 ? (size_t)got : 0;
	}
	if (rc == 0)
		strcpy(s->encoding, text_detect(sample, n, n == source->size));
	free(sample);
	return rc;
}

/* Delimiter: as told, or as the file says, or by the first bytes. */
static int
find_delimiter(struct view_survey *s, struct text *text, char told)
{
	int rc = text_fill(text, TEXT_SAMPLE);
	char said = 0;

	if (rc < 0)
		return rc;
	s->skip = sniff_sep_line(text->data + text->begin, text->end - text->begin, &said);
	text_drop(text, s->skip);
	s->cells.delimiter = told ? told : said;
	if (s->cells.delimiter)
		return 0;
	size_t n = text->end - text->begin;
	bool whole = text->ended && n <= TEXT_SAMPLE;
	return sniff_delimiter(text->data + text->begin, n <= TEXT_SAMPLE ? n : TEXT_SAMPLE, whole, s->cells.max_field,
	    &s->cells.delimiter);
}

static uint64_t
limit_field(uint64_t max)
{
	return max == 0 ? MAX_FIELD_DEFAULT : max < CELLS_LONGEST_MIN ? CELLS_LONGEST_MIN :
	    max > CELLS_LONGEST_MAX ? CELLS_LONGEST_MAX : max;
}

int
view_survey(const struct view_source *source, const struct view_options *o, struct view_survey **out)
{
	struct text text = { .data = NULL };
	struct view_survey *s = NULL;
	int rc;

	if (o->delimiter && strchr("\"\r\n", o->delimiter))
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
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

void
view_survey_free(struct view_survey *s)
{
	if (!s)
		return;
	keys_free(&s->keys);
	free(s->columns);
	free(s);
}

uint64_t
view_size(const struct view_survey *s, enum view_kind kind)
{
	return s->sizes[kind];
}

uint64_t
view_rows_offset(const struct view_survey *s)
{
	return s->rows_offset;
}

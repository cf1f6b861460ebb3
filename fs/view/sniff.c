#include <string.h>
#include <strings.h>

#include "cells.h"

#include "sniff.h"

/* The delimiters of Bulk API 2.0 (its Developer Guide), the most usual first. */
static const char candidates[] = { ',', ';', '\t', '|', '^', '`' };

struct tally {
	uint64_t	width;		/* of the header; 0: it has not ended */
	uint64_t	cells;		/* of this record so far */
	uint64_t	records, same;
	bool		last_same;
};

static ssize_t
copy_sample(void *ctx, void *p, size_t n, uint64_t off)
{
	memcpy(p, (const char *)ctx + off, n);
	return (ssize_t)n;
}

static int
tally_cells(void *ctx, const struct cell *cell, size_t n)
{
	struct tally *t = ctx;

	for (; n > 0; cell++, n--) {
		t->cells += !(cell->flags & CELL_PART);
		if (!(cell->flags & CELL_LAST))
			continue;
		if (t->width == 0)
			t->width = t->cells;
		t->last_same = t->cells == t->width;
		t->same += t->last_same;
		t->records++;
		t->cells = 0;
	}
	return 0;
}

static int
tally_sample(const char *sample, size_t n, const struct cells_options *o, struct tally *out)
{
	struct text text;
	int rc = text_open(&text, &(struct view_source){ copy_sample, (void *)sample, n }, "UTF-8");

	if (rc < 0)
		return rc;
	*out = (struct tally){ 0 };
	rc = cells_read(&text, o, &(struct cell_sink){ .cells = tally_cells, .ctx = out }, NULL);
	text_close(&text);
	return rc;
}

int
sniff_delimiter(const char *sample, size_t n, bool whole, uint64_t max_field, char *out)
{
	struct tally best = { 0 };
	char delimiter = ',';

	for (size_t i = 0; i < sizeof(candidates); i++) {
		struct tally t;
		int rc = tally_sample(sample, n,
		    &(struct cells_options){ .delimiter = candidates[i], .max_field = max_field },
		    &t);

		if (rc < 0)
			return rc;
		if (!whole && t.records > 1) {		/* the last one is cut off */
			t.records--;
			t.same -= t.last_same;
		}
		/* same / records > best.same / best.records */
		if (t.width > 1 &&
		    (best.records == 0 || t.same * best.records > best.same * t.records)) {
			best = t;
			delimiter = candidates[i];
		}
	}
	*out = delimiter;
	return 0;
}

size_t
sniff_sep_line(const char *p, size_t n, char *delimiter)
{
	size_t quote = n > 0 && p[0] == '"', i = quote + 5;

	if (n < i + quote || strncasecmp(p + quote, "sep=", 4) != 0)
		return 0;
	char c = p[quote + 4];
	if (c == '"' || c == '\r' || c == '\n' || (unsigned char)c >= 0x80)
		return 0;
	if (quote && p[i++] != '"')
		return 0;
	if (i < n && p[i] != '\r' && p[i] != '\n')
		return 0;
	*delimiter = c;
	if (i + 1 < n && p[i] == '\r' && p[i + 1] == '\n')
		return i + 2;
	return i < n ? i + 1 : i;
}

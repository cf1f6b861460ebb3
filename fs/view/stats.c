/*
 * stats.tsv: a row a column. Memory is bounded: distinct values are counted to DISTINCT, as hashes
 * of 64 bits, the least and the greatest are kept to so many bytes, fewer where there are very many
 * columns.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "auth/fnv.h"
#include "chars.h"
#include "types.h"

#include "survey.h"

#define DISTINCT	1000
#define HASHES_MEMORY	((size_t)64 << 20)	/* of all columns */
#define VALUES_MEMORY	((size_t)32 << 20)
#define KEEP_LEAST	16u
#define KEEP_MOST	256u

struct value {
	char		*p;		/* NULL: none yet */
	size_t		 len;
};

struct column {
	uint64_t	 values;	/* cells that are not empty */
	uint64_t	 longest;	/* characters */
	unsigned	 types;
	bool		 more;		/* there are more distinct values than were counted */
	uint32_t	 distinct, slots_n;
	uint64_t	*slots;		/* a hash table; 0: free */
	struct value	 least, greatest;		/* by bytes */
	struct value	 least_number, greatest_number;	/* while all are numbers */
};

/* The pass. */
struct pass {
	const struct view_survey *s;
	struct column	*columns;
	size_t		 hashes_left;	/* bytes */
	size_t		 keep;		/* bytes of a value */
	bool		 in_records;
	bool		 in_cell;	/* behind a part of it */
	uint64_t	 column;
	uint64_t	 hash, chars;	/* of this cell so far */
};

typedef int compare(const char *, size_t, const char *, size_t);

static int
compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* Keeps the value if it is less than what is kept (sign -1), or greater (1). */
static int
keep_extreme(struct value *v, compare *order, int sign, const char *p, size_t n)
{
	if (v->p && order(p, n, v->p, v->len) * sign <= 0)
		return 0;
	char *copy = realloc(v->p, n);
	if (!copy)
		return -ENOMEM;
	v->p = memcpy(copy, p, n);
	v->len = n;
	return 0;
}

static void
drop_numbers(struct column *c)
{
	free(c->least_number.p);
	free(c->greatest_number.p);
	c->least_number = c->greatest_number = (struct value){ NULL, 0 };
}

static int
keep_extremes(struct column *c, const char *p, size_t n, size_t keep)
{
	int rc = 0;

	if (types_number(c->types)) {
		rc = keep_extreme(&c->least_number, types_compare_numbers, -1, p, n);
		if (rc == 0)
			rc = keep_extreme(&c->greatest_number, types_compare_numbers, 1, p, n);
	} else {
		drop_numbers(c);
	}
	if (n > keep)
		n = keep - chars_tail(p, keep);
	if (rc == 0)
		rc = keep_extreme(&c->least, compare_bytes, -1, p, n);
	if (rc == 0)
		rc = keep_extreme(&c->greatest, compare_bytes, 1, p, n);
	return rc;
}

/* Where the hash is, or where it would go. */
static uint64_t *
slot_of(uint64_t *slots, uint32_t n, uint64_t hash)
{
	uint32_t i = (uint32_t)(hash >> 32) & (n - 1);

	while (slots[i] && slots[i] != hash)
		i = (i + 1) & (n - 1);
	return &slots[i];
}

/* Twice as many slots. False: there is no memory for that. */
static bool
grow(struct column *c, size_t *left)
{
	uint32_t n = c->slots_n ? 2 * c->slots_n : 16;
	size_t more = (n - c->slots_n) * sizeof(*c->slots);
	uint64_t *slots = more <= *left ? calloc(n, sizeof(*slots)) : NULL;

	if (!slots)
		return false;
	for (uint32_t i = 0; i < c->slots_n; i++)
		if (c->slots[i])
			*slot_of(slots, n, c->slots[i]) = c->slots[i];
	free(c->slots);
	c->slots = slots;
	c->slots_n = n;
	*left -= more;
	return true;
}

static void
count_distinct(struct column *c, uint64_t hash, size_t *left)
{
	if (c->more)
		return;
	hash *= 0x9e3779b97f4a7c15u;	/* all bits have a share in the upper half */
	hash += hash == 0;
	if (c->slots_n && *slot_of(c->slots, c->slots_n, hash) == hash)
		return;
	if (c->distinct == DISTINCT || (2 * c->distinct >= c->slots_n && !grow(c, left))) {
		c->more = true;
		return;
	}
	*slot_of(c->slots, c->slots_n, hash) = hash;
	c->distinct++;
}

static uint64_t
characters(const char *p, size_t n)
{
	uint64_t chars = 0;

	for (size_t i = 0; i < n; i++)
		chars += ((unsigned char)p[i] & 0xc0) != 0x80;
	return chars;
}

/* A whole cell, or a part of one. By its first part it is judged: that is longer than all that is
 * kept of it. */
static int
add_cell(struct pass *pass, struct column *c, const struct cell *cell)
{
	int rc = 0;

	if (cell->len == 0 && !pass->in_cell)
		return 0;
	pass->hash = fnv_add(pass->in_cell ? pass->hash : FNV_NONE, cell->p, cell->len);
	pass->chars = (pass->in_cell ? pass->chars : 0) +
	    (cell->flags & CELL_INVALID ? cell->len : characters(cell->p, cell->len));
	if (!pass->in_cell) {
		c->types = cell->flags & CELL_PART ? 0 : types_narrow(c->types, cell->p, cell->len);
		rc = keep_extremes(c, cell->p, cell->len, pass->keep);
	}
	if (cell->flags & CELL_PART)
		return rc;
	c->values++;
	if (c->longest < pass->chars)
		c->longest = pass->chars;
	count_distinct(c, pass->hash, &pass->hashes_left);
	return rc;
}

static int
add_cells(void *ctx, const struct cell *cell, size_t n)
{
	struct pass *pass = ctx;
	int rc = 0;

	for (; n > 0 && rc == 0; cell++, n--) {
		if (pass->in_records && pass->column < pass->s->keys.n)
			rc = add_cell(pass, &pass->columns[pass->column], cell);
		pass->in_cell = cell->flags & CELL_PART;
		if (pass->in_cell)
			continue;
		pass->column++;
		if (cell->flags & CELL_LAST) {
			pass->column = 0;
			pass->in_records = true;
		}
	}
	return rc;
}

static int
ignore_fault(void *ctx, const struct fault *f)
{
	(void)ctx;
	(void)f;
	return 0;
}

static void
put_tsv(struct buf *out, const char *p, size_t n)
{
	if (n > 0 && buf_reserve(out, n * CHARS_TSV_MOST))
		out->len = (size_t)(chars_tsv(out->data + out->len, p, n) - out->data);
}

static void
put_column(const struct view_survey *s, size_t i, const struct column *c, struct buf *out)
{
	bool number = c->values > 0 && types_number(c->types);
	const struct value *least = number ? &c->least_number : &c->least;
	const struct value *greatest = number ? &c->greatest_number : &c->greatest;
	size_t len;
	const char *key = keys_get(&s->keys, i, &len);

	put_tsv(out, key, len);
	buf_printf(out, "\t%s\t%" PRIu64 "\t%" PRIu32 "%s\t",
	    c->values ? types_name(c->types) : "empty", s->records - c->values, c->distinct,
	    c->more ? "+" : "");
	put_tsv(out, least->p, least->len);
	buf_putc(out, '\t');
	put_tsv(out, greatest->p, greatest->len);
	buf_printf(out, "\t%" PRIu64 "\n", c->longest);
}

static void
free_columns(struct column *columns, size_t n)
{
	for (size_t i = 0; columns && i < n; i++) {
		drop_numbers(&columns[i]);
		free(columns[i].least.p);
		free(columns[i].greatest.p);
		free(columns[i].slots);
	}
	free(columns);
}

static int
read_stats(struct pass *pass, const struct view_source *source)
{
	struct text text;
	int rc = survey_open_text(pass->s, source, &text);

	if (rc < 0)
		return rc;
	rc = cells_read(
	    &text, &pass->s->cells, &(struct cells_to){ add_cells, ignore_fault, pass }, NULL);
	text_close(&text);
	return rc;
}

int
view_stats(const struct view_survey *s, const struct view_source *source, struct buf *out)
{
	size_t n = s->keys.n, share = VALUES_MEMORY / (n + 1);
	struct pass pass = { .s = s,
		.hashes_left = HASHES_MEMORY,
		.columns = calloc(n + 1, sizeof(*pass.columns)) };
	int rc = pass.columns ? 0 : -ENOMEM;

	if (rc == 0 && s->strict && !survey_clean(s))
		rc = -EIO;
	pass.keep = share < KEEP_LEAST ? KEEP_LEAST : share > KEEP_MOST ? KEEP_MOST : share;
	for (size_t i = 0; rc == 0 && i < n; i++)
		pass.columns[i].types = TYPES_ANY;
	if (rc == 0)
		rc = read_stats(&pass, source);
	if (rc == 0) {
		buf_puts(out, "column\ttype\tempty\tdistinct\tmin\tmax\tlongest\n");
		for (size_t i = 0; i < n; i++)
			put_column(s, i, &pass.columns[i], out);
		rc = out->failed ? -ENOMEM : 0;
	}
	free_columns(pass.columns, n);
	return rc;
}

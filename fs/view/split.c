/*
 * The window is looked at 64 bytes at a time. Two words say what they are: a bit in `special` for what ends a
 * cell or quotes it, a bit in `odd` for what makes a cell not plain. A cell is then what lies between two
 * special bytes, and is plain if no odd bit lies between them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "fs/view/split.h"

#define BATCH	256		/* cells that are passed on at once */
#define SCRATCH	(64 * 1024)

struct split {
	/* the window */
	const char	*s;
	size_t		 n;
	char		 delimiter;
	/* the 64 bytes at s + base; bits of bytes that are done with are cleared */
	size_t		 base;
	uint64_t	 special, odd;
	bool		 odd_before;	/* something odd in this cell, before base */

	size_t		 cells_n, scratch_n;
	struct cell	 cells[BATCH];
	char		 scratch[SCRATCH];	/* cells that are not in the window as they are */
};

#ifdef __SSE2__
static void
classify(const char *p, char delimiter, uint64_t *special, uint64_t *odd)
{
	const __m128i ends = _mm_set1_epi8(delimiter);

	*special = *odd = 0;
	for (int i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(p + 16 * i));
#define IS(c)	_mm_cmpeq_epi8(v, _mm_set1_epi8(c))
		__m128i s = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, ends), IS('"')), _mm_or_si128(IS('\r'), IS('\n')));
		/* Less than a blank is signed here: so is what is not ASCII. */
		__m128i o = _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ')), IS(0x7f)), _mm_or_si128(IS('\\'), IS(',')));
#undef IS
		*special |= (uint64_t)(unsigned)_mm_movemask_epi8(s) << 16 * i;
		*odd |= (uint64_t)(unsigned)_mm_movemask_epi8(o) << 16 * i;
	}
	*odd &= ~*special;
}
#else
static void
classify(const char *p, char delimiter, uint64_t *special, uint64_t *odd)
{
	*special = *odd = 0;
	for (int i = 0; i < 64; i++) {
		unsigned char c = (unsigned char)p[i];

		if (p[i] == delimiter || c == '"' || c == '\r' || c == '\n')
			*special |= (uint64_t)1 << i;
		else if (c < ' ' || c >= 0x7f || c == '\\' || c == ',')
			*odd |= (uint64_t)1 << i;
	}
}
#endif

static void
look(struct split *sp)
{
	classify(sp->s + sp->base, sp->delimiter, &sp->special, &sp->odd);
	if (sp->n - sp->base < 64) {
		uint64_t mine = ((uint64_t)1 << (sp->n - sp->base)) - 1;

		sp->special &= mine;
		sp->odd &= mine;
	}
}

/* Where the next special byte is; n: there is none. */
static inline size_t
next_special(struct split *sp)
{
	while (!sp->special) {
		if (sp->n - sp->base <= 64)
			return sp->n;
		sp->odd_before |= sp->odd != 0;
		sp->base += 64;
		look(sp);
	}
	size_t i = sp->base + (size_t)__builtin_ctzll(sp->special);
	sp->special &= sp->special - 1;
	return i;
}

/* Is anything odd between the cell's beginning and the special byte at i, the last one found? */
static inline bool
take_odd(struct split *sp, size_t i)
{
	uint64_t before = ((uint64_t)1 << (i - sp->base)) - 1;
	bool odd = sp->odd_before || (sp->odd & before);

	sp->odd &= ~before;
	sp->odd_before = false;
	return odd;
}

/* Finds the quote that closes the cell; n: it is not there, or not beyond doubt. */
static size_t
find_close(struct split *sp, bool *doubled, bool *odd)
{
	for (;;) {
		size_t i = next_special(sp);

		if (i == sp->n || i + 1 == sp->n)
			return sp->n;
		if (sp->s[i] != '"') {
			*odd = true;
		} else if (sp->s[i + 1] == '"') {
			*doubled = *odd = true;
			next_special(sp);
		} else {
			*odd |= take_odd(sp, i);
			return i;
		}
	}
}

struct piece {
	size_t		 begin, len;	/* what is in the cell, in the window */
	size_t		 end, next;	/* where what ends it begins, and what comes behind that */
	enum row_end	 row;
	bool		 quoted, doubled, odd;
};

/* The cell at `at`; false: it is not whole, or not beyond doubt. */
static inline bool
take_cell(struct split *sp, size_t at, struct piece *p)
{
	p->quoted = p->doubled = p->odd = false;
	p->begin = at;
	p->end = next_special(sp);
	if (p->end == sp->n)
		return false;
	if (sp->s[p->end] == '"') {
		if (p->end != at)
			return false;
		size_t close = find_close(sp, &p->doubled, &p->odd);
		p->quoted = true;
		p->begin = at + 1;
		p->len = close - p->begin;
		p->end = next_special(sp);
		if (close == sp->n || p->end != close + 1)
			return false;
	} else {
		p->len = p->end - at;
		p->odd = take_odd(sp, p->end);
	}
	p->next = p->end + 1;
	p->row = ROW_GOES_ON;
	char c = sp->s[p->end];
	if (c == sp->delimiter)
		return true;
	if (c == '\n') {
		p->row = ROW_LF;
		return true;
	}
	if (p->next == sp->n)
		return false;		/* a CR; what is behind it may belong to it */
	p->row = ROW_CR;
	if (sp->s[p->next] == '\n') {
		next_special(sp);
		p->next++;
		p->row = ROW_CRLF;
	}
	return true;
}

static int
pass_on(struct split *sp, struct reader *r)
{
	int rc = sp->cells_n ? r->to->cells(r->to->ctx, sp->cells, sp->cells_n) : 0;

	sp->cells_n = sp->scratch_n = 0;
	return rc;
}

/* Makes "" one quote. */
static void
undouble(struct split *sp, const char *p, struct cell *c)
{
	const char *end = p + c->len;
	char *to = sp->scratch + sp->scratch_n;

	c->p = to;
	while (p < end) {
		const char *q = memchr(p, '"', (size_t)(end - p));
		size_t n = (size_t)((q ? q + 1 : end) - p);

		memcpy(to, p, n);
		to += n;
		p += n + (q != NULL);
	}
	c->len = (uint32_t)(to - c->p);
	sp->scratch_n += c->len;
}

/* Adds the cell to those that are passed on next. */
static inline int
add_cell(struct split *sp, struct reader *r, const struct piece *p)
{
	struct cell *c;
	int rc = 0;

	if (sp->cells_n == BATCH || (p->doubled && sp->scratch_n + p->len > SCRATCH))
		rc = pass_on(sp, r);
	c = &sp->cells[sp->cells_n++];
	*c = (struct cell){ sp->s + p->begin, (uint32_t)p->len, (p->row ? CELL_LAST : 0) | (p->odd ? 0 : CELL_PLAIN) };
	if (p->doubled)
		undouble(sp, c->p, c);
	if (rc == 0 && p->odd) {
		r->cell_at = text_offset(r->text, p->quoted ? p->begin - 1 : p->begin);
		rc = reader_judge(r, c);
		r->told = 0;
	}
	return rc;
}

int
split_read(struct split *sp, struct reader *r)
{
	struct text *t = r->text;
	struct piece p;
	size_t at = 0, record_at = SIZE_MAX;	/* SIZE_MAX: before the window */
	int rc = 0;

	memset(t->data + t->end, 0, TEXT_SLACK);
	sp->s = t->data + t->begin;
	sp->n = t->end - t->begin;
	sp->delimiter = r->delimiter;
	sp->base = 0;
	sp->odd_before = false;
	look(sp);
	while (rc == 0 && take_cell(sp, at, &p) && p.len <= r->max_field && (!p.doubled || p.len <= SCRATCH)) {
		bool blank = p.row && p.end == at && r->column == 0 && r->width != 1;

		if (!blank) {
			rc = add_cell(sp, r, &p);
			r->column++;
		}
		at = p.next;
		if (!p.row)
			continue;
		reader_count(r, p.row);
		if (blank) {
			r->totals->blank_lines++;
		} else if (r->column == r->width && p.row != ROW_CR) {
			r->record++;
			r->column = 0;
		} else if (rc == 0) {
			if (record_at != SIZE_MAX)
				r->record_at = text_offset(t, record_at);
			rc = reader_end_record(r, p.row, text_offset(t, p.end));
		}
		record_at = at;
	}
	if (rc == 0)
		rc = pass_on(sp, r);
	if (record_at != SIZE_MAX)
		r->record_at = text_offset(t, record_at);
	text_drop(t, at);
	r->cell_at = t->dropped;
	return rc;
}

int
split_new(struct split **out)
{
	struct split *sp = malloc(sizeof(*sp));

	if (!sp)
		return -ENOMEM;
	sp->cells_n = sp->scratch_n = 0;
	*out = sp;
	return 0;
}

void
split_free(struct split *sp)
{
	free(sp);
}

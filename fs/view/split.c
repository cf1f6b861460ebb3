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
	size_t		 cells_n, scratch_n;
	struct cell	 cells[BATCH];
	char		 scratch[SCRATCH];	/* cells that are not in the window as they are */
};

/* Where a pass over a window is. Not in struct split: it is to live in registers. */
struct scan {
	const char	*s;
	size_t		 n;
	char		 delimiter;
	/* the 64 bytes at s + base; bits of bytes that are done with are cleared */
	size_t		 base;
	uint64_t	 special, odd;
	bool		 odd_before;	/* something odd in this cell, before base */
};

#ifdef __SSE2__
static inline void
classify(const char *p, char delimiter, uint64_t *special, uint64_t *odd)
{
	const __m128i ends = _mm_set1_epi8(delimiter);

	*special = *odd = 0;
#pragma GCC unroll 4
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
static inline void
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

static inline void
look(struct scan *sc)
{
	classify(sc->s + sc->base, sc->delimiter, &sc->special, &sc->odd);
	if (sc->n - sc->base < 64) {
		uint64_t mine = ((uint64_t)1 << (sc->n - sc->base)) - 1;

		sc->special &= mine;
		sc->odd &= mine;
	}
}

/* Goes on to the next 64 bytes; false: there are none. */
static inline bool
look_on(struct scan *sc)
{
	if (sc->n - sc->base <= 64)
		return false;
	sc->odd_before |= sc->odd != 0;
	sc->base += 64;
	look(sc);
	return true;
}

/* Where the next special byte is; n: there is none. */
static inline size_t
next_special(struct scan *sc)
{
	while (!sc->special)
		if (!look_on(sc))
			return sc->n;
	size_t i = sc->base + (size_t)__builtin_ctzll(sc->special);
	sc->special &= sc->special - 1;
	return i;
}

/* Is anything odd between the cell's beginning and the special byte at i, the last one found? */
static inline bool
take_odd(struct scan *sc, size_t i)
{
	uint64_t before = ((uint64_t)1 << (i - sc->base)) - 1;
	bool odd = sc->odd_before || (sc->odd & before);

	sc->odd &= ~before;
	sc->odd_before = false;
	return odd;
}

/* Finds the quote that closes the cell; n: it is not there, or not beyond doubt. */
static inline size_t
find_close(struct scan *sc, bool *doubled, bool *odd)
{
	for (;;) {
		size_t i = next_special(sc);

		if (i == sc->n || i + 1 == sc->n)
			return sc->n;
		if (sc->s[i] != '"') {
			*odd = true;
		} else if (sc->s[i + 1] == '"') {
			*doubled = *odd = true;
			next_special(sc);
		} else {
			*odd |= take_odd(sc, i);
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
take_cell(struct scan *sc, size_t at, struct piece *p)
{
	p->quoted = p->doubled = p->odd = false;
	p->begin = at;
	p->end = next_special(sc);
	if (p->end == sc->n)
		return false;
	if (sc->s[p->end] == '"') {
		if (p->end != at)
			return false;
		size_t close = find_close(sc, &p->doubled, &p->odd);
		p->quoted = true;
		p->begin = at + 1;
		p->len = close - p->begin;
		p->end = next_special(sc);
		if (close == sc->n || p->end != close + 1)
			return false;
	} else {
		p->len = p->end - at;
		p->odd = take_odd(sc, p->end);
	}
	p->next = p->end + 1;
	p->row = ROW_GOES_ON;
	char c = sc->s[p->end];
	if (c == sc->delimiter)
		return true;
	if (c == '\n') {
		p->row = ROW_LF;
		return true;
	}
	if (p->next == sc->n)
		return false;		/* a CR; what is behind it may belong to it */
	p->row = ROW_CR;
	if (sc->s[p->next] == '\n') {
		next_special(sc);
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
add_cell(struct split *sp, struct reader *r, const struct scan *sc, const struct piece *p)
{
	struct cell *c;
	int rc = 0;

	if (sp->cells_n == BATCH || (p->doubled && sp->scratch_n + p->len > SCRATCH))
		rc = pass_on(sp, r);
	c = &sp->cells[sp->cells_n++];
	*c = (struct cell){ sc->s + p->begin, (uint32_t)p->len, (p->row ? CELL_LAST : 0) | (p->odd ? 0 : CELL_PLAIN) };
	if (p->doubled)
		undouble(sp, c->p, c);
	if (rc == 0 && p->odd) {
		r->cell_at = text_offset(r->text, p->quoted ? p->begin - 1 : p->begin);
		rc = reader_judge(r, c);
		r->told = 0;
	}
	return rc;
}

/*
 * Adds the cells that end within the 64 bytes at hand, as far as they are like most: plain, not quoted, and in records as
 * wide as the header. Returns where the next cell begins.
 */
static inline size_t
take_most(struct split *sp, struct reader *r, struct scan *sc, size_t at, size_t *record_at)
{
	uint64_t before_odd = (sc->odd & -sc->odd) - 1, ends = sc->special & before_odd, column = r->column;
	struct cell *c = sp->cells + sp->cells_n;

	if (sc->odd_before || sc->base + 64 - at > r->max_field || sp->cells_n + 64 > BATCH)
		return at;
	while (ends) {
		size_t end = sc->base + (size_t)__builtin_ctzll(ends);
		uint64_t rest = ends & (ends - 1);

		*c = (struct cell){ sc->s + at, (uint32_t)(end - at), CELL_PLAIN };
		if (sc->s[end] == sc->delimiter) {
			at = end + 1;
			column++;
		} else if (column + 1 == r->width && sc->s[end] == '\n') {
			c->flags |= CELL_LAST;
			at = *record_at = end + 1;
			r->totals->lf++;
			r->record++;
			column = 0;
		} else {
			break;
		}
		c++;
		ends = rest;
	}
	sc->special = (sc->special & ~before_odd) | ends;
	sp->cells_n = (size_t)(c - sp->cells);
	r->column = column;
	return at;
}

int
split_read(struct split *sp, struct reader *r)
{
	struct text *t = r->text;
	struct scan sc = { .s = t->data + t->begin, .n = t->end - t->begin, .delimiter = r->delimiter };
	struct piece p;
	size_t at = 0, record_at = SIZE_MAX;	/* SIZE_MAX: before the window */
	int rc = 0;

	memset(t->data + t->end, 0, TEXT_SLACK);
	look(&sc);
	while (rc == 0) {
		at = take_most(sp, r, &sc, at, &record_at);
		if (!sc.special && look_on(&sc))
			continue;
		if (sp->cells_n + 64 > BATCH && (rc = pass_on(sp, r)) < 0)
			break;
		if (!take_cell(&sc, at, &p) || p.len > r->max_field || (p.doubled && p.len > SCRATCH))
			break;
		bool blank = p.row && p.end == at && r->column == 0 && r->width != 1;
		if (!blank) {
			rc = add_cell(sp, r, &sc, &p);
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

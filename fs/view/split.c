/*
 * The window is read in blocks of 64 bytes. Each question about a block has a word with a bit for
 * each byte: does it end a cell, is it a quote, does it keep its cell from being plain? A byte is
 * in quotes if the number of quotes before it is odd, and a cell lies between two ends that are
 * not in quotes.
 *
 * That holds as long as each quote is where it belongs. A quote out of place is a letter, up to the
 * end of its cell, and the words are computed again without it.
 */
#include <endian.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "auth/utf8.h"
#include "chars.h"

#include "split.h"

#define BATCH	256		/* cells that are passed on at once */
#define ALL	(~(uint64_t)0)

struct batch {
	size_t		 n;
	struct cell	 cells[BATCH];
};

/* Properties of 64 bytes, a bit each. */
struct block {
	uint64_t	 ends;		/* delimiter, CR, LF; pair_quotes removes those in quotes */
	uint64_t	 quotes;	/* pair_quotes removes those that are letters */
	uint64_t	 odd;		/* no plain cell has these, nor those below */
	uint64_t	 commas;	/* in a cell: in CSV it needs quotes */
	uint64_t	 doubled;	/* the first of two quotes that stand for one */
	uint64_t	 letters;	/* quotes out of place */
	uint64_t	 after;		/* quotes that close, and text follows */
	uint64_t	 foul;		/* not UTF-8, or U+FFFD in a text that was decoded */
};

/* The place of a pass over the window. */
struct scan {
	char		*s;
	size_t		 n;
	char		 delimiter;
	bool		 replaces;
	size_t		 base;		/* of the block */
	size_t		 at;		/* of the cell */
	size_t		 record_at;	/* SIZE_MAX: before the window */
	size_t		 valid;		/* up to here the bytes are known to be UTF-8 */
	uint64_t	 quoted;	/* ALL: the block begins in quotes */
	uint64_t	 may_open;	/* 1: a quote that begins the block is in place */
	struct block	 before;	/* 1 each: a block before has such a byte of this cell */
};

/* The bytes that are compared at once. The highest bit of a byte is a comparison's answer. */
#ifdef __SSE2__
typedef __m128i lane;

static inline lane
lane_load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

static inline lane
lane_is(lane v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

/* Control characters and bytes that are not ASCII: signed, both are less than a blank. */
static inline lane
lane_odd(lane v)
{
	return _mm_cmplt_epi8(v, _mm_set1_epi8(' '));
}

static inline uint64_t
lane_bits(lane v)
{
	return (unsigned)_mm_movemask_epi8(v);
}
#else
typedef uint64_t lane;

static inline lane
lane_load(const char *p)
{
	return le64toh(chars_eight(p));
}

static inline lane
lane_zero(lane v)
{
	return ~(((v & CHARS_EACH * 0x7f) + CHARS_EACH * 0x7f) | v | CHARS_EACH * 0x7f);
}

static inline lane
lane_is(lane v, char c)
{
	return lane_zero(v ^ CHARS_EACH * (unsigned char)c);
}

static inline lane
lane_odd(lane v)
{
	return lane_zero(v & CHARS_EACH * 0xe0) | v;
}

static inline uint64_t
lane_bits(lane v)
{
	return ((v & CHARS_EACH * 0x80) >> 7) * 0x0102040810204080u >> 56;
}
#endif

static inline void
classify(const char *p, char delimiter, struct block *b)
{
	b->ends = b->quotes = b->odd = 0;
#pragma GCC unroll 8
	for (size_t i = 0; i < 64; i += sizeof(lane)) {
		lane v = lane_load(p + i);

		b->ends |= lane_bits(lane_is(v, delimiter) | lane_is(v, '\r') | lane_is(v, '\n'))
		    << i;
		b->quotes |= lane_bits(lane_is(v, '"')) << i;
		b->odd |= lane_bits(lane_odd(v) | lane_is(v, 0x7f) | lane_is(v, '\\')) << i;
	}
}

static inline uint64_t
bytes_that_are(const char *p, char c)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < 64; i += sizeof(lane))
		bits |= lane_bits(lane_is(lane_load(p + i), c)) << i;
	return bits;
}

static inline uint64_t
bytes_not_ascii(const char *p)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < 64; i += sizeof(lane))
		bits |= lane_bits(lane_load(p + i)) << i;
	return bits;
}

/* The bits from i on. */
static inline uint64_t
from(size_t i)
{
	return i < 64 ? ALL << i : 0;
}

/* Sets each bit to whether the number of bits up to and with it is odd. */
static inline uint64_t
parity(uint64_t v)
{
	v ^= v << 1;
	v ^= v << 2;
	v ^= v << 4;
	v ^= v << 8;
	v ^= v << 16;
	return v ^ v << 32;
}

/* high: the bytes that are not ASCII. Returns those from the first foul one on. */
static uint64_t
find_foul(struct scan *sc, uint64_t high)
{
	if (sc->valid > sc->base)
		high &= from(sc->valid - sc->base);
	while (high) {
		size_t i = (size_t)__builtin_ctzll(high);
		const char *p = sc->s + sc->base + i;
		size_t len = utf8_len(p, sc->n - sc->base - i);

		if (len == 0 || (sc->replaces && memcmp(p, UTF8_REPLACEMENT, 3) == 0))
			break;
		high &= from(i + len);
		sc->valid = sc->base + i + len;
	}
	return high;
}

static inline bool
is_end(const struct scan *sc, char c)
{
	return c == sc->delimiter || c == '\n' || c == '\r';
}

/* Finds what is in quotes. Takes one quote out of place after another for a letter, until none is
 * left. */
static inline void
pair_quotes(struct scan *sc, struct block *b)
{
	const char *p = sc->s + sc->base;
	uint64_t all_ends = b->ends, inside, bad;

	b->letters = b->after = 0;
	if (!sc->quoted && !(b->quotes & (all_ends << 1 | sc->may_open))) {
		/* none opens a cell */
		b->letters = b->quotes;
		b->quotes = 0;
	}
	for (;;) {
		inside = parity(b->quotes) ^ sc->quoted;
		uint64_t opening = b->quotes & inside, closing = b->quotes & ~inside;

		b->ends = all_ends & ~inside;
		b->doubled = closing & (opening >> 1 | (uint64_t)(p[64] == '"') << 63);
		closing &= ~b->doubled & ~(b->ends >> 1 | (uint64_t)is_end(sc, p[64]) << 63);
		opening &= ~((b->ends | b->doubled) << 1 | sc->may_open);
		bad = (opening | closing) & ~b->after;
		if (!bad)
			break;
		/* The first one is a letter, or closes its cell although text follows. All quotes
		 * after it in the cell are letters. */
		uint64_t first = bad & -bad, end = all_ends & -first & ~first;
		uint64_t cell = (end & -end) - first;

		if (closing & first) {
			b->after |= first;
			cell &= ~first;
		}
		b->letters |= b->quotes & cell;
		b->quotes &= ~cell;
	}
	sc->may_open = (b->ends | b->doubled) >> 63;
	sc->quoted = -(inside >> 63);
	b->odd &= ~b->ends;
	b->commas = all_ends & inside & ~b->odd;	/* delimiters: line ends are odd */
	b->odd |= b->doubled | b->letters | b->after;
}

/* Finds what the block is, and what its first cell has been in the blocks before. */
static inline void
read_block(struct scan *sc, struct block *b)
{
	const char *p = sc->s + sc->base;

	classify(p, sc->delimiter, b);
	if (sc->n - sc->base < 64) {
		uint64_t mine = ~from(sc->n - sc->base);

		b->ends &= mine;
		b->quotes &= mine;
		b->odd &= mine;
	}
	if (b->quotes | sc->quoted) {
		pair_quotes(sc, b);
	} else {
		b->doubled = b->letters = b->after = 0;
		b->commas = 0;
		sc->may_open = b->ends >> 63;
		b->odd &= ~b->ends;
	}
	if (sc->delimiter != ',')
		b->commas = bytes_that_are(p, ',');
	b->commas |= sc->before.commas;
	if (sc->at > sc->base)
		b->ends &= from(sc->at - sc->base);	/* passes over the LF of a CRLF */
	b->foul = 0;
	uint64_t high = b->odd ? bytes_not_ascii(p) & b->odd : 0;
	if (high) {
		b->foul = find_foul(sc, high);
		b->odd &= ~high | b->foul;
	}
	if (sc->before.odd) {
		b->odd |= 1;
		b->doubled |= sc->before.doubled;
		b->letters |= sc->before.letters;
		b->after |= sc->before.after;
		b->foul |= sc->before.foul;
	}
}

static inline void
next_block(struct scan *sc, const struct block *b)
{
	uint64_t cell = from(sc->at > sc->base ? sc->at - sc->base : 0);

	sc->base += 64;
	sc->before.commas = sc->before.odd = 0;
	if (!(b->commas | b->odd))
		return;
	sc->before.commas = (b->commas & cell) != 0;
	sc->before.odd = (b->odd & cell) != 0;
	if (sc->before.odd) {
		sc->before.doubled = (b->doubled & cell) != 0;
		sc->before.letters = (b->letters & cell) != 0;
		sc->before.after = (b->after & cell) != 0;
		sc->before.foul = (b->foul & cell) != 0;
	}
}

static int
pass_on(struct batch *batch, struct reader *r)
{
	int rc = batch->n ? r->sink->cells(r->sink->ctx, batch->cells, batch->n) : 0;

	batch->n = 0;
	return rc;
}

/* Makes each "" one quote; returns the end. Quotes fill the room that becomes free: text_offset
 * counts characters. */
static char *
undouble(char *p, char *end)
{
	char *to = p;

	while (p < end) {
		while (p < end && *p != '"')
			*to++ = *p++;
		if (p < end)
			*to++ = '"';
		p += 2;
	}
	memset(to, '"', (size_t)(end - to));
	return to;
}

/* The quote that closes a cell, although text follows. */
static char *
closing_quote(char *p)
{
	while (p[0] != '"' || p[1] == '"')
		p += *p == '"' ? 2 : 1;
	return p;
}

/* Takes the quotes out of a cell that is not plain, in the window, and tells what is odd. */
static int
unquote(struct reader *r, struct scan *sc, const struct block *b, uint64_t in_cell, struct cell *c)
{
	char *p = sc->s + sc->at, *end = p + c->len, *close = NULL;
	uint64_t cell = in_cell & from(sc->at > sc->base ? sc->at - sc->base : 0);
	int rc = 0;

	c->flags &= ~(unsigned)(CELL_PLAIN | CELL_COMMA);
	if (*p == '"')
		end = ++p + c->len;
	if (!((b->after | b->letters | b->foul) & cell)) {
		if (b->doubled & cell)
			c->len = (uint32_t)(undouble(p, end) - p);
		return 0;
	}
	r->cell_at = text_offset(r->text, sc->at);
	if (b->after & cell) {
		end++;			/* the cell has no quote at its end */
		close = closing_quote(p);
		rc = reader_tell(r, FAULT_TEXT_AFTER_QUOTE,
		    text_offset(r->text, (size_t)(close + 1 - sc->s)), r->column + 1);
	}
	if (rc == 0 && b->letters & cell) {
		char *first = close ? close + 1 : p;

		first = memchr(first, '"', (size_t)(end - first));
		rc = reader_tell(r, FAULT_QUOTE_IN_TEXT,
		    text_offset(r->text, (size_t)(first - sc->s)), r->column + 1);
	}
	text_offset(r->text, (size_t)(end - sc->s));	/* counts the text before it changes */
	if (close) {
		size_t rest = (size_t)(end - close) - 1;
		char *to = undouble(p, close);

		memmove(to, close + 1, rest);
		memset(to + rest, '"', (size_t)(end - to) - rest);
		end = to + rest;
	} else if (b->doubled & cell) {
		end = undouble(p, end);
	}
	c->len = (uint32_t)(end - p);
	if (rc == 0 && b->foul & cell)
		rc = reader_judge(r, c);
	r->told = 0;
	return rc;
}

/* Ends a record that is not like most, at `end`. */
static int
end_odd_record(struct reader *r, struct scan *sc, enum row_end row, size_t end)
{
	if (sc->record_at != SIZE_MAX)
		r->record_at = text_offset(r->text, sc->record_at);
	return reader_end_record(r, row, text_offset(r->text, end));
}

/* Takes the cells that end in the block. False: one of them is for careful. bare: the block has no
 * quotes and nothing odd, and no cell is too long. */
static inline __attribute__((always_inline)) bool
take_cells(
    struct batch *batch, struct reader *r, struct scan *sc, struct block *b, bool bare, int *rc)
{
	const char *s = sc->s, delimiter = sc->delimiter;
	size_t base = sc->base, at = sc->at;
	uint64_t ends = b->ends, odd = b->odd, commas = b->commas, column = r->column;
	struct cell *c = batch->cells + batch->n;
	bool whole = true;

	while (ends) {
		uint64_t upto = ends ^ (ends - 1);
		size_t end = base + (size_t)__builtin_ctzll(ends), quote = !bare && s[at] == '"';
		enum row_end row = ROW_LF;

		if (!bare && end - at > r->max_field) {
			whole = false;
			break;
		}
		ends &= ends - 1;
		*c = (struct cell){ s + at + quote, (uint32_t)(end - at - 2 * quote),
			CELL_PLAIN | (!bare && (commas & upto)) * CELL_COMMA };
		commas &= ~upto;
		if (!bare && (odd & upto)) {
			odd &= ~upto;
			sc->at = at;
			r->column = column;
			if ((*rc = unquote(r, sc, b, upto, c)) < 0)
				break;
		}
		if (s[end] == delimiter) {
			at = end + 1;
			column++;
			c++;
			continue;
		}
		bool blank = end == at && column == 0 && r->width != 1;
		at = end + 1;
		if (s[end] != '\n') {
			row = ROW_CR;
			if (s[at] == '\n') {
				row = ROW_CRLF;
				ends &= ~(upto << 1 | upto);
				at++;
			}
		}
		reader_count(r, row);
		if (blank) {
			size_t next = at;

			for (; ends && next == base + (size_t)__builtin_ctzll(ends) &&
			     s[next] == '\n';
			     next++)
				ends &= ends - 1;
			r->totals->blank_lines += 1 + next - at;
			r->totals->lf += next - at;
			at = next;
		} else {
			c++->flags |= CELL_LAST;
			column++;
			if (column == r->width && row != ROW_CR) {
				r->record++;
			} else {
				r->column = column;
				if ((*rc = end_odd_record(r, sc, row, end)) < 0)
					break;
			}
			column = 0;
		}
		sc->record_at = at;
	}
	b->odd = odd;
	b->commas = commas;
	batch->n = (size_t)(c - batch->cells);
	sc->at = at;
	r->column = column;
	return whole;
}

/* Drops what was read from the window. */
static int
end_window(struct batch *batch, struct reader *r, struct scan *sc)
{
	int rc = pass_on(batch, r);

	if (sc->record_at != SIZE_MAX)
		r->record_at = text_offset(r->text, sc->record_at);
	text_drop(r->text, sc->at);
	r->cell_at = r->text->dropped;
	/* Below 0, and so above any n, where a CRLF reaches into the next block: split_read then
	 * stops, and careful goes on. */
	sc->base -= sc->at;
	sc->valid = sc->valid > sc->at ? sc->valid - sc->at : 0;
	sc->at = 0;
	sc->record_at = SIZE_MAX;
	return rc;
}

static void
begin_window(const struct reader *r, struct scan *sc)
{
	struct text *t = r->text;

	sc->s = t->data + t->begin;
	sc->n = t->end - t->begin;
	memset(t->data + t->end, 0, TEXT_SLACK);
}

int
split_read(struct reader *r)
{
	struct batch batch;
	struct scan sc = { .delimiter = r->delimiter,
		.replaces = r->text->replaces,
		.record_at = SIZE_MAX,
		.may_open = 1 };
	struct block b;
	int rc = 0;

	batch.n = 0;
	begin_window(r, &sc);
	while (rc == 0) {
		/* A block is read when the byte after it is there. */
		if (sc.base + 64 >= sc.n && !r->text->ended) {
			if ((rc = end_window(&batch, r, &sc)) == 0)
				rc = text_more(r->text);
			if (rc == 0)
				begin_window(r, &sc);
			continue;
		}
		size_t longest = sc.base + 64 - sc.at;	/* a cell that ends in the block */
		if (sc.base >= sc.n || longest > r->max_field + 64 + 1)
			break;
		read_block(&sc, &b);
		if (batch.n + 64 > BATCH && (rc = pass_on(&batch, r)) < 0)
			break;
		bool bare =
		    !(b.quotes | b.odd | b.commas) && sc.s[sc.at] != '"' && longest <= r->max_field;
		if (!(bare ? take_cells(&batch, r, &sc, &b, true, &rc) :
			     take_cells(&batch, r, &sc, &b, false, &rc)))
			break;
		next_block(&sc, &b);
	}
	return rc < 0 ? rc : end_window(&batch, r, &sc);
}

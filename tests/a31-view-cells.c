/*
 * The fast reader of cells agrees with libcsv on every text: cells, faults and totals, wherever the
 * pieces of the source end. The texts are random; A31_ROUNDS is their number.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "auth/buf.h"
#include "fs/view/cells.h"
#include "fs/view/chars.h"
#include "tap.h"

static uint64_t seed = 1;

static unsigned
below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((seed >> 33) % n);
}

static const char *
any(const char *const *from)
{
	unsigned n = 0;

	while (from[n])
		n++;
	return from[below(n)];
}

/* Pieces of texts. The kinds differ in how many quotes are misplaced. */
static const char *const well_formed[] = { "a", "", " b ", "some text", "\"q\"", "\"a\"\"b\"",
	"\"x,y\"", "\"l\nm\"", "\"\r\n\"", "\\", "\t", "h\xc3\xa9", "x,y", "\xe6\x9d\xb1",
	"\xef\xbf\xbd", NULL };
static const char *const raw[] = { "a", "bcd", "\"", "\"", "\"\"", ",", ",", ";", " ", "\t", "\n",
	"\r\n", "\r", "\\", "\x7f", "\xe9", "\xc3\xa9", NULL };
static const char *const quotes[] = { "\"", "\"", "\"\"", ",", "a", "\n", NULL };

/* A cell that is longer than a window, or than the limit. */
static void
put_long(struct buf *b)
{
	static const char *const inside[] = { "some text, and", "\"\"", "h\xc3\xa9", "\r\n", "\n",
		"\xe9", "a", NULL };
	bool quoted = below(2);
	const char *most = any(inside);

	buf_puts(b, quoted ? "\"" : "");
	for (unsigned n = below(200000); n > 0; n--)
		buf_puts(b, !quoted ? "some text" : below(10) ? most : any(inside));
	buf_puts(b, quoted ? "\"" : "");
}

static void
make_records(struct buf *b, unsigned n)
{
	static const char *const ends[] = { "\n", "\r\n", "\r", NULL };
	const char *end = any(ends);
	unsigned width = 1 + below(6), ragged = below(2);

	for (; n > 0; n--) {
		unsigned w = ragged && below(10) == 0 ? 1 + below(8) : width;

		for (unsigned i = 0; i < w; i++) {
			buf_puts(b, i ? "," : "");
			if (n > 1000 && below(20000) == 0)
				put_long(b);
			else
				buf_puts(b, any(well_formed));
		}
		if (n > 1 || below(2))
			buf_puts(b, ragged && below(10) == 0 ? any(ends) : end);
		if (below(200) == 0)
			buf_puts(b, any(raw));
	}
}

static void
make_text(struct buf *b, unsigned size)
{
	switch (below(3)) {
	case 0:
		make_records(b, below(size));
		break;
	case 1:
		for (unsigned n = below(4 * size); n > 0; n--)
			buf_puts(b, any(raw));
		break;
	default:
		for (unsigned n = below(4 * size); n > 0; n--)
			buf_puts(b, any(quotes));
	}
}

struct source {
	const struct buf *b;
	unsigned	 step;		/* the most bytes of one read; 0: all */
};

static ssize_t
read_some(void *ctx, void *p, size_t n, uint64_t off)
{
	const struct source *s = ctx;

	if (n > s->b->len - off)
		n = (size_t)(s->b->len - off);
	if (s->step && n > s->step)
		n = s->step;
	memcpy(p, s->b->data + off, n);
	return (ssize_t)n;
}

struct result {
	struct buf	 cells, faults;
	struct cell_totals totals;
	int		 rc;
};

/* Checks the flag CELL_PLAIN. */
static bool
is_plain(const struct cell *c)
{
	for (size_t i = 0; i < c->len; i++)
		if ((unsigned char)c->p[i] < ' ' || strchr("\"\\\x7f", c->p[i]))
			return false;
	return chars_valid(c->p, c->len) &&
	    (memchr(c->p, ',', c->len) != NULL) == ((c->flags & CELL_COMMA) != 0);
}

static int
note_cells(void *ctx, const struct cell *c, size_t n)
{
	struct result *r = ctx;

	for (; n > 0; c++, n--) {
		buf_printf(&r->cells, "%u:%u:", c->len,
		    c->flags & ~(unsigned)(CELL_PLAIN | CELL_COMMA));
		buf_put(&r->cells, c->p, c->len);
		if (c->flags & CELL_PLAIN ? !is_plain(c) : c->flags & CELL_COMMA)
			return -EINVAL;
	}
	return 0;
}

static int
note_fault(void *ctx, const struct fault *f)
{
	struct result *r = ctx;

	buf_printf(&r->faults, "%s at %" PRIu64 ", record %" PRIu64 ", column %" PRIu64 "\n",
	    cells_fault_name(f->code), f->offset, f->record, f->column);
	return 0;
}

static void
read_it(const struct buf *text, unsigned step, const char *encoding, const struct cells_options *o,
    struct result *out)
{
	struct source source = { text, step };
	const struct view_source from = { read_some, &source, text->len };
	struct text t;

	*out = (struct result){ .cells = BUF_INIT, .faults = BUF_INIT };
	out->rc = text_open(&t, &from, encoding);
	if (out->rc == 0) {
		out->rc = cells_read(&t, o, &(struct cell_sink){ note_cells, note_fault, out },
		    &out->totals);
		text_close(&t);
	}
}

static bool
same_result(const struct result *a, const struct result *b)
{
	return a->rc == 0 && b->rc == 0 && strcmp(buf_str(&a->faults), buf_str(&b->faults)) == 0 &&
	    a->cells.len == b->cells.len &&
	    memcmp(buf_str(&a->cells), buf_str(&b->cells), a->cells.len) == 0 &&
	    memcmp(&a->totals, &b->totals, sizeof(a->totals)) == 0;
}

static bool
agree(unsigned size)
{
	static const char *const encodings[] = { "UTF-8", "UTF-8", "windows-1252", "UTF-16LE",
		NULL };
	static const unsigned steps[] = { 0, 0, 0, 1, 2, 3, 7, 64, 65 };
	struct buf text = BUF_INIT;
	struct cells_options o = { .delimiter = below(4) ? ',' : ';',
		.max_field = below(2) ? 1u << 20 : 4 + below(20) };
	const char *encoding = any(encodings);
	struct result a, b;

	make_text(&text, size);
	o.careful = true;
	read_it(&text, size > 1000 ? 0 : steps[below(9)], encoding, &o, &a);
	o.careful = false;
	read_it(&text, size > 1000 ? 0 : steps[below(9)], encoding, &o, &b);
	bool same = same_result(&a, &b);
	if (!same && text.len < 1000) {
		printf("# %s, %c, max_field %" PRIu64 ", %d %d\n", encoding, o.delimiter,
		    o.max_field, a.rc, b.rc);
		for (size_t i = 0; i < text.len; i++)
			printf("%s%02x", i ? " " : "# ", (unsigned char)text.data[i]);
		printf("\n# careful: %s\n%s\n# split: %s\n%s\n", buf_str(&a.cells),
		    buf_str(&a.faults), buf_str(&b.cells), buf_str(&b.faults));
	}
	buf_free(&text);
	buf_free(&a.cells);
	buf_free(&a.faults);
	buf_free(&b.cells);
	buf_free(&b.faults);
	return same;
}

static void
test_agree(const char *what, unsigned size, unsigned long rounds)
{
	unsigned long wrong = 0;

	for (unsigned long i = 0; i < rounds && wrong < 3; i++)
		wrong += !agree(size);
	ok(wrong == 0, "%lu %s texts are read alike", rounds, what);
}

int
main(void)
{
	const char *rounds = getenv("A31_ROUNDS");
	unsigned long n = rounds ? strtoul(rounds, NULL, 10) : 20000;

	test_agree("short", 12, n);
	test_agree("longer", 100, n / 10);
	test_agree("long", 60000, n / 1000 + 1);
	return tap_done();
}

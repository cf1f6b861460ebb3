/*
 * Large documents of bad input: every view has the size that the survey foretold, memory does not
 * grow with the input, and no byte is lost. A36_MB is the size of each document.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/view/view.h"
#include "tap.h"

/* Sanitizers need more memory and time. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHARE	16
#define SIZE	(256 << 10)
#else
#define SHARE	1
#define SIZE	(2 << 20)
#endif

/* A document: a head, then a unit that is repeated. */
struct doc {
	const char	*what;
	const char	*head;
	struct { const char *p; size_t n; } unit;	/* none: bytes of any kind */
	unsigned	 commas;	/* in a line before the head */
	bool is_text; /* table.tsv equals the text with tabs for commas, and ends in a line end */
	bool		 wide;		/* memory for the names of a million columns */
	int		 too_large;	/* views that are refused: bits of enum view_kind */
	uint64_t	 size;
};

#define U(s)	{ s, sizeof(s) - 1 }
#define PADDED	(1 << VIEW_TABLE_TSV | 1 << VIEW_TABLE_CSV | 1 << VIEW_COLUMNS)

static const struct doc docs[] = {
	{ "a quote at byte 10 that is never closed", "a,b\n1,23\n\"x", U("1234567,abcdefg\n"),
	    .is_text = true },
	{ "one cell", "a,b\n1,2\nx", U("abcdefgh"), .is_text = false },
	{ "one cell that a quote begins", "a\n1\n\"", U("abc efgh\n"), .is_text = true },
	{ "one cell in quotes", "a,b\n1,\"", U("\"\"\"\"x\n"), .is_text = false },
	{ "NULs", "a,b\n", U("\0,\0\0\n"), .is_text = true },
	{ "only NULs", "", U("\0"), .is_text = true },
	{ "only quotes", "", U("\""), .is_text = false },
	{ "quotes by threes", "a,b\n", U("\"\"\""), .is_text = false },
	{ "quotes that each cell opens", "a,b\n", U("\"x\n1,"), .is_text = false },
	{ "text after each quote", "a,b\n", U("\"a\"b,"), .is_text = false },
	{ "quotes in pairs", "a,b\n", U("\"a \"\"b\"\"\",\"\"\"\"\n"), .is_text = false },
	{ "quotes in one text behind a quoted one", "a\n\"x\"", U("y\""), .is_text = false },
	{ "line ends in quotes", "a,b\n", U("\"x\r\ny\",\"\n\"\r\n"), .is_text = false },
	{ "no line end", "", U("abcd,efgh,"), .wide = true, .is_text = true },
	{ "quotes in each text", "a,b\n", U("5\",6\"\n"), .is_text = true },
	{ "quotes in one text", "a\nx", U("\"5"), .is_text = true },
	{ "carriage returns", "a\n", U("\r"), .is_text = false },
	{ "blank lines", "a,b\n", U("\n"), .is_text = false },
	{ "blank lines of one column", "a\n", U("\n"), .is_text = true },
	{ "ragged records", "a,b\n", U("1\n1,2,3\n"), .is_text = false },
	{ "what is not UTF-8", "a,b\n", U("\xe9,\xff\n"), .is_text = false },
	{ "UTF-8 and what is not", "\xc3\xa9,b\n", U("\xc3\xa9,\xe9\n"), .is_text = false },
	{ "UTF-16 in quotes", "\xff\xfe", U("\"\0\xfc\0,\0\"\0\"\0\"\0;\0\n\0"), .is_text = false },
	{ "UTF-16 that is broken", "\xff\xfe", U("a\0\0\xd8,\0\0\xdc\n\0"), .is_text = false },
	{ "bytes of any kind", "", U(""), .is_text = false },
	{ "a header of commas", "", U(","), .wide = true, .is_text = true },
	{ "a record of commas", "a\n", U(","), .is_text = false },
	{ "a million columns", "", U("x\n"), .commas = 999999, .wide = true, .too_large = PADDED },
};

#define DOCS (sizeof(docs) / sizeof(docs[0]))

static char
byte_at(const struct doc *d, uint64_t i)
{
	if (d->commas) {
		if (i <= d->commas)
			return i < d->commas ? ',' : '\n';
		i -= d->commas + 1;
	}
	size_t head = strlen(d->head);
	if (i < head)
		return d->head[i];
	i -= head;
	if (d->unit.n)
		return d->unit.p[i % d->unit.n];
	uint64_t h = (i + 1) * 0x9e3779b97f4a7c15u;
	return (char)((h ^ h >> 29) * 0xbf58476d1ce4e5b9u >> 56);
}

static ssize_t
read_doc(void *ctx, void *p, size_t n, uint64_t off)
{
	const struct doc *d = ctx;
	char *to = p;
	size_t i = 0, before = strlen(d->head) + (d->commas ? d->commas + 1 : 0), unit = d->unit.n;

	if (n > d->size - off)
		n = (size_t)(d->size - off);
	for (; i < n && (!unit || off + i < before + unit || i < unit); i++)
		to[i] = byte_at(d, off + i);
	for (; i < n; i++)
		to[i] = to[i - unit];
	return (ssize_t)n;
}

struct sink {
	const struct doc *doc; /* not NULL: expects its bytes, with tabs for commas */
	uint64_t	 at, lines;
	char		 last;
	char		 want[1 << 17];
};

static int
take_bytes(void *ctx, const void *p, size_t n)
{
	struct sink *s = ctx;
	const char *from = p;

	for (const char *q = from; (q = memchr(q, '\n', n - (size_t)(q - from))); q++)
		s->lines++;
	if (s->doc && n <= sizeof(s->want)) {
		memset(s->want, '\n', n);
		if (s->at < s->doc->size)
			read_doc((void *)s->doc, s->want, n, s->at);
		for (size_t i = 0; i < n; i++)
			if (from[i] != (s->want[i] == ',' ? '\t' : s->want[i]))
				return -EILSEQ;
	}
	s->at += n;
	if (n > 0)
		s->last = from[n - 1];
	return 0;
}

static int
count_bytes(void *ctx, const void *p, size_t n, uint64_t off)
{
	struct sink *s = ctx;

	(void)off;
	return take_bytes(s, p, n);
}

/* Makes a view and returns its number of lines. */
static uint64_t
lines_of(const struct doc *d, const struct view_survey *s, enum view_kind kind)
{
	struct sink sink = { .doc = kind == VIEW_TABLE_TSV && d->is_text ? d : NULL, .last = '\n' };
	bool refused = d->too_large & 1 << kind;
	int rc = view_render(s, kind, &(struct view_source){ read_doc, (void *)d, d->size },
	    &(struct view_sink){ take_bytes, &sink, count_bytes });

	if (rc != (refused ? -EIO : 0) || (!refused && sink.at != view_size(s, kind)) ||
	    (kind != VIEW_COLUMNS && sink.last != '\n')) {
		printf("# %s: view %d: %d, size %llu, got %llu\n", d->what, kind, rc,
		    (unsigned long long)view_size(s, kind), (unsigned long long)sink.at);
		return UINT64_MAX;
	}
	return sink.lines;
}

/* In a child: returns a bit for each fault. */
static int
make_views(const struct doc *d, uint64_t max_field)
{
	const struct view_source source = { read_doc, (void *)d, d->size };
	struct view_survey *s = NULL;
	uint64_t lines[VIEW_KINDS];
	int wrong = 0;

	if (view_survey(&source, &(struct view_options){ .max_field = max_field }, &s) < 0)
		return 1;
	for (int kind = 0; kind < VIEW_KINDS; kind++)
		if ((lines[kind] = lines_of(d, s, (enum view_kind)kind)) == UINT64_MAX)
			wrong |= 2;
	uint64_t records = lines[VIEW_ROWS_JSONL];
	if (!d->too_large && lines[VIEW_TABLE_TSV] != records + 1)
		wrong |= 4;
	if (!d->too_large && lines[VIEW_COLUMNS] != records * view_column_count(s))
		wrong |= 8;
	view_survey_free(s);
	fflush(stdout);
	return wrong;
}

static void
test_doc(const struct doc *from, uint64_t bytes)
{
	struct doc d = *from;
	struct rusage usage;
	int status = 0;

	size_t before = strlen(d.head) + (d.commas ? d.commas + 1 : 0),
	       unit = d.unit.n ? d.unit.n : 1;
	d.size = before + (bytes - before) / unit * unit;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		_exit(make_views(&d, bytes / 4 < 8u << 20 ? bytes / 4 : 0));
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		status = -1;
	if (!ok(status == 0, "%s", d.what))
		printf("# status %x\n", status);
	long most = (d.wide ? 384 : 32) * 1024L * (getenv("UNDER_VALGRIND") ? 16 : SHARE);
	if (!ok(usage.ru_maxrss < most, "%s: memory", d.what))
		printf("# %ld kB\n", usage.ru_maxrss);
}

int
main(void)
{
	const char *mb = getenv("A36_MB");

	for (size_t i = 0; i < DOCS; i++)
		test_doc(&docs[i],
		    mb		       ? strtoull(mb, NULL, 10) << 20 :
			docs[i].commas ? 2 << 20 :
					 SIZE);
	return tap_done();
}

/* The bytes of the views of CSV documents, as a table of documents. */
#include <errno.h>
#include <stdlib.h>

#include "fs/view/view.h"
#include "tap.h"

struct bytes {
	const char	*data;
	size_t		 size;
};

static ssize_t
read_bytes(void *ctx, void *p, size_t n, uint64_t off)
{
	const struct bytes *b = ctx;

	if (off >= b->size)
		return 0;
	if (n > b->size - off)
		n = b->size - off;
	memcpy(p, b->data + off, n);
	return (ssize_t)n;
}

static int
write_buf(void *ctx, const void *p, size_t n)
{
	buf_put(ctx, p, n);
	return 0;
}

/* A string and its length: some have NULs. */
#define B(s)	{ "" s "", sizeof(s) - 1 }
#define MARK	"\xef\xbb\xbf"

static const struct {
	const char	*what;
	struct bytes	 in;
	struct view_options o;
	struct bytes	 view[3];
} cases[] = {
	{ "nothing", B(""), { 0 }, { B(""), B(""), B("") } },
	{ "blank lines only", B("\n\r\n\r\n"), { 0 }, { B(""), B(""), B("") } },
	{ "a byte order mark only", B(MARK), { 0 }, { B(""), B(""), B("") } },
	{ "a header only", B("a,b"), { 0 }, { B("a\nb\n"), B("a\tb\n"), B("") } },
	{ "two records", B("a,b\n1,2\n3,4\n"), { 0 },
	    { B("a\nb\n"), B("a\tb\n1\t2\n3\t4\n"),
		B("{\"a\":\"1\",\"b\":\"2\"}\n{\"a\":\"3\",\"b\":\"4\"}\n") } },
	{ "CRLF, no line end at the end", B("a,b\r\n1,2"), { 0 },
	    { B("a\nb\n"), B("a\tb\n1\t2\n"), B("{\"a\":\"1\",\"b\":\"2\"}\n") } },
	{ "CR only", B("a,b\r1,2\r"), { 0 },
	    { B("a\nb\n"), B("a\tb\n1\t2\n"), B("{\"a\":\"1\",\"b\":\"2\"}\n") } },
	{ "blanks stay", B("a\n  x \n"), { 0 },
	    { B("a\n"), B("a\n  x \n"), B("{\"a\":\"  x \"}\n") } },
	{ "a line of blanks is a record", B("a\n  \n"), { 0 },
	    { B("a\n"), B("a\n  \n"), B("{\"a\":\"  \"}\n") } },
	{ "a blank line of one column is a record", B("a\n\nx\n"), { 0 },
	    { B("a\n"), B("a\n\nx\n"), B("{\"a\":\"\"}\n{\"a\":\"x\"}\n") } },
	{ "a blank line of two columns is none", B("a,b\n\n1,2\n"), { 0 },
	    { B("a\nb\n"), B("a\tb\n1\t2\n"), B("{\"a\":\"1\",\"b\":\"2\"}\n") } },
	{ "what is escaped", B("a\n\"\t\n\r\\\"\"\x01\x7f\"\n"), { 0 },
	    { B("a\n"), B("a\n\\t\\n\\r\\\\\"\x01\x7f\n"),
		B("{\"a\":\"\\t\\n\\r\\\\\\\"\\u0001\\u007f\"}\n") } },
	{ "NUL", B("a\nx\0y\n"), { 0 },
	    { B("a\n"), B("a\nx\0y\n"), B("{\"a\":\"x\\u0000y\"}\n") } },
	{ "a newline in the header", B("\"a\nb\",c\n1,2\n"), { 0 },
	    { B("a\\nb\nc\n"), B("a\\nb\tc\n1\t2\n"), B("{\"a\\nb\":\"1\",\"c\":\"2\"}\n") } },
	{ "keys are unique", B("a,a,,b,a_2\n1,2,3,4,5\n"), { 0 },
	    { B("a\na\n\nb\na_2\n"), B("a\ta\t\tb\ta_2\n1\t2\t3\t4\t5\n"),
		B("{\"a\":\"1\",\"a_2\":\"2\",\"_3\":\"3\",\"b\":\"4\",\"a_2_2\":\"5\"}\n") } },
	{ "short and long records", B("a,_3\n1\n1,2,3,4\n"), { 0 },
	    { B("a\n_3\n"), B("a\t_3\n1\t\n1\t2\t3\t4\n"),
		B("{\"a\":\"1\"}\n{\"a\":\"1\",\"_3\":\"2\",\"_3_2\":\"3\",\"_4\":\"4\"}\n") } },
	{ "text behind a quote", B("a,b\n\"x\" y,z\n"), { 0 },
	    { B("a\nb\n"), B("a\tb\nx y\tz\n"), B("{\"a\":\"x y\",\"b\":\"z\"}\n") } },
	{ "a quote in text", B("a,b\n5\" pipe, \"x\"\n"), { 0 },
	    { B("a\nb\n"), B("a\tb\n5\" pipe\t \"x\"\n"),
		B("{\"a\":\"5\\\" pipe\",\"b\":\" \\\"x\\\"\"}\n") } },
	{ "a quote that nothing closes", B("a,b\n\"x,1\ny,2\n"), { 0 },
	    { B("a\nb\n"), B("a\tb\n\"x\t1\ny\t2\n"),
		B("{\"a\":\"\\\"x\",\"b\":\"1\"}\n{\"a\":\"y\",\"b\":\"2\"}\n") } },
	{ "a quote that is closed too late", B("a,b\n\"xxxxx,1\ny\",2\n"), { .max_field = 8 },
	    { B("a\nb\n"), B("a\tb\n\"xxxxx\t1\ny\"\t2\n"),
		B("{\"a\":\"\\\"xxxxx\",\"b\":\"1\"}\n{\"a\":\"y\\\"\",\"b\":\"2\"}\n") } },
	{ "a quote that is closed just in time", B("a,b\n\"xxxxx,1\n\",2\n"), { .max_field = 8 },
	    { B("a\nb\n"), B("a\tb\nxxxxx,1\\n\t2\n"),
		B("{\"a\":\"xxxxx,1\\n\",\"b\":\"2\"}\n") } },
	{ "a byte order mark before a quote", B(MARK "\"a,b\"\n1\n"), { 0 },
	    { B("a,b\n"), B("a,b\n1\n"), B("{\"a,b\":\"1\"}\n") } },
	{ "UTF-16LE",
	    B("\xff\xfe"
	      "a\0;\0\xe9\0\n\0"
	      "1\0;\0\xac\x20\n\0"),
	    { 0 },
	    { B("a\n\xc3\xa9\n"), B("a\t\xc3\xa9\n1\t\xe2\x82\xac\n"),
		B("{\"a\":\"1\",\"\xc3\xa9\":\"\xe2\x82\xac\"}\n") } },
	{ "UTF-16BE that ends in half a character", B("\xfe\xff\0a\0\n\xd8\0\0x\0"), { 0 },
	    { B("a\n"), B("a\n\xef\xbf\xbdx\xef\xbf\xbd\n"),
		B("{\"a\":\"\xef\xbf\xbdx\xef\xbf\xbd\"}\n") } },
	{ "windows-1252", B("a\n\xe9!\x80\x81\n"), { 0 },
	    { B("a\n"), B("a\n\xc3\xa9!\xe2\x82\xac\xc2\x81\n"),
		B("{\"a\":\"\xc3\xa9!\xe2\x82\xac\xc2\x81\"}\n") } },
	{ "not the UTF-8 that it is said to be", B("a,b\n\xe9,\xc3\xa9\n"), { .encoding = "UTF-8" },
	    { B("a\nb\n"), B("a\tb\n\xe9\t\xc3\xa9\n"),
		B("{\"a\":\"\xc3\xa9\",\"b\":\"\xc3\xa9\"}\n") } },
	{ "an encoding that is told", B("\xb1\n1\n"), { .encoding = "ISO-8859-2" },
	    { B("\xc4\x85\n"), B("\xc4\x85\n1\n"), B("{\"\xc4\x85\":\"1\"}\n") } },
	{ "UTF-16LE without a mark",
	    B("a\0,\0b\0\n\0"
	      "1\0,\0\xac\x20\n\0"),
	    { 0 },
	    { B("a\nb\n"), B("a\tb\n1\t\xe2\x82\xac\n"),
		B("{\"a\":\"1\",\"b\":\"\xe2\x82\xac\"}\n") } },
	{ "UTF-16BE without a mark",
	    B("\0a\0,\0b\0\n\0"
	      "1\0,\0"
	      "2\0\n"),
	    { 0 }, { B("a\nb\n"), B("a\tb\n1\t2\n"), B("{\"a\":\"1\",\"b\":\"2\"}\n") } },
	{ "NULs at odd places but for the last",
	    B("a\0,\0b\0\n\0"
	      "1\0,\0"
	      "\0"),
	    { 0 },
	    { B("a\0\n\0b\0\n"),
		B("a\0\t\0b\0\n\0"
		  "1\0\t\0\0\n"),
		B("{\"a\\u0000\":\"\\u00001\\u0000\","
		    "\"\\u0000b\\u0000\":\"\\u0000\\u0000\"}\n") } },
	{ "NULs on both sides are NULs", B("a\0\n\0\0\n"), { 0 },
	    { B("a\0\n"), B("a\0\n\0\0\n"), B("{\"a\\u0000\":\"\\u0000\\u0000\"}\n") } },
	{ "UTF-16 is told, a mark says which", B("\xfe\xff\0a\0\n"), { .encoding = "UTF-16" },
	    { B("a\n"), B("a\n"), B("") } },
	{ "UTF-16 is told, nothing says which", B("a\0\n\0"), { .encoding = "utf-16" },
	    { B("a\n"), B("a\n"), B("") } },
	{ "sep=", B("sep=;\r\na,x;b\r\n1;2\r\n"), { 0 },
	    { B("a,x\nb\n"), B("a,x\tb\n1\t2\n"), B("{\"a,x\":\"1\",\"b\":\"2\"}\n") } },
	{ "sep= in quotes, in UTF-16",
	    B("\xff\xfe\"\0s\0e\0p\0=\0|\0\"\0\n\0"
	      "a\0|\0b\0"),
	    { 0 }, { B("a\nb\n"), B("a\tb\n"), B("") } },
	{ "semicolons", B("name;price\nx, y;1,5\nz;2,5\n"), { 0 },
	    { B("name\nprice\n"), B("name\tprice\nx, y\t1,5\nz\t2,5\n"),
		B("{\"name\":\"x, y\",\"price\":\"1,5\"}\n"
		    "{\"name\":\"z\",\"price\":\"2,5\"}\n") } },
	{ "tabs", B("a\tb\n1\t2\n"), { 0 },
	    { B("a\nb\n"), B("a\tb\n1\t2\n"), B("{\"a\":\"1\",\"b\":\"2\"}\n") } },
	{ "carets", B("a^b\n1^2\n"), { 0 },
	    { B("a\nb\n"), B("a\tb\n1\t2\n"), B("{\"a\":\"1\",\"b\":\"2\"}\n") } },
	{ "a delimiter within quotes does not count", B("\"a;b;c\",d\n\"1;2;3\",4\n"), { 0 },
	    { B("a;b;c\nd\n"), B("a;b;c\td\n1;2;3\t4\n"),
		B("{\"a;b;c\":\"1;2;3\",\"d\":\"4\"}\n") } },
	{ "a tie is the comma's", B("a,b;c\n1,2;3\n"), { 0 },
	    { B("a\nb;c\n"), B("a\tb;c\n1\t2;3\n"), B("{\"a\":\"1\",\"b;c\":\"2;3\"}\n") } },
	{ "text of one column", B("text\nhello; you\nand; you; too\n"), { 0 },
	    { B("text\n"), B("text\nhello; you\nand; you; too\n"),
		B("{\"text\":\"hello; you\"}\n{\"text\":\"and; you; too\"}\n") } },
	{ "a delimiter that is told", B("a,b\tc\n"), { .delimiter = '\t' },
	    { B("a,b\nc\n"), B("a,b\tc\n"), B("") } },
};

#define ERRORS		"offset\trecord\tcolumn\tcode\n"

static const struct {
	const char	*what;
	enum view_kind	 kind;
	struct bytes	 in;
	struct view_options o;
	struct bytes	 want;
} others[] = {
	{ "nothing: table.csv", VIEW_TABLE_CSV, B(""), { 0 }, B("") },
	{ "header only: table.csv", VIEW_TABLE_CSV, B("a;b\r\n"), { 0 }, B("a,b\n") },
	{ "what needs quotes, and nothing else", VIEW_TABLE_CSV,
	    B("a;b\n\"x\";y, z\n\"1\"\"\";\"l\nm\r\"\n 5;\t'\\\n"), { 0 },
	    B("a,b\nx,\"y, z\"\n\"1\"\"\",\"l\nm\r\"\n 5,\t'\\\n") },
	{ "short and long records have all columns", VIEW_TABLE_CSV, B("a,,a\n1\n1,2,3,4,5\n"),
	    { 0 }, B("a,_2,a_2,_4,_5\n1,,,,\n1,2,3,4,5\n") },
	{ "one column: no blank line", VIEW_TABLE_CSV, B("a\n\nx\n\"\"\n"), { 0 },
	    B("a\n\"\"\nx\n\"\"\n") },
	{ "a cell in parts has quotes", VIEW_TABLE_CSV, B("a,b\n12345678,\n"), { .max_field = 4 },
	    B("a,b\n\"12345678\",\n") },
	{ "a part has max_field bytes, whatever quotes it had", VIEW_TABLE_CSV,
	    B("a,b\n\"\"\"\"\"\"\xc3\xa9\xe9z,\n"), { .encoding = "UTF-8", .max_field = 4 },
	    B("a,b\n\"\"\"\"\"\xc3\xa9\xc3\xa9z\",\n") },
	{ "UTF-8 always", VIEW_TABLE_CSV, B("a,b\n\xe9,\xc3\xa9\n"), { .encoding = "UTF-8" },
	    B("a,b\n\xc3\xa9,\xc3\xa9\n") },
	{ "columns, one behind the other", VIEW_COLUMNS, B("a,b\n1,\"x\ny\"\n2\n3,z,more\n"), { 0 },
	    B("1\n2\n3\nx\\ny\n\nz\n") },
	{ "nothing is odd", VIEW_ERRORS, B("a,b\n1,2\n"), { 0 }, B(ERRORS) },
	{ "nothing at all", VIEW_ERRORS, B(""), { 0 }, B(ERRORS) },
	{ "what is odd, and where", VIEW_ERRORS,
	    B(MARK "a,b\n\"x\"y,z\n1\n1,2,3\r1,5\"\n1,\xe9\n\"1,2\n"), { .encoding = "UTF-8" },
	    B(ERRORS
		"10\t1\t1\ttext-after-quote\n14\t2\t1\tshort-record\n16\t3\t3\tlong-record\n"
		"21\t3\t3\tbare-cr\n25\t4\t2\tquote-in-text\n"
		"29\t5\t2\tinvalid-utf8\n31\t6\t1\tunclosed-quote\n") },
	{ "offsets in UTF-16", VIEW_ERRORS,
	    B("\xff\xfe"
	      "a\0\n\0"
	      "\x3d\xd8\0\xde"
	      "1\0\n\0"
	      "\xac\x20\"\0\n\0"
	      "\0\xd8"
	      "x\0\n\0"
	      "1\0,\0"),
	    { .delimiter = ',' },
	    B(ERRORS "16\t2\t1\tquote-in-text\n20\t3\t1\tundecodable\n26\t4\t2\tlong-record\n") },
	{ "offsets in windows-1252, behind a sep= line", VIEW_ERRORS,
	    B("sep=,\n\xe9,b\n\x80,5\"\n"), { 0 }, B(ERRORS "13\t1\t2\tquote-in-text\n") },
	{ "info of nothing", VIEW_INFO, B(""), { 0 },
	    B("clean\tyes\nencoding\tUTF-8\nbyte-order-mark\tno\ndelimiter\t,\nsep-line\tno\n"
	      "line-ends\tnone\nrecords\t0\ncolumns\t0\nwidest\t0\n"
	      "short\t0\nlong\t0\nrepairs\t0\nunclosed-quote\t0\ntext-after-quote\t0\n"
	      "quote-in-text\t0\nbare-cr\t0\ninvalid-utf8\t0\nundecodable\t0\n"
	      "renamed\t0\nblank-lines\t0\nformulas\t0\n") },
	{ "info", VIEW_INFO, B(MARK "sep=\t\r\na\ta\r\n\n5\"\t=1\n1\n1\t2\t\"3\"x\r\n"), { 0 },
	    B("clean\tno\nencoding\tUTF-8\nbyte-order-mark\tyes\ndelimiter\t\\t\nsep-line\tyes\n"
	      "line-ends\tmixed\nrecords\t3\ncolumns\t2\nwidest\t3\n"
	      "short\t1\nlong\t1\nrepairs\t2\nunclosed-quote\t0\ntext-after-quote\t1\n"
	      "quote-in-text\t1\nbare-cr\t0\ninvalid-utf8\t0\nundecodable\t0\n"
	      "renamed\t1\nblank-lines\t1\nformulas\t1\n") },
};

static int
write_at(void *ctx, const void *p, size_t n, uint64_t off)
{
	struct buf *b = ctx;

	if (off > b->len || n > b->len - off)
		return -EIO;
	memcpy(b->data + off, p, n);
	return 0;
}

static int
survey(const struct bytes *in, const struct view_options *o, struct view_survey **out)
{
	return view_survey(&(struct view_source){ read_bytes, (void *)in, in->size }, o, out);
}

static int
render(const struct view_survey *s, enum view_kind kind, const struct bytes *in, struct buf *out)
{
	const struct view_source source = { read_bytes, (void *)in, in->size };

	for (uint64_t n = kind == VIEW_COLUMNS ? view_size(s, kind) : 0; n > 0; n--)
		buf_putc(out, '?');
	return view_render(s, kind, &source, &(struct view_sink){ write_buf, out, write_at });
}

static void
show(const char *who, const char *p, size_t n)
{
	printf("# %s ", who);
	for (; n > 0; p++, n--)
		printf(*p >= ' ' && *p < 0x7f ? "%c" : "\\x%02x", (unsigned char)*p);
	putchar('\n');
}

static void
test_view(const struct view_survey *s, enum view_kind kind, const struct bytes *in,
    const struct bytes *want, const char *what, const char *name)
{
	struct buf got = BUF_INIT;
	int rc = render(s, kind, in, &got);
	uint64_t size = view_size(s, kind);

	if (!ok(rc == 0 && got.len == want->size &&
		    memcmp(buf_str(&got), want->data, got.len) == 0 && size == got.len,
		"%s%s", what, name)) {
		printf("# %d, size %llu\n", rc, (unsigned long long)size);
		show("got: ", buf_str(&got), got.len);
		show("want:", want->data, want->size);
	}
	buf_free(&got);
}

static void
test_case(size_t i)
{
	static const char *const names[3] = { ": header", ": table.tsv", ": rows.jsonl" };
	struct view_survey *s = NULL;
	const char *newline;

	if (!ok(survey(&cases[i].in, &cases[i].o, &s) == 0, "%s: survey", cases[i].what))
		return;
	for (int kind = 0; kind < 3; kind++)
		test_view(s, kind, &cases[i].in, &cases[i].view[kind], cases[i].what, names[kind]);
	newline =
	    memchr(cases[i].view[VIEW_TABLE_TSV].data, '\n', cases[i].view[VIEW_TABLE_TSV].size);
	ok(view_rows_offset(s) ==
		(newline ? (size_t)(newline + 1 - cases[i].view[VIEW_TABLE_TSV].data) : 0),
	    "%s: where rows.tsv begins", cases[i].what);
	view_survey_free(s);
}

static void
test_others(void)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct view_survey *s = NULL;

		if (ok(survey(&others[i].in, &others[i].o, &s) == 0, "%s: survey", others[i].what))
			test_view(s, others[i].kind, &others[i].in, &others[i].want, others[i].what,
			    "");
		view_survey_free(s);
	}
}

/* The place and the name of each column. */
static void
test_columns(void)
{
	static const struct bytes in = B("a,a,\n1,22,\n,,x\n");
	struct view_survey *s = NULL;
	uint64_t off, size;
	size_t len;

	if (!ok(survey(&in, &(struct view_options){ 0 }, &s) == 0 && view_column_count(s) == 3,
		"a document of three columns is surveyed"))
		return;
	const char *key = view_column_key(s, 1, &len);
	ok(len == 3 && memcmp(key, "a_2", 3) == 0, "the second column has a unique key");
	view_column_range(s, 1, &off, &size);
	ok(off == 3 && size == 4, "the second column has its place and size");
	ok(view_render(s, VIEW_COLUMNS, &(struct view_source){ read_bytes, (void *)&in, in.size },
	       &(struct view_sink){ .write = write_buf }) == -EINVAL,
	    "columns cannot be written in order");
	view_survey_free(s);
}

/* A document of thousands of cells. */
static void
test_many(void)
{
	struct buf text = BUF_INIT, header = BUF_INIT;
	struct view_survey *s = NULL;

	buf_puts(&text, "a,b\n");
	for (int i = 0; i < 3003; i++)
		buf_printf(&text, "%d,%d\n", i % 1000, i % 1001);
	struct bytes in = { text.data, text.len };
	ok(survey(&in, &(struct view_options){ 0 }, &s) == 0 &&
		render(s, VIEW_HEADER, &in, &header) == 0,
	    "a document of thousands of cells is surveyed");
	is_str(buf_str(&header), "a\nb\n", "its header is rendered");
	view_survey_free(s);
	buf_free(&text);
	buf_free(&header);
}

/* A packed survey renders like the survey itself. One that is cut or changed anywhere is
 * refused. */
static void
test_pack(void)
{
	static const struct bytes in = B("a,a,\xe9\n1,2,3,4\n\"x\n");
	struct view_survey *s = NULL, *again = NULL;
	struct buf packed = BUF_INIT, twice = BUF_INIT, view = BUF_INIT;
	bool refused = true;

	ok(survey(&in, &(struct view_options){ 0 }, &s) == 0 && view_survey_pack(s, &packed) == 0,
	    "a survey packs");
	ok(view_survey_unpack(packed.data, packed.len, &again) == 0 &&
		view_survey_pack(again, &twice) == 0 && packed.len == twice.len &&
		memcmp(packed.data, twice.data, packed.len) == 0,
	    "a packed survey unpacks as the same");
	ok(render(again, VIEW_ROWS_JSONL, &in, &view) == 0 &&
		view.len == view_size(s, VIEW_ROWS_JSONL),
	    "an unpacked survey renders");
	view_survey_free(again);
	for (size_t n = 0; n < packed.len; n++) {
		char *part = malloc(n + 1);	/* exact: a sanitizer sees a read after it */

		if (n)
			memcpy(part, packed.data, n);
		again = NULL;
		refused &= view_survey_unpack(part, n, &again) == -EINVAL && !again;
		free(part);
	}
	ok(refused, "a packed survey that is cut short is refused");
	for (size_t i = 0; i < packed.len * 8; i++) {
		packed.data[i / 8] ^= (char)(1 << i % 8);
		again = NULL;
		if (view_survey_unpack(packed.data, packed.len, &again) == 0) {
			buf_clear(&view);
			render(again, VIEW_ROWS_JSONL, &in, &view); /* any outcome but a crash */
		}
		view_survey_free(again);
		packed.data[i / 8] ^= (char)(1 << i % 8);
	}
	ok(view_survey_unpack("sffs view 0\n", 12, &again) == -EINVAL,
	    "another renderer's survey is refused");
	buf_free(&packed);
	buf_free(&twice);
	buf_free(&view);
	view_survey_free(s);
}

static int
refuse(void *ctx, const void *p, size_t n)
{
	(void)ctx, (void)p, (void)n;
	return -ECANCELED;
}

static ssize_t
fail(void *ctx, void *p, size_t n, uint64_t off)
{
	(void)ctx, (void)p, (void)n, (void)off;
	return -EINTR;
}

static void
test_errors(void)
{
	static const struct bytes in = B("a,b\n1,2\n"), other = B("a,b\n1,23\n"),
				  odd = B("a,b\n1\n");
	struct view_survey *s = NULL, *none = NULL;
	struct buf view = BUF_INIT;

	ok(survey(&in, &(struct view_options){ .strict = true }, &s) == 0 &&
		render(s, VIEW_TABLE_TSV, &in, &view) == 0,
	    "strict: a clean document has its views");
	ok(view_render(s, VIEW_TABLE_TSV, &(struct view_source){ read_bytes, (void *)&in, in.size },
	       &(struct view_sink){ .write = refuse }) == -ECANCELED,
	    "the sink's error ends a render");
	ok(view_render(s, VIEW_TABLE_TSV, &(struct view_source){ fail, NULL, 8 },
	       &(struct view_sink){ write_buf, &view, NULL }) == -EINTR,
	    "the source's error ends a render");
	ok(render(s, VIEW_TABLE_TSV, &other, &view) == -EIO,
	    "a render of other bytes than the survey's is an error");
	ok(view_render(s, VIEW_TABLE_TSV,
	       &(struct view_source){ read_bytes, (void *)&in, in.size + 1 },
	       &(struct view_sink){ write_buf, &view, NULL }) == -EIO,
	    "a render of a source that is shorter than its survey is an error");
	view_survey_free(s);
	s = NULL;
	ok(survey(&odd, &(struct view_options){ .strict = true }, &s) == 0 &&
		render(s, VIEW_TABLE_TSV, &odd, &view) == -EIO,
	    "strict: the views of one that is not clean are errors");
	ok(view_check(s, VIEW_TABLE_TSV) == -EIO && view_check(s, VIEW_HEADER) == -EIO,
	    "strict: views of a document with faults are known to be errors");
	ok(view_check(s, VIEW_INFO) == 0 && render(s, VIEW_INFO, &odd, &view) == 0 &&
		render(s, VIEW_ERRORS, &odd, &view) == 0,
	    "strict: info.tsv and errors.tsv are no errors");
	view_survey_free(s);
	ok(view_survey(&(struct view_source){ fail, NULL, 8 }, &(struct view_options){ 0 },
	       &none) == -EINTR,
	    "the source's error ends a survey");
	ok(survey(&in, &(struct view_options){ .encoding = "no such" }, &none) == -EINVAL,
	    "an unknown encoding is refused");
	ok(survey(&in, &(struct view_options){ .delimiter = '"' }, &none) == -EINVAL,
	    "a quote as delimiter is refused");
	ok(view_check_options(&(struct view_options){ .encoding = "no such" }) == -EINVAL &&
		view_check_options(&(struct view_options){ .delimiter = '\n' }) == -EINVAL &&
		view_check_options(&(struct view_options){
		    .encoding = "ISO-8859-15", .delimiter = ';' }) == 0,
	    "view_check_options refuses both");
	ok(!none, "a failed survey gives nothing");
	buf_free(&view);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_case(i);
	test_others();
	test_columns();
	test_many();
	test_pack();
	test_errors();
	return tap_done();
}

/*
 * A CSV document of any bytes: a survey foretells every view to the byte, for any pieces in which
 * it is read; a survey reads back as it was packed; every record has every column. The input: four
 * bytes of options, the document.
 */
#include <errno.h>
#include <string.h>

#include "fs/view/view.h"
#include "fuzz.h"

struct bytes {
	const uint8_t	*p;
	size_t		 n, step;
};

static ssize_t
read_bytes(void *ctx, void *out, size_t n, uint64_t off)
{
	const struct bytes *b = ctx;

	MUST(off <= b->n);
	if (n > b->n - off)
		n = b->n - (size_t)off;
	if (n > b->step)
		n = b->step;
	memcpy(out, b->p + off, n);
	return (ssize_t)n;
}

static int
write_bytes(void *ctx, const void *p, size_t n)
{
	buf_put(ctx, p, n);
	return 0;
}

static int
write_bytes_at(void *ctx, const void *p, size_t n, uint64_t off)
{
	struct buf *b = ctx;

	MUST(off <= b->len && n <= b->len - off);
	memcpy(b->data + off, p, n);
	return 0;
}

static size_t
count(const char *p, size_t n, char c)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += p[i] == c;
	return found;
}

/* Every line has at least a cell for each column. */
static void
check_lines(const struct buf *tsv, size_t columns)
{
	for (const char *s = buf_str(tsv), *end = s + tsv->len, *line; s < end; s = line + 1) {
		line = memchr(s, '\n', (size_t)(end - s));
		MUST(line && count(s, (size_t)(line - s), '\t') + 1 >= columns);
	}
}

/* Renders a view and checks its size; false: there is no such view. */
static bool
render(const struct view_survey *s, enum view_kind kind, const struct view_source *source,
    struct buf *out)
{
	const struct view_sink sink = {
		.write = write_bytes, .write_at = write_bytes_at, .ctx = out
	};

	buf_clear(out);
	if (view_check(s, kind) < 0)
		return false;
	if (kind == VIEW_COLUMNS) {
		MUST(buf_reserve(out, view_size(s, kind)));
		out->len = view_size(s, kind);
	}
	MUST(view_render(s, kind, source, &sink) == 0);
	MUST(!out->failed && out->len == view_size(s, kind));
	return true;
}

static void
check_columns(const struct view_survey *s, const struct buf *columns, size_t records)
{
	uint64_t off, size, end = 0;
	size_t len;

	for (size_t i = 0; i < view_column_count(s); i++) {
		MUST(view_column_key(s, i, &len) && len > 0);
		view_column_range(s, i, &off, &size);
		MUST(off == end && size <= columns->len - off);
		MUST(count(buf_str(columns) + off, size, '\n') == records);
		end = off + size;
	}
	MUST(end == columns->len);
}

static void
check_views(const struct view_survey *s, const struct view_source *source)
{
	struct buf tsv = BUF_INIT, out = BUF_INIT;
	size_t records = 0;

	if (render(s, VIEW_TABLE_TSV, source, &tsv)) {
		check_lines(&tsv, view_column_count(s));
		MUST(view_rows_offset(s) <= tsv.len);
		records =
		    count(buf_str(&tsv) + view_rows_offset(s), tsv.len - view_rows_offset(s), '\n');
	}
	for (int kind = 0; kind < VIEW_KINDS; kind++) {
		if (kind == VIEW_TABLE_TSV || !render(s, (enum view_kind)kind, source, &out))
			continue;
		if (kind == VIEW_ROWS_JSONL)
			MUST(count(buf_str(&out), out.len, '\n') == records);
		if (kind == VIEW_HEADER)
			MUST(count(buf_str(&out), out.len, '\n') == view_column_count(s));
		if (kind == VIEW_COLUMNS)
			check_columns(s, &out, records);
	}
	buf_free(&tsv);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const encodings[] = { NULL, NULL, "UTF-8", "UTF-16LE", "UTF-16BE",
		"ISO-8859-1", "WINDOWS-1252", "SHIFT_JIS" };
	static const char delimiters[] = { 0, 0, ',', ';', '\t', '|', ' ', ':' };
	static const uint64_t fields[] = { 8 << 20, 16, 100, 1024 };

	if (size < 4)
		return 0;
	const struct view_options o = { .encoding = encodings[data[0] % 8],
		.delimiter = delimiters[data[1] % 8],
		.max_field = fields[data[2] % 4],
		.strict = data[2] & 64 };
	struct bytes bytes = { data + 4, size - 4, data[3] ? data[3] : SIZE_MAX };
	const struct view_source source = { read_bytes, &bytes, bytes.n };
	struct view_survey *s = NULL, *kept = NULL, *other = NULL;
	struct buf packed = BUF_INIT, again = BUF_INIT;

	if (view_check_options(&o) < 0)
		return 0;
	MUST(view_survey(&source, &o, &s) == 0);
	MUST(view_survey_pack(s, &packed) == 0);
	MUST(view_survey_unpack(packed.data, packed.len, &kept) == 0);
	MUST(view_survey_pack(kept, &again) == 0);
	MUST(again.len == packed.len && memcmp(buf_str(&again), buf_str(&packed), packed.len) == 0);
	check_views(kept, &source);

	bytes.step = SIZE_MAX;		/* the same in one piece */
	MUST(view_survey(&source, &o, &other) == 0);
	buf_clear(&again);
	MUST(view_survey_pack(other, &again) == 0);
	MUST(again.len == packed.len && memcmp(buf_str(&again), buf_str(&packed), packed.len) == 0);
	view_survey_free(s);
	view_survey_free(kept);
	view_survey_free(other);
	buf_free(&packed);
	buf_free(&again);
	return 0;
}

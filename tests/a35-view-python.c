/*
 * Every view of random and of broken CSV agrees with Python's csv module and the rules of the
 * views.
 *
 * The judge is a35-view-python.py. This program runs it, and the judge runs this program to make
 * the views:
 * 	a35-view-python serve		requests on standard input, answers on standard output
 * A35_ROUNDS is the number of inputs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/view/view.h"

struct bytes {
	char	*data;
	size_t	 size, step;	/* step: the most bytes of one read */
};

static ssize_t
read_bytes(void *ctx, void *p, size_t n, uint64_t off)
{
	const struct bytes *b = ctx;

	if (off >= b->size)
		return 0;
	if (n > b->size - off)
		n = b->size - off;
	if (n > b->step)
		n = b->step;
	memcpy(p, b->data + off, n);
	return (ssize_t)n;
}

static int
write_buf(void *ctx, const void *p, size_t n)
{
	buf_put(ctx, p, n);
	return 0;
}

/* VIEW_COLUMNS writes pieces at any place. */
static int
write_at(void *ctx, const void *p, size_t n, uint64_t off)
{
	struct buf *b = ctx;

	if (off > b->len || n > b->len - off)
		return -EIO;
	memcpy(b->data + off, p, n);
	return 0;
}

/* Packs and unpacks each survey, so that every round tests that as well. */
static int
survey(const struct view_source *source, const struct view_options *o, struct view_survey **out)
{
	struct view_survey *s = NULL;
	struct buf packed = BUF_INIT;
	int rc = view_survey(source, o, &s);

	if (rc == 0)
		rc = view_survey_pack(s, &packed);
	if (rc == 0)
		rc = view_survey_unpack(packed.data, packed.len, out);
	view_survey_free(s);
	buf_free(&packed);
	return rc;
}

static void
answer_view(const struct view_survey *s, enum view_kind kind, const struct view_source *source)
{
	struct buf view = BUF_INIT;

	if (kind == VIEW_COLUMNS)
		for (uint64_t n = view_size(s, kind); n > 0; n--)
			buf_putc(&view, '?');
	int rc = view_render(s, kind, source, &(struct view_sink){ write_buf, &view, write_at });
	printf("%d %" PRIu64 " %zu\n", rc, view_size(s, kind), view.len);
	fwrite(buf_str(&view), 1, view.len, stdout);
	buf_free(&view);
}

/* Answers `rc rows_offset columns`, `rc size length` and the bytes of each view, and each column's
 * place. */
static void
answer(const struct bytes *b, const struct view_options *o)
{
	const struct view_source source = { read_bytes, (void *)b, b->size };
	struct view_survey *s = NULL;
	int rc = survey(&source, o, &s);

	printf("%d %" PRIu64 " %zu\n", rc, rc == 0 ? view_rows_offset(s) : 0,
	    rc == 0 ? view_column_count(s) : 0);
	for (int kind = 0; kind < VIEW_KINDS && rc == 0; kind++)
		answer_view(s, (enum view_kind)kind, &source);
	for (size_t i = 0; rc == 0 && i < view_column_count(s); i++) {
		uint64_t off, size;

		view_column_range(s, i, &off, &size);
		printf("%" PRIu64 " %" PRIu64 "\n", off, size);
	}
	fflush(stdout);
	view_survey_free(s);
}

/* A request is `delimiter max_field step encoding length` and the bytes. The delimiter is a number;
 * encoding `-` means none. */
static int
serve(void)
{
	char line[256], encoding[64];
	unsigned delimiter;
	uint64_t max_field;
	struct bytes b;

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%u %" SCNu64 " %zu %63s %zu", &delimiter, &max_field, &b.step,
			encoding, &b.size) != 5)
			return 2;
		b.data = malloc(b.size + 1);
		if (!b.data || fread(b.data, 1, b.size, stdin) != b.size)
			return 2;
		answer(&b,
		    &(struct view_options){ .encoding = strcmp(encoding, "-") ? encoding : NULL,
			.delimiter = (char)delimiter,
			.max_field = max_field });
		free(b.data);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		return serve();
	execlp("python3", "python3", "tests/a35-view-python.py", argv[0], (char *)NULL);
	printf("Bail out! python3: %s\n", strerror(errno));
	return 1;
}

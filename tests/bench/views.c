/*
 * views survey|tsv|csv|jsonl|libcsv FILE: measures how fast a CSV file in memory is surveyed,
 * rendered, or parsed by bare libcsv, whose callbacks only count. Prints seconds, bytes of output,
 * and records.
 *
 * The output goes nowhere. The time of a render does not include the survey that it needs.
 */
#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fs/view/view.h"

struct input {
	const char	*data;
	uint64_t	 size;
};

struct count {
	uint64_t	bytes, records;
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static ssize_t
input_read(void *ctx, void *out, size_t n, uint64_t off)
{
	const struct input *in = ctx;

	if (off >= in->size)
		return 0;
	if (n > in->size - off)
		n = (size_t)(in->size - off);
	memcpy(out, in->data + off, n);
	return (ssize_t)n;
}

static int
count_write(void *ctx, const void *data, size_t n)
{
	struct count *c = ctx;

	(void)data;
	c->bytes += n;
	return 0;
}

static void
on_field(void *field, size_t n, void *ctx)
{
	struct count *c = ctx;

	(void)field;
	c->bytes += n + 1;
}

static void
on_record(int end, void *ctx)
{
	struct count *c = ctx;

	(void)end;
	c->records++;
}

static int
bare_libcsv(const struct input *in, struct count *out)
{
	struct csv_parser p;

	if (csv_init(&p, 0) != 0)
		return -ENOMEM;
	for (uint64_t off = 0; off < in->size; off += 65536) {
		size_t n = in->size - off < 65536 ? (size_t)(in->size - off) : 65536;

		if (csv_parse(&p, in->data + off, n, on_field, on_record, out) != n)
			return -EIO;
	}
	csv_fini(&p, on_field, on_record, out);
	csv_free(&p);
	return 0;
}

static int
measure(const char *what, struct input *in, double *seconds, struct count *out)
{
	const struct view_options options = { .max_field = 8 << 20 };
	const struct view_source source = { .read = input_read, .ctx = in, .size = in->size };
	const struct view_sink sink = { .write = count_write, .ctx = out };
	struct view_survey *survey = NULL;
	double begin = now();
	int rc;

	if (strcmp(what, "libcsv") == 0) {
		rc = bare_libcsv(in, out);
		*seconds = now() - begin;
		return rc;
	}
	rc = view_survey(&source, &options, &survey);
	*seconds = now() - begin;
	if (rc == 0 && strcmp(what, "survey") != 0) {
		begin = now();
		rc = view_render(survey,
		    strcmp(what, "tsv") == 0	 ? VIEW_TABLE_TSV :
			strcmp(what, "csv") == 0 ? VIEW_TABLE_CSV :
						   VIEW_ROWS_JSONL,
		    &source, &sink);
		*seconds = now() - begin;
	}
	view_survey_free(survey);
	return rc;
}

int
main(int argc, char **argv)
{
	struct count out = { 0 };
	struct input in;
	double seconds = 0;
	struct stat st;
	void *map;
	int fd, rc;

	if (argc != 3) {
		fprintf(stderr, "usage: views survey|tsv|csv|jsonl|libcsv FILE\n");
		return 2;
	}
	fd = open(argv[2], O_RDONLY);
	if (fd < 0 || fstat(fd, &st) != 0 ||
	    (map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0)) ==
		MAP_FAILED) {
		fprintf(stderr, "views: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	in = (struct input){ map, (uint64_t)st.st_size };
	rc = measure(argv[1], &in, &seconds, &out);
	if (rc != 0) {
		fprintf(stderr, "views: %s: %s\n", argv[2], strerror(-rc));
		return 1;
	}
	printf("%.6f %llu %llu\n", seconds, (unsigned long long)out.bytes,
	    (unsigned long long)out.records);
	return 0;
}

/*
 * probe FILE SECONDS: makes random reads of 4 KiB, one after another. Prints reads a second and the
 * 50th and 99th percentile of one, in microseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK	4096
#define BUCKETS	100000		/* of 0.1 us; the last one counts all slower reads */

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double
percentile(const unsigned *histogram, unsigned long reads, double part)
{
	unsigned long seen = 0;
	unsigned i = 0;

	while (i < BUCKETS - 1 && (double)(seen += histogram[i]) < part * (double)reads)
		i++;
	return i / 10.0;
}

int
main(int argc, char **argv)
{
	static unsigned histogram[BUCKETS];
	static char block[BLOCK];
	uint64_t random = 88172645463325252u;
	unsigned long reads = 0;
	struct stat st;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: probe FILE SECONDS\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < BLOCK) {
		fprintf(stderr, "probe: %s: %s\n", argv[1], errno ? strerror(errno) : "too small");
		return 1;
	}
	int64_t begin = now(), at = begin, end = begin + (int64_t)(atof(argv[2]) * 1e9);

	while (at < end) {
		random ^= random << 13, random ^= random >> 7,
		    random ^= random << 17; /* xorshift64 */
		off_t off = (off_t)(random % (uint64_t)(st.st_size / BLOCK)) * BLOCK;

		if (pread(fd, block, BLOCK, off) != BLOCK) {
			fprintf(stderr, "probe: %s: short read at %lld\n", argv[1], (long long)off);
			return 1;
		}
		int64_t then = at, took = (at = now()) - then;

		histogram[took / 100 < BUCKETS ? took / 100 : BUCKETS - 1]++;
		reads++;
	}
	printf("%.0f %.1f %.1f\n", (double)reads / ((double)(at - begin) / 1e9),
	    percentile(histogram, reads, 0.5), percentile(histogram, reads, 0.99));
	return 0;
}

/*
 * fuzz - what the fuzz targets share. Each tests/fuzz/NAME.c is a program of libFuzzer (make fuzz),
 * or, linked with replay.c, one that takes files (make test), those of tests/fuzz/corpus/NAME/
 * above all.
 *
 * Single thread.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What holds for every input. */
#define MUST(what) do { \
		if (!(what)) { \
			printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
			fflush(stdout); \
			abort(); \
		} \
	} while (0)

#endif

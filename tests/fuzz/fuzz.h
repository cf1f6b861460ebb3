/*
 * fuzz - shared by the fuzz targets. Each tests/fuzz/NAME.c is a program of libFuzzer (make fuzz);
 * or, linked with replay.c, a program that reads files (make test), such as those of
 * tests/fuzz/corpus/NAME/.
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

/* A check that holds for every input. */
#define MUST(what) do { \
		if (!(what)) { \
			printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
			fflush(stdout); \
			abort(); \
		} \
	} while (0)

#endif

/* Gives each file of its arguments to the fuzz target with which it is linked. */
#include <string.h>

#include "fuzz.h"

#define MOST	(16 << 20)

int
main(int argc, char **argv)
{
	uint8_t *data = malloc(MOST);

	for (int i = 1; i < argc && data; i++) {
		FILE *f = fopen(argv[i], "rb");

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		size_t n = fread(data, 1, MOST, f);
		fclose(f);
		printf("%s\n", argv[i]);
		fflush(stdout);
		uint8_t *exact = malloc(n ? n : 1); /* exact: a sanitizer sees more */
		if (!exact)
			return 1;
		memcpy(exact, data, n);
		LLVMFuzzerTestOneInput(exact, n);
		free(exact);
	}
	free(data);
	return argc > 1 ? 0 : 2;
}

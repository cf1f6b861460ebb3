/*
 * A config file of any bytes, then any -o: if it loads, it can be used. The input: the file, NUL,
 * the value of -o.
 */
#include <string.h>
#include <unistd.h>

#include "auth/config.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[] = "/tmp/sffs-fuzz-config-XXXXXX";
	static int fd = -1;
	const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
	const size_t n = end ? (size_t)(end - data) : size;
	char *overrides = NULL;
	struct config *c = NULL;

	if (fd < 0) {
		MUST((fd = mkstemp(path)) >= 0);
		unsetenv("HOME");
	}
	MUST(pwrite(fd, data, n, 0) == (ssize_t)n && ftruncate(fd, (off_t)n) == 0);
	if (end)
		MUST((overrides = strndup((const char *)end + 1, size - n - 1)));
	if (config_load(path, "acme", overrides, &c) == 0) {
		MUST(strncmp(c->login_url, "https://", 8) == 0 ||
		    strncmp(c->login_url, "http://", 7) == 0);
		MUST(c->transfers >= 1 && c->transfers <= 25 && c->tries >= 1 && c->timeout >= 1);
		MUST(strlen(c->api_version) == 4);
		config_free(c);
	}
	free(overrides);
	return 0;
}

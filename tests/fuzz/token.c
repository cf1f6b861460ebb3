/* A token file of any bytes: a login or none. A login is written as it was read. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/token_file.h"
#include "fuzz.h"

static bool
same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[] = "/tmp/sffs-fuzz-token-XXXXXX", path[64], written[64];
	static FILE *f;
	struct login l = { 0 }, again = { 0 };
	bool ascii = true;		/* bytes that are not UTF-8 are written differently */

	if (!f) {
		MUST(mkdtemp(dir));
		snprintf(path, sizeof(path), "%s/read", dir);
		snprintf(written, sizeof(written), "%s/written", dir);
		umask(077);
		MUST((f = fopen(path, "w+")));
	}
	for (size_t i = 0; i < size; i++)
		ascii = ascii && data[i] < 0x80;
	MUST(pwrite(fileno(f), data, size, 0) == (ssize_t)size &&
	    ftruncate(fileno(f), (off_t)size) == 0);
	if (token_file_read(path, &l) == 0) {
		MUST(strlen(l.org_id) == 18 && strlen(l.user_id) == 18);
		MUST(token_file_write(written, &l) == 0);
		MUST(token_file_read(written, &again) == 0);
		MUST(!ascii ||
		    (same(l.login_url, again.login_url) &&
			same(l.instance_url, again.instance_url) && same(l.scope, again.scope) &&
			same(l.access_token.bytes, again.access_token.bytes) &&
			same(l.refresh_token.bytes, again.refresh_token.bytes) &&
			same(l.how, again.how) && same(l.ended, again.ended) &&
			strcmp(l.org_id, again.org_id) == 0 && l.since == again.since));
	}
	login_free(&l);
	login_free(&again);
	return 0;
}

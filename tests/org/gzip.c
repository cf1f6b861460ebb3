#include <stdint.h>
#include <zlib.h>

#include "tests/org/gzip.h"

#define WINDOW	(15 + 16)	/* a gzip header */

bool
gzip_put(struct buf *out, const char *s, size_t len)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)s, .avail_in = (uInt)len };
	Bytef block[16384];
	int rc;

	if (deflateInit2(&z, 1, Z_DEFLATED, WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	do {
		z.next_out = block;
		z.avail_out = sizeof(block);
		rc = deflate(&z, Z_FINISH);
		buf_put(out, block, sizeof(block) - z.avail_out);
	} while (rc == Z_OK);
	deflateEnd(&z);
	return rc == Z_STREAM_END && !out->failed;
}

bool
gzip_read(const char *s, size_t len, size_t most, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)s, .avail_in = (uInt)len };
	Bytef block[16384];
	int rc;

	if (inflateInit2(&z, WINDOW) != Z_OK)
		return false;
	do {
		z.next_out = block;
		z.avail_out = sizeof(block);
		rc = inflate(&z, Z_NO_FLUSH);
		buf_put(out, block, sizeof(block) - z.avail_out);
	} while (rc == Z_OK && out->len <= most);
	inflateEnd(&z);
	return rc == Z_STREAM_END && out->len <= most && !out->failed;
}

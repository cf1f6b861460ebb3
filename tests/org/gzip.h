/*
 * gzip - bodies that are compressed.
 *
 * zlib lives here. Pure. Any thread.
 */
#ifndef ORG_GZIP_H
#define ORG_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/buf.h"

bool	gzip_put(struct buf *out, const char *, size_t);	/* false: no memory */
/* False: no gzip, cut off, or longer than `most` bytes. */
bool	gzip_read(const char *, size_t, size_t most, struct buf *out);

#endif

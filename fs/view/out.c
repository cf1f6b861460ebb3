#include <errno.h>
#include <stdlib.h>

#include "out.h"

#define SLICE	(OUT_SIZE / CHARS_MOST)

int
out_open(struct out *o, const struct view_sink *sink, uint64_t most)
{
	*o = (struct out){ .sink = sink, .most = most, .data = malloc(OUT_SIZE) };
	o->end = o->data;
	o->limit = o->data + OUT_SIZE;
	return o->data ? 0 : -ENOMEM;
}

int
out_flush(struct out *o)
{
	if (o->rc == 0 && o->written > o->most)
		o->rc = -EIO;
	if (o->rc == 0 && o->end > o->data)
		o->rc = o->sink->write(o->sink->ctx, o->data, (size_t)(o->end - o->data));
	o->end = o->data;
	return o->rc;
}

char *
out_room(struct out *o, size_t n)
{
	if ((size_t)(o->limit - o->end) < n)
		out_flush(o);
	return o->end;
}

void
out_put_to(struct out *o, char *end)
{
	o->written += (uint64_t)(end - o->end);
	o->end = end;
}

void
out_put(struct out *o, const char *p, size_t n)
{
	while (n > 0 && o->rc == 0) {
		size_t part = n < OUT_SIZE ? n : OUT_SIZE;
		char *to = out_room(o, part);

		memcpy(to, p, part);
		out_put_to(o, to + part);
		p += part;
		n -= part;
	}
}

void
out_putc(struct out *o, char c)
{
	char *to = out_room(o, 1);

	*to = c;
	out_put_to(o, to + 1);
}

void
out_repeat(struct out *o, char c, uint64_t n)
{
	while (n > 0 && o->rc == 0) {
		size_t part = n < OUT_SIZE ? (size_t)n : OUT_SIZE;
		char *to = out_room(o, part);

		memset(to, c, part);
		out_put_to(o, to + part);
		n -= part;
	}
}

void
out_text(struct out *o, enum chars_form form, const char *p, size_t n, bool valid)
{
	while (n > 0 && o->rc == 0) {
		size_t part = n < SLICE ? n : SLICE;

		out_put_to(o, chars_put(out_room(o, part * CHARS_MOST), form, p, part, valid));
		p += part;
		n -= part;
	}
}

void
out_close(struct out *o)
{
	free(o->data);
	o->data = NULL;
}

#include <errno.h>
#include <stdlib.h>

#include "chars.h"

#include "members.h"

#define AROUND		3		/* the quotes and the colon */
#define KEPT_MOST	(1u << 20)	/* bytes, and a text */

static void
append_member(struct buf *out, const char *key, size_t len)
{
	buf_putc(out, '"');
	if (buf_reserve(out, len * CHARS_MOST)) {
		char *end = chars_put(out->data + out->len, CHARS_JSON, key, len, true);

		out->len = (size_t)(end - out->data);
	}
	buf_puts(out, "\":");
}

int
members_open(struct members *m, const struct keys *keys)
{
	uint32_t end = 0;

	*m = (struct members){ .keys = keys };
	if (keys->n > 0 && !(m->ends = malloc(keys->n * sizeof(*m->ends))))
		return -ENOMEM;
	for (size_t i = 0; i < keys->n; i++) {
		struct chars_lens lens = { 0 };
		size_t len;
		const char *key = keys_get(keys, i, &len);

		if (end < KEPT_MOST) {
			append_member(&m->bytes, key, len);
			m->kept++;
		}
		chars_measure(key, len, true, &lens);
		m->ends[i] = end += (uint32_t)lens.json + AROUND;
	}
	buf_reserve(&m->bytes, MEMBERS_SLACK);
	return m->bytes.failed ? -ENOMEM : 0;
}

const char *
members_get(struct members *m, uint64_t index, size_t *len)
{
	struct buf key = BUF_INIT;

	if (index < m->kept) {
		size_t begin = index ? m->ends[index - 1] : 0;

		*len = m->ends[index] - begin;
		return m->bytes.data + begin;
	}
	keys_put(m->keys, index, &key);
	buf_clear(&m->extra);
	append_member(&m->extra, buf_str(&key), key.len);
	m->extra.failed |= key.failed;
	buf_free(&key);
	buf_reserve(&m->extra, MEMBERS_SLACK);
	*len = m->extra.len;
	return m->extra.failed ? NULL : m->extra.data;
}

uint64_t
members_bytes(const struct members *m, uint64_t width)
{
	size_t n = m->keys->n;

	if (width <= n)
		return width ? m->ends[width - 1] : 0;
	return (n ? m->ends[n - 1] : 0) + AROUND * (width - n) + keys_extra_bytes(m->keys, width);
}

void
members_close(struct members *m)
{
	buf_free(&m->bytes);
	buf_free(&m->extra);
	free(m->ends);
	*m = (struct members){ .keys = NULL };
}

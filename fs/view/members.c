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
	*m = (struct members){ .keys = keys, .begins = calloc(keys->n + 1, sizeof(*m->begins)) };
	if (!m->begins)
		return -ENOMEM;
	for (size_t i = 0; i < keys->n; i++) {
		struct chars_lens lens = { 0 };
		size_t len;
		const char *key = keys_get(keys, i, &len);

		if (m->begins[i] < KEPT_MOST)
			append_member(&m->bytes, key, len);
		chars_measure(key, len, true, &lens);
		m->begins[i + 1] = m->begins[i] + (uint32_t)lens.json + AROUND;
	}
	buf_reserve(&m->bytes, MEMBERS_SLACK);
	return m->bytes.failed ? -ENOMEM : 0;
}

const char *
members_get(struct members *m, uint64_t index, size_t *len)
{
	struct buf key = BUF_INIT;

	if (index < m->keys->n && m->begins[index] < KEPT_MOST) {
		*len = m->begins[index + 1] - m->begins[index];
		return m->bytes.data + m->begins[index];
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
	const size_t n = width < m->keys->n ? width : m->keys->n;

	return m->begins[n] + AROUND * (width - n) + keys_extra_bytes(m->keys, width);
}

void
members_close(struct members *m)
{
	buf_free(&m->bytes);
	buf_free(&m->extra);
	free(m->begins);
	*m = (struct members){ .keys = NULL };
}

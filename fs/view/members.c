#include <errno.h>
#include <stdlib.h>

#include "fs/view/chars.h"

#include "fs/view/members.h"

/* Appends the text of one column to out. */
static void
put_member(struct members *m, uint64_t index, struct buf *out)
{
	const char *key;
	size_t len;

	if (index < m->keys->n) {
		key = keys_get(m->keys, (size_t)index, &len);
	} else {
		buf_clear(&m->name);
		keys_extra(m->taken, index, &m->name);
		out->failed |= m->name.failed;
		key = buf_str(&m->name);
		len = m->name.len;
	}
	buf_putc(out, '"');
	if (buf_reserve(out, len * CHARS_JSON_MOST))
		out->len = (size_t)(chars_json(out->data + out->len, key, len, true) - out->data);
	buf_puts(out, "\":");
}

/* Keeps the texts of the first n columns. */
static int
keep(struct members *m, uint64_t n)
{
	while (m->n < n) {
		if (m->n == m->cap) {
			size_t cap = m->cap ? 2 * m->cap : 64;
			size_t *ends = realloc(m->ends, cap * sizeof(*ends));

			if (!ends)
				return -ENOMEM;
			m->ends = ends;
			m->cap = cap;
		}
		put_member(m, m->n, &m->bytes);
		if (m->bytes.failed)
			return -ENOMEM;
		m->ends[m->n++] = m->bytes.len;
	}
	return 0;
}

int
members_open(struct members *m, const struct keys *keys, const struct keys_taken *taken)
{
	*m = (struct members){ .keys = keys, .taken = taken };
	return keep(m, keys->n);
}

const char *
members_get(struct members *m, uint64_t index, size_t *len)
{
	if (index < KEYS_MOST) {
		if (keep(m, index + 1) < 0)
			return NULL;
		size_t begin = index ? m->ends[index - 1] : 0;
		*len = m->ends[index] - begin;
		return m->bytes.data + begin;
	}
	buf_clear(&m->one);
	put_member(m, index, &m->one);
	*len = m->one.len;
	return m->one.failed ? NULL : m->one.data;
}

int
members_sum(struct members *m, uint64_t width, uint64_t *out)
{
	uint64_t kept = width < KEYS_MOST ? width : KEYS_MOST, sum;
	int rc = keep(m, kept);

	if (rc < 0)
		return rc;
	sum = kept ? m->ends[kept - 1] : 0;
	for (uint64_t i = kept; i < width; i++) {
		size_t len;

		if (!members_get(m, i, &len))
			return -ENOMEM;
		sum += len;
	}
	*out = sum;
	return 0;
}

void
members_close(struct members *m)
{
	buf_free(&m->bytes);
	buf_free(&m->name);
	buf_free(&m->one);
	free(m->ends);
	*m = (struct members){ .n = 0 };
}

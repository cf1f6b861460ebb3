/*
 * What is taken stands in a balanced tree (tsearch), so no choice of names makes it slow. Each name there
 * remembers which number to try next: a million columns of one name do not
 * try them all each time.
 */
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "fs/view/chars.h"

#include "fs/view/keys.h"

struct name {
	uint32_t	 next;		/* the number to try first when this name is wanted again */
	size_t		 len;
	const char	*p;		/* behind the struct, but for a name that is only looked for */
};

static int
compare_names(const void *left, const void *right)
{
	const struct name *a = left, *b = right;
	int order = memcmp(a->p, b->p, a->len < b->len ? a->len : b->len);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static struct name *
find(const struct keys_taken *taken, const char *p, size_t len)
{
	const struct name wanted = { .len = len, .p = p };
	struct name *const *found = tfind(&wanted, &taken->root, compare_names);

	return found ? *found : NULL;
}

static int
take(struct keys_taken *taken, const char *p, size_t len)
{
	struct name *name = malloc(sizeof(*name) + len);

	if (!name)
		return -ENOMEM;
	*name = (struct name){ .next = 2, .len = len, .p = memcpy(name + 1, p, len) };
	struct name *const *found = tsearch(name, &taken->root, compare_names);
	if (!found || *found != name)
		free(name);
	return found ? 0 : -ENOMEM;
}

static void
put_position(struct buf *b, uint64_t index)
{
	buf_printf(b, "_%" PRIu64, index + 1);
}

/* Appends a number to the name until it is free; says which. 0: it was free. */
static uint32_t
make_unique(const struct keys_taken *taken, struct buf *name, uint32_t n)
{
	size_t len = name->len;

	if (name->failed || !find(taken, name->data, len))
		return 0;
	for (;; n++) {
		name->len = len;
		buf_printf(name, "_%" PRIu32, n);
		if (name->failed || !find(taken, name->data, name->len))
			return n;
	}
}

int
keys_append(struct keys *k, const char *p, size_t len)
{
	if (k->n == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 16;
		uint32_t *ends = realloc(k->ends, cap * sizeof(*ends));

		if (!ends)
			return -ENOMEM;
		k->ends = ends;
		k->cap = cap;
	}
	buf_put(&k->bytes, p, len);
	if (k->bytes.failed)
		return -ENOMEM;
	k->ends[k->n++] = (uint32_t)k->bytes.len;
	return 0;
}

int
keys_add(struct keys *k, struct keys_taken *taken, const char *p, size_t len, bool *renamed)
{
	struct buf name = BUF_INIT;

	if (chars_valid(p, len))
		buf_put(&name, p, len);
	else
		chars_put_1252(&name, p, len);
	if (name.len == 0 || name.len > KEYS_LONGEST || k->bytes.len + name.len > KEYS_BYTES) {
		buf_clear(&name);
		put_position(&name, k->n);
	}
	struct name *same = name.failed ? NULL : find(taken, name.data, name.len);
	if (same)
		same->next = make_unique(taken, &name, same->next) + 1;
	int rc = name.failed ? -ENOMEM : take(taken, name.data, name.len);
	if (rc == 0)
		rc = keys_append(k, name.data, name.len);
	*renamed = rc == 0 && (name.len != len || memcmp(name.data, p, len) != 0);
	buf_free(&name);
	return rc;
}

const char *
keys_get(const struct keys *k, size_t i, size_t *len)
{
	size_t begin = i ? k->ends[i - 1] : 0;

	*len = k->ends[i] - begin;
	return k->bytes.data + begin;
}

void
keys_free(struct keys *k)
{
	buf_free(&k->bytes);
	free(k->ends);
	*k = (struct keys)KEYS_INIT;
}

void
keys_extra(const struct keys_taken *taken, uint64_t index, struct buf *out)
{
	struct buf name = BUF_INIT;

	put_position(&name, index);
	make_unique(taken, &name, 2);
	buf_put(out, name.data, name.len);
	out->failed |= name.failed;
	buf_free(&name);
}

int
keys_take(const struct keys *k, struct keys_taken *taken)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < k->n; i++) {
		size_t len;
		const char *p = keys_get(k, i, &len);

		if (len > 0 && *p == '_')	/* no other can be in the way of a position */
			rc = take(taken, p, len);
	}
	return rc;
}

void
keys_taken_free(struct keys_taken *taken)
{
	tdestroy(taken->root, free);
	taken->root = NULL;
}

/*
 * The names that are taken stand in a table of their numbers, with eight bytes each: there may be a
 * million. A name's place is a polynomial of its bytes at a secret point: no choice of names makes
 * the table slow. Each name remembers which number to try next, so that a million columns of one
 * name do not try all numbers each time.
 *
 * After the last key a column is called by its position, _7, unless a key is called that. Those are
 * few and known once the header has ended, so the length of any number of names is a sum, not a
 * loop.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "chars.h"

#include "keys.h"

#define PRIME_BITS	61		/* 2^61 - 1 is one */
#define PRIME		((UINT64_C(1) << PRIME_BITS) - 1)
#define PIECE		7		/* bytes that are less than the prime */

struct keys_taken {
	uint32_t	 key;		/* its number + 1; 0: free */
	uint32_t	 next;		/* to try first when this name is wanted again */
};

struct keys_late {
	uint64_t	 position;	/* from 1 */
	uint32_t	 number;	/* that makes it unique: _7_2 */
	uint64_t	 bytes;		/* of this number and those before it */
};

static uint64_t
hash_key(const struct keys *k, const char *p, size_t len)
{
	uint64_t h = len;

	for (size_t i = 0; i < len; i += PIECE) {
		uint64_t piece = 0;

		memcpy(&piece, p + i, len - i < PIECE ? len - i : PIECE);
		unsigned __int128 product = (unsigned __int128)(h + piece) * k->secret;
		h = ((uint64_t)product & PRIME) + (uint64_t)(product >> PRIME_BITS);
	}
	return h;
}

/* The place of a name, or where it belongs. */
static struct keys_taken *
find_taken(const struct keys *k, const char *p, size_t len)
{
	size_t i = hash_key(k, p, len) % k->places, n;

	for (; k->taken[i].key; i = (i + 1) % k->places) {
		const char *key = keys_get(k, k->taken[i].key - 1, &n);

		if (n == len && memcmp(key, p, n) == 0)
			break;
	}
	return &k->taken[i];
}

static bool
is_taken(const struct keys *k, const char *p, size_t len)
{
	return k->places > 0 && find_taken(k, p, len)->key;
}

/* Makes the table twice as large if one more name would make it too full. */
static int
grow_table(struct keys *k)
{
	struct keys old = *k;

	if (2 * (k->used + 1) <= k->places)
		return 0;
	k->places = old.places ? 2 * old.places : 32;
	k->taken = calloc(k->places, sizeof(*k->taken));
	if (!k->taken) {
		*k = old;
		return -ENOMEM;
	}
	if (!k->secret && getrandom(&k->secret, sizeof(k->secret), GRND_NONBLOCK) < 0)
		k->secret = UINT64_C(0x9e3779b97f4a7c15);
	k->secret = (k->secret & PRIME) | 2;
	for (size_t i = 0; i < old.places; i++) {
		size_t len;

		if (!old.taken[i].key)
			continue;
		const char *p = keys_get(k, old.taken[i].key - 1, &len);
		*find_taken(k, p, len) = old.taken[i];
	}
	free(old.taken);
	return 0;
}

/* Takes the name of the last key. */
static int
take_last(struct keys *k)
{
	size_t len;
	int rc = grow_table(k);

	if (rc < 0)
		return rc;
	const char *p = keys_get(k, k->n - 1, &len);
	struct keys_taken *t = find_taken(k, p, len);
	if (!t->key) {
		*t = (struct keys_taken){ .key = (uint32_t)k->n, .next = 2 };
		k->used++;
	}
	return 0;
}

static void
put_position(struct buf *b, uint64_t index)
{
	char digits[CHARS_NUMBER];

	buf_putc(b, '_');
	buf_put(b, digits, (size_t)(chars_put_number(digits, index + 1) - digits));
}

/* Appends a number to the name, n or higher, so that it is free. Returns it; 0: it was free. */
static uint32_t
make_unique(const struct keys *k, struct buf *name, uint32_t n)
{
	size_t len = name->len;

	if (name->failed || !is_taken(k, name->data, len))
		return 0;
	for (;; n++) {
		name->len = len;
		buf_printf(name, "_%" PRIu32, n);
		if (name->failed || !is_taken(k, name->data, name->len))
			return n;
	}
}

static int
append_key(struct keys *k, const char *p, size_t len)
{
	buf_put(&k->bytes, p, len);
	const uint32_t end = (uint32_t)k->bytes.len;
	buf_put(&k->ends, &end, sizeof(end));
	if (k->bytes.failed || k->ends.failed)
		return -ENOMEM;
	k->n++;
	return 0;
}

int
keys_append(struct keys *k, const char *p, size_t len)
{
	int rc = append_key(k, p, len);

	/* Only names like these can be in the way of a position. */
	return rc == 0 && len > 0 && *p == '_' ? take_last(k) : rc;
}

static void
put_1252(struct buf *b, const char *p, size_t n)
{
	if (buf_reserve(b, n * CHARS_1252_MOST))
		b->len = (size_t)(chars_put_1252(b->data + b->len, p, n) - b->data);
}

int
keys_add(struct keys *k, const char *p, size_t len, bool *renamed)
{
	struct buf name = BUF_INIT;

	if (chars_valid(p, len))
		buf_put(&name, p, len);
	else
		put_1252(&name, p, len);
	if (name.len == 0 || name.len > KEYS_LONGEST || k->bytes.len + name.len > KEYS_BYTES) {
		buf_clear(&name);
		put_position(&name, k->n);
	}
	if (!name.failed && is_taken(k, name.data, name.len)) {
		struct keys_taken *same = find_taken(k, name.data, name.len);

		same->next = make_unique(k, &name, same->next) + 1;
	}
	int rc = name.failed ? -ENOMEM : append_key(k, name.data, name.len);
	if (rc == 0)
		rc = take_last(k);
	*renamed = rc == 0 && (name.len != len || memcmp(name.data, p, len) != 0);
	buf_free(&name);
	return rc;
}

/* The position in a key that looks like _7; 0: it does not. */
static uint64_t
position_of(const char *p, size_t len)
{
	uint64_t n = 0;

	if (len < 2 || len > 19 || p[0] != '_' || p[1] == '0')
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return 0;
		n = 10 * n + (uint64_t)(p[i] - '0');
	}
	return n;
}

static int
compare_late(const void *left, const void *right)
{
	const struct keys_late *a = left, *b = right;

	return (a->position > b->position) - (a->position < b->position);
}

static int
add_late(struct keys *k, uint64_t position)
{
	struct buf name = BUF_INIT;

	put_position(&name, position - 1);
	size_t len = name.len;
	uint32_t number = make_unique(k, &name, 2);
	k->late[k->late_n++] = (struct keys_late){ position, number, name.len - len };
	int rc = name.failed ? -ENOMEM : 0;
	buf_free(&name);
	return rc;
}

int
keys_end(struct keys *k)
{
	int rc = 0;
	size_t len, most = 0;

	for (size_t i = 0; i < k->n; i++) {
		const char *p = keys_get(k, i, &len);

		most += position_of(p, len) > k->n;
	}
	if (most > 0 && !(k->late = calloc(most, sizeof(*k->late))))
		rc = -ENOMEM;
	for (size_t i = 0; i < k->n && k->late_n < most && rc == 0; i++) {
		const char *p = keys_get(k, i, &len);
		uint64_t position = position_of(p, len);

		if (position > k->n)
			rc = add_late(k, position);
	}
	if (k->late_n)
		qsort(k->late, k->late_n, sizeof(*k->late), compare_late);
	for (size_t i = 1; i < k->late_n; i++)
		k->late[i].bytes += k->late[i - 1].bytes;
	free(k->taken);
	k->taken = NULL;
	k->places = k->used = 0;
	return rc;
}

const char *
keys_get(const struct keys *k, size_t i, size_t *len)
{
	const uint32_t *ends = (const void *)k->ends.data;
	size_t begin = i ? ends[i - 1] : 0;

	*len = ends[i] - begin;
	return k->bytes.data + begin;
}

/* Counts those of `late` that are at or before this position. */
static size_t
late_up_to(const struct keys *k, uint64_t position)
{
	size_t from = 0, to = k->late_n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (k->late[middle].position <= position)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

void
keys_put(const struct keys *k, uint64_t index, struct buf *out)
{
	size_t len, late;

	if (index < k->n) {
		const char *p = keys_get(k, (size_t)index, &len);

		buf_put(out, p, len);
		return;
	}
	put_position(out, index);
	late = late_up_to(k, index + 1);
	if (late > 0 && k->late[late - 1].position == index + 1)
		buf_printf(out, "_%" PRIu32, k->late[late - 1].number);
}

/* The digits of all numbers from 1 to n. */
static uint64_t
digits_up_to(uint64_t n)
{
	uint64_t digits = 0;

	for (uint64_t first = 1; first <= n; first *= 10) {
		digits += n - first + 1;	/* numbers with that many digits */
		if (first > UINT64_MAX / 10)
			break;
	}
	return digits;
}

uint64_t
keys_extra_bytes(const struct keys *k, uint64_t width)
{
	if (width <= k->n)
		return 0;
	size_t late = late_up_to(k, width);
	return width - k->n + digits_up_to(width) - digits_up_to(k->n) +
	    (late ? k->late[late - 1].bytes : 0);
}

void
keys_free(struct keys *k)
{
	free(k->taken);
	buf_free(&k->bytes);
	buf_free(&k->ends);
	free(k->late);
	*k = (struct keys)KEYS_INIT;
}

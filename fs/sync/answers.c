#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"

#define STRINGS	4		/* of a row */

struct held_answer {
	struct answer	 public;	/* first: one is the other */
	atomic_uint	 users;
	struct rest_row rows[];	/* then the bytes that they point into */
};

void
answers_pack(struct buf *b, const char *id, const char *name, const char *more, bool folder)
{
	const char *const strings[STRINGS] = { id, name, more, folder ? "f" : NULL };

	for (unsigned i = 0; i < STRINGS; i++) {
		const char *s = strings[i] ? strings[i] : "";

		buf_put(b, s, strlen(s) + 1);
	}
}

static const char *
take_string(const char **at)
{
	const char *s = *at;

	*at += strlen(s) + 1;
	return s;
}

static int
compare_ids(const void *a, const void *b)
{
	return strcmp(((const struct rest_row *)a)->id, ((const struct rest_row *)b)->id);
}

int
answers_unpack(const void *packed, size_t len, int64_t asked, const struct answer **out)
{
	const char *bytes = packed;
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += bytes[i] == '\0';
	if (n % STRINGS != 0 || (len > 0 && bytes[len - 1] != '\0'))
		return -ENOENT;
	n /= STRINGS;
	struct held_answer *a = malloc(sizeof(*a) + n * sizeof(a->rows[0]) + len);
	if (!a)
		return -ENOMEM;
	const char *at = (char *)&a->rows[n];
	if (len > 0)
		memcpy(&a->rows[n], packed, len);
	for (struct rest_row *row = a->rows; row < &a->rows[n]; row++) {
		snprintf(row->id, sizeof(row->id), "%.18s", take_string(&at));
		row->name = take_string(&at);
		row->more = take_string(&at);
		row->folder = *take_string(&at);
	}
	qsort(a->rows, n, sizeof(a->rows[0]), compare_ids);
	a->public = (struct answer){ .asked = asked, .count = n, .rows = a->rows };
	a->users = 1;
	*out = &a->public;
	return 0;
}

const struct answer *
answers_get(const struct answer *a)
{
	((struct held_answer *)(uintptr_t)a)->users++;
	return a;
}

void
answers_put(const struct answer *a)
{
	struct held_answer *held = (struct held_answer *)(uintptr_t)a;

	if (held && --held->users == 0)
		free(held);
}

const struct rest_row *
answers_find(const struct answer *a, const char *id)
{
	struct rest_row key = { 0 };

	snprintf(key.id, sizeof(key.id), "%s", id);
	return bsearch(&key, a->rows, a->count, sizeof(key), compare_ids);
}

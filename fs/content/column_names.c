/*
 * Open-addressed tables. There may be a million columns, so the table that stays has only numbers
 * of names. Two names are the same if their hashes are. A header comes from the org, so a hash is
 * multiplied by a secret to find its place: no choice of names makes a table slow. Each stem keeps
 * the number that it tried last, so that a million equal columns do not try all numbers each.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "auth/buf.h"
#include "fs/view/view.h"

#include "column_names.h"

#define NUMBER_MOST	8	/* bytes of `_1048576`, and there are no more columns */

struct stem {
	uint64_t	 hash;
	uint32_t	 number;	/* the last that was tried; 0: free */
};

struct column_names {
	name_hash	*hash;
	size_t		 n;
	struct buf	 text;		/* all names, each with its NUL; begins with a NUL */
	uint32_t	*starts;	/* of each name in text; 0: it has no name yet */
	uint32_t	*columns;	/* by their names, + 1; 0: free */
	unsigned	 bits;		/* of an index in a table */
	uint64_t	 secret;
};

size_t
column_names_count(const struct column_names *c)
{
	return c->n;
}

const char *
column_names_get(const struct column_names *c, size_t i)
{
	return c->text.data + c->starts[i];
}

static size_t
first_place(const struct column_names *c, uint64_t hash)
{
	return (size_t)(hash * c->secret >> (64 - c->bits));
}

static size_t
next_place(const struct column_names *c, size_t i)
{
	return (i + 1) & (((size_t)1 << c->bits) - 1);
}

/* The place in which a name of that hash is, or belongs. */
static uint32_t *
place_of(const struct column_names *c, uint64_t hash)
{
	size_t i = first_place(c, hash);

	while (c->columns[i] && c->hash(column_names_get(c, c->columns[i] - 1)) != hash)
		i = next_place(c, i);
	return &c->columns[i];
}

bool
column_names_find(const struct column_names *c, const char *name, size_t *i)
{
	const uint32_t column = *place_of(c, c->hash(name));

	if (!column || strcmp(column_names_get(c, column - 1), name) != 0)
		return false;
	*i = column - 1;
	return true;
}

/* The key as a C string: a NUL becomes another control character. */
static void
key_text(const struct view_survey *v, size_t i, struct buf *out)
{
	size_t n;
	const char *key = view_column_key(v, i, &n);

	buf_clear(out);
	buf_put(out, key, n);
	for (size_t k = 0; k < out->len; k++)
		if (!out->data[k])
			out->data[k] = '\1';
}

/* False: another column has the name. */
static bool
take_name(struct column_names *c, size_t column, const char *name)
{
	uint32_t *place = place_of(c, c->hash(name));

	if (*place)
		return false;
	*place = (uint32_t)column + 1;
	c->starts[column] = (uint32_t)c->text.len;
	buf_put(&c->text, name, strlen(name) + 1);
	return true;
}

/* NAME_2, NAME_3, ... */
static void
take_numbered(struct column_names *c, size_t column, const char *key, enum name_rules rules,
    struct stem *stems)
{
	struct name stem, name;

	name_safe(key, rules, NUMBER_MOST, &stem);
	const uint64_t hash = c->hash(stem.s);
	size_t i = first_place(c, hash);
	while (stems[i].number && stems[i].hash != hash)
		i = next_place(c, i);
	struct stem *s = &stems[i];
	if (!s->number)
		*s = (struct stem){ .hash = hash, .number = 1 };
	do {
		s->number++;
		snprintf(
		    name.s, sizeof(name.s), "%.*s_%u", NAME_BYTES - NUMBER_MOST, stem.s, s->number);
	} while (!take_name(c, column, name.s));
}

/* First the names that need no change, then the others. */
static int
take_names(struct column_names *c, const struct view_survey *v, enum name_rules rules,
    struct stem *stems)
{
	struct buf key = BUF_INIT;
	struct name name;

	buf_putc(&c->text, '\0');
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < c->n && !key.failed && !c->text.failed; i++) {
			if (c->starts[i])
				continue;
			key_text(v, i, &key);
			name_safe(buf_str(&key), rules, 0, &name);
			if (pass == 0 && strcmp(name.s, buf_str(&key)) == 0)
				take_name(c, i, name.s);
			else if (pass == 1 && !take_name(c, i, name.s))
				take_numbered(c, i, buf_str(&key), rules, stems);
		}
	int rc = key.failed || c->text.failed ? -ENOMEM : 0;
	buf_free(&key);
	return rc;
}

int
column_names_new(const struct view_survey *v, enum name_rules rules, struct column_names **out)
{
	struct column_names *c = calloc(1, sizeof(*c));
	struct stem *stems = NULL;

	if (!c)
		return -ENOMEM;
	c->hash = name_hash_of(rules);
	c->n = view_column_count(v);
	if (getrandom(&c->secret, sizeof(c->secret), GRND_NONBLOCK) < 0)
		c->secret = UINT64_C(0x9e3779b97f4a7c15);
	c->secret |= 1;
	for (c->bits = 4; (size_t)1 << c->bits < 2 * c->n;)
		c->bits++;
	c->columns = calloc((size_t)1 << c->bits, sizeof(*c->columns));
	stems = calloc((size_t)1 << c->bits, sizeof(*stems));
	c->starts = calloc(c->n + 1, sizeof(*c->starts));
	int rc = c->columns && stems && c->starts ? take_names(c, v, rules, stems) : -ENOMEM;
	free(stems);
	if (rc < 0)
		column_names_free(c);
	else
		*out = c;
	return rc;
}

void
column_names_free(struct column_names *c)
{
	if (!c)
		return;
	buf_free(&c->text);
	free(c->starts);
	free(c->columns);
	free(c);
}

/*
 * An open-addressed table of name hashes; the names themselves stand one behind the other.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/buf.h"
#include "view.h"

#include "column_names.h"

#define MANY_ALIKE	100

struct slot {
	uint64_t	 hash;
	uint32_t	 column;	/* + 1; 0: free */
};

struct column_names {
	name_hash	*hash;
	size_t		 n;
	struct buf	 text;
	uint32_t	*starts;	/* in text */
	struct slot	*slots;
	size_t		 mask;
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

/* Where that name is, or would be. */
static struct slot *
slot_of(const struct column_names *c, uint64_t hash)
{
	size_t i = (size_t)hash & c->mask;

	while (c->slots[i].column && c->slots[i].hash != hash)
		i = (i + 1) & c->mask;
	return &c->slots[i];
}

bool
column_names_find(const struct column_names *c, const char *name, size_t *i)
{
	const struct slot *s = slot_of(c, c->hash(name));

	if (!s->column || strcmp(column_names_get(c, s->column - 1), name) != 0)
		return false;
	*i = s->column - 1;
	return true;
}

/* The key as a C string: a NUL in it is a control character like others. */
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

/* The first free of NAME, NAME_2, NAME_3, ...; where very many are alike, on from the column's position, which is free at once. */
static struct slot *
take_name(const struct column_names *c, const char *key, size_t column, enum name_rules rules, struct name *out)
{
	char suffix[24] = "";

	for (size_t k = 2;; k = k == MANY_ALIKE && column > k ? column : k + 1) {
		name_safe(key, rules, strlen(suffix), out);
		strcat(out->s, suffix);
		struct slot *s = slot_of(c, c->hash(out->s));
		if (!s->column)
			return s;
		snprintf(suffix, sizeof(suffix), "_%zu", k);
	}
}

static int
take_names(struct column_names *c, const struct view_survey *v, enum name_rules rules)
{
	struct buf key = BUF_INIT;
	struct name name;

	for (size_t i = 0; i < c->n && !key.failed && !c->text.failed; i++) {
		key_text(v, i, &key);
		struct slot *s = take_name(c, buf_str(&key), i + 1, rules, &name);
		*s = (struct slot){ .hash = c->hash(name.s), .column = (uint32_t)i + 1 };
		c->starts[i] = (uint32_t)c->text.len;
		buf_put(&c->text, name.s, strlen(name.s) + 1);
	}
	int rc = key.failed || c->text.failed ? -ENOMEM : 0;
	buf_free(&key);
	return rc;
}

int
column_names_new(const struct view_survey *v, enum name_rules rules, struct column_names **out)
{
	struct column_names *c = calloc(1, sizeof(*c));
	size_t slots = 16;

	if (!c)
		return -ENOMEM;
	c->hash = name_hash_of(rules);
	c->n = view_column_count(v);
	while (slots < 2 * c->n)
		slots *= 2;
	c->mask = slots - 1;
	c->slots = calloc(slots, sizeof(*c->slots));
	c->starts = calloc(c->n + 1, sizeof(*c->starts));
	int rc = c->slots && c->starts ? take_names(c, v, rules) : -ENOMEM;
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
	free(c->slots);
	free(c);
}

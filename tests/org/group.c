/* Groups of rows. A set maps bytes to numbers in the order in which they came. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/org/query_parts.h"

struct set {
	struct {
		char	*bytes;
		size_t	 len;
	} *items;
	uint32_t	 count, capacity;
	uint32_t	*table, size;	/* number + 1; 0: free. size: a power of two */
};

static void
set_free(struct set *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->count; i++)
		free(s->items[i].bytes);
	free(s->items);
	free(s->table);
	free(s);
}

static uint32_t
slot_of(const struct set *s, const char *bytes, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;	/* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3;
	uint32_t at = (uint32_t)(h ^ h >> 32) & (s->size - 1);
	while (s->table[at] &&
	    (s->items[s->table[at] - 1].len != len ||
		memcmp(s->items[s->table[at] - 1].bytes, bytes, len) != 0))
		at = (at + 1) & (s->size - 1);
	return at;
}

static bool
grow(struct set *s)
{
	uint32_t more = s->size ? s->size * 2 : 64;
	uint32_t *table = calloc(more, sizeof(*table));
	void *items = table ? realloc(s->items, more * sizeof(s->items[0])) : NULL;

	if (!items) {
		free(table);
		return false;
	}
	s->items = items;
	free(s->table);
	s->table = table;
	s->size = more;
	for (uint32_t i = 0; i < s->count; i++)
		s->table[slot_of(s, s->items[i].bytes, s->items[i].len)] = i + 1;
	return true;
}

/* The number of these bytes. -1: out of memory. */
static int64_t
set_put(struct set **set, const char *bytes, size_t len)
{
	if (!*set)
		*set = calloc(1, sizeof(**set));
	struct set *s = *set;
	if (!s || (s->count * 2 >= s->size && !grow(s)))
		return -1;
	uint32_t at = slot_of(s, bytes, len);
	if (s->table[at])
		return s->table[at] - 1;
	char *copy = malloc(len + 1);
	if (!copy)
		return -1;
	memcpy(copy, bytes, len);
	s->items[s->count].bytes = copy;
	s->items[s->count].len = len;
	s->table[at] = ++s->count;
	return s->count - 1;
}

static void
put_name(struct buf *out, const struct value *v)
{
	buf_printf(out, "%d ", v->kind);
	if (v->kind == VALUE_TEXT || v->kind == VALUE_ID) {
		buf_printf(out, "%zu ", v->len);
		buf_put(out, v->text, v->len);
	} else if (v->kind == VALUE_REAL) {
		buf_printf(out, "%.17g;", v->real);
	} else if (v->kind != VALUE_NULL) {
		buf_printf(out, "%lld;", (long long)v->number);
	}
}

static bool
cell_set(struct cell *c, const struct value *v)
{
	char *text = NULL;

	if (v->kind == VALUE_TEXT || v->kind == VALUE_ID) {
		text = malloc(v->len + 1);
		if (!text)
			return false;
		memcpy(text, v->text, v->len);
	}
	free(c->text);
	c->text = text;
	c->value = *v;
	c->value.text = text;
	c->value.space = NULL;
	return true;
}

struct cell *
groups_find(struct groups *g, const struct value *keys, unsigned count)
{
	struct buf name = BUF_INIT;

	for (unsigned i = 0; i < count; i++)
		put_name(&name, &keys[i]);
	int64_t at = name.failed ? -1 : set_put(&g->names, buf_str(&name), name.len);
	buf_free(&name);
	if (at < 0)
		return NULL;
	if ((size_t)at < g->count)
		return g->list[at];
	if (g->count == g->capacity) {
		size_t more = g->capacity ? g->capacity * 2 : 64;
		struct cell **list = realloc(g->list, more * sizeof(*list));

		if (!list)
			return NULL;
		g->list = list;
		g->capacity = more;
	}
	struct cell *cells = calloc(g->width, sizeof(*cells));
	bool good = cells != NULL;
	for (unsigned i = 0; i < count && good; i++)
		good = cell_set(&cells[i], &keys[i]);
	if (!good) {
		cells_free(cells, g->width);
		return NULL;
	}
	return g->list[g->count++] = cells;
}

bool
cell_take(struct cell *c, enum soql_aggregate aggregate, const struct value *v)
{
	struct buf name = BUF_INIT;
	bool good = true;

	if (v->kind == VALUE_NULL)
		return true;
	c->count++;
	switch (aggregate) {
	case SOQL_COUNT_DISTINCT:
		put_name(&name, v);
		good = !name.failed && set_put(&c->seen, buf_str(&name), name.len) >= 0;
		buf_free(&name);
		break;
	case SOQL_SUM:
	case SOQL_AVG:
		c->sum += v->kind == VALUE_REAL ? v->real : (double)v->number;
		break;
	case SOQL_MIN:
	case SOQL_MAX:
		if (c->count == 1 ||
		    (value_order(v, &c->value) < 0) == (aggregate == SOQL_MIN))
			good = cell_set(c, v);
		break;
	default:
		break;
	}
	return good;
}

void
cell_finish(struct cell *c, const struct slot *s)
{
	switch (s->aggregate) {
	case SOQL_COUNT:
		value_set_number(&c->value, c->count);
		break;
	case SOQL_COUNT_DISTINCT:
		value_set_number(&c->value, c->seen ? c->seen->count : 0);
		break;
	case SOQL_SUM:
	case SOQL_AVG:
		c->value.kind = c->count == 0 ? VALUE_NULL : VALUE_REAL;
		c->value.real = s->aggregate == SOQL_AVG ? c->sum / (double)c->count : c->sum;
		if (c->count > 0 && slot_type(s) != FIELD_DOUBLE)
			value_set_number(&c->value, (int64_t)c->sum);
		break;
	default:
		break;
	}
}

void
cells_free(struct cell *cells, unsigned width)
{
	for (unsigned i = 0; cells && i < width; i++) {
		free(cells[i].text);
		set_free(cells[i].seen);
	}
	free(cells);
}

void
groups_free(struct groups *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->count; i++)
		cells_free(g->list[i], g->width);
	set_free(g->names);
	free(g->list);
	free(g);
}

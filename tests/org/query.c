#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/org/query_parts.h"

bool
query_is_grouped(const struct query *q)
{
	return q->grouped;
}

const struct object *
query_object(const struct query *q)
{
	return q->object;
}

/* The Ids that inner queries found, during a run. */
struct ids {
	const struct check *check;
	char		(*id)[ID_SIZE];
	size_t		 count;
	struct ids	*next;
};

struct run {
	const struct query *q;
	const struct cell *group;	/* that HAVING looks at */
	const char	*parent;	/* of child records, or NULL */
	const struct data *data;
	struct content	*content;
	struct ids	*ids;
	int		 rc;
};

static bool
refers_to_any(const struct field *f)
{
	return strcmp(f->target, "Name") == 0;
}

bool
query_follow(const struct row *from, const struct field *reference, const struct rows_view *view,
    bool whole, struct row *to)
{
	char space[VALUE_SPACE];
	struct value v = { .space = space };
	struct rows_view by_id_view = *view;
	const struct object *object;
	uint32_t number;

	by_id_view.by_id = true;
	row_value(from, reference, &v);
	object = v.kind == VALUE_ID ? rows_object(v.text) : NULL;
	if (!object || !rows_find(from->data, object, v.text, &number) ||
	    !row_load(from->data, object, number, &by_id_view, from->content, to))
		return false;
	if (refers_to_any(reference) && !whole) {
		to->named = object;
		to->object = &schema_objects[OBJECT_NAME];
	}
	return true;
}

static void
column_value(const struct row *row, const struct column *c, const struct rows_view *view,
    struct value *out)
{
	struct row above[2];

	for (unsigned i = 0; i + 1 < c->levels; i++) {
		if (!query_follow(row, c->fields[i], view, false, &above[i % 2])) {
			value_set_null(out);
			return;
		}
		row = &above[i % 2];
	}
	row_value(row, c->fields[c->levels - 1], out);
	if (c->moment && out->kind != VALUE_NULL) {
		out->number = moment_part(c->moment,
		    out->kind == VALUE_DATE ? out->number * 86400000 : out->number);
		out->kind = c->moment == DAY_ONLY ? VALUE_DATE : VALUE_NUMBER;
	}
}

static int
id_in_order(const void *key, const void *id)
{
	return memcmp(key, id, 15);
}

static int
value_in_order(const void *key, const void *v)
{
	return memcmp(key, ((const struct value *)v)->text, 15);
}

/* The order of a value and a literal, which may be a range. */
static int
literal_order(const struct check *k, size_t i, const struct value *v)
{
	if (k->ends && k->ends[i])
		return v->number < k->values[i].number ? -1 : v->number >= k->ends[i];
	return value_order(v, &k->values[i]);
}

static bool
is_among(const struct run *run, const struct check *k, const struct value *v)
{
	if (v->kind == VALUE_NULL)
		return k->has_null;
	if (k->inner) {
		for (const struct ids *ids = run->ids; ids; ids = ids->next)
			if (ids->check == k)
				return ids->count > 0 &&
				    bsearch(v->text, ids->id, ids->count, ID_SIZE, id_in_order);
		return false;
	}
	if (v->kind == VALUE_ID)
		return k->count > 0 &&
		    bsearch(v->text, k->values, k->count, sizeof(struct value), value_in_order);
	for (size_t i = 0; i < k->count; i++)
		if (literal_order(k, i, v) == 0)
			return true;
	return false;
}

static bool
passes_test(const struct run *run, const struct check *k, const struct row *row)
{
	char space[VALUE_SPACE];
	struct value v = { .space = space };

	if (run->group)
		v = run->group[k->slot].value;
	else
		column_value(row, &k->column, &run->q->view, &v);
	if (k->op == SOQL_IN || k->op == SOQL_NOT_IN)
		return is_among(run, k, &v) == (k->op == SOQL_IN);
	if (k->has_null || v.kind == VALUE_NULL) {
		bool both = k->has_null && v.kind == VALUE_NULL;

		return k->op == SOQL_NE ?
		    !both :
		    both && (k->op == SOQL_EQ || k->op == SOQL_LE || k->op == SOQL_GE);
	}
	if (k->op == SOQL_LIKE)
		return text_like(v.text, v.len, k->values->text, k->values->len);
	int order = literal_order(k, 0, &v);
	switch (k->op) {
	case SOQL_EQ: return order == 0;
	case SOQL_NE: return order != 0;
	case SOQL_LT: return order < 0;
	case SOQL_GT: return order > 0;
	case SOQL_LE: return order <= 0;
	default: return order >= 0;
	}
}

static bool
passes(const struct run *run, const struct check *k, const struct row *row)
{
	if (k->node == SOQL_TEST)
		return passes_test(run, k, row);
	if (k->node == SOQL_NOT)
		return !passes(run, k->first, row);
	for (const struct check *sub = k->first; sub; sub = sub->next)
		if (passes(run, sub, row) != (k->node == SOQL_AND))
			return k->node == SOQL_OR;
	return k->node == SOQL_AND;
}

/* The rows to check: a list, or all from `from` up to `to`. */
struct plan {
	uint32_t	 from, to;
	uint32_t	*list;
	size_t		 count;
	bool		 listed;
};

static int
number_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Lists the rows of an = or IN, by their own Id or their document's. */
static void
plan_list(struct run *run, const struct check *k, bool document, struct plan *plan)
{
	const struct object *object = run->q->object;
	size_t per = document ? 4 : 1, room = k->count * per, n = 0;
	uint32_t *list = malloc((room + 1) * sizeof(*list));

	for (size_t i = 0; list && i < k->count; i++) {
		uint32_t number;

		if (!rows_find(run->data, document ? &schema_objects[OBJECT_DOCUMENT] : object,
			k->values[i].text, &number))
			continue;
		if (!document) {
			list[n++] = number;
			continue;
		}
		size_t more = rows_of_document(run->data, object, number, list + n, room - n);
		if (more > room - n) {
			uint32_t *p = realloc(list, (room = n + more + room) * sizeof(*list));

			if (!p) {
				free(list);
				list = NULL;
				break;
			}
			list = p;
			rows_of_document(run->data, object, number, list + n, room - n);
		}
		n += more;
	}
	if (!list) {
		run->rc = -ENOMEM;
		return;
	}
	qsort(list, n, sizeof(*list), number_order);
	plan->list = list;
	plan->listed = true;
	for (size_t i = 0; i < n; i++)
		if (plan->count == 0 || list[plan->count - 1] != list[i])
			list[plan->count++] = list[i];
}

static void
plan_range(struct run *run, const struct check *k, struct plan *plan)
{
	const struct object *object = run->q->object;
	uint32_t number, at;

	if (k->count == 0 || !object->prefix)
		return;
	at = rows_lower_bound(run->data, object, k->values->text);
	bool exact = rows_find(run->data, object, k->values->text, &number);
	if ((k->op == SOQL_GT || k->op == SOQL_GE) && at + (exact && k->op == SOQL_GT) > plan->from)
		plan->from = at + (exact && k->op == SOQL_GT);
	if ((k->op == SOQL_LT || k->op == SOQL_LE) && at + (exact && k->op == SOQL_LE) < plan->to)
		plan->to = at + (exact && k->op == SOQL_LE);
}

/* Only a test that every row must pass can narrow the rows; each row is then checked in full. */
static void
plan_rows(struct run *run, const struct check *k, struct plan *plan)
{
	if (!k || run->rc != 0)
		return;
	if (k->node == SOQL_AND) {
		for (const struct check *sub = k->first; sub; sub = sub->next)
			plan_rows(run, sub, plan);
		return;
	}
	if (k->node != SOQL_TEST || k->inner || k->has_null || plan->listed)
		return;
	if (bind_selects(k, MEANS_ID, true))
		plan_list(run, k, false, plan);
	else if (bind_selects(k, MEANS_DOCUMENT, true))
		plan_list(run, k, true, plan);
	else if (k->column.levels == 1 && k->column.fields[0]->means == MEANS_ID)
		plan_range(run, k, plan);
}

/* The test that a row is a child of the parent. */
static struct check
below(const struct run *run, struct value *parent)
{
	*parent = (struct value){ .kind = VALUE_ID, .text = run->parent, .len = ID_SIZE - 1 };
	return (struct check){ .node = SOQL_TEST, .op = SOQL_EQ, .count = 1, .values = parent,
		.column = { { run->q->parent }, 1, MOMENT_NONE } };
}

static void
plan_below(struct run *run, struct plan *plan)
{
	struct value parent;
	struct check k = below(run, &parent);

	plan_rows(run, &k, plan);
}

static bool
is_below(const struct run *run, const struct row *row)
{
	struct value parent;
	struct check k = below(run, &parent);

	return passes_test(run, &k, row);
}

static bool
keep_row(struct query_rows *rows, size_t *capacity, uint32_t number)
{
	if (rows->count == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 256;
		uint32_t *p = realloc(rows->number, more * sizeof(*p));

		if (!p)
			return false;
		rows->number = p;
		*capacity = more;
	}
	rows->number[rows->count++] = number;
	return true;
}

/* Adds a row to its group. */
static bool
take_row(const struct run *run, const struct row *row, struct groups *groups)
{
	const struct query *q = run->q;
	char (*space)[VALUE_SPACE] = malloc((q->slots + 1) * sizeof(*space));
	struct value *values = calloc(q->slots + 1, sizeof(*values));
	struct cell *cells = NULL;
	unsigned i = 0;

	for (const struct slot *s = q->slot; s && space && values; s = s->next, i++) {
		values[i].space = space[i];
		column_value(row, &s->column, &q->view, &values[i]);
	}
	if (space && values)
		cells = groups_find(groups, values, q->keys);
	i = 0;
	for (const struct slot *s = q->slot; s && cells; s = s->next, i++)
		if (s->aggregate && !cell_take(&cells[i], s->aggregate, &values[i]))
			cells = NULL;
	free(values);
	free(space);
	return cells != NULL;
}

/* Collects matching rows, at most `most`, in the order of their Ids. */
static void
scan(struct run *run, size_t most, struct query_rows *out)
{
	const struct query *q = run->q;
	struct plan plan = { .to = rows_end(run->data, q->object) };
	size_t capacity = 0;
	struct row row;

	if (q->parent)
		plan_below(run, &plan);
	plan_rows(run, q->where, &plan);
	for (size_t i = plan.listed ? 0 : plan.from;
	     i < (plan.listed ? plan.count : plan.to) && out->count < most && run->rc == 0; i++) {
		if (!plan.listed)
			i = rows_next(run->data, q->object, (uint32_t)i);
		uint32_t number = plan.listed ? plan.list[i] : (uint32_t)i;

		if (!row_load(run->data, q->object, number, &q->view, run->content, &row))
			continue;
		if ((run->parent && !is_below(run, &row)) ||
		    (q->where && !passes(run, q->where, &row)))
			continue;
		if (q->soql->count)
			out->count++;
		else if (q->grouped ? !take_row(run, &row, out->groups) :
			!keep_row(out, &capacity, number))
			run->rc = -ENOMEM;
	}
	free(plan.list);
}

/* Sorting */

struct key {
	struct value	 value;
	char		*text;		/* value.text points here */
};

struct sorted {
	uint32_t	 number;
	struct cell	*group;
	const struct order *order;
	struct key	*keys;
};

static int
sorted_order(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	unsigned i = 0;

	for (const struct order *o = x->order; o; o = o->next, i++) {
		const struct value *v = &x->keys[i].value, *w = &y->keys[i].value;
		int order;

		if (v->kind == VALUE_NULL || w->kind == VALUE_NULL) {
			order = (v->kind != VALUE_NULL) - (w->kind != VALUE_NULL);
			order = o->nulls_last ? -order : order;
		} else {
			order = value_order(v, w);
			order = o->descending ? -order : order;
		}
		if (order != 0)
			return order;
	}
	return number_order(&x->number, &y->number);
}

static bool
key_set(struct key *key, const struct row *row, const struct column *c,
    const struct rows_view *view)
{
	char space[VALUE_SPACE];

	key->value.space = space;
	column_value(row, c, view, &key->value);
	key->value.space = NULL;
	if (key->value.kind != VALUE_TEXT && key->value.kind != VALUE_ID)
		return true;
	key->text = malloc(key->value.len + 1);
	if (!key->text)
		return false;
	memcpy(key->text, key->value.text, key->value.len);
	key->value.text = key->text;
	return true;
}

/* Reads the keys of a row or a group. */
static bool
fill_keys(struct run *run, const struct query_rows *rows, size_t i, struct key *key)
{
	const struct query *q = run->q;
	struct row row;

	if (!rows->groups &&
	    !row_load(run->data, q->object, rows->number[i], &q->view, run->content, &row))
		return true;
	for (const struct order *o = q->order; o; o = o->next, key++) {
		if (rows->groups)
			key->value = rows->groups->list[i][o->slot].value;
		else if (!key_set(key, &row, &o->column, &q->view))
			return false;
	}
	return true;
}

static void
sort(struct run *run, struct query_rows *rows)
{
	const struct query *q = run->q;
	unsigned width = 0;

	for (const struct order *o = q->order; o; o = o->next)
		width++;
	struct sorted *sorted = calloc(rows->count + 1, sizeof(*sorted));
	struct key *keys = calloc(rows->count * width + 1, sizeof(*keys));
	if (!sorted || !keys)
		run->rc = -ENOMEM;
	for (size_t i = 0; run->rc == 0 && i < rows->count; i++) {
		sorted[i] = (struct sorted){ rows->groups ? (uint32_t)i : rows->number[i],
			rows->groups ? rows->groups->list[i] : NULL, q->order, &keys[i * width] };
		if (!fill_keys(run, rows, i, &keys[i * width]))
			run->rc = -ENOMEM;
	}
	if (run->rc == 0) {
		qsort(sorted, rows->count, sizeof(*sorted), sorted_order);
		for (size_t i = 0; i < rows->count; i++) {
			if (rows->groups)
				rows->groups->list[i] = sorted[i].group;
			else
				rows->number[i] = sorted[i].number;
		}
	}
	for (size_t i = 0; keys && i < rows->count * width; i++)
		free(keys[i].text);
	free(keys);
	free(sorted);
}

/* Rows come in the order of their Ids anyway. */
static bool
is_sorted(const struct query *q)
{
	const struct order *o = q->order;

	return !o ||
	    (!q->grouped && o->column.levels == 1 && !o->column.moment &&
		o->column.fields[0]->means == MEANS_ID && !o->descending);
}

static void
run_inner(struct run *run, const struct check *k)
{
	struct query_rows rows = { 0 };
	struct ids *ids = calloc(1, sizeof(*ids));

	run->rc = ids ? query_run(k->inner, run->data, &rows) : -ENOMEM;
	if (run->rc != 0)
		goto out;
	ids->check = k;
	ids->id = malloc((rows.count + 1) * ID_SIZE);
	if (!ids->id) {
		run->rc = -ENOMEM;
		goto out;
	}
	for (size_t i = 0; i < rows.count; i++) {
		char space[VALUE_SPACE];
		struct value v = { .space = space };
		struct row row;

		if (!row_load(run->data, k->inner->object, rows.number[i], &k->inner->view,
			run->content, &row))
			continue;
		column_value(&row, &k->inner_column, &k->inner->view, &v);
		if (v.kind == VALUE_ID)
			memcpy(ids->id[ids->count++], v.text, ID_SIZE);
	}
	qsort(ids->id, ids->count, ID_SIZE, id_in_order);
	ids->next = run->ids;
	run->ids = ids;
	ids = NULL;
out:
	free(ids);
	query_rows_free(&rows);
}

static void
run_inners(struct run *run, const struct check *k)
{
	if (!k || run->rc != 0)
		return;
	if (k->node == SOQL_TEST && k->inner)
		run_inner(run, k);
	for (const struct check *sub = k->first; sub; sub = sub->next)
		run_inners(run, sub);
}

/* Ends the counting of all groups, and keeps those that HAVING wants. */
static void
finish_groups(struct run *run, struct query_rows *rows)
{
	const struct query *q = run->q;
	struct groups *g = rows->groups;
	size_t kept = 0;

	/* Without GROUP BY there is one group, even of no rows. */
	if (q->keys == 0 && !groups_find(g, NULL, 0))
		run->rc = -ENOMEM;
	for (size_t i = 0; i < g->count; i++) {
		unsigned at = 0;

		for (const struct slot *s = q->slot; s; s = s->next, at++)
			cell_finish(&g->list[i][at], s);
		run->group = g->list[i];
		if (q->having && !passes(run, q->having, NULL))
			cells_free(g->list[i], g->width);
		else
			g->list[kept++] = g->list[i];
	}
	run->group = NULL;
	rows->count = g->count = kept;
}

/* Leaves out the rows before OFFSET and after LIMIT. */
static void
cut(const struct query *q, struct query_rows *rows)
{
	int64_t limit = q->soql->limit, offset = q->soql->offset > 0 ? q->soql->offset : 0;
	size_t skip = (size_t)offset < rows->count ? (size_t)offset : rows->count;

	rows->count -= skip;
	if (limit >= 0 && (uint64_t)limit < rows->count)
		rows->count = (size_t)limit;
	if (rows->number)
		memmove(rows->number, rows->number + skip, rows->count * sizeof(*rows->number));
	for (size_t i = 0; i < rows->count && rows->groups && skip > 0; i++) {
		struct cell *cells = rows->groups->list[i];

		rows->groups->list[i] = rows->groups->list[i + skip];
		rows->groups->list[i + skip] = cells;
	}
}

int
query_run(const struct query *q, const struct data *d, struct query_rows *out)
{
	return query_run_below(q, d, NULL, out);
}

int
query_run_below(const struct query *q, const struct data *d, const char *parent,
    struct query_rows *out)
{
	struct content *content = calloc(1, sizeof(*content));
	struct run run = { .q = q,
		.parent = parent,
		.data = d,
		.content = content,
		.rc = content ? 0 : -ENOMEM };
	struct query_rows rows = { 0 };
	int64_t limit = q->soql->limit, offset = q->soql->offset > 0 ? q->soql->offset : 0;
	bool stop = limit >= 0 && limit <= UINT32_MAX && is_sorted(q) && !q->grouped;
	size_t most = stop ? (size_t)(limit + offset) : SIZE_MAX;

	if (run.rc == 0 && q->grouped) {
		rows.groups = calloc(1, sizeof(*rows.groups));
		run.rc = rows.groups ? 0 : -ENOMEM;
	}
	if (rows.groups)
		rows.groups->width = q->slots;
	run_inners(&run, q->where);
	if (run.rc == 0)
		scan(&run, most, &rows);
	if (run.rc == 0 && q->grouped)
		finish_groups(&run, &rows);
	if (run.rc == 0 && !is_sorted(q) && rows.count > 1 && (rows.number || rows.groups))
		sort(&run, &rows);
	cut(q, &rows);
	while (run.ids) {
		struct ids *next = run.ids->next;

		free(run.ids->id);
		free(run.ids);
		run.ids = next;
	}
	free(content);
	if (run.rc == 0)
		*out = rows;
	else
		query_rows_free(&rows);
	return run.rc;
}

void
query_rows_free(struct query_rows *rows)
{
	free(rows->number);
	groups_free(rows->groups);
	*rows = (struct query_rows){ 0 };
}

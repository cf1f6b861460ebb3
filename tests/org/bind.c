/* Binds the tree of a query to objects and fields, and refuses what Salesforce refuses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/query_parts.h"

#define OFFSET_MAX	2000
#define FIELDS_MAX	200	/* the most rows of FIELDS(ALL) */

struct binder {
	struct query	*q;
	struct soql_error *error;
	int		 rc;
};

/* Binding */

static void *
get(struct binder *b, size_t size)
{
	void *p = b->rc == 0 ? arena_get(&b->q->arena, size) : NULL;

	if (!p && b->rc == 0)
		b->rc = -ENOMEM;
	return p;
}

static void
refuse(struct binder *b, const char *code, const char *message)
{
	if (b->rc != 0)
		return;
	b->rc = -EINVAL;
	b->error->code = code;
	buf_clear(&b->error->message);
	buf_puts(&b->error->message, message);
}

#define REFUSE_AT(b, at, code, ...) do {							\
	if ((b)->rc == 0) {									\
		(b)->rc = -EINVAL;								\
		soql_error_at((b)->q->tree, at, (b)->error, code, __VA_ARGS__);			\
	}											\
} while (0)

static const struct object *
target_of(const struct field *f)
{
	if (strcmp(f->target, "Name") == 0)
		return &schema_objects[OBJECT_NAME];
	return schema_object(f->target, strlen(f->target));
}

static bool
same_name(const struct soql_name *a, const struct soql_name *b)
{
	return a->len == b->len && strncasecmp(a->s, b->s, a->len) == 0;
}

static enum field_type
column_type(const struct column *c)
{
	return c->moment == DAY_ONLY ? FIELD_DATE :
	    c->moment		     ? FIELD_INT :
				       c->fields[c->levels - 1]->type;
}

enum field_type
slot_type(const struct slot *s)
{
	enum field_type type = column_type(&s->column);

	switch (s->aggregate) {
	case SOQL_COUNT:
	case SOQL_COUNT_DISTINCT: return FIELD_INT;
	case SOQL_SUM: return type == FIELD_DOUBLE ? type : FIELD_LONG;
	case SOQL_AVG: return FIELD_DOUBLE;
	default: return type;
	}
}

static void
bind_path_of(struct binder *b, const struct object *object, const struct soql_path *path,
    struct column *out)
{
	const struct soql *soql = b->q->soql;
	unsigned i = path->count > 1 &&
	    (same_name(&path->part[0], &soql->from) ||
		(soql->alias.len && same_name(&path->part[0], &soql->alias)));

	out->levels = 0;
	out->moment = path->moment;
	for (; i < path->count && b->rc == 0; i++) {
		const struct soql_name *n = &path->part[i];
		const struct field *f;

		if (out->levels == SOQL_LEVELS) {
			refuse(b, "MALFORMED_QUERY",
			    "SOQL supports up to 5 levels of child-to-parent relationships");
			return;
		}
		if (i + 1 == path->count) {
			f = schema_field(object, n->s, n->len, b->q->view.version);
			if (!f)
				REFUSE_AT(b, path->at, "INVALID_FIELD",
				    "No such column '%.*s' on entity '%s'. If you are attempting "
				    "to use a custom field, be sure to append the '__c' after the "
				    "custom field name. Please reference your WSDL or the describe "
				    "call for the appropriate names.",
				    (int)n->len, n->s, object->name);
		} else {
			f = schema_relation(object, n->s, n->len, b->q->view.version);
			if (!f)
				REFUSE_AT(b, path->at, "INVALID_FIELD",
				    "Didn't understand relationship '%.*s' in field path. If you "
				    "are attempting to use a custom relationship, be sure to "
				    "append the '__r' after the custom relationship name. Please "
				    "reference your WSDL or the describe call for the appropriate "
				    "names.",
				    (int)n->len, n->s);
			else
				object = target_of(f);
		}
		out->fields[out->levels++] = f;
	}
	if (b->rc == 0 && path->moment && out->fields[out->levels - 1]->type != FIELD_DATETIME &&
	    out->fields[out->levels - 1]->type != FIELD_DATE)
		REFUSE_AT(b, path->at, "MALFORMED_QUERY", "%s is for fields that have a date",
		    moment_name(path->moment));
}

static void
bind_path(struct binder *b, const struct soql_path *path, struct column *out)
{
	bind_path_of(b, b->q->object, path, out);
}

static const struct field *
last_field(const struct column *c)
{
	return c->fields[c->levels - 1];
}

/* Adds a column to the record; a relation comes once, with all its fields. */
static void
show(struct binder *b, struct shown **list, const struct column *c, const struct soql_path *path)
{
	for (unsigned i = 0; i < c->levels && b->rc == 0; i++) {
		bool last = i + 1 == c->levels;

		while (*list &&
		    ((*list)->field != c->fields[i] || (*list)->branches ||
			!(*list)->below == !last))
			list = &(*list)->next;
		if (!*list) {
			*list = get(b, sizeof(**list));
			if (!*list)
				return;
			(*list)->field = c->fields[i];
		} else if (last) {
			const struct soql_name *n = &path->part[path->count - 1];

			REFUSE_AT(b, path->at, "INVALID_FIELD", "duplicate field selected: %.*s",
			    (int)n->len, n->s);
		}
		list = &(*list)->below;
	}
}

static void
show_all_fields(struct binder *b, enum soql_item_kind kind)
{
	const struct object *object = b->q->object;

	if (kind != SOQL_FIELDS_STANDARD &&
	    (b->q->soql->limit < 0 || b->q->soql->limit > FIELDS_MAX))
		refuse(b, "MALFORMED_QUERY",
		    "The SOQL FIELDS function must have a LIMIT of at most 200");
	for (size_t i = 0; i < object->count && b->rc == 0; i++) {
		struct column c = { { &object->fields[i] }, 1, MOMENT_NONE };
		bool custom = strstr(object->fields[i].name, "__c") != NULL;

		if (object->fields[i].since <= b->q->view.version &&
		    (kind == SOQL_FIELDS_ALL || custom == (kind == SOQL_FIELDS_CUSTOM)))
			show(b, &b->q->shown, &c, NULL);
	}
}

/* A further part of the record. */
static struct shown *
show_more(struct binder *b)
{
	struct shown **last = &b->q->shown;

	while (*last)
		last = &(*last)->next;
	return *last = get(b, sizeof(**last));
}

static int bind(const struct soql_tree *, const struct soql *, const struct rows_view *,
    struct query *above, struct query **, struct soql_error *);

static void
bind_children(struct binder *b, const struct soql_item *item)
{
	struct shown *s = show_more(b);

	if (b->q->parent)
		refuse(b, "MALFORMED_QUERY",
		    "a query of child records in another one is not supported");
	if (b->rc != 0)
		return;
	b->rc = bind(b->q->tree, item->query, &b->q->view, b->q, &s->children, b->error);
	if (b->rc != 0)
		return;
	s->children->next = b->q->inners;
	b->q->inners = s->children;
	s->relation = schema_children_name(b->q->object, s->children->object,
	    s->children->parent);
}

static void
bind_typeof(struct binder *b, const struct soql_item *item)
{
	const struct soql_name *n = &item->path.part[0];
	const struct field *f =
	    schema_relation(b->q->object, n->s, n->len, b->q->view.version);
	struct shown *s = show_more(b);

	if (!f || item->path.count != 1 || strcmp(f->target, "Name") != 0)
		REFUSE_AT(b, item->path.at, "INVALID_FIELD",
		    "TYPEOF is for a polymorphic relationship, which '%.*s' is not", (int)n->len,
		    n->s);
	if (b->rc != 0)
		return;
	s->field = f;
	struct branch **last = &s->branches;
	for (const struct soql_when *w = item->when; w && b->rc == 0; w = w->next) {
		struct branch *branch = *last = get(b, sizeof(**last));

		if (!branch)
			return;
		branch->object = w->type.len ? schema_object(w->type.s, w->type.len) : NULL;
		if (w->type.len && !branch->object)
			REFUSE_AT(b, item->path.at, "INVALID_TYPE",
			    "sObject type '%.*s' is not supported.", (int)w->type.len, w->type.s);
		for (const struct soql_item *i = w->items; i && b->rc == 0; i = i->next) {
			struct column c;

			bind_path_of(b,
			    branch->object ? branch->object : &schema_objects[OBJECT_NAME],
			    &i->path, &c);
			if (b->rc == 0)
				show(b, &branch->shown, &c, &i->path);
		}
		last = &branch->next;
	}
}

/* Groups */

static bool
same_column(const struct column *a, const struct column *b)
{
	return a->levels == b->levels && a->moment == b->moment &&
	    memcmp(a->fields, b->fields, a->levels * sizeof(a->fields[0])) == 0;
}

static bool
is_number(enum field_type type)
{
	return type == FIELD_INT || type == FIELD_LONG || type == FIELD_DOUBLE;
}

/* Finds or makes the slot of a path. A field that is neither grouped nor aggregated has none. */
static void
bind_slot(struct binder *b, const struct soql_path *path, bool key, unsigned *out)
{
	struct slot new = { .aggregate = path->aggregate }, **last = &b->q->slot;
	unsigned n = 0;

	bind_path(b, path, &new.column);
	if (b->rc != 0)
		return;
	const struct field *f = last_field(&new.column);
	for (; *last; last = &(*last)->next, n++) {
		if ((*last)->aggregate == new.aggregate &&
		    same_column(&(*last)->column, &new.column)) {
			*out = n;
			return;
		}
	}
	if (!key && !path->aggregate)
		REFUSE_AT(b, path->at, "MALFORMED_QUERY",
		    "Field must be grouped or aggregated: %s", f->name);
	else if (key && path->aggregate)
		REFUSE_AT(b, path->at, "MALFORMED_QUERY",
		    "Grouped field should not be aggregated: %s", f->name);
	else if (key && !path->moment && !schema_groupable(f))
		REFUSE_AT(b, path->at, "MALFORMED_QUERY",
		    "field '%s' can not be grouped in a query call", f->name);
	else if (f->flags & FIELD_NO_FILTER ||
	    ((path->aggregate == SOQL_SUM || path->aggregate == SOQL_AVG) &&
		!is_number(column_type(&new.column))) ||
	    (path->aggregate >= SOQL_MIN && f->type == FIELD_BOOLEAN))
		REFUSE_AT(b, path->at, "MALFORMED_QUERY",
		    "field %s does not support aggregate operator %s", f->name,
		    path->aggregate ? soql_aggregate_name(path->aggregate) : "GROUP BY");
	*last = get(b, sizeof(**last));
	if (b->rc != 0)
		return;
	**last = new;
	*out = b->q->slots++;
}

static void
bind_groups(struct binder *b)
{
	const struct soql *soql = b->q->soql;
	struct output **last = &b->q->outputs;
	unsigned number = 0, slot = 0;

	for (const struct soql_order *g = soql->group; g && b->rc == 0; g = g->next)
		bind_slot(b, &g->path, true, &slot);
	b->q->keys = b->q->slots;
	for (const struct soql_item *item = soql->items; item && b->rc == 0; item = item->next) {
		struct output *o = *last = get(b, sizeof(**last));

		if (!o)
			return;
		if (item->kind != SOQL_FIELD)
			REFUSE_AT(b, item->path.at, "MALFORMED_QUERY",
			    "Field must be grouped or aggregated");
		else
			bind_slot(b, &item->path, false, &o->slot);
		o->label = item->alias;
		if (!o->label.len && !item->path.aggregate && !item->path.moment)
			o->label = item->path.part[item->path.count - 1];
		if (!o->label.len)
			o->number = number++;
		last = &o->next;
	}
	if (!soql->group && soql->limit >= 0)
		refuse(b, "MALFORMED_QUERY",
		    "Non-grouped query that uses overall aggregate functions cannot also use "
		    "LIMIT");
}

static bool
is_grouped(const struct soql *soql)
{
	for (const struct soql_item *item = soql->items; item; item = item->next)
		if (item->kind == SOQL_FIELD && item->path.aggregate)
			return true;
	return soql->group != NULL;
}

static void
bind_item(struct binder *b, const struct soql_item *item)
{
	struct column c;

	if (item->kind == SOQL_CHILDREN) {
		bind_children(b, item);
	} else if (item->kind == SOQL_TYPEOF) {
		bind_typeof(b, item);
	} else if (item->kind != SOQL_FIELD) {
		show_all_fields(b, item->kind);
	} else if (item->alias.len) {
		REFUSE_AT(b, item->path.at, "MALFORMED_QUERY",
		    "only aggregate expressions use field aliasing");
	} else if (item->path.moment) {
		REFUSE_AT(b, item->path.at, "MALFORMED_QUERY",
		    "a date function needs a GROUP BY");
	} else {
		bind_path(b, &item->path, &c);
		if (b->rc == 0 && c.levels > 1 && last_field(&c)->type == FIELD_BASE64)
			refuse(b, "MALFORMED_QUERY",
			    "Binary fields cannot be selected in join queries");
		if (b->rc == 0)
			show(b, &b->q->shown, &c, &item->path);
	}
}

static void
bind_items(struct binder *b)
{
	const struct soql *soql = b->q->soql;

	b->q->grouped = is_grouped(soql);
	if (b->q->grouped && b->q->parent)
		refuse(b, "MALFORMED_QUERY", "child records can not be grouped");
	if (b->q->grouped) {
		bind_groups(b);
		return;
	}
	for (const struct soql_item *item = soql->items; item && b->rc == 0; item = item->next)
		bind_item(b, item);
	if (soql->count && soql->order)
		refuse(b, "MALFORMED_QUERY", "You can't use COUNT() with an ORDER BY clause");
}

static bool
is_id_type(enum field_type type)
{
	return type == FIELD_ID || type == FIELD_REFERENCE;
}

static bool
is_id(const struct field *f)
{
	return is_id_type(f->type);
}

static const char *
filter_type(enum field_type type)
{
	switch (type) {
	case FIELD_BOOLEAN: return "boolean";
	case FIELD_INT: return "int";
	case FIELD_LONG: return "long";
	case FIELD_DOUBLE: return "double";
	case FIELD_DATE: return "date";
	case FIELD_DATETIME: return "dateTime";
	default: return "string";
	}
}

static bool
type_fits(enum field_type type, enum value_kind kind)
{
	if (kind == VALUE_NULL)
		return true;
	switch (type) {
	case FIELD_BOOLEAN: return kind == VALUE_BOOLEAN;
	case FIELD_INT:
	case FIELD_LONG:
	case FIELD_DOUBLE: return kind == VALUE_NUMBER || kind == VALUE_REAL;
	case FIELD_DATE: return kind == VALUE_DATE;
	case FIELD_DATETIME: return kind == VALUE_DATETIME;
	default: return kind == VALUE_TEXT;
	}
}

static void
bind_literal(struct binder *b, const struct soql_condition *c, const struct field *f,
    enum field_type type, const struct soql_literal *l, struct value *out)
{
	if (!type_fits(type, l->kind)) {
		REFUSE_AT(b, c->path.at, "INVALID_FIELD",
		    "value of filter criterion for field '%s' must be of type %s and should %sbe "
		    "enclosed in quotes",
		    f->name, filter_type(type), type_fits(type, VALUE_TEXT) ? "" : "not ");
		return;
	}
	*out = (struct value){ .kind = l->kind,
		.number = l->number,
		.real = l->real,
		.text = l->text,
		.len = l->len };
	if (l->kind == VALUE_TEXT && is_id_type(type)) {
		char *id = get(b, ID_SIZE);

		if (id && !id_parse(l->text, l->len, id))
			REFUSE_AT(b, c->path.at, "INVALID_QUERY_FILTER_OPERATOR",
			    "invalid ID field: %.*s", (int)(l->len < 64 ? l->len : 64), l->text);
		out->kind = VALUE_ID;
		out->text = id;
		out->len = ID_SIZE - 1;
	} else if (l->kind == VALUE_TEXT && l->len == 0) {
		out->kind = VALUE_NULL;		/* an empty text is null */
	}
}

static int
id_order(const void *a, const void *b)
{
	return memcmp(((const struct value *)a)->text, ((const struct value *)b)->text, 15);
}

/* A literal like LAST_WEEK is a range of days, or of times. */
static void
bind_range(struct binder *b, enum field_type type, const struct soql_literal *l,
    struct check *k, size_t room)
{
	int64_t from, to, unit = type == FIELD_DATETIME ? 86400000 : 1;

	if (!k->ends)
		k->ends = get(b, room * sizeof(*k->ends));
	if (!k->ends)
		return;
	moment_days(&l->range, b->q->view.now, &from, &to);
	k->values[k->count].kind = type == FIELD_DATETIME ? VALUE_DATETIME : VALUE_DATE;
	k->values[k->count].number = from * unit;
	k->ends[k->count] = to * unit;
}

/* Notes NULLs and leaves them out; sorts Ids, since there may be many. */
static void
bind_literals(struct binder *b, const struct soql_condition *c, enum field_type type,
    struct check *k)
{
	size_t n = 0;

	for (const struct soql_literal *l = c->literals; l; l = l->next)
		n++;
	k->values = get(b, n * sizeof(struct value));
	for (const struct soql_literal *l = c->literals; l && b->rc == 0; l = l->next) {
		if (l->is_range && (type == FIELD_DATE || type == FIELD_DATETIME))
			bind_range(b, type, l, k, n);
		else
			bind_literal(b, c, last_field(&k->column), type, l,
			    &k->values[k->count]);
		if (b->rc == 0 && k->values[k->count].kind == VALUE_NULL)
			k->has_null = true;
		else
			k->count++;
	}
	if (b->rc == 0 && is_id_type(type) && k->count > 1)
		qsort(k->values, k->count, sizeof(struct value), id_order);
}

static void
bind_inner(struct binder *b, const struct soql_condition *c, struct check *k)
{
	if (!is_id(last_field(&k->column))) {
		REFUSE_AT(b, c->path.at, "INVALID_FIELD",
		    "The left operand field in the where expression for outer query should be an "
		    "id field, cannot use: '%.*s'",
		    (int)c->path.part[c->path.count - 1].len, c->path.part[c->path.count - 1].s);
		return;
	}
	b->rc = bind(b->q->tree, c->query, &b->q->view, NULL, &k->inner, b->error);
	if (b->rc != 0)
		return;
	k->inner->next = b->q->inners;
	b->q->inners = k->inner;
	struct shown *s = k->inner->shown;
	while (s && b->rc == 0) {
		k->inner_column.fields[k->inner_column.levels++] = s->field;
		if (!s->below && !is_id(s->field))
			REFUSE_AT(b, c->query->items->path.at, "MALFORMED_QUERY",
			    "The inner select field '%s' should be an id field", s->field->name);
		s = s->below;
	}
	if (b->rc == 0 && (k->inner->grouped || c->query->items->kind != SOQL_FIELD))
		REFUSE_AT(b, c->query->items->path.at, "MALFORMED_QUERY",
		    "The inner select must have a single field");
}

static void
bind_test(struct binder *b, const struct soql_condition *c, bool having, struct check *k)
{
	k->op = c->op;
	bind_path(b, &c->path, &k->column);
	if (b->rc == 0 && having)
		bind_slot(b, &c->path, false, &k->slot);
	else if (b->rc == 0 && c->path.aggregate)
		REFUSE_AT(b, c->path.at, "MALFORMED_QUERY",
		    "an aggregate function is not supported in a WHERE clause");
	if (b->rc != 0)
		return;
	const struct field *f = last_field(&k->column);
	const struct slot slot = { k->column, c->path.aggregate, NULL };
	enum field_type type = slot_type(&slot);
	if (f->flags & FIELD_NO_FILTER) {
		REFUSE_AT(b, c->path.at, "INVALID_FIELD",
		    "field '%s' can not be filtered in a query call", f->name);
		return;
	}
	if (c->op == SOQL_LIKE && (is_id_type(type) || !type_fits(type, VALUE_TEXT))) {
		REFUSE_AT(b, c->path.at, "INVALID_QUERY_FILTER_OPERATOR",
		    "invalid operator on %s field", schema_type_name(type));
		return;
	}
	if (type == FIELD_BOOLEAN && c->op != SOQL_EQ && c->op != SOQL_NE) {
		REFUSE_AT(b, c->path.at, "INVALID_QUERY_FILTER_OPERATOR",
		    "invalid operator on boolean field");
		return;
	}
	if (c->query)
		bind_inner(b, c, k);
	else
		bind_literals(b, c, type, k);
}

static struct check *
bind_condition(struct binder *b, const struct soql_condition *c, bool having)
{
	struct check *k = get(b, sizeof(*k));

	if (!k)
		return NULL;
	k->node = c->node;
	if (c->node == SOQL_TEST) {
		bind_test(b, c, having, k);
		return k;
	}
	struct check **last = &k->first;
	for (const struct soql_condition *sub = c->first; sub && b->rc == 0; sub = sub->next) {
		*last = bind_condition(b, sub, having);
		if (*last)
			last = &(*last)->next;
	}
	return k;
}

static void
bind_order(struct binder *b)
{
	struct order **last = &b->q->order;

	for (const struct soql_order *o = b->q->soql->order; o && b->rc == 0; o = o->next) {
		struct order *n = *last = get(b, sizeof(*n));

		if (!n)
			return;
		if (b->q->grouped)
			bind_slot(b, &o->path, false, &n->slot);
		else if (o->path.aggregate)
			REFUSE_AT(b, o->path.at, "MALFORMED_QUERY",
			    "an aggregate function needs a query of groups");
		bind_path(b, &o->path, &n->column);
		n->descending = o->descending;
		n->nulls_last = o->nulls_last;
		if (b->rc == 0 && !o->path.aggregate &&
		    last_field(&n->column)->flags & FIELD_NO_SORT)
			REFUSE_AT(b, o->path.at, "MALFORMED_QUERY",
			    "field '%s' can not be sorted in a query call",
			    last_field(&n->column)->name);
		last = &n->next;
	}
}

/* Rules of some objects for WHERE */

/* A test that every row must pass. */
typedef bool check_matcher(const struct check *);

static bool
any_conjunct(const struct check *k, check_matcher *matches)
{
	if (!k)
		return false;
	if (k->node == SOQL_TEST)
		return matches(k);
	if (k->node != SOQL_AND)
		return false;
	for (const struct check *sub = k->first; sub; sub = sub->next)
		if (any_conjunct(sub, matches))
			return true;
	return false;
}

static bool
any_test(const struct check *k, check_matcher *matches)
{
	if (!k)
		return false;
	if (k->node == SOQL_TEST)
		return matches(k);
	for (const struct check *sub = k->first; sub; sub = sub->next)
		if (any_test(sub, matches))
			return true;
	return false;
}

bool
bind_selects(const struct check *k, enum field_meaning means, bool in)
{
	return k->column.levels == 1 && k->column.fields[0]->means == means &&
	    (k->op == SOQL_EQ || (in && k->op == SOQL_IN)) && (k->count > 0 || k->inner);
}

static bool by_id_or_in(const struct check *k) { return bind_selects(k, MEANS_ID, true); }
static bool by_id(const struct check *k) { return bind_selects(k, MEANS_ID, false); }
static bool by_linked_or_in(const struct check *k) { return bind_selects(k, MEANS_LINKED, true); }
static bool by_document(const struct check *k) { return bind_selects(k, MEANS_DOCUMENT, false); }
static bool
by_document_or_in(const struct check *k)
{
	return bind_selects(k, MEANS_DOCUMENT, true);
}

static bool
by_folder(const struct check *k)
{
	return bind_selects(k, MEANS_PARENT_FOLDER, false);
}

static bool
by_folder_or_in(const struct check *k)
{
	return bind_selects(k, MEANS_PARENT_FOLDER, true);
}

static bool
not_an_id(const struct check *k)
{
	return k->column.levels > 1 || !is_id(k->column.fields[0]);
}

static void
check_rules(struct binder *b)
{
	const struct check *where = b->q->where;

	switch (b->q->object->kind) {
	case OBJECT_LINK:
		if (b->q->view.all_files && b->q->view.version >= 59)
			break;
		if (!any_conjunct(where, by_document_or_in) &&
		    !any_conjunct(where, by_linked_or_in))
			refuse(b, "MALFORMED_QUERY",
			    "Implementation restriction: ContentDocumentLink requires a filter by "
			    "a single Id on ContentDocumentId or LinkedEntityId using the equals "
			    "operator or multiple Id's using the IN operator.");
		else if (any_test(where, not_an_id) && !any_conjunct(where, by_linked_or_in))
			refuse(b, "MALFORMED_QUERY",
			    "Implementation restriction: filtering on non-id fields is only "
			    "permitted when filtering by ContentDocumentLink.LinkedEntityId using "
			    "the equals operator.");
		break;
	case OBJECT_FOLDER_ITEM:
		if (!any_conjunct(where, by_id_or_in) && !any_conjunct(where, by_folder_or_in))
			refuse(b, "MALFORMED_QUERY",
			    "Implementation restriction: ContentFolderItem requires a filter by Id "
			    "or ParentContentFolderId using the equals or 'IN' operator");
		break;
	case OBJECT_FOLDER_MEMBER:
		if (!any_conjunct(where, by_id) && !any_conjunct(where, by_document) &&
		    !any_conjunct(where, by_folder))
			refuse(b, "MALFORMED_QUERY",
			    "Implementation restriction: ContentFolderMember requires a filter by "
			    "a single Id, ChildRecordId or ParentContentFolderId using the equals "
			    "operator");
		break;
	default:
		break;
	}
}

/* The object of a query: one of all, or the children of the one above. */
static void
bind_from(struct binder *b, const struct query *above)
{
	struct query *q = b->q;
	const struct soql *soql = q->soql;

	if (above) {
		q->object =
		    schema_children(above->object, soql->from.s, soql->from.len, &q->parent);
		if (!q->object)
			REFUSE_AT(b, soql->from_at, "INVALID_TYPE",
			    "Didn't understand relationship '%.*s' in FROM part of query call. If "
			    "you are attempting to use a custom relationship, be sure to append "
			    "the '__r' after the custom relationship name. Please reference your "
			    "WSDL or the describe call for the appropriate names.",
			    (int)soql->from.len, soql->from.s);
		return;
	}
	q->object = schema_object(soql->from.s, soql->from.len);
	if (!q->object && soql->from.len == 11 &&
	    strncasecmp(soql->from.s, "ContentBody", 11) == 0) {
		refuse(b, "INVALID_TYPE_FOR_OPERATION",
		    "entity type ContentBody does not support query");
	} else if (!q->object) {
		REFUSE_AT(b, soql->from_at, "INVALID_TYPE",
		    "sObject type '%.*s' is not supported. If you are attempting to use a custom "
		    "object, be sure to append the '__c' after the entity name. Please reference "
		    "your WSDL or the describe call for the appropriate names.",
		    (int)soql->from.len, soql->from.s);
	}
}

/* Binds a query of a tree; the caller keeps the tree. above: the query whose child records this
 * one finds; NULL: none. */
static int
bind(const struct soql_tree *tree, const struct soql *soql, const struct rows_view *view,
    struct query *above, struct query **out, struct soql_error *error)
{
	struct query *q = calloc(1, sizeof(*q));
	struct binder b = { q, error, 0 };

	if (!q)
		return -ENOMEM;
	q->tree = (struct soql_tree *)(uintptr_t)tree;
	q->soql = soql;
	q->view = *view;
	q->view.query = !view->by_id;
	q->root = above;
	atomic_init(&q->users, 1);
	bind_from(&b, above);
	if (b.rc != 0)
		goto out;
	bind_items(&b);
	if (b.rc == 0 && soql->where)
		q->where = bind_condition(&b, soql->where, false);
	if (b.rc == 0 && soql->having)
		q->having = bind_condition(&b, soql->having, true);
	bind_order(&b);
	if (b.rc == 0 && !view->by_id && !above)
		check_rules(&b);
	if (soql->offset > OFFSET_MAX)
		REFUSE_AT(&b, soql->offset_at, "NUMBER_OUTSIDE_VALID_RANGE",
		    "Maximum SOQL offset allowed is 2000");
	if (b.rc == 0 && !view->by_id)
		q->view.by_id = q->object->kind == OBJECT_LINK || above ||
		    any_conjunct(q->where, by_id_or_in) ||
		    any_conjunct(q->where, by_document_or_in);
out:
	if (b.rc == 0) {
		*out = q;
	} else {
		q->root = NULL;
		q->tree = NULL;
		query_free(q);
	}
	return b.rc;
}

int
query_bind(const char *text, size_t len, const struct rows_view *view, struct query **out,
    struct soql_error *error)
{
	struct soql_tree *tree = NULL;
	int rc = soql_parse(text, len, &tree, error);

	if (rc == 0)
		rc = bind(tree, soql_query(tree), view, NULL, out, error);
	if (rc == 0 && error->message.failed) {
		query_free(*out);
		return -ENOMEM;
	}
	if (rc != 0)
		soql_free(tree);
	return rc;
}

struct query *
query_hold(struct query *q)
{
	atomic_fetch_add(q->root ? &q->root->users : &q->users, 1);
	return q;
}

void
query_free(struct query *q)
{
	if (q && q->root)
		q = q->root;
	if (!q || atomic_fetch_sub(&q->users, 1) > 1)
		return;
	while (q->inners) {
		struct query *next = q->inners->next;

		q->inners->root = NULL;
		q->inners->tree = NULL;		/* it is ours */
		query_free(q->inners);
		q->inners = next;
	}
	arena_free(&q->arena);
	soql_free(q->tree);
	free(q);
}

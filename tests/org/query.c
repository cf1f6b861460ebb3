#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/arena.h"
#include "tests/org/query.h"

#define OFFSET_MAX	2000
#define FIELDS_MAX	200	/* the most rows of FIELDS(ALL) */

/* A path to a field: all but the last are references. */
struct column {
	const struct field *fields[SOQL_LEVELS];
	unsigned	 levels;
};

/* A condition, bound. */
struct check {
	enum soql_node	 node;
	struct check	*first, *next;
	struct column	 column;
	enum soql_op	 op;
	struct value	*values;	/* the literals; ids sorted */
	size_t		 count;
	bool		 has_null;	/* among the values of IN */
	struct query	*inner;		/* IN (SELECT ...) */
	struct column	 inner_column;	/* the field of it */
};

/* A part of a record: a field, or a relation with its parts. */
struct shown {
	const struct field *field;
	struct shown	*below, *next;
	struct soql_name label;		/* of a count */
};

struct order {
	struct column	 column;
	bool		 descending, nulls_last;
	struct order	*next;
};

struct query {
	struct arena	 arena;
	struct soql_tree *tree;
	const struct soql *soql;
	struct rows_view view;
	const struct object *object;
	struct shown	*shown;
	unsigned	 counts;	/* items that are COUNT(field) */
	struct check	*where;
	struct order	*order;
	struct query	*inners, *next;	/* all inner queries, to free them */
};

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

static void
bind_path(struct binder *b, const struct soql_path *path, struct column *out)
{
	const struct soql *soql = b->q->soql;
	const struct object *object = b->q->object;
	unsigned i = path->count > 1 &&
	    (same_name(&path->part[0], &soql->from) ||
		(soql->alias.len && same_name(&path->part[0], &soql->alias)));

	out->levels = 0;
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
}

static const struct field *
last_field(const struct column *c)
{
	return c->fields[c->levels - 1];
}

/* Adds a column to the record; a relation comes once, with all its fields. */
static void
show(struct binder *b, const struct column *c, const struct soql_path *path)
{
	struct shown **list = &b->q->shown;

	for (unsigned i = 0; i < c->levels && b->rc == 0; i++) {
		bool last = i + 1 == c->levels;

		while (*list && ((*list)->field != c->fields[i] || !(*list)->below == !last))
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
show_all_fields(struct binder *b, bool limited)
{
	const struct object *object = b->q->object;

	if (limited && (b->q->soql->limit < 0 || b->q->soql->limit > FIELDS_MAX))
		refuse(b, "MALFORMED_QUERY",
		    "The SOQL FIELDS function must have a LIMIT of at most 200");
	for (size_t i = 0; i < object->count && b->rc == 0; i++) {
		struct column c = { { &object->fields[i] }, 1 };

		if (object->fields[i].since <= b->q->view.version)
			show(b, &c, NULL);
	}
}

static void
bind_count(struct binder *b, const struct soql_item *item)
{
	struct shown **list = &b->q->shown;
	struct column c;

	bind_path(b, &item->path, &c);
	if (b->rc == 0 && c.levels != 1)
		REFUSE_AT(b, item->path.at, "MALFORMED_QUERY",
		    "field of a relation in an aggregate is not supported");
	while (*list)
		list = &(*list)->next;
	*list = get(b, sizeof(**list));
	if (b->rc != 0)
		return;
	(*list)->field = c.fields[0];
	(*list)->label = item->alias;
	b->q->counts++;
}

static void
bind_items(struct binder *b)
{
	const struct soql *soql = b->q->soql;
	bool plain = false;

	for (const struct soql_item *item = soql->items; item && b->rc == 0; item = item->next) {
		struct column c;

		plain = plain || item->kind != SOQL_COUNT;
		if (plain && b->q->counts + (item->kind == SOQL_COUNT) > 0) {
			REFUSE_AT(b, item->path.at, "MALFORMED_QUERY",
			    "Field must be grouped or aggregated");
		} else if (item->kind == SOQL_COUNT) {
			bind_count(b, item);
		} else if (item->kind != SOQL_FIELD) {
			show_all_fields(b, item->kind == SOQL_FIELDS_ALL);
		} else {
			bind_path(b, &item->path, &c);
			if (b->rc == 0 && c.levels > 1 && last_field(&c)->type == FIELD_BASE64)
				refuse(b, "MALFORMED_QUERY",
				    "Binary fields cannot be selected in join queries");
			if (b->rc == 0)
				show(b, &c, &item->path);
		}
	}
}

static bool
is_id(const struct field *f)
{
	return f->type == FIELD_ID || f->type == FIELD_REFERENCE;
}

static const char *
filter_type(const struct field *f)
{
	switch (f->type) {
	case FIELD_BOOLEAN: return "boolean";
	case FIELD_INT: return "int";
	case FIELD_LONG: return "long";
	case FIELD_DATE: return "date";
	case FIELD_DATETIME: return "dateTime";
	default: return "string";
	}
}

static bool
type_fits(const struct field *f, enum value_kind kind)
{
	if (kind == VALUE_NULL)
		return true;
	switch (f->type) {
	case FIELD_BOOLEAN: return kind == VALUE_BOOLEAN;
	case FIELD_INT:
	case FIELD_LONG: return kind == VALUE_NUMBER || kind == VALUE_REAL;
	case FIELD_DATE: return kind == VALUE_DATE;
	case FIELD_DATETIME: return kind == VALUE_DATETIME;
	default: return kind == VALUE_TEXT;
	}
}

static void
bind_literal(struct binder *b, const struct soql_condition *c, const struct field *f,
    const struct soql_literal *l, struct value *out)
{
	if (!type_fits(f, l->kind)) {
		REFUSE_AT(b, c->path.at, "INVALID_FIELD",
		    "value of filter criterion for field '%s' must be of type %s and should %sbe "
		    "enclosed in quotes",
		    f->name, filter_type(f), type_fits(f, VALUE_TEXT) ? "" : "not ");
		return;
	}
	*out = (struct value){ .kind = l->kind,
		.number = l->number,
		.real = l->real,
		.text = l->text,
		.len = l->len };
	if (l->kind == VALUE_TEXT && is_id(f)) {
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

/* Notes NULLs and leaves them out; sorts Ids, since there may be many. */
static void
bind_literals(struct binder *b, const struct soql_condition *c, struct check *k)
{
	const struct field *f = last_field(&k->column);
	size_t n = 0;

	for (const struct soql_literal *l = c->literals; l; l = l->next)
		n++;
	k->values = get(b, n * sizeof(struct value));
	for (const struct soql_literal *l = c->literals; l && b->rc == 0; l = l->next) {
		bind_literal(b, c, f, l, &k->values[k->count]);
		if (b->rc == 0 && k->values[k->count].kind == VALUE_NULL)
			k->has_null = true;
		else
			k->count++;
	}
	if (b->rc == 0 && is_id(f) && k->count > 1)
		qsort(k->values, k->count, sizeof(struct value), id_order);
}

static int bind(struct soql_tree *, const struct soql *, const struct rows_view *, struct query **,
    struct soql_error *);

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
	b->rc = bind(b->q->tree, c->query, &b->q->view, &k->inner, b->error);
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
	if (b->rc == 0 && (k->inner->counts || c->query->items->kind != SOQL_FIELD))
		REFUSE_AT(b, c->query->items->path.at, "MALFORMED_QUERY",
		    "The inner select must have a single field");
}

static void
bind_test(struct binder *b, const struct soql_condition *c, struct check *k)
{
	k->op = c->op;
	bind_path(b, &c->path, &k->column);
	if (b->rc != 0)
		return;
	const struct field *f = last_field(&k->column);
	if (f->flags & FIELD_NO_FILTER) {
		REFUSE_AT(b, c->path.at, "INVALID_FIELD",
		    "field '%s' can not be filtered in a query call", f->name);
		return;
	}
	if (c->op == SOQL_LIKE && (is_id(f) || !type_fits(f, VALUE_TEXT))) {
		REFUSE_AT(b, c->path.at, "INVALID_QUERY_FILTER_OPERATOR",
		    "invalid operator on %s field", schema_type_name(f->type));
		return;
	}
	if (f->type == FIELD_BOOLEAN && c->op != SOQL_EQ && c->op != SOQL_NE) {
		REFUSE_AT(b, c->path.at, "INVALID_QUERY_FILTER_OPERATOR",
		    "invalid operator on boolean field");
		return;
	}
	if (c->query)
		bind_inner(b, c, k);
	else
		bind_literals(b, c, k);
}

static struct check *
bind_condition(struct binder *b, const struct soql_condition *c)
{
	struct check *k = get(b, sizeof(*k));

	if (!k)
		return NULL;
	k->node = c->node;
	if (c->node == SOQL_TEST) {
		bind_test(b, c, k);
		return k;
	}
	struct check **last = &k->first;
	for (const struct soql_condition *sub = c->first; sub && b->rc == 0; sub = sub->next) {
		*last = bind_condition(b, sub);
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
		bind_path(b, &o->path, &n->column);
		n->descending = o->descending;
		n->nulls_last = o->nulls_last;
		if (b->rc == 0 && last_field(&n->column)->flags & FIELD_NO_SORT)
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

static bool
selects(const struct check *k, enum field_meaning means, bool in)
{
	return k->column.levels == 1 && k->column.fields[0]->means == means &&
	    (k->op == SOQL_EQ || (in && k->op == SOQL_IN)) && (k->count > 0 || k->inner);
}

static bool by_id_or_in(const struct check *k) { return selects(k, MEANS_ID, true); }
static bool by_id(const struct check *k) { return selects(k, MEANS_ID, false); }
static bool by_document_or_in(const struct check *k) { return selects(k, MEANS_DOCUMENT, true); }
static bool by_document(const struct check *k) { return selects(k, MEANS_DOCUMENT, false); }
static bool by_linked_or_in(const struct check *k) { return selects(k, MEANS_LINKED, true); }
static bool by_folder_or_in(const struct check *k) { return selects(k, MEANS_PARENT_FOLDER, true); }
static bool by_folder(const struct check *k) { return selects(k, MEANS_PARENT_FOLDER, false); }
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

/* Binds a query of a tree; the caller keeps the tree. */
static int
bind(struct soql_tree *tree, const struct soql *soql, const struct rows_view *view,
    struct query **out, struct soql_error *error)
{
	struct query *q = calloc(1, sizeof(*q));
	struct binder b = { q, error, 0 };

	if (!q)
		return -ENOMEM;
	q->tree = tree;
	q->soql = soql;
	q->view = *view;
	q->object = schema_object(soql->from.s, soql->from.len);
	if (!q->object && soql->from.len == 11 &&
	    strncasecmp(soql->from.s, "ContentBody", 11) == 0) {
		refuse(&b, "INVALID_TYPE_FOR_OPERATION",
		    "entity type ContentBody does not support query");
		goto out;
	}
	if (!q->object) {
		REFUSE_AT(&b, soql->from_at, "INVALID_TYPE",
		    "sObject type '%.*s' is not supported. If you are attempting to use a custom "
		    "object, be sure to append the '__c' after the entity name. Please reference "
		    "your WSDL or the describe call for the appropriate names.",
		    (int)soql->from.len, soql->from.s);
		goto out;
	}
	bind_items(&b);
	if (b.rc == 0 && soql->where)
		q->where = bind_condition(&b, soql->where);
	bind_order(&b);
	if (b.rc == 0 && !view->by_id)
		check_rules(&b);
	if (soql->offset > OFFSET_MAX)
		REFUSE_AT(&b, soql->offset_at, "NUMBER_OUTSIDE_VALID_RANGE",
		    "Maximum SOQL offset allowed is 2000");
	if (b.rc == 0 && !view->by_id)
		q->view.by_id = q->object->kind == OBJECT_LINK ||
		    any_conjunct(q->where, by_id_or_in) ||
		    any_conjunct(q->where, by_document_or_in);
out:
	if (b.rc == 0) {
		*out = q;
	} else {
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
		rc = bind(tree, soql_query(tree), view, out, error);
	if (rc == 0 && error->message.failed) {
		query_free(*out);
		return -ENOMEM;
	}
	if (rc != 0)
		soql_free(tree);
	return rc;
}

void
query_free(struct query *q)
{
	if (!q)
		return;
	while (q->inners) {
		struct query *next = q->inners->next;

		q->inners->tree = NULL;		/* it is ours */
		query_free(q->inners);
		q->inners = next;
	}
	arena_free(&q->arena);
	soql_free(q->tree);
	free(q);
}

/* Running */

/* The Ids that inner queries found, during a run. */
struct ids {
	const struct check *check;
	char		(*id)[ID_SIZE];
	size_t		 count;
	struct ids	*next;
};

struct run {
	const struct query *q;
	const struct data *data;
	struct content	*content;
	struct ids	*ids;
	int		 rc;
};

/* Loads the record of a reference. */
static bool
follow(const struct row *from, const struct field *reference, const struct rows_view *view,
    struct row *to)
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
	if (target_of(reference)->kind == OBJECT_NAME) {
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
		if (!follow(row, c->fields[i], view, &above[i % 2])) {
			value_set_null(out);
			return;
		}
		row = &above[i % 2];
	}
	row_value(row, last_field(c), out);
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
		if (value_order(v, &k->values[i]) == 0)
			return true;
	return false;
}

static bool
passes_test(const struct run *run, const struct check *k, const struct row *row)
{
	char space[VALUE_SPACE];
	struct value v = { .space = space };

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
	int order = value_order(&v, k->values);
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
	if (selects(k, MEANS_ID, true))
		plan_list(run, k, false, plan);
	else if (selects(k, MEANS_DOCUMENT, true))
		plan_list(run, k, true, plan);
	else if (k->column.levels == 1 && k->column.fields[0]->means == MEANS_ID)
		plan_range(run, k, plan);
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

static bool
has_value(const struct row *row, const struct field *f)
{
	char space[VALUE_SPACE];
	struct value v = { .space = space };

	row_value(row, f, &v);
	return v.kind != VALUE_NULL;
}

/* Collects matching rows, at most `most`, in the order of their Ids. */
static void
scan(struct run *run, size_t most, struct query_rows *out)
{
	const struct query *q = run->q;
	struct plan plan = { .to = rows_end(run->data, q->object) };
	size_t capacity = 0;
	struct row row;

	plan_rows(run, q->where, &plan);
	for (size_t i = plan.listed ? 0 : plan.from;
	     i < (plan.listed ? plan.count : plan.to) && out->count < most && run->rc == 0; i++) {
		if (!plan.listed)
			i = rows_next(run->data, q->object, (uint32_t)i);
		uint32_t number = plan.listed ? plan.list[i] : (uint32_t)i;

		if (!row_load(run->data, q->object, number, &q->view, run->content, &row))
			continue;
		if (q->where && !passes(run, q->where, &row))
			continue;
		unsigned at = 0;
		for (const struct shown *s = q->shown; s && q->counts > 0; s = s->next)
			out->totals[at++] += has_value(&row, s->field);
		if (q->soql->count || q->counts > 0)
			out->count++;
		else if (!keep_row(out, &capacity, number))
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
		struct key *key = &keys[i * width];
		struct row row;

		sorted[i] = (struct sorted){ rows->number[i], q->order, key };
		if (!row_load(run->data, q->object, rows->number[i], &q->view, run->content, &row))
			continue;
		for (const struct order *o = q->order; o; o = o->next, key++)
			if (!key_set(key, &row, &o->column, &q->view))
				run->rc = -ENOMEM;
	}
	if (run->rc == 0) {
		qsort(sorted, rows->count, sizeof(*sorted), sorted_order);
		for (size_t i = 0; i < rows->count; i++)
			rows->number[i] = sorted[i].number;
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
	    (o->column.levels == 1 && o->column.fields[0]->means == MEANS_ID && !o->descending);
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

int
query_run(const struct query *q, const struct data *d, struct query_rows *out)
{
	struct content *content = calloc(1, sizeof(*content));
	struct run run = { .q = q, .data = d, .content = content, .rc = content ? 0 : -ENOMEM };
	struct query_rows rows = { 0 };
	int64_t limit = q->soql->limit, offset = q->soql->offset > 0 ? q->soql->offset : 0;
	bool stop = limit >= 0 && limit <= UINT32_MAX && is_sorted(q) && q->counts == 0;
	size_t most = stop ? (size_t)(limit + offset) : SIZE_MAX;

	if (run.rc == 0 && q->counts > 0) {
		rows.totals = calloc(q->counts, sizeof(*rows.totals));
		run.rc = rows.totals ? 0 : -ENOMEM;
	}
	run_inners(&run, q->where);
	if (run.rc == 0)
		scan(&run, most, &rows);
	if (run.rc == 0 && !is_sorted(q) && rows.count > 1 && rows.number)
		sort(&run, &rows);
	if (q->counts > 0)
		rows.count = 1;
	size_t skip = (size_t)offset < rows.count ? (size_t)offset : rows.count;
	if (rows.number)
		memmove(rows.number, rows.number + skip,
		    (rows.count - skip) * sizeof(*rows.number));
	rows.count -= skip;
	if (limit >= 0 && (uint64_t)limit < rows.count)
		rows.count = (size_t)limit;
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
	free(rows->totals);
	*rows = (struct query_rows){ 0 };
}

/* Records as JSON */

static void
put_attributes(const struct row *row, struct buf *out)
{
	const struct object *object = row->named ? row->named : row->object;
	char id[ID_SIZE];

	row_id(row, id);
	buf_puts(out, "\"attributes\":{\"type\":\"");
	buf_puts(out, row->object->name);
	buf_printf(out, "\",\"url\":\"/services/data/v%u.0/sobjects/", row->api);
	buf_puts(out, object->name);
	buf_putc(out, '/');
	buf_puts(out, id);
	buf_puts(out, "\"}");
}

static void
put_record(const struct row *row, const struct shown *shown, const struct rows_view *view,
    bool late, struct buf *out)
{
	char space[VALUE_SPACE];
	struct value v = { .space = space };
	struct row above;

	buf_putc(out, '{');
	if (!late)
		put_attributes(row, out);
	for (const struct shown *s = shown; s; s = s->next) {
		if (!late || s != shown)
			buf_putc(out, ',');
		buf_putc(out, '"');
		buf_puts(out, s->below ? s->field->relation : s->field->name);
		buf_puts(out, "\":");
		if (!s->below) {
			row_value(row, s->field, &v);
			value_put_json(out, &v);
		} else if (follow(row, s->field, view, &above)) {
			put_record(&above, s->below, view, late, out);
		} else {
			buf_puts(out, "null");
		}
	}
	if (late) {
		buf_putc(out, ',');
		put_attributes(row, out);
	}
	buf_putc(out, '}');
}

static void
put_totals(const struct query *q, const struct query_rows *rows, struct buf *out)
{
	unsigned at = 0;

	buf_puts(out, "{\"attributes\":{\"type\":\"AggregateResult\"}");
	for (const struct shown *s = q->shown; s; s = s->next, at++) {
		if (s->label.len)
			buf_printf(out, ",\"%.*s\":", (int)s->label.len, s->label.s);
		else
			buf_printf(out, ",\"expr%u\":", at);
		buf_printf(out, "%lld", (long long)rows->totals[at]);
	}
	buf_putc(out, '}');
}

void
query_put_records(const struct query *q, const struct data *d, const struct query_rows *rows,
    size_t first, size_t count, bool late, struct buf *out)
{
	struct content *content = calloc(1, sizeof(*content));
	/* Shows a row that was there when the query ran, even if it is deleted now. */
	struct rows_view view = q->view;
	struct row row;
	bool comma = false;

	view.deleted = true;
	buf_putc(out, '[');
	if (rows->totals && count > 0)
		put_totals(q, rows, out);
	for (size_t i = first; content && i < first + count && rows->number; i++) {
		if (!row_load(d, q->object, rows->number[i], &view, content, &row))
			continue;
		if (comma)
			buf_putc(out, ',');
		comma = true;
		put_record(&row, q->shown, &view, late, out);
	}
	buf_putc(out, ']');
	if (!content)
		out->failed = true;
	free(content);
}

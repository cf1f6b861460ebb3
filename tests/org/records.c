/* The records of a query as JSON, and their columns. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/org/csv.h"
#include "tests/org/query_parts.h"

/* What all records of a page share. */
struct page {
	const struct query *q;
	const struct data *data;
	const struct rows_view *view;
	const struct query_style *style;
	struct buf	*out;
};

static void put_record(const struct page *, const struct row *, const struct shown *);

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

/* Child records: all, or a first page and a locator. */
static void
put_children(const struct page *p, const struct row *row, struct query *children)
{
	struct query_rows rows = { 0 };
	char id[ID_SIZE], locator[QUERY_LOCATOR];
	const struct query_style *style = p->style;

	row_id(row, id);
	if (query_run_below(children, p->data, id, &rows) != 0) {
		p->out->failed = true;
		return;
	}
	size_t count = rows.count, shown = style->more && style->children < count ?
	    style->children : count;
	if (children->soql->count)
		shown = 0;
	if (count == 0) {
		buf_puts(p->out, "null");
		query_rows_free(&rows);
		return;
	}
	buf_printf(p->out, "{\"totalSize\":%zu,\"done\":%s,\"records\":", count,
	    rows.number && shown < count ? "false" : "true");
	query_put_records(children, p->data, &rows, 0, shown, style, p->out);
	if (rows.number && shown < count) {
		locator[0] = '\0';
		if (style->more(style->ctx, query_hold(children), &rows, shown, locator) != 0)
			p->out->failed = true;
		buf_printf(p->out, ",\"nextRecordsUrl\":\"/services/data/v%u.0/query/%s\"",
		    row->api, locator);
	} else {
		query_rows_free(&rows);
	}
	buf_putc(p->out, '}');
}

/* A record of any object, by its branch of TYPEOF; null where there is none. */
static void
put_branch(const struct page *p, const struct row *row, const struct shown *s)
{
	struct row above;
	const struct branch *b = s->branches;

	if (!query_follow(row, s->field, p->view, true, &above)) {
		buf_puts(p->out, "null");
		return;
	}
	while (b && b->object && b->object != above.object)
		b = b->next;
	if (b && !b->object)
		query_follow(row, s->field, p->view, false, &above);
	if (b)
		put_record(p, &above, b->shown);
	else
		buf_puts(p->out, "null");
}

static const char *
name_of(const struct shown *s)
{
	return s->children ? s->relation :
	    s->below || s->branches ? s->field->relation :
				      s->field->name;
}

static void
put_part(const struct page *p, const struct row *row, const struct shown *s)
{
	char space[VALUE_SPACE];
	struct value v = { .space = space };
	struct row above;

	if (s->children) {
		put_children(p, row, s->children);
	} else if (s->branches) {
		put_branch(p, row, s);
	} else if (!s->below) {
		row_value(row, s->field, &v);
		value_put_json(p->out, &v);
	} else if (query_follow(row, s->field, p->view, false, &above)) {
		put_record(p, &above, s->below);
	} else {
		buf_puts(p->out, "null");
	}
}

static void
put_record(const struct page *p, const struct row *row, const struct shown *shown)
{
	struct buf *out = p->out;

	buf_putc(out, '{');
	if (!p->style->late)
		put_attributes(row, out);
	for (const struct shown *s = shown; s; s = s->next) {
		if (!p->style->late || s != shown)
			buf_putc(out, ',');
		buf_printf(out, "\"%s\":", name_of(s));
		put_part(p, row, s);
	}
	if (p->style->late) {
		buf_putc(out, ',');
		put_attributes(row, out);
	}
	buf_putc(out, '}');
}

static const struct slot *
slot_at(const struct query *q, unsigned n)
{
	const struct slot *s = q->slot;

	while (n-- > 0)
		s = s->next;
	return s;
}

/* The name of a value of a group: its alias, the field as it was written, or expr0. */
static void
put_label(const struct output *o, struct buf *out)
{
	if (o->label.len)
		buf_put_json(out, o->label.s, o->label.len);
	else
		buf_printf(out, "\"expr%u\"", o->number);
}

static void
put_group(const struct query *q, const struct cell *cells, struct buf *out)
{
	buf_puts(out, "{\"attributes\":{\"type\":\"AggregateResult\"}");
	for (const struct output *o = q->outputs; o; o = o->next) {
		buf_putc(out, ',');
		put_label(o, out);
		buf_putc(out, ':');
		value_put_json(out, &cells[o->slot].value);
	}
	buf_putc(out, '}');
}

void
query_put_records(const struct query *q, const struct data *d, const struct query_rows *rows,
    size_t first, size_t count, const struct query_style *style, struct buf *out)
{
	struct content *content = calloc(1, sizeof(*content));
	/* Shows a row that was there when the query ran, even if it is deleted now. */
	struct rows_view view = q->view;
	const struct page page = { q, d, &view, style, out };
	struct row row;
	bool comma = false;

	view.deleted = true;
	buf_putc(out, '[');
	for (size_t i = first; content && i < first + count && (rows->number || rows->groups);
	     i++) {
		if (rows->number &&
		    !row_load(d, q->object, rows->number[i], &view, content, &row))
			continue;
		if (comma)
			buf_putc(out, ',');
		comma = true;
		if (rows->groups)
			put_group(q, rows->groups->list[i], out);
		else
			put_record(&page, &row, q->shown);
	}
	buf_putc(out, ']');
	if (!content)
		out->failed = true;
	free(content);
}

/* CSV */

static void
put_headers(const struct shown *shown, const char *above, char delimiter, bool *first,
    struct buf *out)
{
	for (const struct shown *s = shown; s; s = s->next) {
		struct buf name = BUF_INIT;

		buf_printf(&name, "%s%s%s", above, *above ? "." : "", name_of(s));
		if (s->below) {
			put_headers(s->below, buf_str(&name), delimiter, first, out);
		} else {
			if (!*first)
				buf_putc(out, delimiter);
			*first = false;
			csv_put(out, buf_str(&name), name.len);
		}
		buf_free(&name);
	}
}

/* row NULL: there is no such record. */
static void
put_cells(const struct page *p, const struct row *row, const struct shown *shown, char delimiter,
    bool *first)
{
	char space[VALUE_SPACE], date[32];
	struct buf text = BUF_INIT;

	for (const struct shown *s = shown; s; s = s->next) {
		struct value v = { .space = space };
		struct row above;

		if (s->below) {
			bool there = row && query_follow(row, s->field, p->view, false, &above);

			put_cells(p, there ? &above : NULL, s->below, delimiter, first);
			continue;
		}
		if (!*first)
			buf_putc(p->out, delimiter);
		*first = false;
		value_set_null(&v);
		if (row)
			row_value(row, s->field, &v);
		buf_clear(&text);
		if (v.kind == VALUE_TEXT || v.kind == VALUE_ID) {
			buf_put(&text, v.text, v.len);
		} else if (v.kind == VALUE_DATETIME) {
			datetime_format(v.number, date);
			buf_printf(&text, "%.23sZ", date);
		} else if (v.kind == VALUE_DATE) {
			datetime_format(v.number * 86400000, date);
			buf_printf(&text, "%.10s", date);
		} else if (v.kind != VALUE_NULL) {
			value_put_json(&text, &v);
		}
		csv_put(p->out, buf_str(&text), text.len);
	}
	buf_free(&text);
}

void
query_put_csv(const struct query *q, const struct data *d, const struct query_rows *rows,
    size_t first, size_t count, char delimiter, const char *end, struct buf *out)
{
	struct content *content = calloc(1, sizeof(*content));
	struct rows_view view = q->view;
	const struct page page = { q, d, &view, NULL, out };
	bool at_first = true;
	struct row row;

	view.deleted = true;
	put_headers(q->shown, "", delimiter, &at_first, out);
	buf_puts(out, end);
	for (size_t i = first; content && i < first + count; i++) {
		at_first = true;
		if (!row_load(d, q->object, rows->number[i], &view, content, &row))
			continue;
		put_cells(&page, &row, q->shown, delimiter, &at_first);
		buf_puts(out, end);
	}
	if (!content)
		out->failed = true;
	free(content);
}

const char *
query_not_bulk(const struct query *q, const char **message)
{
	bool fields = false, children = false, type_of = false, bytes = false;

	for (const struct soql_item *i = q->soql->items; i; i = i->next)
		fields = fields || (i->kind >= SOQL_FIELDS_ALL && i->kind <= SOQL_FIELDS_CUSTOM);
	for (const struct shown *s = q->shown; s; s = s->next) {
		children = children || s->children;
		type_of = type_of || s->branches;
		bytes = bytes || (s->field && !s->below && s->field->type == FIELD_BASE64);
	}
	*message = children	? "Aggregate Relationships not supported in Bulk V2 Query with CSV "
				  "content type" :
	    q->grouped		? "Aggregate functions not supported in Bulk Query" :
	    q->soql->count	? "COUNT not supported in Bulk Query" :
	    q->soql->offset >= 0 ? "OFFSET not supported in Bulk Query" :
	    type_of		? "TYPEOF not supported in Bulk Query" :
	    fields		? "FIELDS not supported in Bulk Query" :
	    bytes		? "Binary fields not supported in Bulk Query" :
				  NULL;
	return *message ? "FUNCTIONALITY_NOT_ENABLED" : NULL;
}

/* Columns */

struct kind {
	const char	*apex;		/* NULL: null */
	bool		 boolean, number, text;
};

static struct kind
kind_of(enum field_type type)
{
	switch (type) {
	case FIELD_ID:
	case FIELD_REFERENCE: return (struct kind){ "Id", false, false, false };
	case FIELD_BOOLEAN: return (struct kind){ "Boolean", true, false, false };
	case FIELD_INT:
	case FIELD_LONG: return (struct kind){ "Integer", false, true, false };
	case FIELD_DOUBLE: return (struct kind){ "Double", false, true, false };
	case FIELD_DATE: return (struct kind){ "Date", false, false, false };
	case FIELD_DATETIME: return (struct kind){ "Datetime", false, false, false };
	case FIELD_BASE64: return (struct kind){ "Blob", false, false, false };
	default: return (struct kind){ "String", false, false, true };
	}
}

static const char *
truth(bool b)
{
	return b ? "true" : "false";
}

static void put_columns(const struct shown *, struct buf *);

/* A column, by what its value is; `below` are the columns in it. */
static void
put_column(const char *name, const char *display, bool aggregate, const struct kind *kind,
    const struct field *f, const struct shown *below, struct buf *out)
{
	bool plain = f && kind->apex;

	buf_printf(out, "{\"aggregate\":%s,\"apexType\":", truth(aggregate));
	buf_put_json_text(out, aggregate ? NULL : kind->apex);
	buf_printf(out, ",\"booleanType\":%s,\"columnName\":\"%s\",\"custom\":%s,"
	    "\"displayName\":\"%s\",\"foreignKeyName\":",
	    truth(kind->boolean), name, truth(f && strstr(f->name, "__c")), display);
	buf_put_json_text(out, f && !plain ? f->name : NULL);
	buf_printf(out, ",\"insertable\":%s,\"joinColumns\":",
	    truth(plain && f->flags & FIELD_CREATEABLE));
	put_columns(below, out);
	buf_printf(out, ",\"numberType\":%s,\"textType\":%s,\"updatable\":%s}",
	    truth(kind->number), truth(kind->text),
	    truth(plain && f->flags & FIELD_UPDATEABLE));
}

static void
put_columns(const struct shown *shown, struct buf *out)
{
	buf_putc(out, '[');
	for (const struct shown *s = shown; s; s = s->next) {
		bool whole = s->children || s->below || s->branches;
		const struct kind kind = whole ? (struct kind){ 0 } : kind_of(s->field->type);
		const char *name = name_of(s);

		if (s != shown)
			buf_putc(out, ',');
		put_column(name, name, s->children, &kind, s->field,
		    s->children ? s->children->shown :
			s->branches ? s->branches->shown : s->below,
		    out);
	}
	buf_putc(out, ']');
}

/* avg(Amount) */
static void
put_display(const struct slot *s, struct buf *out)
{
	const char *name = s->aggregate ? soql_aggregate_name(s->aggregate) :
	    s->column.moment		? moment_name(s->column.moment) :
					  "";

	for (; *name; name++)
		buf_putc(out, *name >= 'A' && *name <= 'Z' ? *name + 32 : *name);
	if (s->aggregate || s->column.moment)
		buf_putc(out, '(');
	for (unsigned i = 0; i < s->column.levels; i++)
		buf_printf(out, "%s%s", i ? "." : "",
		    i + 1 < s->column.levels ? s->column.fields[i]->relation :
					       s->column.fields[i]->name);
	if (s->aggregate || s->column.moment)
		buf_putc(out, ')');
}

void
query_put_columns(const struct query *q, struct buf *out)
{
	buf_puts(out, "{\"columnMetadata\":");
	if (q->grouped)
		buf_putc(out, '[');
	else
		put_columns(q->shown, out);
	for (const struct output *o = q->outputs; o; o = o->next) {
		const struct slot *s = slot_at(q, o->slot);
		const struct kind kind = kind_of(slot_type(s));
		bool function = s->aggregate || s->column.moment;
		struct buf name = BUF_INIT, display = BUF_INIT;

		put_display(s, &display);
		if (o->label.len)
			buf_put(&name, o->label.s, o->label.len);
		else
			buf_printf(&name, "expr%u", o->number);
		put_column(buf_str(&name), function ? buf_str(&display) : buf_str(&name), function,
		    &kind, function ? NULL : s->column.fields[s->column.levels - 1], NULL, out);
		buf_puts(out, o->next ? "," : "]");
		buf_free(&name);
		buf_free(&display);
	}
	buf_putc(out, '}');
}

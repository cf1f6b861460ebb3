/* /search: FIND {text} in names and titles. A word matches a whole word; * and ? are wildcards. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "tests/org/call.h"

#define FOUND_MAX	2000	/* records in all */

/* The objects that are searched when a search names none. */
static const char *const searched[] = { "Account", "Contact", "Opportunity", "Lead", "Case",
	"ContentVersion" };

static const char *
name_field(const struct object *object)
{
	for (size_t i = 0; i < object->count; i++)
		if (object->fields[i].flags & FIELD_NAME)
			return object->fields[i].name;
	return "Id";
}

/* The words of a search as the pattern of a LIKE. */
static void
put_pattern(const char *term, size_t len, const char *before, const char *after, struct buf *out)
{
	buf_puts(out, before);
	for (size_t i = 0; i < len; i++) {
		char c = term[i];

		if (c == '*' || c == '?')
			buf_putc(out, c == '*' ? '%' : '_');
		else if (c == '%' || c == '_' || c == '\'')
			buf_printf(out, "\\%c", c);
		else if (c != '"' && c != '\\')
			buf_putc(out, c);
	}
	buf_puts(out, after);
}

/* One object of RETURNING: "Account(Id, Name WHERE ... LIMIT 5)" */
static int
search_object(struct call *c, const char *term, size_t term_len, const char *s, size_t len,
    struct buf *records, size_t *count)
{
	static const char *const edges[][2] = { { "'", "'" }, { "'", " %'" }, { "'% ", "'" },
		{ "'% ", " %'" } };
	const char *open = memchr(s, '(', len);
	size_t name_len = open ? (size_t)(open - s) : len;
	while (name_len > 0 && s[name_len - 1] == ' ')
		name_len--;
	const struct object *object = schema_object(s, name_len);
	const char *inside = open ? open + 1 : "Id";
	size_t inside_len = open ? len - (size_t)(open - s) - 2 : 2, fields = inside_len;
	static const char *const clauses[] = { " WHERE ", " ORDER ", " LIMIT ", " USING " };
	struct rows_view view = call_view(c, false);
	struct soql_error error = { NULL, BUF_INIT };
	const struct query_style style = { 0 };
	struct query_rows rows = { 0 };
	struct buf soql = BUF_INIT, found = BUF_INIT;
	struct query *query = NULL;

	for (size_t i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++)
		for (size_t at = 0; at + 7 < inside_len && at < fields; at++)
			if (strncasecmp(inside + at, clauses[i], 7) == 0)
				fields = at;
	const char *where = NULL, *rest = inside + fields;
	size_t where_len = 0, rest_len = inside_len - fields;
	if (rest_len > 7 && strncasecmp(rest, " WHERE ", 7) == 0) {
		where = rest + 7;
		for (where_len = rest_len - 7, rest_len = 0; rest_len < where_len; rest_len++)
			if (strncasecmp(where + rest_len, " ORDER ", 7) == 0 ||
			    strncasecmp(where + rest_len, " LIMIT ", 7) == 0)
				break;
		rest = where + rest_len;
		rest_len = where_len - rest_len;
		where_len -= rest_len;
	}
	const char *name = object ? name_field(object) : "Name";
	buf_printf(&soql, "SELECT %.*s FROM %.*s WHERE (", (int)fields, inside, (int)name_len, s);
	for (size_t i = 0; i < 4; i++) {
		buf_printf(&soql, "%s%s LIKE ", i ? " OR " : "", name);
		put_pattern(term, term_len, edges[i][0], edges[i][1], &soql);
	}
	buf_putc(&soql, ')');
	if (where)
		buf_printf(&soql, " AND (%.*s)", (int)where_len, where);
	buf_put(&soql, rest, rest_len);
	int rc = query_bind(buf_str(&soql), soql.len, &view, &query, &error);
	if (rc == 0) {
		data_lock(c->org->data);
		rc = query_run(query, c->org->data, &rows);
		size_t n = rows.count > FOUND_MAX - *count ? FOUND_MAX - *count : rows.count;
		if (rc == 0)
			query_put_records(query, c->org->data, &rows, 0, n, &style, &found);
		data_unlock(c->org->data);
		*count += n;
		/* Without the brackets of the list. */
		if (found.len > 2)
			buf_printf(records, "%s%.*s", records->len ? "," : "", (int)found.len - 2,
			    found.data + 1);
	} else {
		call_malformed(c, rc, &error);
	}
	query_free(query);
	query_rows_free(&rows);
	buf_free(&error.message);
	buf_free(&soql);
	buf_free(&found);
	return rc;
}

/* The end of an item of a list, whose parentheses may hold commas. */
static size_t
item_length(const char *s)
{
	size_t n = 0;

	for (int depth = 0; s[n] && (depth > 0 || s[n] != ','); n++)
		depth += s[n] == '(' ? 1 : s[n] == ')' ? -1 : 0;
	return n;
}

void
search_serve(struct call *c)
{
	const char *q = request_param(c->request, "q", NULL);
	const char *open = q ? strchr(q, '{') : NULL, *close = open ? strchr(open, '}') : NULL;
	const char *list = close ? strcasestr(close, "RETURNING ") : NULL;
	struct buf records = BUF_INIT;
	size_t count = 0;
	int rc = 0;

	if (!close || strncasecmp(q, "FIND", 4) != 0) {
		reply_error_status(c->reply, 400, "MALFORMED_SEARCH",
		    "No search term found. The search term must be enclosed in braces.");
		return;
	}
	size_t len = (size_t)(close - open - 1);
	for (const char *s = list ? list + 10 : ""; *s && rc == 0;) {
		s += strspn(s, " ,");
		size_t n = item_length(s), word = n;

		while (word > 0 && s[word - 1] == ' ')
			word--;
		if (word > 0 && s[word - 1] != ')')
			word = strcspn(s, " ,");	/* no LIMIT of the whole */
		if (word > 0)
			rc = search_object(c, open + 1, len, s, word, &records, &count);
		s += n;
	}
	for (size_t i = 0; !list && i < sizeof(searched) / sizeof(searched[0]) && rc == 0; i++)
		rc = search_object(c, open + 1, len, searched[i], strlen(searched[i]), &records,
		    &count);
	if (rc == 0)
		buf_printf(&c->reply->body, "{\"searchRecords\":[%s]}", buf_str(&records));
	buf_free(&records);
}

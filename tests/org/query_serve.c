/* /query and /queryAll: new queries, their columns, and further pages. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/call.h"
#include "tests/org/cursor.h"

#define PAGE_MIN	200
#define PAGE_MAX	2000

/* Rows of a page: the client's hint, within the org's limits. */
static size_t
page_size(const struct call *c)
{
	const char *options = request_header(c->request, "Sforce-Query-Options");
	const char *hint = options ? strcasestr(options, "batchSize=") : NULL;
	int64_t own = settings_get(&c->org->settings, SETTING_PAGE_SIZE);
	unsigned long n = hint ? strtoul(hint + 10, NULL, 10) : PAGE_MAX;

	n = n < PAGE_MIN ? PAGE_MIN : n > PAGE_MAX ? PAGE_MAX : n;
	return own > 0 && (unsigned long)own < n ? (size_t)own : n;
}

/* Keeps the further pages of child records. */
static int
keep_children(void *ctx, struct query *q, struct query_rows *rows, size_t next,
    char locator[QUERY_LOCATOR])
{
	struct call *c = ctx;
	struct cursor *cursor;
	int rc = cursor_add(c->org->cursors, q, rows, org_now(c->org), &cursor);

	if (rc != 0)
		return rc;
	cursor_locator(cursor, next, locator);
	cursor_put(c->org->cursors, cursor);
	return 0;
}

/* Writes a page from `first` on; caller locks the data. */
static void
put_page(struct call *c, const struct cursor *cursor, size_t first)
{
	const struct query_rows *rows = &cursor->rows;
	struct buf *out = &c->reply->body;
	size_t loop = (size_t)settings_get(&c->org->settings, SETTING_LOOP);
	size_t missing = (size_t)settings_get(&c->org->settings, SETTING_MISSING);
	size_t n = rows->groups ? PAGE_MAX : page_size(c), left = rows->count - first;
	const struct query_style style = {
		.late = settings_get(&c->org->settings, SETTING_SHUFFLE),
		.children = n,
		.more = keep_children,
		.ctx = c,
	};
	size_t next = loop && first > 0 ? 0 : first + n, total = rows->count * (loop ? loop : 1);
	bool listed = rows->number || rows->groups, done = !listed || (left <= n && next > 0);
	size_t shown = !listed ? 0 : left < n ? left : n;
	char locator[QUERY_LOCATOR];

	if (rows->number)
		shown -= missing < shown ? missing : shown;
	buf_putc(out, '{');
	if (style.late) {
		buf_puts(out, "\"records\":");
		query_put_records(cursor->query, c->org->data, rows, first, shown, &style, out);
		buf_puts(out, ",\"done\":");
	} else {
		buf_printf(out, "\"totalSize\":%zu,\"done\":", total);
	}
	buf_puts(out, done ? "true" : "false");
	if (!done) {
		cursor_locator(cursor, next, locator);
		buf_printf(out, ",\"nextRecordsUrl\":\"/services/data/v%u.0/query/%s\"", c->version,
		    locator);
	}
	if (style.late) {
		buf_printf(out, ",\"totalSize\":%zu}", total);
		return;
	}
	buf_puts(out, ",\"records\":");
	query_put_records(cursor->query, c->org->data, rows, first, shown, &style, out);
	buf_putc(out, '}');
}

/* Runs a query and answers with its first page; takes the query. */
static void
answer(struct call *c, struct query *query)
{
	struct query_rows rows = { 0 };
	struct cursor *cursor = NULL;

	data_lock(c->org->data);
	int rc = query_run(query, c->org->data, &rows);
	if (rc != 0) {
		query_free(query);
	} else if (rows.groups && rows.count > PAGE_MAX) {
		reply_error(c->reply, "EXCEEDED_ID_LIMIT",
		    "Aggregate query does not support queryMore(), use LIMIT to restrict the "
		    "results to a single batch");
		query_free(query);
		query_rows_free(&rows);
	} else if (!rows.number || rows.count <= page_size(c)) {
		struct cursor whole = { .query = query, .rows = rows };

		put_page(c, &whole, 0);
		query_free(query);
		query_rows_free(&rows);
	} else {
		rc = cursor_add(c->org->cursors, query, &rows, org_now(c->org), &cursor);
		if (rc == 0)
			put_page(c, cursor, 0);
	}
	data_unlock(c->org->data);
	cursor_put(c->org->cursors, cursor);
	if (rc != 0)
		reply_error(c->reply, "UNKNOWN_EXCEPTION", NULL);
}

static void
answer_text(struct call *c, const char *text, size_t len, const struct rows_view *view)
{
	const char *columns = request_param(c->request, "columns", NULL);
	struct soql_error error = { NULL, BUF_INIT };
	struct query *query = NULL;
	int rc = query_bind(text, len, view, &query, &error);

	if (rc != 0) {
		call_malformed(c, rc, &error);
	} else if (columns && strcasecmp(columns, "true") == 0) {
		query_put_columns(query, &c->reply->body);
		query_free(query);
	} else {
		answer(c, query);
	}
	buf_free(&error.message);
}

void
query_answer(struct call *c, const char *soql, bool by_id)
{
	struct rows_view view = call_view(c, false);

	view.by_id = by_id;
	answer_text(c, soql, strlen(soql), &view);
}

static void
serve_new(struct call *c, bool all)
{
	struct rows_view view = call_view(c, all);
	size_t len = 0;
	const char *text = request_param(c->request, "q", &len);

	if (text)
		answer_text(c, text, len, &view);
	else
		reply_error(c->reply, "MALFORMED_QUERY", "A query string has to be specified");
}

void
query_serve(struct call *c)
{
	serve_new(c, false);
}

void
query_serve_all(struct call *c)
{
	serve_new(c, true);
}

void
query_serve_more(struct call *c)
{
	int64_t oldest =
	    org_now(c->org) - settings_get(&c->org->settings, SETTING_LOCATOR_LIFE) * 1000;
	size_t first;
	struct cursor *cursor = cursor_find(c->org->cursors, c->part[1], oldest, &first);

	if (!cursor) {
		reply_error(c->reply, "INVALID_QUERY_LOCATOR", NULL);
		return;
	}
	data_lock(c->org->data);
	put_page(c, cursor, first);
	data_unlock(c->org->data);
	cursor_put(c->org->cursors, cursor);
}

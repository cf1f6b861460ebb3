#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/cursor.h"
#include "tests/org/data.h"
#include "tests/org/describe.h"
#include "tests/org/http.h"
#include "tests/org/oauth.h"
#include "tests/org/org.h"
#include "tests/org/query.h"
#include "tests/org/reply.h"
#include "tests/org/write.h"
#include "tests/org/rest.h"

#define VERSION_FIRST	21	/* retired: answers 410 */
#define VERSION_OLDEST	31
#define PAGE_MIN	200
#define PAGE_MAX	2000
#define IDS_MAX		2000
#define COMPOSITE_PARTS	25
#define COMPOSITE_QUERIES 5
#define PARTS		6	/* of a path, after the version */

/* One call, parsed. */
struct call {
	struct org	*org;
	const struct request *request;
	struct reply	*reply;
	const char	*method;
	unsigned	 version;	/* 66 for v66.0 */
	unsigned	 user;
	char		*part[PARTS];	/* of the path */
	unsigned	 parts;
	bool		 all;		/* queryAll */
};

static void
malformed_or_unknown(struct reply *r, int rc, const struct soql_error *error)
{
	if (rc == -EINVAL)
		reply_error(r, error->code, buf_str(&error->message));
	else
		reply_error(r, "UNKNOWN_EXCEPTION", NULL);
}

static struct rows_view
view_of(const struct call *c, bool deleted)
{
	return (struct rows_view){ .deleted = deleted,
		.all_files = settings_get(&c->org->settings, SETTING_QUERY_ALL_FILES),
		.version = c->version,
		.user = c->user };
}

/* Versions */

static void
serve_versions(struct reply *r)
{
	static const char *const seasons[] = { "Spring", "Summer", "Winter" };

	buf_putc(&r->body, '[');
	for (unsigned v = VERSION_OLDEST; v <= REST_NEWEST; v++) {
		unsigned since = v - VERSION_FIRST;	/* v21.0 was Spring '11 */

		buf_printf(&r->body,
		    "%s{\"label\":\"%s '%u\",\"url\":\"/services/data/v%u.0\","
		    "\"version\":\"%u.0\"}",
		    v > VERSION_OLDEST ? "," : "", seasons[since % 3],
		    11 + since / 3 + (since % 3 == 2), v, v);
	}
	buf_putc(&r->body, ']');
}

static void
serve_resources(struct call *c)
{
	static const char *const names[] = { "sobjects", "query", "queryAll", "composite",
		"limits" };

	buf_putc(&c->reply->body, '{');
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		buf_printf(&c->reply->body, "%s\"%s\":\"/services/data/v%u.0/%s\"", i ? "," : "",
		    names[i], c->version, names[i]);
	buf_putc(&c->reply->body, '}');
}

static void
serve_limits(struct call *c)
{
	int64_t max = settings_get(&c->org->settings, SETTING_API_LIMIT), used = c->org->api_used;

	buf_printf(&c->reply->body,
	    "{\"ConcurrentAsyncGetReportInstances\":{\"Max\":200,\"Remaining\":200},"
	    "\"DailyApiRequests\":{\"Max\":%lld,\"Remaining\":%lld},"
	    "\"DailyBulkApiBatches\":{\"Max\":15000,\"Remaining\":15000},"
	    "\"DailyBulkV2QueryJobs\":{\"Max\":10000,\"Remaining\":10000},"
	    "\"DataStorageMB\":{\"Max\":1024,\"Remaining\":1000},\"FileStorageMB\":{\"Max\":20480,"
	    "\"Remaining\":10240},\"SingleEmail\":{\"Max\":15,\"Remaining\":15}}",
	    (long long)max, (long long)(used < max ? max - used : 0));
}

/* Queries */

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

/* Writes a page from `first` on; caller locks the data. */
static void
put_page(struct call *c, const struct cursor *cursor, size_t first)
{
	const struct query_rows *rows = &cursor->rows;
	struct buf *out = &c->reply->body;
	bool shuffle = settings_get(&c->org->settings, SETTING_SHUFFLE);
	size_t loop = (size_t)settings_get(&c->org->settings, SETTING_LOOP);
	size_t missing = (size_t)settings_get(&c->org->settings, SETTING_MISSING);
	size_t n = page_size(c), left = rows->count - first;
	size_t next = loop && first > 0 ? 0 : first + n, total = rows->count * (loop ? loop : 1);
	bool listed = rows->number || rows->totals, done = !listed || (left <= n && next > 0);
	size_t shown = !listed ? 0 : left < n ? left : n;
	char locator[CURSOR_LOCATOR];

	if (rows->number)
		shown -= missing < shown ? missing : shown;
	buf_putc(out, '{');
	if (shuffle) {
		buf_puts(out, "\"records\":");
		query_put_records(cursor->query, c->org->data, rows, first, shown, true, out);
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
	if (shuffle) {
		buf_printf(out, ",\"totalSize\":%zu}", total);
		return;
	}
	buf_puts(out, ",\"records\":");
	query_put_records(cursor->query, c->org->data, rows, first, shown, false, out);
	buf_putc(out, '}');
}

static void
serve_new_query(struct call *c)
{
	struct rows_view view = view_of(c, c->all);
	struct soql_error error = { NULL, BUF_INIT };
	struct query_rows rows = { 0 };
	struct cursor *cursor = NULL;
	struct query *query = NULL;
	size_t len = 0;
	const char *text = request_param(c->request, "q", &len);

	if (!text) {
		reply_error(c->reply, "MALFORMED_QUERY", "A query string has to be specified");
		return;
	}
	int rc = query_bind(text, len, &view, &query, &error);
	if (rc != 0) {
		malformed_or_unknown(c->reply, rc, &error);
		buf_free(&error.message);
		return;
	}
	buf_free(&error.message);
	data_lock(c->org->data);
	rc = query_run(query, c->org->data, &rows);
	if (rc != 0) {
		query_free(query);
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
serve_next_page(struct call *c)
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

static void
serve_query(struct call *c)
{
	if (c->parts == 1)
		serve_new_query(c);
	else if (c->parts == 2)
		serve_next_page(c);
	else
		reply_error(c->reply, "NOT_FOUND", NULL);
}

static void
serve_query_all(struct call *c)
{
	c->all = true;
	serve_query(c);
}

/* Records */

/* A list of fields and relations in a URL, with commas between. */
static bool
is_field_list(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] != ',' && s[i] != '.' && s[i] != '_' && s[i] != ' ' &&
		    !(s[i] >= '0' && s[i] <= '9') && !((s[i] | 32) >= 'a' && (s[i] | 32) <= 'z'))
			return false;
	return len > 0;
}

/* Reads a record by a query for its Id; caller locks the data. */
static void
put_fields(struct call *c, const struct object *object, const char *id, const char *fields)
{
	struct rows_view view = view_of(c, false);
	struct soql_error error = { NULL, BUF_INIT };
	struct query_rows rows = { 0 };
	struct query *query = NULL;
	struct buf text = BUF_INIT, record = BUF_INIT;

	view.by_id = true;
	buf_printf(&text, "SELECT %s FROM %s WHERE Id = '%s'", fields, object->name, id);
	int rc =
	    text.failed ? -ENOMEM : query_bind(buf_str(&text), text.len, &view, &query, &error);
	if (rc == 0)
		rc = query_run(query, c->org->data, &rows);
	if (rc == 0) {
		query_put_records(query, c->org->data, &rows, 0, rows.count, false, &record);
		/* Drops the brackets of the list. */
		if (record.len > 2)
			buf_put(&c->reply->body, record.data + 1, record.len - 2);
	} else {
		malformed_or_unknown(c->reply, rc, &error);
	}
	query_free(query);
	query_rows_free(&rows);
	buf_free(&error.message);
	buf_free(&text);
	buf_free(&record);
}

static void
put_record(struct call *c, const struct object *object, const char *id)
{
	size_t len = 0;
	const char *fields = request_param(c->request, "fields", &len);

	if (fields && !is_field_list(fields, len))
		reply_error(c->reply, "INVALID_FIELD", "No such column in the list of fields");
	else
		put_fields(c, object, id, fields ? fields : "FIELDS(STANDARD)");
}

/* "bytes=a-b", "bytes=a-", "bytes=-n"; 0: not understood, 1: good, -1: out of range. */
static int
parse_range(const char *s, int64_t size, int64_t *from, int64_t *to)
{
	char *end;

	if (!s || strncmp(s, "bytes=", 6) != 0 || strchr(s, ','))
		return 0;
	s += 6;
	*to = size - 1;
	if (*s == '-') {
		int64_t n = strtoll(s + 1, &end, 10);

		*from = n < size ? size - n : 0;
		return *end != '\0' || end == s + 1 ? 0 : n > 0 && size > 0 ? 1 : -1;
	}
	*from = strtoll(s, &end, 10);
	if (end == s || *end != '-' || *from < 0)
		return 0;
	if (end[1] != '\0') {
		int64_t last = strtoll(end + 1, &end, 10);

		if (*end != '\0' || last < *from)
			return 0;
		if (last < *to)
			*to = last;
	}
	return *from < size ? 1 : -1;
}

static void
apply_range(struct call *c)
{
	struct reply *r = c->reply;
	int64_t from, to, size = r->file ? r->length : (int64_t)r->body.len;

	if (!settings_get(&c->org->settings, SETTING_RANGE))
		return;
	switch (parse_range(request_header(c->request, "Range"), size, &from, &to)) {
	case 0:
		return;
	case -1:
		reply_reset(r);
		r->status = 416;
		reply_header(r, "Content-Range: bytes */%lld", (long long)size);
		return;
	}
	if (settings_get(&c->org->settings, SETTING_RANGE) == 2 && from > 0) {
		from--;
		to--;
	}
	r->status = 206;
	reply_header(r, "Content-Range: bytes %lld-%lld/%lld", (long long)from, (long long)to,
	    (long long)size);
	r->from = from;
	r->length = to - from + 1;
	if (!r->file) {
		memmove(r->body.data, r->body.data + from, (size_t)r->length);
		r->body.len = (size_t)r->length;
	}
}

/* Answers with the bytes of a version; caller locks the data. */
static void
put_blob(struct call *c, const struct row *row)
{
	struct content *content = calloc(1, sizeof(*content));
	struct reply *r = c->reply;
	char url[VALUE_SPACE];

	if (!content) {
		r->body.failed = true;
		return;
	}
	/* Links and files outside Salesforce have no bytes. */
	if (row->document->external || data_url(c->org->data, row->document, url)) {
		reply_error(r, "NOT_FOUND", NULL);
		goto out;
	}
	data_content(c->org->data, row->document, row->version, content);
	r->type = "application/octetstream";
	r->length = content->size;
	if (content->file) {
		r->file = strdup(content->file);
		r->body.failed = !r->file;
	} else {
		buf_put(&r->body, content->bytes, (size_t)content->size);
	}
	apply_range(c);
out:
	free(content);
}

static bool
is_method(const struct call *c, const char *method)
{
	return strcmp(c->method, method) == 0 ||
	    (strcmp(method, "GET") == 0 && strcmp(c->method, "HEAD") == 0);
}

static void
serve_record(struct call *c, const struct object *object)
{
	struct rows_view view = view_of(c, false);
	char id[ID_SIZE], message[128];
	struct row row;

	view.archived = c->parts == 4;	/* their bytes are still there */
	data_lock(c->org->data);
	const char *code =
	    row_find(c->org->data, object, c->part[2], &view, &row, id, message, sizeof(message));
	if (code)
		reply_error(c->reply, code, message);
	else if (c->parts == 3)
		put_record(c, object, id);
	else if (c->parts == 4 && object->kind == OBJECT_VERSION &&
	    strcasecmp(c->part[3], "VersionData") == 0)
		put_blob(c, &row);
	else
		reply_error(c->reply, "NOT_FOUND", NULL);
	data_unlock(c->org->data);
}

static void
serve_object(struct call *c, const struct object *object)
{
	struct rows_view view = view_of(c, false);
	const char *what = c->parts > 2 ? c->part[2] : "";

	if (c->parts == 2 && is_method(c, "POST"))
		write_create(c->org, &view, object, c->request, c->reply);
	else if (c->parts == 3 && is_method(c, "PATCH"))
		write_update(c->org, &view, object, what, c->request, c->reply);
	else if (c->parts == 3 && is_method(c, "DELETE"))
		write_delete(c->org, &view, object, what, c->reply);
	else if (!is_method(c, "GET"))
		reply_error(c->reply, "METHOD_NOT_ALLOWED", NULL);
	else if (c->parts == 2)
		describe_basic(object, c->version, &c->reply->body);
	else if (c->parts == 3 && strcasecmp(what, "describe") == 0)
		describe_object(object, c->version, &c->reply->body);
	else if (c->parts == 3 &&
	    (strcasecmp(what, "deleted") == 0 || strcasecmp(what, "updated") == 0))
		reply_error(c->reply, "INVALID_TYPE_FOR_OPERATION",
		    "entity type does not support this operation");
	else
		serve_record(c, object);
}

static void
serve_sobjects(struct call *c)
{
	const struct object *object =
	    c->parts > 1 ? schema_object(c->part[1], strlen(c->part[1])) : NULL;

	if (c->parts == 1 && !is_method(c, "GET"))
		reply_error(c->reply, "METHOD_NOT_ALLOWED", NULL);
	else if (c->parts == 1)
		describe_global(c->version, &c->reply->body);
	else if (!object)
		reply_error(c->reply, "NOT_FOUND", NULL);
	else
		serve_object(c, object);
}

/* Writes records of an object in the order of these Ids, null for a missing one. Caller locks the
 * data. */
static void
put_records(struct call *c, const struct object *object, char *ids, const char *fields)
{
	struct rows_view view = view_of(c, false);
	const char *comma = "[";
	char *save = NULL, id[ID_SIZE], message[128];
	unsigned n = 0;

	for (char *s = strtok_r(ids, ", ", &save); s;
	     s = strtok_r(NULL, ", ", &save), comma = ",") {
		struct row row;

		if (++n > IDS_MAX) {
			reply_error(c->reply, "EXCEEDED_ID_LIMIT", "record limit reached");
			return;
		}
		buf_puts(&c->reply->body, comma);
		if (row_find(c->org->data, object, s, &view, &row, id, message, sizeof(message)))
			buf_puts(&c->reply->body, "null");
		else
			put_fields(c, object, id, fields);
		if (c->reply->status != 200)
			return;
	}
	buf_puts(&c->reply->body, *comma == '[' ? "[]" : "]");
}

/* Joins the strings of an array with commas. Caller frees. */
static char *
join(const cJSON *array)
{
	struct buf out = BUF_INIT;
	const cJSON *item;

	cJSON_ArrayForEach(item, array) {
		if (cJSON_IsString(item))
			buf_printf(&out, "%s%s", out.len ? "," : "", item->valuestring);
	}
	return buf_detach(&out);
}

static void
serve_retrieve(struct call *c)
{
	const struct object *object = schema_object(c->part[2], strlen(c->part[2]));
	const char *ids = request_param(c->request, "ids", NULL),
		   *names = request_param(c->request, "fields", NULL);
	cJSON *body = is_method(c, "POST") ?
	    cJSON_ParseWithLength(buf_str(&c->request->body), c->request->body.len) :
	    NULL;
	char *list = body ? join(cJSON_GetObjectItem(body, "ids")) : ids ? strdup(ids) : NULL;
	char *fields = body ? join(cJSON_GetObjectItem(body, "fields")) :
	    names	    ? strdup(names) :
			      NULL;

	if (!is_method(c, "GET") && !is_method(c, "POST")) {
		reply_error(c->reply, "METHOD_NOT_ALLOWED", NULL);
	} else if (!object) {
		reply_error(c->reply, "NOT_FOUND", NULL);
	} else if (!list || !fields || !is_field_list(fields, strlen(fields))) {
		reply_error_status(c->reply, 400, "MISSING_ARGUMENT", "ids and fields are wanted");
	} else {
		data_lock(c->org->data);
		put_records(c, object, list, fields);
		data_unlock(c->org->data);
	}
	cJSON_Delete(body);
	free(list);
	free(fields);
}

/*
 * Composite: only GETs of JSON, none of them a composite itself. It counts as one call; each part
 * has a status.
 */

static void serve_resource(struct call *c);
static bool split(struct call *c, char *path, char **version);
static unsigned parse_version(const char *s);

static void
put_part(struct call *c, const cJSON *item)
{
	const char *url = cJSON_GetStringValue(cJSON_GetObjectItem(item, "url"));
	struct request request;
	struct reply reply;
	struct call part = { .org = c->org,
		.request = &request,
		.reply = &reply,
		.method = "GET",
		.user = c->user };
	struct buf *out = &c->reply->body;
	char *version;

	reply_init(&reply);
	request_part(c->request, url, &request);
	char *path = strdup(request.path + strlen("/services/data"));
	if (path && split(&part, path, &version) && version &&
	    (part.version = parse_version(version)) >= VERSION_OLDEST)
		serve_resource(&part);
	else
		reply_error(&reply, "NOT_FOUND", NULL);
	if (reply.file) {		/* VersionData */
		reply_reset(&reply);
		reply_error_status(&reply, 400, "INVALID_TYPE_FOR_OPERATION",
		    "the resource is not allowed in a composite");
	}
	buf_printf(out, "{\"body\":");
	if (reply.body.len)
		buf_put(out, reply.body.data, reply.body.len);
	else
		buf_puts(out, "null");
	buf_printf(out, ",\"httpHeaders\":{},\"httpStatusCode\":%u,\"referenceId\":\"%s\"}",
	    reply.status, cJSON_GetStringValue(cJSON_GetObjectItem(item, "referenceId")));
	free(path);
	request_part_free(&request);
	reply_free(&reply);
}

/* Returns the fault of a composite; NULL: none. */
static const char *
check_parts(const cJSON *parts)
{
	unsigned queries = 0;
	const cJSON *item;

	if (!cJSON_IsArray(parts) || cJSON_GetArraySize(parts) < 1 ||
	    cJSON_GetArraySize(parts) > COMPOSITE_PARTS)
		return "compositeRequest must have 1 to 25 requests";
	cJSON_ArrayForEach(item, parts) {
		const char *method = cJSON_GetStringValue(cJSON_GetObjectItem(item, "method"));
		const char *url = cJSON_GetStringValue(cJSON_GetObjectItem(item, "url"));
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(item, "referenceId"));

		if (!method || strcmp(method, "GET") != 0)
			return "this org takes GETs alone in a composite";
		if (!url || strncmp(url, "/services/data/v", strlen("/services/data/v")) != 0 ||
		    strstr(url, "/composite"))
			return "url is not allowed in a composite";
		if (!name || !*name ||
		    name[strspn(name,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")])
			return "referenceId must be letters, digits and _";
		for (const cJSON *other = parts->child; other != item; other = other->next)
			if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(other, "referenceId")),
				name) == 0)
				return "referenceId is given twice";
		queries += strstr(url, "/query") != NULL;
	}
	return queries > COMPOSITE_QUERIES ? "at most 5 queries in a composite" : NULL;
}

static void
serve_parts(struct call *c)
{
	cJSON *body = cJSON_ParseWithLength(buf_str(&c->request->body), c->request->body.len);
	const cJSON *parts = cJSON_GetObjectItem(body, "compositeRequest"), *item;
	const char *wrong = check_parts(parts);

	if (wrong) {
		reply_error_status(c->reply, 400, "JSON_PARSER_ERROR", wrong);
	} else {
		buf_puts(&c->reply->body, "{\"compositeResponse\":[");
		cJSON_ArrayForEach(item, parts) {
			if (item != parts->child)
				buf_putc(&c->reply->body, ',');
			put_part(c, item);
		}
		buf_puts(&c->reply->body, "]}");
	}
	cJSON_Delete(body);
}

static void
serve_composite(struct call *c)
{
	struct rows_view view = view_of(c, false);
	bool writes = is_method(c, "POST") || is_method(c, "PATCH") || is_method(c, "DELETE");

	if (c->parts == 2 && strcasecmp(c->part[1], "sobjects") == 0 && writes)
		write_collection(c->org, &view, c->method, c->request, c->reply);
	else if (c->parts == 3 && strcasecmp(c->part[1], "sobjects") == 0)
		serve_retrieve(c);
	else if (c->parts == 1 && is_method(c, "POST"))
		serve_parts(c);
	else
		reply_error(c->reply, "NOT_FOUND", NULL);
}

static const struct {
	const char *name;
	void (*serve)(struct call *);
	bool writes;		/* has methods beside GET */
} resources[] = {
	{ "query", serve_query, false },
	{ "queryAll", serve_query_all, false },
	{ "sobjects", serve_sobjects, true },
	{ "composite", serve_composite, true },
	{ "limits", serve_limits, false },
};

static void
serve_resource(struct call *c)
{
	if (c->parts == 0) {
		serve_resources(c);
		return;
	}
	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		if (strcasecmp(resources[i].name, c->part[0]) == 0) {
			if (resources[i].writes || is_method(c, "GET"))
				resources[i].serve(c);
			else
				reply_error(c->reply, "METHOD_NOT_ALLOWED", NULL);
			return;
		}
	}
	reply_error(c->reply, "NOT_FOUND", NULL);
}

/* "v66.0" to 66; 0: not a version. */
static unsigned
parse_version(const char *s)
{
	char *end;

	if (*s != 'v' || s[1] < '1' || s[1] > '9')
		return 0;
	unsigned long v = strtoul(s + 1, &end, 10);
	return strcmp(end, ".0") == 0 && v >= 7 && v <= REST_NEWEST ? (unsigned)v : 0;
}

/* Splits the path in place; false: too many parts. */
static bool
split(struct call *c, char *path, char **version)
{
	char *save = NULL;

	*version = NULL;
	for (char *s = strtok_r(path, "/", &save); s; s = strtok_r(NULL, "/", &save)) {
		if (!*version)
			*version = s;
		else if (c->parts == PARTS)
			return false;
		else
			c->part[c->parts++] = s;
	}
	return true;
}

static void
serve_version(struct call *c, const char *version)
{
	struct org *org = c->org;
	struct reply *r = c->reply;

	c->version = parse_version(version);
	if (c->version && c->version < VERSION_OLDEST) {
		reply_error_status(r, 410, "UNSUPPORTED_API_VERSION",
		    "The requested API version has been retired or is not supported");
	} else if (!oauth_check(org, c->request, r, &c->user)) {
		return;
	} else if (!settings_get(&org->settings, SETTING_REST_ENABLED)) {
		reply_error(r, "API_DISABLED_FOR_ORG", NULL);
	} else if (org->api_used >= settings_get(&org->settings, SETTING_API_LIMIT)) {
		reply_error(r, "REQUEST_LIMIT_EXCEEDED", NULL);
	} else {
		org->api_used++;
		if (!c->version)
			reply_error(r, "NOT_FOUND", NULL);
		else if (c->request->too_long)
			reply_error_status(r, 413, "EXCEEDED_MAX_SIZE_REQUEST",
			    "Maximum size of request reached.");
		else
			serve_resource(c);
	}
}

void
rest_serve(struct org *org, const struct request *q, struct reply *r)
{
	const char *override =
	    strcmp(q->method, "POST") == 0 ? request_param(q, "_HttpMethod", NULL) : NULL;
	struct call c = {
		.org = org, .request = q, .reply = r, .method = override ? override : q->method
	};
	char *path = strdup(q->path + strlen("/services/data")), *version;

	if (!path) {
		r->body.failed = true;
		return;
	}
	r->type = REPLY_JSON;
	if (!split(&c, path, &version)) {
		reply_error(r, "NOT_FOUND", NULL);
	} else if (!version) {
		serve_versions(r);
	} else {
		serve_version(&c, version);
		reply_header(r, "Sforce-Limit-Info: api-usage=%lld/%lld", (long long)org->api_used,
		    (long long)settings_get(&org->settings, SETTING_API_LIMIT));
	}
	reply_header(r, "Cache-Control: no-cache,must-revalidate,max-age=0,no-store,private");
	free(path);
}

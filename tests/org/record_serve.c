/* /sobjects: what objects there are, and one record at a time. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "tests/org/call.h"
#include "tests/org/describe.h"
#include "tests/org/write.h"

#define IDS_MAX	2000
#define MINUTE	60000
#define EARLIEST (15LL * 86400000)	/* how far back deletions are known; changes twice that */

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
void
record_put_fields(struct call *c, const struct object *object, const char *id, const char *fields)
{
	struct rows_view view = call_view(c, false);
	struct soql_error error = { NULL, BUF_INIT };
	struct query_rows rows = { 0 };
	struct query *query = NULL;
	const struct query_style style = { 0 };
	struct buf text = BUF_INIT, record = BUF_INIT;

	view.by_id = true;
	buf_printf(&text, "SELECT %s FROM %s WHERE Id = '%s' LIMIT 1", fields,
	    object->name, id);
	int rc =
	    text.failed ? -ENOMEM : query_bind(buf_str(&text), text.len, &view, &query, &error);
	if (rc == 0)
		rc = query_run(query, c->org->data, &rows);
	if (rc == 0) {
		query_put_records(query, c->org->data, &rows, 0, rows.count, &style, &record);
		/* Drops the brackets of the list. */
		if (record.len > 2)
			buf_put(&c->reply->body, record.data + 1, record.len - 2);
	} else {
		call_malformed(c, rc, &error);
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
		record_put_fields(c, object, id, fields ? fields : "FIELDS(ALL)");
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

/* Answers with the bytes of an attachment, a legacy document or a log; caller locks the data. */
static void
put_bytes(struct call *c, const struct row *row)
{
	const struct place *p = place_get(c->org->data, rows_place(row->object), row->number);

	c->reply->type = "application/octetstream";
	if (p->size > 0)
		buf_put(&c->reply->body, p->bytes, p->size);
	apply_range(c);
}

/* Finds the object and the record of a path. NULL: the reply says why. */
static const struct object *
find(struct call *c, bool archived, struct row *row, char id[ID_SIZE])
{
	const struct object *object = schema_object(c->part[1], strlen(c->part[1]));
	struct rows_view view = call_view(c, false);
	char message[128];

	view.archived = archived;
	const char *code = !object ? "NOT_FOUND" :
	    row_find(c->org->data, object, c->part[2], &view, row, id, message, sizeof(message));
	if (code)
		reply_error(c->reply, code, object ? message : NULL);
	return code ? NULL : object;
}

/* The object in the path; NULL: the reply says that there is none. */
static const struct object *
object_of(struct call *c)
{
	const struct object *object = schema_object(c->part[1], strlen(c->part[1]));

	if (!object)
		reply_error(c->reply, "NOT_FOUND", NULL);
	return object;
}

void
record_serve_global(struct call *c)
{
	describe_global(c->version, &c->reply->body);
}

void
record_serve_object(struct call *c)
{
	const struct object *object = object_of(c);
	struct rows_view view = call_view(c, false);

	if (object && call_is(c, "POST"))
		write_create(c->org, &view, object, c->request, c->reply);
	else if (object)
		describe_basic(object, c->version, &c->reply->body);
}

void
record_serve_describe(struct call *c)
{
	const struct object *object = object_of(c);

	if (object)
		describe_object(object, c->version, &c->reply->body);
}

static bool
date_param(const struct call *c, const char *name, int64_t *out)
{
	const char *s = request_param(c->request, name, NULL);
	char text[40];

	/* A + that was not escaped came as a blank. */
	snprintf(text, sizeof(text), "%s", s ? s : "");
	for (char *p = text; *p; p++)
		*p = *p == ' ' ? '+' : *p;
	return datetime_parse(text, strlen(text), out);
}

/* The records that were changed, or deleted, in a time. Caller locks the data. */
static void
put_changes(struct call *c, const struct object *object, bool deleted, int64_t from, int64_t to)
{
	const struct field *stamp = schema_field(object, "SystemModstamp", 14, c->version);
	const struct field *gone = schema_field(object, "IsDeleted", 9, c->version);
	struct rows_view view = call_view(c, true);
	struct buf *out = &c->reply->body;
	const char *comma = "";
	char id[ID_SIZE], date[32];

	buf_puts(out, deleted ? "{\"deletedRecords\":[" : "{\"ids\":[");
	for (uint32_t i = 0; i < rows_end(c->org->data, object); i++) {
		struct value v = { 0 }, is_gone = { 0 };
		struct row row;

		if (!row_load(c->org->data, object, i, &view, NULL, &row))
			continue;
		row_value(&row, stamp, &v);
		row_value(&row, gone, &is_gone);
		if (v.number < from || v.number >= to || (is_gone.number != 0) != deleted)
			continue;
		row_id(&row, id);
		datetime_format(v.number, date);
		if (deleted)
			buf_printf(out, "%s{\"id\":\"%s\",\"deletedDate\":\"%s\"}", comma, id,
			    date);
		else
			buf_printf(out, "%s\"%s\"", comma, id);
		comma = ",";
	}
	buf_putc(out, ']');
	if (deleted) {
		datetime_format(org_now(c->org) - EARLIEST, date);
		buf_printf(out, ",\"earliestDateAvailable\":\"%s\"", date);
	}
	datetime_format(to, date);
	buf_printf(out, ",\"latestDateCovered\":\"%s\"}", date);
}

void
record_serve_changes(struct call *c)
{
	const struct object *object = object_of(c);
	int64_t from, to;

	if (!object)
		return;
	if (!schema_is_replicated(object)) {
		reply_error(c->reply, "INVALID_TYPE_FOR_OPERATION",
		    "entity type does not support this operation");
	} else if (!date_param(c, "start", &from) || !date_param(c, "end", &to) ||
	    to - from <= MINUTE || from < org_now(c->org) - 2 * EARLIEST) {
		reply_error_status(c->reply, 400, "INVALID_REPLICATION_DATE",
		    "startDate and endDate must be more than a minute apart, and not too old");
	} else {
		data_lock(c->org->data);
		/* Seconds are ignored. */
		put_changes(c, object, strcasecmp(c->part[2], "deleted") == 0,
		    from / MINUTE * MINUTE, to / MINUTE * MINUTE);
		data_unlock(c->org->data);
	}
}

/* Whether a record is as it was at the time of If-Modified-Since; caller locks the data. */
static bool
is_unchanged(struct call *c, const struct row *row)
{
	const char *since = request_header(c->request, "If-Modified-Since");
	const struct field *f = schema_field(row->object, "SystemModstamp", 14, c->version);
	struct value v = { 0 };
	struct tm tm = { 0 };

	if (!since || !f || !strptime(since, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		return false;
	row_value(row, f, &v);
	return v.kind == VALUE_DATETIME && v.number <= (int64_t)timegm(&tm) * 1000;
}

void
record_serve(struct call *c)
{
	const struct object *object = object_of(c);
	struct rows_view view = call_view(c, false);
	char id[ID_SIZE];
	struct row row;

	if (!object)
		return;
	if (call_is(c, "PATCH")) {
		write_update(c->org, &view, object, c->part[2], c->request, c->reply);
	} else if (call_is(c, "DELETE")) {
		write_delete(c->org, &view, object, c->part[2], c->request, c->reply);
	} else {
		data_lock(c->org->data);
		if (!find(c, false, &row, id))
			;
		else if (is_unchanged(c, &row))
			c->reply->status = 304;
		else
			put_record(c, object, id);
		data_unlock(c->org->data);
	}
}

/* The record, or the records, that a relation of a record leads to. */
static void
serve_relation(struct call *c, const struct object *object, const char *id)
{
	const char *name = c->part[3], *fields = request_param(c->request, "fields", NULL);
	const struct field *up, *f =
	    schema_relation(object, name, strlen(name), c->version);
	const struct object *children = f ? NULL :
	    schema_children(object, name, strlen(name), &up);
	struct buf soql = BUF_INIT;

	if (children) {
		buf_printf(&soql, "SELECT %s FROM %s WHERE %s = '%s'",
		    fields ? fields : "FIELDS(STANDARD)", children->name, up->name, id);
		query_answer(c, buf_str(&soql), true);
		buf_free(&soql);
		return;
	}
	struct rows_view view = call_view(c, false);
	char above[ID_SIZE];
	struct row from, to;
	uint32_t number;

	view.by_id = true;
	data_lock(c->org->data);
	bool found = f && rows_find(c->org->data, object, id, &number) &&
	    row_load(c->org->data, object, number, &view, NULL, &from) &&
	    query_follow(&from, f, &view, true, &to);
	if (found) {
		row_id(&to, above);
		put_record(c, to.object, above);
	} else {
		reply_error(c->reply, "NOT_FOUND", NULL);
	}
	data_unlock(c->org->data);
}

/* A blob, a relation, or a record by an external Id. */
void
record_serve_part(struct call *c)
{
	const struct object *object = object_of(c);
	struct rows_view view = call_view(c, false);
	char id[ID_SIZE];
	struct row row;

	if (!object)
		return;
	const struct field *f =
	    schema_field(object, c->part[2], strlen(c->part[2]), c->version);
	if (f && !call_is(c, "GET") && !call_is(c, "DELETE")) {
		write_upsert(c->org, &view, object, c->part[2], c->part[3], c->request, c->reply);
		return;
	}
	if (f && f->flags & FIELD_EXTERNAL) {
		if (!write_find(c->org, &view, object, f->name, c->part[3], c->reply, id))
			return;
		c->part[2] = id;
		record_serve(c);
		return;
	}
	data_lock(c->org->data);
	bool found = find(c, true, &row, id), blob = found && schema_blob(object) &&
	    strcasecmp(c->part[3], schema_blob(object)->name) == 0;
	if (blob && object->kind == OBJECT_VERSION)
		put_blob(c, &row);
	else if (blob)
		put_bytes(c, &row);
	data_unlock(c->org->data);
	if (found && !blob)
		serve_relation(c, object, id);
}

/* Writes records of an object in the order of these Ids, null for a missing one. Caller locks the
 * data. */
static void
put_records(struct call *c, const struct object *object, char *ids, const char *fields)
{
	struct rows_view view = call_view(c, false);
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
			record_put_fields(c, object, id, fields);
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

void
record_serve_collection(struct call *c)
{
	const struct object *object = schema_object(c->part[2], strlen(c->part[2]));
	const char *ids = request_param(c->request, "ids", NULL),
		   *names = request_param(c->request, "fields", NULL);
	cJSON *body = call_is(c, "POST") ?
	    cJSON_ParseWithLength(buf_str(&c->request->body), c->request->body.len) :
	    NULL;
	char *list = body ? join(cJSON_GetObjectItem(body, "ids")) : ids ? strdup(ids) : NULL;
	char *fields = body ? join(cJSON_GetObjectItem(body, "fields")) :
	    names	    ? strdup(names) :
			      NULL;

	if (!object) {
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

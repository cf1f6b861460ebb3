#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/http.h"
#include "tests/org/multipart.h"
#include "tests/org/reply.h"
#include "tests/org/writer.h"
#include "tests/org/write.h"

#define JSON_MAX	(50u << 20)	/* bytes of a message */
#define COLLECTION_MAX	200
#define TREE_DEPTH	5

/* Answers */

static void
put_error(const struct write *w, const char *code_name, struct buf *out)
{
	buf_printf(out, "{\"message\":");
	buf_put_json(out, w->message, strlen(w->message));
	buf_printf(out, ",\"%s\":\"%s\",\"fields\":[", code_name, w->code);
	if (w->about)
		buf_printf(out, "\"%s\"", w->about);
	buf_puts(out, "]}");
}

static void
answer(struct write *w, bool good, enum writer_op op, struct reply *r)
{
	if (good && op != WRITER_CREATE) {
		r->status = 204;
	} else if (good) {
		r->status = 201;
		reply_header(r, "Location: /services/data/v%u.0/sobjects/%s/%s", w->view->version,
		    w->object->name, w->id);
		buf_printf(&r->body, "{\"id\":\"%s\",\"success\":true,\"errors\":[]}", w->id);
	} else {
		reply_error(r, w->code, w->message);	/* sets the status */
		buf_clear(&r->body);
		buf_putc(&r->body, '[');
		put_error(w, "errorCode", &r->body);
		buf_putc(&r->body, ']');
	}
}

/* From v46.0 on, an update also has a body. */
static void
answer_upsert(struct write *w, const char *field, const char *value, struct reply *r)
{
	bool created, good = writer_upsert(w, field, value, &created);

	if (good && !created && w->view->version < 46) {
		r->status = 204;
		return;
	}
	answer(w, good, WRITER_CREATE, r);
	if (!good)
		return;
	r->status = created ? 201 : 200;
	buf_clear(&r->body);
	buf_printf(&r->body, "{\"id\":\"%s\",\"success\":true,\"errors\":[],\"created\":%s}",
	    w->id, created ? "true" : "false");
}

/* UTF-8, no surrogates, no longer forms than are needed. */
static bool
is_utf8(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + len;

	while (s < end) {
		unsigned more = *s < 0x80 ? 0 : *s < 0xc2 ? 9 : *s < 0xe0 ? 1 :
		    *s < 0xf0 ? 2 : *s < 0xf5 ? 3 : 9;
		unsigned char first = more ? s[1] : 0;

		if (more > 3 || (size_t)(end - s) <= more ||
		    (*s == 0xe0 && first < 0xa0) || (*s == 0xed && first > 0x9f) ||
		    (*s == 0xf0 && first < 0x90) || (*s == 0xf4 && first > 0x8f))
			return false;
		for (unsigned i = 1; i <= more; i++)
			if ((s[i] & 0xc0) != 0x80)
				return false;
		s += more + 1;
	}
	return true;
}

/* JSON with nothing after it, each key once. NULL: none. */
static cJSON *
parse_strictly(const char *text, size_t len)
{
	const char *end = NULL;
	cJSON *json = is_utf8(text, len) ?
	    cJSON_ParseWithLengthOpts(text, len, &end, false) : NULL;
	bool good = json != NULL;

	for (; good && end < text + len && *end; end++)
		good = strchr(" \t\r\n", *end);
	for (const cJSON *a = json ? json->child : NULL; a && a->string && good; a = a->next)
		for (const cJSON *b = a->next; b && good; b = b->next)
			good = strcmp(a->string, b->string) != 0;
	if (!good)
		cJSON_Delete(json);
	return good ? json : NULL;
}

/* Parses the body of a request; caller frees the JSON. NULL: the reply says why. */
static cJSON *
read_body(const struct request *q, struct reply *r, const struct part **blob, struct part parts[2])
{
	const char *type = request_header(q, "Content-Type"), *json = buf_str(&q->body);
	size_t len = q->body.len;
	char boundary[72];

	*blob = NULL;
	if (multipart_boundary(type, boundary)) {
		/* In any order: the Salesforce CLI and jsforce send the file first. */
		int count = multipart_parse(json, len, boundary, parts, 2);
		unsigned file = count == 2 && parts[1].has_file;
		if (count != 2 || !parts[file].has_file) {
			reply_error_status(r, 400, "INVALID_MULTIPART_REQUEST",
			    "a part with the record and one with the file were expected");
			return NULL;
		}
		*blob = &parts[file];
		json = parts[1 - file].bytes;
		len = parts[1 - file].len;
	} else if (!type || strncasecmp(type, "application/json", 16) != 0) {
		reply_error_status(r, 415, "UNSUPPORTED_MEDIA_TYPE",
		    "Content-Type header specified in HTTP request is not supported");
		return NULL;
	}
	if (len > JSON_MAX) {
		reply_error_status(r, 400, "JSON_PARSER_ERROR",
		    "Maximum size of request reached. Maximum size of request is 52428800 bytes.");
		return NULL;
	}
	cJSON *fields = parse_strictly(json, len);
	if (!fields || !cJSON_IsObject(fields)) {
		cJSON_Delete(fields);
		reply_error_status(r, 400, "JSON_PARSER_ERROR",
		    len ? "Unexpected character in the HTTP entity body" :
			  "The HTTP entity body is required, but this request has no entity body.");
		return NULL;
	}
	return fields;
}

/* Sforce-Duplicate-Rule-Header: allowSave=true */
static bool
allows_duplicates(const struct request *q)
{
	const char *s = request_header(q, "Sforce-Duplicate-Rule-Header");

	s = s ? strcasestr(s, "allowSave=") : NULL;
	return s && strncasecmp(s + 10, "true", 4) == 0;
}

/* Sforce-Auto-Assign: FALSE */
static bool
forbids_assignment(const struct request *q)
{
	const char *s = request_header(q, "Sforce-Auto-Assign");

	return s && strcasecmp(s, "FALSE") == 0;
}

/* A write of one record. field: of an upsert, whose `id` is the value; else NULL. */
static void
write_one(struct org *org, const struct rows_view *view, const struct object *object,
    const char *field, const char *id, enum writer_op op, const struct request *q,
    struct reply *r)
{
	struct write w = { .org = org,
		.view = view,
		.object = object,
		.document = DOCUMENT_NONE,
		.dry = q->dry };
	const struct part *blob;
	struct part parts[2];
	cJSON *fields = read_body(q, r, &blob, parts);

	if (!fields)
		return;
	const struct field *bytes = schema_blob(object);
	if (blob && (!bytes || strcmp(blob->name, bytes->name) != 0)) {
		reply_error_status(r, 400, "INVALID_MULTIPART_REQUEST",
		    "there is no blob field of the name of the second part");
	} else {
		w.fields = fields;
		w.blob = blob ? blob->bytes : NULL;
		w.blob_len = blob ? blob->len : 0;
		w.allow_duplicates = allows_duplicates(q);
		w.no_assignment = forbids_assignment(q);
		if (field)
			answer_upsert(&w, field, id, r);
		else
			answer(&w, writer_run(&w, op, id), op, r);
	}
	cJSON_Delete(fields);
}

void
write_create(struct org *org, const struct rows_view *view, const struct object *object,
    const struct request *q, struct reply *r)
{
	write_one(org, view, object, NULL, NULL, WRITER_CREATE, q, r);
}

void
write_update(struct org *org, const struct rows_view *view, const struct object *object,
    const char *id, const struct request *q, struct reply *r)
{
	write_one(org, view, object, NULL, id, WRITER_UPDATE, q, r);
}

void
write_upsert(struct org *org, const struct rows_view *view, const struct object *object,
    const char *field, const char *value, const struct request *q, struct reply *r)
{
	write_one(org, view, object, field, value, WRITER_CREATE, q, r);
}

bool
write_find(struct org *org, const struct rows_view *view, const struct object *object,
    const char *field, const char *value, struct reply *r, char id[ID_SIZE])
{
	struct write w = { .org = org, .view = view, .object = object };

	if (!writer_find(&w, field, value)) {
		reply_error(r, w.code, w.message);
		return false;
	}
	memcpy(id, w.id, ID_SIZE);
	return true;
}

void
write_delete(struct org *org, const struct rows_view *view, const struct object *object,
    const char *id, const struct request *q, struct reply *r)
{
	struct write w = { .org = org,
		.view = view,
		.object = object,
		.document = DOCUMENT_NONE,
		.dry = q->dry };

	answer(&w, writer_run(&w, WRITER_DELETE, id), WRITER_DELETE, r);
}

/* Collections */

/* The object of one record of a collection. */
static const struct object *
object_of(const cJSON *record, enum writer_op op, const char *id)
{
	const char *type = cJSON_GetStringValue(
	    cJSON_GetObjectItem(cJSON_GetObjectItem(record, "attributes"), "type"));
	char parsed[ID_SIZE];

	if (op == WRITER_DELETE)
		return id && id_parse(id, strlen(id), parsed) ? rows_object(parsed) : NULL;
	return type ? schema_object(type, strlen(type)) : NULL;
}

/* The value of the external Id is among the fields; it is no field to write, then. */
static void
upsert_record(struct write *w, const char *field, bool *created)
{
	cJSON *rest = cJSON_Duplicate(w->fields, true);
	cJSON *value = cJSON_DetachItemFromObject(rest, field);
	const char *text = cJSON_GetStringValue(value);

	w->fields = rest;
	if (!text && strcasecmp(field, "Id") != 0)
		writer_fail(w, "MISSING_ARGUMENT", field, "%s not specified", field);
	else
		writer_upsert(w, field, text ? text : "", created);
	w->fields = NULL;
	cJSON_Delete(value);
	cJSON_Delete(rest);
}

static bool
collect(struct org *org, const struct rows_view *view, enum writer_op op, const cJSON *record,
    const char *field, const char *id, bool dry, struct write *w)
{
	bool created = op == WRITER_CREATE;

	*w = (struct write){
		.org = org, .view = view, .fields = record, .document = DOCUMENT_NONE, .dry = dry
	};
	w->object = object_of(record, op, id);
	if (!w->object && op == WRITER_DELETE)
		writer_fail(w, "MALFORMED_ID", NULL, "malformed id %.20s", id ? id : "");
	else if (!w->object)
		writer_fail(w, "INVALID_TYPE", NULL, "the type of a record is missing or unknown");
	else if (field)
		upsert_record(w, field, &created);
	else if (op == WRITER_UPDATE && !id)
		writer_fail(w, "MISSING_ARGUMENT", NULL, "Id not specified in an update call");
	else
		writer_run(w, op, id);
	return created;
}

/* created: of an upsert; else NULL. */
static void
put_result(const struct write *w, bool rolled_back, const bool *created, struct buf *out)
{
	if (!w->code && !rolled_back) {
		buf_printf(out, "{\"id\":\"%s\",\"success\":true,\"errors\":[]", w->id);
		if (created)
			buf_printf(out, ",\"created\":%s", *created ? "true" : "false");
		buf_putc(out, '}');
		return;
	}
	buf_puts(out, "{\"success\":false,\"errors\":[");
	if (w->code)
		put_error(w, "statusCode", out);
	else
		buf_puts(out,
		    "{\"statusCode\":\"ALL_OR_NONE_OPERATION_ROLLED_BACK\","
		    "\"message\":\"Record rolled back because not all records were valid and the "
		    "request was using AllOrNone header\",\"fields\":[]}");
	buf_puts(out, "]}");
}

/* ids: of a DELETE; otherwise NULL, and the records have them. */
static void
run_all(struct org *org, const struct rows_view *view, enum writer_op op, const char *field,
    const cJSON *records, const cJSON *ids, bool all, struct reply *r)
{
	const cJSON *list = op == WRITER_DELETE ? ids : records, *item;
	bool bad = false;

	if (cJSON_GetArraySize(list) > COLLECTION_MAX) {
		reply_error_status(r, 400, "EXCEEDED_ID_LIMIT",
		    "record limit reached. cannot submit more than 200 records into this call");
		return;
	}
	for (int pass = all ? 0 : 1; pass < 2; pass++) {
		const char *comma = "[";

		buf_clear(&r->body);
		cJSON_ArrayForEach(item, list) {
			const char *id = cJSON_GetStringValue(
			    op == WRITER_DELETE ? item : cJSON_GetObjectItem(item, "id"));
			struct write w;

			bool created =
			    collect(org, view, op, item, field, id, pass == 0 || bad, &w);
			bad = bad || (pass == 0 && w.code);
			buf_puts(&r->body, comma);
			put_result(&w, bad, field ? &created : NULL, &r->body);
			comma = ",";
		}
		buf_puts(&r->body, *comma == '[' ? "[]" : "]");
	}
}

static void
delete_all(struct org *org, const struct rows_view *view, const struct request *q, struct reply *r)
{
	const char *ids = request_param(q, "ids", NULL), *all = request_param(q, "allOrNone", NULL);
	cJSON *list = cJSON_CreateArray();
	char *copy = strdup(ids ? ids : ""), *save = NULL;

	for (char *s = copy ? strtok_r(copy, ", ", &save) : NULL; s;
	     s = strtok_r(NULL, ", ", &save))
		cJSON_AddItemToArray(list, cJSON_CreateString(s));
	run_all(org, view, WRITER_DELETE, NULL, NULL, list, all && strcasecmp(all, "true") == 0, r);
	free(copy);
	cJSON_Delete(list);
}

void
write_collection(struct org *org, const struct rows_view *view, const char *method,
    const char *field, const struct request *q, struct reply *r)
{
	const struct part *blob;
	struct part parts[2];
	cJSON *body;

	if (strcmp(method, "DELETE") == 0) {
		delete_all(org, view, q, r);
		return;
	}
	body = read_body(q, r, &blob, parts);
	if (!body)
		return;
	run_all(org, view, strcmp(method, "POST") == 0 ? WRITER_CREATE : WRITER_UPDATE, field,
	    cJSON_GetObjectItem(body, "records"), NULL,
	    cJSON_IsTrue(cJSON_GetObjectItem(body, "allOrNone")), r);
	cJSON_Delete(body);
}

/* Trees */

struct tree {
	struct org	*org;
	const struct rows_view *view;
	char		(*made)[ID_SIZE];
	size_t		 count;
	bool		 bad;
	struct buf	 good, errors;
};

static void plant(struct tree *, const struct object *, const cJSON *record,
    const struct field *up, const char *parent, unsigned depth);

static const char *
reference_of(const cJSON *record)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(
	    cJSON_GetObjectItem(record, "attributes"), "referenceId"));

	return s ? s : "";
}

/* Makes the child records in a record, each object of which has its own array. */
static void
plant_children(struct tree *t, const struct object *object, const cJSON *record, const char *id,
    unsigned depth)
{
	const cJSON *v, *child;

	cJSON_ArrayForEach(v, record) {
		const struct field *up;
		const struct object *children = cJSON_IsObject(v) ?
		    schema_children(object, v->string, strlen(v->string), &up) : NULL;

		if (children)
			cJSON_ArrayForEach(child, cJSON_GetObjectItem(v, "records"))
				plant(t, children, child, up, id, depth + 1);
	}
}

static void
plant(struct tree *t, const struct object *object, const cJSON *record, const struct field *up,
    const char *parent, unsigned depth)
{
	struct write w = { .org = t->org, .view = t->view, .object = object,
		.document = DOCUMENT_NONE };
	cJSON *fields = cJSON_Duplicate(record, true), *v = fields ? fields->child : NULL;
	bool good = depth < TREE_DEPTH && t->count < COLLECTION_MAX;
	const struct field *ignored;

	while (v) {
		cJSON *next = v->next;

		if (cJSON_IsObject(v) &&
		    schema_children(object, v->string, strlen(v->string), &ignored))
			cJSON_Delete(cJSON_DetachItemViaPointer(fields, v));
		v = next;
	}
	if (parent)
		cJSON_AddStringToObject(fields, up->name, parent);
	w.fields = fields;
	if (!good)
		writer_fail(&w, "INVALID_INPUT", NULL,
		    "a tree has at most 200 records, and five levels");
	else
		good = writer_run(&w, WRITER_CREATE, NULL);
	cJSON_Delete(fields);
	if (!good) {
		t->bad = true;
		buf_printf(&t->errors, "%s{\"referenceId\":", t->errors.len ? "," : "");
		buf_put_json_text(&t->errors, reference_of(record));
		buf_puts(&t->errors, ",\"errors\":[");
		put_error(&w, "statusCode", &t->errors);
		buf_puts(&t->errors, "]}");
		return;
	}
	memcpy(t->made[t->count++], w.id, ID_SIZE);
	buf_printf(&t->good, "%s{\"referenceId\":", t->good.len ? "," : "");
	buf_put_json_text(&t->good, reference_of(record));
	buf_printf(&t->good, ",\"id\":\"%s\"}", w.id);
	plant_children(t, object, record, w.id, depth);
}

void
write_tree(struct org *org, const struct rows_view *view, const struct object *object,
    const struct request *q, struct reply *r)
{
	struct tree t = { .org = org, .view = view };
	const struct part *blob;
	struct part parts[2];
	cJSON *body = read_body(q, r, &blob, parts);
	const cJSON *record;

	if (!body)
		return;
	t.made = malloc((COLLECTION_MAX + 1) * sizeof(*t.made));
	if (t.made) {
		cJSON_ArrayForEach(record, cJSON_GetObjectItem(body, "records"))
			plant(&t, object, record, NULL, NULL, 0);
	}
	while (t.bad && t.count > 0)
		writer_undo(org, t.made[--t.count]);
	r->status = t.bad ? 400 : 201;
	r->body.failed = !t.made || t.good.failed || t.errors.failed;
	buf_printf(&r->body, "{\"hasErrors\":%s,\"results\":[%s]}", t.bad ? "true" : "false",
	    buf_str(t.bad ? &t.errors : &t.good));
	free(t.made);
	buf_free(&t.good);
	buf_free(&t.errors);
	cJSON_Delete(body);
}

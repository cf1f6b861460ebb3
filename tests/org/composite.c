/* /composite: several requests in one. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/call.h"
#include "tests/org/write.h"
#include "tests/org/writer.h"

#define PARTS		25
#define QUERIES		5
#define PREFIX		"/services/data"

/* One request in a composite, and its answer. */
struct part_call {
	const char	*method, *url, *name;	/* name: its referenceId */
	const cJSON	*body;
	unsigned	 status;
	cJSON		*answer;	/* NULL: none */
	char		*location;
};

/* Finds what "name.records[0].Id" stands for in the answers so far. NULL: nothing. */
static const cJSON *
look_up(const struct part_call *done, size_t count, const char *path, size_t len)
{
	size_t n = strcspn(path, ".}");
	const cJSON *at = NULL;

	for (size_t i = 0; i < count && !at; i++)
		if (strlen(done[i].name) == n && memcmp(done[i].name, path, n) == 0)
			at = done[i].answer;
	while (at && n < len) {
		char name[64];

		if (path[n] == '[') {
			at = cJSON_GetArrayItem(at, atoi(path + n + 1));
			n += strcspn(path + n, "]") + 1;
			continue;
		}
		size_t more = strcspn(path + ++n, ".[}");
		snprintf(name, sizeof(name), "%.*s", (int)more, path + n);
		at = cJSON_GetObjectItem(at, name);
		n += more;
	}
	return at;
}

/* Puts what @{...} stands for into a text. Caller frees. NULL: *missing says which has no value. */
static char *
replace(const struct part_call *done, size_t count, const char *s, char missing[128])
{
	struct buf out = BUF_INIT;

	while (*s) {
		const char *end = strncmp(s, "@{", 2) == 0 ? strchr(s, '}') : NULL;

		if (!end) {
			buf_putc(&out, *s++);
			continue;
		}
		const cJSON *found = look_up(done, count, s + 2, (size_t)(end - s - 2));
		if (cJSON_IsString(found)) {
			buf_puts(&out, found->valuestring);
		} else if (cJSON_IsNumber(found)) {
			buf_printf(&out, "%.17g", found->valuedouble);
		} else {
			snprintf(missing, 128, "%.*s", (int)(end - s - 2), s + 2);
			buf_free(&out);
			return NULL;
		}
		s = end + 1;
	}
	return out.len ? buf_detach(&out) : strdup("");
}

/* Replaces in all texts of a body; false: one has no value. */
static bool
replace_all(const struct part_call *done, size_t count, cJSON *item, char missing[128])
{
	for (; item; item = item->next) {
		if (cJSON_IsString(item) && strstr(item->valuestring, "@{")) {
			char *text = replace(done, count, item->valuestring, missing);

			if (!text || !cJSON_SetValuestring(item, text)) {
				free(text);
				return false;
			}
			free(text);
		}
		if (item->child && !replace_all(done, count, item->child, missing))
			return false;
	}
	return true;
}

/* Runs one part; with dry, a write is only checked. */
static void
run_part(struct call *c, struct part_call *all, size_t i, bool dry)
{
	struct part_call *p = &all[i];
	char missing[128] = "";
	cJSON *body = cJSON_Duplicate(p->body, true);
	char *url = replace(all, i, p->url, missing);
	struct reply reply;

	reply_init(&reply);
	if (!url || (body && !replace_all(all, i, body, missing))) {
		char message[400];

		snprintf(message, sizeof(message),
		    "Invalid reference specified. No value for %s found in %.*s", missing,
		    (int)strcspn(missing, "."), missing);
		reply_error_status(&reply, 400, "PROCESSING_HALTED", message);
	} else {
		call_part(c, p->method, url, body, dry, &reply);
	}
	if (reply.file) {		/* VersionData */
		reply_reset(&reply);
		reply_error_status(&reply, 400, "INVALID_TYPE_FOR_OPERATION",
		    "the resource is not allowed in a composite");
	}
	const char *location = strstr(buf_str(&reply.headers), "Location: ");
	p->status = reply.status;
	cJSON_Delete(p->answer);
	p->answer = cJSON_ParseWithLength(buf_str(&reply.body), reply.body.len);
	free(p->location);
	p->location = location ? strndup(location + 10, strcspn(location + 10, "\n")) : NULL;
	free(url);
	cJSON_Delete(body);
	reply_free(&reply);
}

static bool
has_reference(const struct part_call *p)
{
	char *text = p->body ? cJSON_PrintUnformatted(p->body) : NULL;
	bool has = strstr(p->url, "@{") || (text && strstr(text, "@{"));

	cJSON_free(text);
	return has;
}

static bool
is_write(const struct part_call *p)
{
	return strcmp(p->method, "GET") != 0;
}

static void
put_answer(const struct part_call *p, bool halted, struct buf *out)
{
	char *body = p->answer ? cJSON_PrintUnformatted(p->answer) : NULL;

	buf_puts(out, "{\"body\":");
	if (halted)
		buf_puts(out,
		    "[{\"errorCode\":\"PROCESSING_HALTED\",\"message\":\"The transaction was "
		    "rolled back since another operation in the same transaction failed.\"}]");
	else
		buf_puts(out, body ? body : "null");
	buf_puts(out, ",\"httpHeaders\":{");
	if (p->location && !halted) {
		buf_puts(out, "\"Location\":");
		buf_put_json_text(out, p->location);
	}
	buf_printf(out, "},\"httpStatusCode\":%u,\"referenceId\":\"%s\"}",
	    halted ? 400 : p->status, p->name);
	cJSON_free(body);
}

/* All or none: parts without references are tried first, and records that were made before a
 * part failed are taken back. */
static void
run_parts(struct call *c, struct part_call *all, size_t count, bool all_or_none)
{
	size_t failed = count;

	for (size_t i = 0; i < count && all_or_none && failed == count; i++) {
		if (!is_write(&all[i]) || has_reference(&all[i]))
			continue;
		run_part(c, all, i, true);
		failed = all[i].status >= 300 ? i : failed;
	}
	for (size_t i = 0; i < count && failed == count; i++) {
		run_part(c, all, i, false);
		failed = all_or_none && all[i].status >= 300 ? i : failed;
	}
	for (size_t i = 0; i < failed && failed < count; i++) {
		const char *id =
		    cJSON_GetStringValue(cJSON_GetObjectItem(all[i].answer, "id"));

		if (is_write(&all[i]) && all[i].status == 201 && id)
			writer_undo(c->org, id);
	}
	buf_puts(&c->reply->body, "{\"compositeResponse\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_putc(&c->reply->body, ',');
		put_answer(&all[i], failed < count && i != failed, &c->reply->body);
	}
	buf_puts(&c->reply->body, "]}");
}

/* Reads the parts. Returns the fault of a composite; NULL: none. */
static const char *
read_parts(const cJSON *list, struct part_call *out, size_t *count)
{
	unsigned queries = 0;
	const cJSON *item;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) < 1 ||
	    cJSON_GetArraySize(list) > PARTS)
		return "compositeRequest must have 1 to 25 requests";
	cJSON_ArrayForEach(item, list) {
		struct part_call *p = &out[(*count)++];

		p->method = cJSON_GetStringValue(cJSON_GetObjectItem(item, "method"));
		p->url = cJSON_GetStringValue(cJSON_GetObjectItem(item, "url"));
		p->name = cJSON_GetStringValue(cJSON_GetObjectItem(item, "referenceId"));
		p->body = cJSON_GetObjectItem(item, "body");
		if (!p->method)
			return "method is missing";
		if (!p->url || strncmp(p->url, PREFIX "/v", strlen(PREFIX "/v")) != 0 ||
		    (strstr(p->url, "/composite") && !strstr(p->url, "/composite/sobjects")))
			return "url is not allowed in a composite";
		p->url += strlen(PREFIX);
		if (!p->name || !*p->name ||
		    p->name[strspn(p->name,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")])
			return "referenceId must be letters, digits and _";
		for (size_t i = 0; i + 1 < *count; i++)
			if (strcmp(out[i].name, p->name) == 0)
				return "referenceId is given twice";
		queries += strstr(p->url, "/query") != NULL;
	}
	return queries > QUERIES ? "at most 5 queries in a composite" : NULL;
}

void
composite_serve(struct call *c)
{
	cJSON *body = cJSON_ParseWithLength(buf_str(&c->request->body), c->request->body.len);
	struct part_call all[PARTS] = { 0 };
	size_t count = 0;
	const char *wrong = read_parts(cJSON_GetObjectItem(body, "compositeRequest"), all, &count);

	if (wrong)
		reply_error_status(c->reply, 400, "JSON_PARSER_ERROR", wrong);
	else
		run_parts(c, all, count, cJSON_IsTrue(cJSON_GetObjectItem(body, "allOrNone")));
	for (size_t i = 0; i < count; i++) {
		cJSON_Delete(all[i].answer);
		free(all[i].location);
	}
	cJSON_Delete(body);
}

/* Each part counts as a call. */
void
composite_serve_batch(struct call *c)
{
	cJSON *body = cJSON_ParseWithLength(buf_str(&c->request->body), c->request->body.len);
	const cJSON *list = cJSON_GetObjectItem(body, "batchRequests"), *item;
	bool halt = cJSON_IsTrue(cJSON_GetObjectItem(body, "haltOnError")), bad = false;
	struct buf out = BUF_INIT;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > PARTS) {
		reply_error_status(c->reply, 400, "JSON_PARSER_ERROR",
		    "batchRequests must have at most 25 requests");
		cJSON_Delete(body);
		return;
	}
	cJSON_ArrayForEach(item, list) {
		const char *method = cJSON_GetStringValue(cJSON_GetObjectItem(item, "method"));
		const char *url = cJSON_GetStringValue(cJSON_GetObjectItem(item, "url"));
		struct reply reply;

		reply_init(&reply);
		if (bad && halt)
			reply_error_status(&reply, 412, "BATCH_PROCESSING_HALTED",
			    "Batch processing halted by request");
		else if (!method || !url || strstr(url, "/composite"))
			reply_error(&reply, "NOT_FOUND", NULL);
		else
			call_part(c, method,
			    url + (strncmp(url, PREFIX, strlen(PREFIX)) == 0 ? strlen(PREFIX) : 0),
			    cJSON_GetObjectItem(item, "richInput"), false, &reply);
		c->org->api_used += item != list->child;
		bad = bad || reply.status >= 400;
		buf_printf(&out, "%s{\"statusCode\":%u,\"result\":%s}", out.len ? "," : "",
		    reply.status, reply.body.len && !reply.file ? buf_str(&reply.body) : "null");
		reply_free(&reply);
	}
	buf_printf(&c->reply->body, "{\"hasErrors\":%s,\"results\":[%s]}", bad ? "true" : "false",
	    buf_str(&out));
	buf_free(&out);
	cJSON_Delete(body);
}

void
composite_serve_tree(struct call *c)
{
	const struct object *object = schema_object(c->part[2], strlen(c->part[2]));
	struct rows_view view = call_view(c, false);

	if (object)
		write_tree(c->org, &view, object, c->request, c->reply);
	else
		reply_error(c->reply, "NOT_FOUND", NULL);
}

void
composite_serve_collection(struct call *c)
{
	struct rows_view view = call_view(c, false);

	write_collection(c->org, &view, c->method, NULL, c->request, c->reply);
}

void
composite_serve_upserts(struct call *c)
{
	struct rows_view view = call_view(c, false);

	write_collection(c->org, &view, c->method, c->part[3], c->request, c->reply);
}

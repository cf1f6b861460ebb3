#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#include "tests/org/call.h"
#include "tests/org/gzip.h"
#include "tests/org/jobs.h"
#include "tests/org/oauth.h"
#include "tests/org/rest.h"

#define VERSION_FIRST	21	/* retired: answers 410 */
#define VERSION_OLDEST	31

bool
call_is(const struct call *c, const char *method)
{
	return strcmp(c->method, method) == 0 ||
	    (strcmp(method, "GET") == 0 && strcmp(c->method, "HEAD") == 0);
}

void
call_malformed(struct call *c, int rc, const struct soql_error *error)
{
	if (rc == -EINVAL)
		reply_error(c->reply, error->code, buf_str(&error->message));
	else
		reply_error(c->reply, "UNKNOWN_EXCEPTION", NULL);
}

struct rows_view
call_view(const struct call *c, bool deleted)
{
	return (struct rows_view){ .deleted = deleted,
		.archived = settings_get(&c->org->settings, SETTING_LIST_ARCHIVED),
		.all_files = settings_get(&c->org->settings, SETTING_QUERY_ALL_FILES),
		.version = c->version,
		.user = c->user,
		.now = org_now(c->org) };
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
	static const char *const names[] = { "sobjects", "query", "queryAll", "search",
		"composite", "limits", "jobs" };
	char identity[128];

	oauth_identity(c->org, c->user, identity);
	buf_printf(&c->reply->body, "{\"identity\":\"%s\"", identity);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		buf_printf(&c->reply->body, ",\"%s\":\"/services/data/v%u.0/%s\"", names[i],
		    c->version, names[i]);
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

/* All resources. {} stands for any text. The methods are those of Salesforce. */
static const struct resource {
	const char *path, *methods;
	call_serve *serve;
} resources[] = {
	{ "", "HEAD,GET", serve_resources },
	{ "limits", "HEAD,GET", serve_limits },
	{ "query", "HEAD,GET", query_serve },
	{ "query/{locator}", "HEAD,GET", query_serve_more },
	{ "queryAll", "HEAD,GET", query_serve_all },
	{ "queryAll/{locator}", "HEAD,GET", query_serve_more },
	{ "search", "HEAD,GET", search_serve },
	{ "sobjects", "HEAD,GET", record_serve_global },
	{ "sobjects/{object}", "HEAD,GET,POST", record_serve_object },
	{ "sobjects/{object}/describe", "HEAD,GET", record_serve_describe },
	{ "sobjects/{object}/deleted", "HEAD,GET", record_serve_changes },
	{ "sobjects/{object}/updated", "HEAD,GET", record_serve_changes },
	{ "sobjects/{object}/{id}", "HEAD,GET,PATCH,DELETE", record_serve },
	{ "sobjects/{object}/{id or field}/{field or value}", "HEAD,GET,POST,PATCH,DELETE",
	    record_serve_part },
	{ "jobs/query", "HEAD,GET,POST", jobs_serve_queries },
	{ "jobs/query/{id}", "HEAD,GET,PATCH,DELETE", jobs_serve_query },
	{ "jobs/query/{id}/results", "HEAD,GET", jobs_serve_results },
	{ "jobs/ingest", "HEAD,GET,POST", jobs_serve_ingests },
	{ "jobs/ingest/{id}", "HEAD,GET,PATCH,DELETE", jobs_serve_ingest },
	{ "jobs/ingest/{id}/batches", "PUT", jobs_serve_batches },
	{ "jobs/ingest/{id}/successfulResults", "HEAD,GET", jobs_serve_outcome },
	{ "jobs/ingest/{id}/failedResults", "HEAD,GET", jobs_serve_outcome },
	{ "jobs/ingest/{id}/unprocessedrecords", "HEAD,GET", jobs_serve_outcome },
	{ "composite", "POST", composite_serve },
	{ "composite/batch", "POST", composite_serve_batch },
	{ "composite/tree/{object}", "POST", composite_serve_tree },
	{ "composite/sobjects", "POST,PATCH,DELETE", composite_serve_collection },
	{ "composite/sobjects/{object}", "HEAD,GET,POST", record_serve_collection },
	{ "composite/sobjects/{object}/{field}", "PATCH", composite_serve_upserts },
};

static bool
matches(const struct call *c, const char *path)
{
	for (unsigned i = 0; i < c->parts; i++) {
		size_t len = strcspn(path, "/");

		if (len == 0 || (*path != '{' && (strncasecmp(path, c->part[i], len) != 0 ||
		    c->part[i][len] != '\0')))
			return false;
		path += len + (path[len] == '/');
	}
	return *path == '\0';
}

static bool
allows(const char *methods, const char *method)
{
	size_t len = strlen(method);

	for (const char *s = methods; (s = strstr(s, method)); s += len)
		if ((s == methods || s[-1] == ',') && (s[len] == ',' || s[len] == '\0'))
			return true;
	return false;
}

static void
serve_resource(struct call *c)
{
	char message[160];

	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		const struct resource *r = &resources[i];

		if (!matches(c, r->path))
			continue;
		if (allows(r->methods, c->method)) {
			r->serve(c);
			return;
		}
		snprintf(message, sizeof(message),
		    "HTTP Method '%.20s' not allowed. Allowed are %s", c->method, r->methods);
		reply_error(c->reply, "METHOD_NOT_ALLOWED", message);
		return;
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
		else if (c->parts == CALL_PARTS)
			return false;
		else
			c->part[c->parts++] = s;
	}
	return true;
}

void
call_part(struct call *c, const char *method, const char *url, const cJSON *body, bool dry,
    struct reply *reply)
{
	struct request request;
	struct call part = { .org = c->org,
		.request = &request,
		.reply = reply,
		.method = method,
		.user = c->user };
	char *version, *text = body ? cJSON_PrintUnformatted(body) : NULL;

	request_part(c->request, method, url, &request);
	request.dry = dry;
	if (text)
		buf_puts(&request.body, text);
	cJSON_free(text);
	char *path = strdup(request.path);
	if (path && split(&part, path, &version) && version &&
	    (part.version = parse_version(version)) >= VERSION_OLDEST)
		serve_resource(&part);
	else
		reply_error(reply, "NOT_FOUND", NULL);
	free(path);
	request_part_free(&request);
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

/* X-PrettyPrint: 1, and compression. Files are sent as they are. */
static void
dress(struct call *c)
{
	const char *pretty = request_header(c->request, "X-PrettyPrint");
	const char *accept = request_header(c->request, "Accept-Encoding");
	struct buf *body = &c->reply->body, packed = BUF_INIT;
	cJSON *json = pretty && *pretty == '1' && c->reply->type &&
		strcmp(c->reply->type, REPLY_JSON) == 0 ?
	    cJSON_ParseWithLength(buf_str(body), body->len) : NULL;
	char *text = json ? cJSON_Print(json) : NULL;

	if (text) {
		buf_clear(body);
		buf_puts(body, text);
	}
	cJSON_free(text);
	cJSON_Delete(json);
	if (!settings_get(&c->org->settings, SETTING_GZIP) || !accept || !strstr(accept, "gzip") ||
	    body->len == 0 || strstr(buf_str(&c->reply->headers), "Content-Encoding"))
		return;
	packed.failed = !gzip_put(&packed, buf_str(body), body->len);
	buf_free(body);
	*body = packed;
	reply_header(c->reply, "Content-Encoding: gzip");
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
	dress(&c);
	reply_header(r, "Cache-Control: no-cache,must-revalidate,max-age=0,no-store,private");
	free(path);
}

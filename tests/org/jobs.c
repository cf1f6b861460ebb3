#include <cjson/cJSON.h>
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/csv.h"
#include "tests/org/gzip.h"
#include "tests/org/jobs.h"
#include "tests/org/writer.h"

#define PREFIX		"750"
#define RESULTS_MAX	50000	/* rows of a page of results, where a client asks for no number */
#define COLUMNS_MAX	5000
#define BODY_MAX	(150u << 20)

enum job_kind { JOB_QUERY, JOB_INGEST };
enum job_state { JOB_OPEN, JOB_UPLOADED, JOB_RUNNING, JOB_COMPLETE, JOB_FAILED, JOB_ABORTED };

static const char *const states[] = { "Open", "UploadComplete", "InProgress", "JobComplete",
	"Failed", "Aborted" };

struct job {
	uint64_t	 number;
	char		 id[ID_SIZE];
	enum job_kind	 kind;
	char		 operation[16], object[48], external[64];
	const struct csv_delimiter *delimiter;
	bool		 crlf;
	unsigned	 version, user;
	int64_t		 created;
	enum job_state	 state;		/* as of the last look */
	enum job_state	 end;		/* what it comes to */
	unsigned	 looks;
	struct query	*query;
	struct query_rows rows;
	bool		 uploaded;
	struct buf	 body;		/* of an ingest job, until it has run */
	size_t		 done, failed;	/* records */
	struct buf	 successes, failures, unprocessed;	/* CSV */
	char		 error[256];
	struct job	*next;
};

struct jobs {
	pthread_mutex_t	 lock;		/* guards: all below; held while a job is served */
	struct job	*first;
	uint64_t	 count;
};

int
jobs_new(struct jobs **out)
{
	struct jobs *js = calloc(1, sizeof(*js));

	if (!js)
		return -ENOMEM;
	pthread_mutex_init(&js->lock, NULL);
	*out = js;
	return 0;
}

static void
job_free(struct job *j)
{
	query_free(j->query);
	query_rows_free(&j->rows);
	buf_free(&j->body);
	buf_free(&j->successes);
	buf_free(&j->failures);
	buf_free(&j->unprocessed);
	free(j);
}

void
jobs_free(struct jobs *js)
{
	if (!js)
		return;
	while (js->first) {
		struct job *next = js->first->next;

		job_free(js->first);
		js->first = next;
	}
	pthread_mutex_destroy(&js->lock);
	free(js);
}

/* Caller locks. *at: where it hangs. */
static struct job *
find(struct jobs *js, enum job_kind kind, const char *id, struct job ***at)
{
	char parsed[ID_SIZE];

	if (!id_parse(id, strlen(id), parsed))
		return NULL;
	for (*at = &js->first; **at; *at = &(**at)->next)
		if ((**at)->kind == kind && strcmp((**at)->id, parsed) == 0)
			return **at;
	return NULL;
}

static void
put_info(const struct call *c, const struct job *j, struct buf *out)
{
	char user[ID_SIZE], date[32];
	bool query = j->kind == JOB_QUERY, over = j->state >= JOB_COMPLETE;

	id_make("005", j->user, user);
	datetime_format(j->created, date);
	buf_printf(out, "{\"id\":\"%s\",\"operation\":\"%s\",\"object\":\"%s\","
	    "\"createdById\":\"%s\",\"createdDate\":\"%s\",\"systemModstamp\":\"%s\",",
	    j->id, j->operation, j->object, user, date, date);
	buf_printf(out, "\"state\":\"%s\",\"concurrencyMode\":\"Parallel\",\"contentType\":\"CSV\","
	    "\"apiVersion\":%u.0,\"lineEnding\":\"%s\",\"columnDelimiter\":\"%s\","
	    "\"jobType\":\"%s\"",
	    states[j->state], j->version, j->crlf ? "CRLF" : "LF", j->delimiter->name,
	    query ? "V2Query" : "V2Ingest");
	if (*j->external)
		buf_printf(out, ",\"externalIdFieldName\":\"%s\"", j->external);
	if (!query && j->state == JOB_OPEN)
		buf_printf(out, ",\"contentUrl\":\"services/data/v%u.0/jobs/ingest/%s/batches\"",
		    c->version, j->id);
	if (j->state > JOB_OPEN && (query ? over : true))
		buf_printf(out, ",\"numberRecordsProcessed\":%zu,\"retries\":0,"
		    "\"totalProcessingTime\":%u", over ? j->done : 0, over ? 100 : 0);
	if (!query && j->state > JOB_OPEN)
		buf_printf(out, ",\"numberRecordsFailed\":%zu,\"apexProcessingTime\":0,"
		    "\"apiActiveProcessingTime\":%u", over ? j->failed : 0, over ? 100 : 0);
	if (j->state == JOB_FAILED) {
		buf_puts(out, ",\"errorMessage\":");
		buf_put_json_text(out, j->error);
	}
	buf_putc(out, '}');
}

/* A new job from the fields that all jobs have; NULL: the reply says why not. */
static struct job *
make_job(struct call *c, enum job_kind kind, const cJSON *body)
{
	const char *operation = cJSON_GetStringValue(cJSON_GetObjectItem(body, "operation"));
	const char *delimiter = cJSON_GetStringValue(cJSON_GetObjectItem(body, "columnDelimiter"));
	const char *ending = cJSON_GetStringValue(cJSON_GetObjectItem(body, "lineEnding"));
	const char *type = cJSON_GetStringValue(cJSON_GetObjectItem(body, "contentType"));
	static const char *const operations[][5] = { { "query", "queryAll" },
		{ "insert", "update", "upsert", "delete", "hardDelete" } };
	struct job *j = calloc(1, sizeof(*j));

	if (!j) {
		c->reply->body.failed = true;
		return NULL;
	}
	for (unsigned i = 0; operation && i < 5 && operations[kind][i]; i++)
		if (strcmp(operations[kind][i], operation) == 0)
			snprintf(j->operation, sizeof(j->operation), "%s", operation);
	j->delimiter = csv_delimiter(delimiter ? delimiter : "COMMA");
	j->crlf = ending && strcmp(ending, "CRLF") == 0;
	j->kind = kind;
	j->version = c->version;
	j->user = c->user;
	j->created = org_now(c->org);
	if (!*j->operation || !j->delimiter || (ending && !j->crlf && strcmp(ending, "LF") != 0) ||
	    (type && strcmp(type, "CSV") != 0)) {
		reply_error_status(c->reply, 400, "INVALIDJOB",
		    "operation, columnDelimiter, lineEnding or contentType is not a value that "
		    "there is");
		free(j);
		return NULL;
	}
	return j;
}

static void
add_job(struct call *c, struct job *j)
{
	struct jobs *js = c->org->jobs;

	pthread_mutex_lock(&js->lock);
	j->number = js->count++;
	id_make(PREFIX, j->number, j->id);
	j->next = js->first;
	js->first = j;
	put_info(c, j, &c->reply->body);
	pthread_mutex_unlock(&js->lock);
}

static cJSON *
read_json(struct call *c)
{
	cJSON *body = cJSON_ParseWithLength(buf_str(&c->request->body), c->request->body.len);

	if (!body)
		reply_error_status(c->reply, 400, "JSON_PARSER_ERROR",
		    "Unexpected character in the HTTP entity body");
	return body;
}

static void
list_jobs(struct call *c, enum job_kind kind)
{
	struct jobs *js = c->org->jobs;
	const char *comma = "";

	pthread_mutex_lock(&js->lock);
	buf_puts(&c->reply->body, "{\"done\":true,\"records\":[");
	for (const struct job *j = js->first; j; j = j->next) {
		if (j->kind != kind)
			continue;
		buf_puts(&c->reply->body, comma);
		put_info(c, j, &c->reply->body);
		comma = ",";
	}
	buf_puts(&c->reply->body, "],\"nextRecordsUrl\":null}");
	pthread_mutex_unlock(&js->lock);
}

/* Queries */

static void
new_query(struct call *c, const cJSON *body)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(body, "query"));
	struct soql_error error = { NULL, BUF_INIT };
	struct job *j = make_job(c, JOB_QUERY, body);
	const char *code = NULL, *message = NULL;

	if (!j)
		return;
	struct rows_view view = call_view(c, strcmp(j->operation, "queryAll") == 0);
	int rc = query_bind(text ? text : "", text ? strlen(text) : 0, &view, &j->query, &error);
	if (rc == 0)
		code = query_not_bulk(j->query, &message);
	if (rc == 0 && !code && query_object(j->query)->kind <= OBJECT_VERSION &&
	    !settings_get(&c->org->settings, SETTING_BULK_FILES)) {
		code = "INVALIDENTITY";
		buf_printf(&error.message, "%s is not supported by the Bulk API",
		    query_object(j->query)->name);
		message = buf_str(&error.message);
	}
	if (rc == 0 && !code) {
		data_lock(c->org->data);
		rc = query_run(j->query, c->org->data, &j->rows);
		data_unlock(c->org->data);
	}
	if (rc != 0 || code) {
		if (code)
			reply_error_status(c->reply, 400, code, message);
		else
			call_malformed(c, rc, &error);
		job_free(j);
	} else {
		snprintf(j->object, sizeof(j->object), "%s", query_object(j->query)->name);
		j->done = j->rows.count;
		j->state = JOB_UPLOADED;
		j->end = JOB_COMPLETE;
		add_job(c, j);
	}
	buf_free(&error.message);
}

/* One look at a job: it goes on, after as many as the org is set to. */
static void
look(const struct call *c, struct job *j)
{
	int64_t looks = settings_get(&c->org->settings, SETTING_JOB_LOOKS);

	if (j->state != JOB_UPLOADED && j->state != JOB_RUNNING)
		return;
	j->state = j->looks++ < (uint64_t)looks ? JOB_RUNNING : j->end;
}

/* Results */

/* A locator is a number in base64 without padding. */
static void
put_locator(size_t first, char out[32])
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%zu", first);

	n = EVP_EncodeBlock((unsigned char *)out, (unsigned char *)text, n);
	while (n > 0 && out[n - 1] == '=')
		out[--n] = '\0';
}

static bool
read_locator(const char *s, size_t rows, size_t *first)
{
	char want[32];

	for (*first = 1; *first < rows; ++*first) {
		put_locator(*first, want);
		if (strcmp(want, s) == 0)
			return true;
	}
	return false;
}

/* Sends CSV, always compressed, as the documents say. */
static void
send_csv(struct call *c, const struct buf *text)
{
	c->reply->type = "text/csv;charset=UTF-8";
	if (gzip_put(&c->reply->body, buf_str(text), text->len))
		reply_header(c->reply, "Content-Encoding: gzip");
	else
		c->reply->body.failed = true;
}

static void
put_results(struct call *c, struct job *j, size_t first)
{
	const char *most = request_param(c->request, "maxRecords", NULL);
	size_t n = most ? strtoul(most, NULL, 10) : RESULTS_MAX, left = j->rows.count - first;
	struct buf text = BUF_INIT;
	char locator[32];

	if (n == 0 || n > left)
		n = left;
	data_lock(c->org->data);
	query_put_csv(j->query, c->org->data, &j->rows, first, n, j->delimiter->byte,
	    j->crlf ? "\r\n" : "\n", &text);
	data_unlock(c->org->data);
	put_locator(first + n, locator);
	reply_header(c->reply, "Sforce-NumberOfRecords: %zu", n);
	reply_header(c->reply, "Sforce-Locator: %s", n < left ? locator : "null");
	send_csv(c, &text);
	buf_free(&text);
}

void
jobs_serve_results(struct call *c)
{
	struct jobs *js = c->org->jobs;
	const char *locator = request_param(c->request, "locator", NULL);
	struct job **at;
	size_t first = 0;

	pthread_mutex_lock(&js->lock);
	struct job *j = find(js, JOB_QUERY, c->part[2], &at);
	if (!j)
		reply_error(c->reply, "NOT_FOUND", NULL);
	else if (j->version != c->version)
		reply_error_status(c->reply, 409, "API_ERROR",
		    "the results are of a job of another API version");
	else if (j->state != JOB_COMPLETE)
		reply_error_status(c->reply, 412, "JOB_NOT_COMPLETE", "the job is not complete");
	else if (locator && !read_locator(locator, j->rows.count, &first))
		reply_error(c->reply, "INVALID_QUERY_LOCATOR", NULL);
	else
		put_results(c, j, first);
	pthread_mutex_unlock(&js->lock);
}

void
jobs_serve_queries(struct call *c)
{
	cJSON *body;

	if (call_is(c, "GET")) {
		list_jobs(c, JOB_QUERY);
		return;
	}
	body = read_json(c);
	if (body)
		new_query(c, body);
	cJSON_Delete(body);
}

/* Ingest */

void
jobs_serve_ingests(struct call *c)
{
	cJSON *body;

	if (call_is(c, "GET")) {
		list_jobs(c, JOB_INGEST);
		return;
	}
	body = read_json(c);
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(body, "object"));
	const char *external =
	    cJSON_GetStringValue(cJSON_GetObjectItem(body, "externalIdFieldName"));
	const struct object *object = name ? schema_object(name, strlen(name)) : NULL;
	struct job *j = body && object ? make_job(c, JOB_INGEST, body) : NULL;
	const struct field *f = object && external ?
	    schema_field(object, external, strlen(external), c->version) : NULL;

	if (body && !object) {
		reply_error_status(c->reply, 400, "INVALIDJOB",
		    "Unable to find object: it does not exist, or is not supported");
	} else if (j && strcmp(j->operation, "hardDelete") == 0) {
		reply_error_status(c->reply, 400, "FEATURENOTENABLED",
		    "hardDelete operation requires special user profile permission, please contact "
		    "your system administrator");
		job_free(j);
	} else if (j && strcmp(j->operation, "upsert") == 0 && !f) {
		reply_error_status(c->reply, 400, "INVALIDJOB",
		    "External ID was blank, or is no field, for an upsert");
		job_free(j);
	} else if (j) {
		snprintf(j->object, sizeof(j->object), "%s", object->name);
		snprintf(j->external, sizeof(j->external), "%s", f ? f->name : "");
		add_job(c, j);
	}
	cJSON_Delete(body);
}

void
jobs_serve_batches(struct call *c)
{
	struct jobs *js = c->org->jobs;
	const char *type = request_header(c->request, "Content-Type");
	struct job **at;

	pthread_mutex_lock(&js->lock);
	struct job *j = find(js, JOB_INGEST, c->part[2], &at);
	if (!j) {
		reply_error(c->reply, "NOT_FOUND", NULL);
	} else if (!type || strncasecmp(type, "text/csv", 8) != 0) {
		reply_error_status(c->reply, 415, "UNSUPPORTED_MEDIA_TYPE",
		    "Content-Type header specified in HTTP request is not supported");
	} else if (j->state != JOB_OPEN || j->uploaded) {
		reply_error_status(c->reply, 400, "INVALIDJOBSTATE",
		    "Found multiple contents for job");
	} else if (c->request->body.len > BODY_MAX) {
		reply_error_status(c->reply, 413, "EXCEEDED_MAX_SIZE_REQUEST", NULL);
	} else {
		buf_put(&j->body, buf_str(&c->request->body), c->request->body.len);
		j->uploaded = true;
		c->reply->status = 201;
	}
	pthread_mutex_unlock(&js->lock);
}

void
jobs_serve_outcome(struct call *c)
{
	struct jobs *js = c->org->jobs;
	const char *what = c->part[3];
	struct job **at;

	pthread_mutex_lock(&js->lock);
	struct job *j = find(js, JOB_INGEST, c->part[2], &at);
	if (!j)
		reply_error(c->reply, "NOT_FOUND", NULL);
	else if (j->state < JOB_COMPLETE)
		reply_error_status(c->reply, 412, "JOB_NOT_COMPLETE", "the job is not complete");
	else
		send_csv(c, strcasecmp(what, "successfulResults") == 0 ? &j->successes :
			strcasecmp(what, "failedResults") == 0		? &j->failures :
									  &j->unprocessed);
	pthread_mutex_unlock(&js->lock);
}

/* Running an ingest job */

/* The columns of the file as fields; NULL: j->error says why not. Caller frees. */
static const struct field **
find_columns(struct job *j, const struct object *object, const struct csv_row *header)
{
	const struct field **fields = calloc(header->count + 1, sizeof(*fields));

	for (size_t i = 0; fields && i < header->count; i++) {
		fields[i] = schema_field(object, header->cell[i], strlen(header->cell[i]),
		    j->version);
		if (fields[i])
			continue;
		snprintf(j->error, sizeof(j->error), "InvalidBatch : Field name not found : %.100s",
		    header->cell[i]);
		free(fields);
		return NULL;
	}
	return fields;
}

/* A record of the file as JSON. An empty cell is left alone; #N/A is null. */
static cJSON *
record_of(const struct field *const *fields, const struct csv_row *row, size_t columns)
{
	cJSON *record = cJSON_CreateObject();

	for (size_t i = 0; i < row->count && i < columns; i++) {
		const char *s = row->cell[i], *name = fields[i]->name;

		if (!*s)
			continue;
		if (strcmp(s, "#N/A") == 0)
			cJSON_AddNullToObject(record, name);
		else if (fields[i]->type == FIELD_BOOLEAN)
			cJSON_AddBoolToObject(record, name,
			    strcasecmp(s, "true") == 0 || strcmp(s, "1") == 0);
		else
			cJSON_AddStringToObject(record, name, s);
	}
	return record;
}

static void
write_record(struct call *c, struct job *j, const struct object *object, cJSON *record,
    struct write *w, bool *created)
{
	const struct rows_view *view = w->view;
	cJSON *id = strcmp(j->operation, "insert") == 0 || *j->external ?
	    NULL : cJSON_DetachItemFromObject(record, "Id");
	cJSON *external = *j->external ? cJSON_DetachItemFromObject(record, j->external) : NULL;

	*w = (struct write){ .org = c->org, .view = view, .object = object, .fields = record,
		.document = DOCUMENT_NONE };
	*created = strcmp(j->operation, "insert") == 0;
	if (*created)
		writer_run(w, WRITER_CREATE, NULL);
	else if (*j->external && !external && strcasecmp(j->external, "Id") != 0)
		writer_fail(w, "MISSING_ARGUMENT", j->external, "%s not specified", j->external);
	else if (*j->external)
		writer_upsert(w, j->external, external ? external->valuestring : "", created);
	else if (!cJSON_IsString(id))
		writer_fail(w, "MISSING_ARGUMENT", NULL, "Id not specified in an update call");
	else
		writer_run(w, strcmp(j->operation, "delete") == 0 ? WRITER_DELETE : WRITER_UPDATE,
		    id->valuestring);
	cJSON_Delete(id);
	cJSON_Delete(external);
}

/* A line of the results. */
static void
put_line(struct job *j, const struct write *w, bool created, const struct csv_row *row,
    struct buf *out)
{
	struct buf text = BUF_INIT;

	if (w->code)
		buf_printf(&text, "%s:%s:%s --", w->code, w->message, w->about ? w->about : "");
	else
		buf_puts(&text, created ? "true" : "false");
	csv_put(out, buf_str(&text), text.len);
	buf_putc(out, j->delimiter->byte);
	csv_put(out, w->id, strlen(w->id));
	for (size_t i = 0; i < row->count; i++) {
		buf_putc(out, j->delimiter->byte);
		csv_put(out, row->cell[i], strlen(row->cell[i]));
	}
	buf_puts(out, j->crlf ? "\r\n" : "\n");
	buf_free(&text);
}

/* Runs all records of the file. The results are not in their order: every second one comes
 * later. */
static void
run_records(struct call *c, struct job *j, const char *s, const char *end,
    const struct object *object, const struct field *const *fields, size_t columns,
    struct buf later[2])
{
	struct rows_view view = call_view(c, false);
	struct csv_row row = { 0 };

	while (csv_read(&s, end, j->delimiter->byte, &row)) {
		struct write w = { .view = &view };
		cJSON *record = record_of(fields, &row, columns);
		bool created = false;

		write_record(c, j, object, record, &w, &created);
		cJSON_Delete(record);
		put_line(j, &w, created, &row,
		    j->done % 2 == 0    ? &later[w.code != NULL] :
			w.code	     ? &j->failures :
					   &j->successes);
		j->done++;
		j->failed += w.code != NULL;
	}
	csv_row_free(&row);
}

static void
put_header(struct job *j, const char *first, const struct csv_row *header, struct buf *out)
{
	char delimiter = j->delimiter->byte;

	if (first) {
		csv_put(out, first, strlen(first));
		buf_putc(out, delimiter);
		csv_put(out, "sf__Id", 6);
	}
	for (size_t i = 0; i < header->count; i++) {
		if (i > 0 || first)
			buf_putc(out, delimiter);
		csv_put(out, header->cell[i], strlen(header->cell[i]));
	}
	buf_puts(out, j->crlf ? "\r\n" : "\n");
}

/* Writes the records of a file that is whole. Caller locks. */
static void
ingest(struct call *c, struct job *j)
{
	const struct object *object = schema_object(j->object, strlen(j->object));
	const char *s = buf_str(&j->body), *end = s + j->body.len;
	struct csv_row header = { 0 };
	const struct field **fields = NULL;
	struct buf later[2] = { BUF_INIT, BUF_INIT };

	j->state = JOB_UPLOADED;
	j->end = JOB_FAILED;
	if (csv_has_crlf(s, j->body.len) != j->crlf && j->body.len > 0)
		snprintf(j->error, sizeof(j->error),
		    "ClientInputError : LineEnding is invalid on user data. Current LineEnding "
		    "setting is %s", j->crlf ? "CRLF" : "LF");
	else if (!csv_read(&s, end, j->delimiter->byte, &header) || header.count > COLUMNS_MAX)
		snprintf(j->error, sizeof(j->error), "InvalidBatch : Records not found");
	else
		fields = find_columns(j, object, &header);
	if (fields) {
		put_header(j, "sf__Created", &header, &j->successes);
		put_header(j, "sf__Error", &header, &j->failures);
		put_header(j, NULL, &header, &j->unprocessed);
		run_records(c, j, s, end, object, fields, header.count, later);
		buf_put(&j->successes, buf_str(&later[0]), later[0].len);
		buf_put(&j->failures, buf_str(&later[1]), later[1].len);
		j->end = JOB_COMPLETE;
	} else {
		buf_put(&j->unprocessed, buf_str(&j->body), j->body.len);
	}
	buf_free(&later[0]);
	buf_free(&later[1]);
	csv_row_free(&header);
	free(fields);
	buf_free(&j->body);
}

/* One job */

static void
serve_one(struct call *c, enum job_kind kind)
{
	struct jobs *js = c->org->jobs;
	struct job **at;
	cJSON *body = call_is(c, "PATCH") ? read_json(c) : NULL;
	const char *state = cJSON_GetStringValue(cJSON_GetObjectItem(body, "state"));

	if (call_is(c, "PATCH") && !body)
		return;
	pthread_mutex_lock(&js->lock);
	struct job *j = find(js, kind, c->part[2], &at);
	if (!j) {
		reply_error(c->reply, "NOT_FOUND", NULL);
	} else if (call_is(c, "GET")) {
		look(c, j);
		put_info(c, j, &c->reply->body);
	} else if (call_is(c, "DELETE")) {
		if (j->state < JOB_COMPLETE) {
			reply_error_status(c->reply, 400, "INVALIDJOBSTATE",
			    "a job can be deleted when it has ended");
		} else {
			*at = j->next;
			job_free(j);
			c->reply->status = 204;
		}
	} else if (state && strcmp(state, "Aborted") == 0 && j->state < JOB_COMPLETE) {
		j->state = JOB_ABORTED;
		if (j->uploaded && j->unprocessed.len == 0)
			buf_put(&j->unprocessed, j->body.data, j->body.len);
		put_info(c, j, &c->reply->body);
	} else if (state && strcmp(state, "UploadComplete") == 0 && kind == JOB_INGEST &&
	    j->state == JOB_OPEN) {
		ingest(c, j);
		put_info(c, j, &c->reply->body);
	} else {
		reply_error_status(c->reply, 400, "INVALIDJOBSTATE",
		    "the job is not in a state for this");
	}
	pthread_mutex_unlock(&js->lock);
	cJSON_Delete(body);
}

void
jobs_serve_query(struct call *c)
{
	serve_one(c, JOB_QUERY);
}

void
jobs_serve_ingest(struct call *c)
{
	serve_one(c, JOB_INGEST);
}

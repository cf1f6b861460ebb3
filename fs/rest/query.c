/*
 * Documents, as pages of queries: those that there are, those that are linked to something, and
 * versions, each a document with that version.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/log.h"

#include "internal.h"

#define LOST_LOCATORS	3	/* how often a query begins again without getting further */
#define VALUES_MOST (512 * 1024) /* in an answer; a page of 2,000 documents has some 80,000 */

/*
 * Reading records.
 */

/* The number that `\uXXXX` at s stands for; -1: it is none. */
static int
escaped_unit(const char *s, const char *end)
{
	int n = 0;

	if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		if (!isxdigit((unsigned char)s[i]))
			return -1;
		n = n * 16 + (isdigit((unsigned char)s[i]) ? s[i] - '0' : (s[i] | 0x20) - 'a' + 10);
	}
	return n;
}

/*
 * The escape at s, within a string, made one that a parser takes, in its place: U+FFFD for half of
 * a surrogate pair and for NUL, which no name can hold, and a question mark for a backslash that
 * escapes nothing. How many bytes it has.
 */
static size_t
mend_escape(char *s, const char *end, unsigned *mended)
{
	int unit = escaped_unit(s, end);

	if (unit < 0) {
		if (end - s >= 2 && s[1] && strchr("\"\\/bfnrt", s[1]))
			return 2;
		s[0] = '?';
		++*mended;
		return 1;
	}
	if (unit >= 0xd800 && unit < 0xdc00) {
		int low = escaped_unit(s + 6, end);

		if (low >= 0xdc00 && low < 0xe000)
			return 12;
	}
	if (unit == 0 || (unit >= 0xd800 && unit < 0xe000)) {
		memcpy(s + 2, "fffd", 4);
		++*mended;
	}
	return 6;
}

/* Whether there are not too many values in it: each but the first stands behind a comma or a
 * bracket. Mends the strings. */
static bool
mend_json(struct buf *b, unsigned *mended)
{
	size_t values = 0;
	bool text = false;

	for (size_t i = 0; i < b->len && values <= VALUES_MOST; i++) {
		const char c = b->data[i];

		if (text && c == '\\')
			i += mend_escape(b->data + i, b->data + b->len, mended) - 1;
		else if (c == '"')
			text = !text;
		else if (!text && (c == ',' || c == '[' || c == '{'))
			values++;
	}
	return values <= VALUES_MOST;
}

cJSON *
rest_parse(struct buf *body)
{
	unsigned mended = 0;
	cJSON *json =
	    mend_json(body, &mended) ? cJSON_ParseWithLength(buf_str(body), body->len) : NULL;

	if (json && mended)
		log_warn("salesforce",
		    "an answer has %u escaped characters that are none: U+FFFD or ? instead",
		    mended);
	return json;
}

const cJSON *
rest_value_at(const cJSON *record, const char *path)
{
	char part[64];

	for (;;) {
		const char *dot = strchr(path, '.');
		size_t n = dot ? (size_t)(dot - path) : strlen(path);

		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		record = cJSON_GetObjectItemCaseSensitive(record, part);
		if (!dot || !record)
			return record;
		path = dot + 1;
	}
}

/* "2024-01-01T00:00:00.000+0000" (always UTC on the wire) in milliseconds; -1 for anything else. */
static int64_t
parse_time(const char *s)
{
	struct tm tm = { 0 };
	int ms = 0, used = 0;

	if (!s || sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d.%3d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
	    &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms, &used) != 7)
		return -1;
	if (strcmp(s + used, "+0000") != 0 && strcmp(s + used, "Z") != 0)
		return -1;
	if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
	    tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60 || tm.tm_hour < 0 ||
	    tm.tm_min < 0 || tm.tm_sec < 0 || ms < 0)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	time_t t = timegm(&tm);
	return t < 0 ? -1 : (int64_t)t * 1000 + ms;
}

int64_t
rest_int(const cJSON *v)
{
	double d = cJSON_IsNumber(v) ? v->valuedouble : -1;

	return d >= 0 && d < 9007199254740992.0 && d == (double)(int64_t)d ? (int64_t)d : -1;
}

void
rest_id(const cJSON *v, char out[19])
{
	const char *s = cJSON_GetStringValue(v);

	out[0] = '\0';
	if (s &&
	    strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == 18 &&
	    s[18] == '\0')
		memcpy(out, s, 19);
}

#define READ_ID(member, path)	rest_id(rest_value_at(record, path), d->member);
#define READ_TEXT(member, path)	d->member = cJSON_GetStringValue(rest_value_at(record, path));
#define READ_INT(member, path)	d->member = rest_int(rest_value_at(record, path));
#define READ_TIME(member, path)                                                                    \
	d->member = parse_time(cJSON_GetStringValue(rest_value_at(record, path)));
#define READ_BOOL(member, path)	d->member = cJSON_IsTrue(rest_value_at(record, path));

/* Fills d from a record; what is missing, null or of another type is as if it were null. */
static void
read_document(const cJSON *record, struct document *d)
{
	*d = (struct document){ 0 };
#define X(kind, member, path) READ_##kind(member, path)
	DOCUMENT_FIELDS(X)
#undef X
}

static void
read_version(const cJSON *record, struct document *d)
{
	*d =
	    (struct document){ .content_modified = -1, .last_modified = -1, .system_modstamp = -1 };
#define X(kind, member, path) READ_##kind(member, path)
	DOCUMENT_VERSION_FIELDS(X)
#undef X
	d->created = d->version_created;
}

/* What is not in Salesforce may have no size there; it has no bytes then. */
static bool
has_size(struct document *d)
{
	if (d->content_size < 0 && d->content_location && strchr("EL", *d->content_location))
		d->content_size = 0;
	return d->content_size >= 0;
}

/*
 * A document that can be served has an Id; one that is not deleted also a version, a
 * size and a date to order it by age.
 */
static bool
makes_sense(struct document *d, const struct rest_query *q)
{
	if (strncmp(d->id, "069", 3) != 0)
		return false;
	if (q->only_ids)
		return true;
	if (q->source != REST_VERSIONS && d->system_modstamp < 0)
		return false;
	return d->is_deleted ||
	    (strncmp(d->version_id, "068", 3) == 0 && has_size(d) && d->created >= 0);
}

struct document_reader {
	const struct rest_query *query;
	rest_each	*each;
	void		*ctx;
	char		 last[19];	/* the last Id that came */
	int64_t		 newest;	/* the largest SystemModstamp that came (ms) */
};

static int
read_record(void *ctx, const cJSON *record)
{
	struct document_reader *r = ctx;
	const bool is_version = r->query->source == REST_VERSIONS;
	struct document d;

	if (is_version)
		read_version(record, &d);
	else
		read_document(r->query->source == REST_LINKED ?
			rest_value_at(record, "ContentDocument") :
			record,
		    &d);
	if (!makes_sense(&d, r->query))
		return 1;
	memcpy(r->last, is_version ? d.version_id : d.id, sizeof(r->last));
	if (d.system_modstamp > r->newest)
		r->newest = d.system_modstamp;
	return r->each(r->ctx, &d);
}

int
rest_read_records(const cJSON *json, rest_take *take, void *ctx, char **next)
{
	const cJSON *records = cJSON_GetObjectItemCaseSensitive(json, "records");
	const char *url =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "nextRecordsUrl"));
	const cJSON *done = cJSON_GetObjectItemCaseSensitive(json, "done");
	unsigned skipped = 0;
	const cJSON *record;

	if (!cJSON_IsArray(records) || !cJSON_IsBool(done) || (url && url[0] != '/') ||
	    (!cJSON_IsTrue(done) && (!url || !records->child)))
		return -EBADMSG;
	cJSON_ArrayForEach(record, records) {
		int rc = take(ctx, record);

		if (rc < 0)
			return rc;
		skipped += rc > 0;
	}
	if (!cJSON_IsTrue(done) && !(*next = strdup(url)))
		return -ENOMEM;
	if (skipped)
		log_warn("salesforce",
		    "query: %u of %d records left out: no usable Id, version, size or date",
		    skipped, cJSON_GetArraySize(records));
	return 0;
}

int
rest_read_page(struct rest *r, struct http_response *a, rest_take *take, void *ctx, char **next,
    struct rest_page *page)
{
	cJSON *json = rest_parse(&a->body);
	int rc = rest_read_records(json, take, ctx, next);

	if (rc == 0 && page)
		*page = (struct rest_page){ .last = !*next,
			.total = rest_int(cJSON_GetObjectItemCaseSensitive(json, "totalSize")),
			.date = a->date < 0 ? -1 : a->date * 1000 };
	cJSON_Delete(json);
	if (rc != -EBADMSG)
		return rc;
	rest_log(r, "query: the answer is not a page of records (%zu bytes, %s)", a->body.len,
	    *a->content_type ? a->content_type : "no content type");
	return -EIO;
}

/*
 * Queries.
 */

/* A resource that is not there: the org does not know this version of the API. */
static int
log_no_resource(struct rest *r)
{
	rest_log(r, "query: Salesforce answered 404: has it no API version %s? Set api_version",
	    r->api_version);
	return -EINVAL;
}

int
rest_get_query(struct rest *r, enum rest_kind kind, const char *resource, const struct buf *soql,
    struct rest_refusal *refusal, struct http_response *answer)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "/services/data/v%s/%s?q=", r->api_version, resource);
	buf_put_url(&path, buf_str(soql), soql->len);
	path.failed |= soql->failed;
	int rc = rest_get(r, kind, &path, refusal, answer);
	buf_free(&path);
	return rc == -ENOENT ? log_no_resource(r) : rc;
}

static int
get_next(struct rest *r, enum rest_kind kind, const char *next, struct rest_refusal *refusal,
    struct http_response *answer)
{
	struct buf path = BUF_INIT;

	buf_puts(&path, next);
	int rc = rest_get(r, kind, &path, refusal, answer);
	buf_free(&path);
	return rc == -ENOENT ? log_no_resource(r) : rc;
}

/* A page that leads to itself has no end. */
static int
check_next(struct rest *r, const char *asked, char **next)
{
	if (!asked || !*next || strcmp(asked, *next) != 0)
		return 0;
	rest_log(r, "query: the answer is a page that leads to itself");
	free(*next);
	*next = NULL;
	return -EIO;
}

int
rest_read_next(struct rest *r, enum rest_kind kind, rest_take *take, void *ctx, char **next)
{
	struct http_response answer;
	char *asked = *next;
	int rc = get_next(r, kind, asked, NULL, &answer);

	*next = NULL;
	if (rc == 0) {
		rc = rest_read_page(r, &answer, take, ctx, next, NULL);
		http_response_free(&answer);
	}
	if (rc == 0)
		rc = check_next(r, asked, next);
	free(asked);
	return rc;
}

static void
put_soql_time(struct buf *b, int64_t ms)
{
	time_t t = ms / 1000;
	char s[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(s, sizeof(s), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(b, "%s.%03dZ", s, (int)(ms % 1000));
}

static void
put_ids(struct buf *b, const char (*ids)[19], size_t n)
{
	for (size_t i = 0; i < n;
	     i++) /* letters and digits alone: name_id or an earlier page vouched for them */
		buf_printf(b, "%s'%s'", i ? "," : "", ids[i]);
}

/* The fields that the user may see. */
static void
put_fields(const struct rest *r, struct buf *b, const struct rest_query *q)
{
	const char *prefix = q->source == REST_LINKED ? "ContentDocument." : "", *comma = "";
	const bool *hidden = r->hidden[q->source == REST_VERSIONS];

	if (q->only_ids) {
		buf_puts(b, q->since >= 0 ? "Id,IsDeleted,SystemModstamp" : "Id");
		return;
	}
#define X(kind, member, path)                                                                      \
	if (!hidden[FIELD_##member]) {                                                             \
		buf_printf(b, "%s%s%s", comma, prefix, path);                                      \
		comma = ",";                                                                       \
	}
	if (q->source == REST_VERSIONS) {
		DOCUMENT_VERSION_FIELDS(X)
	} else {
		DOCUMENT_FIELDS(X)
	}
#undef X
}

static void
put_condition(const struct rest_query *q, struct buf *b)
{
	const char *and = " WHERE ";
	const size_t start = b->len;

#define AND (b->len > start ? " AND " : and)
	if (q->source == REST_LINKED)
		buf_printf(b, "%sLinkedEntityId = '%s'", AND, q->linked_to);
	if (q->since >= 0) {
		buf_printf(b, "%sSystemModstamp >= ", AND);
		put_soql_time(b, q->since);
	} else if (q->ids) {
		buf_printf(
		    b, "%s%s IN (", AND, q->source == REST_VERSIONS ? "ContentDocumentId" : "Id");
		put_ids(b, q->ids, q->id_count);
		buf_putc(b, ')');
	} else if (q->after) {
		buf_printf(b, "%sId > '%s'", AND, q->after);
	}
	if (q->archived && q->since < 0)
		buf_printf(b, "%sIsDeleted = FALSE", AND);
	if (q->filter)
		buf_printf(b, "%s(%s)", AND, q->filter);
#undef AND
}

static void
put_documents_soql(const struct rest *r, struct buf *b, const struct rest_query *q)
{
	static const char *const objects[] = {
		[REST_DOCUMENTS] = "ContentDocument",
		[REST_LINKED] = "ContentDocumentLink",
		[REST_VERSIONS] = "ContentVersion",
	};

	buf_puts(b, "SELECT ");
	put_fields(r, b, q);
	buf_printf(b, " FROM %s", objects[q->source]);
	put_condition(q, b);
	if (q->source != REST_LINKED)
		buf_puts(b, q->since >= 0 ? " ORDER BY SystemModstamp, Id" : " ORDER BY Id");
}

/* Whether a document can be served without the field. */
static bool
is_optional(unsigned field)
{
	switch (field) {
	case FIELD_id:
	case FIELD_content_size:
	case FIELD_created:
	case FIELD_system_modstamp:
	case FIELD_version_id:
	case FIELD_is_deleted: case FIELD_is_archived:
		return false;
	default:
		return true;
	}
}

/*
 * After INVALID_FIELD: hides the field that the message names ("No such column 'X' ..."; the rest
 * of it is localised). False: there is none that one could do without.
 */
static bool
hide_field(struct rest *r, const struct rest_query *q, const char *message)
{
	static const char *const paths[] = {
#define X(kind, member, path) path,
		DOCUMENT_FIELDS(X)
#undef X
	};
	const char *last = strrchr(message, '\n');
	char quoted[64];

	for (unsigned i = 0; i < FIELDS; i++) {
		const char *dot = strchr(paths[i], '.');

		snprintf(quoted, sizeof(quoted), "'%s'", dot ? dot + 1 : paths[i]);
		if (!is_optional(i) || !strstr(last ? last : message, quoted))
			continue;
		/* That a condition cannot be on it says nothing of who may see it. */
		if (q->filter && strcasestr(q->filter, dot ? dot + 1 : paths[i]))
			return false;
		pthread_mutex_lock(&r->lock);
		bool *hidden = r->hidden[q->source == REST_VERSIONS];
		bool known = hidden[i];		/* by another query, while this one was under way */
		hidden[i] = true;
		pthread_mutex_unlock(&r->lock);
		if (!known)
			log_warn("salesforce",
			    "the user may not see %s of documents (field-level security): done without",
			    paths[i]);
		return !known || !q->filter;	/* a filter goes on naming it */
	}
	return false;
}

static enum rest_kind
kind_of(const struct rest_query *q)
{
	return q->only_ids		       ? REST_LIST :
	    q->since >= 0		       ? REST_REFRESH :
	    q->ids || q->source == REST_LINKED ? REST_DEMAND :
						 REST_FILL;
}

/* A query that the org does not take is the fault of the filter, if there is one. */
static int
log_refusal(struct rest *r, const struct rest_query *q, const struct rest_refusal *refusal)
{
	const char *last = strrchr(refusal->message, '\n'); /* what precedes it repeats the query */

	if (q->filter)
		rest_log(r, "filter = %s: Salesforce answered %s (%.160s)", q->filter,
		    refusal->code, last ? last + 1 : refusal->message);
	else
		rest_log(r,
		    "query: Salesforce answered %s (%.160s); see the user's field-level security",
		    refusal->code, refusal->message);
	return q->filter ? -EINVAL : -EIO;
}

/* The first page, or that at *next, which is replaced by where the one after it is. */
static int
read_documents(struct rest *r, struct document_reader *reader, char **next, struct rest_page *page)
{
	const struct rest_query *q = reader->query;
	const char *resource = q->since >= 0 || q->archived ? "queryAll" : "query";
	struct rest_refusal refusal = { .expected = q->filter ? "" : "INVALID_FIELD" };
	struct http_response answer;
	struct buf soql = BUF_INIT;
	char *asked = *next;
	unsigned tries = 0;
	int rc;

	*next = NULL;
	do {
		buf_clear(&soql);
		pthread_mutex_lock(&r->lock);
		put_documents_soql(r, &soql, q);
		pthread_mutex_unlock(&r->lock);
		rc = asked ? get_next(r, kind_of(q), asked, &refusal, &answer) :
			     rest_get_query(r, kind_of(q), resource, &soql, &refusal, &answer);
	} while (rc == -EOPNOTSUPP && tries++ < FIELDS && hide_field(r, q, refusal.message));
	buf_free(&soql);
	if (rc == -EOPNOTSUPP) {
		rc = log_refusal(r, q, &refusal);
	} else if (rc == 0) {
		rc = rest_read_page(r, &answer, read_record, reader, next, page);
		http_response_free(&answer);
	}
	if (rc == 0)
		rc = check_next(r, asked, next);
	free(asked);
	return rc;
}

/* Whether the page has brought something that comes after all that came before. */
static bool
is_further(const struct rest_query *q, const struct document_reader *now,
    const struct document_reader *before)
{
	return q->since >= 0 ? now->newest > before->newest :
			       !q->ids && strcmp(now->last, before->last) != 0;
}

int
rest_documents(struct rest *r, const struct rest_query *query, rest_each *each,
    rest_end_page *end_page, void *ctx)
{
	struct rest_query q = *query;
	struct document_reader reader = { .query = &q, .each = each, .ctx = ctx, .newest = -1 };
	struct rest_page page;
	unsigned lost = 0;		/* locators in a row, without getting further in between */
	char *next = NULL;
	int rc;

	do {
		const struct document_reader before = reader;

		page = (struct rest_page){ .date = -1 };
		rc = read_documents(r, &reader, &next, &page);
		if (rc == -ESTALE && q.source != REST_LINKED && lost++ < LOST_LOCATORS) {
			if (*reader.last)
				q.after = reader.last;
			if (q.since >= 0 && reader.newest > q.since)
				q.since = reader.newest;
			rc = 0;
			continue;
		}
		if (rc == -ESTALE) {
			if (q.source != REST_LINKED)
				log_warn("salesforce",
				    "Salesforce loses every query locator that it gives");
			rc = -EIO;
		}
		if (is_further(&q, &reader, &before))
			lost = 0;
		rc = end_page(ctx, rc, &page);
	} while (rc == 0 && !page.last);
	free(next);
	return rc;
}

int
rest_count(struct rest *r, enum rest_count what, int64_t *out)
{
	static const struct { const char *resource, *soql;
	} counts[] = {
		[REST_COUNT_DOCUMENTS] = { "query", "SELECT COUNT() FROM ContentDocument" },
		[REST_COUNT_ARCHIVED] = { "queryAll",
		    "SELECT COUNT() FROM ContentDocument WHERE IsArchived = true AND IsDeleted = false" },
		[REST_COUNT_ATTACHMENTS] = { "query", "SELECT COUNT() FROM Attachment" },
		[REST_COUNT_LEGACY_DOCUMENTS] = { "query", "SELECT COUNT() FROM Document" },
	};
	struct rest_refusal refusal = { .expected = "INVALID_TYPE" };
	struct buf soql = BUF_INIT;
	struct http_response answer;

	buf_puts(&soql, counts[what].soql);
	int rc = rest_get_query(r, REST_DEMAND, counts[what].resource, &soql, &refusal, &answer);
	if (rc == 0) {
		cJSON *json = rest_parse(&answer.body);
		int64_t n = rest_int(cJSON_GetObjectItemCaseSensitive(json, "totalSize"));

		if (n < 0)
			rc = -EIO;
		else
			*out = n;
		cJSON_Delete(json);
		http_response_free(&answer);
	}
	buf_free(&soql);
	return rc;
}

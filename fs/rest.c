/*
 * One request is: take the bearer token, ask, and look at the answer. What is
 * worth another try (network, overload) is tried again after a pause that
 * doubles and has jitter; a 401 renews the token once. `settle` decides, from
 * the HTTP status first and the error code second: messages are localised.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "auth/buf.h"
#include "auth/http.h"
#include "auth/log.h"
#include "auth/token.h"

#include "rest.h"

#define PAGE_LIMIT	(48u << 20)	/* bytes of JSON in one page of 2,000 records with the longest texts */
#define QUERY_TIMEOUT	150		/* seconds: Salesforce ends a query after 120 */
#define MESSAGE		4096	/* bytes of an error message: one of a query repeats the query */
#define PAUSE_FIRST	500		/* ms before the second try; doubles */
#define PAUSE_MOST	(60 * 1000)	/* ms */
#define SPENT_PAUSE	(15 * 60)	/* seconds without calls once the API limit is spent: it is counted over a rolling day */

/* The fields of a document by number. */
enum {
#define X(kind, member, path) FIELD_##member,
	DOCUMENT_FIELDS(X)
#undef X
	FIELDS
};

struct rest {
	struct http	*http;
	struct token	*token;
	char		 api_version[8];
	unsigned	 tries;

	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 stop;		/* on cancelled */
	bool		 cancelled;
	int64_t		 spent_until;	/* monotonic seconds; 0: the API limit is not spent */
	char		 told[256];	/* the last failure that was logged: said once until something works */
	bool		 unreachable;	/* that there is no way to the org was logged, and no answer has come since */
	struct rest_stats stats;
	unsigned	 seed;
	bool		 hidden[FIELDS];	/* fields that the org says it does not have: not asked for again */
};

enum verdict { GOOD, AGAIN, RENEW, BAD };

int
rest_open(struct http *http, struct token *token, const struct rest_options *o, struct rest **out)
{
	struct rest *r = calloc(1, sizeof(*r));
	pthread_condattr_t monotonic;

	if (!r)
		return -ENOMEM;
	r->http = http;
	r->token = token;
	r->tries = o->tries ? o->tries : 1;
	snprintf(r->api_version, sizeof(r->api_version), "%s", o->api_version);
	r->stats.api_used = r->stats.api_max = -1;
	r->seed = (unsigned)time(NULL) ^ (unsigned)(uintptr_t)r;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&r->stop, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*out = r;
	return 0;
}

void
rest_close(struct rest *r)
{
	if (!r)
		return;
	pthread_cond_destroy(&r->stop);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void
rest_cancel(struct rest *r)
{
	pthread_mutex_lock(&r->lock);
	r->cancelled = true;
	pthread_cond_broadcast(&r->stop);
	pthread_mutex_unlock(&r->lock);
	http_cancel(r->http);
}

void
rest_stats(struct rest *r, struct rest_stats *out)
{
	pthread_mutex_lock(&r->lock);
	*out = r->stats;
	pthread_mutex_unlock(&r->lock);
}

static int64_t
monotonic_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Sleeps before try number `tried` + 1. -EINTR: cancelled. */
static int
pause_before_retry(struct rest *r, unsigned tried, int64_t retry_after)
{
	struct timespec until;
	int64_t ms = PAUSE_FIRST;

	for (unsigned i = 1; i < tried && ms < PAUSE_MOST; i++)
		ms *= 2;
	clock_gettime(CLOCK_MONOTONIC, &until);

	pthread_mutex_lock(&r->lock);
	ms += rand_r(&r->seed) % (ms / 2);
	if (retry_after >= 0 && retry_after * 1000 > ms)
		ms = retry_after * 1000;
	if (ms > PAUSE_MOST)
		ms = PAUSE_MOST;
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!r->cancelled && pthread_cond_timedwait(&r->stop, &r->lock, &until) == 0)
		continue;
	int rc = r->cancelled ? -EINTR : 0;
	pthread_mutex_unlock(&r->lock);
	return rc;
}

/* One line a cause: what was just said is not said again until something has worked in between. */
__attribute__((format(printf, 2, 3)))
static void
tell(struct rest *r, const char *fmt, ...)
{
	char text[sizeof(r->told)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&r->lock);
	bool again = strcmp(text, r->told) == 0;
	memcpy(r->told, text, sizeof(text));
	r->stats.errors++;
	pthread_mutex_unlock(&r->lock);
	if (!again)
		log_warn("salesforce", "%s", text);
}

/* As tell, for a request that got no answer: once until one comes, however the reasons vary. */
static void
tell_unreachable(struct rest *r, const char *what, const char *why)
{
	pthread_mutex_lock(&r->lock);
	bool again = r->unreachable;
	r->unreachable = true;
	r->stats.errors++;
	pthread_mutex_unlock(&r->lock);
	if (!again)
		log_warn("salesforce", "%s: the org is out of reach: %s", what, why);
}

static void
note_answer(struct rest *r, const struct http_response *a, bool good)
{
	const char *usage = strstr(a->limit_info, "api-usage=");
	long long used, max;

	pthread_mutex_lock(&r->lock);
	if (usage && sscanf(usage, "api-usage=%lld/%lld", &used, &max) == 2) {
		r->stats.api_used = used;
		r->stats.api_max = max;
	}
	r->unreachable = false;
	if (good)
		r->told[0] = '\0';
	pthread_mutex_unlock(&r->lock);
}

/* -EDQUOT while the API limit is spent, -EINTR when cancelled, else 0. */
static int
may_call(struct rest *r)
{
	int rc = 0;

	pthread_mutex_lock(&r->lock);
	if (r->cancelled)
		rc = -EINTR;
	else if (r->spent_until > monotonic_seconds())
		rc = -EDQUOT;
	pthread_mutex_unlock(&r->lock);
	return rc;
}

static void
spend_limit(struct rest *r)
{
	char when[16];
	time_t at = time(NULL) + SPENT_PAUSE;
	struct tm tm;

	localtime_r(&at, &tm);
	strftime(when, sizeof(when), "%H:%M", &tm);
	pthread_mutex_lock(&r->lock);
	r->spent_until = monotonic_seconds() + SPENT_PAUSE;
	pthread_mutex_unlock(&r->lock);
	tell(r, "Salesforce API limit: the org's requests of the last 24 hours are used up; no calls until %s, what is cached is still served", when);
}

/* The errorCode and message of `[{"errorCode":"...","message":"..."}]`; "" where the body is something else. */
static void
error_of(const struct buf *body, char code[64], char message[MESSAGE])
{
	cJSON *json = cJSON_ParseWithLength(buf_str(body), body->len);
	const cJSON *first = cJSON_GetArrayItem(json, 0);
	const char *c = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(first, "errorCode"));
	const char *m = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(first, "message"));

	snprintf(code, 64, "%s", c ? c : "");
	snprintf(message, MESSAGE, "%s", m ? m : "");
	cJSON_Delete(json);
}

/* What is asked, as far as the log, the counters and the judgement of the answer need to know. */
struct ask {
	const char	*what;		/* the subject of the log line */
	const char	*path;		/* below instance_url */
	uint64_t	*counter;
	const char	*expected;	/* an errorCode that is as good an answer as any: -EOPNOTSUPP, not told; NULL: none */
	char		*said;		/* room for MESSAGE bytes: what the org said to it; may be NULL */
};

/* What an error answer means. *rc is set unless the verdict is GOOD; for AGAIN and RENEW it is the error if no try is left. */
static enum verdict
settle(struct rest *r, const struct ask *ask, const struct http_response *a, int *rc)
{
	char code[64], message[MESSAGE];

	if (a->status == 200 || a->status == 206)
		return GOOD;
	error_of(&a->body, code, message);
	if (ask->expected && strcmp(code, ask->expected) == 0) {
		if (ask->said)
			memcpy(ask->said, message, MESSAGE);
		*rc = -EOPNOTSUPP;
		return BAD;
	}
	if (a->status == 401 || (a->status == 403 && strstr(buf_str(&a->body), "Bad_OAuth_Token"))) {
		*rc = -EACCES;
		return RENEW;
	}
	if (a->status == 404 || strcmp(code, "ENTITY_IS_DELETED") == 0) {
		*rc = -ENOENT;
		return BAD;
	}
	if (strcmp(code, "INVALID_QUERY_LOCATOR") == 0) {
		*rc = -ESTALE;
		return BAD;
	}
	if (strcmp(code, "REQUEST_LIMIT_EXCEEDED") == 0) {
		/* Two limits share the code; only the text tells the concurrent one, which passes by itself. */
		*rc = -EDQUOT;
		if (strstr(message, "oncurrent"))
			return AGAIN;
		spend_limit(r);
		return BAD;
	}
	if (a->status == 416 || a->status == 420 || a->status == 429 || a->status >= 500 || strcmp(code, "UNABLE_TO_LOCK_ROW") == 0) {
		*rc = a->status == 500 ? -EIO : -ETIMEDOUT;
		return AGAIN;
	}
	*rc = a->status == 403 || strstr(code, "ACCESS") || strstr(code, "CUSTOMIZED_DOWNLOAD") ? -EACCES :
	    a->status == 410 ? -EINVAL : -EIO;
	const char *last = strrchr(message, '\n');	/* what precedes it repeats the query */
	tell(r, "%s: Salesforce answered %d %s%s%.160s%s", ask->what, a->status, code, *message ? " (" : "", last ? last + 1 : message,
	    *message ? ")" : a->status == 410 ? "this API version is retired; set api_version" : "");
	return BAD;
}

/* Why no answer came, as the caller sees it: all ways of being out of reach are a time-out to a reader. */
static int
network_error(int rc)
{
	switch (rc) {
	case -EHOSTUNREACH: case -ETIMEDOUT: case -ECONNRESET: case -EPROTO:
		return -ETIMEDOUT;
	case -EMSGSIZE:
		return -EIO;
	default:
		return rc;
	}
}

static bool
worth_another_try(int rc)
{
	return rc == -EHOSTUNREACH || rc == -ECONNRESET;
}

static void
count(struct rest *r, uint64_t *counter)
{
	pthread_mutex_lock(&r->lock);
	++*counter;
	pthread_mutex_unlock(&r->lock);
}

/* One exchange with the token of the moment. *serial: which token that was. */
static int
ask_once(struct rest *r, const struct ask *ask, struct http_request *q, struct http_response *a, unsigned *serial)
{
	static const char *const headers[] = {
		"Accept: application/json",
		"Sforce-Call-Options: client=sffs/" SFFS_VERSION,
		"Sforce-Query-Options: batchSize=2000",
		NULL
	};
	struct bearer bearer = { 0 };
	struct buf url = BUF_INIT;
	int rc = may_call(r);

	if (rc == 0)
		rc = token_bearer(r->token, &bearer);
	if (rc < 0)
		return rc;
	*serial = bearer.serial;
	buf_puts(&url, bearer.instance_url);
	buf_puts(&url, ask->path);
	if (url.failed) {
		rc = -ENOMEM;
	} else {
		q->url = buf_str(&url);
		q->bearer = &bearer.access_token;
		q->headers = headers;
		count(r, ask->counter);
		rc = http_do(r->http, q, a);
	}
	buf_free(&url);
	bearer_free(&bearer);
	return rc;
}

/* How a try ended that was not good: whether another may help, and how long the org asks to wait for it. */
struct retry {
	bool	again;
	int64_t	after;		/* seconds; -1: not told */
};

/*
 * One try, in which a 401 renews the token and asks once more. The answer's parts are the caller's (http_response_free) on success only.
 */
static int
attempt(struct rest *r, const struct ask *ask, struct http_request *q, struct http_response *a, struct retry *retry)
{
	int rc = 0;

	for (bool renewed = false;; renewed = true) {
		unsigned serial = 0;

		*retry = (struct retry){ .after = -1 };
		*a = (struct http_response){ .date = -1, .retry_after = -1 };
		int sent = ask_once(r, ask, q, a, &serial);
		if (sent < 0) {
			rc = network_error(sent);
			retry->again = worth_another_try(sent) || (sent == -EPROTO && q->range_from > 0);
			if (*a->error)
				tell_unreachable(r, ask->what, a->error);
			http_response_free(a);
			return rc;
		}
		enum verdict verdict = settle(r, ask, a, &rc);
		note_answer(r, a, verdict == GOOD);
		if (verdict == GOOD)
			return 0;
		retry->again = verdict == AGAIN;
		retry->after = a->retry_after;
		if (verdict == AGAIN)
			tell(r, "%s: Salesforce answered %d", ask->what, a->status);
		http_response_free(a);
		if (verdict != RENEW)
			return rc;
		if (renewed) {
			tell(r, "%s: Salesforce refuses a token that it has just given; see Setup > Session Settings "
			    "(sessions locked to an IP address) or log in again", ask->what);
			return rc;
		}
		rc = token_renew(r->token, serial);
		if (rc < 0)
			return network_error(rc);
	}
}

/* Whether to try again after `tried` tries; has slept if so. */
static bool
try_again(struct rest *r, unsigned tried, const struct retry *retry, int *rc)
{
	if (*rc == 0 || !retry->again || tried >= r->tries)
		return false;
	int slept = pause_before_retry(r, tried, retry->after);
	if (slept < 0)
		*rc = slept;
	return slept == 0;
}

/* A query's answer, after as many tries as it takes. The caller's on success only. */
static int
query(struct rest *r, const struct buf *path, const char *expected, char *said, struct http_response *answer)
{
	struct http_request request = { .compressed = true, .total_timeout = QUERY_TIMEOUT, .body_limit = PAGE_LIMIT };
	const struct ask ask = { .what = "query", .path = buf_str(path), .counter = &r->stats.queries, .expected = expected, .said = said };
	struct retry retry;
	unsigned tried = 0;
	int rc;

	if (path->failed)
		return -ENOMEM;
	do
		rc = attempt(r, &ask, &request, answer, &retry);
	while (try_again(r, ++tried, &retry, &rc));
	if (rc == -ENOENT) {
		tell(r, "query: Salesforce answered 404: has it no API version %s? Set api_version", r->api_version);
		rc = -EINVAL;
	}
	return rc;
}

/*
 * Reading records.
 */

/* The value at a path such as "LatestPublishedVersion.Checksum"; NULL where something on the way is null or no object. */
static const cJSON *
value_at(const cJSON *record, const char *path)
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
	if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60 || tm.tm_hour < 0 || tm.tm_min < 0 || tm.tm_sec < 0 || ms < 0)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	time_t t = timegm(&tm);
	return t < 0 ? -1 : (int64_t)t * 1000 + ms;
}

static int64_t
parse_int(const cJSON *v)
{
	double d = cJSON_IsNumber(v) ? v->valuedouble : -1;

	return d >= 0 && d < 9007199254740992.0 ? (int64_t)d : -1;
}

static void
parse_id(const cJSON *v, char out[19])
{
	const char *s = cJSON_GetStringValue(v);

	out[0] = '\0';
	if (s && strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == 18 && s[18] == '\0')
		memcpy(out, s, 19);
}

#define READ_ID(member, path)	parse_id(value_at(record, path), d->member);
#define READ_TEXT(member, path)	d->member = cJSON_GetStringValue(value_at(record, path));
#define READ_INT(member, path)	d->member = parse_int(value_at(record, path));
#define READ_TIME(member, path)	d->member = parse_time(cJSON_GetStringValue(value_at(record, path)));
#define READ_BOOL(member, path)	d->member = cJSON_IsTrue(value_at(record, path));

/* Fills d from a record; what is missing, null or of another type is as if it were null. */
static void
read_document(const cJSON *record, struct document *d)
{
	*d = (struct document){ 0 };
#define X(kind, member, path) READ_##kind(member, path)
	DOCUMENT_FIELDS(X)
#undef X
}

/*
 * A document that can be served has an Id; one that is not deleted also a version, a
 * size and a date to order it by age.
 */
static bool
makes_sense(const struct document *d, bool only_id)
{
	if (strncmp(d->id, "069", 3) != 0)
		return false;
	if (only_id)
		return true;
	if (d->system_modstamp < 0)
		return false;
	return d->is_deleted ||
	    (strncmp(d->version_id, "068", 3) == 0 && d->content_size >= 0 && d->created >= 0);
}

static int
read_page(struct rest *r, const struct http_response *a, bool only_ids, rest_each *each, void *ctx, struct rest_page *out)
{
	struct rest_page page = { .date = a->date < 0 ? -1 : a->date * 1000 };
	cJSON *json = cJSON_ParseWithLength(buf_str(&a->body), a->body.len);
	const cJSON *records = cJSON_GetObjectItemCaseSensitive(json, "records");
	const char *next = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "nextRecordsUrl"));
	const cJSON *done = cJSON_GetObjectItemCaseSensitive(json, "done");
	const cJSON *record;
	int rc = 0;

	if (!cJSON_IsArray(records) || !cJSON_IsBool(done) || (!next && !cJSON_IsTrue(done)) ||
	    (next && next[0] != '/')) {
		tell(r, "query: the answer is not a page of records (%zu bytes, %s)", a->body.len,
		    *a->content_type ? a->content_type : "no content type");
		rc = -EIO;
		goto out;
	}
	page.total = parse_int(cJSON_GetObjectItemCaseSensitive(json, "totalSize"));
	cJSON_ArrayForEach(record, records) {
		struct document d;

		read_document(record, &d);
		if (!makes_sense(&d, only_ids))
			page.skipped++;
		else if ((rc = each(ctx, &d)) < 0)
			goto out;
	}
	if (!cJSON_IsTrue(done) && !(page.next = strdup(next))) {
		rc = -ENOMEM;
		goto out;
	}
	if (page.skipped)
		log_warn("salesforce", "query: %u of %d records left out: no usable Id, version, size or date", page.skipped,
		    cJSON_GetArraySize(records));
	*out = page;
out:
	cJSON_Delete(json);
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
	for (size_t i = 0; i < n; i++)		/* letters and digits alone: name_id or an earlier page vouched for them */
		buf_printf(b, "%s'%s'", i ? "," : "", ids[i]);
}

static void
put_documents_soql(const struct rest *r, struct buf *b, const struct rest_query *q)
{
	const char *comma = "";

	buf_puts(b, "SELECT ");
	if (q->only_ids)
		buf_puts(b, "Id");
	else {
#define X(kind, member, path) if (!r->hidden[FIELD_##member]) { buf_printf(b, "%s%s", comma, path); comma = ","; }
		DOCUMENT_FIELDS(X)
#undef X
	}
	buf_puts(b, " FROM ContentDocument");
	if (q->since >= 0) {
		buf_puts(b, " WHERE SystemModstamp >= ");
		put_soql_time(b, q->since);
		buf_puts(b, " ORDER BY SystemModstamp, Id");
		return;
	}
	if (q->ids) {
		buf_puts(b, " WHERE Id IN (");
		put_ids(b, q->ids, q->id_count);
		buf_putc(b, ')');
	} else if (q->after) {
		buf_printf(b, " WHERE Id > '%s'", q->after);
	}
	buf_puts(b, " ORDER BY Id");
}

/* The path that asks for a query's first page. */
static void
put_query_path(const struct rest *r, struct buf *path, const char *resource, const struct buf *soql)
{
	buf_printf(path, "/services/data/v%s/%s?q=", r->api_version, resource);
	buf_put_url(path, buf_str(soql), soql->len);
	path->failed |= soql->failed;
}

/* Whether a document can be served without the field. */
static bool
is_optional(unsigned field)
{
	switch (field) {
	case FIELD_id: case FIELD_content_size: case FIELD_created: case FIELD_system_modstamp: case FIELD_version_id:
	case FIELD_is_deleted: case FIELD_is_archived:
		return false;
	default:
		return true;
	}
}

/*
 * After INVALID_FIELD: hides the field that the message names ("No such column 'X' ..."; the rest of it is localised).
 * False: there is none that one could do without.
 */
static bool
hide_field(struct rest *r, const char *message)
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
		pthread_mutex_lock(&r->lock);
		bool known = r->hidden[i];
		r->hidden[i] = true;
		pthread_mutex_unlock(&r->lock);
		if (!known)
			log_warn("salesforce", "the user may not see %s of documents (field-level security): done without", paths[i]);
		return !known;
	}
	return false;
}

static int
query_documents(struct rest *r, const struct rest_query *q, char *said, struct http_response *answer)
{
	struct buf path = BUF_INIT, soql = BUF_INIT;
	int rc;

	if (q->next) {
		buf_puts(&path, q->next);
	} else {
		pthread_mutex_lock(&r->lock);
		put_documents_soql(r, &soql, q);
		pthread_mutex_unlock(&r->lock);
		put_query_path(r, &path, q->since >= 0 ? "queryAll" : "query", &soql);
	}
	rc = query(r, &path, "INVALID_FIELD", said, answer);
	buf_free(&soql);
	buf_free(&path);
	return rc;
}

int
rest_documents(struct rest *r, const struct rest_query *q, rest_each *each, void *ctx, struct rest_page *out)
{
	struct http_response answer;
	char said[MESSAGE] = "";
	int rc;

	do
		rc = query_documents(r, q, said, &answer);
	while (rc == -EOPNOTSUPP && hide_field(r, said));
	if (rc == -EOPNOTSUPP) {
		tell(r, "query: Salesforce answered INVALID_FIELD (%.160s); see the user's field-level security", said);
		return -EIO;
	}
	if (rc == 0) {
		rc = read_page(r, &answer, q->only_ids, each, ctx, out);
		http_response_free(&answer);
	}
	return rc;
}

int
rest_sees_all_files(struct rest *r, bool *out)
{
	struct buf path = BUF_INIT, soql = BUF_INIT;
	struct http_response answer;
	int rc;

	buf_puts(&soql, "SELECT Id FROM ContentDocumentLink LIMIT 1");
	put_query_path(r, &path, "query", &soql);
	rc = query(r, &path, "MALFORMED_QUERY", NULL, &answer);
	if (rc == 0)
		http_response_free(&answer);
	if (rc == 0 || rc == -EOPNOTSUPP) {
		*out = rc == 0;
		rc = 0;
	}
	buf_free(&soql);
	buf_free(&path);
	return rc;
}

int
rest_count(struct rest *r, enum rest_count what, int64_t *out)
{
	static const struct { const char *resource, *soql; } counts[] = {
		[REST_COUNT_DOCUMENTS] = { "query", "SELECT COUNT() FROM ContentDocument" },
		[REST_COUNT_ARCHIVED] = { "queryAll", "SELECT COUNT() FROM ContentDocument WHERE IsArchived = true AND IsDeleted = false" },
		[REST_COUNT_ATTACHMENTS] = { "query", "SELECT COUNT() FROM Attachment" },
		[REST_COUNT_LEGACY_DOCUMENTS] = { "query", "SELECT COUNT() FROM Document" },
	};
	struct buf path = BUF_INIT, soql = BUF_INIT;
	struct http_response answer;

	buf_puts(&soql, counts[what].soql);
	put_query_path(r, &path, counts[what].resource, &soql);
	int rc = query(r, &path, "INVALID_TYPE", NULL, &answer);
	if (rc == 0) {
		cJSON *json = cJSON_ParseWithLength(buf_str(&answer.body), answer.body.len);
		int64_t n = parse_int(cJSON_GetObjectItemCaseSensitive(json, "totalSize"));

		if (n < 0)
			rc = -EIO;
		else
			*out = n;
		cJSON_Delete(json);
		http_response_free(&answer);
	}
	buf_free(&soql);
	buf_free(&path);
	return rc;
}

/*
 * Downloads.
 */

struct download {
	const struct rest_sink *sink;
	int		 rc;		/* what the sink said */
};

static int
take_bytes(void *ctx, const void *p, size_t n)
{
	struct download *d = ctx;

	d->rc = d->sink->write(d->sink->ctx, p, n);
	return d->rc;
}

static int
take_from_start(void *ctx)
{
	struct download *d = ctx;

	d->rc = d->sink->restart(d->sink->ctx);
	return d->rc;
}

/* One try, which goes on where the last one broke. */
static int
download(struct rest *r, const struct ask *ask, uint64_t size, const struct rest_sink *sink, struct retry *retry)
{
	const uint64_t before = sink->filled(sink->ctx);
	struct download d = { .sink = sink };
	struct http_request request = { .sink = take_bytes, .ctx = &d, .body_limit = 64 << 10, .range_from = before, .whole = take_from_start };
	struct http_response answer;
	int rc = attempt(r, ask, &request, &answer, retry);

	if (d.rc < 0) {		/* and it has said why */
		retry->again = false;
		return d.rc;
	}
	if (rc == 0)
		http_response_free(&answer);
	uint64_t filled = sink->filled(sink->ctx);
	if (rc == 0 && filled < size) {
		tell(r, "%s: only %llu bytes came of the %llu that Salesforce says it has", ask->what, (unsigned long long)filled,
		    (unsigned long long)size);
		rc = -EIO;
		retry->again = true;
	} else if (rc < 0 && size > 0 && filled == size) {
		rc = 0;			/* only the end of the body was missing; the checks will tell */
	} else if (rc < 0 && before > 0 && filled == before && retry->again) {
		int started = sink->restart(sink->ctx);	/* the org does not go on in the middle, or not rightly */
		if (started < 0)
			rc = started;
	}
	return rc;
}

int
rest_version_data(struct rest *r, const char *version_id, uint64_t size, const struct rest_sink *sink)
{
	struct ask ask = { .what = version_id, .counter = &r->stats.downloads };
	struct buf path = BUF_INIT;
	struct retry retry;
	unsigned tried = 0;
	int rc;

	buf_printf(&path, "/services/data/v%s/sobjects/ContentVersion/%s/VersionData", r->api_version, version_id);
	if (path.failed)
		return -ENOMEM;
	ask.path = buf_str(&path);
	do
		rc = download(r, &ask, size, sink, &retry);
	while (try_again(r, ++tried, &retry, &rc));
	buf_free(&path);
	return rc;
}

/*
 * A call takes the bearer token, asks, and judges the answer. What may succeed the next time
 * (network, overload) is tried again after a pause that doubles and has jitter; a 401 renews the
 * token once. judge_answer looks at the HTTP status first and the error code second: messages are
 * localised.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "auth/clock.h"
#include "auth/log.h"
#include "auth/token.h"
#include "internal.h"

#define PAGE_LIMIT	(48u << 20)	/* bytes of a page of 2,000 records with the longest texts */
#define QUERY_TIMEOUT	150		/* seconds: Salesforce ends a query after 120 */
/* Seconds until Salesforce begins to answer a query; QUERY_TIMEOUT with the default timeout, 60. */
#define QUERY_SILENCE(timeout)	((timeout) * 5 / 2)
#define PAUSE_FIRST	500		/* ms before the second try; doubles */
#define PAUSE_MOST	(60 * 1000)	/* ms */
#define WANTED_POLL	500		/* ms between looks whether the answer is still wanted */
#define TRIES_IN_ALL	10		/* times `tries`: a download that gets further each time */
/* Seconds for which the org's word about its API limit counts: its calls are of a rolling day. */
#define SPENT_PAUSE	(15 * 60)

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
	r->reserve = o->reserve;
	r->budget.max = o->budget;
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

static int64_t
monotonic_seconds(void)
{
	return clock_ms() / 1000;
}

/* Caller locks. Whether only the reserve of the org's limit is left, as far as is known. */
static bool
is_reserved(const struct rest *r)
{
	const struct rest_stats *s = &r->stats;

	return r->reserve > 0 && s->api_max > 0 &&
	    clock_ms() - r->usage_at < SPENT_PAUSE * 1000 &&
	    s->api_max - s->api_used <=
	    s->api_max / 100 * r->reserve + s->api_max % 100 * r->reserve / 100;
}

bool
rest_may_guess(struct rest *r)
{
	pthread_mutex_lock(&r->lock);
	const int64_t now = monotonic_seconds();
	const uint64_t max = r->budget.max;
	bool may = !is_reserved(r) && r->spent_until <= now && !r->unreachable && !r->cancelled &&
	    (max == 0 || budget_used(&r->budget, now) < max - max / 10);
	pthread_mutex_unlock(&r->lock);
	return may;
}

void
rest_stats(struct rest *r, struct rest_stats *out)
{
	pthread_mutex_lock(&r->lock);
	*out = r->stats;
	int64_t spent = r->spent_until - monotonic_seconds();
	out->spent_until = spent > 0 ? time(NULL) + spent : 0;
	out->reserved = is_reserved(r);
	out->budget_used = budget_used(&r->budget, monotonic_seconds());
	out->budget_max = r->budget.max;
	pthread_mutex_unlock(&r->lock);
}

static void
add_ms(struct timespec *t, int64_t ms)
{
	t->tv_sec += ms / 1000;
	t->tv_nsec += ms % 1000 * 1000000;
	if (t->tv_nsec >= 1000000000) {
		t->tv_sec++;
		t->tv_nsec -= 1000000000;
	}
}

/* Caller locks. Sleeps so long, or until rest_cancel. */
static void
sleep_locked(struct rest *r, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	add_ms(&until, ms);
	while (!r->cancelled && pthread_cond_timedwait(&r->stop, &r->lock, &until) == 0)
		continue;
}

/* Sleeps before try number `tried` + 1. -EINTR: cancelled, or the sink (which may be NULL) is not
 * wanted any more. */
static int
pause_before_retry(
    struct rest *r, unsigned tried, int64_t retry_after, const struct rest_sink *sink)
{
	bool unwanted = false;
	int64_t ms = PAUSE_FIRST;

	for (unsigned i = 1; i < tried && ms < PAUSE_MOST; i++)
		ms *= 2;
	pthread_mutex_lock(&r->lock);
	ms += rand_r(&r->seed) % (ms / 2);
	if (retry_after >= 0 && retry_after * 1000 > ms)
		ms = retry_after * 1000;
	if (ms > PAUSE_MOST)
		ms = PAUSE_MOST;
	for (; ms > 0 && !r->cancelled && !unwanted; ms -= WANTED_POLL) {
		sleep_locked(r, ms < WANTED_POLL ? ms : WANTED_POLL);
		if (sink && sink->unwanted) {
			pthread_mutex_unlock(&r->lock);
			unwanted = sink->unwanted(sink->ctx);
			pthread_mutex_lock(&r->lock);
		}
	}
	int rc = r->cancelled || unwanted ? -EINTR : 0;
	pthread_mutex_unlock(&r->lock);
	return rc;
}

static void
count_up(struct rest *r, uint64_t *counter)
{
	pthread_mutex_lock(&r->lock);
	++*counter;
	pthread_mutex_unlock(&r->lock);
}

__attribute__((format(printf, 2, 0)))
static void
log_once(struct rest *r, const char *fmt, va_list ap)
{
	char text[sizeof(r->logged)];

	vsnprintf(text, sizeof(text), fmt, ap);
	pthread_mutex_lock(&r->lock);
	bool again = strcmp(text, r->logged) == 0;
	memcpy(r->logged, text, sizeof(text));
	pthread_mutex_unlock(&r->lock);
	if (!again)
		log_warn("salesforce", "%s", text);
}

void
rest_log(struct rest *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_once(r, fmt, ap);
	va_end(ap);
	count_up(r, &r->stats.errors);
}

/* As rest_log, for a call that is not made. */
__attribute__((format(printf, 2, 3)))
static void
log_forbidden(struct rest *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_once(r, fmt, ap);
	va_end(ap);
}

/* As tell, for a request that got no answer: once until one comes, however the reasons vary. */
static void
log_unreachable(struct rest *r, const char *what, const char *why)
{
	pthread_mutex_lock(&r->lock);
	bool again = r->unreachable;
	r->unreachable = true;
	r->stats.errors++;
	pthread_mutex_unlock(&r->lock);
	if (!again)
		log_warn("salesforce", "%s: the org is out of reach: %s", what, why);
}

/* sent: when the call began (clock_ms). If another answer came since, the smaller count of the two
 * is the older one. */
static void
note_answer(struct rest *r, const struct http_response *a, int64_t sent)
{
	const char *usage = strstr(a->limit_info, "api-usage=");
	long long used, max;

	pthread_mutex_lock(&r->lock);
	if (usage && sscanf(usage, "api-usage=%lld/%lld", &used, &max) == 2 && used >= 0 &&
	    max >= 0 && max <= INT64_MAX / 100 &&
	    (used >= r->stats.api_used || sent > r->usage_at)) {
		r->stats.api_used = used;
		r->stats.api_max = max;
		r->usage_at = clock_ms();
	}
	r->unreachable = false;
	pthread_mutex_unlock(&r->lock);
}

/* A failure that comes after something has worked is told anew. */
static void
note_success(struct rest *r)
{
	pthread_mutex_lock(&r->lock);
	r->logged[0] = '\0';
	pthread_mutex_unlock(&r->lock);
}

static void
format_time(int64_t at, char out[20])
{
	const time_t t = (time_t)at;
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(out, 20, at - time(NULL) < 12 * 3600 ? "%H:%M" : "%Y-%m-%d %H:%M", &tm);
}

static int
refuse_by_reserve(struct rest *r, int64_t used, int64_t max, int64_t seconds)
{
	char when[20];

	format_time(time(NULL) + seconds, when);
	log_forbidden(r,
	    "Salesforce API limit: %lld of the org's %lld requests of 24 hours are used, and "
	    "what is left is for reading (api_reserve): no refresh until %s",
	    (long long)used, (long long)max, when);
	return -EDQUOT;
}

static int
refuse_by_budget(struct rest *r, int64_t seconds)
{
	char when[20];

	format_time(time(NULL) + seconds, when);
	log_forbidden(r,
	    "the %llu calls of 24 hours that api_budget allows are made; no calls until %s, "
	    "what is cached is still served",
	    (unsigned long long)r->budget.max, when);
	return -EDQUOT;
}

/* -EDQUOT while a limit forbids the call, -EINTR when cancelled; 0: the call is to be made, and
 * counted. */
static int
begin_call(struct rest *r, enum rest_kind kind)
{
	bool background = kind == REST_REFRESH || kind == REST_LIST || kind == REST_LIMITS;
	int64_t now = monotonic_seconds(), budget_wait = 0;
	int rc = 0;

	pthread_mutex_lock(&r->lock);
	const struct rest_stats s = r->stats;
	int64_t heard = r->usage_at / 1000;
	bool reserved = background && is_reserved(r);
	if (r->cancelled)
		rc = -EINTR;
	else if (r->spent_until > now)
		rc = -EDQUOT;
	else if (!reserved && (rc = budget_take(&r->budget, now, &budget_wait)) == 0)
		r->stats.calls[kind]++;
	pthread_mutex_unlock(&r->lock);
	if (rc == 0 && reserved)
		rc = refuse_by_reserve(r, s.api_used, s.api_max, heard + SPENT_PAUSE - now);
	return budget_wait > 0 ? refuse_by_budget(r, budget_wait) : rc;
}

static void
spend_limit(struct rest *r)
{
	char when[20];

	format_time(time(NULL) + SPENT_PAUSE, when);
	pthread_mutex_lock(&r->lock);
	r->spent_until = monotonic_seconds() + SPENT_PAUSE;
	pthread_mutex_unlock(&r->lock);
	rest_log(r,
	    "Salesforce API limit: the org's requests of the last 24 hours are used up; "
	    "no calls until %s, what is cached is still served",
	    when);
}

/* The errorCode and message of `[{"errorCode":"...","message":"..."}]`; "" where the body is
 * something else. */
static void
read_error(struct buf *body, char code[64], char message[REST_MESSAGE])
{
	cJSON *json = rest_parse(body);
	const cJSON *first = cJSON_GetArrayItem(json, 0);
	const char *c = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(first, "errorCode"));
	const char *m = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(first, "message"));

	snprintf(code, 64, "%s", c ? c : "");
	snprintf(message, REST_MESSAGE, "%s", m ? m : "");
	cJSON_Delete(json);
}

/* What is asked, as far as the log, the counters and the judgement of the answer need to know. */
struct call {
	const char	*what;		/* the subject of the log line */
	const char	*path;		/* below instance_url */
	const struct buf *body;		/* JSON, of a POST; NULL: GET */
	enum rest_kind	 kind;
	struct rest_refusal *refusal;	/* may be NULL */
};

static bool
is_expected(const struct rest_refusal *r, int status, const char *code)
{
	return r &&
	    (*r->expected ? strcmp(code, r->expected) == 0 :
			    status == 400 && strcmp(code, "INVALID_QUERY_LOCATOR") != 0);
}

static void
log_answer(
    struct rest *r, const struct call *call, int status, const char *code, const char *message)
{
	const char *last = strrchr(message, '\n');	/* what precedes it repeats the query */

	rest_log(r, "%s: Salesforce answered %d%s%s%s%.160s%s", call->what, status,
	    *code ? " " : "", code, *message ? " (" : "", last ? last + 1 : message,
	    *message	      ? ")" :
		status == 410 ? " (this API version is retired; set api_version)" :
				"");
}

/* What an error answer means. *rc is set unless the verdict is GOOD; for AGAIN and RENEW it is the
 * error if no try is left. */
static enum verdict
judge_answer(struct rest *r, const struct call *call, struct http_response *a, int *rc)
{
	char code[64], message[REST_MESSAGE];

	if (a->status == 200 || a->status == 206)
		return GOOD;
	read_error(&a->body, code, message);
	if (is_expected(call->refusal, a->status, code)) {
		memcpy(call->refusal->code, code, sizeof(code));
		memcpy(call->refusal->message, message, sizeof(message));
		*rc = -EOPNOTSUPP;
		return BAD;
	}
	if (a->status == 401 ||
	    (a->status == 403 && strstr(buf_str(&a->body), "Bad_OAuth_Token"))) {
		*rc = -EACCES;
		return RENEW;
	}
	if (a->status == 404 || strcmp(code, "ENTITY_IS_DELETED") == 0) {
		*rc = -ENOENT;
		return BAD;
	}
	if (strcmp(code, "INVALID_QUERY_LOCATOR") == 0 && call->kind != REST_DOWNLOAD) {
		*rc = -ESTALE;
		return BAD;
	}
	if (strcmp(code, "REQUEST_LIMIT_EXCEEDED") == 0) {
		/* Two limits share the code; only the text tells the concurrent one, which passes
		 * by itself. */
		*rc = -EDQUOT;
		if (strstr(message, "oncurrent")) {
			rest_log(r,
			    "Salesforce API limit: too many of the org's requests take long at a "
			    "time; a smaller transfers = ... asks for fewer");
			return AGAIN;
		}
		spend_limit(r);
		return BAD;
	}
	if (a->status == 416 || a->status == 420 || a->status == 429 || a->status >= 500 ||
	    strcmp(code, "UNABLE_TO_LOCK_ROW") == 0) {
		*rc = a->status == 500 ? -EIO : -ETIMEDOUT;
		log_answer(r, call, a->status, code, message);
		return AGAIN;
	}
	*rc = a->status == 403 || strstr(code, "ACCESS") || strstr(code, "CUSTOMIZED_DOWNLOAD") ?
	    -EACCES :
	    a->status == 410 ? -EINVAL :
			       -EIO;
	log_answer(r, call, a->status, code, message);
	return BAD;
}

/* Why no answer came, as the caller sees it: all ways of being out of reach are a time-out to a
 * reader. */
static int
errno_of_network(int rc)
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

/* One call_org with the token of the moment. *serial: which token that was. */
static int
send_call(struct rest *r, const struct call *call, struct http_request *q, struct http_response *a,
    unsigned *serial)
{
	const char *const headers[] = {
		"Accept: application/json",
		"Sforce-Call-Options: client=sffs/" SFFS_VERSION,
		"Sforce-Query-Options: batchSize=2000",
		call->body ? "Content-Type: application/json; charset=UTF-8" : NULL,
		NULL
	};
	struct bearer bearer = { 0 };
	struct buf url = BUF_INIT;
	int rc = token_bearer(r->token, &bearer);

	if (rc == 0 && (rc = begin_call(r, call->kind)) < 0)
		bearer_free(&bearer);
	if (rc < 0)
		return rc;
	*serial = bearer.serial;
	buf_puts(&url, bearer.instance_url);
	buf_puts(&url, call->path);
	if (url.failed) {
		rc = -ENOMEM;
	} else {
		q->url = buf_str(&url);
		q->bearer = &bearer.access_token;
		q->headers = headers;
		q->form = call->body;
		rc = http_do(r->http, q, a);
		if (rc == -EHOSTUNREACH) {
			pthread_mutex_lock(&r->lock);
			budget_give_back(&r->budget, monotonic_seconds());
			pthread_mutex_unlock(&r->lock);
		}
	}
	buf_free(&url);
	bearer_free(&bearer);
	return rc;
}

/* How a try ended that was not good: whether another may help, and how long the org asks to wait
 * for it. */
struct retry {
	bool	again;
	int64_t	after;		/* seconds; -1: not told */
	int	sent;		/* what http said; 0: there is an answer */
	int	status;		/* of the answer */
};

/*
 * One try, in which a 401 renews the token and asks once more. The answer's parts are the caller's
 * (http_response_free) on success only.
 */
static int
try_call(struct rest *r, const struct call *call, struct http_request *q, struct http_response *a,
    struct retry *retry)
{
	int rc = 0;

	for (bool renewed = false;; renewed = true) {
		unsigned serial = 0;

		*retry = (struct retry){ .after = -1 };
		*a = (struct http_response){ .date = -1, .retry_after = -1 };
		const int64_t sent = clock_ms();
		int failed = send_call(r, call, q, a, &serial);
		if (failed < 0) {
			rc = errno_of_network(failed);
			retry->sent = failed;
			retry->again =
			    worth_another_try(failed) || (failed == -EPROTO && q->range_from > 0);
			if (*a->error && failed == -EMSGSIZE)
				rest_log(r, "%s: %s", call->what, a->error);
			else if (*a->error)
				log_unreachable(r, call->what, a->error);
			http_response_free(a);
			return rc;
		}
		enum verdict verdict = judge_answer(r, call, a, &rc);
		note_answer(r, a, sent);
		if (verdict == GOOD)
			return 0;
		retry->again = verdict == AGAIN;
		retry->after = a->retry_after;
		retry->status = a->status;
		http_response_free(a);
		if (verdict != RENEW)
			return rc;
		if (renewed) {
			rest_log(r,
			    "%s: Salesforce refuses a token that it has just given; see Setup > Session Settings "
			    "(sessions locked to an IP address) or log in again",
			    call->what);
			return rc;
		}
		rc = token_renew(r->token, serial);
		if (rc < 0)
			return errno_of_network(rc);
	}
}

/* Whether to try again after `tried` tries; has slept if so. */
static bool
try_again(struct rest *r, unsigned tried, const struct retry *retry, const struct rest_sink *sink,
    int *rc)
{
	if (*rc == 0 || !retry->again || tried >= r->tries)
		return false;
	int slept = pause_before_retry(r, tried, retry->after, sink);
	if (slept < 0)
		*rc = slept;
	return slept == 0;
}

/* An answer in memory, after as many tries as it takes. */
static int
call_org(struct rest *r, const struct call *call, struct http_response *answer)
{
	struct http_request request = { .compressed = true,
		.answer_timeout = QUERY_SILENCE(http_idle_timeout(r->http)),
		.total_timeout = QUERY_TIMEOUT,
		.body_limit = PAGE_LIMIT };
	struct retry retry;
	unsigned tried = 0;
	int rc;

	do
		rc = try_call(r, call, &request, answer, &retry);
	while (try_again(r, ++tried, &retry, NULL, &rc));
	if (rc == 0)
		note_success(r);
	return rc;
}

int
rest_get(struct rest *r, enum rest_kind kind, const struct buf *path, struct rest_refusal *refusal,
    struct http_response *answer)
{
	return path->failed ?
	    -ENOMEM :
	    call_org(r,
		&(struct call){
		    .what = "query", .path = buf_str(path), .kind = kind, .refusal = refusal },
		answer);
}

int
rest_post(struct rest *r, enum rest_kind kind, const struct buf *path, const struct buf *body,
    struct rest_refusal *refusal, struct http_response *answer)
{
	return path->failed || body->failed ? -ENOMEM :
					      call_org(r,
						  &(struct call){ .what = "query",
						      .path = buf_str(path),
						      .body = body,
						      .kind = kind,
						      .refusal = refusal },
						  answer);
}

/*
 * Downloads.
 */

struct version_download {
	const struct rest_sink *sink;
	int		 rc;		/* what the sink said */
	bool		 came;		/* some bytes */
};

static int
write_to_sink(void *ctx, const void *p, size_t n)
{
	struct version_download *d = ctx;

	d->came = true;
	d->rc = d->sink->write(d->sink->ctx, p, n);
	return d->rc;
}

static int
restart_sink(void *ctx)
{
	struct version_download *d = ctx;

	d->rc = d->sink->restart(d->sink->ctx);
	return d->rc;
}

static bool
is_sink_unwanted(void *ctx)
{
	struct version_download *d = ctx;

	return d->sink->unwanted(d->sink->ctx);
}

/* Whether it may be for the range that there was no whole answer. That there was no way to the org,
 * or that it is busy, is not. */
static bool
may_be_for_range(const struct retry *retry)
{
	return retry->sent == -EPROTO || retry->sent == -ECONNRESET || retry->status == 416 ||
	    retry->status == 500;
}

/* One try, which goes on where the last one broke. */
static int
try_download(struct rest *r, const struct call *call, uint64_t size, const struct rest_sink *sink,
    struct retry *retry)
{
	const uint64_t before = sink->filled(sink->ctx);
	struct version_download d = { .sink = sink };
	struct http_request request = {
		.sink = write_to_sink,
		.ctx = &d,
		.gave_up = sink->unwanted ? is_sink_unwanted : NULL,
		.body_limit = 64 << 10,
		.range_from = before,
		.whole = restart_sink,
	};
	struct http_response answer;
	int rc = try_call(r, call, &request, &answer, retry);

	if (d.rc < 0) {		/* and it has said why */
		retry->again = false;
		return d.rc;
	}
	if (rc == 0)
		http_response_free(&answer);
	uint64_t filled = sink->filled(sink->ctx);
	if (retry->sent == -ETIMEDOUT && d.came)
		retry->again =
		    true; /* silent midway: cut, by something on the way that tells nobody */
	if (rc == 0 && filled < size) {
		rest_log(r, "%s: only %llu bytes came of the %llu that Salesforce says it has",
		    call->what, (unsigned long long)filled, (unsigned long long)size);
		rc = -EIO;
		retry->again = true;
	} else if (rc < 0 && size > 0 && filled == size) {
		rc = 0; /* only the end of the body was missing; the checks will tell */
	} else if (rc < 0 && before > 0 && filled == before && retry->again &&
	    may_be_for_range(retry)) {
		int started = sink->restart(
		    sink->ctx); /* the org does not go on in the middle, or not rightly */
		if (started < 0)
			rc = started;
	}
	return rc;
}

int
rest_version_data(
    struct rest *r, const char *version_id, uint64_t size, const struct rest_sink *sink)
{
	struct call call = { .what = version_id, .kind = REST_DOWNLOAD };
	struct buf path = BUF_INIT;
	struct retry retry;
	uint64_t furthest = 0;
	unsigned tried = 0, all = 0;	/* tries since it last got further, and all */
	int rc;

	buf_printf(&path, "/services/data/v%s/sobjects/ContentVersion/%s/VersionData",
	    r->api_version, version_id);
	if (path.failed)
		return -ENOMEM;
	call.path = buf_str(&path);
	do {
		rc = try_download(r, &call, size, sink, &retry);
		uint64_t filled = sink->filled(sink->ctx);
		if (filled > furthest) {
			furthest = filled;
			tried = 0;
		}
	} while (++all < TRIES_IN_ALL * r->tries && try_again(r, ++tried, &retry, sink, &rc));
	if (rc == 0)
		note_success(r);
	buf_free(&path);
	return rc;
}

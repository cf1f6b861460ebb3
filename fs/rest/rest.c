/*
 * A call takes the bearer token, asks, and judges the answer. A failure that may pass (network,
 * overload) is tried again after a pause that doubles and has jitter; a 401 renews the token.
 * judge_answer looks at the HTTP status first and the error code second: messages are localised.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth/clock.h"
#include "auth/log.h"
#include "auth/token.h"
#include "auth/utf8.h"
#include "internal.h"

#define PAGE_LIMIT	(48u << 20)	/* bytes: 2,000 records with the longest texts have less */
/* Seconds for a query: 150 with the default timeout, 60. Salesforce ends one after 120. */
#define QUERY_TIMEOUT(timeout)	((timeout) * 5 / 2)
#define PAUSE_FIRST	500		/* ms before the second try; doubles, up to `timeout` */
#define PAUSE_POLL	50		/* ms between looks whether the answer is still wanted */
#define TRIES_IN_ALL	10		/* times `tries`: a download that gets further each time */
/* Seconds for which the org's word about its API limit counts: its calls are of a rolling day. */
#define SPENT_PAUSE	(15 * 60)

int
rest_open(struct http *http, struct token *token, const struct rest_options *o, struct rest **out)
{
	struct rest *r = calloc(1, sizeof(*r));

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
	*out = r;
	return 0;
}

void
rest_close(struct rest *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
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
	    s->api_max - s->api_used <= s->api_max * r->reserve / 100;
}

/* Caller locks. Whether calls are left beside those that are kept for the owner. */
static bool
has_spare_calls(struct rest *r)
{
	const uint64_t max = r->budget.max;

	return !is_reserved(r) &&
	    (max == 0 || budget_used(&r->budget, monotonic_seconds()) < max - max / 10);
}

bool
rest_may_guess(struct rest *r)
{
	pthread_mutex_lock(&r->lock);
	bool may =
	    has_spare_calls(r) && r->spent_until <= monotonic_seconds() && !r->unreachable;
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

/* Sleeps before try number `tried` + 1. -EINTR: cancelled, or the sink (which may be NULL) is not
 * wanted any more. */
static int
pause_before_retry(
    struct rest *r, unsigned tried, int64_t retry_after, const struct rest_sink *sink)
{
	const int64_t most = INT64_C(1000) * http_idle_timeout(r->http);
	int64_t ms = PAUSE_FIRST;

	for (unsigned i = 1; i < tried && ms < most; i++)
		ms *= 2;
	pthread_mutex_lock(&r->lock);
	ms += rand_r(&r->seed) % (ms / 2);
	pthread_mutex_unlock(&r->lock);
	if (retry_after * 1000 > ms)
		ms = retry_after * 1000;
	for (const int64_t end = clock_ms() + (ms < most ? ms : most);
	     clock_ms() < end; usleep(PAUSE_POLL * 1000))
		if (http_cancelled(r->http) ||
		    (sink && sink->unwanted && sink->unwanted(sink->ctx)))
			return -EINTR;
	return 0;
}

void
rest_log_once(struct rest *r, unsigned failures, const char *fmt, ...)
{
	char text[sizeof(r->logged)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&r->lock);
	r->stats.errors += failures;
	bool again = strcmp(text, r->logged) == 0;
	memcpy(r->logged, text, sizeof(text));
	pthread_mutex_unlock(&r->lock);
	if (!again)
		log_warn("salesforce", "%s", text);
}

/* As rest_log, of a call that is not made. */
#define log_forbidden(r, ...)	rest_log_once(r, 0, __VA_ARGS__)

/* Logs one line until an answer comes, even if the reasons vary. */
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

/* sent: when the call began (clock_ms). If another answer has come since, the smaller of the two
 * counts is the older one. */
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

/* After this a failure is logged again. */
static void
note_success(struct rest *r)
{
	pthread_mutex_lock(&r->lock);
	r->logged[0] = '\0';
	pthread_mutex_unlock(&r->lock);
}

/* -EDQUOT while a limit forbids the call, -EINTR when cancelled; 0: the call is to be made, and
 * counted. */
static int
begin_call(struct rest *r, enum rest_kind kind)
{
	const bool background = kind == REST_REFRESH || kind == REST_LIST || kind == REST_LIMITS;
	const int64_t now = monotonic_seconds();
	int64_t wait = 0;
	int rc = 0;

	pthread_mutex_lock(&r->lock);
	const struct rest_stats s = r->stats;
	const bool reserved = background && is_reserved(r);
	if (http_cancelled(r->http)) {
		rc = -EINTR;
	} else if (r->spent_until > now) {
		rc = -EDQUOT;
	} else if (reserved) {
		wait = r->usage_at / 1000 + SPENT_PAUSE - now;
		rc = -EDQUOT;
	} else if ((rc = budget_take(&r->budget, now, &wait)) == 0) {
		r->stats.calls[kind]++;
	}
	pthread_mutex_unlock(&r->lock);
	if (wait == 0)
		return rc;
	const struct clock_text when = clock_text(time(NULL) + wait);
	if (reserved)
		log_forbidden(r,
		    "Salesforce API limit: %lld of the org's %lld requests of 24 hours are used, "
		    "and the rest is for reading (api_reserve): no refresh until %s",
		    (long long)s.api_used, (long long)s.api_max, when.s);
	else
		log_forbidden(r,
		    "the %llu calls of 24 hours that api_budget allows are made; no calls "
		    "until %s, cached files are still served",
		    (unsigned long long)r->budget.max, when.s);
	return rc;
}

int
rest_check_guest(struct rest *r)
{
	pthread_mutex_lock(&r->lock);
	const bool may = has_spare_calls(r);
	pthread_mutex_unlock(&r->lock);
	if (!may)
		log_forbidden(r,
		    "API limit: the last calls (api_reserve, a tenth of api_budget) are for the "
		    "owner of the mount; other users read only cached files");
	return may ? 0 : -EDQUOT;
}

static void
spend_limit(struct rest *r)
{
	pthread_mutex_lock(&r->lock);
	r->spent_until = monotonic_seconds() + SPENT_PAUSE;
	pthread_mutex_unlock(&r->lock);
	rest_log(r,
	    "Salesforce API limit: the org's requests of the last 24 hours are used up; "
	    "no calls until %s, cached files are still served",
	    clock_text(time(NULL) + SPENT_PAUSE).s);
}

/* The errorCode and message of `[{"errorCode":"...","message":"..."}]`; "" where the body is
 * something else. A message that repeats the query has its own text on the last line. */
static void
read_error(struct buf *body, struct rest_refusal *e)
{
	cJSON *json = rest_parse(body);
	const cJSON *first = cJSON_GetArrayItem(json, 0);
	const char *code = rest_text(first, "errorCode"), *message = rest_text(first, "message");
	const char *last = message ? strrchr(message, '\n') : NULL;

	snprintf(e->code, sizeof(e->code), "%s", code ? code : "");
	utf8_show_all(
	    e->message, sizeof(e->message), last ? last + 1 : message ? message : "");
	cJSON_Delete(json);
}

/* A request, as far as the log, the counters and judge_answer need to know it. */
struct call {
	const char	*what;		/* the subject of the log line */
	const char	*path;		/* below instance_url; without a /: below the API there */
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

/* The end of a try that failed. */
struct retry {
	bool		 again;		/* another one may help */
	bool		 renew;		/* ... with a new token */
	int64_t		 after;		/* seconds that the org asks to wait for it; -1: not told */
	int		 failed;	/* what http said; 0: there is an answer */
	int		 status;	/* of the answer */
	bool		 ended;		/* by the sink or the caller */
};

/* Finds the meaning of an answer. If another try may help, the error counts only when no try is
 * left. */
static int
judge_answer(struct rest *r, const struct call *call, struct http_response *a, struct retry *retry)
{
	struct rest_refusal e;
	const int status = a->status;

	*retry = (struct retry){ .after = a->retry_after, .status = status };
	if (status == 200 || status == 206)
		return 0;
	read_error(&a->body, &e);
	if (is_expected(call->refusal, status, e.code)) {
		e.expected = call->refusal->expected;
		*call->refusal = e;
		return -EOPNOTSUPP;
	}
	if ((status == 401 && *e.code) ||
	    (status == 403 && strstr(buf_str(&a->body), "Bad_OAuth_Token"))) {
		retry->renew = true;
		return -EACCES;
	}
	if (!*e.code && (status == 401 || status == 403 || status == 404)) {
		rest_log(r, "%s: answered %d, but not as Salesforce does: is a proxy in the way?",
		    call->what, status);
		return -ETIMEDOUT;
	}
	if (status == 404 || strcmp(e.code, "ENTITY_IS_DELETED") == 0)
		return -ENOENT;
	if (strcmp(e.code, "INVALID_QUERY_LOCATOR") == 0 && call->kind != REST_DOWNLOAD)
		return -ESTALE;
	if (strcmp(e.code, "REQUEST_LIMIT_EXCEEDED") == 0) {
		/* Two limits share the code; only the text tells the concurrent one, which passes
		 * by itself. */
		retry->again = strstr(e.message, "oncurrent");
		if (retry->again)
			rest_log(r,
			    "Salesforce API limit: too many of the org's requests take long at a "
			    "time; a smaller transfers = ... asks for fewer");
		else
			spend_limit(r);
		return -EDQUOT;
	}
	rest_log(r, "%s: Salesforce answered %d%s%s%s%s%s", call->what, status,
	    *e.code ? " " : "", e.code, *e.message ? " (" : "", e.message,
	    *e.message	  ? ")" :
		status == 410 ? " (this API version is retired; set api_version)" :
				"");
	retry->again = status == 416 || status == 420 || status == 429 || status >= 500 ||
	    strcmp(e.code, "UNABLE_TO_LOCK_ROW") == 0;
	if (retry->again)
		return status == 500 ? -EIO : -ETIMEDOUT;
	if (status == 403 || strstr(e.code, "ACCESS") || strstr(e.code, "CUSTOMIZED_DOWNLOAD"))
		return -EACCES;
	return status == 410 ? -EINVAL : -EIO;
}

/* The caller's error when no answer came. A reader gets a time-out, whichever way the org is out of
 * reach. */
static int
errno_of_network(int rc)
{
	switch (rc) {
	case -EHOSTUNREACH: case -ECONNRESET: case -EPROTO:
		return -ETIMEDOUT;
	case -EMSGSIZE: case -EBADMSG:
		return -EIO;
	default:
		return rc;
	}
}

/* Asks with the current token. *serial: which token that was. */
static int
send_call(struct rest *r, const struct call *call, struct http_request *q, struct http_response *a,
    unsigned *serial)
{
	static const char *const headers[] = {
		"Accept: application/json",
		"Sforce-Call-Options: client=sffs/" SFFS_VERSION,
		"Sforce-Query-Options: batchSize=2000",
		NULL
	};
	struct bearer bearer = { 0 };
	struct buf url = BUF_INIT;
	int rc = token_bearer(r->token, &bearer);

	if (rc < 0)
		return rc;
	*serial = bearer.serial;
	buf_puts(&url, bearer.instance_url);
	if (*call->path != '/')
		buf_printf(&url, "/services/data/v%s/", r->api_version);
	buf_puts(&url, call->path);
	rc = url.failed ? -ENOMEM : begin_call(r, call->kind);
	if (rc == 0) {
		q->url = buf_str(&url);
		q->bearer = &bearer.access_token;
		q->headers = headers;
		rc = http_do(r->http, q, a);
	}
	if (rc == -EHOSTUNREACH) {
		pthread_mutex_lock(&r->lock);
		budget_give_back(&r->budget, monotonic_seconds());
		pthread_mutex_unlock(&r->lock);
	}
	buf_free(&url);
	bearer_free(&bearer);
	return rc;
}

/*
 * One try, in which a 401 renews the token and asks again. That happens twice: the first new token
 * may be one that another process has stored, and have ended as well. The answer's parts are the
 * caller's (http_response_free) on success only.
 */
static int
try_call(struct rest *r, const struct call *call, struct http_request *q, struct http_response *a,
    struct retry *retry)
{
	int rc = 0;

	for (unsigned renewed = 0; rc == 0; renewed++) {
		unsigned serial = 0;

		*a = (struct http_response){ .date = -1, .retry_after = -1 };
		const int64_t sent = clock_ms();
		rc = send_call(r, call, q, a, &serial);
		if (rc < 0) {
			*retry = (struct retry){ .after = -1, .failed = rc,
				.ended = !*a->error,
				.again = rc == -EHOSTUNREACH || rc == -ECONNRESET ||
				    (rc == -EPROTO && q->range_from > 0) ||
				    /* Silent midway: cut, by something that tells nobody. */
				    (rc == -ETIMEDOUT && q->sink && a->came > 0) };
			if (*a->error && (rc == -EMSGSIZE || rc == -EBADMSG))
				rest_log(r, "%s: %s", call->what, a->error);
			else if (*a->error)
				log_unreachable(r, call->what, a->error);
			rc = errno_of_network(rc);
			break;
		}
		rc = judge_answer(r, call, a, retry);
		note_answer(r, a, sent);
		if (rc == 0)
			return 0;
		if (!retry->renew)
			break;
		if (renewed == 2) {
			rest_log(r,
			    "%s: Salesforce refuses a token that it has just given; "
			    "see Setup > Session Settings (sessions locked to an IP address) "
			    "or log in again",
			    call->what);
			break;
		}
		http_response_free(a);
		rc = errno_of_network(token_renew(r->token, serial));
	}
	http_response_free(a);
	return rc;
}

/* Whether to try again after `tried` tries. If so, it sleeps first. */
static bool
try_again(struct rest *r, unsigned tried, const struct retry *retry, const struct rest_sink *sink,
    int *rc)
{
	if (*rc == 0 || !retry->again || tried >= r->tries ||
	    retry->after > http_idle_timeout(r->http))
		return false;
	int slept = pause_before_retry(r, tried, retry->after, sink);
	if (slept < 0)
		*rc = slept;
	return slept == 0;
}

int
rest_get(struct rest *r, enum rest_kind kind, struct buf *path, struct rest_refusal *refusal,
    cJSON **out, int64_t *date)
{
	const struct call call = {
		.what = "query", .path = buf_str(path), .kind = kind, .refusal = refusal
	};
	struct http_request request = { .compressed = true,
		.total_timeout = QUERY_TIMEOUT(http_idle_timeout(r->http)),
		.body_limit = PAGE_LIMIT };
	struct http_response answer;
	struct retry retry;
	unsigned tried = 0;
	int rc = path->failed ? -ENOMEM : 0;

	if (rc == 0)
		do
			rc = try_call(r, &call, &request, &answer, &retry);
		while (try_again(r, ++tried, &retry, NULL, &rc));
	buf_free(path);
	if (rc < 0)
		return rc;
	note_success(r);
	*date = answer.date < 0 ? clock_wall_ms() : answer.date * 1000;
	*out = rest_parse(&answer.body);
	if (!*out) {
		rest_log(r, "query: the answer is not JSON (%zu bytes, %s)", answer.body.len,
		    *answer.content_type ? answer.content_type : "no content type");
		rc = -EIO;
	}
	http_response_free(&answer);
	return rc;
}

/*
 * Downloads.
 */

/* Whether the range may be the reason why no whole answer came. It is not if the org is out of
 * reach or busy. */
static bool
may_be_for_range(const struct retry *retry)
{
	return retry->failed == -EPROTO || retry->failed == -ECONNRESET || retry->status == 416 ||
	    retry->status == 500;
}

/* One try, which goes on where the last one broke. */
static int
try_download(struct rest *r, const struct call *call, uint64_t size, const struct rest_sink *sink,
    struct retry *retry)
{
	const uint64_t came = sink->filled(sink->ctx), before = sink->checked ? came : 0;
	int rc = came > before ? sink->restart(sink->ctx) : 0;
	if (rc < 0) {
		retry->again = false;
		return rc;
	}
	struct http_request request = {
		.sink = sink->write,
		.ctx = sink->ctx,
		.gave_up = sink->unwanted,
		.body_limit = 64 << 10,
		.range_from = before,
		.whole = sink->restart,
	};
	struct http_response answer;
	rc = try_call(r, call, &request, &answer, retry);
	if (rc == 0)
		http_response_free(&answer);
	else if (retry->ended)
		return rc;
	uint64_t filled = sink->filled(sink->ctx);
	if (rc == 0 && filled < size) {
		rest_log(r, "%s: only %llu bytes came of the %llu that Salesforce says it has",
		    call->what, (unsigned long long)filled, (unsigned long long)size);
		rc = -EIO;
		retry->again = true;
	} else if (rc < 0 && size > 0 && filled == size) {
		rc = 0;		/* only the end of the body was missing; the checks will show */
	} else if (rc < 0 && before > 0 && filled == before && retry->again &&
	    may_be_for_range(retry)) {
		/* The org does not go on in the middle, or not rightly. */
		int started = sink->restart(sink->ctx);
		if (started < 0)
			rc = started;
	}
	return rc;
}

int
rest_version_data(
    struct rest *r, const char *version, uint64_t size, const struct rest_sink *sink)
{
	struct call call = { .what = version, .kind = REST_DOWNLOAD };
	struct buf path = BUF_INIT;
	struct retry retry;
	uint64_t furthest = 0;
	unsigned tried = 0, all = 0;	/* tries since it last got further, and all */
	int rc;

	buf_printf(&path, "sobjects/ContentVersion/%.18s/VersionData", version);
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

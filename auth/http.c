/*
 * A lane is a multi handle for one request at a time. It keeps the connection
 * between requests, and another thread can wake it while it waits for a silent
 * peer, which an easy handle alone does not allow. The first idle lane is taken,
 * so that a few warm connections do the work. A lane lives until http_close,
 * because http_cancel may wake it at any time.
 *
 * Each request has an easy handle of its own. Before 8.1.1 libcurl used freed
 * memory if a second answer on one handle began with a folded line.
 *
 * libcurl hands out a body in pieces of 16 KiB. A sink gets what came between
 * two waits as one piece, which halves the cost of writing it to disk.
 *
 * libcurl does not wipe its copies of request headers; ours are wiped.
 */
#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "host.h"
#include "log.h"

#define DOWNLOAD_BUFFER	(256L << 10)	/* bytes read at a time when there is a sink */
#define PIECE		(256u << 10)	/* bytes that a sink gets at a time, at most */
#define RETRY_AFTER_MOST 86400		/* seconds */
#define WANTED_EVERY	500		/* ms between calls of gave_up */
#define POLL_MOST	3600000		/* ms; libcurl's own limits end a poll sooner */

struct lane {
	CURLM		*multi;
	struct lane	*next;
	bool		 busy;
	char		 piece[PIECE];	/* for a sink */
};

struct http {
	struct http_options options;
	atomic_bool	 cancelled;

	pthread_mutex_t	 lock;		/* guards: lanes, and which are busy */
	struct lane	*lanes;
};

/* A request under way. */
struct http_transfer {
	struct http	*http;
	struct lane	*lane;
	CURL		*easy;
	size_t		 held;		/* bytes in the lane's piece, for the sink */
	const struct http_request *q;
	struct http_response *out;
	char		*host;
	char		 text[CURL_ERROR_SIZE];	/* libcurl's error */
	char		 why[160];	/* ours, which wins; "": none */
	struct buf	 authorization;
	struct curl_slist authorization_node, *headers;
	int		 rc;		/* why http ended it; 0: it did not */
	bool		 whole;		/* the server ignores the range */
	bool		 sink_failed;	/* and has logged why */
	bool		 answered, tls, loopback;
	int64_t		 began, last_byte; /* clock_ms; 0: no connection yet */
	size_t		 since;		/* bytes that do not count as progress yet */
};

/* OpenSSL loads all algorithms of a kind when one is first used. If that fails, they are missing
 * for good. So all are loaded before the first request. */
#define ALGORITHMS(X)                                                                              \
	X(EVP_RAND) X(EVP_MD) X(EVP_CIPHER) X(EVP_MAC) X(EVP_KDF) X(EVP_KEYMGMT) X(EVP_KEYEXCH)    \
	X(EVP_SIGNATURE) X(EVP_ASYM_CIPHER) X(OSSL_DECODER) X(OSSL_ENCODER)
#define X(kind) static void on_##kind(kind *k, void *ctx) { (void)k, (void)ctx; }
ALGORITHMS(X)
#undef X

static void
load_algorithms(void)
{
#define X(kind) kind##_do_all_provided(NULL, on_##kind, NULL);
	ALGORITHMS(X)
#undef X
}

int
http_open(const struct http_options *o, struct http **out)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(h);
		return -ENOMEM;
	}
	load_algorithms();
	pthread_mutex_init(&h->lock, NULL);
	atomic_init(&h->cancelled, false);
	h->options = *o;
	*out = h;
	return 0;
}

void
http_close(struct http *h)
{
	if (!h)
		return;
	for (struct lane *l = h->lanes, *next; l; l = next) {
		next = l->next;
		curl_multi_cleanup(l->multi);
		free(l);
	}
	pthread_mutex_destroy(&h->lock);
	free(h);
}

void
http_cancel(struct http *h)
{
	atomic_store(&h->cancelled, true);
	pthread_mutex_lock(&h->lock);
	for (struct lane *l = h->lanes; l; l = l->next)
		curl_multi_wakeup(l->multi);
	pthread_mutex_unlock(&h->lock);
}

bool
http_cancelled(const struct http *h)
{
	return atomic_load(&h->cancelled);
}

unsigned
http_idle_timeout(const struct http *h)
{
	return h->options.idle_timeout;
}

static struct lane *
lane_get(struct http *h)
{
	pthread_mutex_lock(&h->lock);
	struct lane *l = h->lanes;
	while (l && l->busy)
		l = l->next;
	if (!l && (l = calloc(1, sizeof(*l)))) {
		l->multi = curl_multi_init();
		/* Without descriptors libcurl makes a handle that nobody can wake up. */
		if (curl_multi_wakeup(l->multi) == CURLM_OK) {
			l->next = h->lanes;
			h->lanes = l;
		} else {
			curl_multi_cleanup(l->multi);
			free(l);
			l = NULL;
		}
	}
	if (l)
		l->busy = true;
	pthread_mutex_unlock(&h->lock);
	return l;
}

static void
lane_put(struct http *h, struct lane *l)
{
	pthread_mutex_lock(&h->lock);
	l->busy = false;
	pthread_mutex_unlock(&h->lock);
}

/*
 * Callbacks of libcurl, on the thread of http_do.
 */

static int
on_connected(void *ctx, char *to, char *from, int to_port, int from_port)
{
	struct http_transfer *x = ctx;

	(void)to, (void)from, (void)to_port, (void)from_port;
	x->last_byte = clock_ms();
	return CURL_PREREQFUNC_OK;
}

/* Close-on-exec: a program that is started meanwhile must not keep the connection open. */
static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	(void)ctx, (void)purpose;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* The value of an answer's header; NULL: none. Borrowed until the next call. */
static const char *
response_header(CURL *easy, const char *name)
{
	struct curl_header *h;

	return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : NULL;
}

/* Whether a 206 begins at byte `from`. */
static bool
is_range_from(CURL *easy, uint64_t from)
{
	const char *s = response_header(easy, "Content-Range");
	uint64_t first;

	return s && sscanf(s, "bytes %" SCNu64 "-", &first) == 1 && first == from;
}

static size_t
on_header(char *line, size_t size, size_t n, void *ctx)
{
	struct http_transfer *x = ctx;
	long status = 0;

	(void)line;
	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!x->answered && status >= 200) {	/* 1xx answers may come without an end */
		x->answered = true;
		x->last_byte = clock_ms();
	}
	return size * n;
}

static int
keep_body(struct http_transfer *x, const char *p, size_t n)
{
	struct buf *body = &x->out->body;

	if (n > x->q->body_limit - body->len) {
		snprintf(x->why, sizeof(x->why), "the answer is larger than %zu bytes",
		    x->q->body_limit);
		return -EMSGSIZE;
	}
	buf_put(body, p, n);
	return body->failed ? -ENOMEM : 0;
}

static int
flush_piece(struct http_transfer *x)
{
	size_t n = x->held;

	if (n == 0)
		return 0;
	x->held = 0;
	const int64_t before = clock_ms();
	int rc = x->q->sink(x->q->ctx, x->lane->piece, n);
	x->sink_failed = rc < 0;
	x->last_byte += clock_ms() - before;	/* the peer had to wait for the sink */
	return rc;
}

static int
gather_piece(struct http_transfer *x, const char *p, size_t n)
{
	while (n > 0) {
		size_t some = n < PIECE - x->held ? n : PIECE - x->held;

		memcpy(x->lane->piece + x->held, p, some);
		x->held += some;
		p += some;
		n -= some;
		int rc = x->held == PIECE ? flush_piece(x) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
take_body(struct http_transfer *x, const char *p, size_t n)
{
	long status = 0;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!x->q->sink || (status != 200 && status != 206))
		return keep_body(x, p, n);
	if (x->q->range_from > 0 && status == 200 && !x->whole) {
		x->whole = true;
		int rc = x->q->whole(x->q->ctx);
		x->sink_failed = rc < 0;
		if (rc < 0)
			return rc;
	}
	if (status == 206 &&
	    (!is_range_from(x->easy, x->q->range_from) ||
		response_header(x->easy, "Content-Encoding"))) {
		snprintf(x->why, sizeof(x->why), "the answer is not the range that was asked for");
		return -EPROTO;
	}
	return gather_piece(x, p, n);
}

static size_t
on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct http_transfer *x = ctx;

	x->rc = take_body(x, p, size * n);
	x->since += size * n;
	if (x->since >= HTTP_LEAST) {
		x->since = 0;
		x->last_byte = clock_ms();
	}
	return x->rc < 0 ? CURL_WRITEFUNC_ERROR : size * n;
}

/*
 * Preparing.
 */

/* A CR or LF would end the header and begin another one. */
static bool
is_one_line(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static int
refuse(struct http_transfer *x, const char *why)
{
	snprintf(x->why, sizeof(x->why), "%s", why);
	return -EINVAL;
}

static int
prepare_headers(struct http_transfer *x)
{
	const struct http_request *q = x->q;

	for (const char *const *s = q->headers; s && *s; s++) {
		if (!is_one_line(*s))
			return refuse(x, "a request header has an invalid character");
		struct curl_slist *more = curl_slist_append(x->headers, *s);
		if (!more)
			return -ENOMEM;
		x->headers = more;
	}
	if (!q->bearer)
		return 0;
	if (!q->bearer->bytes || !is_one_line(q->bearer->bytes))
		return refuse(x, "the access token has an invalid character");
	/* Growing would leave a copy behind. */
	buf_reserve(&x->authorization, strlen(q->bearer->bytes) + 32);
	buf_puts(&x->authorization, "Authorization: Bearer ");
	buf_puts(&x->authorization, q->bearer->bytes);
	x->authorization_node =
	    (struct curl_slist){ .data = x->authorization.data, .next = x->headers };
	return x->authorization.failed ? -ENOMEM : 0;
}

/* Takes the host from the URL, as libcurl reads it. Refuses http to another machine, and users. */
static int
prepare_url(struct http_transfer *x, CURLU *url)
{
	char *scheme = NULL, *user = NULL;
	int rc = 0;

	if (curl_url_set(url, CURLUPART_URL, x->q->url, 0) ||
	    curl_url_get(url, CURLUPART_HOST, &x->host, 0) ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0))
		return refuse(x, "the URL is not valid");
	x->loopback = host_is_loopback(x->host);
	x->tls = strcmp(scheme, "https") == 0;
	if (!x->tls && !(x->loopback && strcmp(scheme, "http") == 0))
		rc = refuse(x, "http is only for this machine itself; use https");
	else if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK)
		rc = refuse(x, "the URL has a user in it");
	curl_free(scheme);
	curl_free(user);
	return rc;
}

/* This libcurl knows every option, so only memory can fail. */
#define SET(option, value) (bad |= curl_easy_setopt(x->easy, CURLOPT_##option, value))

static int
set_options(struct http_transfer *x, CURLU *url)
{
	const struct http_options *o = &x->http->options;
	const struct http_request *q = x->q;
	char range[64];
	int bad = 0;

	SET(PROTOCOLS_STR, x->tls ? "https" : "http");
	SET(FOLLOWLOCATION, 0L);
	SET(OPENSOCKETFUNCTION, on_socket);
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(SSL_VERIFYPEER, 1L);
	SET(SSL_VERIFYHOST, 2L);
	if (o->ca_file) {
		SET(CAINFO, o->ca_file);
		SET(CAPATH, NULL);
		SET(CA_CACHE_TIMEOUT, 0L);	/* read anew for each connection: it may change */
	}
	if (x->loopback)
		SET(PROXY, "");
	else if (o->proxy)
		SET(PROXY, o->proxy);
	/* A lane has nothing to multiplex, and HTTP/2 windows would throttle a download. */
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(NOSIGNAL, 1L);
	SET(QUICK_EXIT, 1L);	/* do not wait for a name lookup that was given up */
	SET(CONNECTTIMEOUT, o->connect_timeout ? (long)o->connect_timeout : 10L);

	SET(CURLU, url);
	SET(USERAGENT, "sffs/" SFFS_VERSION);
	SET(HTTPHEADER, q->bearer ? &x->authorization_node : x->headers);
	if (q->form) {
		SET(POSTFIELDSIZE_LARGE, (curl_off_t)q->form->len);
		SET(POSTFIELDS, buf_str(q->form));
	}
	/* Makes libcurl decode whatever comes, too, and refuse what it cannot. */
	SET(ACCEPT_ENCODING, q->compressed ? "gzip" : "identity");
	/* Fails if an earlier transfer left its buffer behind, which will do as well. */
	if (q->sink)
		curl_easy_setopt(x->easy, CURLOPT_BUFFERSIZE, DOWNLOAD_BUFFER);
	if (q->range_from > 0) {
		snprintf(range, sizeof(range), "%" PRIu64 "-", q->range_from);
		SET(RANGE, range);
	}

	SET(PREREQFUNCTION, on_connected);
	SET(PREREQDATA, x);
	SET(HEADERFUNCTION, on_header);
	SET(HEADERDATA, x);
	SET(SUPPRESS_CONNECT_HEADERS, 1L);	/* the proxy's are not the answer's */
	SET(WRITEFUNCTION, on_body);
	SET(WRITEDATA, x);
	SET(ERRORBUFFER, x->text);
	return bad ? -ENOMEM : 0;
}

/*
 * Running, and what came of it.
 */

/* Milliseconds until the peer has taken too long; if there are none, x->why says how long. */
static int64_t
time_left(struct http_transfer *x)
{
	const int64_t now = clock_ms();
	const unsigned idle = x->http->options.idle_timeout;
	const unsigned total = x->q->total_timeout || x->q->sink ? x->q->total_timeout : idle;
	int64_t left = POLL_MOST, silence = POLL_MOST;

	if (total > 0)
		left = x->began + INT64_C(1000) * total - now;
	if (idle > 0 && x->last_byte > 0 && (x->answered || total == 0))
		silence = x->last_byte + INT64_C(1000) * idle - now;
	if (left <= 0)
		snprintf(x->why, sizeof(x->why), "no whole answer in %u s", total);
	else if (silence <= 0)
		snprintf(x->why, sizeof(x->why), "%s for %u s",
		    x->since ? "hardly a byte" : "no byte", idle);
	left = left < silence ? left : silence;
	return left < POLL_MOST ? left : POLL_MOST;
}

/* 0: libcurl ended the transfer, with *code. Else http did. */
static int
run_transfer(struct http_transfer *x, CURLM *multi, CURLcode *code)
{
	int running = 1, left;

	for (;;) {
		if (atomic_load(&x->http->cancelled) || (x->q->gave_up && x->q->gave_up(x->q->ctx)))
			return -EINTR;
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return -ENOMEM;
		int rc = x->rc < 0 ? 0 : flush_piece(x);
		if (rc < 0)
			return rc;
		if (!running)
			break;
		int64_t wait = time_left(x);
		if (wait <= 0)
			return -ETIMEDOUT;
		if (x->q->gave_up && wait > WANTED_EVERY)
			wait = WANTED_EVERY;
		if (curl_multi_poll(multi, NULL, 0, (int)wait, NULL) != CURLM_OK)
			return -ENOMEM;
	}
	const CURLMsg *m = curl_multi_info_read(multi, &left);
	*code = m ? m->data.result : CURLE_OUT_OF_MEMORY;
	return x->rc;
}

static int
errno_of_curl(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return 0;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PROXY:
		return -EHOSTUNREACH;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
		return -ECONNRESET;
	case CURLE_BAD_CONTENT_ENCODING:
		return -EBADMSG;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -EPROTO;
	}
}

static void
copy_header(CURL *easy, const char *name, char *to, size_t size)
{
	const char *s = response_header(easy, name);

	snprintf(to, size, "%s", s ? s : "");
}

/* Seconds, or a date; -1: neither. */
static int64_t
parse_retry_after(const char *s)
{
	int64_t after;

	if (*s >= '0' && *s <= '9') {
		after = strtoll(s, NULL, 10);
	} else {
		time_t at = curl_getdate(s, NULL);

		if (at == -1)
			return -1;
		after = at - time(NULL);
	}
	return after < 0 ? 0 : after > RETRY_AFTER_MOST ? RETRY_AFTER_MOST : after;
}

static void
read_headers(CURL *easy, struct http_response *out)
{
	const char *date = response_header(easy, "Date");
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	out->status = (int)status;
	if (date)
		out->date = curl_getdate(date, NULL);
	const char *after = response_header(easy, "Retry-After");
	if (after)
		out->retry_after = parse_retry_after(after);
	copy_header(easy, "Sforce-Limit-Info", out->limit_info, sizeof(out->limit_info));
	copy_header(easy, "Content-Type", out->content_type, sizeof(out->content_type));
}

/* As libcurl reads no_proxy: names of hosts, with or without a leading dot, or * for all. */
static bool
is_exempt(const char *host, const char *list)
{
	const size_t len = strlen(host);

	for (size_t n; *list; list += n + (list[n] != '\0')) {
		n = strcspn(list, ", ");
		const char *name = *list == '.' ? list + 1 : list;
		const size_t of = n - (size_t)(name - list);

		if ((of == 1 && *name == '*') ||
		    (of > 0 && of <= len && strncasecmp(host + len - of, name, of) == 0 &&
			(of == len || host[len - of - 1] == '.')))
			return true;
	}
	return false;
}

static void
find_proxy(const struct http_transfer *x)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
		"ALL_PROXY" };
	const char *exempt = getenv("no_proxy"), *from = "the config";
	const char *value = x->http->options.proxy;

	if (!exempt)
		exempt = getenv("NO_PROXY");
	if (x->loopback || is_exempt(x->host, exempt ? exempt : ""))
		return;
	const bool given = value;
	for (size_t i = 0; !given && !(value && *value) && i < sizeof(names) / sizeof(names[0]);
	    i++)
		value = getenv(from = names[i]);
	if (value && *value) {
		x->out->proxy = value;
		x->out->proxy_from = from;
	}
}

/* "host: why"; libcurl often names the host by itself. The URL of a proxy may hold a password. */
static void
put_error(const struct http_transfer *x, int rc, CURLcode code)
{
	const char *proxy = code == CURLE_OK && rc != -ETIMEDOUT ? NULL : x->out->proxy_from;
	const char *text = *x->why			    ? x->why :
	    strncmp(x->text, "Unsupported proxy", 17) == 0 ? "libcurl cannot use such a proxy" :
	    *x->text					    ? x->text :
	    code != CURLE_OK				    ? curl_easy_strerror(code) :
							      strerror(-rc);
	const bool named = !x->host || strstr(text, x->host);

	snprintf(x->out->error, sizeof(x->out->error), "%.80s%s%.160s%s%s%s", named ? "" : x->host,
	    named ? "" : ": ", text, proxy ? " (through the proxy that " : "",
	    proxy ? proxy : "", proxy ? " names)" : "");
}

/* libcurl takes it for a host that does not answer. */
static bool
can_open_files(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return errno != EMFILE && errno != ENFILE;
	close(ends[0]);
	close(ends[1]);
	return true;
}

int
http_do(struct http *h, const struct http_request *q, struct http_response *out)
{
	struct http_transfer x = { .http = h, .q = q, .out = out, .authorization = BUF_INIT };
	struct lane *lane = lane_get(h);
	CURLU *url = curl_url();
	CURLcode code = CURLE_OK;
	int rc = -ENOMEM;

	*out = (struct http_response){ .body = BUF_INIT, .date = -1, .retry_after = -1 };
	x.began = clock_ms();
	x.easy = curl_easy_init();
	if (!lane || !url || !x.easy)
		goto out;
	x.lane = lane;
	rc = prepare_url(&x, url);
	if (x.host)
		find_proxy(&x);
	if (rc == 0)
		rc = prepare_headers(&x);
	if (rc == 0)
		rc = set_options(&x, url);
	if (rc == 0 && curl_multi_add_handle(lane->multi, x.easy) != CURLM_OK)
		rc = -ENOMEM;
	if (rc == 0) {
		rc = run_transfer(&x, lane->multi, &code);
		if (rc == 0)
			rc = errno_of_curl(code);
		if (rc == 0)
			read_headers(x.easy, out);
		curl_easy_getinfo(x.easy, CURLINFO_SIZE_DOWNLOAD_T, &out->came);
		/* libcurl takes nearly any line for a status line. */
		if (rc == 0 && (out->status < 100 || out->status > 999)) {
			snprintf(x.why, sizeof(x.why), "the answer has no status");
			rc = -EPROTO;
		}
		curl_multi_remove_handle(lane->multi, x.easy);
	}
out:
	if (rc < 0) {
		if (!x.sink_failed && (rc == -EHOSTUNREACH || rc == -EPROTO || rc == -ENOMEM) &&
		    !can_open_files()) {
			log_warn_once("http", "no more files can be open at a time (ulimit -n)");
			rc = -EMFILE;
		} else if (!x.sink_failed && rc != -EINTR) {
			put_error(&x, rc, code);
		}
		buf_free(&out->body);
	}
	curl_easy_cleanup(x.easy);
	if (lane)
		lane_put(h, lane);
	curl_url_cleanup(url);
	curl_slist_free_all(x.headers);
	buf_wipe(&x.authorization);
	curl_free(x.host);
	return rc;
}

void
http_response_free(struct http_response *r)
{
	buf_wipe(&r->body);	/* it may be a token */
}

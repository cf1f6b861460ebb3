#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "auth/log.h"

#include "tests/org/control.h"
#include "tests/org/fault.h"
#include "tests/org/gzip.h"
#include "tests/org/journal.h"
#include "tests/org/login.h"
#include "tests/org/oauth.h"
#include "tests/org/org.h"
#include "tests/org/rest.h"
#include "tests/org/http.h"

#define URI_MAX		16384	/* bytes of the URI with the headers */
#define BODY_MAX	((2ull << 30) + (1 << 20))	/* a file of 2 GB, and the form */
#define MEMORY (320u << 10) /* bytes a connection; the free part is the size of a chunk */
#define CONNECTIONS	1024
#define BACKLOG		256

struct http {
	struct MHD_Daemon *daemon;
	struct org	*org;
};

/* One request and its answer, from the first line to the last byte. */
struct exchange {
	struct http	*http;
	struct MHD_Connection *connection;
	struct request	 request;
	char		*uri;		/* as it came */
	bool		 begun;		/* the headers have come */
	struct reply	 reply;
	int		 fd;		/* of a body that is in a file; -1: in memory */
	uint64_t	 length;	/* of the body that is sent */
	uint64_t	 whole;		/* of the full body */
	uint64_t	 sent;
	struct fault	*fault;
	uint64_t	 hold;
	bool		 passed;	/* a held body has gone on */
	uint64_t	 entry;		/* in the journal; 0: none */
};

const char *
request_header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->wire, MHD_HEADER_KIND, name);
}

static int
hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f'    ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F'    ? c - 'A' + 10 :
				      -1;
}

/* application/x-www-form-urlencoded; NULL: out of memory. */
static char *
decode(const char *s, size_t n)
{
	char *out = malloc(n + 1), *p = out;

	for (size_t i = 0; out && i < n; i++) {
		int high = s[i] == '%' && i + 2 < n ? hex_value(s[i + 1]) : -1;
		int low = high >= 0 ? hex_value(s[i + 2]) : -1;

		if (low >= 0) {
			*p++ = (char)(high << 4 | low);
			i += 2;
		} else {
			*p++ = s[i] == '+' ? ' ' : s[i];
		}
	}
	if (out)
		*p = '\0';
	return out;
}

char *
request_form(const struct request *r, const char *name)
{
	const char *s = buf_str(&r->body), *end = s + r->body.len;
	size_t len = strlen(name);

	while (s < end) {
		const char *next = memchr(s, '&', (size_t)(end - s));
		const char *stop = next ? next : end;

		if ((size_t)(stop - s) > len && memcmp(s, name, len) == 0 && s[len] == '=')
			return decode(s + len + 1, (size_t)(stop - s) - len - 1);
		s = stop + 1;
	}
	return NULL;
}

struct pairs {
	void		(*pair)(void *, const char *, const char *);
	void		*ctx;
};

static enum MHD_Result
each_param(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	const struct pairs *p = ctx;

	(void)kind;
	p->pair(p->ctx, name, value ? value : "");
	return MHD_YES;
}

/* Calls pair() for each field of a form. */
static void
each_pair(const char *s, size_t n, void (*pair)(void *, const char *, const char *), void *ctx)
{
	const char *end = s + n;

	while (s < end) {
		const char *next = memchr(s, '&', (size_t)(end - s));
		const char *stop = next ? next : end, *equals = memchr(s, '=', (size_t)(stop - s));
		char *name = decode(s, (size_t)((equals ? equals : stop) - s));
		char *value = equals ? decode(equals + 1, (size_t)(stop - equals) - 1) : strdup("");

		if (name && value)
			pair(ctx, name, value);
		free(name);
		free(value);
		s = stop + 1;
	}
}

void
request_pairs(const struct request *r, void (*pair)(void *, const char *, const char *), void *ctx)
{
	struct pairs p = { pair, ctx };

	MHD_get_connection_values(r->wire, MHD_GET_ARGUMENT_KIND, each_param, &p);
	each_pair(buf_str(&r->body), r->body.len, pair, ctx);
}

struct param {
	struct param	*next;
	char		*name, *value;
};

static const char *
param_of_part(const struct request *r, const char *name, size_t *len)
{
	for (const struct param *p = r->params; p; p = p->next) {
		if (strcmp(p->name, name) == 0) {
			if (len)
				*len = strlen(p->value);
			return p->value;
		}
	}
	return NULL;
}

const char *
request_param(const struct request *r, const char *name, size_t *len)
{
	const char *value = NULL;
	size_t n = 0;

	if (r->is_part)
		return param_of_part(r, name, len);
	if (MHD_lookup_connection_value_n(r->wire, MHD_GET_ARGUMENT_KIND, name, strlen(name),
	    &value, &n) != MHD_YES)
		return NULL;
	if (len)
		*len = n;
	return value ? value : "";
}

static void
add_param(void *ctx, const char *name, const char *value)
{
	struct request *r = ctx;
	struct param *p = calloc(1, sizeof(*p));

	if (!p || !(p->name = strdup(name)) || !(p->value = strdup(value))) {
		if (p)
			free(p->name);
		free(p);
		return;
	}
	p->next = r->params;
	r->params = p;
}

void
request_part(const struct request *of, const char *method, const char *url, struct request *out)
{
	const char *query = strchr(url, '?');
	char *path = decode(url, query ? (size_t)(query - url) : strlen(url));

	*out = (struct request){ .method = method,
		.path = path ? path : strdup(""),
		.query = "",
		.body = BUF_INIT,
		.is_part = true,
		.wire = of->wire };
	if (query)
		each_pair(query + 1, strlen(query + 1), add_param, out);
}

void
request_part_free(struct request *r)
{
	while (r->params) {
		struct param *p = r->params;

		r->params = p->next;
		free(p->name);
		free(p->value);
		free(p);
	}
	buf_free(&r->body);
	free((char *)(uintptr_t)r->path);
}

/* The body of an answer */

static bool
is_gone(void *ctx)
{
	struct exchange *x = ctx;
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd p = { .fd = info ? info->connect_fd : -1, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1 && p.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

/* Reads the right body; beyond its end there is filler. */
static ssize_t
body_read(struct exchange *x, uint64_t at, char *out, size_t max)
{
	if (at >= x->whole) {
		memset(out, 'x', max);
		return (ssize_t)max;
	}
	if (max > x->whole - at)
		max = (size_t)(x->whole - at);
	if (x->fd < 0) {
		memcpy(out, x->reply.body.data + at, max);
		return (ssize_t)max;
	}
	return pread(x->fd, out, max, (off_t)(x->reply.from + (int64_t)at));
}

/* How many bytes the fault lets through at once; 0: the body is cut here. */
static size_t
body_limit(struct exchange *x, uint64_t at, size_t max)
{
	const struct fault *f = x->fault;
	struct faults *faults = x->http->org->faults;

	if (!f)
		return max;
	if (f->kind == FAULT_SLOW) {
		size_t block = f->bytes / 10 + 1;

		fault_pause(faults, fault_hold_now(faults), 100);
		return block < max ? block : max;
	}
	if (f->kind != FAULT_DROP_AFTER && f->kind != FAULT_HOLD_AFTER && f->kind != FAULT_SILENT)
		return max;
	if (!x->passed && at >= f->bytes) {
		if (f->kind == FAULT_DROP_AFTER)
			return 0;
		if (!fault_hold(faults, fault_hold_now(faults), is_gone, x) ||
		    f->kind == FAULT_SILENT)
			return 0;
		x->passed = true;
	}
	if (!x->passed && max > f->bytes - at)
		max = (size_t)(f->bytes - at);
	return max;
}

static ssize_t
body_next(void *ctx, uint64_t at, char *out, size_t max)
{
	struct exchange *x = ctx;
	const struct fault *f = x->fault;

	max = body_limit(x, at, max);
	if (max == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (at >= x->length)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (max > x->length - at)
		max = (size_t)(x->length - at);
	ssize_t n = body_read(x, at, out, max);
	if (n <= 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (f && f->kind == FAULT_CORRUPT && f->bytes >= at && f->bytes < at + (uint64_t)n)
		out[f->bytes - at] ^= 0x40;
	x->sent = at + (uint64_t)n;
	return n;
}

/* Answers that faults give */

static void
fault_reply(const struct fault *f, struct reply *r)
{
	static const char garbage[] = "\x00\xff\xfe{\"\x80[[[\x1b]0;x\x07";
	const char *text = f->body ? f->body : "";

	switch (f->kind) {
	case FAULT_ERROR:
		reply_error_status(r, f->status, f->code ? f->code : "UNKNOWN_EXCEPTION",
		    f->message);
		break;
	case FAULT_OAUTH_ERROR:
		reply_oauth_error(r, f->code, f->message);
		r->status = f->status ? f->status : 400;
		break;
	case FAULT_HTML:
		r->status = f->status ? f->status : 502;
		r->type = "text/html";
		text = f->body ?
		    f->body :
		    "<!DOCTYPE html>\n<html><head><title>Bad Gateway</title></head><body><h1>We "
		    "are down for maintenance.</h1></body></html>\n";
		buf_puts(&r->body, text);
		break;
	case FAULT_GARBAGE:
		r->status = f->status ? f->status : 200;
		r->type = REPLY_JSON;
		buf_put(&r->body, garbage, sizeof(garbage) - 1);
		break;
	default:
		r->status = f->status ? f->status : 200;
		r->type = f->type ? f->type : REPLY_JSON;
		buf_puts(&r->body, text);
	}
}

static bool
answers(const struct fault *f)
{
	return f && f->kind <= FAULT_EMPTY;
}

/* Requests */

static enum MHD_Result
add_to_query(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct buf *out = ctx;

	(void)kind;
	buf_printf(out, "%s%s=%s", out->len ? "&" : "", name, value ? value : "");
	return MHD_YES;
}

static size_t
header_bytes(struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info ? info->header_size : 0;
}

/* Refuses as a gateway does. */
static void
refuse(struct reply *r, unsigned status, const char *title)
{
	r->status = status;
	r->type = "text/html";
	r->close = true;
	buf_printf(&r->body, "<html><head><title>%u %s</title></head><body>%s</body></html>\n",
	    status, title, title);
}

static void
serve(struct exchange *x)
{
	struct org *org = x->http->org;
	struct request *q = &x->request;
	struct reply *r = &x->reply;

	if (strlen(x->uri) > URI_MAX) {
		refuse(r, 414, "URI Too Long");
	} else if (header_bytes(x) > URI_MAX) {
		refuse(r, 431, "Request Header Fields Too Large");
	} else if (strncmp(q->path, "/services/data", 14) == 0 &&
	    (q->path[14] == '/' || q->path[14] == '\0')) {
		rest_serve(org, q, r);
	} else {
		oauth_serve(org, q, r);
	}
}

/* False: close the connection without an answer. */
static bool
serve_journaled(struct exchange *x)
{
	struct org *org = x->http->org;
	struct request *q = &x->request;

	x->fault = fault_take(org->faults, q->method, q->path, q->query, &x->hold);
	x->entry = journal_arrive(org->journal, q->method, q->path, q->query);
	unsigned latency = (unsigned)settings_get(&org->settings, SETTING_LATENCY);
	if (x->fault && x->fault->kind == FAULT_DELAY)
		latency += x->fault->ms;
	if (latency)
		fault_pause(org->faults, x->hold, latency);
	if (x->fault && x->fault->kind == FAULT_HOLD &&
	    !fault_hold(org->faults, x->hold, is_gone, x))
		return false;
	if (x->fault && (x->fault->kind == FAULT_DROP || x->fault->kind == FAULT_NOT_HTTP))
		return false;
	if (x->fault && x->fault->kind == FAULT_OAUTH_ERROR &&
	    strcmp(q->path, "/services/oauth2/authorize") == 0)
		login_refuse(org, q, &x->reply, x->fault->code, x->fault->message);
	else if (answers(x->fault))
		fault_reply(x->fault, &x->reply);
	else
		serve(x);
	if (x->fault && x->fault->kind == FAULT_LOST)
		return false;
	if (x->fault && x->fault->header)
		reply_header(&x->reply, "%s", x->fault->header);
	return true;
}

static void
add_headers(struct MHD_Response *response, const struct exchange *x)
{
	const struct reply *r = &x->reply;
	char date[64];
	struct tm tm;
	char *headers = strdup(buf_str(&r->headers)), *save = NULL;

	time_t now = (time_t)(org_now(x->http->org) / 1000 +
	    settings_get(&x->http->org->settings, SETTING_DATE_SKEW));
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	MHD_add_response_header(response, "Date", date);
	if (r->type)
		MHD_add_response_header(response, "Content-Type", r->type);
	if (r->close)
		MHD_add_response_header(response, "Connection", "close");
	for (char *line = headers ? strtok_r(headers, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = '\0';
		MHD_add_response_header(response, line, colon + 1 + strspn(colon + 1, " "));
	}
	free(headers);
}

static void
size_body(struct exchange *x)
{
	const struct fault *f = x->fault;

	x->whole = x->fd >= 0 ? (uint64_t)x->reply.length : x->reply.body.len;
	x->length = x->whole;
	if (f && f->kind == FAULT_SHORT)
		x->length -= f->bytes < x->length ? f->bytes : x->length;
	if (f && f->kind == FAULT_LONG)
		x->length += f->bytes;
}

static enum MHD_Result
answer(struct exchange *x)
{
	struct reply *r = &x->reply;
	struct MHD_Response *response;

	if (r->file) {
		x->fd = open(r->file, O_RDONLY | O_CLOEXEC);
		if (x->fd < 0) {
			log_warn("http", "%s: %s", r->file, strerror(errno));
			reply_reset(r);
			reply_error(r, "UNKNOWN_EXCEPTION", NULL);
		}
	}
	if (r->body.failed || r->headers.failed)
		return MHD_NO;
	size_body(x);
	if (r->status == 204 || r->status == 304)
		response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	else
		response = MHD_create_response_from_callback(
		    r->sized ? x->length : MHD_SIZE_UNKNOWN, 1 << 18, body_next, x, NULL);
	if (!response)
		return MHD_NO;
	add_headers(response, x);
	enum MHD_Result rc = MHD_queue_response(x->connection, r->status, response);
	MHD_destroy_response(response);
	return rc;
}

/* Sends bytes that are not HTTP. */
static void
talk_nonsense(struct exchange *x)
{
	static const char text[] = "220 smtp.example.com ESMTP\r\n";
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (info && send(info->connect_fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
		log_debug("http", "nonsense not sent: %s", strerror(errno));
}

/* The headers have come: makes the request of them. */
static enum MHD_Result
begin(struct exchange *x, const char *method, const char *path)
{
	struct buf query = BUF_INIT;

	x->begun = true;
	x->request.wire = x->connection;
	x->request.method = method;
	/* The Salesforce CLI sends doubled slashes; rest.c takes those further on. */
	while (path[0] == '/' && path[1] == '/')
		path++;
	x->request.path = path;
	MHD_get_connection_values(x->connection, MHD_GET_ARGUMENT_KIND, add_to_query, &query);
	const char *range = request_header(&x->request, "Range");
	if (range)
		buf_printf(&query, "%sRange: %s", query.len ? " " : "", range);
	x->request.query = buf_detach(&query);
	return x->request.query ? MHD_YES : MHD_NO;
}

/* Uncompresses the body of a request; false: it is not what its header says. */
static bool
unpack(struct request *q)
{
	const char *encoding = request_header(q, "Content-Encoding");
	struct buf packed = q->body;

	if (!encoding || strcmp(encoding, "gzip") != 0)
		return true;
	q->body = (struct buf)BUF_INIT;
	bool good = gzip_read(buf_str(&packed), packed.len, BODY_MAX, &q->body);
	buf_free(&packed);
	return good;
}

static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
    const char *version, const char *data, size_t *len, void **state)
{
	struct exchange *x = *state;

	(void)ctx;
	(void)version;
	if (!x)
		return MHD_NO;
	x->connection = connection;
	if (!x->begun)
		return begin(x, method, path);
	if (*len > 0) {
		x->request.too_long = x->request.too_long || x->request.body.len + *len > BODY_MAX;
		if (x->request.too_long)
			buf_clear(&x->request.body);
		else
			buf_put(&x->request.body, data, *len);
		*len = 0;
		return x->request.body.failed ? MHD_NO : MHD_YES;
	}
	if (strncmp(path, "/_org/", 6) == 0) {
		control_serve(x->http->org, &x->request, &x->reply);
		x->reply.sized = true;
		return answer(x);
	}
	if (!unpack(&x->request))
		reply_error_status(&x->reply, 400, "JSON_PARSER_ERROR",
		    "the body is no gzip, or too long");
	if (x->reply.status != 200 || serve_journaled(x))
		return answer(x);
	if (x->fault && x->fault->kind == FAULT_NOT_HTTP)
		talk_nonsense(x);
	return MHD_NO;
}

static void *
on_uri(void *ctx, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *x = calloc(1, sizeof(*x));

	(void)connection;
	if (!x)
		return NULL;
	x->http = ctx;
	x->fd = -1;
	reply_init(&x->reply);
	x->uri = strdup(uri);
	if (!x->uri) {
		free(x);
		return NULL;
	}
	return x;
}

static void
on_end(void *ctx, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *state;

	(void)ctx;
	(void)connection;
	if (!x)
		return;
	if (x->entry)
		journal_finish(x->http->org->journal, x->entry, x->reply.status, x->sent,
		    code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	fault_put(x->http->org->faults, x->fault);
	if (x->fd >= 0)
		close(x->fd);
	reply_free(&x->reply);
	buf_free(&x->request.body);
	free((char *)x->request.query);
	free(x->uri);
	free(x);
	*state = NULL;
}

__attribute__((format(printf, 2, 0)))
static void
on_message(void *ctx, const char *fmt, va_list ap)
{
	char text[512];

	(void)ctx;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("http", "%s", text);
}

/* Opens a listening socket on loopback and writes its address into the org. */
static int
listen_on(struct org *org, unsigned port, const char *scheme, int *out)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0)
		return -errno;
	/* A port of a server that has just ended may be taken again. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	unsigned shown = org->front ? org->front : ntohs(address.sin_port);
	snprintf(org->host, sizeof(org->host), "127.0.0.1:%u", shown);
	snprintf(org->url, sizeof(org->url), "%s://%s", scheme, org->host);
	snprintf(org->other_host, sizeof(org->other_host), "localhost:%u", shown);
	snprintf(org->other_url, sizeof(org->other_url), "%s://%s", scheme, org->other_host);
	*out = fd;
	return 0;
}

int
http_start(struct org *org, unsigned port, const char *tls_cert, const char *tls_key,
    struct http **out)
{
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
	    MHD_USE_POLL | MHD_USE_ERROR_LOG | MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_USE_ITC |
	    (tls_cert ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)tls_cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)tls_key },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct http *h = calloc(1, sizeof(*h));
	int fd = -1, rc = h ? listen_on(org, port, tls_cert ? "https" : "http", &fd) : -ENOMEM;

	if (rc != 0) {
		free(h);
		return rc;
	}
	h->org = org;
	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h,
	    MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_URI_LOG_CALLBACK, on_uri, h,
	    MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
	    MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)16384,
	    MHD_OPTION_ARRAY, tls_cert ? tls : tls + 2,
	    MHD_OPTION_END);
	if (!h->daemon) {
		close(fd);
		free(h);
		return -EIO;
	}
	*out = h;
	return 0;
}

void
http_stop(struct http *h)
{
	if (!h)
		return;
	MHD_stop_daemon(h->daemon);
	free(h);
}

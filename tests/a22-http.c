/*
 * http against a peer that plays scripted answers: which connections are kept, which answers are
 * whole, what ends a request, and what is never sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/http.h"
#include "tap.h"

#define TOKEN	"00D!AQ.token_secret"
#define TUNNEL	"HTTP/1.1 200 OK\r\n\r\n"

/*
 * The peer has a thread for each connection. Each request gets the next answer; after the last, the
 * last again.
 */

enum then { KEEP, CLOSE, SILENT };

struct answer {
	const char	*bytes;
	size_t		 len;		/* 0: strlen(bytes) */
	size_t		 more;		/* bytes of pattern() after them */
	const char	*drip;		/* and this, ten times a second without an end */
	enum then	 then;
};

struct peer {
	int		 fd;
	unsigned	 port;
	SSL_CTX		*tls;		/* NULL: plain */
	bool		 tunnel;	/* a proxy's tunnel first */
	pthread_t	 thread;
	sem_t		 asked;		/* posted when an answer has been sent */
	sem_t		 left;		/* when the client has left one that drips */

	pthread_mutex_t	 lock;		/* guards: all below */
	const struct answer *answers;
	unsigned	 next, connections, requests;
	char		 request[4096];	/* the last one */
};

struct connection {
	struct peer	*peer;
	int		 fd;
	SSL		*ssl;
};

static unsigned char
pattern(size_t i)
{
	return (unsigned char)(i * 31 + i / 256 * 7);
}

static ssize_t
receive(struct connection *c, void *p, size_t n)
{
	return c->ssl ? SSL_read(c->ssl, p, (int)n) : recv(c->fd, p, n, 0);
}

static bool
transmit(struct connection *c, const void *p, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t k = c->ssl ? SSL_write(c->ssl, (const char *)p + done, (int)(n - done)) :
		    send(c->fd, (const char *)p + done, n - done, MSG_NOSIGNAL);

		if (k <= 0)
			return false;
		done += (size_t)k;
	}
	return true;
}

/* Head and body; false: the client has gone. */
static bool
read_request(struct connection *c, char *out, size_t size)
{
	size_t len = 0, want = 0;

	do {
		ssize_t n = receive(c, out + len, size - len - 1);

		if (n <= 0)
			return false;
		len += (size_t)n;
		out[len] = '\0';
		const char *end = strstr(out, "\r\n\r\n"), *cl = strstr(out, "Content-Length: ");
		if (end)
			want = (size_t)(end - out) + 4 + (cl ? strtoul(cl + 16, NULL, 10) : 0);
	} while (want == 0 || len < want);
	return true;
}

static bool
send_answer(struct connection *c, const struct answer *a)
{
	unsigned char block[16384];
	bool good = transmit(c, a->bytes, a->len ? a->len : strlen(a->bytes));

	for (size_t i = 0; good && i < a->more;) {
		size_t n = 0;

		while (n < sizeof(block) && i < a->more)
			block[n++] = pattern(i++);
		good = transmit(c, block, n);
	}
	return good;
}

static void *
serve_connection(void *arg)
{
	struct connection *c = arg;
	struct peer *p = c->peer;
	char request[sizeof(p->request)];
	bool open = true;

	if (p->tunnel)
		open = read_request(c, request, sizeof(request)) &&
		    transmit(c, TUNNEL, strlen(TUNNEL));
	if (open && p->tls) {
		c->ssl = SSL_new(p->tls);
		SSL_set_fd(c->ssl, c->fd);
		open = SSL_accept(c->ssl) == 1;
	}
	while (open && read_request(c, request, sizeof(request))) {
		pthread_mutex_lock(&p->lock);
		memcpy(p->request, request, sizeof(request));
		p->requests++;
		const struct answer *a = &p->answers[p->next];
		if (a[1].bytes)
			p->next++;
		pthread_mutex_unlock(&p->lock);
		open = send_answer(c, a) && a->then != CLOSE;
		sem_post(&p->asked);
		for (; open && a->drip; usleep(100000))
			if (!(open = transmit(c, a->drip, strlen(a->drip))))
				sem_post(&p->left);
		while (open && a->then == SILENT)
			open = receive(c, request, sizeof(request)) > 0;
	}
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
	return NULL;
}

static void *
serve(void *arg)
{
	struct peer *p = arg;
	pthread_t threads[1024];
	unsigned n = 0;
	int fd;

	while (n < 1024 && (fd = accept(p->fd, NULL, NULL)) >= 0) {
		struct connection *c = calloc(1, sizeof(*c));

		*c = (struct connection){ .peer = p, .fd = fd };
		pthread_mutex_lock(&p->lock);
		p->connections++;
		pthread_mutex_unlock(&p->lock);
		pthread_create(&threads[n++], NULL, serve_connection, c);
	}
	while (n > 0)
		pthread_join(threads[--n], NULL);
	return NULL;
}

static int
bound_socket(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		exit(1);
	*port = ntohs(a.sin_port);
	return fd;
}

static void
peer_open(struct peer *p, SSL_CTX *tls)
{
	*p = (struct peer){ .tls = tls, .lock = PTHREAD_MUTEX_INITIALIZER };
	sem_init(&p->asked, 0, 0);
	sem_init(&p->left, 0, 0);
	p->fd = bound_socket(&p->port);
	listen(p->fd, 64);
	pthread_create(&p->thread, NULL, serve, p);
}

static void
peer_play(struct peer *p, const struct answer *answers)
{
	pthread_mutex_lock(&p->lock);
	p->answers = answers;
	p->next = p->connections = p->requests = 0;
	pthread_mutex_unlock(&p->lock);
	while (sem_trywait(&p->asked) == 0)
		continue;
}

/* Close every http that talked to it first. */
static void
peer_close(struct peer *p)
{
	shutdown(p->fd, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->fd);
	sem_destroy(&p->asked);
	sem_destroy(&p->left);
}

/*
 * One request, one row.
 */

#define ANSWER(...) { .bytes = __VA_ARGS__ }
#define OK(n)	"HTTP/1.1 200 OK\r\nContent-Length: " #n "\r\n\r\n"
#define CHUNKED	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define GZIPPED                                                                                    \
	"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 132\r\n\r\n"                 \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xed\xc1\x31\x01\x00\x00"                         \
	"\x00\xc2\xa0\xda\x8b\x6f\x0d\x0f\xa0\x00\x00\x00\x00\x00\x00\x00"                         \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"                         \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"                         \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"                         \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"                         \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"                         \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x57\x03\x71\x11\x07\xfe"                         \
	"\xa0\x86\x01\x00"
#define GZIPPED_LEN	(sizeof(GZIPPED) - 1)	/* 100,000 times x */
#define WHOLE(...) { .bytes = __VA_ARGS__, .len = sizeof(__VA_ARGS__) - 1 }
#define CODED(coding, n)                                                                           \
	"HTTP/1.1 200 OK\r\nContent-Encoding: " coding "\r\nContent-Length: " #n "\r\n\r\n"
#define DEFLATED	"\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15"
#define DEFLATED_TWICE                                                                             \
	"\x78\x9c\xab\x98\x73\xda\xe3\xec\xc9\x93\xec\x0c\x6c"                                     \
	"\x3a\x4c\xa2\x00\x2c\xd9\x04\xd7"
#define DEFLATED_BYTES	"\x78\x9c\x63\x90\xb7\x03\x00\x00\x7f\x00\x5e"	/* of pattern() */

static const char *const accept_json[] = { "Accept: application/json", "X-One: 1", NULL };
static const char *const two_in_one[] = { "X-One: 1\r\nX-Two: 2", NULL };
static const char *const bare_lf[] = { "X-One: 1\nX-Two: 2", NULL };
static const struct secret token = { (char *)(uintptr_t)TOKEN },
			   broken_token = { (char *)(uintptr_t) "t\r\nX-Two: 2" }, no_token;
static const struct buf form = { (char *)(uintptr_t)"grant_type=x&a=%20", 18, 18, false };

struct row {
	const char	*name;
	struct answer	 answers[4];
	struct http_request q;
	int		 times;		/* 0: once */
	bool		 sink;
	int		 sink_says;
	int		 rc, status;
	const char	*body;		/* in memory; NULL: not looked at */
	size_t		 sunk;		/* bytes of pattern() that the sink got */
	const char	*sent, *not_sent;
	unsigned	 connections;	/* 0: not looked at */
};

struct sink { size_t got; bool wrong; int says; };

static bool
has_had_enough(void *ctx)
{
	return ((struct sink *)ctx)->got == 9;
}

static int
begin_anew(void *ctx)
{
	return ((struct sink *)ctx)->got == 0 ? 0 : -EINVAL;
}

static int
want_nothing(void *ctx)
{
	return ((struct sink *)ctx)->says;
}

static const struct row rows[] = {
	{ "a body with a length", { ANSWER(OK(5) "hello") }, .status = 200, .body = "hello",
	    .sent = "GET /x HTTP/1.1\r\n", .not_sent = "Authorization", .connections = 1 },
	{ "a user agent, no gzip unasked", { ANSWER(OK(0)) }, .status = 200, .body = "",
	    .sent = "User-Agent: sffs/" SFFS_VERSION "\r\n", .not_sent = "gzip" },
	{ "nothing coded is asked for", { ANSWER(OK(0)) }, .status = 200,
	    .sent = "\r\nAccept-Encoding: identity\r\n" },
	{ "a chunked body", { ANSWER(CHUNKED "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n") },
	    .status = 200, .body = "hello world" },
	{ "a body up to the end of the connection",
	    { ANSWER("HTTP/1.1 200 OK\r\n\r\nhello", .then = CLOSE) }, .status = 200,
	    .body = "hello" },
	{ "an empty 204", { ANSWER("HTTP/1.1 204 No Content\r\n\r\n") }, .status = 204,
	    .body = "" },
	{ "an interim answer before it", { ANSWER("HTTP/1.1 100 Continue\r\n\r\n" OK(2) "ok") },
	    .status = 200, .body = "ok" },
	{ "an error is an answer", { ANSWER("HTTP/1.1 503 Away\r\nContent-Length: 4\r\n\r\nbusy") },
	    .status = 503, .body = "busy" },
	{ "the token is sent", { ANSWER(OK(0)) }, { .bearer = &token }, .status = 200,
	    .sent = "\r\nAuthorization: Bearer " TOKEN "\r\n" },
	{ "and so are headers", { ANSWER(OK(0)) }, { .bearer = &token, .headers = accept_json },
	    .status = 200, .sent = "\r\nAccept: application/json\r\nX-One: 1\r\n" },
	{ "a form is a POST", { ANSWER(OK(0)) }, { .form = &form }, .status = 200,
	    .sent = "Content-Type: application/x-www-form-urlencoded\r\n\r\ngrant_type=x&a=%20" },
	{ "a header with a CR LF", { ANSWER(OK(0)) }, { .headers = two_in_one }, .rc = -EINVAL },
	{ "a header with a LF", { ANSWER(OK(0)) }, { .headers = bare_lf }, .rc = -EINVAL },
	{ "a token with a CR LF", { ANSWER(OK(0)) }, { .bearer = &broken_token }, .rc = -EINVAL },
	{ "no token where one is wanted", { ANSWER(OK(0)) }, { .bearer = &no_token },
	    .rc = -EINVAL },
	{ "a redirect is not followed",
	    { ANSWER("HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n") },
	    { .bearer = &token }, .status = 302, .sent = "GET /x ", .connections = 1 },

	{ "a connection is kept", { ANSWER(OK(2) "ok") }, .times = 5, .status = 200, .body = "ok",
	    .connections = 1 },
	{ "and kept after errors with a body",
	    { ANSWER("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno") }, .times = 3, .status = 404,
	    .connections = 1 },
	{ "a kept connection that has died is replaced",
	    { ANSWER(OK(2) "ok"), ANSWER("", .then = CLOSE), ANSWER(OK(2) "ok") }, .times = 2,
	    .status = 200, .body = "ok", .connections = 2 },
	{ "a connection that is to be closed is",
	    { ANSWER("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		.then = CLOSE) },
	    .times = 2, .status = 200, .body = "ok", .connections = 2 },

	{ "closed without an answer", { ANSWER("", .then = CLOSE) }, .rc = -ECONNRESET },
	{ "cut in the head", { ANSWER("HTTP/1.1 200 O", .then = CLOSE) }, .rc = -ECONNRESET },
	{ "a length cut", { ANSWER(OK(10) "hello", .then = CLOSE) }, .rc = -ECONNRESET },
	{ "a chunk cut", { ANSWER(CHUNKED "5\r\nhel", .then = CLOSE) }, .rc = -ECONNRESET },
	{ "chunks without the last", { ANSWER(CHUNKED "5\r\nhello\r\n", .then = CLOSE) },
	    .rc = -ECONNRESET },
	{ "not HTTP", { ANSWER("220 mail.example ESMTP\r\n", .then = CLOSE) }, .rc = -EPROTO },
	{ "a chunk that is none", { ANSWER(CHUNKED "zz\r\nhello\r\n") }, .rc = -ECONNRESET },

	{ "gzip when asked", { ANSWER(GZIPPED, .len = GZIPPED_LEN) },
	    { .compressed = true, .body_limit = 100000 }, .status = 200,
	    .sent = "Accept-Encoding: gzip\r\n" },
	{ "the limit is of what it unpacks to", { ANSWER(GZIPPED, .len = GZIPPED_LEN) },
	    { .compressed = true, .body_limit = 99999 }, .rc = -EMSGSIZE },
	{ "no gzip at all",
	    { ANSWER(
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello") },
	    { .compressed = true }, .rc = -EBADMSG },
	{ "gzip though not asked", { ANSWER(GZIPPED, .len = GZIPPED_LEN) },
	    { .body_limit = 100000 }, .status = 200 },
	{ "deflate", { WHOLE(CODED("deflate", 13) DEFLATED) }, .status = 200, .body = "hello" },
	{ "two codings in one header",
	    { WHOLE(CODED("deflate, deflate", 21) DEFLATED_TWICE) },
	    .status = 200, .body = "hello" },
	{ "two codings in two headers",
	    { WHOLE(CODED("deflate\r\nContent-Encoding: deflate", 21) DEFLATED_TWICE) },
	    .status = 200, .body = "hello" },
	{ "a coding that nobody knows", { ANSWER(CODED("rot13", 5) "uryyb") }, .rc = -EBADMSG },
	{ "br that is none", { ANSWER(CODED("br", 8) "\xff\xff\xff\xff\xff\xff\xff\xff") },
	    .rc = -EBADMSG },
	{ "identity", { ANSWER(CODED("identity", 5) "hello") }, .status = 200, .body = "hello" },
	{ "as large as may be", { ANSWER(OK(5) "hello") }, { .body_limit = 5 }, .status = 200,
	    .body = "hello" },
	{ "too large", { ANSWER(OK(5) "hello") }, { .body_limit = 4 }, .rc = -EMSGSIZE },

	{ "a download", { ANSWER(OK(3000000), .more = 3000000) }, .sink = true, .status = 200,
	    .body = "", .sunk = 3000000 },
	{ "two on one connection", { ANSWER(OK(300000), .more = 300000) }, .times = 2, .sink = true,
	    .status = 200, .sunk = 300000, .connections = 1 },
	{ "a coded download", { WHOLE(CODED("deflate", 11) DEFLATED_BYTES) },
	    .sink = true, .status = 200, .sunk = 3 },
	{ "a download of which only the name is coded", { ANSWER(CODED("gzip", 9), .more = 9) },
	    .sink = true, .rc = -EBADMSG, .sunk = 0 },
	{ "a download in a coding that nobody knows", { ANSWER(CODED("rot13", 9), .more = 9) },
	    .sink = true, .rc = -EBADMSG, .sunk = 0 },
	{ "a range of coded bytes",
	    { WHOLE("HTTP/1.1 206 Partial\r\nContent-Range: bytes 4096-4098/4099\r\n"
		    "Content-Encoding: deflate\r\nContent-Length: 11\r\n\r\n"
		    DEFLATED_BYTES) },
	    { .range_from = 4096 }, .sink = true, .rc = -EPROTO, .sunk = 0 },
	{ "a download cut", { ANSWER(OK(300001), .more = 300000, .then = CLOSE) }, .sink = true,
	    .rc = -ECONNRESET, .sunk = 300000 },
	{ "an error is no download", { ANSWER("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno") },
	    .sink = true, .status = 404, .body = "no" },
	{ "what the sink says", { ANSWER(OK(300000), .more = 300000) }, .sink = true,
	    .sink_says = -ENOSPC, .rc = -ENOSPC },
	{ "a range",
	    { ANSWER(
		"HTTP/1.1 206 Partial\r\nContent-Range: bytes 4096-4099/4100\r\n"
		"Content-Length: 4\r\n\r\n",
		.more = 4) },
	    { .range_from = 4096 }, .sink = true, .status = 206, .sunk = 4,
	    .sent = "\r\nRange: bytes=4096-\r\n" },
	{ "another range than asked for",
	    { ANSWER(
		"HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-3/4100\r\n"
		"Content-Length: 4\r\n\r\n",
		.more = 4) },
	    { .range_from = 4096 }, .sink = true, .rc = -EPROTO },
	{ "a range that is not told",
	    { ANSWER("HTTP/1.1 206 Partial\r\nContent-Length: 4\r\n\r\n", .more = 4) },
	    { .range_from = 4096 }, .sink = true, .rc = -EPROTO },
	{ "a range that is ignored: all comes", { ANSWER(OK(300000), .more = 300000) },
	    { .range_from = 4096, .whole = begin_anew }, .sink = true, .status = 200,
	    .sunk = 300000 },
	{ "and is not wanted", { ANSWER(OK(300000), .more = 300000) },
	    { .range_from = 4096, .whole = want_nothing }, .sink = true, .sink_says = -ENOSPC,
	    .rc = -ENOSPC },
	{ "a range behind the end",
	    { ANSWER(
		"HTTP/1.1 416 No\r\nContent-Range: bytes */4096\r\nContent-Length: 0\r\n\r\n") },
	    { .range_from = 4096 }, .sink = true, .status = 416 },

	{ "silent before the answer", { ANSWER("", .then = SILENT) }, .rc = -ETIMEDOUT },
	{ "silent in the head", { ANSWER("HTTP/1.1 200 OK\r\n", .then = SILENT) },
	    .rc = -ETIMEDOUT },
	{ "silent in the body", { ANSWER(OK(10) "hello", .then = SILENT) }, .rc = -ETIMEDOUT },
	{ "silent in a download", { ANSWER(OK(10), .more = 9, .then = SILENT) }, .sink = true,
	    .rc = -ETIMEDOUT, .sunk = 9 },
	{ "silent in a download that nobody wants any more",
	    { ANSWER(OK(10), .more = 9, .then = SILENT) }, { .gave_up = has_had_enough },
	    .sink = true, .rc = -EINTR, .sunk = 9 },
	{ "too long in all", { ANSWER(CHUNKED "5\r\nhello\r\n", .then = SILENT) },
	    { .total_timeout = 1 }, .rc = -ETIMEDOUT },
};

static int
take(void *ctx, const void *p, size_t n)
{
	struct sink *s = ctx;
	const unsigned char *bytes = p;

	if (s->says < 0)
		return s->says;
	for (size_t i = 0; i < n; i++)
		s->wrong |= bytes[i] != pattern(s->got + i);
	s->got += n;
	return 0;
}

static struct http *
open_http(unsigned idle_timeout, const char *proxy, const char *ca_file)
{
	struct http *h = NULL;

	if (http_open(&(struct http_options){ .proxy = proxy,
			  .ca_file = ca_file,
			  .connect_timeout = 3600,
			  .idle_timeout = idle_timeout },
		&h) < 0)
		exit(1);
	return h;
}

static void
test_row(struct peer *p, const struct row *row)
{
	struct http *h =
	    open_http(row->q.total_timeout || row->rc != -ETIMEDOUT ? 3600 : 1, NULL, NULL);
	char url[64];
	bool good = true;

	peer_play(p, row->answers);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/x", p->port);
	for (int i = 0; i < (row->times ? row->times : 1); i++) {
		struct sink sink = { .says = row->sink_says };
		struct http_request q = row->q;
		struct http_response a;

		q.url = url;
		q.body_limit = q.body_limit ? q.body_limit : 1000;
		q.sink = row->sink ? take : NULL;
		q.ctx = &sink;
		int rc = http_do(h, &q, &a);
		bool known = row->sink_says || row->rc == -EINTR;	/* to who asks */
		if (rc != row->rc || a.status != row->status || sink.got != row->sunk ||
		    sink.wrong || (row->body && strcmp(row->body, buf_str(&a.body)) != 0) ||
		    (rc == 0 || known) != (*a.error == '\0') ||
		    (rc < 0 &&
			((!known && strncmp(a.error, "127.0.0.1: ", 11) != 0) ||
			    strstr(a.error, TOKEN) || a.body.data))) {
			good = false;
			printf("# rc %d, status %d, body %.60s, sunk %zu%s, error %s\n", rc,
			    a.status, buf_str(&a.body), sink.got, sink.wrong ? " (wrong)" : "",
			    a.error);
		}
		http_response_free(&a);
	}
	http_close(h);
	pthread_mutex_lock(&p->lock);
	if ((row->sent && !strstr(p->request, row->sent)) ||
	    (row->not_sent && strstr(p->request, row->not_sent)) ||
	    (row->connections && p->connections != row->connections) ||
	    (row->rc == -EINVAL && p->requests)) {
		good = false;
		printf("# %u connections, request %s\n", p->connections, p->request);
	}
	pthread_mutex_unlock(&p->lock);
	ok(good, "%s", row->name);
}

/*
 * Headers.
 */

static void
test_headers(struct peer *p)
{
	static const struct answer all[] = {
		ANSWER(
		    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: 120\r\n"
		    "Sforce-Limit-Info:  api-usage=18/5000 \r\n"
		    "Content-Type: application/json;charset=UTF-8\r\n"
		    "Content-Range: bytes 1-2/3\r\nContent-Length: 0\r\n\r\n"),
		ANSWER(NULL)
	};
	static const struct answer none[] = { ANSWER(OK(0)), ANSWER(NULL) };
	static const struct answer long_wait[] = {
		ANSWER(
		    "HTTP/1.1 503 Away\r\nRetry-After: 99999999999999999999\r\n"
		    "Content-Length: 0\r\n\r\n"),
		ANSWER(NULL)
	};
	static const struct answer odd[] = {
		ANSWER(
		    "HTTP/1.1 200 OK\r\nDate: yesterday\r\n"
		    "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		    "Content-Type: "
		    "0123456789012345678901234567890123456789012345678901234567890123456789\r\n"
		    "Content-Length: 0\r\n\r\n"),
		ANSWER(NULL)
	};
	struct http *h = open_http(3600, NULL, NULL);
	struct http_response a;
	char url[64];

	snprintf(url, sizeof(url), "http://localhost:%u/", p->port);
	const struct http_request q = { .url = url, .body_limit = 100 };

	peer_play(p, all);
	is_int(http_do(h, &q, &a), 0, "an answer with headers comes");
	is_int(a.date, 784111777, "Date is read");
	is_int(a.retry_after, 120,
	    "Retry-After in seconds is read, though its name is in small letters");
	is_str(a.limit_info, "api-usage=18/5000",
	    "Sforce-Limit-Info is read without the blanks around it");
	is_str(a.content_type, "application/json;charset=UTF-8", "Content-Type is read");
	http_response_free(&a);

	peer_play(p, none);
	is_int(http_do(h, &q, &a), 0, "an answer without headers comes");
	ok(a.date == -1 && a.retry_after == -1 && !*a.limit_info && !*a.content_type,
	    "no header of the last answer is left");
	http_response_free(&a);

	peer_play(p, long_wait);
	http_do(h, &q, &a);
	is_int(a.retry_after, 86400, "a Retry-After beyond reason is a day");
	http_response_free(&a);

	peer_play(p, odd);
	is_int(http_do(h, &q, &a), 0, "an answer with odd headers comes");
	is_int(a.date, -1, "a Date that is no date is -1");
	is_int(a.retry_after, 0, "a Retry-After that names a past time is 0");
	is_int((long long)strlen(a.content_type), sizeof(a.content_type) - 1,
	    "a Content-Type that is too long is cut");
	http_response_free(&a);
	http_close(h);
}

/* Silence counts from the request on, also on a kept connection. */
static void
test_silent_again(struct peer *p)
{
	static const struct answer answers[] = { ANSWER(OK(2) "ok"), ANSWER("", .then = SILENT),
		ANSWER(NULL) };
	struct http *h = open_http(1, NULL, NULL);
	struct http_response a;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", p->port);
	const struct http_request q = { .url = url, .body_limit = 100 };
	peer_play(p, answers);
	is_int(http_do(h, &q, &a), 0, "a first answer comes");
	http_response_free(&a);
	is_int(http_do(h, &q, &a), -ETIMEDOUT, "silence after it times out");
	is_str(a.error, "127.0.0.1: no whole answer in 1 s",
	    "the error names the host and the seconds");
	http_response_free(&a);
	http_close(h);
	pthread_mutex_lock(&p->lock);
	is_int(p->connections, 1, "both requests use one connection");
	pthread_mutex_unlock(&p->lock);
}

/* Answers that never end, and are never silent for long. */
static const struct {
	const char	*name;
	struct answer	 answer;
	bool		 sink;
	unsigned	 total;
	const char	*error;
} drips[] = {
	{ "100 Continue comes again and again",
	    { .bytes = "", .drip = "HTTP/1.1 100 Continue\r\n\r\n" }, .sink = true,
	    .error = "no byte for 1 s" },
	{ "headers drip", { .bytes = "HTTP/1.1 200 OK\r\n", .drip = "X-One: 1\r\n" }, .sink = true,
	    .error = "no byte for 1 s" },
	{ "the bytes of a download drip", { .bytes = OK(100000), .drip = "x" }, .sink = true,
	    .error = "hardly a byte for 1 s" },
	{ "the bytes of another answer drip", { .bytes = OK(100000), .drip = "x" },
	    .error = "no whole answer in 1 s" },
	{ "100 Continue comes, and the request has a limit of its own",
	    { .bytes = "", .drip = "HTTP/1.1 100 Continue\r\n\r\n" }, .total = 2,
	    .error = "no whole answer in 2 s" },
};

static int
ignore(void *ctx, const void *p, size_t n)
{
	(void)ctx, (void)p, (void)n;
	return 0;
}

static void
test_drips(struct peer *p)
{
	struct http *h = open_http(1, NULL, NULL);
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", p->port);
	for (size_t i = 0; i < sizeof(drips) / sizeof(drips[0]); i++) {
		const struct answer answers[] = { drips[i].answer, ANSWER(NULL) };
		struct http_response a;

		peer_play(p, answers);
		is_int(http_do(h,
			   &(struct http_request){ .url = url,
			       .body_limit = 1000,
			       .total_timeout = drips[i].total,
			       .sink = drips[i].sink ? ignore : NULL },
			   &a),
		    -ETIMEDOUT, drips[i].name);
		ok(strstr(a.error, drips[i].error) != NULL,
		    "the error says how long was waited: %s", a.error);
		http_response_free(&a);
		sem_wait(&p->left);	/* answers is used until then */
	}
	http_close(h);
}

/*
 * URLs that are refused, and a peer that does not exist.
 */

static void
test_urls(void)
{
	static const char *const refused[] = { "http://acme.my.salesforce.com/",
		"http://127.0.0.1.example.com/", "ftp://127.0.0.1/", "file:///etc/passwd",
		"https://user@127.0.0.1/", "http://127.0.0.1/a\r\nX-Two: 2", "127.0.0.1/", "" };
	struct http *h = open_http(3600, NULL, NULL);
	struct http_response a;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		is_int(http_do(h,
			   &(struct http_request){
			       .url = refused[i], .bearer = &token, .body_limit = 100 },
			   &a),
		    -EINVAL, "a URL with http to another host is refused");
		printf("# %s\n", a.error);
		http_response_free(&a);
	}
	unsigned port;
	int fd = bound_socket(&port);		/* nobody listens on it */
	char url[64];
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", port);
	is_int(http_do(h, &(struct http_request){ .url = url, .body_limit = 100 }, &a),
	    -EHOSTUNREACH, "a port where nobody listens is EHOSTUNREACH");
	ok(strstr(a.error, "127.0.0.1") != NULL, "the error names the host: %s", a.error);
	http_response_free(&a);
	for (int i = 0; i < 3; i++) {
		struct http_request q = {
			.url = "https://sffs.invalid/", .body_limit = 100, .sink = i ? take : NULL
		};

		is_int(http_do(h, &q, &a), -EHOSTUNREACH,
		    i ? "no such host, again" : "no such host");
		http_response_free(&a);
	}
	http_close(h);
	close(fd);
}

/* A proxy serves other hosts only. It gets the host, but not the token. */
static void
test_proxy(struct peer *p)
{
	static const struct answer refuses[] = {
		ANSWER("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"), ANSWER(NULL)
	};
	static const struct answer answers[] = { ANSWER(OK(2) "ok"), ANSWER(NULL) };
	struct http_response a;
	char proxy[64], url[64];

	unsetenv("no_proxy");
	unsetenv("NO_PROXY");
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", p->port);
	snprintf(url, sizeof(url), "http://localhost:%u/", p->port);
	for (int environment = 0; environment < 2; environment++) {
		if (environment) {
			setenv("https_proxy", proxy, 1);
			setenv("http_proxy", "http://127.0.0.1:1", 1);
		}
		struct http *h = open_http(3600, environment ? NULL : proxy, NULL);

		peer_play(p, refuses);
		is_int(http_do(h,
			   &(struct http_request){ .url = "https://acme.my.salesforce.com/x",
			       .bearer = &token,
			       .body_limit = 100 },
			   &a),
		    -ECONNRESET,
		    environment ? "the environment's proxy refuses" : "a proxy refuses");
		ok(strncmp(p->request, "CONNECT acme.my.salesforce.com:443 HTTP/1.1\r\n", 45) == 0,
		    "the proxy gets a CONNECT with the host");
		ok(!strstr(p->request, "Authorization") && a.status == 0,
		    "the proxy gets no token");
		http_response_free(&a);

		peer_play(p, answers);
		is_int(http_do(h, &(struct http_request){ .url = url, .body_limit = 100 }, &a), 0,
		    "this machine is asked without the proxy");
		ok(strncmp(p->request, "GET / HTTP/1.1\r\n", 16) == 0,
		    "the request goes to this machine directly");
		http_response_free(&a);
		http_close(h);
	}
	unsetenv("https_proxy");
	unsetenv("http_proxy");
}

/* An error names what names the proxy, and never the proxy's password. */
static void
test_proxy_errors(void)
{
	static const struct { const char *env, *proxy, *exempt, *want; } cases[] = {
		{ "https_proxy", "http://me:geheim@127.0.0.1:1", "", "https_proxy names)" },
		{ "ALL_PROXY", "http://me:geheim@127.0.0.1:1", "other.org", "ALL_PROXY names)" },
		{ "https_proxy", "http://me:geheim@127.0.0.1:x", "", "https_proxy names)" },
		{ "https_proxy", "odd://me:geheim@127.0.0.1:1", "", "https_proxy names)" },
		{ "https_proxy", "http://me:geheim@127.0.0.1:1", "a.org, .invalid", NULL },
		{ NULL, "http://me:geheim@127.0.0.1:1", "", "the config names)" },
		{ NULL, NULL, "", NULL },
	};
	struct http_response a;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].env)
			setenv(cases[i].env, cases[i].proxy, 1);
		setenv("no_proxy", cases[i].exempt, 1);
		struct http *h = open_http(60, cases[i].env ? NULL : cases[i].proxy, NULL);

		http_do(h,
		    &(struct http_request){ .url = "https://acme.invalid/x", .body_limit = 1 }, &a);
		ok(cases[i].want ? strstr(a.error, cases[i].want) != NULL :
				   !strstr(a.error, "proxy"),
		    "error %zu of a proxy names its setting: %s", i, a.error);
		ok(strstr(a.error, "acme.invalid") && !strstr(a.error, "geheim"),
		    "error %zu of a proxy has the host and no password", i);
		http_response_free(&a);
		http_close(h);
		if (cases[i].env)
			unsetenv(cases[i].env);
	}
	unsetenv("no_proxy");
}

/*
 * Cancelling, and many threads.
 */

struct caller {
	pthread_t	 thread;
	struct http	*http;
	char		 url[64];
	int		 times, good, rc;
};

static void *
call(void *arg)
{
	struct caller *c = arg;

	for (int i = 0; i < c->times; i++) {
		struct http_response a;

		c->rc = http_do(c->http,
		    &(struct http_request){ .url = c->url, .bearer = &token, .body_limit = 100 },
		    &a);
		c->good += c->rc == 0 && a.status == 200 && strcmp(buf_str(&a.body), "ok") == 0;
		http_response_free(&a);
	}
	return NULL;
}

/*
 * The peer is silent and every time limit is an hour, so only http_cancel can end the requests. It
 * comes a little later in each round, and finds them before, at and in the wait.
 */
static void
test_cancel(struct peer *p)
{
	static const struct answer answers[] = { ANSWER(OK(2) "ok"), ANSWER(NULL) };
	static const struct answer silent[] = { ANSWER(OK(10) "hello", .then = SILENT),
		ANSWER(NULL) };
	struct caller callers[4], one;
	int ended = 0;

	for (int round = 0; round < 50; round++) {
		struct http *h = open_http(3600, NULL, NULL);

		one = (struct caller){ .http = h, .times = 1 };
		snprintf(one.url, sizeof(one.url), "http://127.0.0.1:%u/", p->port);
		peer_play(p, answers);
		call(&one); /* one of the four has a kept connection, on which no timer of libcurl's
			       runs */
		peer_play(p, silent);
		for (int i = 0; i < 4; i++) {
			callers[i] = one;
			pthread_create(&callers[i].thread, NULL, call, &callers[i]);
		}
		for (int i = 0; i < 4; i++)
			sem_wait(&p->asked);
		for (int i = 0; i < round * 20; i++)
			sched_yield();
		http_cancel(h);
		for (int i = 0; i < 4; i++) {
			pthread_join(callers[i].thread, NULL);
			ended += callers[i].rc == -EINTR;
		}
		call(&one);
		ended += one.rc == -EINTR;
		http_close(h);
	}
	is_int(ended, 50 * 5, "a cancel ends silent requests, and later ones at once");
}

/* A port whose queue is full neither accepts nor refuses a connection. */
static void
test_cancel_connecting(void)
{
	unsigned port;
	int fd = bound_socket(&port), full[4];
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port) };
	struct http *h = open_http(3600, NULL, NULL);
	struct caller c = { .http = h, .times = 1 };

	listen(fd, 0);
	for (int i = 0; i < 4; i++) {
		full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(full[i], (struct sockaddr *)&a, sizeof(a));
	}
	snprintf(c.url, sizeof(c.url), "http://127.0.0.1:%u/", port);
	pthread_create(&c.thread, NULL, call, &c);
	http_cancel(h);
	pthread_join(c.thread, NULL);
	is_int(c.rc, -EINTR, "a cancel ends a connect");
	http_close(h);

	if (http_open(&(struct http_options){ .connect_timeout = 1, .idle_timeout = 3600 }, &h) < 0)
		exit(1);
	c.http = h;
	call(&c);
	is_int(c.rc, -ETIMEDOUT, "a connect times out");
	http_close(h);
	for (int i = 0; i < 4; i++)
		close(full[i]);
	close(fd);
}

static void
test_threads(struct peer *p)
{
	static const struct answer answers[] = { ANSWER(OK(2) "ok"), ANSWER(NULL) };
	struct http *h = open_http(3600, NULL, NULL);
	struct caller callers[8];
	int good = 0;

	peer_play(p, answers);
	for (int i = 0; i < 8; i++) {
		callers[i] = (struct caller){ .http = h, .times = 50 };
		snprintf(callers[i].url, sizeof(callers[i].url), "http://127.0.0.1:%u/", p->port);
		pthread_create(&callers[i].thread, NULL, call, &callers[i]);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(callers[i].thread, NULL);
		good += callers[i].good;
	}
	http_close(h);
	is_int(good, 400, "8 threads get 50 answers each");
	pthread_mutex_lock(&p->lock);
	ok(p->connections <= 8, "8 threads use 8 connections at most");
	pthread_mutex_unlock(&p->lock);
}

/*
 * TLS.
 */

/* Makes a self-signed certificate for 127.0.0.1 and writes it to path. */
static SSL_CTX *
make_tls(const char *name, int most, const char *path)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, name);
	FILE *f = fopen(path, "w");

	if (!ctx || !key || !cert || !san || !f)
		exit(1);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
	    (const unsigned char *)"sffs test", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, key);
	X509_add_ext(cert, san, -1);
	X509_sign(cert, key, EVP_sha256());
	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	SSL_CTX_set_max_proto_version(ctx, most);
	SSL_CTX_set_security_level(ctx, 0);	/* otherwise OpenSSL refuses old versions */
	PEM_write_X509(f, cert);
	fclose(f);
	X509_EXTENSION_free(san);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

static void
test_tls(void)
{
	static const struct answer answers[] = { ANSWER(OK(2) "ok"), ANSWER(NULL) };
	static const struct {
		const char *name, *subject;
		int most;
		bool trusted;
		int rc;
	} cases[] = {
		{ "a certificate that ca_file has", "IP:127.0.0.1", TLS1_3_VERSION, true, 0 },
		{ "TLS 1.2", "IP:127.0.0.1", TLS1_2_VERSION, true, 0 },
		{ "TLS 1.1 is too old", "IP:127.0.0.1", TLS1_1_VERSION, true, -EPROTO },
		{ "one that nobody vouches for", "IP:127.0.0.1", TLS1_3_VERSION, false, -EPROTO },
		{ "one of another host", "DNS:acme.my.salesforce.com", TLS1_3_VERSION, true,
		    -EPROTO },
	};
	char path[] = "/tmp/sffs-a22-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		exit(1);
	close(fd);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SSL_CTX *tls = make_tls(cases[i].subject, cases[i].most, path);
		struct http *h = open_http(3600, NULL, cases[i].trusted ? path : NULL);
		struct caller c = { .http = h, .times = 3 };
		struct peer p;

		peer_open(&p, tls);
		peer_play(&p, answers);
		snprintf(c.url, sizeof(c.url), "https://127.0.0.1:%u/", p.port);
		call(&c);
		is_int(c.rc, cases[i].rc, cases[i].name);
		is_int(c.good, cases[i].rc == 0 ? 3 : 0,
		    "the host answers as often as the certificate allows");
		http_close(h);
		peer_close(&p);
		is_int(p.requests, cases[i].rc == 0 ? 3 : 0,
		    "the token is sent as often as the certificate allows");
		if (cases[i].rc == 0)
			is_int(p.connections, 1, "all requests use one connection");
		SSL_CTX_free(tls);
	}
	unlink(path);
}

/* A proxy's answer does not count as the first byte of the server's, which has a limit of its
 * own. */
static void
test_tunnel(void)
{
	static const struct answer silent[] = { ANSWER("", .then = SILENT), ANSWER(NULL) };
	char path[] = "/tmp/sffs-a22-XXXXXX", proxy[64];
	int fd = mkstemp(path);

	if (fd < 0)
		exit(1);
	close(fd);
	SSL_CTX *tls = make_tls("DNS:acme.my.salesforce.com", TLS1_3_VERSION, path);
	struct peer p;
	struct http_response a;
	peer_open(&p, tls);
	p.tunnel = true;
	peer_play(&p, silent);
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", p.port);
	struct http *h = open_http(1, proxy, path);
	const struct http_request q = { .url = "https://acme.my.salesforce.com/x",
		.total_timeout = 3,
		.body_limit = 100 };
	is_int(http_do(h, &q, &a), -ETIMEDOUT, "silence behind a proxy times out");
	ok(strstr(a.error, "no whole answer in 3 s") != NULL,
	    "the error has the seconds of silence before an answer: %s", a.error);
	http_response_free(&a);
	http_close(h);
	peer_close(&p);
	is_int(p.requests, 1, "the host behind the proxy was asked once");
	SSL_CTX_free(tls);
	unlink(path);
}

static struct rlimit files;

static int
take_nothing(void *ctx, const void *p, size_t n)
{
	(void)ctx, (void)p, (void)n;
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 3, files.rlim_max });
	return -ENOSPC;
}

/* The peer may be of no use afterwards. */
static void
test_two_faults(struct peer *p)
{
	static const struct answer answers[] = { ANSWER(OK(300000), .more = 300000), ANSWER(NULL) };
	struct http *h = open_http(3600, NULL, NULL);
	struct http_response a;
	char url[64];

	getrlimit(RLIMIT_NOFILE, &files);
	peer_play(p, answers);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/x", p->port);
	int rc = http_do(h,
	    &(struct http_request){ .url = url, .body_limit = 100, .sink = take_nothing }, &a);
	setrlimit(RLIMIT_NOFILE, &files);
	is_int(rc, -ENOSPC, "no descriptor hides no full disk");
	http_response_free(&a);
	http_close(h);
}

int
main(void)
{
	struct peer p;

	signal(SIGPIPE, SIG_IGN);
	alarm(300);	/* a request that never ends fails the test */
	peer_open(&p, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(&p, &rows[i]);
	test_headers(&p);
	test_silent_again(&p);
	test_drips(&p);
	test_urls();
	test_proxy(&p);
	test_proxy_errors();
	test_cancel(&p);
	test_cancel_connecting();
	test_threads(&p);
	test_two_faults(&p);
	peer_close(&p);
	test_tls();
	test_tunnel();
	return tap_done();
}

#include "login_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "host.h"

#define GUESTS		16	/* connections at a time; browsers open some that they never use */
#define HEAD_MAX	16384	/* bytes of a request's head */
#define ANSWER_MAX	2000	/* ms in which a browser has to take an answer */

struct guest {
	int		 fd;		/* -1: free */
	uint64_t	 since;		/* number of its arrival: the oldest makes room */
	struct buf	 head;
	char		*query;		/* of a visit */
};

struct listener {
	int		 fds[2];	/* -1: there is no such protocol here */
	char		*path;
	struct guest	 guests[GUESTS];
	uint64_t	 arrivals;
};

static int
listen_at(const struct sockaddr *address, socklen_t len, int *out)
{
	static const int yes = 1;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (address->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	if (bind(fd, address, len) < 0 || listen(fd, GUESTS) < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	*out = fd;
	return 0;
}

/* localhost is either address, as the browser likes: nobody else may have the port of the other. */
static int
listen_on_loopback(struct listener *l, unsigned port)
{
	const struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int rc = listen_at((const struct sockaddr *)&v4, sizeof(v4), &l->fds[0]);
	int rc6 = listen_at((const struct sockaddr *)&v6, sizeof(v6), &l->fds[1]);

	if (rc == 0 && rc6 == -EADDRINUSE)
		rc = rc6;
	return rc;
}

int
listener_open(const char *redirect_uri, struct listener **out)
{
	size_t origin =
	    strncmp(redirect_uri, "http://", 7) == 0 ? 7 + strcspn(redirect_uri + 7, "/?#") : 0;
	struct listener *l = calloc(1, sizeof(*l));
	char *base = strndup(redirect_uri, origin), host[HOST_SIZE];
	bool https;
	unsigned port;
	int rc = 0;

	if (!l || !base) {
		rc = -ENOMEM;
		goto out;
	}
	l->fds[0] = l->fds[1] = -1;
	for (unsigned i = 0; i < GUESTS; i++)
		l->guests[i].fd = -1;
	l->path = strdup(redirect_uri[origin] == '/' ? redirect_uri + origin : "/");
	if (!l->path)
		rc = -ENOMEM;
	else if (!host_of_url(base, host, &https, &port) || !host_is_loopback(host) ||
	    strpbrk(l->path, "?#"))
		rc = -EINVAL;
	else
		rc = listen_on_loopback(l, port ? port : 80);
out:
	free(base);
	if (rc == 0)
		*out = l;
	else
		listener_close(l);
	return rc;
}

static void
dismiss(struct guest *g)
{
	if (g->fd >= 0)
		close(g->fd);
	buf_wipe(&g->head);
	if (g->query)		/* with the code */
		explicit_bzero(g->query, strlen(g->query));
	free(g->query);
	*g = (struct guest){ .fd = -1 };
}

void
listener_close(struct listener *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < GUESTS; i++)
		dismiss(&l->guests[i]);
	for (unsigned i = 0; i < 2; i++)
		if (l->fds[i] >= 0)
			close(l->fds[i]);
	free(l->path);
	free(l);
}

static void
welcome(struct listener *l, int listening)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct guest *place = &l->guests[0];

	if (fd < 0)
		return;
	for (unsigned i = 0; i < GUESTS; i++) {
		struct guest *g = &l->guests[i];

		if (place->fd >= 0 && !g->query &&
		    (g->fd < 0 || place->query || g->since < place->since))
			place = g;
	}
	dismiss(place);
	place->fd = fd;
	place->since = ++l->arrivals;
}

/* All of it, or as much as the browser takes in its time. */
static void
send_all(int fd, const struct buf *b)
{
	int64_t end = clock_ms() + ANSWER_MAX;
	size_t done = 0;

	while (done < b->len && clock_ms() < end) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t n = send(fd, b->data + done, b->len - done, MSG_NOSIGNAL);

		if (n > 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			poll(&p, 1, ANSWER_MAX);
		else if (errno != EINTR)
			break;
	}
	/* Closing with bytes unread would reset the connection, and the answer with it. */
	shutdown(fd, SHUT_WR);
	char rest[512];
	while (recv(fd, rest, sizeof(rest), 0) > 0)
		continue;
}

static void
answer(struct guest *g, int status, const char *more, const struct buf *html)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = { { 200, "OK" }, { 204, "No Content" }, { 400, "Bad Request" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" } };
	const char *text = "Error";
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			text = texts[i].text;
	buf_printf(&out,
	    "HTTP/1.1 %d %s\r\nConnection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:\r\n%s",
	    status, text, more);
	if (status != 204)
		buf_printf(&out,
		    "Content-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n",
		    html ? html->len : 0);
	buf_puts(&out, "\r\n");
	if (html)
		buf_put(&out, buf_str(html), html->len);
	if (!out.failed)
		send_all(g->fd, &out);
	buf_free(&out);
	dismiss(g);
}

/* Looks at a head that is whole. True: it is a visit. */
static bool
receive(struct listener *l, struct guest *g)
{
	char *method = g->head.data, *target = strchr(method, ' ');
	char *end = target ? strpbrk(target + 1, " \r\n") : NULL;

	if (!end || *end != ' ' || target[1] != '/') {
		answer(g, 400, "", NULL);
		return false;
	}
	*target++ = *end = '\0';
	char *query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	if (strcmp(method, "OPTIONS") == 0) /* Chrome asks whether a public page may lead here */
		answer(g, 204,
		    "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: GET\r\n"
		    "Access-Control-Allow-Headers: *\r\nAccess-Control-Allow-Private-Network: true\r\n",
		    NULL);
	else if (strcmp(target, l->path) != 0)
		answer(g, 404, "", NULL);
	else if (strcmp(method, "HEAD") == 0)	/* a look ahead, which must not use up the code */
		answer(g, 200, "", NULL);
	else if (strcmp(method, "GET") != 0)
		answer(g, 405, "Allow: GET\r\n", NULL);
	else if (!(g->query = strdup(query ? query : "")))
		dismiss(g);
	return g->query != NULL;
}

/* True: a visit. */
static bool
listen_to(struct listener *l, struct guest *g)
{
	if (!buf_reserve(&g->head, HEAD_MAX)) {
		dismiss(g);
		return false;
	}
	ssize_t n = recv(g->fd, g->head.data + g->head.len, HEAD_MAX - g->head.len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		dismiss(g);
		return false;
	}
	g->head.len += (size_t)n;
	g->head.data[g->head.len] = '\0';
	if (strstr(g->head.data, "\r\n\r\n"))
		return receive(l, g);
	if (g->head.len == HEAD_MAX)
		answer(g, 400, "", NULL);
	return false;
}

int
listener_wait(struct listener *l, int also, int64_t end, struct visit *out)
{
	for (;;) {
		struct pollfd p[3 + GUESTS] = { { .fd = also, .events = POLLIN } };

		for (unsigned i = 0; i < 2 + GUESTS; i++)
			p[1 + i] = (struct pollfd){ .fd = !l ? -1 :
				    i < 2		     ? l->fds[i] :
				    l->guests[i - 2].query   ? -1 :
							       l->guests[i - 2].fd,
				.events = POLLIN };
		int64_t left = end - clock_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(p, 3 + GUESTS, left < 60000 ? (int)left : 60000) < 0 && errno != EINTR)
			return -errno;
		for (unsigned i = 0; i < GUESTS; i++) {
			if (p[3 + i].revents && listen_to(l, &l->guests[i])) {
				*out = (struct visit){ .number = i, .query = l->guests[i].query };
				return 1;
			}
		}
		for (unsigned i = 0; i < 2; i++)
			if (p[1 + i].revents)
				welcome(l, l->fds[i]);
		if (p[0].revents)
			return 2;
	}
}

void
listener_answer(struct listener *l, const struct visit *v, int status, const struct buf *html)
{
	answer(&l->guests[v->number], status, "", html);
}

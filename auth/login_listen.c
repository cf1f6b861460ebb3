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

#include "clock.h"
#include "host.h"

#define GUESTS		16	/* connections at a time; browsers open unused ones */
#define HEAD_MAX	16384	/* bytes of a request's head */
#define REST_MAX	65536	/* bytes that are read after the answer */

struct listener {
	int		 fds[2];	/* IPv4, IPv6; -1: not on this machine */
	char		*path;
	struct guest	 guests[GUESTS];
};

static int
listen_on(const struct sockaddr *address, socklen_t len, int *out)
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

/* The browser takes either address for localhost, so nobody else may have the port of the other. */
static int
listen_on_loopback(struct listener *l, unsigned port)
{
	const struct sockaddr_in v4 = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int rc = listen_on((const struct sockaddr *)&v4, sizeof(v4), &l->fds[0]);
	int rc6 = listen_on((const struct sockaddr *)&v6, sizeof(v6), &l->fds[1]);

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
	buf_wipe(&g->head);		/* with the code */
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

/* Takes a free place, else that of the oldest connection. */
static void
accept_guest(struct listener *l, int listening)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct guest *place = l->guests;

	if (fd < 0)
		return;
	for (unsigned i = 1; i < GUESTS; i++)
		if (l->guests[i].arrival < place->arrival)
			place = &l->guests[i];
	dismiss(place);
	place->fd = fd;
	place->arrival = clock_ms();
}

/* The socket has room for all of it: nothing else was sent. */
void
listener_answer(struct guest *g, const char *status, const char *html)
{
	struct buf out = BUF_INIT;

	buf_printf(&out,
	    "HTTP/1.1 %s\r\nConnection: close\r\nCache-Control: no-store\r\n"
	    "Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
	    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
	    "img-src data:\r\n"
	    "Content-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n\r\n%s",
	    status, strlen(html), html);
	if (!out.failed)
		send(g->fd, out.data, out.len, MSG_NOSIGNAL);
	shutdown(g->fd, SHUT_WR);
	buf_free(&out);
	buf_wipe(&g->head);
	g->answered = 1;
}

/* Takes a whole head. True: it is a visit. */
static bool
take_head(struct listener *l, struct guest *g)
{
	char *method = g->head.data, *target = strchr(method, ' ');
	char *end = target ? strpbrk(target + 1, " \r\n") : NULL;
	const char *status = NULL;

	if (!end || *end != ' ' || target[1] != '/') {
		listener_answer(g, "400 Bad Request", "");
		return false;
	}
	*target++ = *end = '\0';
	char *query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	else
		query = strchr(target, '\0');
	if (strcmp(target, l->path) != 0)
		status = "404 Not Found";
	else if (strcmp(method, "HEAD") == 0)	/* a preview, which must not use up the code */
		status = "200 OK";
	else if (strcmp(method, "GET") != 0)
		status = "405 Method Not Allowed";
	if (status)
		listener_answer(g, status, "");
	else
		g->query = query;
	return !status;
}

/* True: it is a visit. */
static bool
read_guest(struct listener *l, struct guest *g)
{
	ssize_t n = buf_reserve(&g->head, HEAD_MAX) ?
	    recv(g->fd, g->head.data + g->head.len, HEAD_MAX - g->head.len, 0) :
	    0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n > 0 && g->answered)
		g->answered += (size_t)n;
	if (n <= 0 || g->answered > REST_MAX)
		dismiss(g);
	if (g->answered || g->fd < 0)
		return false;
	g->head.len += (size_t)n;
	g->head.data[g->head.len] = '\0';
	if (strstr(g->head.data, "\r\n\r\n"))
		return take_head(l, g);
	if (g->head.len == HEAD_MAX)
		listener_answer(g, "400 Bad Request", "");
	return false;
}

int
listener_wait(struct listener *l, int also, int64_t end, struct guest **out)
{
	for (;;) {
		struct pollfd p[3 + GUESTS] = { { .fd = also, .events = POLLIN } };

		for (unsigned i = 0; i < 2 + GUESTS; i++)
			p[1 + i] = (struct pollfd){ .events = POLLIN,
				.fd = !l ? -1 : i < 2 ? l->fds[i] : l->guests[i - 2].fd };
		int64_t left = end - clock_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(p, 3 + GUESTS, left < 60000 ? (int)left : 60000) < 0 && errno != EINTR)
			return -errno;
		for (unsigned i = 0; i < GUESTS; i++) {
			if (p[3 + i].revents && read_guest(l, &l->guests[i])) {
				*out = &l->guests[i];
				return 1;
			}
		}
		for (unsigned i = 0; i < 2; i++)
			if (p[1 + i].revents)
				accept_guest(l, l->fds[i]);
		if (p[0].revents)
			return 2;
	}
}

/*
 * delay-proxy LISTEN_PORT TARGET_PORT MS: a network with a round trip of MS milliseconds, between
 * two ports of this machine.
 *
 * All bytes arrive MS/2 later, in either direction, without a limit of bandwidth. Connecting takes
 * no extra time, which favours programs that connect often. Port 0: the kernel chooses, and the
 * proxy prints the port. It serves until SIGTERM.
 *
 * One thread: each direction of a connection is a queue of chunks, with the time when each is due.
 * A chunk without bytes is the end of the stream.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS	1000
#define CHUNK		(256 * 1024)
#define FLIGHT_MOST                                                                                \
	(128 << 20) /* bytes under way in a direction: more than loopback sends meanwhile */
#define NEVER		INT64_MAX

struct chunk {
	struct chunk	*next;
	int64_t		 due;
	size_t		 len, sent;
	char		 data[];
};

struct direction {
	int		 from, to;
	struct chunk	*first, **last;
	size_t		 flight;
	bool		 ended;		/* `from` has sent all */
	bool		 done;		/* `to` has got all */
};

struct connection {
	struct direction out, back;
};

static struct connection *connections[CONNECTIONS];
static unsigned count;
static int64_t delay;			/* ns, one way */
static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
direction_init(struct direction *d, int from, int to)
{
	*d = (struct direction){ .from = from, .to = to };
	d->last = &d->first;
}

static void
direction_free(struct direction *d)
{
	while (d->first) {
		struct chunk *c = d->first;

		d->first = c->next;
		free(c);
	}
}

/* Reads one chunk into the queue. False: the connection is broken. */
static bool
take(struct direction *d)
{
	struct chunk *c = malloc(sizeof(*c) + CHUNK);
	ssize_t n;

	if (!c)
		return false;
	n = recv(d->from, c->data, CHUNK, 0);
	if (n < 0) {
		free(c);
		return errno == EAGAIN || errno == EINTR;
	}
	struct chunk *small = realloc(c, sizeof(*c) + (size_t)n);

	*(c = small ? small : c) = (struct chunk){ .due = now() + delay, .len = (size_t)n };
	*d->last = c;
	d->last = &c->next;
	d->flight += c->len;
	d->ended = n == 0;
	return true;
}

/* Writes the due chunks until the socket is full. False: the connection is broken. */
static bool
deliver(struct direction *d)
{
	struct chunk *c;

	while ((c = d->first) && c->due <= now()) {
		if (c->len == 0) {
			shutdown(d->to, SHUT_WR);
			d->done = true;
		}
		while (c->sent < c->len) {
			ssize_t n = send(d->to, c->data + c->sent, c->len - c->sent, MSG_NOSIGNAL);

			if (n < 0)
				return errno == EAGAIN || errno == EINTR;
			c->sent += (size_t)n;
		}
		d->flight -= c->len;
		d->first = c->next;
		if (!d->first)
			d->last = &d->first;
		free(c);
	}
	return true;
}

static bool
wants_input(const struct direction *d)
{
	return !d->ended && d->flight < FLIGHT_MOST;
}

static bool
wants_output(const struct direction *d, int64_t at)
{
	return d->first && d->first->due <= at;
}

static void
connection_free(struct connection *c)
{
	close(c->out.from);
	close(c->out.to);
	direction_free(&c->out);
	direction_free(&c->back);
	free(c);
}

static void
accept_one(int listener, const struct sockaddr_in *target)
{
	int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), server, one = 1;
	struct connection *c;

	if (client < 0)
		return;
	server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	c = malloc(sizeof(*c));
	if (server < 0 || !c || count == CONNECTIONS ||
	    (connect(server, (const struct sockaddr *)target, sizeof(*target)) != 0 &&
		errno != EINPROGRESS)) {
		if (server >= 0)
			close(server);
		close(client);
		free(c);
		return;
	}
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	direction_init(&c->out, client, server);
	direction_init(&c->back, server, client);
	connections[count++] = c;
}

/* Fills two entries, and returns when the connection is next due. */
static int64_t
prepare(const struct connection *c, struct pollfd client[2], int64_t at)
{
	const struct direction *both[] = { &c->out, &c->back };
	int64_t due = NEVER;

	client[0] = (struct pollfd){ .fd = c->out.from };
	client[1] = (struct pollfd){ .fd = c->out.to };
	for (int i = 0; i < 2; i++) {
		if (wants_input(both[i]))
			client[i].events |= POLLIN;
		if (wants_output(both[i], at))
			client[1 - i].events |= POLLOUT;
		else if (both[i]->first && both[i]->first->due < due)
			due = both[i]->first->due;
	}
	/* A socket without events would report its hang-up for ever. */
	for (int i = 0; i < 2; i++)
		if (!client[i].events)
			client[i].fd = -1;
	return due;
}

static bool
serve(struct connection *c, const struct pollfd polled[2])
{
	struct direction *both[] = { &c->out, &c->back };

	for (int i = 0; i < 2; i++) {
		if (wants_input(both[i]) && polled[i].revents && !take(both[i]))
			return false;
		if (!deliver(both[i]))
			return false;
	}
	return !(c->out.done && c->back.done);
}

static void
loop(int listener, const struct sockaddr_in *target, const sigset_t *unblocked)
{
	static struct pollfd polled[1 + 2 * CONNECTIONS];

	while (!stop) {
		int64_t at = now(), due = NEVER;
		unsigned n = count;

		polled[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
		for (unsigned i = 0; i < n; i++) {
			int64_t d = prepare(connections[i], polled + 1 + 2 * i, at);

			if (d < due)
				due = d;
		}
		int64_t left = due > at ? due - at : 0;
		struct timespec wait = { left / 1000000000, left % 1000000000 };

		if (ppoll(polled, 1 + 2 * n, due == NEVER ? NULL : &wait, unblocked) < 0 &&
		    errno != EINTR)
			return;
		if (stop)
			return;
		/* From the last to the first, so that the last one can take the place of one that
		 * ends. */
		for (unsigned i = n; i-- > 0; ) {
			if (serve(connections[i], polled + 1 + 2 * i))
				continue;
			connection_free(connections[i]);
			connections[i] = connections[--count];
		}
		if (polled[0].revents & POLLIN)
			accept_one(listener, target);
	}
}

static int
listen_on(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 128) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
		perror("delay-proxy");
		exit(1);
	}
	printf("%u\n", (unsigned)ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static bool
number(const char *s, unsigned long max, unsigned long *out)
{
	char *end;

	*out = strtoul(s, &end, 10);
	return *s >= '0' && *s <= '9' && *end == '\0' && *out <= max;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in target = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sigaction action = { .sa_handler = on_signal };
	unsigned long port, to, ms;
	sigset_t blocked, unblocked;

	if (argc != 4 || !number(argv[1], 65535, &port) || !number(argv[2], 65535, &to) ||
	    !number(argv[3], 60000, &ms)) {
		fprintf(stderr, "usage: delay-proxy LISTEN_PORT TARGET_PORT MS\n");
		return 2;
	}
	target.sin_port = htons((uint16_t)to);
	delay = (int64_t)ms * 1000000 / 2;
	/* Only ppoll lets signals in, so that none comes between the check of `stop` and the
	 * wait. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, &unblocked);
	sigdelset(&unblocked, SIGTERM);
	sigdelset(&unblocked, SIGINT);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	int listener = listen_on((uint16_t)port);

	loop(listener, &target, &unblocked);
	while (count > 0)
		connection_free(connections[--count]);
	close(listener);
	return 0;
}

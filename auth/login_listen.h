/*
 * login_listen - the web server on loopback to which the browser comes back, for one visit.
 *
 * After every answer but the last it reads on, up to a limit: if it closed the connection with
 * bytes unread, the browser could lose the answer.
 *
 * It listens on 127.0.0.1 and ::1 at the port of redirect_uri. Silent connections, icons,
 * preflights and other paths do not hold up the one request that counts.
 *
 * Knows nothing of OAuth. Single thread.
 */
#pragma once

#include <stdint.h>

#include "buf.h"

struct listener;

/*
 * -EINVAL: redirect_uri is not http://localhost:PORT/PATH, so that no browser can come back here.
 * Else what socket or bind say: -EADDRINUSE if another program has the port.
 */
int	listener_open(const char *redirect_uri, struct listener **out);
void	listener_close(struct listener *);

/* A connection. */
struct guest {
	int		 fd;		/* -1: free */
	int64_t		 arrival;	/* ms of clock_ms; the lowest makes room; 0: free */
	struct buf	 head;
	size_t		 answered;	/* 1 + the bytes that came since; 0: not yet */
	char		*query;		/* of a visit, in head; "": none */
};

/*
 * Waits until there is a GET of the path (1), `also` is readable (2), or the time is up
 * (-ETIMEDOUT). end: ms of clock_ms. also: -1 for none. A NULL listener waits for `also` alone.
 * *out must be answered before the next wait.
 */
int	listener_wait(struct listener *, int also, int64_t end, struct guest **out);
void	listener_answer(struct guest *, const char *status, const char *html);

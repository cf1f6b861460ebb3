/*
 * login_listen - where the browser comes back to: a web server on loopback, for one visit.
 *
 * It listens on 127.0.0.1 and ::1 at the port of redirect_uri, and is patient:
 * connections that say nothing, icons, preflights and other paths are answered
 * or waited out beside the one request that counts.
 *
 * Knows nothing of OAuth. Single thread.
 */
#ifndef AUTH_LOGIN_LISTEN_H
#define AUTH_LOGIN_LISTEN_H

#include <stdint.h>

struct buf;
struct listener;

/*
 * -EINVAL: redirect_uri is not http://localhost:PORT/PATH, so that no browser can come back here;
 * else what socket or bind say: -EADDRINUSE when another program has the port.
 */
int	listener_open(const char *redirect_uri, struct listener **out);
void	listener_close(struct listener *);

/* Somebody who came to the path, and waits for an answer. */
struct visit {
	unsigned	 number;
	const char	*query;		/* "" : none; borrowed until it is answered */
};

/*
 * Until there is a visit (1), `also` is readable (2), or the time is up (-ETIMEDOUT). end: ms of
 * the monotonic clock. also: -1 for none. A NULL listener waits for `also` alone.
 */
int	listener_wait(struct listener *, int also, int64_t end, struct visit *out);
void listener_answer(struct listener *, const struct visit *, int status, const struct buf *html);

#endif

/*
 * http - requests over connections that are kept.
 *
 * Blocking calls from any number of threads; each takes an idle connection or
 * makes one. Every wait ends: connect, silence and total time limits,
 * http_cancel, which ends all requests under way within milliseconds, and a
 * caller who says that he wants it no more.
 * A redirect is never followed. TLS 1.2 and up, always verified.
 *
 * http with this machine itself alone, and then never by a proxy; else https.
 *
 * libcurl lives here. Knows nothing of Salesforce, tokens or JSON. The process
 * ignores SIGPIPE. Any thread.
 */
#ifndef AUTH_HTTP_H
#define AUTH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "secret.h"

struct http;

struct http_options {
	const char *proxy; /* NULL: what the environment says (https_proxy, no_proxy) */
	const char	*ca_file;		/* trusted instead of the system's; NULL: those */
	unsigned	 connect_timeout;	/* seconds */
	unsigned	 idle_timeout;		/* seconds without a byte; 0: no limit */
	const char	*user_agent;
};

int	http_open(const struct http_options *, struct http **out);
void	http_close(struct http *);
void	http_cancel(struct http *);		/* all requests, now and later, end in -EINTR */
bool	http_cancelled(const struct http *);	/* for waits of other kinds, which are to end too */
unsigned http_idle_timeout(const struct http *);

struct http_request {
	const char	*url;
	const struct buf *form; /* a POST, of application/x-www-form-urlencoded unless a header says
				   another Content-Type; NULL: GET */
	const struct secret *bearer;		/* NULL: no Authorization */
	const char	*const *headers;	/* "Name: value", NULL-terminated; may be NULL */
	bool		 compressed;		/* take gzip */
	unsigned
	    answer_timeout; /* seconds without a byte before the answer begins; 0: idle_timeout */
	unsigned total_timeout; /* seconds; 0: none (idle_timeout holds all the same) */
	size_t		 body_limit;		/* a body in memory larger than this is -EMSGSIZE */
	/*
	 * Where a 200 or 206 body goes instead of memory, as it comes; a negative errno ends the
	 * request with it. Bodies of other statuses always go to memory.
	 */
	int		(*sink)(void *ctx, const void *, size_t);
	void		*ctx;
	bool (*gave_up)(void *ctx); /* asked twice a second while nothing comes, too: true ends it
				       in -EINTR; may be NULL */
	/*
	 * > 0: Range: bytes=N-. The sink then gets bytes from N on; of a server that ignores it,
	 * after whole() has said 0, the body from byte 0. Another range is -EPROTO.
	 */
	uint64_t	 range_from;
	int		(*whole)(void *ctx);
};

struct http_response {
	int		 status;
	struct buf	 body;
	int64_t date; /* of the Date header, seconds since 1970; -1: none */
	int64_t		 retry_after;		/* seconds, at most a day; -1: none */
	char		 limit_info[128];	/* Sforce-Limit-Info; "" : none */
	char		 content_type[64];
	char error[256]; /* why there is no status: for the log, never holds a secret; "" where the
			    sink or the caller ended it */
};

/*
 * 0: there is a status, whatever it is. Else no (whole) answer came: -EHOSTUNREACH (name, route,
 * refused), -ETIMEDOUT, -ECONNRESET (cut), -EPROTO (TLS or not HTTP), -EMSGSIZE, -EINTR, -EINVAL (a
 * URL or a header that is never sent), or what the sink said. Free the response in any case.
 */
int	http_do(struct http *, const struct http_request *, struct http_response *out);
void	http_response_free(struct http_response *);

#endif

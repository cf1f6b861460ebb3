/*
 * http - requests over connections that are kept.
 *
 * Calls block; any number of threads may call. Each call takes an idle connection or makes one.
 * Every wait ends: there are limits for connecting, for a whole answer in memory, and for too few
 * bytes of any other answer. http_cancel ends all requests within milliseconds, and the caller's
 * gave_up ends one. A redirect is never followed. TLS 1.2 or later, always verified; http only to
 * this machine itself, and then never by a proxy.
 *
 * A proxy may code an answer (Content-Encoding) though nobody asked it to: http decodes it.
 *
 * libcurl lives here. Knows nothing of Salesforce, tokens or JSON. The process
 * must ignore SIGPIPE. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "secret.h"

struct http;

/* The strings must outlive the struct http. */
struct http_options {
	const char	*proxy;			/* NULL: as https_proxy and no_proxy say */
	const char	*ca_file;		/* trusted instead of the system's; NULL: those */
	unsigned	 connect_timeout;	/* seconds; 0: 10 */
	/* Seconds until a body brings at least HTTP_LEAST bytes more, or ends; 0: no limit. */
	unsigned	 idle_timeout;
};

#define HTTP_LEAST	1024

int	http_open(const struct http_options *, struct http **out);
void	http_close(struct http *);
void	http_cancel(struct http *);		/* all requests, now and later, end in -EINTR */
bool	http_cancelled(const struct http *);	/* for other waits that must end, too */
unsigned http_idle_timeout(const struct http *);

struct http_request {
	const char	*url;
	/* A POST, of application/x-www-form-urlencoded unless a header says another Content-Type;
	 * NULL: GET. */
	const struct buf *form;
	const struct secret *bearer;		/* NULL: no Authorization */
	const char	*const *headers;	/* "Name: value", NULL-terminated; may be NULL */
	bool		 compressed;		/* accept gzip */
	/* Seconds for all of it; 0: idle_timeout, or with a sink none. Within that, an answer may
	 * begin as late as it likes. */
	unsigned	 total_timeout;
	size_t		 body_limit;		/* a larger body in memory is -EMSGSIZE */
	/*
	 * Takes a 200 or 206 body instead of memory, as it comes; a negative errno ends the request
	 * with it. Bodies of other statuses always go to memory.
	 */
	int		(*sink)(void *ctx, const void *, size_t);
	void		*ctx;
	/* Asked at least twice a second; true ends the request in -EINTR. May be NULL. */
	bool		(*gave_up)(void *ctx);
	/*
	 * > 0: Range: bytes=N-. The sink then gets bytes from N on. If the server ignores the
	 * range and whole() returns 0, the sink gets the body from byte 0. Another range: -EPROTO.
	 */
	uint64_t	 range_from;
	int		(*whole)(void *ctx);
};

struct http_response {
	int		 status;
	struct buf	 body;
	int64_t		 came;			/* bytes of the body, also of one that was cut */
	int64_t		 date;			/* the Date header, seconds since 1970; -1: none */
	int64_t		 retry_after;		/* seconds, at most a day; -1: none */
	char		 limit_info[128];	/* Sforce-Limit-Info; "": none */
	char		 content_type[64];
	/* The URL of the proxy, which may hold a password, and who names it: a variable of the
	 * environment, or "the config". NULL: the request had no proxy. */
	const char	*proxy, *proxy_from;
	/* Why there is no status: for the log, without secrets; "" if the sink or the caller ended
	 * the request. */
	char		 error[256];
};

/*
 * 0: there is a status, whatever it is. Else no (whole) answer came: -EHOSTUNREACH (name, route,
 * refused), -ETIMEDOUT, -ECONNRESET (cut), -EPROTO (TLS or not HTTP), -EBADMSG (not to be decoded),
 * -EMSGSIZE, -EINTR, -EMFILE (logged), -EINVAL (a URL or a header that is never sent), or what the
 * sink returned. Free the response in any case.
 */
int	http_do(struct http *, const struct http_request *, struct http_response *out);
void	http_response_free(struct http_response *);

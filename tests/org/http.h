/*
 * http - the wire: connections, requests, answers, and what faults do to them.
 *
 * Each connection has a thread, so a request that is held or slow delays nobody else. Requests
 * enter the journal and meet their faults here; other modules know what they mean.
 *
 * libmicrohttpd lives here. Any thread.
 */
#ifndef ORG_HTTP_H
#define ORG_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/buf.h"

#include "tests/org/reply.h"

struct org;
struct http;
struct param;

struct request {
	const char	*method;
	const char	*path;		/* percent-decoded, without the query */
	const char *query; /* percent-decoded as a whole, and "Range: ..." where one was asked for:
			      for people and globs; "" : none */
	struct buf	 body;
	bool		 too_long;	/* the body was too long, and is not here */
	void		*wire;		/* private, as are these */
	bool		 is_part;
	bool		 dry;		/* of a part: a write is only checked */
	struct param	*params;	/* of a part */
};

/* NULL: not there. Borrowed; len may be NULL. */
const char *request_header(const struct request *, const char *name);
const char *request_param(
    const struct request *, const char *name, size_t *len); /* of the query, decoded */
/* Makes a request that is part of another one and has its headers. Call request_part_free also
 * after a failure. */
void	request_part(const struct request *of, const char *method, const char *url,
    struct request *out);
void	request_part_free(struct request *);
void	request_pairs(const struct request *,
    void (*pair)(void *ctx, const char *name, const char *value), void *ctx); /* of both */
char	*request_form(
    const struct request *, const char *name); /* of a form in the body, decoded; caller frees */

/*
 * Binds 127.0.0.1:port (0: the kernel chooses), fills org->host and org->url,
 * and serves. tls_*: PEM text, or NULL for http. -errno of the bind, or -EIO.
 */
int	http_start(struct org *, unsigned port, const char *tls_cert, const char *tls_key,
    struct http **out);
void	http_stop(struct http *);	/* waits for all connections; NULL is fine */

#endif

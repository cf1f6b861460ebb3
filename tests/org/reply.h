/*
 * reply - the answer to a request, while it is made.
 *
 * It has a status, headers, and a body in memory or in a file. Errors have the form and the words
 * of Salesforce: an array for the API, an object for OAuth.
 *
 * Pure. Caller locks.
 */
#ifndef ORG_REPLY_H
#define ORG_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/buf.h"

#include "tests/org/refusal.h"

struct reply {
	unsigned	 status;
	const char	*type;		/* Content-Type; NULL: none */
	struct buf	 headers;	/* "Name: value\n" each */
	struct buf	 body;
	char *file; /* not NULL: the body is this file, from `from` on, `length` bytes */
	int64_t		 from, length;
	bool		 close;		/* the connection, afterwards */
	bool sized; /* with Content-Length; else in chunks, as Salesforce answers */
};

#define REPLY_JSON	"application/json;charset=UTF-8"

void	reply_init(struct reply *);			/* 200, no body */
void	reply_free(struct reply *);
void	reply_reset(struct reply *); /* as after reply_init, for another answer */
void	reply_header(struct reply *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Answers with an error code that Salesforce documents, which gives the status. message NULL: the
 * usual one. */
void	reply_error(struct reply *, const char *code, const char *message);
void	reply_error_status(struct reply *, unsigned status, const char *code,
    const char *message); /* status 0: the usual one */
/* {"error":..., "error_description":...}, status 400; description may be NULL. */
void	reply_oauth_error(struct reply *, const char *error, const char *description);
void	reply_refusal(struct reply *, enum refusal_kind);

#endif

/*
 * rest/internal - what the files of rest share: rest.c makes calls and judges answers, query.c asks
 * for documents, rows.c for records, libraries, folders and limits.
 *
 * Any thread.
 */
#ifndef FS_REST_INTERNAL_H
#define FS_REST_INTERNAL_H

#include <pthread.h>

#include <cjson/cJSON.h>

#include "auth/buf.h"
#include "auth/http.h"
#include "budget.h"
#include "rest.h"

/* The fields of a document by number. */
enum {
#define X(kind, member, path) FIELD_##member,
	DOCUMENT_FIELDS(X)
#undef X
	FIELDS
};

struct rest {
	struct http	*http;
	struct token	*token;
	char		 api_version[8];
	unsigned	 tries, reserve;

	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 stop;		/* on cancelled */
	bool		 cancelled;
	struct budget	 budget;
	int64_t		 spent_until;	/* monotonic seconds; 0: the API limit is not spent */
	int64_t		 usage_at;	/* clock_ms: when the org last said stats.api_used */
	char		 logged[256];	/* the last failure in the log; "" once a call works */
	bool		 unreachable;	/* it is in the log, and no answer has come since */
	struct rest_stats stats;
	unsigned	 seed;		/* of the pauses' jitter */
	/* Fields of documents and, [1], of versions that the user may not see. */
	bool		 hidden[2][FIELDS];
};

#define REST_MESSAGE	4096	/* bytes of an error message: one of a query repeats the query */

/* A refusal that the caller expects: the call is -EOPNOTSUPP and not logged; what the org said is
 * here. */
struct rest_refusal {
	const char	*expected;	/* its errorCode; "": any with status 400 */
	char		 code[64], message[REST_MESSAGE];
};

/* Gets an answer in JSON, with all tries. On success it is the caller's (http_response_free).
 * refusal may be NULL. */
int rest_get(struct rest *, enum rest_kind, const struct buf *path, struct rest_refusal *,
    struct http_response *answer);
/* The same with a POST that changes nothing in the org, so it may be tried again. body: JSON. */
int rest_post(struct rest *, enum rest_kind, const struct buf *path, const struct buf *body,
    struct rest_refusal *, struct http_response *answer);
/* The first page of a query. As rest_get, but -EINVAL, logged, if there is no such resource. */
int rest_get_query(struct rest *, enum rest_kind, const char *resource, const struct buf *soql,
    struct rest_refusal *, struct http_response *answer);
/* Logs and counts a failure. The same line is not logged again until a call has worked. */
void	rest_log(struct rest *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A page of records. take: 0, 1 to leave the record out, or a negative errno that ends the page
 * with it. *next: where the next page is, the caller's; NULL: this was the last one. page may be
 * NULL. */
typedef int rest_take(void *ctx, const cJSON *record);
int rest_read_page(struct rest *, struct http_response *, rest_take *, void *ctx, char **next,
    struct rest_page *page);
/* The same of JSON; -EBADMSG, not logged: it is no page of records. */
int	rest_read_records(const cJSON *json, rest_take *, void *ctx, char **next);
/* The page at *next, which is replaced by where the one after it is. -ESTALE: Salesforce has lost
 * its place in the answer. */
int rest_read_next(struct rest *, enum rest_kind, rest_take *, void *ctx, char **next);

/* Parses an answer, the caller's (cJSON_Delete). Mends wrong escapes in body. NULL: it is no JSON,
 * or has more values than any answer of Salesforce. */
cJSON	*rest_parse(struct buf *body);
/* The value at a path such as "LatestPublishedVersion.Checksum"; NULL where something on the way is
 * null or no object. */
const cJSON *rest_value_at(const cJSON *record, const char *path);
int64_t rest_int(const cJSON *); /* a whole number from 0 on; -1 for anything else */
void	rest_id(const cJSON *, char out[19]);		/* "" for anything else */

#endif

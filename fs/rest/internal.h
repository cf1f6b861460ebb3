/*
 * parts - the insides of rest: rest.c makes requests and judges answers, rest/query.c asks for
 * documents, rest/rows.c for what they belong to.
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
	int64_t		 usage_at;	/* monotonic seconds: when stats.api_used was said */
	char told[256]; /* the last failure that was logged: said once until something works */
	bool unreachable; /* that there is no way to the org was logged, and no answer has come
			     since */
	struct rest_stats stats;
	unsigned	 seed;
	bool hidden[2][FIELDS]; /* of documents and, [1], of versions: fields that the org says it
				   does not have */
};

#define REST_MESSAGE	4096	/* bytes of an error message: one of a query repeats the query */

/* A refusal that is as good an answer as any: it is -EOPNOTSUPP, not told on the log, and what the
 * org said is here. */
struct rest_refusal {
	const char	*expected;	/* its errorCode; "": any of status 400 */
	char		 code[64], message[REST_MESSAGE];
};

/* An answer in JSON, after as many tries as it takes; the caller's (http_response_free) on success
 * only. refusal may be NULL. */
int rest_get(struct rest *, enum rest_kind, const struct buf *path, struct rest_refusal *,
    struct http_response *answer);
/* The same of a POST that changes nothing in the org, so that it may be tried again; body: JSON. */
int rest_post(struct rest *, enum rest_kind, const struct buf *path, const struct buf *body,
    struct rest_refusal *, struct http_response *answer);
/* The first page of a query. As rest_get; but -EINVAL, told on the log, when there is no such
 * resource. */
int rest_get_query(struct rest *, enum rest_kind, const char *resource, const struct buf *soql,
    struct rest_refusal *, struct http_response *answer);
/* One line a cause: what was just said is not said again until something has worked in between. */
void	rest_tell(struct rest *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

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

/* The JSON of an answer, which is mended where its strings are none: cJSON_Delete. NULL: it is
 * none, or has more values than any of Salesforce's. */
cJSON	*rest_parse(struct buf *body);
/* The value at a path such as "LatestPublishedVersion.Checksum"; NULL where something on the way is
 * null or no object. */
const cJSON *rest_value_at(const cJSON *record, const char *path);
int64_t rest_int(const cJSON *); /* a whole number from 0 on; -1 for anything else */
void	rest_id(const cJSON *, char out[19]);		/* "" for anything else */

#endif

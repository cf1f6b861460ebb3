/*
 * rest/internal - what the files of rest share: rest.c makes calls and judges answers, json.c reads
 * JSON, query.c asks for pages of records and for documents, rows.c for records, libraries, folders
 * and limits.
 *
 * Any thread.
 */
#pragma once

#include <pthread.h>

#include <cjson/cJSON.h>

#include "auth/buf.h"
#include "auth/http.h"
#include "budget.h"
#include "rest.h"

struct rest {
	struct http	*http;
	struct token	*token;
	char		 api_version[8];
	unsigned	 tries, reserve;

	pthread_mutex_t	 lock;		/* guards: all below */
	struct budget	 budget;
	int64_t		 spent_until;	/* monotonic seconds; 0: the API limit is not spent */
	int64_t		 usage_at;	/* clock_ms: when the org last told stats.api_used */
	char		 logged[768];	/* the last failure in the log; "" once a call works */
	bool		 unreachable;	/* it is in the log, and no answer has come since */
	struct rest_stats stats;
	unsigned	 seed;		/* of the pauses' jitter */
	/* Bits: the fields of documents and, [1], of versions that the user may not see. */
	uint32_t	 hidden[2];
};

/* A refusal that the caller expects. The call is then -EOPNOTSUPP and not logged, and the org's
 * words are here. */
struct rest_refusal {
	const char	*expected;	/* its errorCode; "": any with status 400 */
	char		 code[64], message[384];
};

/* Gets an answer, with all tries. On success it is the caller's (cJSON_Delete). Takes path. refusal
 * may be NULL. *date: as in struct rest_page. */
int rest_get(struct rest *, enum rest_kind, struct buf *path, struct rest_refusal *, cJSON **out,
    int64_t *date);
/*
 * Logs a line, and counts so many failures. The same line is not logged twice in a row, until a
 * call has worked.
 */
void	rest_log_once(struct rest *, unsigned failures, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#define rest_log(r, ...)	rest_log_once(r, 1, __VA_ARGS__)	/* one failure */

/* Returns 0, 1 to leave the record out, or a negative errno, which ends the query. */
typedef int rest_take(void *ctx, const cJSON *record);
/* A query under way. */
struct rest_select {
	enum rest_kind	 kind;
	bool		 all;		/* deleted and archived records, too */
	struct rest_refusal *refusal;	/* of the first page; may be NULL */
	rest_take	*take;
	void		*ctx;
	struct buf	 soql;
	char		*next;		/* the next page; NULL: the first one, or none */
	struct rest_page page;		/* the last one that was read */
	int64_t		 left;		/* records that are still to come */
	int64_t		 came;		/* records that have come */
	cJSON		*seen;		/* the first record of page 1, 2, 4, 8, ... */
	unsigned	 pages;		/* that had records; 0: no record has been seen */
};
/* Reads the next page. As rest_get, but -EINVAL, logged, if there is no such resource; -ESTALE:
 * Salesforce has lost its place in the answer, or this is the last page and more was to come. */
int	rest_read_page(struct rest *, struct rest_select *);
void	rest_select_free(struct rest_select *);		/* frees what it has, not itself */
int	rest_log_early(struct rest *, struct rest_select *);	/* after -ESTALE; returns -EIO */

/* Parses an answer, the caller's (cJSON_Delete). Mends wrong escapes in body. NULL: it is no JSON,
 * or has more values than any answer of Salesforce. */
cJSON	*rest_parse(struct buf *body);
/* The value at a path such as "LatestPublishedVersion.Checksum"; NULL where something on the way is
 * null or no object. */
const cJSON *rest_value_at(const cJSON *record, const char *path);
const char *rest_text(const cJSON *record, const char *path);	/* NULL: there is no text */
int64_t rest_int(const cJSON *);	/* a whole number from 0 on; -1 for anything else */
/* "2024-01-01T00:00:00.000+0000" (always UTC on the wire) in ms, from year 1 on; -1 for anything
 * else. The last millisecond before 1970, which would be -1, is taken for the one before it. */
int64_t	rest_time(const cJSON *);
void	rest_id(const cJSON *, char out[19]);		/* "" for anything else */

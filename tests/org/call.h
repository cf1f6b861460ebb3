/*
 * call - one call of the REST API, parsed, and the functions that serve the resources.
 *
 * rest.c has the table of all paths. A function is called for a path and a method that the table
 * allows; it writes the reply.
 *
 * Any thread.
 */
#ifndef ORG_CALL_H
#define ORG_CALL_H

#include "tests/org/data.h"
#include "tests/org/http.h"
#include "tests/org/org.h"
#include "tests/org/query.h"
#include "tests/org/reply.h"

struct cJSON;

#define CALL_PARTS	6	/* of a path, after the version */

struct call {
	struct org	*org;
	const struct request *request;
	struct reply	*reply;
	const char	*method;
	unsigned	 version;	/* 66 for v66.0 */
	unsigned	 user;
	char		*part[CALL_PARTS];	/* of the path */
	unsigned	 parts;
};

bool	call_is(const struct call *, const char *method);	/* HEAD is GET */
struct rows_view call_view(const struct call *, bool deleted);
/* Answers with the error of a query: -EINVAL, or another. */
void	call_malformed(struct call *, int rc, const struct soql_error *);
/* Serves a request that is part of another one; url as in it, without a host. dry: only checks. */
void	call_part(struct call *, const char *method, const char *url, const struct cJSON *body,
    bool dry, struct reply *);

typedef void call_serve(struct call *);

/* query_serve.c */
call_serve query_serve, query_serve_all, query_serve_more;
/* Answers with the records of a query whose text is the org's own. */
void	query_answer(struct call *, const char *soql, bool by_id);

/* record_serve.c */
call_serve record_serve_global, record_serve_object, record_serve_describe, record_serve_changes,
    record_serve, record_serve_part, record_serve_collection;
/* Reads fields of a record as JSON; caller locks the data. */
void	record_put_fields(struct call *, const struct object *, const char *id, const char *fields);

/* composite.c */
call_serve composite_serve, composite_serve_batch, composite_serve_tree,
    composite_serve_collection, composite_serve_upserts;

/* search.c */
call_serve search_serve;

#endif

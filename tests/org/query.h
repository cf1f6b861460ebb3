/*
 * query - a parsed query bound to the objects, and its records.
 *
 * Binding finds every object and field, and checks types and the rules that files have (such as the
 * filter that a query of ContentDocumentLink needs). It refuses what Salesforce would refuse, in
 * the same words. Running finds the numbers of the rows; they become JSON a page at a time.
 *
 * Any thread. The caller holds data_lock except while binding and freeing.
 */
#ifndef ORG_QUERY_H
#define ORG_QUERY_H

#include "auth/buf.h"

#include "tests/org/data.h"
#include "tests/org/rows.h"
#include "tests/org/soql.h"

struct query;

struct groups;

struct query_rows {
	uint32_t	*number;
	size_t count; /* of numbers or groups; for COUNT(), of matching rows */
	struct groups	*groups;	/* instead of rows */
};

#define QUERY_LOCATOR	48	/* bytes of a locator, the NUL counted */

/* How records are written. */
struct query_style {
	bool		 late;		/* "attributes" comes last in each */
	/* Child records: at most so many at once, if there is a function that takes the query,
	 * with all its rows, for the pages from `next` on. */
	size_t		 children;
	int		 (*more)(void *ctx, struct query * /* takes */,
	    struct query_rows * /* takes */, size_t next, char locator[QUERY_LOCATOR]);
	void		*ctx;
};

/* -EINVAL: *error says why; -ENOMEM. With view.by_id it reads a single record, and no rule about
 * filters applies. */
int	query_bind(const char *text, size_t len, const struct rows_view *, struct query **out,
    struct soql_error *error);
void	query_free(struct query *);
/* For as many more query_free; of child records too, which live as long as their root. */
struct query *query_hold(struct query *);
int	query_run(const struct query *, const struct data *, struct query_rows *out);
/* Loads the record of a reference; false: there is none. whole: with the fields of its own object,
 * also where the reference is to any. */
bool	query_follow(const struct row *from, const struct field *reference,
    const struct rows_view *, bool whole, struct row *to);
void	query_rows_free(struct query_rows *);
bool	query_is_grouped(const struct query *);
const struct object *query_object(const struct query *);
/* Records first .. first + count - 1, as an array. */
void	query_put_records(const struct query *, const struct data *, const struct query_rows *,
    size_t first, size_t count, const struct query_style *, struct buf *out);
/* The same as CSV, with a header. */
void	query_put_csv(const struct query *, const struct data *, const struct query_rows *,
    size_t first, size_t count, char delimiter, const char *end, struct buf *out);
/* The code of the error, if Bulk API 2.0 does not take the query; NULL: it does. */
const char *query_not_bulk(const struct query *, const char **message);
/* The columns of the records, as columns=true asks for them. */
void	query_put_columns(const struct query *, struct buf *out);

#endif

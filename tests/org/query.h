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

struct query_rows {
	uint32_t	*number;
	size_t count; /* of numbers; for COUNT(), of matching rows */
	int64_t		*totals;	/* of COUNT(field), one an item, instead of rows */
};

/* -EINVAL: *error says why; -ENOMEM. With view.by_id it reads a single record, and no rule about
 * filters applies. */
int	query_bind(const char *text, size_t len, const struct rows_view *, struct query **out,
    struct soql_error *error);
void	query_free(struct query *);
int	query_run(const struct query *, const struct data *, struct query_rows *out);
void	query_rows_free(struct query_rows *);
/* Records first .. first + count - 1, as an array. late: "attributes" comes last in each. */
void	query_put_records(const struct query *, const struct data *, const struct query_rows *,
    size_t first, size_t count, bool late, struct buf *out);

#endif

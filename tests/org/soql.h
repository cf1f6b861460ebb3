/*
 * soql - the text of a query as a tree.
 *
 * Knows the grammar, but no objects and fields: SELECT of fields, functions, child queries and
 * TYPEOF, one FROM, WHERE, GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET, and IN (SELECT ...). As in
 * Salesforce, AND and OR do not mix without parentheses. Text outside the grammar is an error with
 * its place, and never guessed at.
 *
 * Pure. Any thread.
 */
#ifndef ORG_SOQL_H
#define ORG_SOQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/buf.h"
#include "tests/org/moment.h"
#include "tests/org/value.h"

#define SOQL_LEVELS	6	/* a field, and five relations above it */

struct soql_name {
	const char	*s;	/* into the text */
	size_t		 len;
};

enum soql_aggregate {
	SOQL_PLAIN,
	SOQL_COUNT,
	SOQL_COUNT_DISTINCT,
	SOQL_SUM,
	SOQL_AVG,
	SOQL_MIN,
	SOQL_MAX,
	SOQL_AGGREGATES
};

struct soql_path {
	struct soql_name part[SOQL_LEVELS + 1];	/* one more for the alias */
	unsigned	 count;
	enum soql_aggregate aggregate;		/* around the field */
	enum moment_function moment;
	size_t		 at;	/* where in the text */
};

struct soql_literal {
	enum value_kind	 kind;	/* TEXT, NUMBER, REAL, BOOLEAN, DATETIME, DATE or NULL */
	int64_t		 number;
	double		 real;
	const char *text; /* unescaped; for LIKE, its escapes stay */
	size_t		 len;
	bool		 is_range;	/* LAST_WEEK: kind is DATE */
	struct moment_range range;
	struct soql_literal *next;	/* of IN */
};

enum soql_op {
	SOQL_EQ,
	SOQL_NE,
	SOQL_LT,
	SOQL_GT,
	SOQL_LE,
	SOQL_GE,
	SOQL_LIKE,
	SOQL_IN,
	SOQL_NOT_IN
};
enum soql_node { SOQL_AND, SOQL_OR, SOQL_NOT, SOQL_TEST };

struct soql_condition {
	enum soql_node	 node;
	struct soql_condition *first, *next;	/* AND, OR, NOT: what they join; siblings */
	struct soql_path path;			/* TEST: all below */
	enum soql_op	 op;
	struct soql_literal *literals;
	struct soql	*query;			/* IN (SELECT ...); NULL: literals */
	size_t		 at;
};

enum soql_item_kind {
	SOQL_FIELD,
	SOQL_FIELDS_ALL,
	SOQL_FIELDS_STANDARD,
	SOQL_FIELDS_CUSTOM,
	SOQL_CHILDREN,			/* (SELECT ... FROM Contacts) */
	SOQL_TYPEOF
};

struct soql_item {
	enum soql_item_kind kind;
	struct soql_path path;		/* of FIELD; of TYPEOF, the relation */
	struct soql_name alias;
	struct soql	*query;		/* of CHILDREN */
	struct soql_when *when;		/* of TYPEOF */
	struct soql_item *next;
};

struct soql_when {
	struct soql_name type;		/* empty: ELSE, the last one */
	struct soql_item *items;
	struct soql_when *next;
};

struct soql_order {
	struct soql_path path;
	bool		 descending, nulls_last;
	struct soql_order *next;
};

struct soql {
	bool		 count;		/* SELECT COUNT(): no items */
	struct soql_item *items;
	struct soql_name from, alias;
	size_t		 from_at;
	struct soql_condition *where, *having;
	struct soql_order *group, *order;
	int64_t		 limit, offset;	/* -1: none */
	size_t		 offset_at;
};

struct soql_tree;	/* owns all of a query */

/* errorCode and message as Salesforce words them. */
struct soql_error {
	const char	*code;
	struct buf	 message;
};

/* -EINVAL: *error says why; -ENOMEM. Copies the text. */
int	soql_parse(const char *text, size_t len, struct soql_tree **out, struct soql_error *error);
const struct soql *soql_query(const struct soql_tree *);
const char *soql_aggregate_name(enum soql_aggregate);	/* as in a query: COUNT_DISTINCT */
void	soql_free(struct soql_tree *);
/* An error that shows the text around `at` with a caret below it. */
void	soql_error_at(const struct soql_tree *, size_t at, struct soql_error *, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif

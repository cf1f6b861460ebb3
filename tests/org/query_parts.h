/*
 * query_parts - private header of bind, query, group and records: a query that is bound, and the
 * rows and groups that it finds.
 *
 * Caller locks.
 */
#ifndef ORG_QUERY_PARTS_H
#define ORG_QUERY_PARTS_H

#include <stdatomic.h>

#include "tests/org/arena.h"
#include "tests/org/query.h"

/* A path to a field: all but the last are references. */
struct column {
	const struct field *fields[SOQL_LEVELS];
	unsigned	 levels;
	enum moment_function moment;	/* of its value */
};

/* A value that groups have: what they are grouped by, or an aggregate. */
struct slot {
	struct column	 column;
	enum soql_aggregate aggregate;
	struct slot	*next;
};

/* A condition, bound. */
struct check {
	enum soql_node	 node;
	struct check	*first, *next;
	struct column	 column;
	unsigned	 slot;		/* of HAVING */
	enum soql_op	 op;
	struct value	*values;	/* the literals; ids sorted */
	int64_t		*ends;		/* of literals that are ranges; NULL: none is */
	size_t		 count;
	bool		 has_null;	/* among the values of IN */
	struct query	*inner;		/* IN (SELECT ...) */
	struct column	 inner_column;	/* the field of it */
};

/* A part of a record: a field, a relation with its parts, or child records. */
struct shown {
	const struct field *field;
	struct query	*children;
	const char	*relation;	/* of children */
	struct branch	*branches;	/* of TYPEOF */
	struct shown	*below, *next;
};

struct branch {
	const struct object *object;	/* NULL: ELSE */
	struct shown	*shown;
	struct branch	*next;
};

/* A value of a group in the result. */
struct output {
	unsigned	 slot;
	struct soql_name label;		/* empty: expr and its number */
	unsigned	 number;
	struct output	*next;
};

struct order {
	struct column	 column;
	unsigned	 slot;		/* of groups */
	bool		 descending, nulls_last;
	struct order	*next;
};

struct query {
	struct query	*root;		/* NULL: it is the root, which owns the tree */
	_Atomic unsigned users;		/* of a root */
	struct arena	 arena;
	struct soql_tree *tree;
	const struct soql *soql;
	struct rows_view view;
	const struct object *object;
	const struct field *parent;	/* of child records: leads to their parent */
	struct shown	*shown;
	bool		 grouped;
	unsigned	 keys, slots;	/* the first slots are the keys */
	struct slot	*slot;
	struct output	*outputs;
	struct check	*where, *having;
	struct order	*order;
	struct query	*inners, *next;	/* all inner and child queries, to free them */
};

int	bind_query(const struct soql_tree *, const struct rows_view *, struct query **out,
    struct soql_error *error);
enum field_type slot_type(const struct slot *);
/* Whether a test is = (or IN) Ids in a field of this meaning. */
bool	bind_selects(const struct check *, enum field_meaning, bool in);

/* group.c */

struct set;

struct cell {
	struct value	 value;
	char		*text;		/* value.text points here */
	int64_t		 count;
	double		 sum;
	struct set	*seen;
};

struct groups {
	struct set	*names;
	struct cell	**list;		/* a group is an array of cells, one for each slot */
	size_t		 count, capacity;
	unsigned	 width;
};

/* The group of these keys, made if need be. NULL: out of memory. */
struct cell *groups_find(struct groups *, const struct value *keys, unsigned count);
bool	cell_take(struct cell *, enum soql_aggregate, const struct value *); /* false: no memory */
void	cell_finish(struct cell *, const struct slot *);	/* its value is there from now on */
void	cells_free(struct cell *, unsigned width);
void	groups_free(struct groups *);				/* NULL is fine */

/* query.c */

/* Only the records below this parent; NULL: all. */
int	query_run_below(const struct query *, const struct data *, const char *parent,
    struct query_rows *out);

#endif

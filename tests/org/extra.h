/*
 * extra - fields that were written and have no meaning for the org: it only gives them back.
 *
 * Caller locks.
 */
#ifndef ORG_EXTRA_H
#define ORG_EXTRA_H

#include "tests/org/schema.h"

struct extra {
	const struct field *field;
	char		*text;		/* NULL: null */
	struct extra	*next;
};

int	extra_set(struct extra **, const struct field *, const char *text);	/* -ENOMEM */
const struct extra *extra_find(
    const struct extra *, const struct field *); /* NULL: never written */
void	extra_free(struct extra *);

#endif

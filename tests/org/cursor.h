/*
 * cursor - queries that have more pages.
 *
 * The rows of a query are fixed when it starts; their fields are read when a client asks for a
 * page. A locator names a query and a place in it, and is opaque to clients. Old cursors are
 * dropped when there are too many.
 *
 * Any thread.
 */
#ifndef ORG_CURSOR_H
#define ORG_CURSOR_H

#include <stddef.h>
#include <stdint.h>

#include "tests/org/query.h"

struct cursor {
	struct query	*query;
	struct query_rows rows;
	/* private */
	uint64_t	 number;
	int64_t		 made;		/* org time, ms */
	unsigned	 users;
	struct cursor	*next;
};

struct cursors;

int	cursors_new(struct cursors **out);
void	cursors_free(struct cursors *);
/* Takes query and rows, also when it fails. The cursor is held until cursor_put. */
int	cursor_add(struct cursors *, struct query *, struct query_rows *, int64_t now,
    struct cursor **out);
void	cursor_put(struct cursors *, struct cursor *);
void	cursor_locator(const struct cursor *, size_t offset, char out[QUERY_LOCATOR]);
/* NULL: no such locator, or one made at `oldest` or before. */
struct cursor *cursor_find(struct cursors *, const char *locator, int64_t oldest, size_t *offset);
void	cursors_expire(struct cursors *);		/* all */

#endif

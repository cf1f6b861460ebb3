/*
 * answers - the rows that the org answered to a question, in memory and as bytes for the catalogue.
 *
 * As bytes they are lines of `Id TAB name TAB more TAB d|f`, in which \t \n \\ stand for tab, line
 * feed and backslash. In memory an answer never changes and belongs to all who hold it.
 *
 * Any thread.
 */
#ifndef FS_SYNC_ANSWERS_H
#define FS_SYNC_ANSWERS_H

#include "auth/buf.h"
#include "on_demand.h"

/* Appends a row. name and more may be NULL. */
void	answers_pack(struct buf *, const char *id, const char *name, const char *more, bool folder);
/* asked: this machine's clock (ms). The caller's until answers_release. -ENOMEM. */
int	answers_unpack(
    const char *packed, size_t len, int64_t asked, const struct on_demand_answer **out);
void	answers_hold(const struct on_demand_answer *);		/* once more */
void	answers_release(const struct on_demand_answer *);	/* NULL is fine */
/* The row of that Id; NULL: there is none. */
const struct on_demand_row *answers_find(const struct on_demand_answer *, const char *id);

#endif

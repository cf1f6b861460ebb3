/*
 * write - records made, changed and deleted: one by one, and as collections.
 *
 * Checks a write as Salesforce does before anything changes: unknown fields, fields that may not be
 * written, texts that are too long, Ids of another object.
 *
 * Any thread.
 */
#ifndef ORG_WRITE_H
#define ORG_WRITE_H

#include "tests/org/rows.h"

struct org;
struct request;
struct reply;

void	write_create(struct org *, const struct rows_view *, const struct object *,
    const struct request *, struct reply *);
void	write_update(struct org *, const struct rows_view *, const struct object *, const char *id,
    const struct request *, struct reply *);
void	write_delete(struct org *, const struct rows_view *, const struct object *, const char *id,
    const struct request *, struct reply *);
/* By an external Id, or the Id: field and value as they are in the path. */
void	write_upsert(struct org *, const struct rows_view *, const struct object *,
    const char *field, const char *value, const struct request *, struct reply *);
/* Finds a record by an external Id; false: the reply says why not. */
bool	write_find(struct org *, const struct rows_view *, const struct object *, const char *field,
    const char *value, struct reply *, char id[ID_SIZE]);
/* /composite/sobjects: method is POST, PATCH or DELETE; with a field, PATCH is an upsert. */
void	write_collection(struct org *, const struct rows_view *, const char *method,
    const char *field, const struct request *, struct reply *);
/* /composite/tree/{object} */
void	write_tree(struct org *, const struct rows_view *, const struct object *,
    const struct request *, struct reply *);

#endif

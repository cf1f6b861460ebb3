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
    struct reply *);
/* /composite/sobjects: method is POST, PATCH or DELETE. */
void	write_collection(struct org *, const struct rows_view *, const char *method,
    const struct request *, struct reply *);

#endif

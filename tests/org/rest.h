/*
 * rest - /services/data: versions, queries, records, blobs, collections, limits.
 *
 * Any thread.
 */
#ifndef ORG_REST_H
#define ORG_REST_H

#define REST_NEWEST	68	/* version of the API */

struct org;
struct request;
struct reply;

void	rest_serve(struct org *, const struct request *, struct reply *);

#endif

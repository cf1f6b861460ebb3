/*
 * oauth - tokens, and the paths that give, look at and revoke them.
 *
 * A table of grants: a flow is a row and a function. Refresh tokens belong to
 * an approval; when they are rotated, one that comes back after its time ends
 * the approval and all that came of it.
 *
 * Any thread.
 */
#ifndef ORG_OAUTH_H
#define ORG_OAUTH_H

#include <stdbool.h>
#include <stddef.h>

struct org;
struct request;
struct reply;
struct tokens;

int	tokens_new(struct tokens **out);
void	tokens_free(struct tokens *);
void	tokens_expire(struct tokens *);			/* all access tokens */
void	tokens_revoke(struct tokens *);			/* all approvals, with their refresh and access tokens */

/* Whether a request has a good access token; else the answer to it. */
bool	oauth_check(struct org *, const struct request *, struct reply *);
/* A refresh token as a login in the browser would give. */
bool	oauth_approve(struct org *, char *token, size_t size);
/* All that is not the API. */
void	oauth_serve(struct org *, const struct request *, struct reply *);

#endif

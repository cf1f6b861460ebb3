/*
 * oauth - the paths that give tokens, look at them and revoke them.
 *
 * A table of grants: a flow is a row and a function. What tokens there are,
 * token.h knows; what a browser sees, login.h.
 *
 * Any thread.
 */
#ifndef ORG_OAUTH_H
#define ORG_OAUTH_H

#include <stdbool.h>

struct org;
struct request;
struct reply;

/* Whether a request has a token that is good for the API, and whose; else the answer to it. */
bool	oauth_check(struct org *, const struct request *, struct reply *, unsigned *user);
/* All that is not the API. */
void	oauth_serve(struct org *, const struct request *, struct reply *);

#endif

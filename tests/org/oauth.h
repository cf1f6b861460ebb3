/*
 * oauth - the paths that give tokens, inspect them and revoke them.
 *
 * A flow is a row in a table of grants, and a function. token.h has the tokens, login.h the pages
 * of a browser.
 *
 * Any thread.
 */
#ifndef ORG_OAUTH_H
#define ORG_OAUTH_H

#include <stdbool.h>

struct org;
struct request;
struct reply;

/* True: the request has a token for the API, of this user. False: the reply says why not. */
bool	oauth_check(struct org *, const struct request *, struct reply *, unsigned *user);
/* Serves every path that is not the API. */
void	oauth_serve(struct org *, const struct request *, struct reply *);

/* The identity URL of a user. */
void	oauth_identity(const struct org *, unsigned user, char out[128]);

#endif

/*
 * login - what a person sees in a browser: a login form, and the page that asks
 * whether the app may.
 *
 * An app sends the browser to /services/oauth2/authorize; it ends with a
 * redirect back to the app, with a code or an error, or with a page that tells
 * why there is no way back. Pages need no script and nothing from elsewhere.
 *
 * Any thread.
 */
#ifndef ORG_LOGIN_H
#define ORG_LOGIN_H

#include <stdbool.h>

struct org;
struct request;
struct reply;

/* False: the path is none of these. */
bool	login_serve(struct org *, const struct request *, struct reply *);
/* What a browser at authorize gets when the org says no; description may be NULL. */
void login_refuse(struct org *, const struct request *, struct reply *, const char *error,
    const char *description);

#endif

/*
 * login - what a person sees in a browser: a login form, and the page that asks whether to allow
 * the app.
 *
 * An app sends the browser to /services/oauth2/authorize. It ends with a redirect back to the app,
 * with a code or an error; or with a page that says why there is no way back. Pages need no script
 * and nothing from elsewhere.
 *
 * Any thread.
 */
#ifndef ORG_LOGIN_H
#define ORG_LOGIN_H

#include <stdbool.h>

struct org;
struct request;
struct reply;

/* False: the path belongs to another module. */
bool	login_serve(struct org *, const struct request *, struct reply *);
/* Answers a browser at authorize when the org refuses; description may be NULL. */
void	login_refuse(struct org *, const struct request *, struct reply *, const char *error,
    const char *description);

#endif

/*
 * token - the access token that a mount uses, renewed once for all its threads.
 *
 * Any number of threads ask for the bearer token. After a 401 each says which
 * one it had; the first renews it while the others wait. A token that another
 * process has renewed is taken from the file (saved_login.h).
 *
 * Causes are logged here, once, with what to do. Any thread.
 */
#pragma once

#include "config.h"
#include "http.h"
#include "secret.h"

struct token;

/* All that a request needs; the caller's copy. */
struct bearer {
	struct secret	 access_token;
	char		*instance_url;	/* scheme://host[:port]; the token goes to no other host */
	unsigned	 serial;	/* of this token, for token_renew */
};

/* Takes the stored login, or logs in if the flow needs no person. Errors as saved_login_renew. */
int	token_open(const struct config *, struct http *, struct token **out);
void	token_close(struct token *);

const char *token_org_id(const struct token *);		/* 18 characters */
const char *token_user_id(const struct token *);

int	token_bearer(struct token *, struct bearer *out);
void	bearer_free(struct bearer *);
/*
 * The org answered 401 to the token of that serial: 0 when there is a newer one now. Errors as
 * token_open, but a login that is gone is -EACCES, too. For a while after a refusal Salesforce is
 * not asked again.
 */
int	token_renew(struct token *, unsigned serial);

/*
 * token - the login of one org: kept in a file, renewed once for everybody.
 *
 * Any number of threads ask for the bearer token; after a 401 each says which
 * one it had, and the first renews it while the others wait. The file is
 * 0600 in a 0700 directory, replaced by rename, guarded by a lock between
 * processes; a token that another process renewed is taken over, not fought.
 * jwt and client_credentials log in by themselves.
 *
 * Causes are logged here, once, with what to do. Any thread.
 */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "config.h"
#include "http.h"
#include "secret.h"

struct token;

/* What a request needs; the caller's copy. */
struct bearer {
	struct secret	 access_token;
	char		*instance_url;	/* scheme://host[:port]; the token goes to no other host */
	unsigned	 serial;	/* of this token, for token_renew */
};

/*
 * Reads the stored token, or logs in where the flow can do so without a human.
 * -ENOKEY: log in first; -EACCES: refused by Salesforce; -EHOSTUNREACH, -ETIMEDOUT: out of reach;
 * -EINVAL: the config cannot work; -EINTR: http_cancel.
 */
int	token_open(const struct config *, struct http *, struct token **out);
void	token_close(struct token *);

const char *token_org_id(const struct token *);		/* 18 characters */
const char *token_user_id(const struct token *);

int	token_bearer(struct token *, struct bearer *out);
void	bearer_free(struct bearer *);
/* The org answered 401 to the token of that serial: 0 when there is a newer one now. Errors as token_open. */
int	token_renew(struct token *, unsigned serial);

#endif

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
#include "token_file.h"

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
/*
 * The org answered 401 to the token of that serial: 0 when there is a newer one now. Errors as
 * token_open, but a login that is gone is -EACCES too. After a refusal nothing is asked for a
 * while.
 */
int	token_renew(struct token *, unsigned serial);

/*
 * What sffs-auth does beyond that.
 */
struct oauth_request;
struct oauth_failure;
/*
 * Logs in anew, whatever is stored, and stores it: as the request says, or (NULL) by the config's
 * flow if that needs no person (-ENOKEY). Else errors as token_open, but told in *failure, not on
 * the log.
 */
int token_login(const struct config *, struct http *, const struct oauth_request *,
    struct login *out, struct oauth_failure *);
int token_import(const struct config *, struct http *,
    const struct login *); /* stores one that was made elsewhere */
int token_stored(
    const struct config *, struct login *out); /* without a call; -ENOKEY: none for this config */
/*
 * Removes the stored login, whatever the config says by now, and ends it in the org unless it is an
 * imported one, which others use; *was: what it was. -ENOKEY: there was none; -EHOSTUNREACH,
 * -ETIMEDOUT: removed, but the org may still honour it.
 */
int	token_logout(const struct config *, struct http *, struct login *was);

#endif

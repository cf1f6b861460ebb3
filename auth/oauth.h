/*
 * oauth - what is said to Salesforce's OAuth endpoints, and what the answers mean.
 *
 * One table of flows, a row and a function each, which fills the form that is
 * sent; one table of the errors that are known, with what to do about each.
 * A call is one exchange: no retries, no waiting, nothing stored, no log but
 * for what is wrong with the config.
 *
 * Any thread; calls block.
 */
#ifndef AUTH_OAUTH_H
#define AUTH_OAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "secret.h"

struct config;
struct http;

/* How a token is asked for. The first three are the config's flows. */
enum oauth_flow { OAUTH_WEB, OAUTH_JWT, OAUTH_CLIENT_CREDENTIALS, OAUTH_REFRESH, OAUTH_FLOWS };

/* What an answer gives. */
struct oauth_grant {
	struct secret	 access_token;
	struct secret	 refresh_token;		/* none: keep the one that there is */
	char		*instance_url;		/* believed: passes host_may_hold_token */
	char		*scope;			/* NULL: not told */
	char		 org_id[19], user_id[19];
};

void	oauth_grant_free(struct oauth_grant *);

/* What is known of a refusal. */
enum oauth_kind {
	OAUTH_DEAD,		/* the login is over: a person must log in again */
	OAUTH_REFUSED,		/* until somebody changes something */
	OAUTH_RATE,		/* too many logins: nothing for an hour */
	OAUTH_BUSY,		/* the same is being asked elsewhere: again in a second */
	OAUTH_FAULT,		/* the server failed, or the connection broke: again in a moment */
	OAUTH_UNREACHABLE,	/* nobody answered, or somebody who is no org */
};

struct oauth_failure {
	enum oauth_kind	 kind;		/* when text is not empty */
	bool		 not_yet;	/* what an app that was made minutes ago gets */
	bool		 audience;	/* a JWT is for somebody else */
	char		 text[640];	/* for a person: what was said, and what to do */
};

/* The meaning of an error, at the token endpoint or in a callback; strings may be NULL. Returns as
 * oauth_ask. Pure. */
int	oauth_explain(const char *error, const char *description, struct oauth_failure *out);

/* Reads a token endpoint's answer; returns as oauth_ask. Pure. */
int oauth_read_answer(int status, const char *body, const char *login_url, struct oauth_grant *out,
    struct oauth_failure *);

struct oauth_request {
	enum oauth_flow	 flow;
	const struct config *config;
	const char	*client_id;		/* NULL: the config's, and its secret */
	const struct secret *client_secret;	/* goes with client_id */
	const struct secret *refresh_token;	/* OAUTH_REFRESH */
	const struct secret *code;		/* OAUTH_WEB */
	const char	*verifier;		/* OAUTH_WEB */
	unsigned	 audience;		/* oauth_ask's own: which it tries */
};

/*
 * Asks for a token. With *failure: -EACCES refused (dead, refused, rate); -EAGAIN try again (busy,
 * fault); -EHOSTUNREACH, -ETIMEDOUT unreachable. Without: -EINVAL the config, told on the log;
 * -EINTR http_cancel; -ENOMEM.
 */
int oauth_ask(
    struct http *, const struct oauth_request *, struct oauth_grant *out, struct oauth_failure *);

/* Where a person says yes. */
int oauth_authorize_url(
    const struct config *, const char *state, const char *challenge, struct buf *out);

/* 0 also when the org did not know the token. -EHOSTUNREACH, -ETIMEDOUT: it may still be valid. */
int	oauth_revoke(struct http *, const char *login_url, const struct secret *token);

/*
 * Whom a token is of, which costs no API call. -EACCES: the token is not valid; -ENODATA: it is,
 * but the org does not tell, as when the app lacks the scopes for it; -EHOSTUNREACH, -ETIMEDOUT:
 * not known.
 */
struct oauth_identity {
	char	*username;
	char	 org_id[19], user_id[19];
};
int oauth_identify(struct http *, const char *instance_url, const struct secret *access_token,
    struct oauth_identity *out);
void	oauth_identity_free(struct oauth_identity *);

#endif

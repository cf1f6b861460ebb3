/*
 * oauth - requests to Salesforce's OAuth endpoints, and what the answers mean.
 *
 * A table has the known errors, with what to do about each. A call sends one
 * request (jwt: two at most). It does not retry, wait or store, and logs only
 * what is wrong with the config.
 *
 * Any thread; calls block.
 */
#pragma once

#include <stdbool.h>

#include "buf.h"
#include "secret.h"

struct config;
struct http;

/* The first three are enum config_flow. */
enum oauth_flow { OAUTH_WEB, OAUTH_JWT, OAUTH_CLIENT_CREDENTIALS, OAUTH_REFRESH, OAUTH_FLOWS };

/* The contents of an answer. */
struct oauth_grant {
	struct secret	 access_token;
	struct secret	 refresh_token;		/* none: the old one stays valid */
	char		*instance_url;		/* has passed host_may_hold_token */
	char		*scope;			/* NULL: unknown */
	char		 org_id[19], user_id[19];
};

void	oauth_grant_free(struct oauth_grant *);

enum oauth_kind {
	OAUTH_REFUSED,		/* until somebody changes something */
	OAUTH_DEAD,		/* the login is over: a person must log in again */
	OAUTH_RATE,		/* too many logins: try again in an hour */
	OAUTH_BUSY,		/* another program asks the same: try again in a second */
	OAUTH_FAULT,		/* the server failed, or the connection broke: try again at once */
	OAUTH_UNREACHABLE,	/* nobody answered, or something that is not an org */
};

struct oauth_failure {
	enum oauth_kind	 kind;		/* if text is not empty */
	bool		 app;		/* it is the app's id or secret that is refused */
	bool		 not_yet;	/* Salesforce may not know a new app yet */
	bool		 audience;	/* the JWT has the wrong audience */
	char		 text[768];	/* for a person: what happened, and what to do */
};

/* The meaning of an error of the token endpoint or of a callback; strings may be NULL. Returns as
 * oauth_ask. Pure. */
int	oauth_explain(const char *error, const char *description, struct oauth_failure *out);

/* A failure that Salesforce did not report as an error of the login. Returns as oauth_ask. */
int	oauth_fail(struct oauth_failure *, enum oauth_kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads an answer of the token endpoint. Returns as oauth_ask. Pure. */
int	oauth_read_answer(int status, const char *body, const char *login_url,
    struct oauth_grant *out, struct oauth_failure *);

struct oauth_request {
	enum oauth_flow	 flow;
	const struct config *config;
	const char	*client_id;		/* NULL: the config's, and its secret */
	const struct secret *client_secret;	/* goes with client_id */
	const struct secret *refresh_token;	/* OAUTH_REFRESH */
	const struct secret *code;		/* OAUTH_WEB */
	const char	*verifier;		/* OAUTH_WEB */
	unsigned	 audience;		/* set by oauth_ask */
};

/*
 * Asks for a token. With *failure: -EACCES refused (dead, refused, rate); -EAGAIN try again (busy,
 * fault); -EHOSTUNREACH, -ETIMEDOUT unreachable. Without: -EINVAL the config, logged; -EINTR
 * http_cancel; -ENOMEM.
 */
int	oauth_ask(struct http *, const struct oauth_request *, struct oauth_grant *out,
    struct oauth_failure *);

/* The address at which a person logs in and allows the app. */
int	oauth_authorize_url(
    const struct config *, const char *state, const char *challenge, struct buf *out);

/* 0 also if the org did not know the token. -EHOSTUNREACH, -ETIMEDOUT: it may still be valid. */
int	oauth_revoke(struct http *, const char *login_url, const struct secret *token);

/*
 * The user of a token; costs no API call. -EACCES: the token is not valid; -ENODATA: it is, but the
 * org does not say whose, as when the app lacks the scopes; -EHOSTUNREACH, -ETIMEDOUT: unknown.
 */
struct oauth_identity {
	char	*username;
	char	 org_id[19], user_id[19];
};
int	oauth_identify(struct http *, const char *instance_url, const struct secret *access_token,
    struct oauth_identity *out);
void	oauth_identity_free(struct oauth_identity *);

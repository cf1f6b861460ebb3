/*
 * token - what logins give: codes, approvals with their refresh tokens, access tokens, and the
 * sessions of browsers.
 *
 * A user allows the app once; this approval has a refresh token, which gives access tokens. A user
 * has five approvals, and a sixth ends the oldest. With rotation, a refresh token that is used
 * after its replacement ends its approval with all its tokens.
 *
 * Times are the org's, in milliseconds; tokens issued at `oldest` or before are invalid. Any
 * thread.
 */
#ifndef ORG_TOKEN_H
#define ORG_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/buf.h"

#define TOKEN_SIZE	128

/* The scopes of an app, as bits. */
enum scope { SCOPE_ID = 1, SCOPE_API = 2, SCOPE_WEB = 4, SCOPE_REFRESH = 8 };

bool	scopes_parse(const char *, unsigned *out); /* false: an unknown one */
void	scopes_put(unsigned scopes, struct buf *out);	/* blanks between */
const char *scope_text(enum scope);			/* for people */

struct holder {
	unsigned	 user, scopes;
	int64_t		 issued;
	uint64_t	 approval;	/* 0: of none */
};

struct tokens;

int	tokens_new(struct tokens **out);
void	tokens_free(struct tokens *);
void	tokens_expire(struct tokens *);			/* all access tokens */
void	tokens_revoke(struct tokens *); /* all approvals, with their refresh and access tokens */
/* Revokes an access token, or a refresh token with its access tokens; false: neither. */
bool	token_revoke(struct tokens *, const char *token);

/* Access tokens. Each begins with the org's Id. False: no randomness. */
bool	token_give(struct tokens *, const char *org_id, const struct holder *,
    char out[TOKEN_SIZE]);
bool	token_find(struct tokens *, const char *token, int64_t oldest, struct holder *out);

/* Refresh tokens. */
bool	approval_give(
    struct tokens *, struct holder * /* approval is set */, char refresh[TOKEN_SIZE]);
bool	approval_exists(struct tokens *, unsigned user);
bool	approval_find(struct tokens *, const char *refresh, int64_t oldest, struct holder *out);
/*
 * A refresh has a begin and an end. begin: -EBUSY another is under way; -ENOENT not valid (a
 * rotated one has now ended its approval). end: -ENOENT the token was revoked meanwhile; `fresh`
 * replaces the token, unless it is NULL.
 */
int	refresh_begin(struct tokens *, const char *refresh, int64_t oldest);
int	refresh_end(struct tokens *, const char *refresh, const char *fresh, int64_t now,
    struct holder *out);
bool	refresh_make(char out[TOKEN_SIZE]);

/* A request of an app in a browser; after the user has allowed it, what the code stands for. */
struct asked {
	char		 id[TOKEN_SIZE];	/* of the request */
	char		 code[TOKEN_SIZE];	/* "": not given yet */
	char		 redirect_uri[512], state[2048], challenge[128];
	char		 hint[128];		/* username to begin with */
	unsigned	 user, scopes;
	bool		 logged_in, consent, used;
	int64_t		 given;
};

bool	asked_add(struct tokens *, struct asked * /* id is set */);
bool	asked_find(struct tokens *, const char *id, struct asked *out);
void	asked_login(struct tokens *, const char *id, unsigned user);
void	asked_end(struct tokens *, const char *id);
bool	code_give(struct tokens *, const char *id, int64_t now, char code[TOKEN_SIZE]);
/* Uses up a code. -ENOENT: no such code; -EALREADY: it was used, or is too old. */
int	code_take(struct tokens *, const char *code, int64_t oldest, struct asked *out);

/* Sessions of browsers. */
bool	session_give(struct tokens *, unsigned user, char out[TOKEN_SIZE]);
bool	session_find(struct tokens *, const char *session, unsigned *user);

/* Counts a login of a user; false: there were `limit` in this hour. */
bool	login_count(struct tokens *, unsigned user, int64_t now, int64_t limit);

#endif

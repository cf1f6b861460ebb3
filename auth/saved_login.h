/*
 * saved_login - the login of one org in its file: made, renewed, imported and ended.
 *
 * Each change is made under the lock beside the file, and begins by reading the file
 * again: so processes do not use up each other's refresh tokens. A new login is on
 * disk before it is used, because its refresh token may be the only valid one. A
 * login that was made for another config counts as none.
 *
 * Knows nothing of mounts. One thread at a time; calls block until http_cancel.
 */
#pragma once

#include <stdbool.h>

#include "oauth.h"
#include "token_file.h"

struct saved_login {
	const struct config *config;
	struct http	*http;
	char		*path;		/* its directory is made at open: a confined mount cannot */
	int		 lock;		/* -1: not held */
	bool		 lock_stuck;	/* the last wait was in vain: the next call does not wait */
	/* why the last call failed; saved_login_tell logs it. Empty: nothing, or it is logged */
	struct oauth_failure failure;
};

/* Creates the directory of the file. The config and http must outlive *out. */
int	saved_login_open(const struct config *, struct http *, struct saved_login *out);
void	saved_login_close(struct saved_login *);

/* Sends no request. -ENOKEY: there is no login for this config. */
int	saved_login_read(const struct saved_login *, struct login *out);

/*
 * A login with another access token than *old (NULL: any will do): the stored one, else a renewed
 * one, else, if the flow needs no person, a new one. If *old is unsaved, that one is renewed.
 * Without `ask`, only a stored one. -ENOKEY: log in first; -EACCES: refused by Salesforce;
 * -EHOSTUNREACH, -ETIMEDOUT: out of reach; -EINVAL: the config cannot work; -EINTR: http_cancel.
 */
int	saved_login_renew(
    struct saved_login *, const struct login *old, bool ask, struct login *out);

/*
 * Logs in, whatever is stored, and stores the login: as the request says, or (NULL) by the config's
 * flow, which must need no person. Errors as above.
 */
int	saved_login_make(struct saved_login *, const struct oauth_request *, struct login *out);

/* Stores a login that was made elsewhere. */
int	saved_login_put(struct saved_login *, struct login *);

/*
 * Removes the stored login, even if it was made for another config. Ends it in the org, too, unless
 * it is imported: then others use it. *was: the removed login. -ENOKEY: there was none;
 * -EHOSTUNREACH, -ETIMEDOUT: removed, but the org may still honour it.
 */
int	saved_login_end(struct saved_login *, struct login *was);

/* Logs why the last call failed, with what to do. */
void	saved_login_tell(const struct saved_login *);

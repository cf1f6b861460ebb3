/*
 * saved_login - the login of one org in its file: made, renewed, imported and ended.
 *
 * Whoever changes it holds the lock beside the file, so that processes do not
 * use up each other's refresh tokens, and reads the file again under the lock.
 * A new login is on disk before it is used, because its refresh token may be
 * the only valid one. A login that was made for another config counts as none.
 *
 * Failures are in *failure, for saved_login_tell, unless they are logged here.
 * Knows nothing of mounts. Any thread; calls block until http_cancel.
 */
#ifndef AUTH_SAVED_LOGIN_H
#define AUTH_SAVED_LOGIN_H

#include "token_file.h"

struct config;
struct http;
struct oauth_failure;
struct oauth_request;

/* Without a call. -ENOKEY: there is none for this config. A mount keeps the path of the file
 * (token_file_path), because it may not create directories any more. */
int	saved_login_get(const struct config *, struct login *out);
int	saved_login_read(const struct config *, const char *path, struct login *out);
/* The same, but -ENOKEY also if it is not newer than *old. */
int	saved_login_newer(const struct config *, const char *path, const struct login *old,
    struct login *out);

/*
 * A login with another access token than *old (NULL: any will do): the stored one, else a renewed
 * one, else, if the flow needs no person, a new one. If *old is unsaved, it is what is renewed.
 * -ENOKEY: log in first; -EACCES: refused by Salesforce; -EHOSTUNREACH, -ETIMEDOUT: out of reach;
 * -EINVAL: the config cannot work; -EINTR: http_cancel.
 */
int	saved_login_renew(const struct config *, struct http *, const char *path,
    const struct login *old, struct login *out, struct oauth_failure *failure);

/*
 * Logs in, whatever is stored, and stores the login: as the request says, or (NULL) by the config's
 * flow if that needs no person (else -ENOKEY). Errors as above.
 */
int	saved_login_make(const struct config *, struct http *, const struct oauth_request *,
    struct login *out, struct oauth_failure *failure);

/* Stores a login that was made elsewhere. */
int	saved_login_put(const struct config *, struct http *, struct login *);

/*
 * Removes the stored login, whatever the config says by now, and ends it in the org unless it is
 * imported, because others use it; *was: what it was. -ENOKEY: there was none; -EHOSTUNREACH,
 * -ETIMEDOUT: removed, but the org may still honour it.
 */
int	saved_login_end(const struct config *, struct http *, struct login *was);

/* Logs a failure, with what to do. */
void	saved_login_tell(const struct config *, int rc, const struct oauth_failure *);

#endif

/*
 * token_file - the login of one org on disk: a JSON file, and a lock beside it.
 *
 * The file is 0600 in a directory 0700. It is written anew, synced and renamed,
 * so a reader finds the old or the new login, whole, and needs no lock. A
 * process that asks Salesforce for a new token holds the lock, so that
 * processes do not use up each other's refresh tokens.
 *
 * Knows nothing of OAuth or HTTP. Caller locks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "secret.h"

struct buf;
struct config;

struct login {
	/* what it was made for: the login of another config counts as none */
	char		*login_url, *client_id;
	char		*username;		/* flow = jwt; of sf: its name for the login */
	struct secret	 client_secret;		/* of an imported login's own app */
	bool		 imported;		/* import or sf in `how` */
	char		*how;			/* web, jwt, client_credentials, import, sf */

	struct secret	 access_token, refresh_token;	/* either may be missing */
	char		*instance_url;
	char		*scope;			/* NULL: unknown */
	char		 org_id[19], user_id[19];
	int64_t		 since;			/* when the login was made, seconds since 1970 */
	int64_t		 renewed;		/* when the access token was given */
	char		*ended;			/* why there is no token any more; NULL: there is */

	bool		 unsaved;		/* not in the file: writing it failed */
};

int	login_copy(struct login *to, const struct login *from);	/* -ENOMEM */
void	login_free(struct login *);

int	token_file_path(const struct config *, char **out);	/* caller frees */
int	token_file_orgs(struct buf *out);	/* the orgs that have a file, sorted, a line each */

/* -ENOENT: there is none; -EIO: not a login, logged; -EACCES: others could have written it, logged;
 * else what open says. */
int	token_file_read(const char *path, struct login *out);
int	token_file_write(const char *path, struct login *);	/* logs a failure; sets unsaved */
int	token_file_remove(const char *path);			/* 0 also if there is none */

/*
 * Takes the lock beside the file: -EAGAIN if somebody has it. close(*out) or the end of the process
 * releases it. Other errors mean that locks do not work here.
 */
int	token_file_lock(const char *path, int *out);

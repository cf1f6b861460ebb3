/*
 * token_file - the login of one org on disk: a JSON file that is replaced, never changed, and a
 * lock beside it.
 *
 * The file is 0600 in a directory 0700 and written anew, synced and renamed, so
 * a reader finds the old or the new login, whole. Reading needs no lock; who
 * asks Salesforce for a new token holds it, so that processes do not use up
 * each other's refresh tokens.
 *
 * Knows nothing of OAuth or HTTP. Caller locks.
 */
#ifndef AUTH_TOKEN_FILE_H
#define AUTH_TOKEN_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "secret.h"

struct config;

struct login {
	/* what it was asked for: another config is another login */
	char *login_url, *client_id, *username; /* username: flow = jwt, else NULL */
	/* of an imported login, whose app is not the config's; else NULL */
	struct secret	 client_secret;
	bool		 imported;
	char		*how;			/* web, jwt, client_credentials, import */

	struct secret	 access_token, refresh_token;	/* either may be none */
	char		*instance_url;
	char		*scope;			/* NULL: not told */
	char		 org_id[19], user_id[19];
	int64_t		 since;			/* when the login was made, seconds since 1970 */
	int64_t		 renewed;		/* when the access token was given */
	char		*ended;			/* why there is no token any more; NULL: there is */
};

void	login_free(struct login *);
/* Replaces a member by a copy; NULL: none. False: out of memory. */
bool	login_set_text(char **member, const char *text);

/* The path of the file of this org. Caller frees. */
int	token_file_path(const struct config *, char **out);

/* -ENOENT: none, -EIO: not a login (told on the log), -EACCES: others could have written it (told),
 * or what open says. */
int	token_file_read(const char *path, struct login *out);
int token_file_write(const char *path, const struct login *); /* told on the log when it fails */
int token_file_remove(const char *path); /* 0 also when there was none */

/*
 * The lock beside the file, if nobody has it: -EAGAIN. It ends with the process, or with
 * close(*out). Anything else means that locking does not work here.
 */
int	token_file_lock(const char *path, int *out);

#endif

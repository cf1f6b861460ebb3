/*
 * sfdx - what the Salesforce CLI prints: its auth URL, and the JSON of its commands.
 *
 * The formats are those of its sources, sfdx-core and plugin-org. Pure. Any thread.
 */
#pragma once

#include "secret.h"

/* force://ID:SECRET:REFRESH_TOKEN@HOST */
struct sfdx_url {
	char		*client_id;
	struct secret	 client_secret;		/* often none */
	struct secret	 refresh_token;
	char		*host;			/* with its port, if there is one */
};

/* The text is the URL, or JSON that has it as sfdxAuthUrl. -EINVAL: neither. */
int	sfdx_url_parse(const char *text, struct sfdx_url *out);
void	sfdx_url_free(struct sfdx_url *);

/* NAME, or else result.NAME, of what a command of sf prints with --json. -EINVAL: there is none. */
int	sfdx_value(const char *json, const char *name, struct secret *out);

/* The logins of what `sf org list auth --json` prints. */
struct sfdx_login {
	char	*username, *alias;	/* alias: "a,b", or empty */
	char	*url;			/* without a slash at the end */
};
#define SFDX_LOGINS	64		/* at most; more are left out */

/* Returns how many there are; those that the CLI cannot use are left out. */
size_t	sfdx_logins(const char *json, struct sfdx_login out[SFDX_LOGINS]);
void	sfdx_logins_free(struct sfdx_login *, size_t);

/*
 * sfdx - what the Salesforce CLI hands out: its auth URL, and the JSON of its commands.
 *
 * The shapes are those of sfdx-core and plugin-org. Pure. Any thread.
 */
#ifndef AUTH_SFDX_H
#define AUTH_SFDX_H

#include "secret.h"

/* force://ID:SECRET:REFRESH_TOKEN@HOST */
struct sfdx_url {
	char		*client_id;
	struct secret	 client_secret;		/* often none */
	struct secret	 refresh_token;
	char		*host;			/* with its port, if there is one */
};

/* The text is the URL, or JSON with it as sfdxAuthUrl or result.sfdxAuthUrl. -EINVAL: it is
 * neither. */
int	sfdx_url_parse(const char *text, struct sfdx_url *out);
void	sfdx_url_free(struct sfdx_url *);

/* result.NAME of what a command of sf printed with --json. -EINVAL: there is none. */
int	sfdx_result(const char *json, const char *name, struct secret *out);

#endif

/*
 * org - the parts of a simulated org, for the modules that serve requests.
 *
 * main makes them all before the first request comes; they lock themselves. Any thread.
 */
#ifndef ORG_ORG_H
#define ORG_ORG_H

#include <stdatomic.h>
#include <stdint.h>

#include "tests/org/id.h"
#include "tests/org/settings.h"

#define ORG_REDIRECTS	8

struct evp_pkey_st;

struct org {
	struct settings	 settings;
	struct data	*data;
	struct journal	*journal;
	struct faults	*faults;
	struct tokens	*tokens;
	struct cursors	*cursors;
	struct jobs	*jobs;
	unsigned	 front;			/* the port of a proxy that leads here; 0: none */
	char		 host[32];		/* "127.0.0.1:PORT" */
	char		 url[48];		/* the instance and My Domain URL */
	char		 other_host[32], other_url[48];	/* the same, as "localhost:PORT" */
	char		 client_id[128], client_secret[128];
	const char	*password;		/* of every user */
	const char
	    *redirect_uri[ORG_REDIRECTS]; /* the registered ones; then NULL */
	struct evp_pkey_st *jwt_key;		/* of the app's certificate; NULL: no JWT flow */
	char		 id[ID_SIZE];
	_Atomic int64_t	 api_used, publications;
};

const char *org_instance(const struct org *);		/* the instance_url of logins */
/* The org's clock: milliseconds since 1970, whole seconds. */
int64_t	org_now(const struct org *);

#endif

/*
 * org - the parts of a simulated org, for those who serve requests.
 *
 * Made in main and whole before the first request comes; its parts lock
 * themselves. Any thread.
 */
#ifndef ORG_ORG_H
#define ORG_ORG_H

#include <stdatomic.h>
#include <stdint.h>

#include "tests/org/id.h"
#include "tests/org/settings.h"

struct org {
	struct settings	 settings;
	struct data	*data;
	struct journal	*journal;
	struct faults	*faults;
	struct tokens	*tokens;
	struct cursors	*cursors;
	char		 host[32];		/* "127.0.0.1:PORT" */
	char		 url[48];		/* the instance and My Domain URL */
	char		 client_id[128], client_secret[128];
	char		 id[ID_SIZE], user_id[ID_SIZE];
	_Atomic int64_t	 api_used;
};

/* The org's clock: milliseconds since 1970, whole seconds. */
int64_t	org_now(const struct org *);

#endif

/*
 * refusal - the errors of Salesforce's OAuth, each with a name.
 *
 * One table has those that the org finds by itself and those that a fault can arrange.
 *
 * Pure data. Any thread.
 */
#ifndef ORG_REFUSAL_H
#define ORG_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>

enum refusal_kind {
	REFUSAL_EXPIRED_TOKEN,
	REFUSAL_BUSY,
	REFUSAL_EXPIRED_CODE,
	REFUSAL_INVALID_CODE,
	REFUSAL_INVALID_VERIFIER,
	REFUSAL_BAD_LOGIN,
	REFUSAL_IP,
	REFUSAL_INACTIVE_USER,
	REFUSAL_INACTIVE_ORG,
	REFUSAL_NOT_CONSENTED,
	REFUSAL_DOMAIN,
	REFUSAL_NO_RUN_AS,
	REFUSAL_NO_FLOW,
	REFUSAL_NO_SCOPES,
	REFUSAL_AUDIENCE,
	REFUSAL_ASSERTION,
	REFUSAL_NOT_APPROVED,
	REFUSAL_APP_ACCESS,
	REFUSAL_CLIENT_ID,
	REFUSAL_CLIENT,
	REFUSAL_REDIRECT,
	REFUSAL_NO_REDIRECT,
	REFUSAL_GRANT_TYPE,
	REFUSAL_RESPONSE_TYPE,
	REFUSAL_NO_CHALLENGE,
	REFUSAL_USE_GET,
	REFUSAL_USE_POST,
	REFUSAL_SCOPE_PARAM,
	REFUSAL_SCOPE,
	REFUSAL_DENIED,
	REFUSAL_IMMEDIATE,
	REFUSAL_RATE,
	REFUSAL_NOT_INSTALLED,
	REFUSAL_CROSS_ORG,
	REFUSAL_BLOCKED,
	REFUSAL_GENERIC,
	REFUSAL_UNKNOWN,
	REFUSALS
};

struct refusal {
	const char	*name;
	const char	*error, *description;
	bool		 page;		/* a browser shows it on a page; the app never hears */
};

extern const struct refusal refusals[REFUSALS];

const struct refusal *refusal_find(const char *name);	/* NULL: none of that name */

#endif

#include <string.h>

#include "tests/org/refusal.h"

const struct refusal refusals[REFUSALS] = {
	[REFUSAL_EXPIRED_TOKEN] = { "expired-token", "invalid_grant",
	    "expired access/refresh token", false },
	[REFUSAL_BUSY] = { "busy", "invalid_grant", "token request is already being processed",
	    false },
	[REFUSAL_EXPIRED_CODE] = { "expired-code", "invalid_grant", "expired authorization code",
	    false },
	[REFUSAL_INVALID_CODE] = { "invalid-code", "invalid_grant", "invalid authorization code",
	    false },
	[REFUSAL_INVALID_VERIFIER] = { "invalid-verifier", "invalid_grant", "invalid code verifier",
	    false },
	[REFUSAL_BAD_LOGIN] = { "bad-login", "invalid_grant", "authentication failure", false },
	[REFUSAL_IP] = { "ip", "invalid_grant", "ip restricted or invalid login hours", false },
	[REFUSAL_INACTIVE_USER] = { "inactive-user", "invalid_grant", "inactive user", false },
	[REFUSAL_INACTIVE_ORG] = { "inactive-org", "invalid_grant", "inactive organization",
	    false },
	[REFUSAL_NOT_CONSENTED] = { "not-consented", "invalid_grant",
	    "user hasn't approved this consumer", false },
	[REFUSAL_DOMAIN] = { "domain", "invalid_grant", "request not supported on this domain",
	    false },
	[REFUSAL_NO_RUN_AS] = { "no-run-as", "invalid_grant", "no client credentials user enabled",
	    false },
	[REFUSAL_NO_FLOW] = { "no-flow", "invalid_grant", "client credentials flow not enabled",
	    false },
	[REFUSAL_NO_SCOPES] = { "no-scopes", "invalid_grant", "no valid scopes defined", false },
	[REFUSAL_AUDIENCE] = { "audience", "invalid_grant", "Audience validation failed", false },
	[REFUSAL_ASSERTION] = { "assertion", "invalid_grant", "invalid assertion", false },
	[REFUSAL_NOT_APPROVED] = { "not-approved", "invalid_app_access",
	    "user is not admin approved to access this app", false },
	[REFUSAL_APP_ACCESS] = { "app-access", "OAUTH_APP_ACCESS_DENIED",
	    "user is not admin approved to access this app", false },
	[REFUSAL_CLIENT_ID] = { "client-id", "invalid_client_id", "client identifier invalid",
	    true },
	[REFUSAL_CLIENT] = { "client", "invalid_client", "invalid client credentials", false },
	[REFUSAL_REDIRECT] = { "redirect", "redirect_uri_mismatch",
	    "redirect_uri must match configuration", true },
	[REFUSAL_NO_REDIRECT] = { "no-redirect", "redirect_uri_missing",
	    "redirect_uri not provided", true },
	[REFUSAL_GRANT_TYPE] = { "grant-type", "unsupported_grant_type", "grant type not supported",
	    false },
	[REFUSAL_RESPONSE_TYPE] = { "response-type", "unsupported_response_type",
	    "response type not supported", false },
	[REFUSAL_NO_CHALLENGE] = { "no-challenge", "invalid_request",
	    "missing required code challenge", true },
	[REFUSAL_USE_GET] = { "use-get", "invalid_request", "must use HTTP GET", true },
	[REFUSAL_USE_POST] = { "use-post", "invalid_request", "must use HTTP POST", false },
	[REFUSAL_SCOPE_PARAM] = { "scope-param", "invalid_request", "scope parameter not supported",
	    false },
	[REFUSAL_SCOPE] = { "scope", "invalid_scope", "the requested scope is not allowed", false },
	[REFUSAL_DENIED] = { "denied", "access_denied", "end-user denied authorization", false },
	[REFUSAL_IMMEDIATE] = { "immediate", "immediate_unsuccessful", NULL, false },
	[REFUSAL_RATE] = { "rate", "rate_limit_exceeded", "number of logins exceeded", false },
	[REFUSAL_NOT_INSTALLED] = { "not-installed", "OAUTH_EC_APP_NOT_FOUND",
	    "External client app is not installed in this org", true },
	[REFUSAL_CROSS_ORG] = { "cross-org", "OAUTH_AUTHORIZATION_BLOCKED",
	    "Cross-org OAuth flows are not supported for this external client app", true },
	[REFUSAL_BLOCKED] = { "blocked", "OAUTH_APP_BLOCKED", "this app is blocked by admin",
	    false },
	[REFUSAL_GENERIC] = { "generic", "OAUTH_APPROVAL_ERROR_GENERIC",
	    "An unexpected error has occurred during authentication. Please try again.", false },
	[REFUSAL_UNKNOWN] = { "unknown", "unknown_error", "retry your request", false },
};

const struct refusal *
refusal_find(const char *name)
{
	for (size_t i = 0; i < REFUSALS; i++)
		if (strcmp(refusals[i].name, name) == 0)
			return &refusals[i];
	return NULL;
}

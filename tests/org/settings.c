#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/org/settings.h"

#define LONG	1000000000000

static const struct row {
	const char *name;
	int64_t value, min, max;	/* value: the default */
	const char *help;
} rows[SETTINGS] = {
	[SETTING_API_LIMIT] = { "api-limit", 100000, 0, LONG,
	    "API calls until REQUEST_LIMIT_EXCEEDED" },
	[SETTING_LATENCY] = { "latency", 0, 0, 600000,
	    "milliseconds before each answer, or until /_org/release" },
	[SETTING_PAGE_SIZE] = { "page-size", 0, 0, 2000,
	    "rows a page of a query at most; 0: what the client asks for" },
	[SETTING_MISSING] = { "missing", 0, 0, 2000,
	    "rows that a page of a query lacks, though they are counted" },
	[SETTING_LOOP] = { "loop", 0, 0, 1000000,
	    "the second page of a query leads to the first; so many times its rows are counted" },
	[SETTING_LOCATOR_LIFE] = { "locator-life", 172800, 0, LONG,
	    "seconds for which a query locator is valid" },
	[SETTING_TOKEN_LIFE] = { "token-life", 0, 0, LONG,
	    "seconds for which an access token is valid; 0: no end" },
	[SETTING_SKEW] = { "skew", 0, -LONG, LONG, "seconds by which the org's clock is ahead" },
	[SETTING_DATE_SKEW] = { "date-skew", 0, -LONG, LONG,
	    "seconds by which the header Date is ahead of the org's clock" },
	[SETTING_QUERY_ALL_FILES] = { "query-all-files", 1, 0, 1, "the user has Query All Files" },
	[SETTING_RANGE] = { "range", 0, 0, 2,
	    "VersionData honours Range; 2: by other bytes than were asked for" },
	[SETTING_ROTATE] = { "rotate", 0, 0, 1, "refresh tokens are rotated" },
	[SETTING_REFRESH_TIME] = { "refresh-time", 0, 0, 600000,
	    "milliseconds that a refresh takes, or until /_org/release" },
	[SETTING_SHUFFLE] = { "shuffle", 0, 0, 1, "other order of keys in replies to queries" },
	[SETTING_FLOW_ENABLED] = { "flow-enabled", 1, 0, 1,
	    "the client credentials flow is enabled" },
	[SETTING_RUN_AS] = { "run-as", 1, 0, 1, "the flow has a Run As user" },
	[SETTING_SCOPES] = { "scopes", 1, 0, 1, "the app has a valid scope" },
	[SETTING_APPROVED] = { "approved", 1, 0, 1,
	    "the user is admin approved to access the app" },
	[SETTING_PKCE] = { "require-pkce", 0, 0, 1, "the app requires a code challenge" },
	[SETTING_SECRET_WEB] = { "secret-web", 1, 0, 1, "the app requires its secret for a code" },
	[SETTING_SECRET_REFRESH] = { "secret-refresh", 1, 0, 1, "and for a refresh" },
	[SETTING_REFRESH_SCOPE] = { "refresh-scope", 1, 0, 1,
	    "the app has the scope refresh_token" },
	[SETTING_REFRESH_IDLE] = { "refresh-idle", 0, 0, LONG,
	    "seconds without use that end a refresh token; 0: no end" },
	[SETTING_CODE_LIFE] = { "code-life", 900, 0, LONG,
	    "seconds for which an authorization code is valid" },
	[SETTING_CONSENTED] = { "consented", 1, 0, 1,
	    "users have approved the app, for the JWT flow" },
	[SETTING_LOGIN_LIMIT] = { "login-limit", 3600, 0, LONG, "logins of a user in an hour" },
	[SETTING_AUTO_APPROVE] = { "auto-approve", 0, 0, 2,
	    "in a browser: 1 the user is logged in and allows, 2 and denies" },
	[SETTING_MOVED] = { "moved", 0, 0, 1, "instance_url is localhost instead of 127.0.0.1" },
	[SETTING_JOB_LOOKS] = { "job-looks", 0, 0, 1000000,
	    "looks at a bulk job that see it in progress" },
	[SETTING_BULK_FILES] = { "bulk-files", 1, 0, 1,
	    "bulk queries of ContentDocument and ContentVersion are supported" },
	[SETTING_LIST_ARCHIVED] = { "list-archived", 0, 0, 1,
	    "a plain query also finds archived documents" },
	[SETTING_READ_ONLY] = { "read-only", 0, 0, 1,
	    "the user may see, but not change: updates and deletes are refused" },
	[SETTING_STORAGE_FULL] = { "storage-full", 0, 0, 1, "no upload fits the storage" },
	[SETTING_PUBLICATIONS] = { "publications", LONG, 0, LONG,
	    "versions until ContentPublication Limit exceeded" },
	[SETTING_REQUIRED_FIELD] = { "required-field", 0, 0, 1,
	    "File_Type__c of ContentVersion is required" },
	[SETTING_VALIDATION] = { "validation", 0, 0, 1,
	    "a validation rule refuses Names and Titles that begin with Bad" },
	[SETTING_UNKNOWN_LOCATION] = { "unknown-location", 1, 0, 1,
	    "FirstPublishLocationId of an unknown record is accepted" },
	[SETTING_EMPTY_MULTIPART] = { "empty-multipart", 1, 0, 1,
	    "an empty file by multipart is accepted" },
	[SETTING_NEED_SHARE_TYPE] = { "need-share-type", 0, 0, 1,
	    "ShareType of a ContentDocumentLink is required" },
	[SETTING_DUPLICATE_RULE] = { "duplicate-rule", 0, 0, 1,
	    "a rule refuses an Account of a name that there is" },
	[SETTING_ASSIGN] = { "assign", 0, 0, 1, "new Cases and Leads are assigned to alice.adams" },
	[SETTING_GZIP] = { "gzip", 0, 0, 1,
	    "answers of the API are compressed for clients that take it" },
	[SETTING_REST_ENABLED] = { "rest-enabled", 1, 0, 1, "the REST API is enabled for the org" },
};

void
settings_init(struct settings *s)
{
	for (unsigned i = 0; i < SETTINGS; i++)
		atomic_init(&s->value[i], rows[i].value);
}

int64_t
settings_get(const struct settings *s, enum setting i)
{
	return atomic_load_explicit(&s->value[i], memory_order_relaxed);
}

const char *
settings_name(enum setting i)
{
	return rows[i].name;
}

bool
settings_set(struct settings *s, const char *name, const char *value, const char **why)
{
	for (unsigned i = 0; i < SETTINGS; i++) {
		char *end;

		if (strcmp(rows[i].name, name) != 0)
			continue;
		errno = 0;
		long long n = strtoll(value, &end, 10);
		if (end == value || *end != '\0' || errno != 0 || n < rows[i].min ||
		    n > rows[i].max) {
			*why = "not a number in its range";
			return false;
		}
		atomic_store(&s->value[i], n);
		return true;
	}
	*why = "no such setting";
	return false;
}

void
settings_help(struct buf *out)
{
	for (unsigned i = 0; i < SETTINGS; i++)
		buf_printf(out, "  --%-16s N  %s (%lld)\n", rows[i].name, rows[i].help,
		    (long long)rows[i].value);
}

void
settings_put(const struct settings *s, struct buf *out)
{
	for (unsigned i = 0; i < SETTINGS; i++)
		buf_printf(out, "%s=%lld\n", rows[i].name,
		    (long long)settings_get(s, (enum setting)i));
}

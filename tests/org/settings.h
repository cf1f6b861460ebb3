/*
 * settings - what a user can set, on the command line or while the org runs.
 *
 * The parser, --help and the control path all use one table.
 *
 * Any thread.
 */
#ifndef ORG_SETTINGS_H
#define ORG_SETTINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "auth/buf.h"

enum setting {
	SETTING_API_LIMIT,
	SETTING_LATENCY,
	SETTING_PAGE_SIZE,
	SETTING_MISSING,
	SETTING_LOOP,
	SETTING_LOCATOR_LIFE,
	SETTING_TOKEN_LIFE,
	SETTING_SKEW,
	SETTING_DATE_SKEW,
	SETTING_QUERY_ALL_FILES,
	SETTING_RANGE,
	SETTING_ROTATE,
	SETTING_REFRESH_TIME,
	SETTING_SHUFFLE,
	SETTING_FLOW_ENABLED,
	SETTING_RUN_AS,
	SETTING_SCOPES,
	SETTING_APPROVED,
	SETTING_REST_ENABLED,
	SETTING_PKCE,
	SETTING_SECRET_WEB,
	SETTING_SECRET_REFRESH,
	SETTING_REFRESH_SCOPE,
	SETTING_REFRESH_IDLE,
	SETTING_CODE_LIFE,
	SETTING_CONSENTED,
	SETTING_LOGIN_LIMIT,
	SETTING_AUTO_APPROVE,
	SETTING_MOVED,
	SETTING_JOB_LOOKS,
	SETTING_BULK_FILES,
	SETTING_LIST_ARCHIVED,
	SETTING_READ_ONLY,
	SETTING_STORAGE_FULL,
	SETTING_PUBLICATIONS,
	SETTING_REQUIRED_FIELD,
	SETTING_VALIDATION,
	SETTING_UNKNOWN_LOCATION,
	SETTING_EMPTY_MULTIPART,
	SETTING_NEED_SHARE_TYPE,
	SETTING_DUPLICATE_RULE,
	SETTING_ASSIGN,
	SETTING_GZIP,
	SETTINGS
};

struct settings {
	_Atomic int64_t	 value[SETTINGS];
};

void	settings_init(struct settings *);
int64_t	settings_get(const struct settings *, enum setting);
/* False: no such setting, or not a value for it; *why says which (static). */
bool	settings_set(struct settings *, const char *name, const char *value, const char **why);
const char *settings_name(enum setting);
void	settings_help(struct buf *);			/* a line each, for --help */
void	settings_put(const struct settings *, struct buf *);	/* name=value, a line each */

#endif

/*
 * json - a string of a cJSON object: NULL where there is none.
 *
 * Pure.
 */
#pragma once

#include <cjson/cJSON.h>

static inline char *
json_string(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

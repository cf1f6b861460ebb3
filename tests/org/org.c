#include <time.h>

#include "tests/org/org.h"

const char *
org_instance(const struct org *org)
{
	return settings_get(&org->settings, SETTING_MOVED) ? org->other_url : org->url;
}

int64_t
org_now(const struct org *org)
{
	return ((int64_t)time(NULL) + settings_get(&org->settings, SETTING_SKEW)) * 1000;
}

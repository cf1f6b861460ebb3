#include <time.h>

#include "tests/org/org.h"

int64_t
org_now(const struct org *org)
{
	return ((int64_t)time(NULL) + settings_get(&org->settings, SETTING_SKEW)) * 1000;
}

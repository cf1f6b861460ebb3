#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "tests/org/moment.h"

#define DAY	86400000

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool
is(const char *name, size_t len, const char *before, const char *unit, const char *after)
{
	char text[48];
	int n = snprintf(text, sizeof(text), "%s%s%s", before, unit, after);

	return (size_t)n == len && strncasecmp(name, text, len) == 0;
}

bool
moment_literal(const char *name, size_t len, int64_t n, bool *counted, struct moment_range *out)
{
	static const struct {
		const char *name;
		enum moment_unit unit;
	} units[] = {
		{ "DAY", UNIT_DAY }, { "WEEK", UNIT_WEEK }, { "MONTH", UNIT_MONTH },
		{ "QUARTER", UNIT_QUARTER }, { "YEAR", UNIT_YEAR },
		{ "FISCAL_QUARTER", UNIT_QUARTER }, { "FISCAL_YEAR", UNIT_YEAR },
	};
	static const struct {
		const char *name;
		int from, to;
	} days[] = {
		{ "YESTERDAY", -1, 0 }, { "TODAY", 0, 1 }, { "TOMORROW", 1, 2 },
		{ "LAST_90_DAYS", -90, 1 }, { "NEXT_90_DAYS", 1, 91 },
	};
	static const struct {
		const char *before, *after;
		int from, to, n_from, n_to;
		bool plain;	/* LAST_WEEK: no number, and no days */
	} forms[] = {
		{ "LAST_", "", -1, 0, 0, 0, true },
		{ "THIS_", "", 0, 1, 0, 0, true },
		{ "NEXT_", "", 1, 2, 0, 0, true },
		{ "LAST_N_", "S", 0, 0, -1, 0, false },
		{ "NEXT_N_", "S", 1, 1, 0, 1, false },
		{ "N_", "S_AGO", 0, 1, -1, -1, false },
	};

	*counted = false;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		if (is(name, len, days[i].name, "", "")) {
			*out = (struct moment_range){ UNIT_DAY, days[i].from, days[i].to };
			return true;
		}
	}
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
		for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
			if ((units[u].unit == UNIT_DAY && forms[f].plain) ||
			    !is(name, len, forms[f].before, units[u].name, forms[f].after))
				continue;
			*counted = !forms[f].plain;
			*out = (struct moment_range){ units[u].unit,
				forms[f].from + n * forms[f].n_from,
				forms[f].to + n * forms[f].n_to };
			/* The last days include today. */
			if (units[u].unit == UNIT_DAY && f == 3)
				out->to = 1;
			return true;
		}
	}
	return false;
}

static struct tm
broken(int64_t ms)
{
	time_t t = (time_t)floor_div(ms, 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	return tm;
}

/* The first day of the unit that is `n` units after today. */
static int64_t
start_of(enum moment_unit unit, int64_t now, int64_t n)
{
	int64_t today = floor_div(now, DAY);
	struct tm tm = broken(now);

	if (unit == UNIT_DAY)
		return today + n;
	if (unit == UNIT_WEEK)
		return today - tm.tm_wday + 7 * n;
	int64_t per = unit == UNIT_MONTH ? 1 : unit == UNIT_QUARTER ? 3 : 12;
	int64_t months = ((int64_t)tm.tm_year * 12 + tm.tm_mon) / per * per + n * per;
	struct tm first = { .tm_year = (int)floor_div(months, 12),
		.tm_mon = (int)(months - floor_div(months, 12) * 12),
		.tm_mday = 1 };
	return floor_div((int64_t)timegm(&first), 86400);
}

void
moment_days(const struct moment_range *r, int64_t now, int64_t *from, int64_t *to)
{
	*from = start_of(r->unit, now, r->from);
	*to = start_of(r->unit, now, r->to);
}

static const char *const names[MOMENT_FUNCTIONS] = {
	[CALENDAR_MONTH] = "CALENDAR_MONTH",
	[CALENDAR_QUARTER] = "CALENDAR_QUARTER",
	[CALENDAR_YEAR] = "CALENDAR_YEAR",
	[DAY_IN_MONTH] = "DAY_IN_MONTH",
	[DAY_IN_WEEK] = "DAY_IN_WEEK",
	[DAY_IN_YEAR] = "DAY_IN_YEAR",
	[DAY_ONLY] = "DAY_ONLY",
	[FISCAL_MONTH] = "FISCAL_MONTH",
	[FISCAL_QUARTER] = "FISCAL_QUARTER",
	[FISCAL_YEAR] = "FISCAL_YEAR",
	[HOUR_IN_DAY] = "HOUR_IN_DAY",
	[WEEK_IN_MONTH] = "WEEK_IN_MONTH",
	[WEEK_IN_YEAR] = "WEEK_IN_YEAR",
};

enum moment_function
moment_function(const char *name, size_t len)
{
	for (enum moment_function f = MOMENT_NONE + 1; f < MOMENT_FUNCTIONS; f++)
		if (is(name, len, names[f], "", ""))
			return f;
	return MOMENT_NONE;
}

const char *
moment_name(enum moment_function f)
{
	return names[f];
}

int64_t
moment_part(enum moment_function f, int64_t ms)
{
	struct tm tm = broken(ms);

	switch (f) {
	case CALENDAR_MONTH:
	case FISCAL_MONTH: return tm.tm_mon + 1;
	case CALENDAR_QUARTER:
	case FISCAL_QUARTER: return tm.tm_mon / 3 + 1;
	case CALENDAR_YEAR:
	case FISCAL_YEAR: return tm.tm_year + 1900;
	case DAY_IN_MONTH: return tm.tm_mday;
	case DAY_IN_WEEK: return tm.tm_wday + 1;
	case DAY_IN_YEAR: return tm.tm_yday + 1;
	case DAY_ONLY: return floor_div(ms, DAY);
	case HOUR_IN_DAY: return tm.tm_hour;
	case WEEK_IN_MONTH: return (tm.tm_mday - 1) / 7 + 1;
	case WEEK_IN_YEAR: return tm.tm_yday / 7 + 1;
	default: return 0;
	}
}

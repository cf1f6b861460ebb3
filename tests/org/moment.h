/*
 * moment - the date literals and the date functions of SOQL.
 *
 * A literal (TODAY, LAST_N_DAYS:30) is a range of days before or after now. A function
 * (CALENDAR_YEAR) gives a number of a time. All in UTC, with weeks from Sunday, and fiscal years
 * that are calendar years, as in an org that was never set up otherwise.
 *
 * Pure. Any thread.
 */
#ifndef ORG_MOMENT_H
#define ORG_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum moment_unit { UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_QUARTER, UNIT_YEAR };

/* From the start of the unit `from` units after now to that of `to`; days count from today. */
struct moment_range {
	enum moment_unit unit;
	int64_t		 from, to;
};

#define MOMENT_MOST	100000	/* of n */

/* The literal of this name; *counted: it needs a number, and fits MOMENT_MOST. */
bool	moment_literal(const char *name, size_t, int64_t n, bool *counted,
    struct moment_range *out);
/* The range in days since 1970: *from <= day < *to. */
void	moment_days(const struct moment_range *, int64_t now_ms, int64_t *from, int64_t *to);

enum moment_function {
	MOMENT_NONE,
	CALENDAR_MONTH,
	CALENDAR_QUARTER,
	CALENDAR_YEAR,
	DAY_IN_MONTH,
	DAY_IN_WEEK,
	DAY_IN_YEAR,
	DAY_ONLY,
	FISCAL_MONTH,
	FISCAL_QUARTER,
	FISCAL_YEAR,
	HOUR_IN_DAY,
	WEEK_IN_MONTH,
	WEEK_IN_YEAR,
	MOMENT_FUNCTIONS
};

enum moment_function moment_function(const char *name, size_t);	/* MOMENT_NONE: none of these */
const char *moment_name(enum moment_function);
int64_t	moment_part(enum moment_function, int64_t ms);		/* DAY_ONLY: days since 1970 */

#endif

/* The budget of calls: which calls count, and for how long. */
#include <errno.h>

#include "fs/rest/budget.h"
#include "tap.h"

#define HOUR	3600

int
main(void)
{
	const int64_t noon = 1000 * HOUR + 1800;
	struct budget b = { .max = 3 };
	int64_t wait = -1;

	ok(budget_take(&b, noon, &wait) == 0 && budget_take(&b, noon + HOUR, &wait) == 0 &&
	    budget_take(&b, noon + HOUR, &wait) == 0,
	    "three calls of a budget of three are allowed");
	ok(budget_used(&b, noon + HOUR) == 3, "three calls are counted");
	ok(budget_take(&b, noon + 2 * HOUR, &wait) == -EDQUOT, "a fourth call is EDQUOT");
	ok(budget_used(&b, noon + 2 * HOUR) == 3, "a fourth call is not counted");
	ok(wait == 22 * HOUR + 1800,
	    "the wait lasts until the hour of the first call lies 24 hours back");
	ok(budget_take(&b, noon + 2 * HOUR + wait - 1, &wait) == -EDQUOT,
	    "a second before its end a call is EDQUOT");
	ok(budget_take(&b, noon + 24 * HOUR + 1800, &wait) == 0,
	    "after the wait a call is allowed");
	ok(budget_take(&b, noon + 24 * HOUR + 1800, &wait) == -EDQUOT && wait == HOUR,
	    "the next call is allowed an hour later");
	budget_give_back(&b, noon + 24 * HOUR + 1800);
	ok(budget_used(&b, noon + 24 * HOUR + 1800) == 2,
	    "a call that was given back does not count");
	ok(budget_used(&b, noon + 100 * HOUR) == 0, "after some days no call counts");
	b.max = 0;
	for (int i = 0; i < 100; i++)
		budget_take(&b, noon + 100 * HOUR, &wait);
	ok(budget_used(&b, noon + 100 * HOUR) == 100,
	    "without a limit calls are counted");
	return tap_done();
}

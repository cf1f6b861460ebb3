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
	    budget_take(&b, noon + HOUR, &wait) == 0, "three calls are made");
	ok(budget_used(&b, noon + HOUR) == 3, "and counted");
	ok(budget_take(&b, noon + 2 * HOUR, &wait) == -EDQUOT, "a fourth may not be made");
	ok(budget_used(&b, noon + 2 * HOUR) == 3, "nor is it counted");
	ok(wait == 22 * HOUR + 1800, "until the hour of the first one lies 24 hours back");
	ok(budget_take(&b, noon + 2 * HOUR + wait - 1, &wait) == -EDQUOT,
	    "a second earlier it may not");
	ok(budget_take(&b, noon + 24 * HOUR + 1800, &wait) == 0, "then it may");
	ok(budget_take(&b, noon + 24 * HOUR + 1800, &wait) == -EDQUOT && wait == HOUR,
	    "the next one an hour later");
	budget_give_back(&b, noon + 24 * HOUR + 1800);
	ok(budget_used(&b, noon + 24 * HOUR + 1800) == 2,
	    "a call that was given back does not count");
	ok(budget_used(&b, noon + 100 * HOUR) == 0, "after days nothing counts");
	b.max = 0;
	for (int i = 0; i < 100; i++)
		budget_take(&b, noon + 100 * HOUR, &wait);
	ok(budget_used(&b, noon + 100 * HOUR) == 100,
	    "without a limit calls are counted all the same");
	return tap_done();
}

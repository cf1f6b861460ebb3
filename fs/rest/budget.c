#include <errno.h>

#include "budget.h"

#define HOUR	3600		/* seconds */

uint64_t
budget_used(const struct budget *b, int64_t now)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < BUDGET_HOURS; i++)
		if (now / HOUR - b->hours[i].hour < BUDGET_HOURS)
			n += b->hours[i].calls;
	return n;
}

int
budget_take(struct budget *b, int64_t now, int64_t *wait)
{
	const int64_t hour = now / HOUR;

	if (b->max > 0 && budget_used(b, now) >= b->max) {
		int64_t oldest = hour;

		for (unsigned i = 0; i < BUDGET_HOURS; i++)
			if (b->hours[i].calls > 0 && b->hours[i].hour > hour - BUDGET_HOURS &&
			    b->hours[i].hour < oldest)
				oldest = b->hours[i].hour;
		*wait = (oldest + BUDGET_HOURS) * HOUR - now;
		return -EDQUOT;
	}
	const unsigned i = (unsigned)(hour % BUDGET_HOURS);
	if (b->hours[i].hour != hour) {
		b->hours[i].hour = hour;
		b->hours[i].calls = 0;
	}
	b->hours[i].calls++;
	return 0;
}

void
budget_give_back(struct budget *b, int64_t now)
{
	const unsigned i = (unsigned)(now / HOUR % BUDGET_HOURS);

	if (b->hours[i].hour == now / HOUR && b->hours[i].calls > 0)
		b->hours[i].calls--;
}

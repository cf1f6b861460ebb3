/*
 * budget - how many calls this mount has made in the last 24 hours, and may make (api_budget).
 *
 * Counts in memory, by the hour: a call counts until the hour in which it was made lies 24 hours
 * back. `now` is in seconds of any clock that only goes forward.
 *
 * Zero all but `max` to begin. Caller locks.
 */
#pragma once

#include <stdint.h>

#define BUDGET_HOURS	25		/* 24, and the one that has begun */

struct budget {
	uint64_t	 max;		/* calls in 24 hours; 0: any number */
	/* private: each hour at its number modulo BUDGET_HOURS */
	struct { int64_t hour; uint64_t calls; } hours[BUDGET_HOURS];
};

uint64_t budget_used(const struct budget *, int64_t now);
/* Counts a call that is about to be made. -EDQUOT: it may not; *wait: seconds until one may. */
int	budget_take(struct budget *, int64_t now, int64_t *wait);
void	budget_give_back(struct budget *, int64_t now);	/* a call that was taken and not made */

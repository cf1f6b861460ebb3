/*
 * clock - the time, in milliseconds.
 *
 * clock_ms measures durations; nobody can set it. clock_wall_ms is since 1970, for times that are
 * stored.
 *
 * Any thread.
 */
#pragma once

#include <stdint.h>

int64_t	clock_ms(void);
int64_t	clock_wall_ms(void);
/* Seconds since 1970 as a person reads them: 2026-01-31 12:00 UTC; "a time unknown" below 1. */
struct clock_text { char s[32]; };
struct clock_text clock_text(int64_t seconds);
/* The same as ISO 8601 has them: 2026-01-31T12:00:00Z; "" if no year has them. */
struct clock_text clock_iso(int64_t seconds);

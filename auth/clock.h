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

/*
 * clock - what time it is, in milliseconds.
 *
 * clock_ms measures how long something takes and nobody can set it; clock_wall_ms is since 1970,
 * for what is kept.
 *
 * Any thread.
 */
#ifndef AUTH_CLOCK_H
#define AUTH_CLOCK_H

#include <stdint.h>

int64_t	clock_ms(void);
int64_t	clock_wall_ms(void);

#endif

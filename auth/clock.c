#include "clock.h"

#include <time.h>

static int64_t
read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_wall_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

struct clock_text
clock_text(int64_t seconds)
{
	struct clock_text text = { "a time unknown" };
	const time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds > 0 && gmtime_r(&t, &tm))
		strftime(text.s, sizeof(text.s), "%Y-%m-%d %H:%M UTC", &tm);
	return text;
}

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

static struct clock_text
format_time(int64_t seconds, const char *format)
{
	struct clock_text text = { "" };
	const time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm))
		strftime(text.s, sizeof(text.s), format, &tm);
	return text;
}

struct clock_text
clock_text(int64_t seconds)
{
	return seconds > 0 ? format_time(seconds, "%Y-%m-%d %H:%M UTC") :
			     (struct clock_text){ "a time unknown" };
}

struct clock_text
clock_iso(int64_t seconds)
{
	return format_time(seconds, "%4Y-%m-%dT%H:%M:%SZ");
}

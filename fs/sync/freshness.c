#include <errno.h>

#include "auth/clock.h"

#include "freshness.h"

#define PAUSE_FIRST	5000		/* ms */

void
freshness_note(struct freshness *f, int rc, int64_t asked, int64_t pause_most)
{
	if (rc == -EINTR)
		return;
	f->rc = rc;
	if (rc == 0) {
		f->asked = asked;
		f->pause = 0;
		return;
	}
	f->failed = clock_wall_ms();
	f->pause = f->pause ? f->pause * 2 : PAUSE_FIRST;
	if (f->pause > pause_most)
		f->pause = pause_most;
}

/* ms since `from`. If now is before it, somebody has set the clock back: then nothing is known. */
static int64_t
left_of(int64_t from, int64_t ms)
{
	const int64_t now = clock_wall_ms();

	return now < from || now - from >= ms ? 0 : from + ms - now;
}

bool
freshness_is_recent(int64_t asked, int64_t fresh_for)
{
	return left_of(asked, fresh_for) > 0;
}

int64_t
freshness_left(const struct freshness *f, int64_t fresh_for)
{
	return f->rc < 0 ? left_of(f->failed, f->pause) : left_of(f->asked, fresh_for);
}

bool
freshness_serves(int rc, bool fail_offline)
{
	return !fail_offline && rc != -EACCES && rc != -EINTR && rc != -EAGAIN;
}

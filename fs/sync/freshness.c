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

int64_t
freshness_left(const struct freshness *f, int64_t fresh_for)
{
	const int64_t from = f->rc < 0 ? f->failed : f->asked;
	const int64_t until = from + (f->rc < 0 ? f->pause : fresh_for);
	const int64_t now = clock_wall_ms();

	/* Before `from` somebody has set the clock back: then nothing is known. */
	return now < from || now >= until ? 0 : until - now;
}

bool
freshness_serves(int rc, bool fail_offline)
{
	return !fail_offline && rc != -EACCES && rc != -EINTR && rc != -EAGAIN;
}

/* Freshness: an answer is good for a while, and after failures the pauses grow. */
#include <errno.h>

#include "auth/clock.h"
#include "fs/sync/freshness.h"
#include "tap.h"

#define MOST	60000
#define SLACK	2000		/* ms that this test may take */

static bool
about(int64_t ms, int64_t want)
{
	return ms <= want && ms > want - SLACK;
}

int
main(void)
{
	static const int64_t pauses[] = { 5000, 10000, 20000, 40000, 60000, 60000 };
	const int64_t now = clock_wall_ms();
	struct freshness f = { 0 };

	ok(freshness_left(&f, 60000) == 0, "a question that was never asked is asked");
	freshness_note(&f, 0, now - 10000, MOST);
	ok(about(freshness_left(&f, 60000), 50000),
	    "an answer is fresh from when it was asked for");
	ok(freshness_left(&f, 10000) == 0, "an answer is not fresh for longer than it may be");
	f.asked = now + 3600000;
	ok(freshness_left(&f, 60000) == 0, "an answer from the future is not fresh");
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		freshness_note(&f, -ETIMEDOUT, 0, MOST);
		ok(about(freshness_left(&f, 1), pauses[i]),
		    "after failure %zu nobody asks for %d ms",
		    i + 1, (int)pauses[i]);
	}
	freshness_note(&f, -EINTR, 0, MOST);
	ok(f.rc == -ETIMEDOUT, "a try that was interrupted does not count");
	freshness_note(&f, 0, clock_wall_ms(), MOST);
	freshness_note(&f, -EIO, 0, MOST);
	ok(about(freshness_left(&f, 1), 5000), "after a success the first pause is short again");
	ok(freshness_serves(-ETIMEDOUT, false), "without the org the last answer serves");
	ok(!freshness_serves(-ETIMEDOUT, true),
	    "with offline = fail no answer serves without the org");
	ok(!freshness_serves(-EACCES, false), "a refusal of the org serves no last answer");
	return tap_done();
}

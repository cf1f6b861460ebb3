/*
 * freshness - how long the last answer of the org is good, and when to ask again after a failure.
 *
 * Zero it, but for `asked` if there is an answer already. Times are clock_wall_ms. Caller locks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct freshness {
	int64_t		 asked;		/* when the last answer was asked for */
	int		 rc;		/* of the last try: 0 or a negative errno */
	int64_t		 failed;	/* when it ended, if it failed */
	int64_t		 pause;		/* ms after that in which nobody tries again */
};

/* After a try. asked: of its answer, if rc is 0. The pause doubles with every failure, up to
 * pause_most ms. -EINTR is not noted: the org was not asked to the end. */
void	freshness_note(struct freshness *, int rc, int64_t asked, int64_t pause_most);
/* ms until the org is to be asked again; 0: now. fresh_for: ms for which an answer is fresh. */
int64_t	freshness_left(const struct freshness *, int64_t fresh_for);
bool	freshness_is_recent(int64_t asked, int64_t fresh_for);
/* Whether the last answer serves, since the org could not be asked for that reason. */
bool	freshness_serves(int rc, bool fail_offline);

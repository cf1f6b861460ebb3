#include <errno.h>
#include <stdlib.h>

#include "auth/clock.h"
#include "fs/rest/rest.h"

#include "internal.h"

#define OVERLAP		(10 * 60 * 1000)	/* ms */

/* Pages come in order of SystemModstamp. */
int
ask_refresh(const struct ask *k)
{
	const int64_t began = clock_wall_ms();
	int64_t newest = ask_state(k, "newest"), asked = ask_state(k, "asked");
	int64_t since = (newest > asked ? newest : asked) - OVERLAP;
	struct ids unversioned = { 0 };
	/* -1: of those of this run, which a lost locator goes on from; newest may be ahead of them
	 * by the overlap. */
	struct ask_page page = {
		.ask = k, .newest = -1, .unversioned = k->o->versions ? &unversioned : NULL
	};
	int64_t answered = -1;
	unsigned lost = 0;
	char *next = NULL;
	int rc = 0;

	since = since > 0 ? since : 0;
	if (k->o->filter && (rc = ask_filter(k, since)) < 0)
		return rc;
	do {
		struct rest_query q = { .next = next, .since = since, .filter = k->o->filter };
		struct rest_page answer = { 0 };
		const struct ask_page before = page;

		rc = ask_page(k, &q, &page, &answer);
		if (rest_drop_locator(&rc, &next, page.newest > before.newest, &lost)) {
			since = page.newest > since ? page.newest : since;
			rc = -EAGAIN;
			continue;
		}
		if (rc < 0)
			break;
		if (answered < 0)
			answered = answer.date;
		next = answer.next;
		if (!next)
			rc = ask_put_complete(k, page.newest > newest ? page.newest : newest,
			    answered > asked ? answered : asked, began);
		rc = ask_commit(k, rc, true);
	} while (rc == -EAGAIN || (rc == 0 && next));
	free(next);
	return ask_versions(k, &unversioned, rc);
}

/*
 * on_demand - what the org answers when somebody names something: the documents of a record, the
 * versions of a document, what is in a folder.
 *
 * A question is a kind and a subject. Its last answer is kept in the catalogue; a look that finds
 * it older than `refresh` asks again and is parked until the answer is there. If the org does not
 * answer, the last answer serves, and for a few seconds nobody asks again. Documents and versions
 * that come with an answer are put into the catalogue; documents that are new there are not listed.
 *
 * Joins rest, name and catalogue. Knows nothing of FUSE. Any thread.
 */
#pragma once

#include <stdint.h>

#include "answers.h"
#include "sync.h"

struct on_demand;

/* Uses the options refresh, fail_offline, archived, names and changed. */
int	on_demand_open(struct rest *, struct catalogue *, const struct sync_options *,
    struct on_demand **out);
/* After http_cancel: wakes all who wait; from then on every get is -EINTR. */
void	on_demand_stop(struct on_demand *);
void	on_demand_close(struct on_demand *);
void	on_demand_expire(struct on_demand *);	/* what was asked before now is stale */

/* The kinds of questions, each with its subject and the rows of its answer. */
enum on_demand_kind {
	ON_DEMAND_DOCUMENT,	/* a document's Id: a row if it exists; then the catalogue has it */
	ON_DEMAND_OBJECT,	/* an object's API name: a row if it is there; `name` is the field
				   that holds names. Fresh for a week */
	ON_DEMAND_RECORD,	/* "Account/Acme Corp": the records of that name; "... (Id)": one */
	ON_DEMAND_LINKS,	/* a record's Id: its documents, which are in the catalogue */
	ON_DEMAND_VERSIONS,	/* a document's Id: the catalogue has its versions. Never fresh */
	/* "": a row if Salesforce says whether the user has Query All Files; `name` is yes or no.
	 * Fresh for a week */
	ON_DEMAND_ALL_FILES,
	/* "": a folder row for each library of the user, `more` is the Id of its root folder; other
	 * rows for libraries that documents name and the user is no member of. Fresh for a week */
	ON_DEMAND_LIBRARIES,
	ON_DEMAND_FOLDER,	/* a folder's Id: what is in it */
	ON_DEMAND_STORAGE,	/* "": a row if the user may know: MB for files in `name`, free ones
				   in `more`. Fresh for a day */
	ON_DEMAND_KINDS
};

/*
 * An answer that is fresh, or was asked for at `since` (clock_wall_ms) or later; if the org does
 * not answer, the last one. The caller's until answers_put. -EAGAIN: the org is being asked and w
 * is queued (w NULL: nothing was begun); -EINTR: w was cancelled before; else why there is none.
 */
int on_demand_get(struct on_demand *, enum on_demand_kind, const char *subject, int64_t since,
    struct wait *w, const struct answer **out);
/* The same, but fresh only for `refresh`: when a long-lived answer lacks what somebody named. */
int on_demand_get_missing(struct on_demand *, enum on_demand_kind, const char *subject,
    int64_t since, struct wait *w, const struct answer **out);
/* Asks now whether the user sees all files, and which libraries. Blocks. */
void	on_demand_renew(struct on_demand *);
/* The last answer, however old; does not wait. -ENOENT: there is none. */
int on_demand_known(struct on_demand *, enum on_demand_kind, const char *subject,
    const struct answer **out);
/*
 * Asks in advance for the answers that most walks and df need (what the user may see, storage), so
 * that no look costs these calls later. Blocks. 0, also if the org refuses; -EINTR: stopped.
 */
int	on_demand_prepare(struct on_demand *);
/* Whether the user has Query All Files: 1, 0, or -1: the org has not told. Does not wait. */
int	on_demand_sees_all_files(struct on_demand *);

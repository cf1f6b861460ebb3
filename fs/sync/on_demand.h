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
#ifndef FS_SYNC_ON_DEMAND_H
#define FS_SYNC_ON_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/catalogue/catalogue.h"
#include "fs/name.h"
#include "fs/async/wait.h"

struct rest;
struct on_demand;

struct on_demand_options {
	uint64_t	 refresh;	/* seconds for which an answer is fresh */
	bool		 fail_offline;	/* no last answer serves: the error of asking is returned */
	bool		 archived;	/* archived documents are there, too */
	enum name_rules	 names;
};

int	on_demand_open(struct rest *, struct catalogue *, const struct on_demand_options *,
    struct on_demand **out);
/* As sync_on_change; before the first question. */
void	on_demand_on_change(struct on_demand *, catalogue_changed *, void *ctx);
/* After rest_cancel: wakes all who wait; from then on every get is -EINTR. */
void	on_demand_stop(struct on_demand *);
void	on_demand_close(struct on_demand *);
void	on_demand_expire(struct on_demand *);	/* what was asked before now is stale */

/* What is asked, the subject, and the rows of the answer. */
enum on_demand_kind {
	ON_DEMAND_DOCUMENT,	/* a document's Id: a row if it is there, and then in the catalogue */
	ON_DEMAND_OBJECT,	/* an object's API name: a row if it is there; `name` is the field
				   that holds names. Fresh for a week */
	ON_DEMAND_RECORD,	/* "Account/Acme Corp": the records of that name; "... (Id)": one */
	ON_DEMAND_LINKS,	/* a record's Id: its documents, which are in the catalogue */
	ON_DEMAND_VERSIONS,	/* a document's Id: its versions are in the catalogue. Never fresh */
	/*
	 * "". A folder row for each library of the user; `more` is the Id of its root folder.
	 * Other rows for libraries that documents name and the user is no member of. A row without
	 * Id, if Salesforce says whether the user has Query All Files: `name` is "all" or "own".
	 * Fresh for a week.
	 */
	ON_DEMAND_REACH,
	ON_DEMAND_FOLDER,	/* a folder's Id: what is in it */
	ON_DEMAND_STORAGE,	/* "": a row if the user may know: MB for files in `name`, free ones
				   in `more`. Fresh for a day */
	ON_DEMAND_KINDS
};

struct on_demand_row {
	char		 id[19];
	bool		 folder;
	const char	*name, *more;	/* "" where there is none */
};

struct on_demand_answer {
	int64_t		 asked;		/* this machine's clock (ms) */
	size_t		 count;
	const struct on_demand_row *rows;	/* in order of Id */
};

/*
 * An answer that is fresh, or was asked for at `since` (on_demand_now) or later; if the org does
 * not answer, the last one. The caller's until on_demand_put. -EAGAIN: the org is being asked and w
 * is queued (w NULL: nothing was begun); -EINTR: w was cancelled before; else why there is none.
 */
int on_demand_get(struct on_demand *, enum on_demand_kind, const char *subject, int64_t since,
    struct wait *w, const struct on_demand_answer **out);
/* The same if something is missing in an answer that is fresh for long: now only for `refresh`. */
int on_demand_get_missing(struct on_demand *, enum on_demand_kind, const char *subject,
    int64_t since, struct wait *w, const struct on_demand_answer **out);
/* Asks now, however fresh the last answer is. Blocks. If it fails, the last answer stays. */
void	on_demand_renew(struct on_demand *, enum on_demand_kind, const char *subject);
/* The last answer, however old; does not wait. -ENOENT: there is none. */
int on_demand_known(struct on_demand *, enum on_demand_kind, const char *subject,
    const struct on_demand_answer **out);
void	on_demand_put(const struct on_demand_answer *);	/* NULL is fine */
int64_t	on_demand_now(void);
/*
 * Asks at once for what most walks and df need (reach and storage), and waits for both: later
 * nobody could tell which look costs these calls. 0, also if the org refuses; -EINTR: stopped.
 */
int	on_demand_prepare(struct on_demand *);
/* Whether the user has Query All Files: 1, 0, or -1: the org has not told. Does not wait. */
int	on_demand_sees_all_files(struct on_demand *);
/* The row of that Id; NULL: there is none. */
const struct on_demand_row *on_demand_find(const struct on_demand_answer *, const char *id);

#endif

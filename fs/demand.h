/*
 * demand - what the org answers when somebody names something: the documents of a record, the versions of a document,
 * what is in a folder.
 *
 * A question is a kind and a subject. Its last answer is kept in the catalogue, with the time when it was asked, and
 * is asked again when somebody looks and it is older than `refresh`. Such a look is parked until the answer is there.
 * If the org does not answer, the last answer serves, and nobody waits again before the next try is due. Documents and
 * versions that come with an answer are put into the catalogue; those that it did not have are not listed.
 *
 * Joins rest, name and catalogue. Knows nothing of FUSE. Any thread.
 */
#ifndef FS_DEMAND_H
#define FS_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "name.h"
#include "wait.h"

struct rest;
struct demand;

struct demand_options {
	uint64_t	 refresh;	/* seconds for which an answer is fresh */
	bool		 fail_offline;	/* a stale answer is none: the error of asking is returned */
	bool		 archived;	/* archived documents are there too */
	enum name_rules	 names;
	catalogue_changed *changed;	/* what changed under an open mount; called with no lock held */
	void		*ctx;
};

int	demand_open(struct rest *, struct catalogue *, const struct demand_options *, struct demand **out);
void	demand_stop(struct demand *);	/* after rest_cancel: whoever waits is woken, every get is -EINTR */
void	demand_close(struct demand *);
void	demand_expire(struct demand *);	/* what was asked before now is stale */

enum demand_kind {
	DEMAND_DOCUMENT,	/* a document's Id: a row if it is there; it is in the catalogue then, else it is not */
	DEMAND_OBJECT,		/* an object's API name: a row if there is such an object, with the field that holds names. Kept for a week */
	DEMAND_RECORD,		/* "Account/Acme Corp": the records whose name is that, or the one of `Acme Corp (Id)` */
	DEMAND_LINKS,		/* the Id of a record: its documents, which are in the catalogue */
	DEMAND_VERSIONS,	/* a document's Id: its versions are in the catalogue. Always stale */
	/*
	 * "": the user's libraries (folder), with the Id of the root folder in `more`; as no folders those that documents name and of which he
	 * is no member; and if the org tells whether he has Query All Files, in a row without Id, `all` or `own` in `name`. Kept for a week
	 */
	DEMAND_REACH,
	DEMAND_FOLDER,		/* the Id of a folder: what is in it */
	DEMAND_STORAGE,		/* "": MB for files in `name`, of which free in `more`; a row if the user may know. Kept for a day */
	DEMAND_KINDS
};

struct demand_row {
	char		 id[19];
	bool		 folder;
	const char	*name, *more;	/* "" where there is none */
};

struct demand_answer {
	int64_t		 asked;		/* this machine's clock (ms) */
	size_t		 count;
	const struct demand_row *rows;	/* in order of Id */
};

/*
 * An answer that was asked at `since` (demand_now) or later, or is fresh; or, if the org does not answer, the last one. The
 * caller's until demand_put. -EAGAIN: it is being asked and w is queued (w NULL: nobody is); -EINTR: w was cancelled
 * before; -ENOENT from demand_known: never asked; or why it cannot be had.
 */
int	demand_get(struct demand *, enum demand_kind, const char *subject, int64_t since, struct wait *w, const struct demand_answer **out);
/* The same for who misses something in the answer that is kept for long: it is fresh for `refresh`. */
int	demand_get_missing(struct demand *, enum demand_kind, const char *subject, int64_t since, struct wait *w, const struct demand_answer **out);
/* Asks now, however fresh the last answer is. Blocks. That the org does not say is no error: the last answer stays. */
void	demand_renew(struct demand *, enum demand_kind, const char *subject);
/* The last answer, however old; does not wait. */
int	demand_known(struct demand *, enum demand_kind, const char *subject, const struct demand_answer **out);
void	demand_put(const struct demand_answer *);	/* NULL is fine */
int64_t	demand_now(void);
/* Whether the user has Query All Files: 1, 0, or -1: the org has not told. Does not wait. */
int	demand_sees_all_files(struct demand *);
/* The row of that Id; NULL: there is none. */
const struct demand_row *demand_find(const struct demand_answer *, const char *id);

#endif

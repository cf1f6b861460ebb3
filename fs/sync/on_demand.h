/*
 * demand - what the org answers when somebody names something: the documents of a record, the
 * versions of a document, what is in a folder.
 *
 * A question is a kind and a subject. Its last answer is kept in the catalogue, with the time when
 * it was asked, and is asked again when somebody looks and it is older than `refresh`. Such a look
 * is parked until the answer is there. If the org does not answer, the last answer serves, and
 * nobody waits again before the next try is due. Documents and versions that come with an answer
 * are put into the catalogue; those that it did not have are not listed.
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
	bool fail_offline; /* a stale answer is none: the error of asking is returned */
	bool		 archived;	/* archived documents are there too */
	enum name_rules	 names;
};

int on_demand_open(
    struct rest *, struct catalogue *, const struct on_demand_options *, struct on_demand **out);
/* As sync_on_change; before the first question about documents. */
void	on_demand_on_change(struct on_demand *, catalogue_changed *, void *ctx);
void on_demand_stop(
    struct on_demand *); /* after rest_cancel: whoever waits is woken, every get is -EINTR */
void	on_demand_close(struct on_demand *);
void	on_demand_expire(struct on_demand *);	/* what was asked before now is stale */

enum on_demand_kind {
	ON_DEMAND_DOCUMENT, /* a document's Id: a row if it is there; it is in the catalogue then,
			       else it is not */
	ON_DEMAND_OBJECT, /* an object's API name: a row if there is such an object, with the field
			     that holds names. Kept for a week */
	ON_DEMAND_RECORD, /* "Account/Acme Corp": the records whose name is that, or the one of
			     `Acme Corp (Id)` */
	ON_DEMAND_LINKS, /* the Id of a record: its documents, which are in the catalogue */
	ON_DEMAND_VERSIONS, /* a document's Id: its versions are in the catalogue. Always stale */
	/*
	 * "": the user's libraries (folder), with the Id of the root folder in `more`; as no
	 * folders those that documents name and of which he is no member; and if the org tells
	 * whether he has Query All Files, in a row without Id, `all` or `own` in `name`. Kept for a
	 * week
	 */
	ON_DEMAND_REACH,
	ON_DEMAND_FOLDER, /* the Id of a folder: what is in it */
	ON_DEMAND_STORAGE, /* "": MB for files in `name`, of which free in `more`; a row if the user
			      may know. Kept for a day */
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
 * An answer that was asked at `since` (on_demand_now) or later, or is fresh; or, if the org does
 * not answer, the last one. The caller's until on_demand_put. -EAGAIN: it is being asked and w is
 * queued (w NULL: nobody is); -EINTR: w was cancelled before; -ENOENT from on_demand_known: never
 * asked; or why it cannot be had.
 */
int on_demand_get(struct on_demand *, enum on_demand_kind, const char *subject, int64_t since,
    struct wait *w, const struct on_demand_answer **out);
/* The same for who misses something in the answer that is kept for long: it is fresh for `refresh`.
 */
int on_demand_get_missing(struct on_demand *, enum on_demand_kind, const char *subject,
    int64_t since, struct wait *w, const struct on_demand_answer **out);
/* Asks now, however fresh the last answer is. Blocks. That the org does not say is no error: the
 * last answer stays. */
void	on_demand_renew(struct on_demand *, enum on_demand_kind, const char *subject);
/* The last answer, however old; does not wait. */
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

/*
 * rest - Salesforce's REST API, as far as sffs asks it.
 *
 * Every call to the org goes through here: the bearer token, one renewal and
 * one retry on a 401, backoff on what is worth trying again, the count of what
 * it all cost, and the one log line that tells a failure in plain words. SOQL
 * and the shapes of JSON are known here and nowhere else.
 *
 * Calls are bounded: by the org's limit, of which a reserve is left to what
 * somebody waits for, and by a budget of our own that begins anew with each rest_open.
 *
 * Errors: -EACCES refused, -EDQUOT the API limit is spent (nothing is asked
 * until it can have moved), or the reserve or the budget forbids it, -ENOENT not there, -ETIMEDOUT
 * no answer in time or no way to the org, -EIO an answer that makes no sense, -EINTR rest_cancel.
 *
 * REST API Developer Guide, v62.0. Any thread; calls block.
 */
#ifndef FS_REST_REST_H
#define FS_REST_REST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/document.h"

struct http;
struct token;
struct rest;

struct rest_options {
	const char	*api_version;	/* "62.0" */
	unsigned	 tries;		/* of a request that is worth trying again */
	unsigned
	    reserve; /* per cent of the org's daily calls that are not for what nobody waits for */
	uint64_t	 budget;	/* calls that may be made in 24 hours; 0: any number */
};

/* What calls are for. Of these a refresh, a list of all Ids and a look at the limits leave the
 * reserve alone. */
enum rest_kind {
	REST_FILL,
	REST_REFRESH,
	REST_LIST,
	REST_DEMAND,
	REST_DOWNLOAD,
	REST_LIMITS,
	REST_KINDS
};

int	rest_open(struct http *, struct token *, const struct rest_options *, struct rest **out);
void	rest_close(struct rest *);
void	rest_cancel(struct rest *);	/* calls under way and later ones end in -EINTR at once */

/*
 * Which documents to list, one page a call, in order of Id. REST_LINKED: those that are linked to a record, a
 * library or a user. REST_VERSIONS: versions, each a document that has it; `after` is a version's
 * Id then, `ids` those of documents.
 */
enum rest_source { REST_DOCUMENTS, REST_LINKED, REST_VERSIONS };
struct rest_query {
	enum rest_source source;
	const char	*linked_to;	/* an Id */
	const char	*after;		/* all whose Id comes after this one; NULL: all */
	int64_t since; /* >= 0: what changed since (ms), deleted and archived ones too, oldest
			  change first */
	const char	(*ids)[19];	/* just these, at most REST_IDS_MOST; NULL: all */
	size_t		 id_count;
	const char *filter; /* those alone for which this SOQL condition holds; NULL: all. -EINVAL,
			       told on the log: it is none */
	bool		 archived;	/* archived ones too */
	bool only_ids; /* the documents have an Id, and with `since` a SystemModstamp and
			  is_deleted, and nothing else */
};
#define REST_IDS_MOST                                                                              \
	200 /* so that the URI stays well below the 16,384 bytes that Salesforce takes */

struct rest_page {
	bool		 last;		/* no other page follows */
	int64_t		 total;		/* documents that the query matches, on all pages */
	int64_t		 date;		/* the org's clock when it answered (ms); -1: not told */
};

/*
 * Asks for all pages. Calls each() for every document (its strings are borrowed; a negative errno
 * ends the page with it), and end_page() after every page with the page's rc; what that returns is
 * the result, and ends the query if it is negative. When Salesforce has lost its place in the
 * answer, the query begins again after the last document that came: each() may get one twice.
 */
typedef int rest_each(void *ctx, const struct document *);
typedef int rest_end_page(void *ctx, int rc, const struct rest_page *);
int rest_documents(
    struct rest *, const struct rest_query *, rest_each *, rest_end_page *, void *ctx);

/* What documents belong to. each: strings are borrowed; a negative errno ends it. All pages are
 * read. */
struct rest_row {
	char		 id[19];
	const char	*name;
	const char	*more;		/* of a library: the Id of its root folder; may be NULL */
	bool		 folder;	/* of what is in a folder: a folder too */
};
typedef int rest_each_row(void *ctx, const struct rest_row *);
/*
 * Records of an object by the field that holds their names, at most 200: the one with this Id, or
 * those whose name is this, in which a _ stands for any character; upper and lower case are one.
 */
int rest_records(struct rest *, const char *object, const char *field, const char *id,
    const char *name, rest_each_row *, void *ctx);
int	rest_folder(struct rest *, const char *id, rest_each_row *, void *ctx);
/* The field of an object that holds names: "" if it has none. -ENOENT: no such object, as far as
 * the user may see. */
int	rest_name_field(struct rest *, const char *object, char out[64]);
int rest_storage(
    struct rest *, int64_t *most, int64_t *left); /* for files, in MB. -ENOENT: not told */

/*
 * Whether the user has Query All Files: without it the org lists no file that is reachable through
 * a record only. Asked by a query of ContentDocumentLink that is refused without it (Object
 * Reference, v59 and up). An error: not known.
 */
int	rest_sees_all_files(struct rest *, bool *out);
/* The same (1, 0, or -1: not known) and the libraries of which the user is a member; one call for
 * both. */
int	rest_reach(struct rest *, int *all_files, rest_each_row *, void *ctx);

/* What a mount leaves out or holds, counted by the org. */
enum rest_count {
	REST_COUNT_DOCUMENTS,
	REST_COUNT_ARCHIVED,
	REST_COUNT_ATTACHMENTS,
	REST_COUNT_LEGACY_DOCUMENTS
};
int rest_count(struct rest *, enum rest_count,
    int64_t *out); /* -EOPNOTSUPP: the user may not see any such object */

/* Where a version's bytes go. A negative errno ends the transfer with it. */
struct rest_sink {
	int	(*write)(void *ctx, const void *, size_t);
	int	(*restart)(void *ctx);		/* the next write is byte 0 again */
	uint64_t (*filled)(void *ctx);		/* bytes written so far */
	bool (*unwanted)(void *ctx); /* nobody wants them any more: it ends in -EINTR; asked also
					while nothing comes */
	void	*ctx;
};
/*
 * Downloads a ContentVersion. A transfer that breaks is tried again: from where it
 * broke if the org answers 206 for just that range, else from the start.
 */
int rest_version_data(
    struct rest *, const char *version_id, uint64_t size, const struct rest_sink *);

/* Whether a call may be spent on what nobody has asked for yet: not the last of the org's limit,
 * not while it is out of reach. */
bool	rest_may_guess(struct rest *);

struct rest_stats {
	uint64_t calls[REST_KINDS], errors; /* requests sent, by kind; those that failed */
	int64_t		api_used, api_max;		/* as the org last said; -1: not yet */
	int64_t spent_until; /* no calls before (seconds since 1970), since the org's limit is
				spent; 0: it is not */
	uint64_t budget_used, budget_max;	/* calls in 24 hours; 0: no budget */
	bool reserved; /* so much is used that only the reserve is left */
};
void	rest_stats(struct rest *, struct rest_stats *out);

#endif

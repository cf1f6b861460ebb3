/*
 * rest - Salesforce's REST API, as far as sffs uses it.
 *
 * Every call to the org goes through here. It adds the bearer token, renews it once after a 401,
 * repeats what may succeed the next time, counts calls, and logs each failure once in plain words.
 * Only this folder knows SOQL and the shapes of JSON answers.
 *
 * Two limits bound the calls. One is the org's own; rest keeps a reserve of it for calls that
 * somebody waits for. The other is api_budget, which begins anew with each rest_open.
 *
 * Errors: -EACCES refused; -EDQUOT a limit, the reserve or the budget forbids the call; -ENOENT not
 * there; -ETIMEDOUT no answer in time or no way to the org; -EIO an answer that makes no sense;
 * -EINTR http_cancel.
 *
 * REST API Developer Guide, v62.0. Any thread; calls block.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/document.h"

struct http;
struct token;
struct rest;

struct rest_options {
	const char	*api_version;	/* "62.0" */
	unsigned	 tries;		/* of a request that may succeed the next time */
	unsigned	 reserve;	/* per cent of the org's daily calls, not for refreshes */
	uint64_t	 budget;	/* calls that may be made in 24 hours; 0: any number */
};

/* The purpose of a call. REST_REFRESH, REST_LIST and REST_LIMITS do not use the reserve. */
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

/*
 * Selects the documents to list, one page a call, in order of Id. REST_LINKED: those that are
 * linked to a record, a library or a user, in any order. REST_VERSIONS: versions, each as a
 * document that has it; then `after` is a version's Id, and `ids` are of documents.
 */
enum rest_source { REST_DOCUMENTS, REST_LINKED, REST_VERSIONS };
struct rest_query {
	enum rest_kind	 kind;
	enum rest_source source;
	const char	*linked_to;	/* an Id */
	const char	*after;		/* those whose Id comes after this one; NULL: all */
	/* > 0: those that changed since (ms), deleted and archived ones too, in order of change */
	int64_t		 since;
	char		(*ids)[19];	/* just these, at most REST_IDS_MOST; NULL: all */
	size_t		 id_count;
	/* A SOQL condition; NULL: none. If Salesforce does not take it, -EINVAL, logged. */
	const char	*filter;
	bool		 archived;	/* archived ones too */
	bool		 only_ids;	/* documents have what REST_KEYS names; nothing else */
};
#define REST_KEYS	"Id,IsDeleted,LatestPublishedVersionId,SystemModstamp"
#define REST_IDS_MOST	200	/* Salesforce takes URIs of up to 16,384 bytes */

struct rest_page {
	bool		 last;		/* no other page follows */
	bool		 wrong;		/* the answer contradicts itself: there may be gaps */
	int64_t		 total;		/* documents that the query matches, on all pages */
	int64_t		 date;		/* the org's clock when it answered; if it does not tell,
					   this machine's (ms) */
	int64_t		 newest;	/* the largest SystemModstamp on the page that is not after
					   `date` (ms); -1: none */
};

/*
 * Asks for all pages. Calls each() for every document (its strings are borrowed; a negative errno
 * ends the page with it). After every page it calls end_page() with the page's rc. The value of
 * end_page() is the result, and ends the query if it is negative. Both may be NULL. -EIO: an answer
 * has another number of records than it counts, or its pages are a loop. If Salesforce has lost its
 * place in the answer, the query begins again after the last document that came: each() may get one
 * twice. A query in order of Ids that ends early also begins again there, if a count by the org
 * shows that nothing is missing so far.
 */
typedef int rest_each(void *ctx, const struct document *);
typedef int rest_end_page(void *ctx, int rc, const struct rest_page *);
int rest_documents(
    struct rest *, const struct rest_query *, rest_each *, rest_end_page *, void *ctx);

/* Rows of records, libraries and folders, from all pages. each: strings are borrowed; a negative
 * errno ends it. */
struct rest_row {
	char		 id[19];
	const char	*name;
	const char	*more;		/* the Id of a library's root folder; may be NULL */
	bool		 folder;	/* and not a document; every library is one */
};
typedef int rest_each_row(void *ctx, const struct rest_row *);
/*
 * Records of an object, at most 200: the one with this Id, or all with this name, in which _ stands
 * for any character and case does not matter. field: the one that holds their names.
 */
int rest_records(struct rest *, const char *object, const char *field, const char *id,
    const char *name, rest_each_row *, void *ctx);
int	rest_folder(struct rest *, const char *id, rest_each_row *, void *ctx);
/* The field of an object that holds names; "" if it has none. -ENOENT: there is no such object. */
int	rest_name_field(struct rest *, const char *object, char out[64]);
/* The org's storage for files, in MB. -ENOENT: Salesforce does not say. */
int	rest_storage(struct rest *, int64_t *most, int64_t *left);

/*
 * Whether the user has the permission Query All Files. Without it the org does not list files that
 * are shared through a record only, and refuses a query of ContentDocumentLink without a filter
 * (Object Reference, v59 and up).
 */
int	rest_sees_all_files(struct rest *, bool *out);
/* The libraries of which the user is a member. */
int	rest_libraries(struct rest *, rest_each_row *, void *ctx);

/* The org's counts of all that a mount holds or leaves out. */
enum rest_count {
	REST_COUNT_DOCUMENTS,
	REST_COUNT_ARCHIVED,
	REST_COUNT_ATTACHMENTS,
	REST_COUNT_LEGACY_DOCUMENTS
};
/* -EOPNOTSUPP: the user may not see such objects. */
int	rest_count(struct rest *, enum rest_count, int64_t *out);

/* Takes a version's bytes. A negative errno ends the download. */
struct rest_sink {
	int	(*write)(void *ctx, const void *, size_t);
	int	(*restart)(void *ctx);		/* the next write is byte 0 again */
	uint64_t (*filled)(void *ctx);		/* bytes written so far */
	bool	(*unwanted)(void *ctx);		/* true ends it in -EINTR; called now and then */
	void	*ctx;
	bool	 checked;	/* a checksum tells whether all parts are of the same bytes */
};
/*
 * Downloads a ContentVersion. A download that breaks is tried again: from where it broke if the
 * bytes are checked and the org answers 206 for just that range, else from the start. version: its
 * Id, perhaps with more text behind it; the log gets all of it.
 */
int rest_version_data(
    struct rest *, const char *version, uint64_t size, const struct rest_sink *);

/* Whether a call may be spent on what nobody has asked for yet: enough of all limits must be left,
 * and the org must be in reach. */
bool	rest_may_guess(struct rest *);
/* Whether a call may be spent on a guest, who is not the mount's owner: 0; or -EDQUOT, logged, if
 * only the reserve or the last tenth of the budget is left. */
int	rest_check_guest(struct rest *);

struct rest_stats {
	uint64_t	 calls[REST_KINDS];	/* that were made */
	uint64_t	 errors;		/* that failed */
	int64_t		 api_used, api_max;	/* as the org last said; -1: not yet */
	int64_t		 spent_until;	/* the org's limit is spent: no calls before (seconds since
					   1970); 0: it is not */
	bool		 reserved;	/* only the reserve is left */
	uint64_t	 budget_used, budget_max;	/* calls in 24 hours; max 0: no budget */
};
void	rest_stats(struct rest *, struct rest_stats *out);

/*
 * data - the content of the org: documents, their versions and bytes, users.
 *
 * Documents are numbered from 0. The first `made` of them are synthetic and take no memory until
 * they are changed. The others (files of a directory, and documents that were added later) are
 * kept. A change never removes a row: it marks the document, and readers look at the mark.
 *
 * Any thread. Readers hold data_lock; the functions that change something take it themselves.
 */
#ifndef ORG_DATA_H
#define ORG_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/org/document.h"
#include "tests/org/synthetic.h"

struct data;

int	data_new(struct data **out);			/* an org with users, but no documents */
int	data_make(
    struct data *, uint32_t count, bool plain); /* synthetic documents; before any other */
void	data_free(struct data *);
void	data_lock(struct data *);			/* for reading */
void	data_unlock(struct data *);

/* Reading. Numbers are below the counts. */
uint32_t data_document_count(const struct data *);
uint32_t data_version_rows(const struct data *);	/* not every row has a version */
/* A synthetic document is made in *space, which must outlive what is returned. */
const struct document *data_document(const struct data *, uint32_t number, struct document *space);
/* NULL: no version has this row. */
const struct version *data_version(const struct data *, uint32_t row, struct document *space,
    const struct document **out);
size_t	data_title(const struct data *, const struct document *, char out[VALUE_SPACE]);
size_t	data_path_on_client(const struct data *, const struct document *, const struct version *,
    char out[VALUE_SPACE]);
bool	data_url(
    const struct data *, const struct document *, char out[VALUE_SPACE]); /* false: not a link */

/* The bytes of a version: of a file on disk, or `bytes`. */
struct content {
	const char	*file;
	const char	*bytes;
	int64_t		 size;
	char		 md5[33];
	uint64_t	 key;		/* 0: nothing is in here; so that asking twice costs once */
	char		 space[SYNTHETIC_BYTES];
};
void	data_content(const struct data *, const struct document *, const struct version *,
    struct content *);

#define DATA_USERS	6
#define DATA_RUN_AS	0	/* the user who logs in */
struct person {
	const char	*username, *first, *last, *alias;
};
const struct person *data_user(uint32_t number);
bool	data_find_user(const char *username, unsigned *out);

/* Changing. Times are milliseconds; `now` becomes SystemModstamp. */
struct upload {
	const char	*path_on_client;
	const char	*url;		/* of a link; no bytes then */
	const char	*external;	/* FileType of what is elsewhere; no bytes then */
	const char	*file;		/* on disk, left there; or ... */
	const char	*bytes;		/* ... these, copied */
	size_t		 len;
	const char	*reason;
	int64_t		 modified;	/* of the content */
};
struct placing {
	uint32_t	 owner, library, folder;
	enum place_kind	 record_kind;
	uint32_t	 record;
	bool		 archived;
};
#define PLACING_NONE                                                                               \
	{                                                                                          \
		DATA_RUN_AS, DOCUMENT_NONE, DOCUMENT_NONE, PLACE_ACCOUNT, DOCUMENT_NONE, false     \
	}
int	data_add_document(struct data *, const char *title, const struct placing *,
    const struct upload *, int64_t now, uint32_t *out);
int	data_add_version(struct data *, uint32_t number, const struct upload *, int64_t now);
/* Other bytes for the latest version, which keeps its Id and number. */
int	data_replace_version(struct data *, uint32_t number, const struct upload *, int64_t now);
int	data_rename(struct data *, uint32_t number, const char *title, int64_t now);
/* Sets and clears bits of enum document_state. */
enum data_date { DATA_CREATED, DATA_MODIFIED, DATA_STAMP, DATA_DATES };
int	data_set_date(struct data *, uint32_t number, enum data_date, int64_t ms);
int	data_mark(struct data *, uint32_t number, unsigned set, unsigned clear, int64_t now);
void	data_empty_bin(struct data *);
int	data_own(struct data *, uint32_t number, uint32_t owner, int64_t now);
/* Into a library's folder, or (both DOCUMENT_NONE) out of all. */
int	data_put(struct data *, uint32_t number, uint32_t library, uint32_t folder, int64_t now);
int	data_set(struct data *, uint32_t number, const struct field *, const char *text,
    int64_t now);
int	data_set_version(struct data *, uint32_t number, unsigned index, const struct field *,
    const char *text, int64_t now);
int	data_set_reason(struct data *, uint32_t number, unsigned index, const char *text,
    int64_t now);

#endif

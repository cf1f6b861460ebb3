/*
 * document - one ContentDocument with its latest ContentVersion, as data.
 *
 * One table says which fields sffs keeps, their paths in Salesforce's answers and
 * their types. From it come the SELECT list and the reader of query pages (rest),
 * the columns (catalogue) and metadata.json (tree). A new field is one row; fields of a
 * parent (with a dot) stand together, last. There is room for 32.
 *
 * Fields and types: Object Reference, ContentDocument and ContentVersion.
 * Plain data, no locks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "auth/clock.h"

/*
 * X(kind, member, path): TEXT is a string or NULL for null, ID an 18-character
 * Id or "", INT a whole number or -1 for null, TIME milliseconds since 1970 (UTC),
 * from year 1 to 9999, or -1 for null, BOOL 0, 1.
 */
#define DOCUMENT_FIELDS(X) \
	X(ID,   id,                  "Id") \
	DOCUMENT_FIELDS_ALIKE(X) \
	X(ID,   parent_id,           "ParentId") \
	X(ID,   created_by_id,       "CreatedById") \
	X(TIME, created,             "CreatedDate") \
	X(ID,   last_modified_by_id, "LastModifiedById") \
	X(TIME, last_modified,       "LastModifiedDate") \
	X(TIME, system_modstamp,     "SystemModstamp") \
	X(TEXT, publish_status,      "PublishStatus") \
	X(TEXT, sharing_option,      "SharingOption") \
	X(TEXT, sharing_privacy,     "SharingPrivacy") \
	X(BOOL, is_archived,         "IsArchived") \
	X(BOOL, is_deleted,          "IsDeleted") \
	X(ID,   version_id,          "LatestPublishedVersionId") \
	DOCUMENT_FIELDS_OF_VERSION(X, "LatestPublishedVersion.")

/* A ContentVersion as a document: the fields in which versions of one document differ. */
#define DOCUMENT_VERSION_FIELDS(X) \
	X(ID,   id,                  "ContentDocumentId") \
	X(ID,   version_id,          "Id") \
	DOCUMENT_FIELDS_ALIKE(X) \
	X(ID,   created_by_id,       "CreatedById") \
	DOCUMENT_FIELDS_OF_VERSION(X, "")

/* Those that both objects have under one name. */
#define DOCUMENT_FIELDS_ALIKE(X) \
	X(TEXT, title,               "Title") \
	X(TEXT, file_extension,      "FileExtension") \
	X(TEXT, file_type,           "FileType") \
	X(INT,  content_size,        "ContentSize") \
	X(TIME, content_modified,    "ContentModifiedDate") \
	X(TEXT, description,         "Description") \
	X(ID,   owner_id,            "OwnerId")
/* Those of a version, seen from `parent`. */
#define DOCUMENT_FIELDS_OF_VERSION(X, parent) \
	X(TEXT, checksum,            parent "Checksum") \
	X(TEXT, version_number,      parent "VersionNumber") \
	X(TEXT, path_on_client,      parent "PathOnClient") \
	X(TEXT, content_location,    parent "ContentLocation") \
	X(TEXT, content_url,         parent "ContentUrl") \
	X(TEXT, reason,              parent "ReasonForChange") \
	X(TIME, version_created,     parent "CreatedDate") \
	X(TIME, version_modstamp,    parent "SystemModstamp")

#define DOCUMENT_C_ID(member)	char member[19];
#define DOCUMENT_C_TEXT(member)	const char *member;
#define DOCUMENT_C_INT(member)	int64_t member;
#define DOCUMENT_C_TIME(member)	int64_t member;
#define DOCUMENT_C_BOOL(member)	bool member;

struct document {
#define X(kind, member, path) DOCUMENT_C_##kind(member)
	DOCUMENT_FIELDS(X)
#undef X
	uint64_t	 key, version_key;	/* of the Id, and of the content: fs/name.h */
	bool		 listed;	/* false: it is only found by its Id or through a record */
	const char	*name;	/* in documents/; NULL until the catalogue has given it one */
	char		*text;	/* has all strings; NULL: somebody else keeps them */
};

void	document_free(struct document *);	/* its strings; leaves an empty document */
/* A copy with its own strings. -ENOMEM. */
int	document_copy(const struct document *, struct document *out);

bool	document_is_csv(const struct document *);	/* has views */
bool	document_is_note(const struct document *);	/* HTML; also there as plain text */
/* The org has a record of it, but its bytes are not in Salesforce. */
bool	document_is_elsewhere(const struct document *);
/* Its file is an internet shortcut, not bytes of the org. */
bool	document_is_link(const struct document *);

/* 32 hex digits; NULL: the org gives none. */
const char *document_md5(const struct document *);
/*
 * The name of its bytes: the version's Id with the MD5 or, if there is none, with the version's
 * SystemModstamp and size. Bytes that change in place get another name.
 */
struct document_content { char s[56]; };
struct document_content document_content(const struct document *);

/* A TIME as 2026-01-31T12:00:00Z, or "" for null. */
struct clock_text document_date(int64_t ms);
struct timespec document_timespec(int64_t ms);

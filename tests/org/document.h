/*
 * document - one document of the org with its versions.
 *
 * A document is a number; its record Ids are made from that. A field that is NULL (an md5 that is
 * empty, a size below zero) is synthetic: it is made when somebody asks for it.
 *
 * Pure data.
 */
#ifndef ORG_DOCUMENT_H
#define ORG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/org/extra.h"
#include "tests/org/link.h"
#include "tests/org/place.h"

enum document_state {
	DOCUMENT_DELETED = 1, DOCUMENT_ARCHIVED = 2,
	DOCUMENT_UNSHARED = 4,		/* exists, but no longer for this user */
	DOCUMENT_GONE = 8,		/* the bin was emptied */
};

struct version {
	uint32_t	 row;		/* its number among all versions */
	unsigned	 number;	/* 1, 2, ... */
	int64_t created; /* milliseconds since 1970, whole seconds, as all times here */
	int64_t		 modified;	/* of the content */
	int64_t		 size;
	char		*path_on_client;
	char		*file;		/* where the bytes are on disk, or ... */
	char		*bytes;		/* ... here */
	char		*reason;
	char		 md5[33];
	struct extra	*extras;
};

#define DOCUMENT_FEW	3	/* versions that a synthetic document has at most */
#define DOCUMENT_NONE	UINT32_MAX

struct document {
	uint32_t	 number;
	unsigned	 state;
	char		*title;
	int64_t		 created, modified, modstamp, archived;
	uint32_t	 owner;				/* number of a user */
	uint32_t	 library, folder, record;	/* or DOCUMENT_NONE */
	enum place_kind	 record_kind;
	unsigned users; /* bits: users with whom it was shared */
	bool recorded; /* linked to a record besides the one above */
	char share[LINKS], visibility[LINKS]; /* of the three links; 0: unchanged */
	char		*url;				/* of a link, which has no bytes */
	char		*external;			/* FileType, if stored outside Salesforce */
	struct extra	*extras;
	unsigned	 count;				/* > 0; the last version is the latest */
	struct version	*versions;
	struct version	 few[DOCUMENT_FEW];		/* where a synthetic document's are */
};

#endif

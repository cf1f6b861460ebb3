/*
 * place - what a document can be in or linked to: libraries, folders, records.
 *
 * Numbered from 0, each kind by itself. A place is never removed, only marked.
 *
 * Any thread; whoever reads holds data_lock, the functions that change take
 * what they need.
 */
#ifndef ORG_PLACE_H
#define ORG_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct data;
struct extra;
struct field;

enum place_kind {
	PLACE_LIBRARY,
	PLACE_FOLDER,
	PLACE_ACCOUNT,
	PLACE_CONTACT,
	PLACE_OPPORTUNITY,
	PLACES
};

struct place {
	char		*name;
	uint32_t	 library;	/* of a folder */
	uint32_t parent; /* of a folder (DOCUMENT_NONE: it is its library's root); the account of a
			    contact or opportunity */
	uint32_t	 owner;		/* user */
	int64_t		 created, modstamp;
	bool		 deleted;
	struct extra	*extras;
};

uint32_t place_count(const struct data *, enum place_kind);
const struct place *place_get(const struct data *, enum place_kind, uint32_t number);
uint32_t place_root(const struct data *, uint32_t library);	/* its root folder; DOCUMENT_NONE */

/* All -ENOMEM. A library brings its root folder, which is named as it is. */
int place_add(struct data *, enum place_kind, const char *name, uint32_t library, uint32_t parent,
    int64_t now, uint32_t *out);
/* The one of this name (a folder: in its parent), made if there is none. */
int place_want(struct data *, enum place_kind, const char *name, uint32_t library, uint32_t parent,
    int64_t now, uint32_t *out);
int place_rename(struct data *, enum place_kind, uint32_t number, const char *name, int64_t now);
void	place_move(struct data *, enum place_kind, uint32_t number, uint32_t parent, int64_t now);
void	place_own(struct data *, enum place_kind, uint32_t number, uint32_t owner, int64_t now);
void	place_delete(struct data *, enum place_kind, uint32_t number, int64_t now);
int place_set(struct data *, enum place_kind, uint32_t number, const struct field *,
    const char *text, int64_t now);

#endif

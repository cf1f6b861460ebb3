/*
 * place - the places of documents: libraries, folders, records.
 *
 * Each kind is numbered from 0. A place is never removed, only marked.
 *
 * Any thread. Readers hold data_lock; the functions that change something take it themselves.
 */
#ifndef ORG_PLACE_H
#define ORG_PLACE_H

#include <stdbool.h>
#include <stddef.h>
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
	PLACE_CASE,
	PLACE_LEAD,
	PLACE_INVOICE,
	/* with bytes of their own */
	PLACE_ATTACHMENT,
	PLACE_LEGACY_DOCUMENT,
	PLACE_EVENT_LOG,
	PLACE_EMAIL,
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
	bool		 gone;		/* not even in queryAll */
	struct extra	*extras;
	char		above[19];	/* Id of the record of an attachment; "": none */
	char		*bytes;
	size_t		 size;
};

uint32_t place_count(const struct data *, enum place_kind);
const struct place *place_get(const struct data *, enum place_kind, uint32_t number);
uint32_t place_root(const struct data *, uint32_t library);	/* its root folder; DOCUMENT_NONE */

/* Both: -ENOMEM. Adding a library also adds its root folder, under the same name. */
int	place_add(struct data *, enum place_kind, const char *name, uint32_t library,
    uint32_t parent, int64_t now, uint32_t *out);
/* Finds the place of this name (a folder: in its parent), or makes it. */
int	place_want(struct data *, enum place_kind, const char *name, uint32_t library,
    uint32_t parent, int64_t now, uint32_t *out);
int	place_rename(struct data *, enum place_kind, uint32_t number, const char *name,
    int64_t now);
void	place_move(struct data *, enum place_kind, uint32_t number, uint32_t parent, int64_t now);
void	place_own(struct data *, enum place_kind, uint32_t number, uint32_t owner, int64_t now);
void	place_delete(struct data *, enum place_kind, uint32_t number, int64_t now);
/* Copies the bytes, and (unless it is NULL) the Id above. */
int	place_fill(struct data *, enum place_kind, uint32_t number, const char *bytes, size_t,
    const char *above, int64_t now);
void	place_forget(struct data *, enum place_kind, uint32_t number);
int	place_set(struct data *, enum place_kind, uint32_t number, const struct field *,
    const char *text, int64_t now);

#endif

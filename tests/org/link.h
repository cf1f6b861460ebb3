/*
 * link - the users, libraries and records with which a document is shared.
 *
 * Each document has three links by what it is: to its owner, its library and its record. Links that
 * were created later are kept here. A row is the number of a link: document * LINK_STRIDE + which
 * of the three, or LINK_FIRST_MADE and up.
 *
 * Any thread. Readers hold data_lock; the functions that change something take it themselves.
 */
#ifndef ORG_LINK_H
#define ORG_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/org/place.h"
#include "tests/org/schema.h"

struct data;
struct document;

enum link { LINK_OWNER, LINK_LIBRARY, LINK_RECORD, LINKS };
#define LINK_STRIDE	4
#define LINK_FIRST_MADE	0x80000000u

struct link_row {
	uint32_t	 document;
	enum object_kind kind;		/* of the other end */
	uint32_t	 number;
	char		 share;		/* V, C, I */
	char		 visibility;	/* A llUsers, I nternalUsers, S haredUsers */
	int64_t		 created;	/* 0: with the document */
	bool		 deleted;
};

enum object_kind link_record(enum place_kind); /* the object of such records */
uint32_t link_rows_end(const struct data *);
/* False: the document has no such link. A deleted link is returned, and marked. */
bool	link_get(const struct data *, uint32_t row, const struct document *, struct link_row *out);
uint32_t link_document(const struct data *, uint32_t row);	/* DOCUMENT_NONE */
/* The rows of a document: stores at most `room`, returns the number of all. */
size_t	link_rows_of(const struct data *, uint32_t document, uint32_t *out, size_t room);
/* Returns the row of the link to this, or DOCUMENT_NONE. */
uint32_t link_find(const struct data *, const struct document *, enum object_kind, uint32_t number);

int	link_add(struct data *, const struct link_row *, uint32_t *out); /* -EEXIST, -ENOMEM */
int	link_change(
    struct data *, uint32_t row, char share, char visibility); /* 0: as it is. -ENOMEM */
int	link_delete(struct data *, uint32_t row);

#endif

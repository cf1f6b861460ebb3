/*
 * rows - the records of each object, and the values of their fields.
 *
 * A record is its object and a number; numbers of an object are in the order
 * of its ids. A row is loaded before it is looked at, and its values are made
 * only when they are asked for.
 *
 * Any thread; the data are locked by the caller as long as a row is used.
 */
#ifndef ORG_ROWS_H
#define ORG_ROWS_H

#include "tests/org/data.h"
#include "tests/org/id.h"
#include "tests/org/schema.h"
#include "tests/org/value.h"

/* Which records somebody may see. */
struct rows_view {
	bool		 deleted;	/* deleted and archived ones too, as queryAll */
	bool		 archived;	/* archived ones alone, too */
	bool		 all_files;	/* the user has Query All Files */
	bool by_id; /* asked for by its id: also files that only a record leads to */
	unsigned	 version;	/* of the API */
	unsigned	 user;		/* who looks */
};

struct row {
	const struct data *data;
	const struct object *object;
	uint32_t	 number;
	const struct document *document;	/* of objects that are about one */
	const struct version *version;		/* of ContentVersion */
	struct link_row	 link;			/* of ContentDocumentLink and ContentWorkspaceDoc */
	const struct object *named;		/* of Name: what it is in truth */
	unsigned	 api;			/* version of the API, for URLs */
	struct content *content; /* the caller's; where a content is kept once it was made */
	struct document	 space;
};

uint32_t rows_end(const struct data *, const struct object *); /* one past the last number */
uint32_t rows_next(const struct data *, const struct object *,
    uint32_t number); /* this number, or the one behind a gap in them */
/* False: there is no such record, or not for this view. `content` may be shared by rows used one
 * after the other. */
bool row_load(const struct data *, const struct object *, uint32_t number, const struct rows_view *,
    struct content *, struct row *out);
void	row_value(const struct row *, const struct field *, struct value *out);
void	row_id(const struct row *, char out[ID_SIZE]);

/*
 * The record that an id names, as it comes in a path: NULL, with *out and its id; else the code of
 * the error, and its message where it is not the usual one (else "").
 */
const char *row_find(const struct data *, const struct object *, const char *text,
    const struct rows_view *, struct row *out, char id[ID_SIZE], char *message, size_t size);
/* The number that an id stands for; whether there is such a record, row_load knows. */
bool	rows_find(const struct data *, const struct object *, const char *id, uint32_t *out);
/* The first number whose id is not below `id`. */
uint32_t rows_lower_bound(const struct data *, const struct object *, const char *id);
/* The rows of an object that belong to a document: at most `room` are stored, the number of all is
 * returned. */
size_t rows_of_document(
    const struct data *, const struct object *, uint32_t document, uint32_t *out, size_t room);
/* The kind of place that an object is about; PLACES: none. */
enum place_kind rows_place(const struct object *);
/* The object that an id belongs to, or NULL. */
const struct object *rows_object(const char *id);

/* Extension and FileType of a path; "" and "UNKNOWN" where there is none. */
const char *file_extension(const char *path_on_client);
const char *file_type(const char *path_on_client);

#endif

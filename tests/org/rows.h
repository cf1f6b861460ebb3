/*
 * rows - the records of each object, and the values of their fields.
 *
 * A record is an object and a number; the numbers of an object have the order of its Ids. Load a
 * row before you read it; its values are made only when somebody asks for them.
 *
 * Any thread. The caller holds data_lock as long as it uses a row.
 */
#ifndef ORG_ROWS_H
#define ORG_ROWS_H

#include "tests/org/data.h"
#include "tests/org/id.h"
#include "tests/org/schema.h"
#include "tests/org/value.h"

/* The records that somebody may see. */
struct rows_view {
	bool		 deleted;	/* deleted and archived ones too, as in queryAll */
	bool		 archived;	/* archived ones too */
	bool		 all_files;	/* the user has Query All Files */
	bool		 query;		/* of a user, rather than by a path */
	bool by_id; /* a request by Id: finds files that only a record leads to */
	unsigned	 version;	/* of the API */
	unsigned	 user;		/* who looks */
	int64_t		 now;		/* ms, for TODAY */
};

struct row {
	const struct data *data;
	const struct object *object;
	uint32_t	 number;
	const struct document *document;	/* of objects that belong to one */
	const struct version *version;		/* of ContentVersion */
	struct link_row	 link;			/* of ContentDocumentLink and ContentWorkspaceDoc */
	const struct object *named;		/* of Name: the real object */
	unsigned	 api;			/* version of the API, for URLs */
	struct content *content; /* the caller's; keeps a content once it was made */
	struct document	 space;
};

uint32_t rows_end(const struct data *, const struct object *); /* one past the last number */
uint32_t rows_next(const struct data *, const struct object *,
    uint32_t number); /* this number, or the next one after a gap */
/* False: no such record, or this view does not show it. Rows that are used one after the other may
 * share `content`. */
bool	row_load(const struct data *, const struct object *, uint32_t number,
    const struct rows_view *, struct content *, struct row *out);
void	row_value(const struct row *, const struct field *, struct value *out);
void	row_id(const struct row *, char out[ID_SIZE]);

/*
 * Finds the record of an Id in a path. Returns NULL and sets *out and its Id; or returns the code
 * of the error, and its message ("": the usual one).
 */
const char *row_find(const struct data *, const struct object *, const char *text,
    const struct rows_view *, struct row *out, char id[ID_SIZE], char *message, size_t size);
/* The number of an Id; row_load says whether there is such a record. */
bool	rows_find(const struct data *, const struct object *, const char *id, uint32_t *out);
/* Returns the first number whose Id is not below `id`. */
uint32_t rows_lower_bound(const struct data *, const struct object *, const char *id);
/* The rows of an object that belong to a document: stores at most `room`, returns the number of
 * all. */
size_t	rows_of_document(const struct data *, const struct object *, uint32_t document,
    uint32_t *out, size_t room);
/* The kind of place of an object; PLACES: none. */
enum place_kind rows_place(const struct object *);
/* The object that an id belongs to, or NULL. */
const struct object *rows_object(const char *id);

/* Extension and FileType of a path; "" and "UNKNOWN" where there is none. */
const char *file_extension(const char *path_on_client);
const char *file_type(const char *path_on_client);

#endif

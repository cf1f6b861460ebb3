/*
 * writer - how records of each object are made, changed and deleted.
 *
 * A table has a row for each object, with a function for each of the three. A write is checked as a
 * whole, then done. With `dry` set it stops before the first change, to try a collection that must
 * succeed as a whole.
 *
 * Any thread; takes data_lock itself.
 */
#ifndef ORG_WRITER_H
#define ORG_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/org/rows.h"

struct cJSON;
struct org;

enum writer_op { WRITER_CREATE, WRITER_UPDATE, WRITER_DELETE };

struct write {
	struct org	*org;
	const struct rows_view *view;
	const struct object *object;
	const struct cJSON *fields;
	const char	*blob;		/* the second part; NULL: none */
	size_t		 blob_len;
	uint32_t	 number;	/* update, delete: the row */
	uint32_t	 document;	/* the one it is about, or DOCUMENT_NONE */
	unsigned	 index;		/* of a version */
	bool		 dry;
	bool		 allow_duplicates, no_assignment;	/* headers of the request */
	char		 id[ID_SIZE];	/* of the record */
	const char	*code;		/* why it failed; NULL: it succeeded */
	const char	*about;		/* a field, or NULL */
	char		 message[512];
};

/* id: of the record to change or delete; NULL: a new one. False: code, message and about say
 * why. */
bool	writer_run(struct write *, enum writer_op, const char *id);
/* Changes the record that has this value in a field that is an external Id (or the Id), or makes
 * it. */
bool	writer_upsert(struct write *, const char *field, const char *value, bool *created);
/* Finds the one record with this value in a field that is an external Id; its Id is in w->id. */
bool	writer_find(struct write *, const char *field, const char *value);
/* Takes back the making of a record, or of a first version, as if it had never been. */
void	writer_undo(struct org *, const char *id);
/* Sets code, about and message; returns false. */
bool	writer_fail(struct write *, const char *code, const char *about, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif

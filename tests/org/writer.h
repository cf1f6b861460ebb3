/*
 * writer - how records of each object are made, changed and deleted.
 *
 * A table: an object is a row, with a function for each of the three. A write
 * is checked as a whole, then done; with `dry` set it stops before the first
 * change, so that a collection that is all or nothing can be tried first.
 *
 * Any thread; takes data_lock where it needs it.
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
	const char	*blob;		/* of a second part; NULL: none */
	size_t		 blob_len;
	uint32_t	 number;	/* update, delete: the row */
	uint32_t	 document;	/* the one it is about, or DOCUMENT_NONE */
	unsigned	 index;		/* of a version */
	bool		 dry;
	char		 id[ID_SIZE];	/* of the record */
	const char	*code;		/* why not; NULL: it is done */
	const char	*about;		/* a field, or NULL */
	char		 message[512];
};

/* id: of what is changed or deleted; NULL: what is written is new. False: code, message and about
 * tell why. */
bool	writer_run(struct write *, enum writer_op, const char *id);
/* Says why not; false. */
bool writer_fail(struct write *, const char *code, const char *about, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif

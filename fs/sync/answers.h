/*
 * answers - the rows that the org answered to a question, in memory and as bytes for the catalogue.
 *
 * As bytes each row is four strings with their NULs: Id, name, more, and "f" for a folder. In
 * memory an answer never changes and belongs to all who hold it.
 *
 * Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/buf.h"
#include "fs/rest/rest.h"

struct answer {
	int64_t		 asked;		/* this machine's clock (ms) */
	size_t		 count;
	const struct rest_row *rows;	/* in order of Id; "" where there is no text */
};

/* Appends a row. name and more may be NULL. */
void	answers_pack(struct buf *, const char *id, const char *name, const char *more, bool folder);
/* The caller's until answers_put. -ENOENT: these bytes are no answer; -ENOMEM. */
int	answers_unpack(const void *, size_t len, int64_t asked, const struct answer **out);
const struct answer *answers_get(const struct answer *);	/* once more */
void	answers_put(const struct answer *);		/* NULL is fine */
/* The row of that Id; NULL: there is none. */
const struct rest_row *answers_find(const struct answer *, const char *id);

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

struct answer_row {
	char		 id[19];
	bool		 folder;
	const char	*name, *more;	/* "" where there is none */
};

struct answer {
	int64_t		 asked;		/* this machine's clock (ms) */
	size_t		 count;
	const struct answer_row *rows;	/* in order of Id */
};

/* Appends a row. name and more may be NULL. */
void	answers_pack(struct buf *, const char *id, const char *name, const char *more, bool folder);
/* The caller's until answers_put. -ENOENT: these bytes are no answer; -ENOMEM. */
int	answers_unpack(const void *, size_t len, int64_t asked, const struct answer **out);
const struct answer *answers_get(const struct answer *);	/* once more */
void	answers_put(const struct answer *);		/* NULL is fine */
/* The row of that Id; NULL: there is none. */
const struct answer_row *answers_find(const struct answer *, const char *id);

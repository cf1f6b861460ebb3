/*
 * csv - the CSV of Bulk API 2.0: all cells in quotes when it is written; quotes or none when it is
 * read.
 *
 * Pure. Any thread.
 */
#ifndef ORG_CSV_H
#define ORG_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/buf.h"

struct csv_delimiter {
	const char	*name;		/* COMMA, TAB, ... */
	char		 byte;
};

const struct csv_delimiter *csv_delimiter(const char *name);	/* NULL: none of that name */

/* A row that was read: its cells end in NULs and live until the next one is read into it. */
struct csv_row {
	char		**cell;
	size_t		 count;
	/* private */
	size_t		 capacity;
	struct buf	 text;
	size_t		*at;
};

/* Reads a row from *s on, and moves *s; false: there is none, or no memory. */
bool	csv_read(const char **s, const char *end, char delimiter, struct csv_row *);
void	csv_row_free(struct csv_row *);
/* Whether the first line ends in CRLF. */
bool	csv_has_crlf(const char *, size_t);
void	csv_put(struct buf *, const char *, size_t);

#endif

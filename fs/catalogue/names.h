/*
 * names - which document holds which name.
 *
 * All documents of a catalogue have one order for every name: the older first (CreatedDate, then
 * key). So there is one outcome in which each document has the best of its candidate names that no
 * older one has, and each function here goes from the outcome of one set of documents to that of
 * the next. Each writes the names whose meaning it changes into the log of changes.
 *
 * Caller locks: it belongs to the catalogue's writer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "db.h"

#define NAMES_CANDIDATES 3
#define NAMES_LAST (NAMES_CANDIDATES - 1)	/* the document's alone: nobody waits for it */

struct names {
	struct db	*db;
	uint64_t	(*hash)(const char *name);
	bool		 silent;	/* no changes are logged */
};

/* A document as far as its name is concerned. */
struct named {
	uint64_t	 key;
	int64_t		 created;
	unsigned	 rank;			/* of the name that it holds */
	const char	*names[NAMES_CANDIDATES];	/* NULL: none */
	char	*text;		/* what names point into; NULL where it belongs to somebody else */
};

/* From a row that is one of SQL_SELECT_NAMED, perhaps with more columns. */
int	names_read(struct db *, sqlite3_stmt *, struct named *out);
void	names_free(struct named *);

/*
 * A document comes: names_add finds its rank, `from` or higher, and the younger document that must
 * make room for it (displaced->key 0: none; set on an error, too). The caller then inserts its row
 * with that rank, and names_displace finds another name for the displaced one, and so on.
 */
int	names_add(struct names *, struct named *, unsigned from, struct named *displaced);
int	names_displace(struct names *, struct named *displaced /* takes */);
/* A document goes: the caller has deleted its row. */
int	names_remove(struct names *, const struct named *);

/* Gives names to all documents, whatever they have had. Logs no changes. */
int	names_assign_all(struct names *);

/* A name gets another meaning: the document with this key gains or loses it, or its version. */
int	names_log(struct names *, const char *name, uint64_t key);

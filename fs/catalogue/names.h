/*
 * settle - which document holds which name.
 *
 * All documents of a catalogue have the same order of rank for every name: the
 * older first (CreatedDate, then key). So there is one outcome in which each has
 * the best of its candidates that no older one has, and each function here
 * goes from the outcome of one set of documents to that of the next.
 *
 * It also keeps, for the transaction under way, which names have changed hands and
 * what each meant before: that grows with the transaction, not with the catalogue.
 *
 * Caller locks: a settle is the writer's.
 */
#ifndef FS_CATALOGUE_NAMES_H
#define FS_CATALOGUE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/buf.h"

#include "db.h"

#define SETTLE_CANDIDATES	3
#define SETTLE_LAST (SETTLE_CANDIDATES - 1) /* the document's alone: nobody waits for it */

struct claimant {
	uint64_t	 key, version_key;
	int64_t		 created;
	unsigned	 rank;			/* of the name that it holds */
	const char	*names[SETTLE_CANDIDATES];	/* NULL: none */
	char *text; /* what the names point into; NULL where somebody else keeps them */
};

/* Names that have changed hands. */
struct change {
	size_t		 name;			/* where it begins in names */
	uint64_t	 key, version_key;	/* what it meant before; 0: nothing */
};

struct changes {
	struct buf	 names;
	struct change	*list;
	size_t		 count, cap;
};

struct settle {
	struct db	*db;			/* these two never change */
	uint64_t	(*hash)(const char *name);
	struct changes	 changes;		/* in the transaction under way */
};

/* From a row that begins with SQL_CLAIMANT_TEXT. */
int	claimant_read(sqlite3_stmt *, struct claimant *out);
/* Loads the claimant that the statement SQL_CLAIMANT or SQL_HOLDER finds by a number: -ENOENT if
 * there is none. */
int	settle_load(struct settle *, unsigned which, uint64_t number, struct claimant *out);
void	claimant_free(struct claimant *);

/*
 * A document comes: settle_come finds its rank and who has to make room for it (pushed.key 0:
 * nobody); the caller inserts its row with that rank; settle_push finds another name for who was
 * pushed, and so on.
 */
int	settle_come(struct settle *, struct claimant *, struct claimant *pushed);
int	settle_push(struct settle *, struct claimant *pushed /* takes */);
/* A document goes: the caller has deleted its row. */
int	settle_go(struct settle *, const struct claimant *);

/* Gives names to all documents, whatever they have had. Forgets the changes. */
int	settle_all(struct settle *);

/* A name's meaning is about to change from this; only the first time counts. -ENOMEM. */
int	settle_change(struct settle *, const char *name, uint64_t key, uint64_t version_key);
/* In order of name, each once, with what it meant first. */
void	changes_sort(struct changes *);
void	changes_free(struct changes *);

#endif

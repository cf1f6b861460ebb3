/*
 * internal - the insides of a catalogue: catalogue.c writes, read.c reads.
 *
 * Any thread: each lock below says which fields it guards.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "catalogue.h"
#include "db.h"
#include "names.h"

#define READERS_KEPT	8

struct catalogue {
	struct db_file	*file;		/* these three never change while others use it */
	void		(*unfilled)(void *ctx);	/* may be NULL */
	void		*unfilled_ctx;
	atomic_uint	 filled;	/* the number of the file that is known to be filled */

	pthread_mutex_t	 read_lock;	/* guards: idle, idle_count */
	struct db	*idle[READERS_KEPT];
	unsigned	 idle_count;

	pthread_mutex_t	 write_lock;	/* guards: the six below. Held for as long as a batch */
	struct db	*writer;
	struct names	 names;
	int64_t		 documents, bytes;	/* what the batch adds to the totals */
	bool		 touched;	/* it changed what is listed */
	bool		 named;		/* documents have their names */

	pthread_mutex_t	 note_lock;	/* guards: notes. May be taken with write_lock held */
	struct db	*notes;		/* NULL: no reconcile */

	pthread_mutex_t	 tell_lock;	/* guards: told, told_number */
	int64_t		 told;		/* the last change that catalogue_changes has passed on */
	unsigned	 told_number;	/* the number of the file with this change */
};

/* A connection that reads, for one thread until it is put back. */
int	catalogue_get_reader(struct catalogue *, struct db **out);
void	catalogue_put_reader(struct catalogue *, struct db *);
/* Whether the file of this connection is filled. */
int	catalogue_read_filled(struct catalogue *, struct db *, bool *out);

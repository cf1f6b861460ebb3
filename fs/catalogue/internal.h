/*
 * parts - the insides of a catalogue: catalogue.c writes, catalogue/read.c reads.
 */
#ifndef FS_CATALOGUE_INTERNAL_H
#define FS_CATALOGUE_INTERNAL_H

#include <pthread.h>

#include "db.h"
#include "catalogue.h"
#include "names.h"

#define READERS_KEPT	8

#define N(number) ((int64_t)(number))	/* as SQLite has it */

struct catalogue {
	struct db_file	*file;		/* these three never change */
	struct findings	*found;
	uint64_t	(*hash)(const char *name);

	pthread_mutex_t	 read_lock;	/* guards: idle, idle_count */
	struct db	*idle[READERS_KEPT];
	unsigned	 idle_count;

	pthread_mutex_t
	    write_lock; /* held from begin to the end of the batch; guards: the six below */
	struct db	*writer;
	struct settle	 settle;
	int64_t		 documents, bytes;	/* what the batch adds to the totals */
	bool		 touched;	/* it changed what is listed */
	bool		 deferred;	/* names are given later */

	pthread_mutex_t	 note_lock;	/* guards: notes. May be taken with write_lock held */
	struct db	*notes;		/* NULL: no reconcile */

	pthread_mutex_t	 tell_lock;	/* guards: told */
	int64_t		 told;		/* the last change that this process was told of */
};

/* A connection that reads, for one thread until it is put back. */
int	catalogue_get_reader(struct catalogue *, struct db **out);
void	catalogue_put_reader(struct catalogue *, struct db *);

#endif

/*
 * data_parts - private header of data, place and link: the whole of the data, and the documents
 * that are kept.
 *
 * Caller locks.
 */
#ifndef ORG_DATA_PARTS_H
#define ORG_DATA_PARTS_H

#include <pthread.h>

#include "tests/org/data.h"

/* A version that is kept: where its row leads. */
struct kept {
	uint32_t	document;
	unsigned	index;
};

struct data {
	pthread_rwlock_t lock;		/* guards: all below */
	bool		 plain;
	uint32_t	 made;		/* documents 0 .. made - 1 are synthetic */
	struct document	**documents;	/* number made and up */
	uint32_t	 count, capacity;
	struct document **changed; /* synthetic ones that were: a hash by number, open addressing */
	uint32_t	 changed_count, changed_size;	/* size: a power of two, or 0 */
	struct kept	*kept;		/* by row - made * SYNTHETIC_STRIDE */
	uint32_t	 kept_count, kept_capacity;
	struct place	*places[PLACES];
	uint32_t	 place_count[PLACES], place_capacity[PLACES];
	struct link_row	*links;		/* that were made */
	uint32_t	 link_count, link_capacity;
	struct evp_md_st *md5;
};

/* Room for one more of the items of an array. */
bool	data_grow(void *array, uint32_t count, uint32_t *capacity, size_t size);
/* The document, kept from now on. NULL: out of memory. */
struct document *data_keep(struct data *, uint32_t number);

#endif

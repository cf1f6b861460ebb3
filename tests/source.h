/*
 * source - a fill callback that plays a script, for the tests of the store.
 *
 * Each byte is a function of its offset, so that a test can check any read. A gate stops the script
 * until the test opens it, and the test can wait for the gate: nobody sleeps.
 */
#ifndef TESTS_SOURCE_H
#define TESTS_SOURCE_H

#include <errno.h>
#include <openssl/evp.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/store/store.h"

enum source_op {
	END,		/* rc = n */
	SEND,		/* right bytes, up to byte n */
	WRONG,		/* other bytes, up to byte n */
	RESTART,
	GATE,
	ASK,		/* whether it is wanted: -ECANCELED if not, else -ENODATA */
	UNTIL,		/* it is unwanted, or n ms have passed */
	NEXT,		/* rc = n; the later steps are for the next begin */
};

struct step { enum source_op op; uint64_t n; };

#define SOURCE_STEPS 10

struct source {
	struct step	 steps[SOURCE_STEPS];	/* END, 0 after the last */
	const struct step *from; /* the first step of the next begin; NULL: steps */
	sem_t		 reached, open;		/* of gates */
	sem_t		 end;			/* posted at each end */
	atomic_int	 begun, freed;
	atomic_int	 rc;			/* of the last end */
	struct source	*next;
};

/* The store's thread may use a source a moment longer than the test: sources live until the end of
 * the program. */
static struct source *sources;

#define SOURCE_PERIOD 1000003	/* a prime, so that other places have other bytes */

static unsigned char source_table[SOURCE_PERIOD], source_other[SOURCE_PERIOD];

__attribute__((constructor)) static void
source_make(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < SOURCE_PERIOD; i++) {
		x = x * 1664525 + 1013904223;
		source_table[i] = (unsigned char)(x >> 24);
		source_other[i] = source_table[i] ^ 1;
	}
}

/* How many of the n bytes at off are adjacent in a table. */
static inline size_t
source_run(uint64_t off, uint64_t n)
{
	uint64_t left = SOURCE_PERIOD - off % SOURCE_PERIOD;

	return (size_t)(n < left ? n : left);
}

static inline struct source *
source_new(const struct step *steps)
{
	struct source *s = calloc(1, sizeof(*s));

	memcpy(s->steps, steps, sizeof(s->steps));
	sem_init(&s->reached, 0, 0);
	sem_init(&s->open, 0, 0);
	sem_init(&s->end, 0, 0);
	s->next = sources;
	sources = s;
	return s;
}

#define SOURCE(...) source_new((const struct step[SOURCE_STEPS]){ __VA_ARGS__ })

static inline int
source_send(const unsigned char *table, struct blob *b, uint64_t to)
{
	int rc = 0;

	for (uint64_t off = blob_filled(b); off < to && rc == 0; off = blob_filled(b)) {
		size_t n = source_run(off, to - off);

		rc = blob_append(b, table + off % SOURCE_PERIOD, n < 10000 ? n : 10000);
	}
	return rc;
}

static inline int
source_fill(void *ctx, struct blob *b)
{
	struct source *s = ctx;
	int rc = 0;

	s->begun++;
	for (const struct step *step = s->from ? s->from : s->steps; rc == 0; step++) {
		switch (step->op) {
		case SEND: case WRONG:
			rc = source_send(step->op == WRONG ? source_other : source_table, b,
			    step->n);
			break;
		case RESTART:
			rc = blob_restart(b);
			break;
		case GATE:
			sem_post(&s->reached);
			sem_wait(&s->open);
			break;
		case ASK:
			rc = blob_unwanted(b) ? -ECANCELED : -ENODATA;
			break;
		case UNTIL:
			for (uint64_t ms = 0; !blob_unwanted(b) && ms < step->n; ms++)
				usleep(1000);
			break;
		case NEXT:
			s->from = step + 1;
			rc = (int)step->n;
			goto end;
		case END:
			rc = (int)step->n;
			goto end;
		}
	}
end:
	s->rc = rc;
	sem_post(&s->end);
	return rc;
}

static inline void
source_free(void *ctx)
{
	struct source *s = ctx;

	s->freed++;
}

/* The MD5 of the right bytes. */
static inline void
source_md5(uint64_t size, char out[33])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char digest[EVP_MAX_MD_SIZE];

	EVP_DigestInit_ex(md, EVP_md5(), NULL);
	for (uint64_t off = 0; off < size; off += source_run(off, size - off))
		EVP_DigestUpdate(md, source_table + off % SOURCE_PERIOD,
		    source_run(off, size - off));
	EVP_DigestFinal_ex(md, digest, NULL);
	EVP_MD_CTX_free(md);
	for (int i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* A blob of this source. */
static inline int
source_get(struct store *store, const char *name, uint64_t size, struct source *s,
    struct blob **out)
{
	char md5[33];

	source_md5(size, md5);
	return store_get(store,
	    &(struct store_want){ .name = name,
		.size = size,
		.md5 = md5,
		.class = STORE_FETCH,
		.fill = source_fill,
		.ctx = s,
		.free_ctx = source_free },
	    out);
}

static inline bool
source_is_right(const unsigned char *p, uint64_t off, size_t n)
{
	for (size_t i = 0, run; i < n; i += run) {
		run = source_run(off + i, n - i);
		if (memcmp(p + i, source_table + (off + i) % SOURCE_PERIOD, run) != 0)
			return false;
	}
	return true;
}

/* Reads from off up to byte to, in pieces. Returns how far it came with right bytes; or a negative
 * errno, -EILSEQ for a wrong byte. */
static inline int64_t
source_read(struct blob *b, uint64_t off, uint64_t to)
{
	unsigned char piece[30000];

	while (off < to) {
		size_t want = to - off < sizeof(piece) ? (size_t)(to - off) : sizeof(piece);
		ssize_t n = blob_read(b, piece, want, off);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		if (!source_is_right(piece, off, (size_t)n))
			return -EILSEQ;
		off += (uint64_t)n;
	}
	return (int64_t)off;
}

#endif

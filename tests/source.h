/*
 * source - a fill callback that plays a script, for the tests of the store.
 *
 * Its bytes are a function of their offset, so that anybody can tell whether
 * what was read is right. A gate stops the script until the test opens it,
 * and tells the test that it was reached: nobody sleeps.
 */
#ifndef TESTS_SOURCE_H
#define TESTS_SOURCE_H

#include <errno.h>
#include <openssl/evp.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/store.h"

enum source_op {
	END,		/* rc = n */
	SEND,		/* right bytes, up to byte n */
	WRONG,		/* other bytes, up to byte n */
	RESTART,
	GATE,
};

struct step { enum source_op op; uint64_t n; };

#define SOURCE_STEPS 10

struct source {
	struct step	 steps[SOURCE_STEPS];	/* END, 0 behind the last */
	size_t		 piece;			/* bytes an append; 0: 10,000 */
	sem_t		 reached, open;		/* of gates */
	sem_t		 end;			/* posted at each end */
	atomic_int	 begun, freed;
	atomic_int	 rc;			/* what the last one ended with */
	struct source	*next;
};

/* The store's thread may touch a source a moment longer than a test does: they live until the end of the program. */
static struct source *sources;

static inline unsigned char
source_byte(uint64_t off)
{
	return (unsigned char)((off * 2654435761u) >> 11 ^ off >> 16);
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
source_send(const struct source *s, struct blob *b, uint64_t to, unsigned char other)
{
	size_t most = s->piece ? s->piece : 10000;
	unsigned char *piece = malloc(most);
	int rc = 0;

	for (uint64_t off = blob_filled(b); off < to && rc == 0; off = blob_filled(b)) {
		size_t n = to - off < most ? (size_t)(to - off) : most;

		for (size_t i = 0; i < n; i++)
			piece[i] = source_byte(off + i) ^ other;
		rc = blob_append(b, piece, n);
	}
	free(piece);
	return rc;
}

static inline int
source_fill(void *ctx, struct blob *b)
{
	struct source *s = ctx;
	int rc = 0;

	s->begun++;
	for (const struct step *step = s->steps; rc == 0; step++) {
		switch (step->op) {
		case SEND: case WRONG:
			rc = source_send(s, b, step->n, step->op == WRONG);
			break;
		case RESTART:
			rc = blob_restart(b);
			break;
		case GATE:
			sem_post(&s->reached);
			sem_wait(&s->open);
			break;
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
	unsigned char digest[EVP_MAX_MD_SIZE], piece[4096];

	EVP_DigestInit_ex(md, EVP_md5(), NULL);
	for (uint64_t off = 0; off < size;) {
		size_t n = size - off < sizeof(piece) ? (size_t)(size - off) : sizeof(piece);

		for (size_t i = 0; i < n; i++)
			piece[i] = source_byte(off + i);
		EVP_DigestUpdate(md, piece, n);
		off += n;
	}
	EVP_DigestFinal_ex(md, digest, NULL);
	EVP_MD_CTX_free(md);
	for (int i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* A blob of this source. */
static inline int
source_get(struct store *store, const char *name, uint64_t size, struct source *s, struct blob **out)
{
	char md5[33];

	source_md5(size, md5);
	return store_get(store, &(struct store_want){ .name = name, .size = size, .md5 = md5, .class = STORE_FETCH,
	    .fill = source_fill, .ctx = s, .free_ctx = source_free }, out);
}

/* Reads from off up to byte to, in pieces. How far it came, all of it right; or a negative errno, -EILSEQ for a wrong byte. */
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
		for (ssize_t i = 0; i < n; i++)
			if (piece[i] != source_byte(off + (uint64_t)i))
				return -EILSEQ;
		off += (uint64_t)n;
	}
	return (int64_t)off;
}

#endif

/*
 * Sets of WAYS entries, chosen by the key; in a set the least recently used one goes.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fs/name.h"

#include "paths.h"

#define SETS	4096
#define WAYS	8

struct entry {
	uint64_t	 key, used;
	char		*text;		/* NULL: free */
};

struct paths {
	pthread_mutex_t	 lock;		/* guards: all below */
	uint64_t	 clock;
	struct entry	 sets[SETS][WAYS];
};

struct paths *
paths_new(void)
{
	struct paths *r = calloc(1, sizeof(*r));

	if (r)
		pthread_mutex_init(&r->lock, NULL);
	return r;
}

void
paths_free(struct paths *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < SETS; i++)
		for (size_t k = 0; k < WAYS; k++)
			free(r->sets[i][k].text);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

uint64_t
paths_key(const char *text)
{
	uint64_t h = name_hash_of(NAME_UNIX)(text);

	return (h ^ h >> NAME_KEY_BITS) & ((UINT64_C(1) << NAME_KEY_BITS) - 1);
}

/* Caller locks. The entry of that key, or the one that may go for it. */
static struct entry *
entry_of(struct paths *r, uint64_t key)
{
	struct entry *set = r->sets[key % SETS], *oldest = set;

	for (size_t k = 0; k < WAYS; k++) {
		if (set[k].text && set[k].key == key)
			return &set[k];
		if (!set[k].text || (oldest->text && set[k].used < oldest->used))
			oldest = &set[k];
	}
	return oldest;
}

int
paths_put(struct paths *r, const char *text)
{
	uint64_t key = paths_key(text);
	int rc = 0;

	pthread_mutex_lock(&r->lock);
	struct entry *e = entry_of(r, key);
	if (!e->text || e->key != key || strcmp(e->text, text) != 0) {
		char *copy = strdup(text);

		if (copy) {
			free(e->text);
			*e = (struct entry){ .key = key, .text = copy };
		} else {
			rc = -ENOMEM;
		}
	}
	e->used = ++r->clock;
	pthread_mutex_unlock(&r->lock);
	return rc;
}

int
paths_get(struct paths *r, uint64_t key, struct buf *out)
{
	int rc = -ESTALE;

	pthread_mutex_lock(&r->lock);
	struct entry *e = entry_of(r, key);
	if (e->text && e->key == key) {
		e->used = ++r->clock;
		buf_puts(out, e->text);
		rc = out->failed ? -ENOMEM : 0;
	}
	pthread_mutex_unlock(&r->lock);
	return rc;
}

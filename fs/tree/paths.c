#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "fs/name.h"

#include "paths.h"

#define PATHS_MOST	32768

struct path {
	uint64_t	 key;
	UT_hash_handle	 hh;
	char		 text[];
};

struct paths {
	pthread_mutex_t	 lock;		/* guards: all below */
	struct path	*table;		/* the least recently used first */
};

struct paths *
paths_new(void)
{
	struct paths *ps = calloc(1, sizeof(*ps));

	if (ps)
		pthread_mutex_init(&ps->lock, NULL);
	return ps;
}

void
paths_free(struct paths *ps)
{
	struct path *p, *next;

	if (!ps)
		return;
	HASH_ITER(hh, ps->table, p, next) {
		HASH_DEL(ps->table, p);
		free(p);
	}
	pthread_mutex_destroy(&ps->lock);
	free(ps);
}

uint64_t
paths_key(const char *path)
{
	uint64_t h = name_hash_of(NAME_UNIX)(path);

	return (h ^ h >> NAME_KEY_BITS) & ((UINT64_C(1) << NAME_KEY_BITS) - 1);
}

/* Caller locks. The path of that key, now the most recently used: this text; or, if that is NULL,
 * what the table has. NULL: nothing, or no memory. */
static const struct path *
use_path(struct paths *ps, uint64_t key, const char *text)
{
	struct path *p;

	HASH_FIND(hh, ps->table, &key, sizeof(key), p);
	if (p)
		HASH_DEL(ps->table, p);
	if (text && (!p || strcmp(p->text, text) != 0)) {
		free(p);
		p = malloc(sizeof(*p) + strlen(text) + 1);
		if (p) {
			p->key = key;
			strcpy(p->text, text);
		}
	}
	if (!p)
		return NULL;
	HASH_ADD(hh, ps->table, key, sizeof(p->key), p);
	if (!p->hh.tbl) {
		free(p);
		return NULL;
	}
	if (HASH_COUNT(ps->table) > PATHS_MOST) {
		struct path *oldest = ps->table;

		HASH_DEL(ps->table, oldest);
		free(oldest);
	}
	return p;
}

int
paths_put(struct paths *ps, const char *path)
{
	pthread_mutex_lock(&ps->lock);
	const bool done = use_path(ps, paths_key(path), path);
	pthread_mutex_unlock(&ps->lock);
	return done ? 0 : -ENOMEM;
}

int
paths_get(struct paths *ps, uint64_t key, char **path)
{
	pthread_mutex_lock(&ps->lock);
	const struct path *p = use_path(ps, key, NULL);
	*path = p ? strdup(p->text) : NULL;
	pthread_mutex_unlock(&ps->lock);
	return !p ? -ESTALE : *path ? 0 : -ENOMEM;
}

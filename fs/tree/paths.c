#include <errno.h>
#include <pthread.h>
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

/* Caller locks. */
static void
forget_path(struct paths *ps, struct path *p)
{
	HASH_DEL(ps->table, p);
	free(p);
}

void
paths_free(struct paths *ps)
{
	if (!ps)
		return;
	while (ps->table)
		forget_path(ps, ps->table);
	pthread_mutex_destroy(&ps->lock);
	free(ps);
}

uint64_t
paths_key(const char *path)
{
	uint64_t h = name_hash_of(NAME_UNIX)(path);

	return (h ^ h >> NAME_KEY_BITS) & ((UINT64_C(1) << NAME_KEY_BITS) - 1);
}

/* Caller locks. Makes p the most recently used. -ENOMEM: p is not in the table, and freed. */
static int
add_path(struct paths *ps, struct path *p)
{
	HASH_ADD(hh, ps->table, key, sizeof(p->key), p);
	if (!p->hh.tbl) {
		free(p);
		return -ENOMEM;
	}
	if (HASH_COUNT(ps->table) > PATHS_MOST)
		forget_path(ps, ps->table);
	return 0;
}

/* Caller locks. The path of that key, as the most recently used; NULL: it is not there. */
static struct path *
use_path(struct paths *ps, uint64_t key)
{
	struct path *p;

	HASH_FIND(hh, ps->table, &key, sizeof(key), p);
	if (!p)
		return NULL;
	HASH_DEL(ps->table, p);
	return add_path(ps, p) == 0 ? p : NULL;
}

int
paths_put(struct paths *ps, const char *path)
{
	const uint64_t key = paths_key(path);
	struct path *new = NULL;
	int rc = 0;

	pthread_mutex_lock(&ps->lock);
	struct path *p = use_path(ps, key);
	if (p && strcmp(p->text, path) != 0) {
		forget_path(ps, p);
		p = NULL;
	}
	if (!p && (new = malloc(sizeof(*new) + strlen(path) + 1))) {
		new->key = key;
		strcpy(new->text, path);
		rc = add_path(ps, new);
	} else if (!p) {
		rc = -ENOMEM;
	}
	pthread_mutex_unlock(&ps->lock);
	return rc;
}

int
paths_get(struct paths *ps, uint64_t key, struct buf *out)
{
	int rc = -ESTALE;

	pthread_mutex_lock(&ps->lock);
	const struct path *p = use_path(ps, key);
	if (p) {
		buf_puts(out, p->text);
		rc = out->failed ? -ENOMEM : 0;
	}
	pthread_mutex_unlock(&ps->lock);
	return rc;
}

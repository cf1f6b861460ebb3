#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "opened.h"

#define BUCKETS	1024

struct open_file {
	struct stat	 st;
	unsigned	 handles;
	struct open_file *next;
};

struct opened {
	pthread_mutex_t	 lock;		/* guards: all below */
	struct open_file *files[BUCKETS];	/* by st_ino */
};

struct opened *
opened_new(void)
{
	struct opened *o = calloc(1, sizeof(*o));

	if (o)
		pthread_mutex_init(&o->lock, NULL);
	return o;
}

void
opened_free(struct opened *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {		/* those that the kernel had no time to release */
		while (o->files[i]) {
			struct open_file *f = o->files[i];

			o->files[i] = f->next;
			free(f);
		}
	}
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* Caller locks. Where the entry of that inode is, or would be. */
static struct open_file **
find(struct opened *o, uint64_t ino)
{
	struct open_file **p = &o->files[(ino ^ ino >> 32) % BUCKETS];

	while (*p && (*p)->st.st_ino != ino)
		p = &(*p)->next;
	return p;
}

int
opened_add(struct opened *o, const struct stat *st)
{
	struct open_file *new = malloc(sizeof(*new));

	if (!new)
		return -ENOMEM;
	pthread_mutex_lock(&o->lock);
	struct open_file **p = find(o, st->st_ino);
	if (*p) {
		(*p)->handles++;
		free(new);
	} else {
		*new = (struct open_file){ .st = *st, .handles = 1 };
		*p = new;
	}
	pthread_mutex_unlock(&o->lock);
	return 0;
}

void
opened_remove(struct opened *o, uint64_t ino)
{
	pthread_mutex_lock(&o->lock);
	struct open_file **p = find(o, ino), *old = *p;
	if (old && --old->handles == 0) {
		*p = old->next;
		free(old);
	}
	pthread_mutex_unlock(&o->lock);
}

int
opened_stat(struct opened *o, uint64_t ino, struct stat *out)
{
	int rc = -ESTALE;

	pthread_mutex_lock(&o->lock);
	const struct open_file *f = *find(o, ino);
	if (f) {
		*out = f->st;
		rc = 0;
	}
	pthread_mutex_unlock(&o->lock);
	return rc;
}

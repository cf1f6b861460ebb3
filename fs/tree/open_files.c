#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "open_files.h"

struct open_file {
	uint64_t	 ino;
	struct stat	 st;
	const void	*owner;		/* of the pages; NULL: its handles are closed */
	unsigned	 handles;
	unsigned	 sharing;	/* of them, those on the owner */
	bool		 drop;		/* the pages after the last close: they are not verified */
	UT_hash_handle	 hh;
};

struct open_files {
	pthread_mutex_t	 lock;		/* guards: all below */
	struct open_file *files;
	const struct tree_kernel *kernel;
};

struct open_files *
open_files_new(void)
{
	struct open_files *o = calloc(1, sizeof(*o));

	if (o)
		pthread_mutex_init(&o->lock, NULL);
	return o;
}

void
open_files_free(struct open_files *o)
{
	struct open_file *f, *next;

	if (!o)
		return;
	HASH_ITER(hh, o->files, f, next) {	/* the kernel had no time to release these */
		HASH_DEL(o->files, f);
		free(f);
	}
	pthread_mutex_destroy(&o->lock);
	free(o);
}

void
open_files_on_drop(struct open_files *o, const struct tree_kernel *kernel)
{
	o->kernel = kernel;
}

/* Caller locks. */
static struct open_file *
find_open_file(struct open_files *o, uint64_t ino)
{
	struct open_file *f;

	HASH_FIND(hh, o->files, &ino, sizeof(ino), f);
	return f;
}

/* Caller locks. NULL: out of memory. */
static struct open_file *
new_open_file(struct open_files *o, const struct stat *st, const void *source)
{
	struct open_file *f = malloc(sizeof(*f));

	if (!f)
		return NULL;
	*f = (struct open_file){ .ino = st->st_ino, .st = *st, .owner = source };
	HASH_ADD(hh, o->files, ino, sizeof(f->ino), f);
	if (!f->hh.tbl) {
		free(f);
		return NULL;
	}
	return f;
}

int
open_files_add(struct open_files *o, const struct stat *st, const struct file *file, bool *shares)
{
	const void *source = file_source(file);
	const bool verified = file_is_verified(file);

	pthread_mutex_lock(&o->lock);
	struct open_file *f = find_open_file(o, st->st_ino);
	if (!f && (f = new_open_file(o, st, source)) && !verified)
		o->kernel->drop_pages(o->kernel->ctx, f->ino);
	if (f) {
		*shares = f->owner == source;
		f->handles++;
		f->sharing += *shares;
	}
	pthread_mutex_unlock(&o->lock);
	return f ? 0 : -ENOMEM;
}

void
open_files_remove(struct open_files *o, uint64_t ino, const struct file *file)
{
	const bool verified = file_is_verified(file);

	pthread_mutex_lock(&o->lock);
	struct open_file *f = find_open_file(o, ino);
	if (f->owner == file_source(file) && --f->sharing == 0) {
		f->owner = NULL;	/* the next blob may have the same address */
		f->drop |= !verified;
	}
	if (--f->handles == 0) {
		HASH_DEL(o->files, f);
		if (f->drop)
			o->kernel->drop_pages(o->kernel->ctx, ino);
		free(f);
	}
	pthread_mutex_unlock(&o->lock);
}

int
open_files_stat(struct open_files *o, uint64_t ino, struct stat *out)
{
	pthread_mutex_lock(&o->lock);
	const struct open_file *f = find_open_file(o, ino);
	if (f)
		*out = f->st;
	pthread_mutex_unlock(&o->lock);
	return f ? 0 : -ESTALE;
}

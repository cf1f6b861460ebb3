#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "fs/file.h"

#include "opened.h"

#define BUCKETS		1024
#define DOUBTED_MOST	4096
#define BEGUN_MOST	4096

/* One that is open, whose pages in the kernel are in doubt, or that the kernel knows by a later generation. */
struct open_file {
	struct stat	 st;
	unsigned	 handles;
	unsigned	 generation;	/* of the kernel's inode; each has pages of its own */
	bool		 untold;	/* and the kernel does not know of it yet */
	unsigned	 apart;		/* handles that do without pages */
	unsigned	 sharing;	/* handles of this generation that share the pages */
	unsigned	 unchecked;	/* of those: were opened before the bytes were checked */
	struct blob	*source;	/* what they read from; NULL: not one */
	bool		 doubted;	/* the last of those was closed, and they never were */
	struct open_file *next;
};

struct opened {
	pthread_mutex_t	 lock;		/* guards: all below */
	struct open_file *files[BUCKETS];	/* by st_ino */
	unsigned	 doubted;	/* that are not open */
	atomic_uint	 begun;		/* that have a generation beyond the first */
	bool		 doubts_all;	/* there were too many to remember */
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

/*
 * Caller locks. Where what is open of it has failed: the kernel gives it up as soon as it has looked up the name again.
 * false: it has not, or not all of it, or too many are remembered.
 */
static bool
begin_generation(struct opened *o, struct open_file *f)
{
	if (f->apart > 0 || !file_source_failed(f->source) || (f->generation == 0 && o->begun == BEGUN_MOST))
		return false;
	o->begun += f->generation == 0;
	f->generation++;
	f->untold = true;
	f->sharing = f->unchecked = 0;
	f->doubted = false;
	return true;
}

uint64_t
opened_generation(struct opened *o, uint64_t ino)
{
	uint64_t generation = 0;

	if (o->begun == 0)		/* nearly always */
		return 0;
	pthread_mutex_lock(&o->lock);
	struct open_file *f = *find(o, ino);
	if (f) {
		generation = f->generation;
		f->untold = false;
	}
	pthread_mutex_unlock(&o->lock);
	return generation;
}

/* Caller locks. */
static void
share_pages(struct opened *o, struct open_file *f, struct blob *source, bool checked, enum tree_pages *pages)
{
	/* Not while the same bytes are still coming: dropping would wait for the pages that a read waits for. */
	*pages = f->unchecked > 0 || (checked && !f->doubted && !o->doubts_all) ? TREE_PAGES_KEEP : TREE_PAGES_DROP;
	f->doubted = false;
	/* When there are two, both checked, no third that is not may join, even one that is where an earlier one was. */
	f->source = f->sharing == 0 || f->source == source ? source : NULL;
	f->sharing++;
	f->unchecked += !checked;
}

int
opened_add(struct opened *o, const struct stat *st, struct blob *source, bool checked, enum tree_pages *pages, unsigned *share)
{
	struct open_file *new = malloc(sizeof(*new));
	int rc = 0;

	if (!new)
		return -ENOMEM;
	pthread_mutex_lock(&o->lock);
	struct open_file **p = find(o, st->st_ino), *f = *p;
	if (f) {
		free(new);
	} else {
		*new = (struct open_file){ .st = *st };
		*p = f = new;
	}
	bool apart = f->sharing > 0 && f->source != source && (f->unchecked > 0 || !checked);
	if (f->untold || (apart && f->unchecked > 0 && begin_generation(o, f))) {
		rc = -ESTALE;
	} else {
		o->doubted -= f->doubted && f->handles == 0;
		f->handles++;
		f->apart += apart;
		*share = apart ? 0 : f->generation + 1;
		*pages = TREE_PAGES_NONE;
		if (!apart)
			share_pages(o, f, source, checked, pages);
	}
	pthread_mutex_unlock(&o->lock);
	return rc;
}

void
opened_remove(struct opened *o, uint64_t ino, unsigned share, bool was_checked, bool is_checked)
{
	pthread_mutex_lock(&o->lock);
	struct open_file **p = find(o, ino), *f = *p;
	if (f) {
		f->handles--;
		f->apart -= share == 0;
		if (share == f->generation + 1) {
			f->sharing--;
			f->unchecked -= !was_checked;
			f->doubted |= !was_checked && !is_checked && f->unchecked == 0;
		}
		if (f->handles == 0 && f->doubted && o->doubted == DOUBTED_MOST)
			o->doubts_all = true;
		if (f->handles == 0 && f->doubted && !o->doubts_all) {
			o->doubted++;
		} else if (f->handles == 0 && f->generation > 0) {
			f->doubted = false;
		} else if (f->handles == 0) {
			*p = f->next;
			free(f);
		}
	}
	pthread_mutex_unlock(&o->lock);
}

int
opened_stat(struct opened *o, uint64_t ino, struct stat *out)
{
	int rc = -ESTALE;

	pthread_mutex_lock(&o->lock);
	const struct open_file *f = *find(o, ino);
	if (f && f->handles > 0) {
		*out = f->st;
		rc = 0;
	}
	pthread_mutex_unlock(&o->lock);
	return rc;
}

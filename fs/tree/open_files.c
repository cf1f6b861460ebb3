#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "open_files.h"

#define BUCKETS		1024
#define DOUBTED_MOST	4096

/* One that is open, or whose pages in the kernel are in doubt. */
struct open_file {
	struct stat	 st;
	unsigned	 handles;
	unsigned	 sharing;	/* handles that share the pages */
	unsigned	 unchecked;	/* of those: were opened before the bytes were checked */
	const void	*source;	/* what they read from; NULL: not one */
	bool		 doubted;	/* the last of those was closed, and they never were */
	bool		 dropping;	/* the pages are, until open_files_dropped */
	struct waitq	 waiting;	/* for that */
	struct open_file *next;
};

struct open_files {
	pthread_mutex_t	 lock;		/* guards: all below */
	struct open_file *files[BUCKETS];	/* by st_ino */
	unsigned	 doubted;	/* that are not open */
	bool		 doubts_all;	/* there were too many to remember */
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
	if (!o)
		return;
	for (size_t i = 0; i < BUCKETS; i++) { /* those that the kernel had no time to release */
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
find(struct open_files *o, uint64_t ino)
{
	struct open_file **p = &o->files[(ino ^ ino >> 32) % BUCKETS];

	while (*p && (*p)->st.st_ino != ino)
		p = &(*p)->next;
	return p;
}

int
open_files_add(struct open_files *o, const struct stat *st, const void *source, bool checked,
    struct wait *w, enum tree_pages *pages)
{
	struct open_file *new = malloc(sizeof(*new));

	if (!new)
		return -ENOMEM;
	pthread_mutex_lock(&o->lock);
	struct open_file **p = find(o, st->st_ino), *f = *p;
	if (f && f->dropping) {
		int rc = wait_add(&f->waiting, w, 0) ? -EAGAIN : -EINTR;

		pthread_mutex_unlock(&o->lock);
		free(new);
		return rc;
	}
	if (f) {
		free(new);
	} else {
		*new = (struct open_file){ .st = *st };
		*p = f = new;
	}
	o->doubted -= f->doubted && f->handles == 0;
	f->handles++;
	if (f->sharing > 0 && f->source != source && (f->unchecked > 0 || !checked)) {
		*pages = TREE_PAGES_NONE;
	} else {
		/* Not while the same bytes are still coming: dropping would wait for the pages that
		 * a read waits for. */
		*pages = f->unchecked > 0 || (checked && !f->doubted && !o->doubts_all) ?
		    TREE_PAGES_KEEP :
		    TREE_PAGES_DROP;
		f->dropping = *pages == TREE_PAGES_DROP;
		f->doubted = false;
		/* Where checked ones read from two no other may join: it could be where an earlier
		 * one was. */
		f->source = f->sharing == 0 || f->source == source ? source : NULL;
		f->sharing++;
		f->unchecked += !checked;
	}
	pthread_mutex_unlock(&o->lock);
	return 0;
}

void
open_files_dropped(struct open_files *o, uint64_t ino)
{
	pthread_mutex_lock(&o->lock);
	struct open_file *f = *find(o, ino);
	if (f)
		f->dropping = false;
	pthread_mutex_unlock(&o->lock);
	if (f)
		wait_wake(&f->waiting, WAIT_ALL);
}

void
open_files_remove(struct open_files *o, uint64_t ino, bool alone, bool was_checked, bool is_checked)
{
	pthread_mutex_lock(&o->lock);
	struct open_file **p = find(o, ino), *f = *p;
	if (f) {
		f->handles--;
		f->sharing -= !alone;
		f->unchecked -= !alone && !was_checked;
		f->doubted |= !alone && !was_checked && !is_checked && f->unchecked == 0;
		if (f->handles == 0 && f->doubted && o->doubted == DOUBTED_MOST)
			o->doubts_all = true;
		if (f->handles == 0 && f->doubted && !o->doubts_all) {
			o->doubted++;
		} else if (f->handles == 0) {
			*p = f->next;
			free(f);
		}
	}
	pthread_mutex_unlock(&o->lock);
}

int
open_files_stat(struct open_files *o, uint64_t ino, struct stat *out)
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

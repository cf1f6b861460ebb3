#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/log.h"

#include "blob.h"

#define MD5_OF_NOTHING	"d41d8cd98f00b204e9800998ecf8427e"
#define FINISH_MOST	(16ull << 20)	/* missing bytes that are fetched for nobody */

int
blob_new(struct store *s, const struct store_want *want, struct blob **out)
{
	struct blob *b = NULL;

	if (want->md5 && strlen(want->md5) != sizeof(b->md5) - 1)
		return -EINVAL;
	if (want->size == 0 && want->md5 && strcasecmp(want->md5, MD5_OF_NOTHING) != 0) {
		log_warn("store", "%s: the org says 0 bytes, but an MD5 of some: %s",
		    want->name, want->md5);
		return -EIO;
	}
	if (!(b = calloc(1, sizeof(*b))))
		return -ENOMEM;
	strcpy(b->name, want->name);
	strcpy(b->md5, want->md5 ? want->md5 : "");
	b->store = s;
	b->size = want->size;
	b->class = want->class;
	b->prepare = want->prepare;
	b->fill = want->fill;
	b->ctx = want->ctx;
	b->free_ctx = want->free_ctx;
	b->fd = -1;
	pthread_mutex_lock(&s->lock);
	s->refs++;
	pthread_mutex_unlock(&s->lock);
	*out = b;
	return 0;
}

void
blob_put_store(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	bool last = --s->refs == 0;
	pthread_mutex_unlock(&s->lock);
	if (!last)
		return;
	disk_close(s->disk);
	hash_unload(s->md5);
	pthread_cond_destroy(&s->hashed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void
blob_free(struct blob *b)
{
	struct store *s = b->store;

	disk_release(s->disk, b->fd);
	if (b->free_ctx)
		b->free_ctx(b->ctx);
	if (b->spilled) {
		pthread_mutex_lock(&s->lock);
		s->spilled -= b->size;
		pthread_mutex_unlock(&s->lock);
	}
	free(b);
	blob_put_store(s);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct blob *)a)->name, ((const struct blob *)b)->name);
}

struct blob *
blob_listed(struct store *s, const char *name)
{
	struct blob like;

	strcpy(like.name, name);
	void *found = tfind(&like, &s->blobs, by_name);
	return found ? *(struct blob **)found : NULL;
}

int
blob_list(struct blob *b)
{
	b->listed = tsearch(b, &b->store->blobs, by_name) != NULL;
	return b->listed ? 0 : -ENOMEM;
}

void
blob_unlist(struct blob *b)
{
	if (b->listed)
		tdelete(b, &b->store->blobs, by_name);
	b->listed = false;
}

void
blob_abandon(struct blob *b, int error)
{
	b->error = b->error ? b->error : error;
	b->abandoned = true;
	blob_unlist(b);
}

/* A fill goes on if less is missing than has come: it would cost as much the next time. A fill that
 * still waits for its source gives the source up. */
void
blob_abandon_if_idle(struct blob *b)
{
	uint64_t came = b->attempt.seen, missing = b->size - came;

	if (b->users > b->spare || b->state != BLOB_FILLING ||
	    (!b->dropped && (came > 0 || !b->prepare) &&
		(missing <= FINISH_MOST || missing <= came)))
		return;
	blob_abandon(b, 0);
	if (b->prepare && wait_cancel(&b->prepared))
		pool_add(b->store->render, &b->job);	/* which ends it */
}

/* Caller locks; unlocks. */
static void
free_if_last(struct blob *b)
{
	struct store *s = b->store;
	bool last = b->users == 0 && !b->busy;

	if (last)
		blob_unlist(b);
	pthread_mutex_unlock(&s->lock);
	if (last)
		blob_free(b);
}

void
blob_put(struct blob *b)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->store->lock);
	b->users--;
	b->store->left |= b->users == 0 && b->state == BLOB_QUEUED;
	blob_abandon_if_idle(b);
	free_if_last(b);
}

void
blob_end_job(struct blob *b)
{
	pthread_mutex_lock(&b->store->lock);
	b->busy = false;
	free_if_last(b);
}

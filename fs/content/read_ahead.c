/*
 * A list has the documents that come next in the order of a listing. If one of them is opened,
 * that is a hit, and the list goes on after it. Any other open begins the list anew. If an open
 * skips only documents of other kinds, the walk is for one kind.
 *
 * The thread that opens a document only notes it. A thread of our own looks at the notes, since it
 * asks the catalogue.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/async/pool.h"
#include "fs/catalogue/catalogue.h"
#include "fs/rest/rest.h"
#include "fs/store/store.h"

#include "download.h"

#include "read_ahead.h"

#define LIST		16	/* documents: a walk may skip so many, and read several at once */
#define FETCHES		8	/* at a time, and never beyond so many documents of the list */
#define HITS		2	/* after which the next documents are fetched */
#define NOTES		64	/* opens that wait to be looked at; more are forgotten */
#define SIZE_MOST	(16u << 20)	/* bytes of a document that is fetched ahead, */
#define SIZE_SHARE	64	/* or this part of the cache: guesses must not evict much */

struct next_document {
	uint64_t	 key;
	char		 extension[16];
	struct download	 download;
	bool		 worth;		/* it has bytes, not too many, and was not fetched yet */
};

struct guess {
	struct wait	 wait;
	struct read_ahead *owner;
	struct blob	*blob;		/* NULL: free */
};

struct read_ahead {
	struct store	*store;
	struct rest	*rest;
	struct catalogue *catalogue;
	struct read_ahead_options o;

	/* the thread's alone */
	struct next_document last;	/* opened */
	struct next_document next[LIST];
	unsigned	 count;
	unsigned	 hits;
	bool		 one_kind;

	pthread_mutex_t	 lock;		/* guards: all below */
	struct pool	*pool;		/* NULL once stopped */
	struct job	 job;
	bool		 running, again;	/* the job; there is something to do */
	struct next_document notes[NOTES];
	unsigned	 note_count;
	struct guess	 guesses[FETCHES];
};

static void
copy_document(const struct read_ahead *a, const struct document *d, struct next_document *out)
{
	uint64_t size = (uint64_t)d->content_size;

	*out = (struct next_document){ .key = d->key, .download = download_of(d) };
	out->worth = !document_is_link(d) && size > 0 && size <= SIZE_MOST &&
	    size <= a->o.cache_size / SIZE_SHARE;
	if (d->file_extension)
		strncpy(out->extension, d->file_extension, sizeof(out->extension) - 1);
}

/* Caller locks. */
static void
start_job(struct read_ahead *a)
{
	a->again = true;
	if (a->pool && !a->running) {
		a->running = true;
		pool_add(a->pool, &a->job);
	}
}

void
read_ahead_opened(struct read_ahead *a, const struct document *d)
{
	pthread_mutex_lock(&a->lock);
	if (a->note_count < NOTES) {
		copy_document(a, d, &a->notes[a->note_count++]);
		start_job(a);
	}
	pthread_mutex_unlock(&a->lock);
}

/*
 * Fetching.
 */

/* A fetch has ended, well or not. */
static void
end_guess(struct wait *w)
{
	struct guess *g = CONTAINER_OF(w, struct guess, wait);

	pthread_mutex_lock(&g->owner->lock);
	struct blob *blob = g->blob;
	g->blob = NULL;
	start_job(g->owner);		/* for the next one */
	pthread_mutex_unlock(&g->owner->lock);
	blob_put(blob);
}

/* NULL: one more transfer would be too many, or would be in somebody's way. */
static struct guess *
find_free_guess(struct read_ahead *a)
{
	struct store_stats stats;
	struct guess *found = NULL;

	store_stats(a->store, &stats);
	if (stats.waiting + stats.fetching >= a->o.transfers)
		return NULL;
	pthread_mutex_lock(&a->lock);
	for (unsigned i = 0; i < FETCHES && !found; i++)
		if (!a->guesses[i].blob)
			found = &a->guesses[i];
	pthread_mutex_unlock(&a->lock);
	return found;
}

/* False: no more now. */
static bool
fetch_document(struct read_ahead *a, struct next_document *d)
{
	struct guess *g;
	struct blob *blob;

	if (!d->worth || store_has(a->store, d->download.name.s, d->download.size))
		return true;
	if (!(g = find_free_guess(a)) || !rest_may_guess(a->rest) ||
	    download_open(a->store, a->rest, &d->download, &blob) < 0)
		return false;
	d->worth = false;
	pthread_mutex_lock(&a->lock);
	g->blob = blob;
	g->wait = (struct wait){ .ready = end_guess };
	pthread_mutex_unlock(&a->lock);
	blob_spare(blob);
	/* The last byte is there when all is verified. */
	if (blob_ready(blob, d->download.size - 1, 1, &g->wait) != -EAGAIN)
		end_guess(&g->wait);
	return true;
}

static void
fetch_next(struct read_ahead *a)
{
	for (unsigned i = 0, n = 0; a->hits >= HITS && i < a->count && n < FETCHES; i++) {
		if (a->one_kind && strcasecmp(a->next[i].extension, a->last.extension) != 0)
			continue;
		n++;
		if (!fetch_document(a, &a->next[i]))
			return;
	}
}

/*
 * Guessing.
 */

static bool
add_to_list(void *ctx, const struct document *d)
{
	struct read_ahead *a = ctx;

	copy_document(a, d, &a->next[a->count++]);
	return a->count < LIST;
}

/* Whether d is in the list; then the list goes on after it. */
static bool
advance_list(struct read_ahead *a, const struct next_document *d)
{
	bool other_kinds = true;
	unsigned i = 0;

	for (; i < a->count && a->next[i].key != d->key; i++)
		other_kinds &= strcasecmp(a->next[i].extension, d->extension) != 0;
	if (i == a->count)
		return false;
	if (i > 0)
		a->one_kind = other_kinds;
	a->count -= i + 1;
	memmove(a->next, a->next + i + 1, a->count * sizeof(a->next[0]));
	return true;
}

static void
look_at_open(struct read_ahead *a, const struct next_document *d)
{
	if (d->key == a->last.key)
		return;			/* another file of the same document */
	if (advance_list(a, d)) {
		a->hits++;
	} else {
		a->hits = a->count = 0;
		a->one_kind = false;
	}
	a->last = *d;
	if (a->count < LIST)
		catalogue_list(a->catalogue, a->count > 0 ? a->next[a->count - 1].key : d->key,
		    add_to_list, a);
}

static void
run_read_ahead(struct job *job)
{
	struct read_ahead *a = CONTAINER_OF(job, struct read_ahead, job);
	struct next_document d;

	pthread_mutex_lock(&a->lock);
	while (a->again) {
		bool opened = a->note_count > 0;

		a->again = opened;
		if (opened) {
			d = a->notes[0];
			memmove(a->notes, a->notes + 1, --a->note_count * sizeof(a->notes[0]));
		}
		pthread_mutex_unlock(&a->lock);
		if (opened)
			look_at_open(a, &d);
		else
			fetch_next(a);
		pthread_mutex_lock(&a->lock);
	}
	a->running = false;
	pthread_mutex_unlock(&a->lock);
}

int
read_ahead_open(struct store *store, struct rest *rest, struct catalogue *catalogue,
    const struct read_ahead_options *o, struct read_ahead **out)
{
	struct read_ahead *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	int rc = pool_open("sffs-ahead", 1, &a->pool);
	if (rc < 0) {
		free(a);
		return rc;
	}
	a->store = store;
	a->rest = rest;
	a->catalogue = catalogue;
	a->o = *o;
	a->job = (struct job){ .run = run_read_ahead };
	for (unsigned i = 0; i < FETCHES; i++)
		a->guesses[i].owner = a;
	pthread_mutex_init(&a->lock, NULL);
	*out = a;
	return 0;
}

void
read_ahead_stop(struct read_ahead *a)
{
	pool_stop(&a->pool, &a->lock);
}

void
read_ahead_close(struct read_ahead *a)
{
	if (!a)
		return;
	pool_close(a->pool);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/*
 * For each order there is a list of what would be opened next; an open that is in it is a hit, one
 * that is not begins the list anew behind itself. An open that skips documents of other kinds alone
 * shows that the walk is for one kind.
 *
 * Opens are noted by whoever opens and looked at by a thread of our own: the catalogue is not asked
 * while somebody waits.
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/catalogue/catalogue.h"
#include "fs/async/pool.h"
#include "fs/store/store.h"
#include "download.h"

#include "read_ahead.h"

#define WINDOW 16 /* documents of a list: a walk may skip so many, and read several at once */
#define AHEAD		8		/* of them are fetched */
#define NOTED_MOST	64		/* opens that are not looked at yet; more are forgotten */
#define HITS_FIRST 2 /* opens in order behind the first, until the next documents are fetched */
#define HITS_MOST	64
#define SLOTS		25		/* the most that `transfers` can be */
#define SIZE_MOST	(64u << 20)	/* bytes; what is larger is not guessed at, */
#define SIZE_SHARE                                                                                 \
	64 /* nor what is more than this part of the cache: guesses are not to push out what was   \
	      read */

struct step {
	uint64_t	 key;
	char		 name[256];	/* its directory's, where the order by names goes on */
	char		 extension[16];
	struct download	 version;
	bool		 has_bytes;
};

struct order {
	bool		 by_name;
	struct step	 next[WINDOW];
	unsigned	 count;
	unsigned	 hits;
	bool		 one_kind;	/* documents of another extension are skipped */
};

/* A fetch that nobody has asked for yet. */
struct slot {
	struct wait	 wait;
	struct read_ahead	*owner;
	struct blob	*blob;		/* NULL: free */
};

struct read_ahead {
	struct store	*store;
	struct rest	*rest;
	struct catalogue *catalogue;
	struct read_ahead_options o;

	/* the thread's alone */
	struct order	 orders[2];
	struct step	 last;		/* opened */
	uint64_t guessed[WINDOW]; /* keys that were fetched and not opened yet; 0: none */
	unsigned	 next_guess;
	unsigned	 need;		/* hits */

	pthread_mutex_t	 lock;		/* guards: all below */
	struct pool	*pool;		/* NULL once stopped */
	struct job	 job;
	bool		 running, again;	/* the job; there is something to look at */
	struct step	 noted[NOTED_MOST];
	unsigned	 noted_count;
	struct slot	 slots[SLOTS];
};

static void
make_step(const struct document *d, struct step *s)
{
	*s = (struct step){ .key = d->key,
		.version = download_of(d),
		.has_bytes = !document_is_link(d) && d->content_size > 0 };
	strncpy(s->name, d->name, sizeof(s->name) - 1);
	if (d->file_extension)
		strncpy(s->extension, d->file_extension, sizeof(s->extension) - 1);
}

/* Caller locks. */
static void
wake(struct read_ahead *a)
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
	if (a->noted_count < NOTED_MOST) {
		make_step(d, &a->noted[a->noted_count++]);
		wake(a);
	}
	pthread_mutex_unlock(&a->lock);
}

/*
 * Fetching.
 */

/* The fetch is over, well or not. */
static void
fetched(struct wait *w)
{
	struct slot *s = (struct slot *)((char *)w - offsetof(struct slot, wait));
	struct read_ahead *a = s->owner;

	pthread_mutex_lock(&a->lock);
	struct blob *blob = s->blob;
	s->blob = NULL;
	wake(a);		/* for the next one */
	pthread_mutex_unlock(&a->lock);
	blob_put(blob);
}

/* What is not fetched yet is given up; what is nearly there comes to its end (see store). */
static void
drop_fetches(struct read_ahead *a)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *s = &a->slots[i];
		struct blob *blob = NULL;

		if (!wait_cancel(&s->wait))
			continue;
		pthread_mutex_lock(&a->lock);
		blob = s->blob;
		s->blob = NULL;
		pthread_mutex_unlock(&a->lock);
		blob_put(blob);
	}
}

/* A slot, if one more transfer would not be too many or in somebody's way. */
static struct slot *
free_slot(struct read_ahead *a)
{
	struct store_stats stats;
	struct slot *found = NULL;
	unsigned busy = 0;

	store_stats(a->store, &stats);
	if (stats.waiting + stats.fetching >= a->o.transfers)
		return NULL;
	pthread_mutex_lock(&a->lock);
	for (unsigned i = 0; i < SLOTS; i++) {
		busy += a->slots[i].blob != NULL;
		if (!a->slots[i].blob)
			found = &a->slots[i];
	}
	pthread_mutex_unlock(&a->lock);
	return busy < a->o.transfers ? found : NULL;
}

static bool
is_too_large(const struct read_ahead *a, uint64_t size)
{
	return size > SIZE_MOST || size > a->o.cache_size / SIZE_SHARE;
}

static bool
was_guessed(const struct read_ahead *a, uint64_t key)
{
	for (unsigned i = 0; i < WINDOW; i++)
		if (a->guessed[i] == key)
			return true;
	return false;
}

/* False: no more now. */
static bool
fetch(struct read_ahead *a, const struct step *step)
{
	struct blob *blob;

	if (!step->has_bytes || is_too_large(a, step->version.size) || was_guessed(a, step->key) ||
	    store_has(a->store, step->version.id, step->version.size))
		return true;
	struct slot *s = free_slot(a);
	if (!s || !a->o.may(a->o.ctx) ||
	    download_open(a->store, a->rest, &step->version, &blob) < 0)
		return false;
	a->guessed[a->next_guess++ % WINDOW] = step->key;
	pthread_mutex_lock(&a->lock);
	s->blob = blob;
	s->wait = (struct wait){ .ready = fetched };
	pthread_mutex_unlock(&a->lock);
	/* Its last byte is there when all has been checked. The wait is for an end of any kind. */
	if (blob_ready(blob, 0, (size_t)step->version.size, &s->wait) != -EAGAIN)
		fetched(&s->wait);
	return true;
}

static void
fetch_next(struct read_ahead *a)
{
	const struct order *best =
	    a->orders[0].hits >= a->orders[1].hits ? &a->orders[0] : &a->orders[1];

	if (best->hits < a->need)
		return;
	unsigned taken = 0;
	for (unsigned i = 0; i < best->count && taken < AHEAD; i++) {
		if (best->one_kind && strcasecmp(best->next[i].extension, a->last.extension) != 0)
			continue;
		taken++;
		if (!fetch(a, &best->next[i]))
			return;
	}
}

/*
 * Guessing.
 */

static bool
add_step(void *ctx, const struct document *d)
{
	struct order *o = ctx;

	make_step(d, &o->next[o->count++]);
	return o->count < WINDOW;
}

/* Fills the list up, behind its last or, if it is empty, behind s. */
static void
fill(struct read_ahead *a, struct order *o, const struct step *s)
{
	const struct step from = o->count > 0 ? o->next[o->count - 1] : *s;

	if (o->count == WINDOW)
		return;
	if (o->by_name)
		catalogue_list_names(a->catalogue, from.name, add_step, o);
	else
		catalogue_list(a->catalogue, from.key, add_step, o);
}

/* Whether s is in the list; then the list goes on behind it. */
static bool
advance(struct order *o, const struct step *s)
{
	unsigned i = 0;
	bool other_kinds = true;

	for (; i < o->count && o->next[i].key != s->key; i++)
		other_kinds &= strcasecmp(o->next[i].extension, s->extension) != 0;
	if (i == o->count)
		return false;
	if (i > 0)
		o->one_kind = other_kinds;
	memmove(o->next, o->next + i + 1, (o->count - i - 1) * sizeof(o->next[0]));
	o->count -= i + 1;
	return true;
}

static unsigned
take_guesses(struct read_ahead *a)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WINDOW; i++) {
		n += a->guessed[i] != 0;
		a->guessed[i] = 0;
	}
	return n;
}

static void
look(struct read_ahead *a, const struct step *s)
{
	bool hit = false;

	if (s->key == a->last.key)
		return;			/* another file of the same document */
	for (unsigned i = 0; i < WINDOW; i++) {
		if (a->guessed[i] == s->key) {
			a->guessed[i] = 0;
			a->need = HITS_FIRST;
		}
	}
	for (unsigned i = 0; i < 2; i++) {
		struct order *o = &a->orders[i];

		if (advance(o, s)) {
			o->hits++;
			hit = true;
		} else {
			o->hits = o->count = 0;
			o->one_kind = false;
		}
		fill(a, o, s);
	}
	a->last = *s;
	if (hit)
		return;
	drop_fetches(a);
	if (take_guesses(a) > 0 && a->need < HITS_MOST)
		a->need *= 2;
}

static void
run(struct job *job)
{
	struct read_ahead *a =
	    (struct read_ahead *)((char *)job - offsetof(struct read_ahead, job));
	struct step *noted = malloc(sizeof(a->noted));
	unsigned n;

	do {
		pthread_mutex_lock(&a->lock);
		n = noted ? a->noted_count : 0;
		if (n > 0)
			memcpy(noted, a->noted, n * sizeof(*noted));
		a->noted_count = 0;
		a->again = false;
		pthread_mutex_unlock(&a->lock);
		for (unsigned i = 0; i < n; i++)
			look(a, &noted[i]);
		fetch_next(a);
		pthread_mutex_lock(&a->lock);
		a->running = a->again;
		n = a->running;
		pthread_mutex_unlock(&a->lock);
	} while (n > 0);
	free(noted);
}

static void
drop(struct job *job)
{
	(void)job;
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
	a->orders[1].by_name = true;
	a->need = HITS_FIRST;
	a->job = (struct job){ .run = run, .drop = drop };
	for (unsigned i = 0; i < SLOTS; i++)
		a->slots[i].owner = a;
	pthread_mutex_init(&a->lock, NULL);
	*out = a;
	return 0;
}

void
read_ahead_stop(struct read_ahead *a)
{
	pthread_mutex_lock(&a->lock);
	struct pool *pool = a->pool;
	a->pool = NULL;
	pthread_mutex_unlock(&a->lock);
	pool_close(pool);
	drop_fetches(a);
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

/*
 * A blob is in memory while it is open or being filled. When it is whole and closed, it is just a
 * file. Nothing is fetched before somebody needs the first byte: opening costs nothing.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/log.h"
#include "blob.h"
#include "disk.h"
#include "fill.h"

#include "store.h"

#define RENDERS		3	/* at a time */
#define HASHES		2	/* at a time; they never wait for anything */

int
store_open(const struct store_options *o, struct store **out)
{
	struct store *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->refs = 1;
	s->places = o->fetches;
	s->patience = INT64_C(1000) * o->patience;
	s->queue_end = &s->queue;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->hashed, NULL);
	if ((rc = pool_open("sffs-fetch", 2 * o->fetches + 1, &s->fetch)) < 0 ||
	    (rc = pool_open("sffs-render", RENDERS, &s->render)) < 0 ||
	    (rc = pool_open("sffs-hash", HASHES, &s->hash)) < 0 ||
	    (rc = (s->md5 = hash_load()) ? 0 : -EIO) < 0 ||
	    (rc = disk_open(o->dir, o->limit, &s->disk)) < 0)
		store_close(s);
	else
		*out = s;
	return rc;
}

void
store_stop(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	fill_give_places(s);
	pthread_mutex_unlock(&s->lock);
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	store_stop(s);
	pool_close(s->fetch);	/* first: it wakes renders that wait for a fetch */
	pool_close(s->render);
	pool_close(s->hash);
	blob_put_store(s);
}

void
store_stats(struct store *s, struct store_stats *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->stats;
	pthread_mutex_unlock(&s->lock);
	const struct disk_usage usage = disk_usage(s->disk);
	out->bytes = usage.bytes;
	out->blobs = usage.files;
}

/*
 * Blobs.
 */

static bool
is_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-");

	return n > 0 && n <= BLOB_NAME_MOST && s[n] == '\0' && s[0] != '.';
}

/* Caller locks. The listed blob of that name, which gets one more user. */
static struct blob *
join(struct store *s, const struct blob *like)
{
	struct blob *b = blob_listed(s, like->name);

	if (b && b->size != like->size) { /* another file with this name: each keeps its own */
		blob_unlist(b);
		b = NULL;
	}
	if (b) {
		b->users++;
		s->stats.hits++;
	}
	return b;
}

/* Caller locks. */
static int
add_first_user(struct store *s, struct blob *b)
{
	int rc = blob_list(b);

	if (rc < 0)
		return rc;
	b->users = 1;
	s->stats.hits += b->state == BLOB_WHOLE;
	s->stats.misses += b->state != BLOB_WHOLE;
	return 0;
}

static int
look_on_disk(struct blob *b)
{
	int fd = b->size > 0 ? disk_find(b->store->disk, b->name, b->size) : -1;

	if (b->size > 0 && fd < 0)
		return fd == -EMFILE ? fd : 0;
	b->fd = fd;
	b->state = BLOB_WHOLE;
	b->landed = b->size;
	return 0;
}

int
store_get(struct store *s, const struct store_want *want, struct blob **out)
{
	struct blob *b = NULL, *open;
	int rc = is_name(want->name) ? blob_new(s, want, &b) : -EINVAL;

	if (rc < 0) {
		if (want->free_ctx)
			want->free_ctx(want->ctx);
		return rc;
	}
	pthread_mutex_lock(&s->lock);
	open = join(s, b);
	if (!open) {
		pthread_mutex_unlock(&s->lock);
		rc = look_on_disk(b);
		pthread_mutex_lock(&s->lock);
		open = join(s, b);	/* another thread may have been faster */
	}
	if (open)
		rc = 0;
	else if (rc == 0)
		rc = add_first_user(s, b);
	pthread_mutex_unlock(&s->lock);
	if (open || rc < 0)
		blob_free(b);
	if (rc == 0)
		*out = open ? open : b;
	return rc;
}

bool
store_has(struct store *s, const char *name, uint64_t size)
{
	if (!is_name(name))
		return false;
	pthread_mutex_lock(&s->lock);
	const struct blob *b = blob_listed(s, name);
	bool whole = b && b->state == BLOB_WHOLE && b->size == size;
	pthread_mutex_unlock(&s->lock);
	return whole || size == 0 || disk_has(s->disk, name, size);
}

void
store_drop(struct store *s, const char *name)
{
	if (!is_name(name))
		return;
	pthread_mutex_lock(&s->lock);
	struct blob *b = blob_listed(s, name);
	if (b) {
		b->dropped = true;
		blob_unlist(b);
		blob_abandon_if_idle(b);
	}
	pthread_mutex_unlock(&s->lock);
	disk_drop(s->disk, name);
}

/*
 * Reading.
 */

ssize_t
blob_ready(struct blob *b, uint64_t off, size_t n, struct wait *w)
{
	ssize_t rc;

	if (off >= b->size || n == 0)
		return 0;
	if (n > b->size - off)
		n = (size_t)(b->size - off);
	pthread_mutex_lock(&b->store->lock);
	if (b->error) {
		rc = b->error;
	} else if (off + n <= b->landed) {
		if (b->granted < off + n)
			b->granted = off + n;
		rc = (ssize_t)n;
	} else if (b->store->closing) {
		rc = -EINTR;
	} else {
		if (b->state == BLOB_IDLE)
			fill_start(b);
		rc = !w || wait_add(&b->waiting, w, off + n) ? -EAGAIN : -EINTR;
	}
	pthread_mutex_unlock(&b->store->lock);
	return rc;
}

/* The bytes that were checked are gone. Nobody reads on, and the next open fetches them anew. */
static int
lose(struct blob *b, int e)
{
	pthread_mutex_lock(&b->store->lock);
	const bool news = b->error == 0;
	if (news) {
		b->dropped = true;
		blob_abandon(b, -EIO);
	}
	pthread_mutex_unlock(&b->store->lock);
	if (news) {
		log_error("store", "%s: cannot be read back: %s", b->name,
		    e ? strerror(e) : "it has become shorter");
		disk_drop(b->store->disk, b->name);
	}
	return -EIO;
}

int
blob_pread(struct blob *b, void *p, size_t n, uint64_t off)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = pread(b->fd, (char *)p + done, n - done, (off_t)(off + done));

		if (got == 0 || (got < 0 && errno != EINTR))
			return lose(b, got < 0 ? errno : 0);
		done += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

void
blob_spare(struct blob *b)
{
	pthread_mutex_lock(&b->store->lock);
	b->spare++;
	pthread_mutex_unlock(&b->store->lock);
}

bool
blob_is_whole(struct blob *b)
{
	pthread_mutex_lock(&b->store->lock);
	bool whole = b->state == BLOB_WHOLE && b->error == 0;
	pthread_mutex_unlock(&b->store->lock);
	return whole;
}

ssize_t
blob_read(void *blob, void *p, size_t n, uint64_t off)
{
	struct blob *b = blob;
	struct wait_thread t;
	ssize_t rc;

	wait_thread_init(&t);
	while ((rc = blob_ready(b, off, n, &t.wait)) == -EAGAIN)
		wait_thread_sleep(&t);
	pthread_mutex_lock(&b->store->lock);
	/* Also if the bytes are there: a pass over a large file must end. */
	if (b->store->closing)
		rc = -EINTR;
	pthread_mutex_unlock(&b->store->lock);
	if (rc <= 0)
		return rc;
	int read = blob_pread(b, p, (size_t)rc, off);
	return read < 0 ? read : rc;
}

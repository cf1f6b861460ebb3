/*
 * A blob may need several attempts, if a transfer begins anew (blob_restart). Each attempt has a
 * file of its own, from byte 0. Readers go on with the file that they have until the new one has
 * all that any of them was granted. Then the two are compared up to there, and the new one takes
 * the other's place. So nobody sees a seam: a difference fails the blob.
 *
 * A second thread hashes what was written, which it reads back while it is still in memory. The
 * writer waits for it at the end only.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "auth/clock.h"
#include "auth/log.h"
#include "blob.h"
#include "spill.h"

#include "fill.h"

#define HASH_STEP	(256 * 1024)	/* bytes that are worth waking the hashing thread for */
#define ROOM_STEP	(16ull << 20)	/* bytes removed at a time where the disk is full */
#define SMALL		(1ull << 20)	/* bytes of a fetch that begins beside large ones */
#define CRAWL		1024		/* bytes a second */
#define MEASURE		1000		/* ms after which a speed means something */
#define SOON		5000		/* ms */

static bool
same_bytes(int fd1, int fd2, uint64_t n)
{
	char a[32 * 1024], b[sizeof(a)];

	for (uint64_t off = 0; off < n;) {
		size_t want = n - off < sizeof(a) ? (size_t)(n - off) : sizeof(a);
		ssize_t x = pread(fd1, a, want, (off_t)off), y = pread(fd2, b, want, (off_t)off);

		if (x <= 0 || x != y || memcmp(a, b, (size_t)x) != 0)
			return false;
		off += (uint64_t)x;
	}
	return true;
}

/*
 * Places.
 */

/* Room for another fetch. 2: any; 1: a small one; 0: none. */
static int
room_of(const struct store *s)
{
	return s->running[0] + s->running[1] < s->places ? 2 : s->running[1] == 0;
}

/* Looks only as far as a fetch may begin: the queue may be long. */
void
fill_give_places(struct store *s)
{
	const bool all = s->closing || s->left;

	s->left = false;
	for (struct blob **p = &s->queue, *b; (b = *p) && (all || room_of(s) > !s->small);) {
		const bool small = b->size <= SMALL;

		if (!s->closing && b->users > 0 && room_of(s) + small < 2) {
			p = &b->next;
			continue;
		}
		if (!(*p = b->next))
			s->queue_end = p;
		s->small -= small;
		s->running[small]++;
		s->stats.waiting--;
		s->stats.fetching++;
		pool_add(s->fetch, &b->job);
	}
}

static void
leave_place(struct blob *b)
{
	struct store *s = b->store;

	pthread_mutex_lock(&s->lock);
	if (b->aside)
		s->aside--;
	else
		s->running[b->size <= SMALL]--;
	s->stats.fetching--;
	fill_give_places(s);
	pthread_mutex_unlock(&s->lock);
}

/* Caller locks. Ends the fetch, or moves it aside, if it keeps a more useful one waiting. True: it
 * ends, since it crawls. */
static bool
make_way(struct blob *b)
{
	struct store *s = b->store;
	struct attempt *a = &b->attempt;
	const int64_t now = clock_ms();
	const uint64_t ran = (uint64_t)(now - a->since), got = a->filled - a->had;

	fill_give_places(s);		/* some of those who waited may have left */
	if (b->users == b->spare) {
		if (s->queue && ran >= MEASURE && (b->size - a->filled) * ran > got * SOON)
			blob_abandon(b, 0);
		return false;
	}
	if (s->patience == 0 || now - a->since < s->patience)
		return false;
	a->since = now;
	a->had = a->filled;
	if (!s->queue || b->aside || got >= CRAWL * ran / 1000)
		return false;
	if (s->aside >= s->places) {
		blob_abandon(b, -ETIMEDOUT);
		return true;
	}
	b->aside = true;
	s->aside++;
	s->running[b->size <= SMALL]--;
	fill_give_places(s);
	return false;
}

/*
 * Attempts.
 */

static void
wait_for_hash(struct blob *b)
{
	pthread_mutex_lock(&b->store->lock);
	while (b->attempt.hashing)
		pthread_cond_wait(&b->store->hashed, &b->store->lock);
	pthread_mutex_unlock(&b->store->lock);
}

static void
end_attempt(struct blob *b)
{
	struct attempt *a = &b->attempt;

	wait_for_hash(b);
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

/* From here on the attempt writes fd. Bytes that no reader has seen may differ from those of the
 * last attempt. */
static void
begin_attempt(struct blob *b, int fd)
{
	struct attempt *a = &b->attempt;

	end_attempt(b);
	a->fd = fd;
	a->filled = a->had = 0;
	a->since = clock_ms();
	a->adopted = a->scattered = a->wrong = false;
	pthread_mutex_lock(&b->store->lock);
	a->seen = 0;
	b->landed = b->granted;
	blob_abandon_if_idle(b);
	pthread_mutex_unlock(&b->store->lock);
}

/* Moves readers to the attempt's file. Nothing beyond `landed` was granted to any. */
static int
adopt(struct blob *b, uint64_t landed)
{
	struct attempt *a = &b->attempt;

	if (b->fd >= 0 && !same_bytes(b->fd, a->fd, landed)) {
		log_warn("store",
		    "%s: its bytes differ from those of an earlier try, or cannot be read",
		    b->name);
		return -EIO;
	}
	/* dup3 keeps the number, which a reader may be using. */
	int fd = b->fd < 0 ? fcntl(a->fd, F_DUPFD_CLOEXEC, 0) : dup3(a->fd, b->fd, O_CLOEXEC);
	if (fd < 0) {
		const int e = errno;

		log_error("store", "%s: cannot be handed to readers: %s", b->name, strerror(e));
		return e == EMFILE ? -e : -EIO;
	}
	if (b->fd < 0)
		b->fd = fd;		/* readers look at it after something is granted */
	a->adopted = true;
	return 0;
}

static void
land(struct blob *b)
{
	struct store *s = b->store;

	pthread_mutex_lock(&s->lock);
	uint64_t most = b->size > STORE_HELD_BACK ? b->size - STORE_HELD_BACK : 0;
	uint64_t may = b->attempt.filled < most ? b->attempt.filled : most;
	if (may > b->landed)
		b->landed = may;
	pthread_mutex_unlock(&s->lock);
	wait_wake(&b->waiting, may);
}

/* Hands the bytes up to a->filled to readers and to the hash. */
static int
advance(struct blob *b)
{
	struct store *s = b->store;
	struct attempt *a = &b->attempt;
	int rc;

	pthread_mutex_lock(&s->lock);
	bool wanted = !s->closing && !b->abandoned;
	uint64_t landed = b->landed;
	a->seen = a->filled;
	if (wanted && *b->md5 && !a->hashing && a->seen - a->hash.done >= HASH_STEP) {
		a->hashing = true;
		pool_add(s->hash, &a->job);
	}
	pthread_mutex_unlock(&s->lock);
	if (!wanted)
		return -ECANCELED;
	if (!a->adopted) {
		if (a->filled < landed)
			return 0;
		if ((rc = adopt(b, landed)) < 0)
			return rc;
	}
	if (a->filled > landed)
		land(b);
	return 0;
}

static void
run_hash(struct job *job)
{
	struct blob *b = CONTAINER_OF(job, struct blob, attempt.job);
	struct attempt *a = &b->attempt;
	int rc = 0;

	pthread_mutex_lock(&b->store->lock);
	while (rc == 0 && a->seen > a->hash.done) {
		uint64_t end = a->seen;

		pthread_mutex_unlock(&b->store->lock);
		rc = hash_to(&a->hash, a->fd, end);	/* check() meets an error again */
		pthread_mutex_lock(&b->store->lock);
	}
	a->hashing = false;
	pthread_cond_broadcast(&b->store->hashed);
	pthread_mutex_unlock(&b->store->lock);
}

/*
 * Spills, for when the disk takes no more.
 */

static int
open_spill(struct blob *b, int why)
{
	struct store *s = b->store;

	pthread_mutex_lock(&s->lock);
	const bool counted = b->spilled, room = counted || s->spilled + b->size <= SPILL_MOST;
	const uint64_t more = counted || !room ? 0 : b->size;
	b->spilled = room;
	s->spilled += more;
	bool logged = s->spills;
	s->spills = true;
	pthread_mutex_unlock(&s->lock);
	int fd = room ? spill_open(b->size) : -ENOSPC;
	if (fd < 0) {
		pthread_mutex_lock(&s->lock);
		b->spilled = counted;
		s->spilled -= more;
		pthread_mutex_unlock(&s->lock);
	}
	if (fd < 0)
		log_error("store",
		    "%s: neither the cache (%s) nor a temporary directory has room for it", b->name,
		    strerror(why));
	else if (!logged)
		log_warn("store",
		    "the cache takes no more (%s): files that are read now are not kept",
		    strerror(why));
	return fd;
}

static int
copy_bytes(int from, int to, uint64_t n)
{
	for (off_t off = 0; (uint64_t)off < n;) {
		ssize_t sent = sendfile(to, from, &off, n - (uint64_t)off);

		if (sent <= 0)
			return sent < 0 && errno == ENOSPC ? -ENOSPC : -EIO;
	}
	return 0;
}

/* The disk is full midway: copies what has come to a spill, which becomes the attempt's file. */
static int
move_to_spill(struct blob *b, int why)
{
	struct attempt *a = &b->attempt;
	int fd = open_spill(b, why);

	if (fd < 0)
		return fd;
	int rc = copy_bytes(a->fd, fd, a->scattered ? b->size : a->filled);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	wait_for_hash(b);
	disk_give_up(b->store->disk, &a->temp);
	close(a->fd);
	a->fd = fd;
	a->spilled = true;
	a->adopted = false;
	return 0;
}

/* A write has failed. 0: write again. */
static int
after_write_error(struct blob *b, int e)
{
	struct attempt *a = &b->attempt;

	if (a->spilled) {
		log_error("store", "%s: temporary file: %s", b->name, strerror(e));
		return e == ENOSPC ? -ENOSPC : -EIO;
	}
	if ((e == ENOSPC || e == EDQUOT) && a->room < b->size) {
		uint64_t missing = b->size - a->filled,
			 step = missing < ROOM_STEP ? missing : ROOM_STEP;

		a->room += step;
		if (disk_make_room(b->store->disk, step))
			return 0;
	}
	return move_to_spill(b, e);
}

/*
 * The filler's interface.
 */

static int
write_bytes(struct blob *b, const char *p, size_t n, uint64_t off)
{
	struct attempt *a = &b->attempt;

	if (n > b->size - a->filled || off > b->size || n > b->size - off) {
		log_warn("store", "%s: more came than the %llu bytes that it has", b->name,
		    (unsigned long long)b->size);
		return -EIO;
	}
	if (!a->spilled)
		disk_grow(b->store->disk, &a->temp, a->filled + n, b->size);
	while (n > 0) {
		ssize_t done = pwrite(a->fd, p, n, (off_t)off);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			int rc = after_write_error(b, done < 0 ? errno : ENOSPC);
			if (rc < 0)
				return rc;
			continue;
		}
		p += done;
		n -= (size_t)done;
		off += (uint64_t)done;
		a->filled += (uint64_t)done;
	}
	return 0;
}

int
blob_append(void *blob, const void *bytes, size_t n)
{
	struct blob *b = blob;
	int rc = write_bytes(b, bytes, n, b->attempt.filled);

	return rc < 0 ? rc : advance(b);
}

int
blob_write_at(void *blob, const void *bytes, size_t n, uint64_t off)
{
	struct blob *b = blob;
	struct attempt *a = &b->attempt;
	int rc = a->scattered || ftruncate(a->fd, (off_t)b->size) == 0 ? 0 : -errno;
	a->scattered = true;
	if (rc == 0)
		rc = write_bytes(b, bytes, n, off);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&b->store->lock);
	a->seen = a->filled;
	pthread_mutex_unlock(&b->store->lock);
	return blob_unwanted(b) ? -ECANCELED : 0;
}

uint64_t
blob_filled(void *blob)
{
	return ((struct blob *)blob)->attempt.filled;
}

bool
blob_unwanted(void *blob)
{
	struct blob *b = blob;

	pthread_mutex_lock(&b->store->lock);
	const bool crawls = b->class == STORE_FETCH && !b->abandoned && make_way(b);
	bool unwanted = b->store->closing || b->abandoned;
	pthread_mutex_unlock(&b->store->lock);
	if (crawls)
		log_warn("store", "%s: less than 1 KiB a second came, and others wait: given up",
		    b->name);
	return unwanted;
}

/* Returns a descriptor of a new file, on the disk or else a spill; or -errno. */
static int
open_file(struct blob *b)
{
	struct attempt *a = &b->attempt;
	int fd = a->spilled ? -ENOSPC : disk_create(b->store->disk, &a->temp);

	a->spilled = fd < 0;
	return fd < 0 ? open_spill(b, -fd) : fd;
}

int
blob_restart(void *blob)
{
	struct blob *b = blob;
	struct attempt *a = &b->attempt;

	if (a->fd >= 0 && !a->spilled)
		disk_give_up(b->store->disk, &a->temp);
	int fd = open_file(b);
	if (fd < 0)
		return fd;
	begin_attempt(b, fd);
	return *b->md5 ? hash_begin(&a->hash, b->store->md5) : 0;
}

/*
 * From the first byte to an end.
 */

static int
check(struct blob *b)
{
	struct attempt *a = &b->attempt;

	if (a->filled != b->size) {
		log_warn("store", "%s: %llu bytes came of %llu", b->name,
		    (unsigned long long)a->filled, (unsigned long long)b->size);
		return -EIO;
	}
	if (!*b->md5)
		return 0;
	wait_for_hash(b);
	int rc = hash_to(&a->hash, a->fd, b->size);
	if (rc == 0 && !hash_is(&a->hash, b->md5)) {
		log_warn("store", "%s: its bytes do not have the MD5 %s: thrown away", b->name,
		    b->md5);
		a->wrong = true;
		rc = -EIO;
	}
	return rc;
}

/* A wrong MD5 is retried once, and only for readers: one that is wrong for good must not cost two
 * downloads at each open. */
static bool
may_come_again(struct blob *b)
{
	pthread_mutex_lock(&b->store->lock);
	bool may = b->attempt.wrong && b->users > 0 && !b->store->closing;
	pthread_mutex_unlock(&b->store->lock);
	return may;
}

static int
keep_or_give_up(struct blob *b, int rc)
{
	struct store *s = b->store;
	struct attempt *a = &b->attempt;

	if (a->spilled)
		return rc;
	if (rc < 0) {
		disk_give_up(s->disk, &a->temp);
		return rc;
	}
	int kept = disk_keep(s->disk, &a->temp, b->name, b->size, a->fd);
	if (kept < 0)		/* its bytes are right, and read from here while it is open */
		log_warn("store", "%s: cannot be kept: %s", b->name, strerror(-kept));
	pthread_mutex_lock(&s->lock);
	const bool dropped = b->dropped;	/* perhaps before its file was there */
	s->spills = false;
	pthread_mutex_unlock(&s->lock);
	if (dropped)
		disk_drop(s->disk, b->name);
	return 0;
}

static int
fill_once(struct blob *b)
{
	int rc = blob_restart(b);

	if (rc == 0)
		rc = b->fill(b->ctx, b);
	return rc < 0 ? rc : check(b);
}

static int
fill_blob(struct blob *b)
{
	struct attempt *a = &b->attempt;

	/* It was queued for a while: another process may have brought it. */
	int fd = disk_find(b->store->disk, b->name, b->size);
	if (fd >= 0) {
		b->fd = fd;
		return 0;
	}
	int rc = fill_once(b);
	if (rc < 0 && may_come_again(b))
		rc = fill_once(b);
	if (rc == 0 && !a->adopted)
		rc = adopt(b, b->landed);	/* blob_write_at has written it */
	rc = keep_or_give_up(b, rc);
	end_attempt(b);
	hash_end(&a->hash);
	return rc;
}

static void
end_fill(struct blob *b, int rc)
{
	struct store *s = b->store;

	if (b->class == STORE_FETCH)
		leave_place(b);
	pthread_mutex_lock(&s->lock);
	if (rc == 0) {
		b->state = BLOB_WHOLE;
		b->landed = b->size;
	} else {
		blob_abandon(b, rc == -ECANCELED ? -EINTR : rc); /* the next open tries anew */
	}
	pthread_mutex_unlock(&s->lock);
	wait_wake(&b->waiting, WAIT_ALL);
	blob_end_job(b);
}

static void
run_fill(struct job *job)
{
	struct blob *b = CONTAINER_OF(job, struct blob, job);
	struct store *s = b->store;

	pthread_mutex_lock(&s->lock);
	bool wanted = b->users > 0 && !s->closing;
	if (wanted)
		b->state = BLOB_FILLING;
	else
		blob_unlist(b);
	pthread_mutex_unlock(&s->lock);
	int rc = wanted ? 0 : -ECANCELED;
	if (rc == 0 && b->prepare)
		rc = b->prepare(b->ctx, &b->prepared);
	if (rc == -EAGAIN)
		return;			/* b may be in another thread, or gone */
	end_fill(b, rc < 0 ? rc : fill_blob(b));
}

static void
on_prepared(struct wait *w)
{
	struct blob *b = CONTAINER_OF(w, struct blob, prepared);

	pool_add(b->store->render, &b->job);
}

static void
drop_fill(struct job *job)
{
	struct blob *b = CONTAINER_OF(job, struct blob, job);

	end_fill(b, -ECANCELED);
}

void
fill_start(struct blob *b)
{
	struct store *s = b->store;

	b->job = (struct job){ .run = run_fill, .drop = drop_fill };
	b->prepared = (struct wait){ .ready = on_prepared };
	b->attempt = (struct attempt){ .fd = -1, .job = { .run = run_hash } };
	b->state = BLOB_QUEUED;
	b->busy = true;
	if (b->class == STORE_FETCH) {
		s->stats.waiting++;
		s->small += b->size <= SMALL;
		b->next = NULL;
		*s->queue_end = b;
		s->queue_end = &b->next;
		fill_give_places(s);
	} else {
		pool_add(s->render, &b->job);
	}
}

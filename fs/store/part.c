/*
 * One job of a blob fetches its parts, one after another, with a thread of those that fetch: so a
 * blob never has more than two transfers. What the fill has got beyond before a part is here is not
 * compared any more, so that part is thrown away.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/log.h"
#include "blob.h"
#include "spill.h"

#include "part.h"

/* Slots of PART_SIZE; the last one has the rest, too. */
static uint64_t
slot_of(const struct blob *b, uint64_t off)
{
	uint64_t slots = b->size / PART_SIZE, slot = off / PART_SIZE;

	return slots > 0 && slot >= slots ? slots - 1 : slot;
}

static uint64_t
slot_end(const struct blob *b, uint64_t slot)
{
	uint64_t end = (slot + 1) * PART_SIZE;

	return end > b->size || b->size - end < PART_SIZE ? b->size : end;
}

static const struct part *
part_at(const struct blob *b, uint64_t off)
{
	const struct parts *ps = &b->parts;

	for (unsigned i = 0; i < ps->count; i++)
		if (ps->part[i].from <= off && off < ps->part[i].to)
			return &ps->part[i];
	return NULL;
}

bool
parts_have(const struct blob *b, uint64_t off, size_t n)
{
	for (uint64_t end = off + n; off < end;) {
		const struct part *p = part_at(b, off);

		if (!p || p->state != PART_HERE)
			return false;
		off = p->to;
	}
	return true;
}

uint64_t
parts_held_back(const struct blob *b)
{
	const struct parts *ps = &b->parts;
	uint64_t end = b->size;

	for (unsigned i = 0; i < ps->count;) {
		const struct part *p = &ps->part[i++];

		if (p->state != PART_VAIN && p->from < end && p->to + STORE_HELD_BACK > end) {
			end = p->from;
			i = 0;
		}
	}
	return end > STORE_HELD_BACK ? end - STORE_HELD_BACK : 0;
}

/* The whole of it is on its way or here. */
static bool
is_coming(const struct blob *b, uint64_t off, size_t n)
{
	for (uint64_t end = off + n; off < end;) {
		const struct part *p = part_at(b, off);

		if (!p || p->state == PART_VAIN)
			return false;
		off = p->to;
	}
	return true;
}

static void
start(struct blob *b)
{
	struct store *s = b->store;

	if (b->parts.busy)
		return;
	b->parts.busy = true;
	b->jobs++;
	s->stats.waiting++;
	pool_add(s->fetch, &b->parts.job);
}

bool
parts_want(struct blob *b, uint64_t off, size_t n)
{
	struct parts *ps = &b->parts;
	uint64_t first, last;

	if (!ps->fetch || n > PART_SIZE)
		return false;
	first = slot_of(b, off);
	last = slot_of(b, off + n - 1);
	while (first <= last && part_at(b, first * PART_SIZE))
		first++;
	while (first < last && part_at(b, last * PART_SIZE))
		last--;
	if (first <= last) {
		if (off < b->landed + PART_FAR || ps->count == PARTS_MOST)
			return false;
		ps->part[ps->count++] =
		    (struct part){ .from = first * PART_SIZE, .to = slot_end(b, last) };
		if (parts_held_back(b) < b->landed) {
			ps->count--;
			return false;
		}
		start(b);
	}
	return is_coming(b, off, n);
}

/* Caller locks. Whether somebody may still be served by it, and it would still be compared. */
static bool
is_of_use(const struct blob *b, const struct part *p)
{
	return b->users > 0 && !b->store->closing && b->state != BLOB_WHOLE &&
	    b->state != BLOB_FAILED && b->attempt.seen < p->to;
}

bool
blob_part_unwanted(struct blob *b)
{
	const struct parts *ps = &b->parts;
	bool wanted = false;

	pthread_mutex_lock(&b->store->lock);
	for (unsigned i = 0; i < ps->count; i++)
		wanted |= ps->part[i].state == PART_COMING && is_of_use(b, &ps->part[i]);
	pthread_mutex_unlock(&b->store->lock);
	return !wanted;
}

/* Does not lock. */
static int
bring(struct blob *b, uint64_t from, size_t n)
{
	char *bytes = malloc(n);
	int rc = bytes ? b->parts.fetch(b->ctx, b, from, bytes, n) : -ENOMEM;

	if (rc == 0 && b->parts.fd < 0 && (rc = spill_open(0)) >= 0) {
		b->parts.fd = rc;	/* nobody looks at it before the first part is here */
		rc = 0;
	}
	for (size_t done = 0; rc == 0 && done < n;) {
		ssize_t some = pwrite(b->parts.fd, bytes + done, n - done, (off_t)(from + done));

		if (some > 0)
			done += (size_t)some;
		else if (some == 0 || errno != EINTR)
			rc = -ENOSPC;
	}
	free(bytes);
	return rc;
}

/* Caller locks. */
static struct part *
next_wanted(struct blob *b)
{
	struct parts *ps = &b->parts;

	for (unsigned i = 0; i < ps->count; i++) {
		struct part *p = &ps->part[i];

		if (p->state != PART_WANTED)
			continue;
		if (is_of_use(b, p))
			return p;
		p->state = PART_VAIN;
	}
	return NULL;
}

static void
end_job(struct blob *b)
{
	wait_wake(&b->parts.waiting, WAIT_ALL);
	blob_end_job(b);
}

static void
run_parts(struct job *job)
{
	struct blob *b = (struct blob *)((char *)job - offsetof(struct blob, parts.job));
	struct store *s = b->store;
	struct part *p;

	pthread_mutex_lock(&s->lock);
	s->stats.waiting--;
	s->stats.fetching++;
	while ((p = next_wanted(b))) {
		p->state = PART_COMING;
		pthread_mutex_unlock(&s->lock);
		int rc = bring(b, p->from, (size_t)(p->to - p->from));
		pthread_mutex_lock(&s->lock);
		p->state = rc == 0 && is_of_use(b, p) ? PART_HERE : PART_VAIN;
		pthread_mutex_unlock(&s->lock);
		wait_wake(&b->parts.waiting, WAIT_ALL);
		pthread_mutex_lock(&s->lock);
	}
	s->stats.fetching--;
	b->parts.busy = false;
	pthread_mutex_unlock(&s->lock);
	end_job(b);
}

static void
drop_parts(struct job *job)
{
	struct blob *b = (struct blob *)((char *)job - offsetof(struct blob, parts.job));

	pthread_mutex_lock(&b->store->lock);
	b->store->stats.waiting--;
	pthread_mutex_unlock(&b->store->lock);
	end_job(b);		/* who waited is told that the store closes */
}

void
parts_begin_attempt(struct blob *b)
{
	for (unsigned i = 0; i < b->parts.count; i++)
		b->parts.part[i].compared = false;
}

static bool
is_same(const struct blob *b, uint64_t off, uint64_t end)
{
	char x[32 * 1024], y[sizeof(x)];

	while (off < end) {
		size_t n = end - off < sizeof(x) ? (size_t)(end - off) : sizeof(x);

		if (pread(b->parts.fd, x, n, (off_t)off) != (ssize_t)n ||
		    pread(b->attempt.fd, y, n, (off_t)off) != (ssize_t)n || memcmp(x, y, n) != 0)
			return false;
		off += n;
	}
	return true;
}

int
parts_compare(struct blob *b)
{
	struct part due[PARTS_MOST];
	unsigned n = 0;

	pthread_mutex_lock(&b->store->lock);
	for (unsigned i = 0; i < b->parts.count; i++) {
		struct part *p = &b->parts.part[i];

		if (p->state == PART_HERE && !p->compared && p->to <= b->attempt.seen) {
			p->compared = true;
			due[n++] = *p;
		}
	}
	pthread_mutex_unlock(&b->store->lock);
	for (unsigned i = 0; i < n; i++) {
		if (!is_same(b, due[i].from, due[i].to)) {
			log_warn("store", "%s: what came of it alone is not what comes in order",
			    b->name);
			return -EIO;
		}
	}
	return 0;
}

void
parts_init(struct blob *b, store_part *fetch)
{
	b->parts = (struct parts){
		.fetch = fetch, .fd = -1, .job = { .run = run_parts, .drop = drop_parts }
	};
}

void
parts_close(struct blob *b)
{
	if (b->parts.fd >= 0)
		close(b->parts.fd);
}

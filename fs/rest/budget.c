#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "auth/log.h"

#include "budget.h"

#define QUARTER		(15 * 60)	/* seconds */
#define QUARTERS	97		/* of 24 hours, and the one that has begun */
#define CALLS_MOST	1000000000	/* in a quarter; more is no count of ours */

struct quarter { int64_t number, calls; };	/* number: since 1970 */

struct budget {
	uint64_t	 most;
	int		 fd;		/* -1: this process counts for itself */
	pthread_mutex_t file_lock; /* guards: the lock on the file, which is this process's; held
				      while that is waited for */

	pthread_mutex_t	 lock;		/* guards: all below */
	struct quarter	 quarters[QUARTERS];	/* each at its number modulo QUARTERS */
	bool		 told;
};

static int64_t
now(void)
{
	return (int64_t)time(NULL);
}

int
budget_open(const char *path, uint64_t most, struct budget **out)
{
	struct budget *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->most = most;
	b->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (b->fd < 0)
		log_warn("budget", "%s: %s; calls of earlier and of other mounts are not counted",
		    path, strerror(errno));
	pthread_mutex_init(&b->file_lock, NULL);
	pthread_mutex_init(&b->lock, NULL);
	*out = b;
	return 0;
}

void
budget_close(struct budget *b)
{
	if (!b)
		return;
	if (b->fd >= 0)
		close(b->fd);
	pthread_mutex_destroy(&b->file_lock);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

/* Caller locks, this process and the others. What is not there, or makes no sense, stays as this
 * process knows it. */
static void
load(struct budget *b)
{
	struct quarter read[QUARTERS];

	if (b->fd < 0 || pread(b->fd, read, sizeof(read), 0) != sizeof(read))
		return;
	for (size_t i = 0; i < QUARTERS; i++)
		if (read[i].number < 0 || read[i].calls < 0 || read[i].calls > CALLS_MOST)
			return;
	memcpy(b->quarters, read, sizeof(read));
}

static void
lock(struct budget *b)
{
	pthread_mutex_lock(&b->file_lock);
	while (b->fd >= 0 && flock(b->fd, LOCK_EX) < 0 && errno == EINTR)
		continue;
	pthread_mutex_lock(&b->lock);
	load(b);
}

static void
unlock(struct budget *b)
{
	if (b->fd >= 0)
		flock(b->fd, LOCK_UN);
	pthread_mutex_unlock(&b->lock);
	pthread_mutex_unlock(&b->file_lock);
}

/* What the file says now, if it is to be had at once: another mount may be stopped while it has it.
 */
static void
reload(struct budget *b)
{
	if (b->fd < 0 || pthread_mutex_trylock(&b->file_lock) != 0)
		return;
	if (flock(b->fd, LOCK_SH | LOCK_NB) == 0) {
		pthread_mutex_lock(&b->lock);
		load(b);
		pthread_mutex_unlock(&b->lock);
		flock(b->fd, LOCK_UN);
	}
	pthread_mutex_unlock(&b->file_lock);
}

/* Caller locks. Whether the quarter lies within 24 hours; a clock that was wrong for a while does
 * not count for longer. */
static bool
counts(const struct quarter *q, int64_t number)
{
	return q->number > number - QUARTERS && q->number < number + QUARTERS;
}

static uint64_t
sum(const struct budget *b, int64_t number, int64_t *oldest)
{
	uint64_t n = 0;

	*oldest = number;
	for (size_t i = 0; i < QUARTERS; i++) {
		const struct quarter *q = &b->quarters[i];

		if (q->calls == 0 || !counts(q, number))
			continue;
		n += (uint64_t)q->calls;
		if (q->number < *oldest)
			*oldest = q->number;
	}
	return n;
}

/* Caller locks, this process and the others. */
static void
add(struct budget *b, int64_t number, int64_t calls)
{
	struct quarter *q = &b->quarters[number % QUARTERS];

	if (q->number != number)
		*q = (struct quarter){ .number = number };
	q->calls = q->calls + calls > 0 ? q->calls + calls : 0;
	if (b->fd >= 0 &&
	    pwrite(b->fd, b->quarters, sizeof(b->quarters), 0) != sizeof(b->quarters) && !b->told) {
		log_warn("budget", "the count of calls cannot be written: %s", strerror(errno));
		b->told = true;
	}
}

int
budget_take(struct budget *b, int64_t *again)
{
	const int64_t number = now() / QUARTER;
	int64_t oldest;
	int rc = 0;

	lock(b);
	if (b->most && sum(b, number, &oldest) >= b->most) {
		*again = (oldest + QUARTERS) * QUARTER;
		rc = -EDQUOT;
	} else {
		add(b, number, 1);
	}
	unlock(b);
	return rc;
}

void
budget_give_back(struct budget *b)
{
	lock(b);
	add(b, now() / QUARTER, -1);
	unlock(b);
}

uint64_t
budget_used(struct budget *b)
{
	int64_t oldest;

	reload(b);
	pthread_mutex_lock(&b->lock);
	uint64_t n = sum(b, now() / QUARTER, &oldest);
	pthread_mutex_unlock(&b->lock);
	return n;
}

uint64_t
budget_most(const struct budget *b)
{
	return b->most;
}

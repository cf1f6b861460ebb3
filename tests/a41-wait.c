/*
 * Each wait is woken once or cancelled once, whichever is first; and waits are woken in the order
 * of their needs.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "fs/async/wait.h"
#include "tap.h"

struct counted {
	struct wait	 wait;
	int		 id;
	atomic_int	 runs;
};

static int order[16], ordered;

static void
note(struct wait *w)
{
	struct counted *c = (struct counted *)w;	/* wait is its first member */

	c->runs++;
	order[ordered++ % 16] = c->id;
}

static const struct {
	uint64_t	 need[4];
	uint64_t	 at;
	const char	*woken;		/* ids, in order */
	const char	*what;
} wakes[] = {
	{ { 1, 2, 3, 4 }, 2, "01", "those whose need is met" },
	{ { 4, 3, 2, 1 }, 3, "321", "least need first" },
	{ { 5, 5, 5, 5 }, 5, "0123", "first come first among equals" },
	{ { 5, 6, 7, 8 }, 4, "", "nobody too early" },
	{ { 0, WAIT_ALL, 9, WAIT_ALL - 1 }, WAIT_ALL, "0231", "all" },
};

static void
check_order(void)
{
	for (size_t i = 0; i < sizeof(wakes) / sizeof(wakes[0]); i++) {
		struct waitq q = WAITQ_INIT;
		struct counted c[4];
		char got[8] = "";

		ordered = 0;
		for (int j = 0; j < 4; j++) {
			c[j] = (struct counted){ .wait.ready = note, .id = j };
			wait_add(&q, &c[j].wait, wakes[i].need[j]);
		}
		wait_wake(&q, wakes[i].at);
		for (int j = 0; j < ordered; j++)
			got[j] = (char)('0' + order[j]);
		is_str(got, wakes[i].woken, wakes[i].what);
		int left = 0;
		for (int j = 0; j < 4; j++)
			left += wait_cancel(&c[j].wait);
		is_int(left, 4 - ordered, "all other waits can be cancelled");
		ok(q.first == NULL, "after that the queue is empty");
	}
}

static void
check_cancel(void)
{
	struct waitq q = WAITQ_INIT;
	struct counted a = { .wait.ready = note }, b = { .wait.ready = note },
		       c = { .wait.ready = note };

	ok(!wait_cancel(&a.wait), "a wait that was never queued cannot be cancelled");
	ok(!wait_add(&q, &a.wait, 0), "a cancelled wait is refused by the queue");
	wait_add(&q, &b.wait, 1);
	wait_add(&q, &c.wait, 2);
	ok(wait_cancel(&b.wait), "a queued wait can be cancelled");
	wait_wake(&q, WAIT_ALL);
	ok(b.runs == 0 && c.runs == 1, "a cancelled wait is not woken, and the one behind it is");
	ok(!wait_cancel(&c.wait), "a woken wait cannot be cancelled");
	wait_wake(&q, WAIT_ALL);
	ok(c.runs == 1, "a woken wait is not woken again");
}

static void
check_for_them(void)
{
	struct waitq q = WAITQ_INIT, other = WAITQ_INIT;
	struct counted a = { .wait.ready = note };
	struct counted idle = { .wait = { .ready = note, .those = &q } };

	q.for_them = &idle.wait;
	ok(!wait_add(&other, &idle.wait, 0), "a wait for others is refused if there are none");
	wait_add(&q, &a.wait, 0);
	ok(wait_add(&other, &idle.wait, 0), "a wait for others is queued if there is one");
	wait_cancel(&a.wait);
	ok(idle.runs == 1 && !other.first, "it ends when the last of them leaves");
	ok(!wait_add(&other, &idle.wait, 0), "after that it is refused");
	wait_add(&q, &a.wait, 0);
	ok(wait_add(&other, &idle.wait, 0), "it is queued again when one has come");
	wait_wake(&other, WAIT_ALL);
	wait_wake(&q, WAIT_ALL);
}

/*
 * The race: an add, a wake and a cancel at the same time. In each round exactly one must happen:
 * ready() runs, or the cancel returns true, or the cancel came first and the add is refused.
 */

#define ROUNDS 10000

static struct waitq shared = WAITQ_INIT;
static pthread_barrier_t begin, end;

struct round {
	struct wait_thread t;
	bool		 cancelled;
};

/* Waits for the other two, and then a moment, so that each can be first. */
static void
meet(unsigned *state)
{
	pthread_barrier_wait(&begin);
	*state = *state * 1664525 + 1013904223;
	for (volatile unsigned n = *state >> 24; n > 0; n--)
		;
}

static void *
wake_all(void *ctx)
{
	unsigned state = 1;

	(void)ctx;
	for (int i = 0; i < ROUNDS; i++) {
		meet(&state);
		wait_wake(&shared, 1);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

static void *
cancel_it(void *ctx)
{
	struct round *r = ctx;
	unsigned state = 2;

	for (int i = 0; i < ROUNDS; i++) {
		meet(&state);
		r->cancelled = wait_cancel(&r->t.wait);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

static void
check_race(void)
{
	struct round r;
	pthread_t waker, canceller;
	int woken = 0, cancelled = 0, refused = 0, wrong = 0;
	unsigned state = 3;

	pthread_barrier_init(&begin, NULL, 3);
	pthread_barrier_init(&end, NULL, 3);
	pthread_create(&waker, NULL, wake_all, NULL);
	pthread_create(&canceller, NULL, cancel_it, &r);
	for (int i = 0; i < ROUNDS; i++) {
		wait_thread_init(&r.t);
		meet(&state);
		bool added = wait_add(&shared, &r.t.wait, (uint64_t)(i % 2));
		pthread_barrier_wait(&end);
		if (!added) {
			refused++;
			wrong += r.cancelled;
		} else if (r.cancelled) {
			cancelled++;
		} else {
			wait_thread_sleep(&r.t);	/* returns only if ready() ran */
			woken++;
		}
	}
	pthread_join(waker, NULL);
	pthread_join(canceller, NULL);
	printf("# %d woken, %d cancelled, %d refused\n", woken, cancelled, refused);
	is_int(wrong, 0, "a wait that was refused is not cancelled");
	is_int(woken + cancelled + refused, ROUNDS, "each wait is woken, cancelled or refused");
	ok(shared.first == NULL, "no wait is left in the queue");
}

/* Many threads sleep on one queue, each with its own need. */

static struct waitq stairs = WAITQ_INIT;
static pthread_mutex_t stairs_lock = PTHREAD_MUTEX_INITIALIZER;	/* guards: level */
static uint64_t level;

static int
climb(uint64_t to, struct wait *w)
{
	pthread_mutex_lock(&stairs_lock);
	int rc = level >= to ? 0 : wait_add(&stairs, w, to) ? -1 : -2;
	pthread_mutex_unlock(&stairs_lock);
	return rc;
}

static void *
climb_all(void *ctx)
{
	uint64_t *climbed = ctx;
	struct wait_thread t;

	wait_thread_init(&t);
	for (uint64_t to = 1; to <= 500; to++) {
		int rc;

		while ((rc = climb(to, &t.wait)) == -1)
			wait_thread_sleep(&t);
		*climbed += rc == 0;
	}
	return NULL;
}

static void
check_threads(void)
{
	uint64_t climbed[8] = { 0 }, all = 0;
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, climb_all, &climbed[i]);
	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&stairs_lock);
		uint64_t at = ++level;
		pthread_mutex_unlock(&stairs_lock);
		wait_wake(&stairs, at);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		all += climbed[i];
	}
	is_int((long long)all, 8 * 500, "each thread that sleeps for a need wakes when it is met");
}

int
main(void)
{
	check_order();
	check_cancel();
	check_for_them();
	check_race();
	check_threads();
	return tap_done();
}

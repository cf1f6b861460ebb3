/*
 * Jobs run in order, at most as many at a time as there are threads; each is run or dropped once.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "fs/async/pool.h"
#include "tap.h"

static atomic_int running, most, added, ran, dropped;

struct work {
	struct job	 job;
	int		 id;
	sem_t		*begun, *go;		/* both or none */
};

static int order[64];

static void
run(struct job *job)
{
	struct work *w = (struct work *)((char *)job - offsetof(struct work, job));
	int now = ++running, before = most;

	while (now > before && !atomic_compare_exchange_weak(&most, &before, now))
		continue;
	if (w->go) {
		sem_post(w->begun);
		sem_wait(w->go);
	}
	order[ran++ % 64] = w->id;
	running--;
	free(w);
}

static void
drop(struct job *job)
{
	dropped++;
	free((char *)job - offsetof(struct work, job));
}

static void
add(struct pool *p, int id, sem_t *begun, sem_t *go)
{
	struct work *w = malloc(sizeof(*w));

	*w = (struct work){
		.job = { .run = run, .drop = drop }, .id = id, .begun = begun, .go = go
	};
	added++;
	pool_add(p, &w->job);
}

static void
forget(void)
{
	running = most = added = ran = dropped = 0;
}

static const struct { unsigned threads; int jobs; } sizes[] = { { 1, 20 }, { 2, 20 }, { 4, 64 } };

/* All threads run a job, and no more jobs run, although all have to wait. */
static void
check_sizes(void)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct pool *p = NULL;
		sem_t begun, go;

		forget();
		sem_init(&begun, 0, 0);
		sem_init(&go, 0, 0);
		is_int(pool_open("test", sizes[i].threads, &p), 0, "a pool opens");
		for (int j = 0; j < sizes[i].jobs; j++)
			add(p, j, &begun, &go);
		for (unsigned j = 0; j < sizes[i].threads; j++)
			sem_wait(&begun);
		is_int(running, sizes[i].threads, "all threads are at work");
		for (int j = 0; j < sizes[i].jobs; j++)
			sem_post(&go);
		for (int j = (int)sizes[i].threads; j < sizes[i].jobs; j++)
			sem_wait(&begun);
		pool_close(p);
		is_int(ran, sizes[i].jobs, "all jobs have run");
		is_int(most, sizes[i].threads,
		    "no more jobs run at a time than the pool has threads");
		bool sorted = true;
		for (int j = 1; j < sizes[i].jobs && sizes[i].threads == 1; j++)
			sorted &= order[j - 1] < order[j];
		ok(sorted, "one thread runs jobs first come, first served");
		sem_destroy(&begun);
		sem_destroy(&go);
	}
}

static void *
close_it(void *ctx)
{
	pool_close(ctx);
	return NULL;
}

/* A job that, when it is dropped, adds another one. */
static struct pool *again;
static void
drop_and_add(struct job *job)
{
	add(again, 0, NULL, NULL);
	dropped++;
	free((char *)job - offsetof(struct work, job));
}

static void
check_close(void)
{
	struct pool *p = NULL;
	pthread_t closer;
	sem_t begun, go;

	forget();
	sem_init(&begun, 0, 0);
	sem_init(&go, 0, 0);
	pool_open("test", 1, &p);
	add(p, 0, &begun, &go);
	sem_wait(&begun);
	add(p, 1, &begun, &go);
	add(p, 2, &begun, &go);
	struct work *w = malloc(sizeof(*w));
	*w = (struct work){ .job = { .run = run, .drop = drop_and_add } };
	again = p;
	added++;
	pool_add(p, &w->job);
	pthread_create(&closer, NULL, close_it, p);
	sem_post(&go);
	sem_post(&go);
	sem_post(&go);
	pthread_join(closer, NULL);
	/* Between a post and the close another job may have begun; none is lost, none runs
	 * twice. */
	ok(ran >= 1, "pool_close waits for a job that runs");
	is_int(ran + dropped, added,
	    "each job is run or dropped, also one that a drop adds");
	is_int(running, 0, "no job runs after pool_close");
	pool_close(NULL);
	sem_destroy(&begun);
	sem_destroy(&go);
}

/* No thread of the pool gets a signal to the process. */
static sem_t unblocked;
static int blocked;

static void
look_at_mask(struct job *job)
{
	sigset_t now;

	(void)job;
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	blocked = sigismember(&now, SIGTERM) && sigismember(&now, SIGINT);
	sem_post(&unblocked);
}

static void
check_signals(void)
{
	struct job job = { .run = look_at_mask, .drop = look_at_mask };
	struct pool *p = NULL;
	sigset_t now;

	sem_init(&unblocked, 0, 0);
	pool_open("a name that is too long", 1, &p);
	pool_add(p, &job);
	sem_wait(&unblocked);
	pool_close(p);
	ok(blocked, "threads of a pool block signals");
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	ok(!sigismember(&now, SIGTERM), "the thread that adds a job blocks no signals");
	sem_destroy(&unblocked);
}

/* Bursts from several threads. */
static void *
add_many(void *ctx)
{
	for (int i = 0; i < 1000; i++)
		add(ctx, i, NULL, NULL);
	return NULL;
}

static void
check_burst(void)
{
	struct pool *p = NULL;
	pthread_t threads[4];

	forget();
	pool_open("test", 3, &p);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, add_many, p);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	pool_close(p);
	is_int(ran + dropped, added,
	    "each job of a burst from four threads runs once or is dropped");
	ok(most <= 3, "three threads run at most three jobs at a time");
}

/* The system gives no more threads. */
static atomic_bool no_threads;

int
pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *ctx)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	return no_threads ? EAGAIN : real(thread, attr, start, ctx);
}

static void
check_no_threads(void)
{
	struct pool *p = NULL;

	forget();
	no_threads = true;
	is_int(pool_open("test", 3, &p), -EAGAIN,
	    "a pool whose first thread cannot start does not open");
	ok(!p, "no pool is handed out then");
	no_threads = false;
	is_int(pool_open("test", 3, &p), 0, "a pool with one thread opens");
	no_threads = true;
	sem_t begun, go;
	sem_init(&begun, 0, 0);
	sem_init(&go, 0, 0);
	for (int i = 0; i < 3; i++)
		add(p, i, &begun, &go);
	for (int i = 0; i < 3; i++) {
		sem_wait(&begun);
		sem_post(&go);
	}
	no_threads = false;
	pool_close(p);
	ok(ran == 3 && most == 1, "one thread does all jobs if no other can start");
	sem_destroy(&begun);
	sem_destroy(&go);
}

int
main(void)
{
	check_sizes();
	check_close();
	check_signals();
	check_burst();
	check_no_threads();
	return tap_done();
}

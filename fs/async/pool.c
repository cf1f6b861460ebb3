#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/log.h"

#include "pool.h"

#define IDLE_FOR	10	/* seconds until an idle thread ends, if it is not the last */

struct pool {
	char		 name[16];
	unsigned	 most;

	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 more;		/* on first and closing */
	pthread_cond_t	 ended;		/* on threads */
	struct job	*first, **last;
	unsigned	 threads, idle;
	bool		 closing;
};

/* Caller locks. Waits for a job. NULL: this thread is to end. */
static struct job *
next_job(struct pool *p)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_FOR;
	p->idle++;
	while (!p->first && !p->closing) {
		if (p->threads == 1)
			pthread_cond_wait(&p->more, &p->lock);
		else if (pthread_cond_timedwait(&p->more, &p->lock, &until) == ETIMEDOUT &&
		    p->threads > 1)
			break;
	}
	p->idle--;
	if (!p->first || p->closing)
		return NULL;
	struct job *job = p->first;
	p->first = job->next;
	if (!p->first)
		p->last = &p->first;
	return job;
}

static void *
run_jobs(void *ctx)
{
	struct pool *p = ctx;
	struct job *job;

	pthread_setname_np(pthread_self(), p->name);
	pthread_mutex_lock(&p->lock);
	while ((job = next_job(p))) {
		pthread_mutex_unlock(&p->lock);
		job->run(job);
		pthread_mutex_lock(&p->lock);
	}
	p->threads--;
	pthread_cond_signal(&p->ended);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Caller locks. The threads of a pool block all signals: other threads handle those. */
static int
start_thread(struct pool *p)
{
	pthread_attr_t detached;
	sigset_t all, before;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	int error = pthread_create(&thread, &detached, run_jobs, p);
	pthread_attr_destroy(&detached);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		p->threads++;
	else
		log_error("pool", "%s: cannot start a thread: %s", p->name, strerror(error));
	return -error;
}

int
pool_open(const char *name, unsigned threads, struct pool **out)
{
	struct pool *p = calloc(1, sizeof(*p));
	pthread_condattr_t monotonic;

	if (!p)
		return -ENOMEM;
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->most = threads ? threads : 1;
	p->last = &p->first;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&p->more, &monotonic);
	pthread_cond_init(&p->ended, NULL);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_lock(&p->lock);
	int rc = start_thread(p);
	pthread_mutex_unlock(&p->lock);
	if (rc < 0) {
		pool_close(p);
		return rc;
	}
	*out = p;
	return 0;
}

void
pool_add(struct pool *p, struct job *job)
{
	pthread_mutex_lock(&p->lock);
	job->next = NULL;
	*p->last = job;
	p->last = &job->next;
	/* In a burst, a thread counts as idle until it has taken the job that it was woken for. */
	unsigned queued = 0;
	for (struct job *j = p->first; j && queued <= p->idle; j = j->next)
		queued++;
	if (queued > p->idle && p->threads < p->most && !p->closing)
		start_thread(p);	/* if that fails, the other threads do the job */
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
}

void
pool_close(struct pool *p)
{
	struct job *job;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_broadcast(&p->more);
	while (p->threads > 0)
		pthread_cond_wait(&p->ended, &p->lock);
	while ((job = p->first)) {		/* a drop() may add more */
		p->first = job->next;
		if (!p->first)
			p->last = &p->first;
		pthread_mutex_unlock(&p->lock);
		if (job->drop)
			job->drop(job);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	pthread_cond_destroy(&p->more);
	pthread_cond_destroy(&p->ended);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

void
pool_stop(struct pool **p, pthread_mutex_t *lock)
{
	pthread_mutex_lock(lock);
	struct pool *pool = *p;
	*p = NULL;
	pthread_mutex_unlock(lock);
	pool_close(pool);
}

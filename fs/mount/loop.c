/*
 * The threads that take requests. libfuse's own loop ends the mount as soon as one of its threads
 * has no memory for a request; and it ends by pthread_cancel, which aborts the process if no
 * descriptor is left for a library that it loads. Here a signal that does nothing ends a read.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "internal.h"

#define THREADS		10
#define PAUSE		50	/* ms after a request that could not be taken */
#define WAKE_EVERY	10	/* ms: the signal may come just before the read */
#define LOOK_EVERY	1	/* seconds: a signal may come just before the wait for one */

struct taker {
	pthread_t	 thread;
	struct fuse_session *session;
	sem_t		*ended;
	struct fuse_buf	 buf;
};

static void
on_wake(int number)
{
	(void)number;
}

static void
pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static void *
take_requests(void *ctx)
{
	struct taker *t = ctx;

	pthread_setname_np(pthread_self(), "sffs-fuse");
	while (!fuse_session_exited(t->session)) {
		int rc = fuse_session_receive_buf(t->session, &t->buf);

		if (rc > 0)
			fuse_session_process_buf(t->session, &t->buf);
		else if (rc < 0 && rc != -EINTR)
			pause_ms(PAUSE);
	}
	sem_post(t->ended);
	return NULL;
}

/* Other threads handle all other signals. */
static int
start_takers(struct taker *takers, unsigned *n)
{
	sigset_t all, before;
	int error = 0;

	sigaction(SIGRTMIN, &(struct sigaction){ .sa_handler = on_wake }, NULL);
	sigfillset(&all);
	sigdelset(&all, SIGRTMIN);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; *n < THREADS && error == 0; *n += error == 0)
		error = pthread_create(&takers[*n].thread, NULL, take_requests, &takers[*n]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return *n > 0 ? 0 : -error;
}

int
loop_run(struct fuse_session *session)
{
	struct taker takers[THREADS];
	struct timespec until;
	unsigned n = 0;
	sem_t ended;

	sem_init(&ended, 0, 0);
	for (unsigned i = 0; i < THREADS; i++)
		takers[i] = (struct taker){ .session = session, .ended = &ended };
	int rc = start_takers(takers, &n);
	while (rc == 0 && !fuse_session_exited(session)) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += LOOK_EVERY;
		sem_clockwait(&ended, CLOCK_MONOTONIC, &until);
	}
	for (unsigned i = 0; i < n; i++)
		pthread_kill(takers[i].thread, SIGRTMIN);
	for (unsigned i = 0; i < n; i++) {
		while (pthread_tryjoin_np(takers[i].thread, NULL) == EBUSY) {
			pause_ms(WAKE_EVERY);
			pthread_kill(takers[i].thread, SIGRTMIN);
		}
		free(takers[i].buf.mem);
	}
	sem_destroy(&ended);
	return rc;
}

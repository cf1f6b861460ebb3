/*
 * The threads that take requests. libfuse's own loop ends the mount as soon as one of its threads
 * has no memory for a request. It also ends by pthread_cancel, which aborts the process if no
 * descriptor is left for a library that it loads. Here a signal that does nothing interrupts a
 * read.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/log.h"
#include "signals.h"

#include "internal.h"

#define THREADS		10
#define PAUSE		50	/* ms after a request that could not be taken */
#define WAKE_EVERY	10	/* ms: the signal may come just before the read */

_Thread_local char *loop_room;

/* A signal handler needs these. */
static struct fuse_session *session;
static sem_t ended;		/* a thread has ended, or a signal asks for it */

struct taker {
	pthread_t	 thread;
	struct fuse_buf	 buf;
};

static void
on_end(int number)
{
	(void)number;
	fuse_session_exit(session);
	sem_post(&ended);
}

void
loop_take_signals(struct fuse_session *s)
{
	session = s;
	sem_init(&ended, 0, 0);
	signals_take(on_end);
}

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
	loop_room = malloc(LOOP_ROOM);
	while (!fuse_session_exited(session)) {
		int rc = fuse_session_receive_buf(session, &t->buf);

		if (rc > 0) {
			fuse_session_process_buf(session, &t->buf);
		} else if (rc == -ENOMEM || rc == -EAGAIN || rc == -EMFILE || rc == -ENFILE) {
			pause_ms(PAUSE);
		} else if (rc < 0 && rc != -EINTR) {
			log_error("mount", "cannot take requests: %s", strerror(-rc));
			fuse_session_exit(session);
		}
	}
	free(loop_room);
	sem_post(&ended);
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
loop_run(void)
{
	struct taker takers[THREADS] = { 0 };
	unsigned n = 0;
	int rc = start_takers(takers, &n);

	while (rc == 0 && !fuse_session_exited(session))
		sem_wait(&ended);
	for (unsigned i = 0; i < n; i++)
		pthread_kill(takers[i].thread, SIGRTMIN);
	for (unsigned i = 0; i < n; i++) {
		while (pthread_tryjoin_np(takers[i].thread, NULL) == EBUSY) {
			pause_ms(WAKE_EVERY);
			pthread_kill(takers[i].thread, SIGRTMIN);
		}
		free(takers[i].buf.mem);
	}
	return rc;
}

/*
 * Keeps the requests that wait for each question; questions.c asks it. Memory has the latest
 * questions with their answers, the catalogue has the answers to all.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/clock.h"
#include "fs/async/task.h"
#include "answers.h"
#include "freshness.h"
#include "questions.h"

#include "on_demand.h"

#define KEPT		64	/* questions in memory */
#define THREADS		4
#define PAUSE		5000	/* ms after a try that failed */

struct question {
	struct on_demand *owner;
	enum on_demand_kind kind;
	char		*subject;
	struct task	 task;
	const struct answer *answer;	/* NULL: none yet */
	unsigned	 users;		/* threads that still need it */
	struct question	*next;		/* less recently used */
};

struct on_demand {
	struct sync_options o;
	struct updater	 asker;

	/* guards: all below, and in questions all that changes */
	pthread_mutex_t	 lock;
	struct pool	*pool;		/* NULL once stopped */
	int64_t		 expired;	/* answers from before are stale (ms) */
	struct question	*first;		/* the most recently used */
};

/*
 * Questions in memory.
 */

static struct question *
question_of(struct job *job)
{
	return CONTAINER_OF(job, struct question, task.job);
}

/* takes answer */
static void
end_question(struct question *q, int rc, const struct answer *answer)
{
	struct on_demand *d = q->owner;
	const struct answer *old = NULL;

	pthread_mutex_lock(&d->lock);
	q->users++;		/* task_end uses it after the lock is given up */
	if (rc == 0) {
		old = q->answer;
		q->answer = answer;
	}
	pthread_mutex_unlock(&d->lock);
	answers_put(old);
	task_end(&q->task, &d->lock, rc);
	pthread_mutex_lock(&d->lock);
	q->users--;
	pthread_mutex_unlock(&d->lock);
}

static void
run_question(struct job *job)
{
	struct question *q = question_of(job);
	const struct answer *answer = NULL;
	int rc = questions_ask(&q->owner->asker, q->kind, q->subject, &answer);

	end_question(q, rc, answer);
}

static void
drop_question(struct job *job)
{
	end_question(question_of(job), -EINTR, NULL);
}

static void
free_question(struct question *q)
{
	answers_put(q->answer);
	free(q->subject);
	free(q);
}

static struct question *
new_question(struct on_demand *d, enum on_demand_kind kind, const char *subject)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!q || !(q->subject = strdup(subject))) {
		free(q);
		return NULL;
	}
	q->owner = d;
	q->kind = kind;
	q->task.job = (struct job){ .run = run_question, .drop = drop_question };
	q->task.keep_error = PAUSE;
	return q;
}

/* Caller locks. The question, which is now the most recently used; the least recently used ones are
 * forgotten when they are too many. */
static struct question *
find_question(struct on_demand *d, enum on_demand_kind kind, const char *subject)
{
	struct question **at = &d->first, *q;
	unsigned n = 0;

	while (*at && ((*at)->kind != kind || strcmp((*at)->subject, subject) != 0))
		at = &(*at)->next;
	q = *at;
	if (q)
		*at = q->next;
	else if (!(q = new_question(d, kind, subject)))
		return NULL;
	q->next = d->first;
	d->first = q;
	for (struct question **p = &q->next; *p;) {
		struct question *old = *p;

		if (++n >= KEPT && !old->users && !old->task.running) {
			*p = old->next;
			free_question(old);
		} else {
			p = &old->next;
		}
	}
	return q;
}

/* Caller locks. Takes the catalogue's answer if it is newer: another mount may have asked. */
static void
recall_answer(struct question *q)
{
	const struct answer *a = NULL;

	if (questions_recall(&q->owner->asker, q->kind, q->subject, &a) < 0)
		return;
	if (q->answer && q->answer->asked >= a->asked) {
		answers_put(a);
		return;
	}
	answers_put(q->answer);
	q->answer = a;
}

/*
 * Requests that wait.
 */

/* Caller locks. False if the clock has been set back since: else no new answer would ever do. */
static bool
is_expired(const struct on_demand *d, const struct answer *a)
{
	return a->asked < d->expired && d->expired <= clock_wall_ms();
}

/* Caller locks. fresh_for: as in questions.h. */
static bool
is_fresh(const struct on_demand *d, int64_t fresh_for, const struct answer *a,
    int64_t since)
{
	if (!a || a->asked > clock_wall_ms())
		return false;
	if (a->asked >= since)
		return true;
	/* "There is none" may soon be wrong, so it is not kept for long. */
	if (fresh_for > 0 && a->count > 0)
		return freshness_is_recent(a->asked, fresh_for);
	return fresh_for != 0 && !is_expired(d, a) &&
	    freshness_is_recent(a->asked, (int64_t)d->o.refresh * 1000);
}

/* Caller locks. As on_demand_get; if it is 0 the answer is q's. */
static int
need_answer(
    struct on_demand *d, struct question *q, int64_t fresh_for, int64_t since, struct wait *w)
{
	if (!is_fresh(d, fresh_for, q->answer, since))
		recall_answer(q);
	if (is_fresh(d, fresh_for, q->answer, since))
		return 0;
	q->task.made = false;
	int rc = w && w->guest && !q->task.running ? rest_check_guest(d->asker.rest) : 0;
	if (rc == 0)
		rc = task_need(&q->task, d->pool, w);
	if (rc == 0 && w && is_expired(d, q->answer)) {
		w->ticket = 0;		/* it was under way when everything expired */
		rc = task_need(&q->task, d->pool, w);
	}
	return q->answer && freshness_serves(rc, d->o.fail_offline) ? 0 : rc;
}

static int
get_fresh_answer(struct on_demand *d, enum on_demand_kind kind, const char *subject,
    int64_t fresh_for, int64_t since, struct wait *w, const struct answer **out)
{
	pthread_mutex_lock(&d->lock);
	struct question *q = find_question(d, kind, subject);
	int rc = q ? need_answer(d, q, fresh_for, since, w) : -ENOMEM;
	if (rc == 0)
		*out = answers_get(q->answer);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
on_demand_get(struct on_demand *d, enum on_demand_kind kind, const char *subject, int64_t since,
    struct wait *w, const struct answer **out)
{
	return get_fresh_answer(d, kind, subject, questions_fresh_for(kind), since, w, out);
}

int
on_demand_get_missing(struct on_demand *d, enum on_demand_kind kind, const char *subject,
    int64_t since, struct wait *w, const struct answer **out)
{
	return get_fresh_answer(d, kind, subject, QUESTIONS_REFRESH, since, w, out);
}

/* Asks and waits, even if somebody else asks already. */
static int
wait_for_answer(struct on_demand *d, enum on_demand_kind kind, int64_t fresh_for, int64_t since)
{
	const struct answer *a = NULL;
	struct wait_thread t;
	int rc;

	wait_thread_init(&t);
	while ((rc = get_fresh_answer(d, kind, "", fresh_for, since, &t.wait, &a)) == -EAGAIN)
		wait_thread_sleep(&t);
	answers_put(a);
	return rc;
}

void
on_demand_renew(struct on_demand *d)
{
	const int64_t now = clock_wall_ms();

	wait_for_answer(d, ON_DEMAND_ALL_FILES, 0, now);
	wait_for_answer(d, ON_DEMAND_LIBRARIES, 0, now);
}

int
on_demand_known(struct on_demand *d, enum on_demand_kind kind, const char *subject,
    const struct answer **out)
{
	pthread_mutex_lock(&d->lock);
	struct question *q = find_question(d, kind, subject);
	if (q && !q->answer)
		recall_answer(q);
	int rc = !q ? -ENOMEM : q->answer ? 0 : -ENOENT;
	if (rc == 0)
		*out = answers_get(q->answer);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
on_demand_prepare(struct on_demand *d)
{
	static const enum on_demand_kind first[] = {
		ON_DEMAND_ALL_FILES, ON_DEMAND_LIBRARIES, ON_DEMAND_STORAGE
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]) && rc != -EINTR; i++)
		rc = wait_for_answer(d, first[i], questions_fresh_for(first[i]), INT64_MAX);
	return rc == -EINTR ? rc : 0;
}

int
on_demand_sees_all_files(struct on_demand *d)
{
	const struct answer *a;
	int all = -1;

	if (on_demand_known(d, ON_DEMAND_ALL_FILES, "", &a) == 0) {
		if (a->count > 0)
			all = strcmp(a->rows->name, "yes") == 0;
		answers_put(a);
	}
	return all;
}

/*
 * Opening and closing.
 */

void
on_demand_expire(struct on_demand *d)
{
	pthread_mutex_lock(&d->lock);
	d->expired = clock_wall_ms();
	for (struct question *q = d->first; q; q = q->next)
		q->task.kept_until = 0;
	pthread_mutex_unlock(&d->lock);
}

int
on_demand_open(struct rest *rest, struct catalogue *catalogue, const struct sync_options *o,
    struct on_demand **out)
{
	struct on_demand *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	int rc = pool_open("sffs-on-demand", THREADS, &d->pool);
	if (rc < 0) {
		free(d);
		return rc;
	}
	d->o = *o;
	d->asker = (struct updater){ .rest = rest, .catalogue = catalogue, .o = &d->o,
		.kind = REST_DEMAND, .page = -1 };
	pthread_mutex_init(&d->lock, NULL);
	*out = d;
	return 0;
}

void
on_demand_stop(struct on_demand *d)
{
	pool_stop(&d->pool, &d->lock);
}

void
on_demand_close(struct on_demand *d)
{
	if (!d)
		return;
	pool_close(d->pool);
	while (d->first) {
		struct question *q = d->first;

		d->first = q->next;
		free_question(q);
	}
	pthread_mutex_destroy(&d->lock);
	free(d);
}

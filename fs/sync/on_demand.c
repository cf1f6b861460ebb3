/*
 * Who waits for which question; questions.h has what is asked. The questions that somebody had
 * lately are in memory with their answers; the catalogue has those of all.
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
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
	const struct on_demand_answer *answer;	/* NULL: none yet */
	struct freshness fresh;		/* of the last try; `asked` is the answer's */
	unsigned	 users;		/* threads that still need it */
	struct question	*next;		/* less recently used */
};

struct on_demand {
	struct asker	 asker;

	/* guards: all below, and in questions all that changes */
	pthread_mutex_t	 lock;
	struct pool	*pool;		/* NULL once stopped */
	int64_t		 expired;	/* what was asked before is stale (ms) */
	struct question	*first;		/* the most recently used */
};

int64_t
on_demand_now(void)
{
	return clock_wall_ms();
}

void
on_demand_put(const struct on_demand_answer *a)
{
	answers_release(a);
}

const struct on_demand_row *
on_demand_find(const struct on_demand_answer *a, const char *id)
{
	return answers_find(a, id);
}

/*
 * Questions in memory.
 */

static struct question *
question_of(struct job *job)
{
	return (struct question *)((char *)job - offsetof(struct question, task.job));
}

/* takes answer */
static void
end_question(struct question *q, int rc, const struct on_demand_answer *answer)
{
	struct on_demand *d = q->owner;
	const struct on_demand_answer *old = NULL;

	pthread_mutex_lock(&d->lock);
	q->users++;		/* task_end uses it after the lock is given up */
	if (rc == 0) {
		old = q->answer;
		q->answer = answer;
	}
	freshness_note(&q->fresh, rc, 0, PAUSE);
	pthread_mutex_unlock(&d->lock);
	answers_release(old);
	task_end(&q->task, &d->lock, rc);
	pthread_mutex_lock(&d->lock);
	q->users--;
	pthread_mutex_unlock(&d->lock);
}

static void
run_question(struct job *job)
{
	struct question *q = question_of(job);
	const struct on_demand_answer *answer = NULL;
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
	answers_release(q->answer);
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
	const struct on_demand_answer *a = NULL;

	if (questions_recall(&q->owner->asker, q->kind, q->subject, &a) < 0)
		return;
	if (q->answer && q->answer->asked >= a->asked) {
		answers_release(a);
		return;
	}
	answers_release(q->answer);
	q->answer = a;
}

/*
 * Who waits.
 */

/* Caller locks. fresh_for: as in questions.h. */
static bool
is_fresh(const struct on_demand *d, int64_t fresh_for, const struct on_demand_answer *a,
    int64_t since)
{
	const struct freshness f = { .asked = a ? a->asked : 0 };

	if (!a || a->asked > on_demand_now())
		return false;
	if (a->asked >= since)
		return true;
	/* "There is none" may soon be wrong, so it is not kept for long. */
	if (fresh_for > 0 && a->count > 0)
		return freshness_left(&f, fresh_for) > 0;
	return fresh_for != 0 && a->asked >= d->expired &&
	    freshness_left(&f, (int64_t)d->asker.o.refresh * 1000) > 0;
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
	int rc = q->fresh.rc;
	if (q->fresh.failed < d->expired || freshness_left(&q->fresh, 0) == 0) {
		q->task.made = false;
		rc = task_need(&q->task, d->pool, w);
		if (rc == 0 && w && q->answer->asked < d->expired) {
			w->ticket = 0;	/* it was on its way when everything expired */
			rc = task_need(&q->task, d->pool, w);
		}
	}
	return q->answer && freshness_serves(rc, d->asker.o.fail_offline) ? 0 : rc;
}

/* Caller locks. */
static void
hand_out(struct question *q, const struct on_demand_answer **out)
{
	answers_hold(q->answer);
	*out = q->answer;
}

static int
get_fresh_answer(struct on_demand *d, enum on_demand_kind kind, const char *subject,
    int64_t fresh_for, int64_t since, struct wait *w, const struct on_demand_answer **out)
{
	pthread_mutex_lock(&d->lock);
	struct question *q = find_question(d, kind, subject);
	int rc = q ? need_answer(d, q, fresh_for, since, w) : -ENOMEM;
	if (rc == 0)
		hand_out(q, out);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
on_demand_get(struct on_demand *d, enum on_demand_kind kind, const char *subject, int64_t since,
    struct wait *w, const struct on_demand_answer **out)
{
	return get_fresh_answer(d, kind, subject, questions_fresh_for(kind), since, w, out);
}

int
on_demand_get_missing(struct on_demand *d, enum on_demand_kind kind, const char *subject,
    int64_t since, struct wait *w, const struct on_demand_answer **out)
{
	return get_fresh_answer(d, kind, subject, QUESTIONS_REFRESH, since, w, out);
}

void
on_demand_renew(struct on_demand *d, enum on_demand_kind kind, const char *subject)
{
	const int64_t now = on_demand_now();
	const struct on_demand_answer *a;
	struct wait_thread t;
	int rc;

	wait_thread_init(&t);
	while ((rc = get_fresh_answer(d, kind, subject, 0, now, &t.wait, &a)) == -EAGAIN)
		wait_thread_sleep(&t);
	if (rc == 0)
		answers_release(a);
}

int
on_demand_known(struct on_demand *d, enum on_demand_kind kind, const char *subject,
    const struct on_demand_answer **out)
{
	pthread_mutex_lock(&d->lock);
	struct question *q = find_question(d, kind, subject);
	if (q && !q->answer)
		recall_answer(q);
	int rc = !q ? -ENOMEM : q->answer ? 0 : -ENOENT;
	if (rc == 0)
		hand_out(q, out);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
on_demand_prepare(struct on_demand *d)
{
	static const enum on_demand_kind first[2] = { ON_DEMAND_REACH, ON_DEMAND_STORAGE };
	const struct on_demand_answer *a[2];
	struct wait_thread t[2];
	int rc[2];

	for (int i = 0; i < 2; i++) {
		wait_thread_init(&t[i]);
		rc[i] = on_demand_get(d, first[i], "", INT64_MAX, &t[i].wait, &a[i]);
	}
	for (int i = 0; i < 2; i++) {
		while (rc[i] == -EAGAIN) {
			wait_thread_sleep(&t[i]);
			rc[i] = on_demand_get(d, first[i], "", INT64_MAX, &t[i].wait, &a[i]);
		}
		if (rc[i] == 0)
			on_demand_put(a[i]);
	}
	return rc[0] == -EINTR || rc[1] == -EINTR ? -EINTR : 0;
}

int
on_demand_sees_all_files(struct on_demand *d)
{
	const struct on_demand_answer *a;
	int all = -1;

	if (on_demand_known(d, ON_DEMAND_REACH, "", &a) == 0) {
		const struct on_demand_row *row = answers_find(a, "");

		if (row)
			all = strcmp(row->name, "all") == 0;
		on_demand_put(a);
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
	d->expired = on_demand_now();
	pthread_mutex_unlock(&d->lock);
}

void
on_demand_on_change(struct on_demand *d, catalogue_changed *changed, void *ctx)
{
	d->asker.changed = changed;
	d->asker.ctx = ctx;
}

int
on_demand_open(struct rest *rest, struct catalogue *catalogue, const struct on_demand_options *o,
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
	d->asker = (struct asker){ .rest = rest, .catalogue = catalogue, .o = *o };
	pthread_mutex_init(&d->lock, NULL);
	*out = d;
	return 0;
}

void
on_demand_stop(struct on_demand *d)
{
	pthread_mutex_lock(&d->lock);
	struct pool *pool = d->pool;
	d->pool = NULL;
	pthread_mutex_unlock(&d->lock);
	pool_close(pool);
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

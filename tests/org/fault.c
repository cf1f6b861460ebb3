#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/org/fault.h"
#include "tests/org/journal.h"

#define GONE_LOOK_MS	100	/* between looks of a held request for its client */

struct faults {
	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 changed;
	struct fault	*first;
	uint64_t	 releases;
	size_t		 held;
	bool		 stopped;
};

static const char *const names[FAULT_KINDS] = {
	[FAULT_ERROR] = "error",
	[FAULT_OAUTH_ERROR] = "oauth-error",
	[FAULT_BODY] = "body",
	[FAULT_HTML] = "html",
	[FAULT_GARBAGE] = "garbage",
	[FAULT_EMPTY] = "empty",
	[FAULT_DROP] = "drop",
	[FAULT_NOT_HTTP] = "not-http",
	[FAULT_LOST] = "lost",
	[FAULT_HOLD] = "hold",
	[FAULT_DELAY] = "delay",
	[FAULT_DROP_AFTER] = "drop-after",
	[FAULT_HOLD_AFTER] = "hold-after",
	[FAULT_SILENT] = "silent",
	[FAULT_CORRUPT] = "corrupt",
	[FAULT_SHORT] = "short",
	[FAULT_LONG] = "long",
	[FAULT_SLOW] = "slow",
};

int
faults_new(struct faults **out)
{
	struct faults *f = calloc(1, sizeof(*f));
	pthread_condattr_t attr;

	if (!f)
		return -ENOMEM;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->changed, &attr);
	pthread_condattr_destroy(&attr);
	*out = f;
	return 0;
}

bool
fault_kind_parse(const char *s, enum fault_kind *out)
{
	for (unsigned i = 0; i < FAULT_KINDS; i++) {
		if (strcmp(names[i], s) == 0) {
			*out = (enum fault_kind)i;
			return true;
		}
	}
	return false;
}

const char *
fault_kind_name(enum fault_kind kind)
{
	return names[kind];
}

void
fault_free(struct fault *f)
{
	if (!f)
		return;
	free(f->match);
	free(f->code);
	free(f->message);
	free(f->body);
	free(f->type);
	free(f->header);
	free(f);
}

static void
drop_user(struct fault *f)
{
	if (--f->users == 0)
		fault_free(f);
}

void
faults_add(struct faults *faults, struct fault *f)
{
	struct fault **last;

	f->users = 1;
	f->next = NULL;
	pthread_mutex_lock(&faults->lock);
	for (last = &faults->first; *last; last = &(*last)->next)
		continue;
	*last = f;
	pthread_mutex_unlock(&faults->lock);
}

void
faults_clear(struct faults *faults)
{
	pthread_mutex_lock(&faults->lock);
	while (faults->first) {
		struct fault *f = faults->first;

		faults->first = f->next;
		drop_user(f);
	}
	pthread_mutex_unlock(&faults->lock);
}

void
faults_free(struct faults *faults)
{
	if (!faults)
		return;
	faults_clear(faults);
	pthread_cond_destroy(&faults->changed);
	pthread_mutex_destroy(&faults->lock);
	free(faults);
}

struct fault *
fault_take(struct faults *faults, const char *method, const char *path, const char *query,
    uint64_t *hold)
{
	struct fault *found = NULL;

	pthread_mutex_lock(&faults->lock);
	*hold = faults->releases;
	for (struct fault **at = &faults->first; *at && !found; ) {
		struct fault *f = *at;

		if (!journal_match(f->match, method, path, query) || (f->skip > 0 && f->skip--)) {
			at = &f->next;
			continue;
		}
		found = f;
		f->users++;
		if (f->times > 0 && --f->times == 0) {
			*at = f->next;
			drop_user(f);
		}
	}
	pthread_mutex_unlock(&faults->lock);
	return found;
}

void
fault_put(struct faults *faults, struct fault *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&faults->lock);
	drop_user(f);
	pthread_mutex_unlock(&faults->lock);
}

void
faults_list(struct faults *faults, struct buf *out)
{
	pthread_mutex_lock(&faults->lock);
	for (const struct fault *f = faults->first; f; f = f->next)
		buf_printf(out, "%s\t%lld\t%s\n", names[f->kind], (long long)f->times, f->match);
	pthread_mutex_unlock(&faults->lock);
}

static struct timespec
later(unsigned ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

bool
fault_hold(struct faults *faults, uint64_t hold, bool (*gone)(void *), void *ctx)
{
	bool left = false;

	pthread_mutex_lock(&faults->lock);
	faults->held++;
	pthread_cond_broadcast(&faults->changed);
	while (faults->releases == hold && !faults->stopped && !left) {
		struct timespec until = later(GONE_LOOK_MS);

		if (pthread_cond_timedwait(&faults->changed, &faults->lock, &until) == ETIMEDOUT) {
			pthread_mutex_unlock(&faults->lock);
			left = gone(ctx);
			pthread_mutex_lock(&faults->lock);
		}
	}
	bool released = faults->releases != hold;
	if (!released)
		faults->held--;
	pthread_mutex_unlock(&faults->lock);
	return released;
}

uint64_t
fault_hold_now(struct faults *faults)
{
	pthread_mutex_lock(&faults->lock);
	uint64_t hold = faults->releases;
	pthread_mutex_unlock(&faults->lock);
	return hold;
}

size_t
faults_release(struct faults *faults)
{
	pthread_mutex_lock(&faults->lock);
	size_t n = faults->held;
	faults->held = 0;
	faults->releases++;
	pthread_cond_broadcast(&faults->changed);
	pthread_mutex_unlock(&faults->lock);
	return n;
}

bool
faults_wait_held(struct faults *faults, size_t count, unsigned seconds)
{
	struct timespec until = later(seconds * 1000);
	bool enough;
	int rc = 0;

	pthread_mutex_lock(&faults->lock);
	while (!(enough = faults->held >= count) && rc == 0 && !faults->stopped)
		rc = pthread_cond_timedwait(&faults->changed, &faults->lock, &until);
	pthread_mutex_unlock(&faults->lock);
	return enough;
}

void
fault_pause(struct faults *faults, uint64_t hold, unsigned ms)
{
	struct timespec until = later(ms);
	int rc = 0;

	pthread_mutex_lock(&faults->lock);
	while (rc == 0 && faults->releases == hold && !faults->stopped)
		rc = pthread_cond_timedwait(&faults->changed, &faults->lock, &until);
	pthread_mutex_unlock(&faults->lock);
}

void
faults_stop(struct faults *faults)
{
	pthread_mutex_lock(&faults->lock);
	faults->stopped = true;
	pthread_cond_broadcast(&faults->changed);
	pthread_mutex_unlock(&faults->lock);
}

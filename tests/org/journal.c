#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/org/journal.h"

struct entry {
	char		*text;		/* METHOD \0 path \0 query \0 */
	const char	*path, *query;	/* into text */
	unsigned	 status;
	bool		 ended, whole;
	uint64_t	 bytes;
};

struct journal {
	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 changed;
	struct entry	*entries;	/* a ring */
	uint64_t	 first, next;	/* numbers of the oldest and of the next entry */
	bool		 stopped;
};

int
journal_new(struct journal **out)
{
	struct journal *j = calloc(1, sizeof(*j));
	pthread_condattr_t attr;

	if (!j)
		return -ENOMEM;
	j->entries = calloc(JOURNAL_MAX, sizeof(*j->entries));
	if (!j->entries) {
		free(j);
		return -ENOMEM;
	}
	j->first = j->next = 1;
	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&j->changed, &attr);
	pthread_condattr_destroy(&attr);
	*out = j;
	return 0;
}

static struct entry *
entry_of(struct journal *j, uint64_t number)
{
	return &j->entries[number % JOURNAL_MAX];
}

static void
drop_first(struct journal *j)
{
	struct entry *e = entry_of(j, j->first++);

	free(e->text);
	e->text = NULL;
}

void
journal_free(struct journal *j)
{
	if (!j)
		return;
	while (j->first < j->next)
		drop_first(j);
	pthread_cond_destroy(&j->changed);
	pthread_mutex_destroy(&j->lock);
	free(j->entries);
	free(j);
}

uint64_t
journal_arrive(struct journal *j, const char *method, const char *path, const char *query)
{
	size_t nm = strlen(method) + 1, np = strlen(path) + 1, nq = strlen(query) + 1;
	char *text = malloc(nm + np + nq);

	if (!text)
		return 0;
	memcpy(text, method, nm);
	memcpy(text + nm, path, np);
	memcpy(text + nm + np, query, nq);
	pthread_mutex_lock(&j->lock);
	if (j->next - j->first == JOURNAL_MAX)
		drop_first(j);
	uint64_t number = j->next++;
	*entry_of(j, number) =
	    (struct entry){ .text = text, .path = text + nm, .query = text + nm + np };
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
	return number;
}

void
journal_finish(struct journal *j, uint64_t number, unsigned status, uint64_t bytes, bool whole)
{
	pthread_mutex_lock(&j->lock);
	if (number >= j->first && number < j->next) {
		struct entry *e = entry_of(j, number);

		e->status = status;
		e->bytes = bytes;
		e->whole = whole;
		e->ended = true;
		pthread_cond_broadcast(&j->changed);
	}
	pthread_mutex_unlock(&j->lock);
}

void
journal_clear(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	while (j->first < j->next)
		drop_first(j);
	pthread_mutex_unlock(&j->lock);
}

bool
journal_match(const char *glob, const char *method, const char *path, const char *query)
{
	struct buf line = BUF_INIT;
	bool match;

	if (!glob)
		return true;
	buf_printf(&line, "%s %s", method, path);
	match = fnmatch(glob, buf_str(&line), 0) == 0;
	if (!match && *query) {
		buf_printf(&line, "?%s", query);
		match = fnmatch(glob, buf_str(&line), 0) == 0;
	}
	buf_free(&line);
	return match;
}

static bool
matches(const struct entry *e, const char *glob)
{
	return journal_match(glob, e->text, e->path, e->query);
}

static size_t
count_matches(struct journal *j, const char *glob, bool finished)
{
	size_t n = 0;

	for (uint64_t i = j->first; i < j->next; i++) {
		const struct entry *e = entry_of(j, i);

		n += (e->ended || !finished) && matches(e, glob);
	}
	return n;
}

size_t
journal_count(struct journal *j, const char *glob)
{
	pthread_mutex_lock(&j->lock);
	size_t n = count_matches(j, glob, false);
	pthread_mutex_unlock(&j->lock);
	return n;
}

/* Writes a field of a line, without bytes that would end the field or the line. */
static void
put_field(struct buf *out, const char *s)
{
	for (; *s; s++)
		buf_putc(out, (unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s);
}

void
journal_put(struct journal *j, const char *glob, struct buf *out)
{
	pthread_mutex_lock(&j->lock);
	for (uint64_t i = j->first; i < j->next; i++) {
		const struct entry *e = entry_of(j, i);

		if (!matches(e, glob))
			continue;
		buf_printf(out, "%llu\t", (unsigned long long)i);
		put_field(out, e->text);
		buf_putc(out, '\t');
		put_field(out, e->path);
		buf_printf(out, "\t%u\t%llu\t%s\t", e->status, (unsigned long long)e->bytes,
		    !e->ended	 ? "-" :
			e->whole ? "whole" :
				   "cut");
		put_field(out, e->query);
		buf_putc(out, '\n');
	}
	pthread_mutex_unlock(&j->lock);
}

bool
journal_wait(struct journal *j, const char *glob, size_t count, bool finished, unsigned seconds)
{
	struct timespec until;
	int rc = 0;
	bool enough;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	pthread_mutex_lock(&j->lock);
	while (!(enough = count_matches(j, glob, finished) >= count) && rc == 0 && !j->stopped)
		rc = pthread_cond_timedwait(&j->changed, &j->lock, &until);
	pthread_mutex_unlock(&j->lock);
	return enough;
}

void
journal_stop(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	j->stopped = true;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

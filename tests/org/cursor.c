#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/org/cursor.h"

#define CURSORS_MAX	1024
#define ROWS_MAX	(64u << 20)	/* of all cursors: 256 MiB */
#define PREFIX		"0r8"

struct cursors {
	pthread_mutex_t	 lock;		/* guards: all below */
	struct cursor	*first;		/* the newest */
	uint64_t	 next;
};

int
cursors_new(struct cursors **out)
{
	struct cursors *cs = calloc(1, sizeof(*cs));

	if (!cs)
		return -ENOMEM;
	pthread_mutex_init(&cs->lock, NULL);
	*out = cs;
	return 0;
}

static void
drop_user(struct cursor *c)
{
	if (--c->users > 0)
		return;
	query_free(c->query);
	query_rows_free(&c->rows);
	free(c);
}

/* Drops *at and all after it. */
static void
drop_rest(struct cursor **at)
{
	struct cursor *c = *at, *next;

	for (*at = NULL; c; c = next) {
		next = c->next;
		drop_user(c);
	}
}

void
cursors_expire(struct cursors *cs)
{
	pthread_mutex_lock(&cs->lock);
	drop_rest(&cs->first);
	pthread_mutex_unlock(&cs->lock);
}

void
cursors_free(struct cursors *cs)
{
	if (!cs)
		return;
	cursors_expire(cs);
	pthread_mutex_destroy(&cs->lock);
	free(cs);
}

int
cursor_add(struct cursors *cs, struct query *query, struct query_rows *rows, int64_t now,
    struct cursor **out)
{
	struct cursor *c = calloc(1, sizeof(*c));
	struct cursor **at;
	size_t n = 0, total = 0;

	if (!c) {
		query_free(query);
		query_rows_free(rows);
		return -ENOMEM;
	}
	c->query = query;
	c->rows = *rows;
	*rows = (struct query_rows){ 0 };
	c->made = now;
	c->users = 2;		/* the list, and the caller */
	pthread_mutex_lock(&cs->lock);
	c->number = cs->next++;
	c->next = cs->first;
	cs->first = c;
	for (at = &cs->first; *at; at = &(*at)->next) {
		total += (*at)->rows.count;
		if (++n > 1 && (n > CURSORS_MAX || total > ROWS_MAX))
			break;
	}
	drop_rest(at);
	pthread_mutex_unlock(&cs->lock);
	*out = c;
	return 0;
}

void
cursor_put(struct cursors *cs, struct cursor *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&cs->lock);
	drop_user(c);
	pthread_mutex_unlock(&cs->lock);
}

void
cursor_locator(const struct cursor *c, size_t offset, char out[QUERY_LOCATOR])
{
	char id[ID_SIZE];

	id_make(PREFIX, c->number, id);
	snprintf(out, QUERY_LOCATOR, "%s-%zu", id, offset);
}

struct cursor *
cursor_find(struct cursors *cs, const char *locator, int64_t oldest, size_t *offset)
{
	const char *dash = strchr(locator, '-');
	struct cursor *found = NULL;
	char id[ID_SIZE], *end;
	uint64_t number;

	if (!dash || !id_parse(locator, (size_t)(dash - locator), id) ||
	    !id_number(id, PREFIX, &number))
		return NULL;
	unsigned long long at = strtoull(dash + 1, &end, 10);
	if (dash[1] < '0' || dash[1] > '9' || *end != '\0')
		return NULL;
	pthread_mutex_lock(&cs->lock);
	for (struct cursor *c = cs->first; c && !found; c = c->next)
		if (c->number == number && c->made > oldest && at < c->rows.count)
			found = c;
	if (found) {
		found->users++;
		*offset = (size_t)at;
	}
	pthread_mutex_unlock(&cs->lock);
	return found;
}

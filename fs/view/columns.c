#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chars.h"

#include "columns.h"

#define MEMORY		(4u << 20)	/* for all columns together */
#define MOST		(64u << 10)	/* for each */
#define LEAST		16u

struct columns {
	const struct view_survey *s;
	const struct view_sink *sink;
	size_t		 room;		/* bytes of memory for each */
	char		*memory;
	uint64_t	*at;		/* where the next byte of each goes */
	uint32_t	*held;		/* how many before that are still in memory */
};

int
columns_open(const struct view_survey *s, const struct view_sink *sink, struct columns **out)
{
	size_t n = s->keys.n, room = n ? MEMORY / n : LEAST;
	struct columns *c;

	if (!sink->write_at)
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->s = s;
	c->sink = sink;
	c->room = room < LEAST ? LEAST : room > MOST ? MOST : room;
	c->memory = malloc(n * c->room + 1);
	c->at = calloc(n + 1, sizeof(*c->at));
	c->held = calloc(n + 1, sizeof(*c->held));
	if (!c->memory || !c->at || !c->held) {
		columns_close(c);
		return -ENOMEM;
	}
	for (size_t i = 1; i < n; i++)
		c->at[i] = s->columns[i - 1];
	*out = c;
	return 0;
}

static int
flush_column(struct columns *c, size_t i)
{
	uint32_t held = c->held[i];

	c->held[i] = 0;
	return held ?
	    c->sink->write_at(c->sink->ctx, c->memory + i * c->room, held, c->at[i] - held) :
	    0;
}

static int
hold(struct columns *c, size_t i, const char *p, size_t n)
{
	if (n > c->s->columns[i] - c->at[i])
		return -EIO;
	while (n > 0) {
		size_t part = c->room - c->held[i] < n ? c->room - c->held[i] : n;

		memcpy(c->memory + i * c->room + c->held[i], p, part);
		c->held[i] += (uint32_t)part;
		c->at[i] += part;
		p += part;
		n -= part;
		int rc = c->held[i] == c->room ? flush_column(c, i) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

int
columns_put(struct columns *c, size_t i, const char *p, size_t n)
{
	char text[4096];
	int rc = 0;

	while (n > 0 && rc == 0) {
		size_t part = n < sizeof(text) / CHARS_MOST ? n : sizeof(text) / CHARS_MOST;

		rc = hold(c, i, text, (size_t)(chars_put(text, CHARS_TSV, p, part, true) - text));
		p += part;
		n -= part;
	}
	return rc;
}

int
columns_end_cell(struct columns *c, size_t i)
{
	return hold(c, i, "\n", 1);
}

int
columns_flush(struct columns *c)
{
	for (size_t i = 0; i < c->s->keys.n; i++) {
		int rc = flush_column(c, i);

		if (rc < 0)
			return rc;
		if (c->at[i] != c->s->columns[i])
			return -EIO;
	}
	return 0;
}

void
columns_close(struct columns *c)
{
	if (!c)
		return;
	free(c->memory);
	free(c->at);
	free(c->held);
	free(c);
}

/*
 * Coming: a document asks for its candidates in turn. A name that nobody has is
 * its own; one that an older document has it waits for; one that a younger has
 * is taken away, and then the younger one asks for its next candidate in the
 * same way. Who is pushed is younger each time, so this ends.
 *
 * Going: the name that becomes free goes to the oldest that waits for it, whose
 * former name becomes free, and so on; again to a younger one each time.
 *
 * Giving names to all: whoever is the oldest that wants a name first of all has it; the others come
 * one by one.
 *
 * In each case those that are not touched still have what they must have: each
 * holds its best candidate that no older one holds, and waits for the better ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "sql.h"

#define N(number) ((int64_t)(number))

void
claimant_free(struct claimant *c)
{
	free(c->text);
	*c = (struct claimant){ 0 };
}

int
claimant_read(sqlite3_stmt *st, struct claimant *out)
{
	struct claimant c = {
		.key = (uint64_t)sqlite3_column_int64(st, 0),
		.version_key = (uint64_t)sqlite3_column_int64(st, 1),
		.created = sqlite3_column_int64(st, 2),
		.rank = (unsigned)sqlite3_column_int(st, 3),
	};
	size_t at[SETTLE_CANDIDATES];
	struct buf b = BUF_INIT;

	for (int i = 0; i < SETTLE_CANDIDATES; i++) {
		const char *s = (const char *)sqlite3_column_text(st, 4 + i);

		at[i] = s ? b.len : SIZE_MAX;
		if (s)
			buf_put(&b, s, strlen(s) + 1);
	}
	if (b.failed)
		return -ENOMEM;
	c.text = buf_detach(&b);
	for (int i = 0; i < SETTLE_CANDIDATES; i++)
		c.names[i] = at[i] == SIZE_MAX ? NULL : c.text + at[i];
	if (c.rank > SETTLE_LAST || !c.names[c.rank]) {		/* no row that we wrote */
		free(c.text);
		return -EIO;
	}
	*out = c;
	return 0;
}

int
settle_load(struct settle *s, unsigned which, uint64_t number, struct claimant *out)
{
	sqlite3_stmt *st;
	int rc = db_bind(s->db, which, &st, "i", N(number));

	if (rc < 0)
		return rc;
	rc = db_step(s->db, st);
	rc = rc > 0 ? claimant_read(st, out) : rc < 0 ? rc : -ENOENT;
	db_reset(st);
	return rc;
}

/*
 * What changed.
 */

int
settle_change(struct settle *s, const char *name, uint64_t key, uint64_t version_key)
{
	struct changes *c = &s->changes;

	if (c->count == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 256;
		struct change *more = realloc(c->list, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		c->list = more;
		c->cap = cap;
	}
	c->list[c->count++] =
	    (struct change){ .name = c->names.len, .key = key, .version_key = version_key };
	buf_put(&c->names, name, strlen(name) + 1);
	return c->names.failed ? -ENOMEM : 0;
}

static int
compare_changes(const void *a, const void *b, void *names)
{
	const struct change *x = a, *y = b;
	int order = strcmp((const char *)names + x->name, (const char *)names + y->name);

	return order ? order : x->name < y->name ? -1 : x->name > y->name;
}

void
changes_sort(struct changes *c)
{
	size_t n = 0;

	if (c->count == 0)
		return;
	qsort_r(c->list, c->count, sizeof(c->list[0]), compare_changes, c->names.data);
	for (size_t i = 0; i < c->count; i++)
		if (n == 0 ||
		    strcmp(c->names.data + c->list[n - 1].name, c->names.data + c->list[i].name) !=
			0)
			c->list[n++] = c->list[i];
	c->count = n;
}

void
changes_free(struct changes *c)
{
	buf_free(&c->names);
	free(c->list);
	*c = (struct changes){ 0 };
}

/*
 * Coming and going.
 */

static bool
is_older(const struct claimant *a, const struct claimant *b)
{
	return a->created != b->created ? a->created < b->created : a->key < b->key;
}

static int
wait_for(struct settle *s, const struct claimant *c, unsigned rank)
{
	return db_do(s->db, SQL_WAIT, "iii", N(s->hash(c->names[rank])), c->created, N(c->key));
}

/* It waits no longer for what is better than rank `to`, down to rank `from`. */
static int
unwait(struct settle *s, const struct claimant *c, unsigned from, unsigned to)
{
	int rc = 0;

	for (unsigned i = from; i < to && rc == 0; i++)
		if (c->names[i])
			rc = db_do(s->db, SQL_UNWAIT, "iii", N(s->hash(c->names[i])), c->created,
			    N(c->key));
	return rc;
}

static int
move(struct settle *s, struct claimant *c, unsigned rank)
{
	c->rank = rank;
	return db_do(s->db, SQL_MOVE, "iii", N(rank), N(s->hash(c->names[rank])), N(c->key));
}

/* The rank at which c, which asks from rank `from` on, gets a name. Whoever has it is pushed, also
 * on an error. */
static int
ask(struct settle *s, struct claimant *c, unsigned from, struct claimant *pushed)
{
	struct claimant holder = { 0 };
	unsigned rank;
	int rc = 0;

	for (rank = from; rank < SETTLE_LAST; rank++) {
		if (!c->names[rank])
			continue;
		rc = settle_load(s, SQL_HOLDER, s->hash(c->names[rank]), &holder);
		if (rc == -ENOENT) {
			rc = 0;
			break;
		}
		if (rc < 0 || is_older(c, &holder))
			break;
		claimant_free(&holder);
		if ((rc = wait_for(s, c, rank)) < 0)
			break;
	}
	c->rank = rank;
	if (rc == 0 &&
	    holder.key) /* by portable rules its name need not be letter for letter the same */
		rc = settle_change(s, holder.names[holder.rank], holder.key, holder.version_key);
	if (rc == 0)
		rc = settle_change(s, c->names[rank], 0, 0);
	*pushed = holder;
	return rc;
}

int
settle_come(struct settle *s, struct claimant *c, struct claimant *pushed)
{
	return ask(s, c, 0, pushed);
}

int
settle_push(struct settle *s, struct claimant *pushed)
{
	struct claimant c = *pushed, next = { 0 };
	int rc = 0;

	*pushed = next;
	while (rc == 0 && c.key) {
		rc = wait_for(s, &c, c.rank);
		if (rc == 0)
			rc = ask(s, &c, c.rank + 1, &next);
		if (rc == 0)
			rc = move(s, &c, c.rank);
		claimant_free(&c);
		c = next;
		next = (struct claimant){ 0 };
	}
	claimant_free(&c);
	return rc;
}

/* The claimant whose key a bound statement finds, if rc is 0; -ENOENT if it finds none. */
static int
load_found(struct settle *s, sqlite3_stmt *st, int rc, struct claimant *out)
{
	uint64_t key = 0;

	if (rc < 0)
		return rc;
	if ((rc = db_step(s->db, st)) > 0)
		key = (uint64_t)sqlite3_column_int64(st, 0);
	db_reset(st);
	return rc > 0 ? settle_load(s, SQL_CLAIMANT, key, out) : rc < 0 ? rc : -ENOENT;
}

/* The oldest that waits for the name; -ENOENT: nobody does. */
static int
oldest(struct settle *s, const char *name, struct claimant *out)
{
	sqlite3_stmt *st;
	int rc = db_bind(s->db, SQL_OLDEST, &st, "i", N(s->hash(name)));

	return load_found(s, st, rc, out);
}

static unsigned
rank_of(struct settle *s, const struct claimant *c, uint64_t hash)
{
	unsigned i = 0;

	while (i < c->rank && !(c->names[i] && s->hash(c->names[i]) == hash))
		i++;
	return i;
}

int
settle_go(struct settle *s, const struct claimant *gone)
{
	struct claimant c = { 0 }, next = { 0 };
	unsigned free_rank = gone->rank; /* of the name that has become free; it is gone's or c's */
	int rc = unwait(s, gone, 0, gone->rank);

	if (rc == 0)
		rc = settle_change(s, gone->names[free_rank], gone->key, gone->version_key);
	while (rc == 0 && free_rank < SETTLE_LAST) {
		const char *name = (c.key ? &c : gone)->names[free_rank];

		rc = oldest(s, name, &next);
		if (rc < 0)
			break;
		unsigned rank = rank_of(s, &next, s->hash(name));
		free_rank = next.rank;
		if (rank ==
		    free_rank) /* it waits for what it does not want: no row that we wrote */
			rc = -EIO;
		else
			rc = unwait(s, &next, rank, free_rank);
		if (rc == 0)
			rc = settle_change(s, next.names[free_rank], next.key, next.version_key);
		if (rc == 0)
			rc = settle_change(s, next.names[rank], 0, 0);
		if (rc == 0)
			rc = move(s, &next, rank);
		claimant_free(&c);
		c = next;
		next = (struct claimant){ 0 };
	}
	claimant_free(&c);
	claimant_free(&next);
	return rc == -ENOENT ? 0 : rc;
}

/* The next document without a name; -ENOENT: all have one. */
static int
homeless(struct settle *s, struct claimant *out)
{
	sqlite3_stmt *st;
	int rc = db_bind(s->db, SQL_HOMELESS, &st, "");

	return load_found(s, st, rc, out);
}

int
settle_all(struct settle *s)
{
	struct claimant c = { 0 }, pushed = { 0 };
	int rc = db_exec(s->db, SQL_SETTLE);

	while (rc == 0 && (rc = homeless(s, &c)) == 0) {
		rc = settle_come(s, &c, &pushed);
		if (rc == 0)
			rc = move(s, &c, c.rank);
		if (rc == 0)
			rc = settle_push(s, &pushed);
		claimant_free(&c);
		claimant_free(&pushed);
		changes_free(&s->changes);
	}
	return rc == -ENOENT ? 0 : rc;
}

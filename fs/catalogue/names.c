/*
 * A document that comes tries its candidates in turn. If nobody has a name, the document takes it.
 * If an older document has it, the document waits for it and tries the next one. If a younger
 * document has it, the document takes it away, and the younger one tries its next candidate in the
 * same way. Each displaced document is younger than the one before, so this ends.
 *
 * When a document goes, its name goes to the oldest document that waits for it, whose former name
 * becomes free, and so on: again to a younger one each time.
 *
 * To give names to all, the oldest document that has a name as its first candidate gets it; the
 * others come one by one.
 *
 * Documents that nothing touches need no change: each holds its best candidate that no older one
 * holds, and waits for the better ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/buf.h"

#include "names.h"
#include "row.h"
#include "sql.h"

void
names_free(struct named *d)
{
	free(d->text);
	*d = (struct named){ 0 };
}

int
names_read(struct db *db, sqlite3_stmt *st, struct named *out)
{
	struct named d = {
		.key = (uint64_t)sqlite3_column_int64(st, 0),
		.created = sqlite3_column_int64(st, 1),
		.rank = (unsigned)sqlite3_column_int(st, 2),
	};
	size_t at[NAMES_CANDIDATES];
	struct buf b = BUF_INIT;

	for (int i = 0; i < NAMES_CANDIDATES; i++) {
		const char *s = row_text(st, 3 + i);

		at[i] = s ? b.len : SIZE_MAX;
		if (s)
			buf_put(&b, s, strlen(s) + 1);
	}
	if (b.failed)
		return -ENOMEM;
	d.text = buf_detach(&b);
	for (int i = 0; i < NAMES_CANDIDATES; i++)
		d.names[i] = at[i] == SIZE_MAX ? NULL : d.text + at[i];
	if (d.rank > NAMES_LAST || !d.names[d.rank]) {
		names_free(&d);
		return db_damaged(db);
	}
	*out = d;
	return 0;
}

/* The document that NAMED or HOLDER finds by a number; -ENOENT. */
static int
load_named(struct names *n, unsigned which, uint64_t number, struct named *out)
{
	sqlite3_stmt *st;
	int rc = db_bind(n->db, which, &st, "i", N(number));

	if (rc < 0)
		return rc;
	rc = db_step(n->db, st);
	rc = rc > 0 ? names_read(n->db, st, out) : rc < 0 ? rc : -ENOENT;
	sqlite3_reset(st);
	return rc;
}

int
names_log(struct names *n, const char *name, uint64_t key)
{
	return n->silent ? 0 : db_do(n->db, SQL_ADD_CHANGE, "titt", name, N(key), NULL, NULL);
}

static bool
is_older(const struct named *a, const struct named *b)
{
	return a->created != b->created ? a->created < b->created : a->key < b->key;
}

static int
wait_for(struct names *n, const struct named *d, unsigned rank)
{
	return db_do(n->db, SQL_WAIT, "iii", N(n->hash(d->names[rank])), d->created, N(d->key));
}

/* Ends its wait for its candidates from rank `from` to the one before `to`. */
static int
stop_waiting(struct names *n, const struct named *d, unsigned from, unsigned to)
{
	int rc = 0;

	for (unsigned i = from; i < to && rc == 0; i++)
		if (d->names[i])
			rc = db_do(n->db, SQL_UNWAIT, "iii", N(n->hash(d->names[i])), d->created,
			    N(d->key));
	return rc;
}

static int
move_to(struct names *n, struct named *d, unsigned rank)
{
	d->rank = rank;
	return db_do(n->db, SQL_MOVE, "iii", N(rank), N(n->hash(d->names[rank])), N(d->key));
}

int
names_add(struct names *n, struct named *d, unsigned from, struct named *displaced)
{
	struct named holder = { 0 };
	unsigned rank;
	int rc = 0;

	for (rank = from; rank < NAMES_LAST; rank++) {
		if (!d->names[rank])
			continue;
		rc = load_named(n, SQL_HOLDER, n->hash(d->names[rank]), &holder);
		if (rc == -ENOENT) {
			rc = 0;
			break;
		}
		if (rc < 0 || is_older(d, &holder))
			break;
		names_free(&holder);
		if ((rc = wait_for(n, d, rank)) < 0)
			break;
	}
	d->rank = rank;
	/* By portable rules the holder's name need not be letter for letter the same. */
	if (rc == 0 && holder.key)
		rc = names_log(n, holder.names[holder.rank], holder.key);
	if (rc == 0)
		rc = names_log(n, d->names[rank], d->key);
	*displaced = holder;
	return rc;
}

int
names_displace(struct names *n, struct named *displaced)
{
	struct named d = *displaced, next = { 0 };
	int rc = 0;

	*displaced = next;
	while (rc == 0 && d.key) {
		rc = wait_for(n, &d, d.rank);
		if (rc == 0)
			rc = names_add(n, &d, d.rank + 1, &next);
		if (rc == 0)
			rc = move_to(n, &d, d.rank);
		names_free(&d);
		d = next;
		next = (struct named){ 0 };
	}
	names_free(&d);
	return rc;
}

static unsigned
rank_of(struct names *n, const struct named *d, uint64_t hash)
{
	unsigned i = 0;

	while (i < d->rank && !(d->names[i] && n->hash(d->names[i]) == hash))
		i++;
	return i;
}

/* The oldest document that waits for a name takes it. *free_rank is the rank of the name that it
 * gives up. -ENOENT: nobody waits. */
static int
pass_name_on(struct names *n, const char *name, struct named *heir, unsigned *free_rank)
{
	const uint64_t hash = n->hash(name);
	int64_t key;
	int rc = db_number_of(n->db, &key, SQL_OLDEST, "i", N(hash));

	if (rc == 0)
		rc = load_named(n, SQL_NAMED, (uint64_t)key, heir);
	if (rc < 0)
		return rc;
	const unsigned rank = rank_of(n, heir, hash);
	*free_rank = heir->rank;
	if (rank == heir->rank)		/* it waits for a name that it does not want */
		return db_damaged(n->db);
	rc = stop_waiting(n, heir, rank, heir->rank);
	if (rc == 0)
		rc = names_log(n, heir->names[heir->rank], heir->key);
	if (rc == 0)
		rc = names_log(n, heir->names[rank], heir->key);
	return rc < 0 ? rc : move_to(n, heir, rank);
}

int
names_remove(struct names *n, const struct named *gone)
{
	struct named d = { 0 }, heir = { 0 };
	unsigned free_rank = gone->rank;	/* of the name that is free: gone's, then d's */
	int rc = stop_waiting(n, gone, 0, gone->rank);

	if (rc == 0)
		rc = names_log(n, gone->names[free_rank], gone->key);
	while (rc == 0 && free_rank < NAMES_LAST) {
		rc = pass_name_on(n, (d.key ? &d : gone)->names[free_rank], &heir, &free_rank);
		names_free(&d);
		d = heir;
		heir = (struct named){ 0 };
	}
	names_free(&d);
	return rc == -ENOENT ? 0 : rc;
}

int
names_assign_all(struct names *n)
{
	struct named d = { 0 }, displaced = { 0 };
	int64_t key;
	int rc = db_exec(n->db, SQL_FILLED_NOW);

	n->silent = true;
	while (rc == 0 && (rc = db_number_of(n->db, &key, SQL_NAMELESS, "")) == 0) {
		rc = load_named(n, SQL_NAMED, (uint64_t)key, &d);
		if (rc == 0)
			rc = names_add(n, &d, 0, &displaced);
		if (rc == 0)
			rc = move_to(n, &d, d.rank);
		if (rc == 0)
			rc = names_displace(n, &displaced);
		names_free(&d);
		names_free(&displaced);
	}
	n->silent = false;
	return rc == -ENOENT ? 0 : rc;
}

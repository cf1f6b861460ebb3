/*
 * The set of documents alone decides which document has which name. Random documents that want the
 * same few names come, change and go in random batches. After each batch the names in the catalogue
 * must match the plain definition, computed from scratch, and the catalogue must have reported
 * every name whose meaning changed.
 *
 * A catalogue lasts for forty batches; the first few come before it is filled. Half of the rounds
 * use a bad hash, which makes one of many names. ROUNDS: batches (2000). SEED.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/fnv.h"
#include "fs/catalogue/catalogue.h"
#include "tap.h"

#define SLOTS	48	/* documents at most */
#define NAMES	14	/* that documents want */
#define BATCHES	40	/* of a catalogue */

struct entry {
	bool	 present, listed;
	uint64_t key, version;
	int64_t	 created, size;
	char	 id[19], names[3][16];
	int	 rank;		/* by the definition */
};

struct told { char name[16]; uint64_t key; };

static struct entry set[SLOTS], before[SLOTS];
static struct told told[64 * SLOTS];
static int told_count;
static uint64_t state, last_version;

static unsigned
draw(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

static uint64_t
good_hash(const char *s)
{
	return fnv_add(FNV_NONE, s, strlen(s));
}

static uint64_t
bad_hash(const char *s)
{
	return good_hash(s) >> 20 & 7;
}

static void
draw_names(struct entry *e)
{
	for (int i = 0; i < 2; i++)
		snprintf(e->names[i], sizeof(e->names[i]), "%c", 'A' + (int)draw(NAMES));
	if (draw(4) == 0 || strcmp(e->names[0], e->names[1]) == 0)
		*e->names[draw(2)] = '\0';
	snprintf(e->names[2], sizeof(e->names[2]), "own %.9s", e->id + 6);
}

static int
compare_age(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;

	return x->created != y->created ? (x->created < y->created ? -1 : 1) :
	    x->key < y->key		? -1 :
					  x->key > y->key;
}

/* The plain definition. */
static void
give_names(uint64_t (*hash)(const char *))
{
	struct entry *by_age[SLOTS];
	uint64_t taken[SLOTS];
	int n = 0, names = 0;

	for (int i = 0; i < SLOTS; i++)
		if (set[i].present)
			by_age[n++] = &set[i];
	qsort(by_age, (size_t)n, sizeof(by_age[0]), compare_age);
	for (int i = 0; i < n; i++) {
		struct entry *e = by_age[i];

		for (e->rank = e->listed ? 0 : 2; e->rank < 2; e->rank++) {
			bool is_free = *e->names[e->rank] != '\0';

			for (int k = 0; k < names && is_free; k++)
				is_free = taken[k] != hash(e->names[e->rank]);
			if (is_free)
				break;
		}
		if (e->rank < 2)
			taken[names++] = hash(e->names[e->rank]);
	}
}

static int
put(struct catalogue *c, const struct entry *e)
{
	struct document d = { .key = e->key,
		.version_key = e->version,
		.created = e->created,
		.content_size = e->size };

	memcpy(d.id, e->id, sizeof(d.id));
	return e->listed ?
	    catalogue_put(c, &d, (const char *const[]){ e->names[0], e->names[1], e->names[2] }) :
	    catalogue_put_unlisted(c, &d, e->names[2]);
}

static int
change_one(struct catalogue *c)
{
	struct entry *e = &set[draw(SLOTS)];

	if (e->present && draw(3) == 0) {
		e->present = false;
		return catalogue_remove(c, e->id, true);
	}
	if (!e->present) {
		e->present = true;
		e->listed = draw(6) != 0;
		e->created = draw(2) ? draw(20) : 5;
		e->version = ++last_version;
		draw_names(e);
	} else if (!e->listed) {
		e->listed = draw(2);
	} else {
		if (draw(2))
			draw_names(e);
		if (draw(3) == 0)
			e->version = ++last_version;
		if (draw(8) == 0)
			e->created = draw(20);
	}
	e->size = (int64_t)draw(100) - 1;
	return put(c, e);
}

static void
note(void *ctx, const struct catalogue_change *change)
{
	(void)ctx;
	if (!change->name)
		return;
	if (told_count == (int)(sizeof(told) / sizeof(told[0])))
		return;
	struct told *t = &told[told_count++];
	snprintf(t->name, sizeof(t->name), "%s", change->name);
	t->key = change->document_key;
}

static const struct entry *
who_has(const struct entry *entries, const char *name)
{
	for (int i = 0; i < SLOTS; i++)
		if (entries[i].present && strcmp(entries[i].names[entries[i].rank], name) == 0)
			return &entries[i];
	return NULL;
}

static bool
is_told_of(const char *name, uint64_t key)
{
	for (int t = 0; t < told_count; t++)
		if (strcmp(told[t].name, name) == 0 && told[t].key == key)
			return true;
	printf("# %s was not told of\n", name);
	return false;
}

/* Whether every name whose meaning changed was reported. */
static bool
is_told(void)
{
	for (int i = 0; i < 2 * SLOTS; i++) {
		const struct entry *e = i < SLOTS ? &before[i] : &set[i - SLOTS];
		const char *name = e->names[e->rank];
		const struct entry *was = who_has(before, name), *is = who_has(set, name);

		if (!e->present ||
		    (was && is && was->key == is->key && was->version == is->version))
			continue;
		if (!is_told_of(name, is ? is->key : was->key))
			return false;
	}
	return told_count == 0 || memcmp(before, set, sizeof(set)) != 0;
}

static bool
count_listed(void *ctx, const struct document *d)
{
	uint64_t *n = ctx;

	(void)d;
	++*n;
	return true;
}

static bool
is_right(struct catalogue *c)
{
	struct catalogue_totals totals;
	uint64_t documents = 0, bytes = 0, n = 0;

	for (int i = 0; i < SLOTS; i++) {
		const struct entry *e = &set[i];
		struct document d = { 0 };
		int rc = catalogue_by_id(c, e->id, &d);

		if (e->present && (rc < 0 || strcmp(d.name, e->names[e->rank]) != 0)) {
			printf("# document %d is called %s, not %s\n", i,
			    rc < 0 ? "nothing" : d.name, e->names[e->rank]);
			return false;
		}
		document_free(&d);
		if (e->present != (rc == 0))
			return false;
		if (!e->present)
			continue;
		rc = catalogue_by_name(c, e->names[e->rank], &d);
		if (rc < 0 || d.key != e->key || d.version_key != e->version) {
			printf("# %s leads elsewhere\n", e->names[e->rank]);
			return false;
		}
		document_free(&d);
		documents += e->listed;
		bytes += e->listed && e->size > 0 ? (uint64_t)e->size : 0;
	}
	return catalogue_list(c, 0, count_listed, &n) == 0 && catalogue_totals(c, &totals) == 0 &&
	    n == documents && totals.documents == documents && totals.bytes == bytes;
}

static bool
run(struct catalogue *c, uint64_t (*hash)(const char *), unsigned rounds)
{
	memset(set, 0, sizeof(set));
	for (unsigned i = 0; i < SLOTS; i++) {
		snprintf(set[i].id, sizeof(set[i].id), "069000%09uAAA", i);
		set[i].key = (i * 7 + 3) % SLOTS + 1;
	}
	const unsigned filled = draw(6);
	for (unsigned r = 0; r < rounds; r++) {
		bool keep = draw(8) != 0;
		unsigned n = 1 + (draw(10) ? draw(6) : draw(100));

		memcpy(before, set, sizeof(set));
		told_count = 0;
		if (catalogue_begin(c) < 0)
			return false;
		for (unsigned i = 0; i < n; i++)
			if (change_one(c) < 0)
				return false;
		if (r == filled && catalogue_put_filled(c) < 0)
			return false;
		if (!keep && r > filled) {
			catalogue_end(c, -EINTR);
			memcpy(set, before, sizeof(set));
		} else if (catalogue_end(c, 0) < 0 || catalogue_changes(c, note, NULL) < 0) {
			return false;
		}
		give_names(hash);
		if (r < filled)
			continue;
		if (!is_right(c) || (r > filled && !is_told())) {
			printf("# in round %u\n", r);
			return false;
		}
	}
	return true;
}

int
main(void)
{
	static const struct { const char *what; uint64_t (*hash)(const char *); } cases[] = {
		{ "names are what the definition says", good_hash },
		{ "also where many names are one", bad_hash },
	};
	const char *rounds = getenv("ROUNDS"), *seed = getenv("SEED");
	const unsigned n = (rounds ? (unsigned)atoi(rounds) : 2000) / 2;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool good = true;

		state = seed ? strtoull(seed, NULL, 10) : 1;
		last_version = 0;
		for (unsigned r = 0; r < n && good; r += BATCHES) {
			char dir[] = "/tmp/sffs-names-XXXXXX", command[64];
			struct catalogue *c = NULL;

			good = mkdtemp(dir) && catalogue_open(dir, cases[i].hash, &c) == 0 &&
			    run(c, cases[i].hash, BATCHES);
			catalogue_close(c);
			snprintf(command, sizeof(command), "rm -rf %s", dir);
			good &= system(command) == 0;
		}
		ok(good, "%s (%u rounds)", cases[i].what, n);
	}
	return tap_done();
}

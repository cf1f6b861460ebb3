/* Parts of a blob that is still coming: served to who reads far beyond what has landed, and nobody
 * gets all of it before it is checked. */
#include <pthread.h>
#include <unistd.h>

#include "auth/log.h"
#include "fs/store/part.h"
#include "source.h"
#include "tap.h"

#define KIB	1024ull
#define MIB	(1024 * KIB)
#define HELD	STORE_HELD_BACK
#define SIZE	(40 * MIB + 300 * KIB)
#define LAST	(39 * MIB)		/* where the last part begins: the rest is in it */

static char dir[] = "/tmp/sffs-a47.XXXXXX";
static struct store *store;
static int number;

/* What parts say, of the blob that a test has. */
static struct {
	const unsigned char *table;
	atomic_int	 rc, asked;
	_Atomic uint64_t from, n;	/* the last one */
	bool		 gated;
	sem_t		 reached, open;
} parts;

static int
give_part(void *ctx, struct blob *b, uint64_t from, void *to, size_t n)
{
	(void)ctx, (void)b;
	parts.asked++;
	parts.from = from;
	parts.n = n;
	if (parts.gated) {
		sem_post(&parts.reached);
		sem_wait(&parts.open);
	}
	for (size_t i = 0, run; i < n; i += run) {
		run = source_run(from + i, n - i);
		memcpy((char *)to + i, parts.table + (from + i) % SOURCE_PERIOD, run);
	}
	return parts.rc;
}

static struct blob *
begin(struct source *s)
{
	struct blob *b = NULL;
	char name[32], md5[33];

	parts.table = source_table;
	parts.rc = 0;
	parts.asked = 0;
	parts.gated = false;
	snprintf(name, sizeof(name), "068-parts-%d", number++);
	source_md5(SIZE, md5);
	store_get(store,
	    &(struct store_want){ .name = name,
		.size = SIZE,
		.md5 = md5,
		.fill = source_fill,
		.part = give_part,
		.ctx = s,
		.free_ctx = source_free },
	    &b);
	return b;
}

/* Up to its first gate. */
static struct blob *
begin_to_gate(struct source *s)
{
	struct blob *b = begin(s);

	blob_ready(b, 0, 1, NULL);
	sem_wait(&s->reached);
	return b;
}

static void
check_far(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, SIZE });
	struct blob *b = begin_to_gate(s);

	is_int(blob_ready(b, MIB, 1, NULL), -EAGAIN, "what comes next");
	is_int(blob_ready(b, MIB + PART_FAR - 1, 1000, NULL), -EAGAIN, "and what is not far");
	is_int(blob_ready(b, 10 * MIB, PART_SIZE + 1, NULL), -EAGAIN, "and a large read");
	is_int(parts.asked, 0, "are waited for");
	is_int(source_read(b, SIZE - 10, SIZE), SIZE, "what is far is there at once");
	ok(parts.asked == 1 && parts.from == LAST && parts.n == SIZE - LAST,
	    "by one part, which has the rest, too");
	is_int(source_read(b, LAST, SIZE), SIZE, "all of the part is there");
	is_int(source_read(b, 20 * MIB + 500, 20 * MIB + 600), 20 * MIB + 600,
	    "and one in the middle");
	ok(parts.asked == 2 && parts.from == 20 * MIB && parts.n == PART_SIZE,
	    "is a part of its own");
	is_int(source_read(b, 21 * MIB - 100, 21 * MIB + 100), 21 * MIB + 100,
	    "of a read that begins in it");
	ok(parts.asked == 3 && parts.from == 21 * MIB && parts.n == PART_SIZE,
	    "only what is missing is asked for");
	is_int(
	    source_read(b, 31 * MIB - 100, 31 * MIB + 100), 31 * MIB + 100, "a read of two parts");
	ok(parts.asked == 4 && parts.from == 30 * MIB && parts.n == 2 * PART_SIZE,
	    "is one request");
	sem_post(&s->open);
	is_int(source_read(b, 0, SIZE), SIZE, "and then all of it");
	is_int(parts.asked, 4, "without another one");
	blob_put(b);
}

/* All has come, and is not checked yet. */
static void
check_held_back(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, SIZE }, { GATE, 0 });
	struct blob *b = begin_to_gate(s);

	is_int(source_read(b, SIZE - 10, SIZE), SIZE, "the end is read early");
	sem_post(&s->open);
	sem_wait(&s->reached);
	is_int(source_read(b, 0, LAST - HELD), LAST - HELD,
	    "so what is in front of it is held back when all has come");
	is_int(blob_ready(b, LAST - HELD, 1, NULL), -EAGAIN, "from here");
	is_int(blob_ready(b, LAST - 1, 1, NULL), -EAGAIN, "to here");
	is_int(blob_ready(b, LAST - 1, 2, NULL), -EAGAIN, "and across it");
	sem_post(&s->open);
	is_int(source_read(b, 0, SIZE), SIZE, "until it is checked");
	blob_put(b);
}

static void
check_below(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, SIZE }, { GATE, 0 });
	struct blob *b = begin_to_gate(s);

	is_int(source_read(b, LAST - MIB, LAST), LAST, "a part in front of the last one");
	is_int(source_read(b, SIZE - 10, SIZE), SIZE, "and the last one");
	is_int(source_read(b, LAST - 3 * MIB, LAST - 2 * MIB), LAST - 2 * MIB,
	    "and one that is not beside them");
	sem_post(&s->open);
	sem_wait(&s->reached);
	is_int(source_read(b, 0, LAST - MIB - HELD), LAST - MIB - HELD,
	    "what is in front of those together is held back");
	is_int(blob_ready(b, LAST - MIB - HELD, 1, NULL), -EAGAIN, "and not read");
	sem_post(&s->open);
	is_int(source_read(b, 0, SIZE), SIZE, "until it is checked");
	blob_put(b);
}

/* A part that would leave nothing that nobody has got: between it and what has landed are parts
 * without a gap. */
static void
check_joined(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, 31 * MIB + MIB / 2 },
	    { GATE, 0 }, { SEND, SIZE }, { GATE, 0 });
	struct blob *b = begin_to_gate(s);

	for (uint64_t at = 32 * MIB; at < SIZE; at += at == 34 * MIB ? 4 * MIB : 2 * MIB)
		is_int(source_read(b, at - 50, at + 50 < SIZE ? at + 50 : SIZE), (int64_t)at + 50,
		    "a part");
	is_int(source_read(b, SIZE - 10, SIZE), SIZE, "and the last one");
	sem_post(&s->open);
	sem_wait(&s->reached);
	int asked = parts.asked;
	is_int(blob_ready(b, 36 * MIB - 50, 100, NULL), -EAGAIN, "the one between them");
	is_int(parts.asked, asked, "is waited for");
	sem_post(&s->open);
	sem_wait(&s->reached);
	is_int(
	    blob_ready(b, 37 * MIB - HELD, 1, NULL), -EAGAIN, "since what is held back is there");
	sem_post(&s->open);
	is_int(source_read(b, 0, SIZE), SIZE, "until it is checked");
	blob_put(b);
}

static void
check_vain(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, SIZE }, { GATE, 0 });
	struct blob *b = begin_to_gate(s);
	struct wait_thread t;

	parts.rc = -EOPNOTSUPP;
	wait_thread_init(&t);
	is_int(blob_ready(b, SIZE - 10, 10, &t.wait), -EAGAIN, "a part that is not to be had");
	wait_thread_sleep(&t);
	is_int(blob_ready(b, SIZE - 10, 10, NULL), -EAGAIN, "is waited for with the rest");
	is_int(parts.asked, 1, "and not asked for again");
	sem_post(&s->open);
	sem_wait(&s->reached);
	is_int(
	    source_read(b, 0, SIZE - HELD), SIZE - HELD, "what is held back is the end, as ever");
	is_int(blob_ready(b, SIZE - HELD, 1, NULL), -EAGAIN, "all of it");
	sem_post(&s->open);
	is_int(source_read(b, 0, SIZE), SIZE, "until it is checked");
	blob_put(b);
}

static void
check_wrong(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, SIZE });
	struct blob *b = begin_to_gate(s);
	char piece[10];

	parts.table = source_other;
	is_int(blob_read(b, piece, 10, 21 * MIB), 10, "a part that is wrong is read");
	parts.rc = -EOPNOTSUPP;
	sem_post(&s->open);
	is_int(source_read(b, LAST, SIZE), -EIO, "nobody comes to the end");
	is_int(blob_ready(b, 21 * MIB, 10, NULL), -EIO, "and who read it, too, from then on");
	blob_put(b);

	s = SOURCE({ SEND, MIB }, { GATE, 0 }, { WRONG, 2 * MIB }, { SEND, SIZE }, { NEXT, 0 },
	    { SEND, SIZE });
	b = begin_to_gate(s);
	is_int(source_read(b, SIZE - 10, SIZE), SIZE,
	    "a part that is right of a transfer that is wrong");
	parts.rc = -EOPNOTSUPP;
	sem_post(&s->open);
	is_int(source_read(b, LAST - HELD, LAST), LAST, "which comes again, and is right");
	is_int(s->begun, 2, "the second time");
	blob_put(b);

	s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, 30 * MIB }, { RESTART, 0 },
	    { SEND, 20 * MIB }, { WRONG, 22 * MIB }, { SEND, SIZE }, { NEXT, 0 }, { END, -EACCES });
	b = begin_to_gate(s);
	is_int(source_read(b, 21 * MIB, 22 * MIB), 22 * MIB,
	    "a part that the first transfer agrees with");
	parts.rc = -EOPNOTSUPP;
	sem_post(&s->open);
	is_int(source_read(b, SIZE - HELD, SIZE), -EIO, "and the second does not");
	blob_put(b);
}

/* It comes when the fill is beyond it: nobody may read it, since nobody would compare it. */
static void
check_late(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, SIZE }, { GATE, 0 });
	struct blob *b = begin_to_gate(s);
	struct wait_thread t;

	parts.gated = true;
	parts.table = source_other;
	wait_thread_init(&t);
	is_int(blob_ready(b, SIZE - 10, 10, &t.wait), -EAGAIN, "a part that is slow");
	sem_wait(&parts.reached);
	ok(!blob_part_unwanted(b), "is wanted");
	sem_post(&s->open);
	sem_wait(&s->reached);
	ok(blob_part_unwanted(b), "and is not when all has come before it");
	sem_post(&parts.open);
	wait_thread_sleep(&t);
	is_int(blob_ready(b, SIZE - 10, 10, NULL), -EAGAIN, "nobody gets it");
	sem_post(&s->open);
	is_int(source_read(b, 0, SIZE), SIZE, "but what has come in order");
	blob_put(b);
}

static void
check_left(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, SIZE });
	struct blob *b = begin_to_gate(s);

	parts.gated = true;
	blob_ready(b, SIZE - 10, 10, NULL);
	sem_wait(&parts.reached);
	blob_put(b);
	sem_post(&s->open);
	sem_wait(&s->end);
	is_int(s->rc, -ECANCELED, "everybody leaves: the fill ends");
	sem_post(&parts.open);
	store_close(store);
	is_int(s->freed, 1, "and what was its is freed when the part has ended, too");
	store_open(
	    &(struct store_options){ .dir = dir, .limit = 1000 * MIB, .fetches = 4 }, &store);
}

/* Nobody has begun, and there is one thread: the part goes first, and if nobody reads on that is
 * all. */
static void
check_first(void)
{
	struct source *s = SOURCE({ SEND, SIZE });
	struct blob *b;

	store_close(store);
	store_open(
	    &(struct store_options){ .dir = dir, .limit = 1000 * MIB, .fetches = 1 }, &store);
	b = begin(s);
	parts.gated = true;
	struct wait_thread t;
	wait_thread_init(&t);
	is_int(blob_ready(b, SIZE - 10, 10, &t.wait), -EAGAIN, "the end of what nobody has begun");
	sem_wait(&parts.reached);
	is_int(s->begun, 0, "is asked for first");
	sem_post(&parts.open);
	wait_thread_sleep(&t);
	is_int(source_read(b, SIZE - 10, SIZE), SIZE, "and read");
	blob_put(b);
	store_close(store);
	is_int(s->freed, 1, "all is freed");
	store_open(
	    &(struct store_options){ .dir = dir, .limit = 1000 * MIB, .fetches = 4 }, &store);
}

static void
check_most(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, SIZE });
	struct blob *b = begin_to_gate(s);
	int good = 0;

	for (uint64_t i = 0; i < PARTS_MOST; i++)
		good += source_read(b, (8 + 3 * i) * MIB, (8 + 3 * i) * MIB + 100) ==
		    (int64_t)((8 + 3 * i) * MIB + 100);
	is_int(good, PARTS_MOST, "so many parts");
	is_int(blob_ready(b, 38 * MIB, 100, NULL), -EAGAIN, "one more is not");
	is_int(parts.asked, PARTS_MOST, "asked for");
	sem_post(&s->open);
	is_int(source_read(b, 0, SIZE), SIZE, "all is right");
	blob_put(b);
}

/*
 * At random places, while it comes: whatever is granted before the check, a stretch of 128 KiB is
 * not.
 */

static bool got[SIZE / KIB];

/* The longest stretch that nobody got, in KiB. */
static unsigned
longest_gap(void)
{
	unsigned longest = 0, n = 0;

	for (size_t i = 0; i < SIZE / KIB; i++) {
		n = got[i] ? 0 : n + 1;
		longest = n > longest ? n : longest;
	}
	return longest;
}

static void
read_somewhere(struct blob *b, unsigned *seed)
{
	uint64_t off = (uint64_t)rand_r(seed) % (SIZE / KIB) * KIB,
		 n = ((uint64_t)rand_r(seed) % 128 + 1) * KIB;

	if (rand_r(seed) % 2)		/* what a program reads of a file's end */
		off = SIZE - (uint64_t)rand_r(seed) % (4 * MIB / KIB) * KIB - KIB;
	parts.rc = rand_r(seed) % 3 == 0 ? -EIO : 0;
	ssize_t may = blob_ready(b, off, n, NULL);
	for (ssize_t i = 0; i < may; i += (ssize_t)KIB)
		got[(off + (uint64_t)i) / KIB] = true;
}

static void
check_random(void)
{
	const char *seed_text = getenv("SEED");
	unsigned seed = seed_text ? (unsigned)strtoul(seed_text, NULL, 10) : (unsigned)getpid(),
		 shortest = SIZE / KIB;

	printf("# SEED=%u\n", seed);
	for (int round = 0; round < 10; round++) {
		struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, 10 * MIB },
		    { GATE, 0 }, { SEND, 35 * MIB }, { GATE, 0 }, { SEND, SIZE }, { GATE, 0 });
		struct blob *b = begin(s);

		memset(got, 0, sizeof(got));
		blob_ready(b, 0, 1, NULL);
		for (int i = 0; i < 4; i++) {
			sem_wait(&s->reached);
			for (int j = 0; j < 200; j++)
				read_somewhere(b, &seed);
			sem_post(&s->open);
			if (i == 2)
				for (int j = 0; j < 100; j++)	/* while it moves */
					read_somewhere(b, &seed);
			if (i == 2) {
				sem_wait(&s->reached);
				for (uint64_t off = 0; off < SIZE; off += KIB)
					got[off / KIB] |= blob_ready(b, off, KIB, NULL) > 0;
				shortest = longest_gap() < shortest ? longest_gap() : shortest;
				sem_post(&s->open);
				break;
			}
		}
		if (source_read(b, 0, SIZE) != SIZE)
			shortest = 0;
		blob_put(b);
	}
	is_int(shortest, HELD / KIB,
	    "whatever is read where, 128 KiB that nobody has got wait for the check");
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 1;
	log_level_set(getenv("V") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	sem_init(&parts.reached, 0, 0);
	sem_init(&parts.open, 0, 0);
	store_open(
	    &(struct store_options){ .dir = dir, .limit = 1000 * MIB, .fetches = 4 }, &store);
	check_far();
	check_held_back();
	check_below();
	check_joined();
	check_vain();
	check_wrong();
	check_late();
	check_left();
	check_first();
	check_most();
	check_random();
	store_close(store);
	char clean[64];
	snprintf(clean, sizeof(clean), "rm -rf %s", dir);
	return system(clean) != 0 || tap_done();
}

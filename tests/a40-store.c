/*
 * Blobs: read while they are filled, right to the last byte or not at all, and filled once for any
 * number of readers.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/log.h"
#include "fs/store/blob.h"
#include "source.h"
#include "tap.h"

#define KIB	1024ull
#define MIB	(1024 * KIB)
#define HELD	STORE_HELD_BACK

static char dir[] = "/tmp/sffs-a40.XXXXXX";
static struct store *store;

static int
count_files(const char *below)
{
	char path[128];
	struct dirent *e;
	int n = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, below);
	DIR *d = opendir(path);
	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

static const char *
path_of(const char *below, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s/%s", dir, below, name);
	return path;
}

static void
close_store(void)
{
	store_close(store);
	store = NULL;
}

/* One place, and a second of patience. */
static void
open_narrow_store(void)
{
	close_store();
	store_open(&(struct store_options){ .dir = dir, .limit = 1000 * MIB, .fetches = 1,
			.patience = 1 },
	    &store);
}

static void
open_store(uint64_t limit)
{
	store_open(&(struct store_options){ .dir = dir, .limit = limit, .fetches = 4 }, &store);
}

static void
reopen_store(void)
{
	close_store();
	open_store(1000 * MIB);
}

/*
 * The end of a fill, and the result of a reader of the whole blob.
 */

static const struct {
	uint64_t	 size;
	struct step	 steps[SOURCE_STEPS];
	int64_t		 want;		/* size, or the error */
	const char	*what;
} outcomes[] = {
	{ 0, { { END, 0 } }, 0, "nothing" },
	{ 1, { { SEND, 1 } }, 1, "a byte" },
	{ HELD - 1, { { SEND, HELD - 1 } }, HELD - 1, "less than is held back" },
	{ HELD, { { SEND, HELD } }, HELD, "what is held back" },
	{ HELD + 1, { { SEND, HELD + 1 } }, HELD + 1, "a byte more" },
	{ 3 * MIB, { { SEND, 3 * MIB } }, 3 * MIB, "3 MiB" },
	{ 3 * MIB, { { SEND, 1 * MIB }, { RESTART, 0 }, { SEND, 3 * MIB } }, 3 * MIB,
	    "a transfer that begins anew" },
	{ 3 * MIB,
	    { { SEND, 2 * MIB }, { RESTART, 0 }, { SEND, 1 * MIB }, { RESTART, 0 },
		{ SEND, 3 * MIB } },
	    3 * MIB, "and once more" },
	{ 3 * MIB, { { SEND, 3 * MIB }, { RESTART, 0 }, { SEND, 3 * MIB } }, 3 * MIB,
	    "after the last byte" },
	{ 100, { { SEND, 99 } }, -EIO, "a byte too few" },
	{ 3 * MIB, { { SEND, 3 * MIB - 1 } }, -EIO, "a byte too few of many" },
	{ 100, { { SEND, 101 } }, -EIO, "a byte too many" },
	{ 3 * MIB, { { SEND, 3 * MIB + 1 } }, -EIO, "a byte too many of many" },
	{ 100, { { WRONG, 1 }, { SEND, 100 } }, -EIO, "a wrong byte" },
	{ 3 * MIB, { { SEND, 3 * MIB - 1 }, { WRONG, 3 * MIB } }, -EIO, "a wrong byte at the end" },
	{ 100, { { END, -EACCES } }, -EACCES, "an error before the first byte" },
	{ 3 * MIB, { { SEND, MIB }, { END, -ETIMEDOUT } }, -ETIMEDOUT, "an error midway" },
	{ 3 * MIB, { { SEND, 3 * MIB }, { END, -ETIMEDOUT } }, -ETIMEDOUT,
	    "an error after the last byte" },
};

static void
check_outcomes(void)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		struct source *s = source_new(outcomes[i].steps);
		struct blob *b = NULL, *again = NULL;
		uint64_t size = outcomes[i].size;
		bool good = outcomes[i].want >= 0;
		char name[32];

		snprintf(name, sizeof(name), "068-outcome-%zu", i);
		ok(store_has(store, name, size) == (size == 0),
		    "%s: the blob is not in the store yet",
		    outcomes[i].what);
		is_int(source_get(store, name, size, s, &b), 0, "a blob opens");
		is_int(s->begun, 0, "an open fetches nothing");
		is_int(source_read(b, 0, size + 1), outcomes[i].want,
		    "a read has the expected result");
		is_int(source_get(store, name, size, s, &again), 0, "the blob opens again");
		is_int(source_read(again, 0, size), outcomes[i].want,
		    "a second read has the same result");
		blob_put(b);
		blob_put(again);
		ok(store_has(store, name, size) == good,
		    "a blob is kept only if its bytes are right");
		is_int(source_get(store, name, size, s, &b), 0, "the blob opens once more");
		is_int(source_read(b, 0, size), outcomes[i].want,
		    "a third read has the same result");
		blob_put(b);
		int each = outcomes[i].steps[0].op == WRONG || outcomes[i].steps[1].op == WRONG ?
		    2 :
		    1; /* all bytes came: one more transfer */
		is_int(s->begun,
		    size == 0 ? 0 :
			good  ? 1 :
				3 * each,
		    "a right blob is filled once, a wrong one each time");
		close_store();
		is_int(s->freed, 3, "each context is freed once");
		is_int(count_files("filling"), 0, "no temporary file is left");
		open_store(1000 * MIB);
	}
}

/*
 * Reading during a fill.
 */

static void
check_streaming(void)
{
	const uint64_t size = 2 * MIB;
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, size }, { GATE, 0 });
	struct blob *b = NULL;

	source_get(store, "068-stream", size, s, &b);
	is_int(blob_ready(b, 0, 10, NULL), -EAGAIN, "a read of a new blob waits");
	sem_wait(&s->reached);
	is_int(blob_ready(b, 0, MIB, NULL), MIB, "a read of bytes that have landed does not wait");
	is_int(source_read(b, 0, MIB), MIB, "bytes that have landed are read");
	is_int(source_read(b, MIB - 1000, MIB), MIB,
	    "bytes that have landed are read from any place");
	is_int(blob_ready(b, MIB - 1, 2, NULL), -EAGAIN, "a read beyond what has landed waits");
	is_int(blob_ready(b, size, 10, NULL), 0, "a read at the end of the file is 0");
	sem_post(&s->open);
	sem_wait(&s->reached);
	is_int(source_read(b, 0, size - HELD), (int64_t)(size - HELD),
	    "all bytes but the last 128 KiB are read");
	is_int(blob_ready(b, size - HELD, 1, NULL), -EAGAIN, "the last 128 KiB wait for the check");
	is_int(blob_ready(b, size - 1, 1, NULL), -EAGAIN, "the last byte waits for the check");
	ok(!store_has(store, "068-stream", size), "an unchecked blob is not in the store");
	sem_post(&s->open);
	is_int(source_read(b, 0, size), (int64_t)size, "the checked blob is read to its end");
	ok(store_has(store, "068-stream", size), "the checked blob is in the store");
	is_int(blob_ready(b, size - 10, 100, NULL), 10, "a read across the end is cut at the end");
	blob_put(b);
}

/* A reader that has read bytes never sees other ones; a reader that has read none notices
 * nothing. */
static const struct {
	uint64_t	 read;		/* before the restart */
	struct step	 first;		/* the bytes until then */
	int64_t		 want;		/* of a reader who goes on */
	const char	*what;
} seams[] = {
	{ 0, { SEND, MIB }, 2 * MIB, "the same bytes, nobody had read" },
	{ MIB - HELD, { SEND, MIB }, 2 * MIB, "the same bytes, somebody had" },
	{ 0, { WRONG, MIB }, 2 * MIB, "other bytes, nobody had read" },
	{ 100, { WRONG, MIB }, -EIO, "other bytes, somebody had read some" },
};

static void
check_seams(void)
{
	for (size_t i = 0; i < sizeof(seams) / sizeof(seams[0]); i++) {
		struct source *s = SOURCE(seams[i].first, { GATE, 0 }, { RESTART, 0 }, { GATE, 0 },
		    { SEND, MIB / 2 }, { GATE, 0 }, { SEND, 2 * MIB });
		struct source *right = SOURCE({ SEND, 2 * MIB });
		struct blob *b = NULL, *other = NULL;
		char name[32], piece[100];

		snprintf(name, sizeof(name), "068-seam-%zu", i);
		source_get(store, name, 2 * MIB, s, &b);
		blob_ready(b, 0, 1, NULL);
		sem_wait(&s->reached);
		if (seams[i].first.op == WRONG && seams[i].read)
			is_int(blob_read(b, piece, seams[i].read, 0), (int64_t)seams[i].read,
			    seams[i].what);
		else
			is_int(source_read(b, 0, seams[i].read), (int64_t)seams[i].read,
			    seams[i].what);
		sem_post(&s->open);
		sem_wait(&s->reached);
		sem_post(&s->open);
		if (seams[i].want > 0)
			sem_wait(&s->reached);
		if (seams[i].read == 0)
			is_int(source_read(b, 0, 100), 100,
			    "while the bytes come again, those that have come are read");
		else if (seams[i].first.op == SEND)
			is_int(source_read(b, 0, seams[i].read), (int64_t)seams[i].read,
			    "while the bytes come again, those that were read before are read");
		sem_post(&s->open);
		is_int(source_read(b, seams[i].read, 2 * MIB), seams[i].want,
		    "a reader across a restart gets the rest, or an error");
		source_get(store, name, 2 * MIB, right, &other);
		is_int(source_read(other, 0, 2 * MIB), 2 * MIB, "a later reader gets every byte");
		is_int(right->begun, seams[i].want < 0,
		    "a later reader needs a fill of its own only if the first one failed");
		blob_put(b);
		blob_put(other);
	}
}

/* All bytes came and are wrong: a second transfer brings right or wrong ones. */
static const struct {
	struct step	 first, second;	/* the first bytes of each transfer */
	uint64_t	 read;		/* of the first */
	int64_t		 want;		/* of a reader who goes on */
	const char	*what;
} wrongs[] = {
	{ { WRONG, 1 }, { SEND, 1 }, 0, 2 * MIB, "a wrong byte that nobody had read" },
	{ { WRONG, 1 }, { SEND, 1 }, 1, -EIO, "a wrong byte that somebody had read" },
	{ { WRONG, 1 }, { WRONG, 1 }, 0, -EIO, "wrong twice" },
	{ { WRONG, 1 }, { WRONG, 1 }, 1, -EIO, "wrong twice, and read" },
};

static void
check_wrongs(void)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct source *s = SOURCE(wrongs[i].first, { SEND, 2 * MIB }, { GATE, 0 },
		    { NEXT, 0 }, wrongs[i].second, { SEND, MIB }, { GATE, 0 }, { SEND, 2 * MIB });
		struct blob *b = NULL;
		char name[32], piece[100];

		snprintf(name, sizeof(name), "068-wrong-%zu", i);
		source_get(store, name, 2 * MIB, s, &b);
		blob_ready(b, 0, 1, NULL);
		sem_wait(&s->reached);
		is_int(blob_read(b, piece, wrongs[i].read, 0), (int64_t)wrongs[i].read,
		    wrongs[i].what);
		sem_post(&s->open);
		sem_post(&s->open);
		is_int(source_read(b, 2 * MIB - 1, 2 * MIB), wrongs[i].want,
		    "the first reader gets the end of the file, or an error");
		is_int(source_read(b, wrongs[i].read, 2 * MIB), wrongs[i].want,
		    "a reader of the whole file gets it, or an error");
		is_int(s->begun, 2, "wrong bytes cost two transfers");
		blob_put(b);
		ok(store_has(store, name, 2 * MIB) == (wrongs[i].want > 0),
		    "the blob is kept only if its bytes are right");
	}
}

static void
check_wrong_for_nobody(void)
{
	struct source *s = SOURCE({ WRONG, MIB }, { GATE, 0 });
	struct blob *b = NULL;

	source_get(store, "068-wrong-left", MIB, s, &b);
	blob_ready(b, 0, 1, NULL);
	sem_wait(&s->reached);
	blob_put(b);
	sem_post(&s->open);
	sem_post(&s->open);
	for (struct store_stats stats = { .fetching = 1 }; stats.fetching > 0; sched_yield())
		store_stats(store, &stats);
	is_int(s->begun, 1, "wrong bytes do not come again if nobody reads");
	reopen_store();
}

/*
 * Many readers.
 */

struct reader {
	pthread_t	 thread;
	struct source	*source;
	uint64_t	 from;
	int64_t		 got;
};

static void *
read_it(void *ctx)
{
	struct reader *r = ctx;
	struct blob *b = NULL;

	if (source_get(store, "068-many", 20 * MIB, r->source, &b) == 0)
		r->got = source_read(b, r->from, 20 * MIB);
	blob_put(b);
	return NULL;
}

static void
check_readers(void)
{
	struct source *s = SOURCE({ SEND, 20 * MIB });
	struct reader readers[12];
	struct store_stats before, after;
	int good = 0;

	store_stats(store, &before);
	for (int i = 0; i < 12; i++) {
		readers[i] = (struct reader){ .source = s, .from = (uint64_t)i * MIB };
		pthread_create(&readers[i].thread, NULL, read_it, &readers[i]);
	}
	for (int i = 0; i < 12; i++) {
		pthread_join(readers[i].thread, NULL);
		good += readers[i].got == 20 * MIB;
	}
	store_stats(store, &after);
	is_int(good, 12, "twelve readers read right bytes");
	is_int(s->begun, 1, "twelve readers share one fill");
	is_int((long long)(after.misses - before.misses), 1, "twelve readers count as one miss");
	is_int((long long)(after.hits - before.hits), 11, "twelve readers count as eleven hits");
	is_int((long long)(after.bytes - before.bytes), 20 * MIB,
	    "the bytes of the blob are counted");
	is_int((long long)(after.blobs - before.blobs), 1, "the blob is counted");
}

/* Renders that read fetches, more of them than there are threads of either kind. */
struct nested { struct source *source; char name[32]; };

static int
fill_from_fetch(void *ctx, struct blob *out)
{
	struct nested *n = ctx;
	unsigned char piece[40000];
	struct blob *in = NULL;
	ssize_t got;
	int rc = source_get(store, n->name, MIB, n->source, &in);

	for (uint64_t off = 0; rc == 0 && (got = blob_read(in, piece, sizeof(piece), off)) != 0;
	     off += (uint64_t)got)
		rc = got < 0 ? (int)got : blob_append(out, piece, (size_t)got);
	blob_put(in);
	return rc;
}

static void
check_renders(void)
{
	struct nested nested[20];
	struct blob *blobs[20];
	int good = 0;

	for (int i = 0; i < 20; i++) {
		char name[32];

		nested[i] = (struct nested){ .source = SOURCE({ SEND, MIB }) };
		snprintf(nested[i].name, sizeof(nested[i].name), "068-fetch-%d", i);
		snprintf(name, sizeof(name), "068-fetch-%d.view", i);
		store_get(store,
		    &(struct store_want){ .name = name,
			.size = MIB,
			.class = STORE_RENDER,
			.fill = fill_from_fetch,
			.ctx = &nested[i] },
		    &blobs[i]);
		blob_ready(blobs[i], 0, 1, NULL);
	}
	for (int i = 0; i < 20; i++) {
		good += source_read(blobs[i], 0, MIB) == MIB && nested[i].source->begun == 1;
		blob_put(blobs[i]);
	}
	is_int(good, 20, "twenty renders that wait for fetches let the fetches start");
}

/*
 * Waiting, and giving up.
 */

struct counted { struct wait wait; sem_t woken; };

static void
count_wake(struct wait *w)
{
	sem_post(&((struct counted *)w)->woken);	/* wait is its first member */
}

static struct counted
counted_new(void)
{
	struct counted c = { .wait.ready = count_wake };

	sem_init(&c.woken, 0, 0);
	return c;
}

static void
check_waits(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, 2 * MIB });
	struct counted early = counted_new(), late = counted_new(), gone = counted_new();
	struct blob *b = NULL;
	int n;

	source_get(store, "068-wait", 2 * MIB, s, &b);
	is_int(blob_ready(b, 0, 1000, &early.wait), -EAGAIN,
	    "a read of bytes that have not come waits");
	sem_wait(&s->reached);
	sem_wait(&early.woken);
	is_int(blob_ready(b, 0, 1000, &early.wait), 1000,
	    "the wait is woken when the bytes have landed");
	blob_ready(b, 2 * MIB - 1, 1, &late.wait);
	blob_ready(b, 2 * MIB - 1, 1, &gone.wait);
	ok(wait_cancel(&gone.wait), "a wait can be cancelled");
	ok(sem_getvalue(&late.woken, &n) == 0 && n == 0,
	    "another wait for the last byte goes on");
	sem_post(&s->open);
	sem_wait(&late.woken);
	is_int(blob_ready(b, 2 * MIB - 1, 1, NULL), 1,
	    "the other wait ends when the last byte is there");
	ok(sem_getvalue(&gone.woken, &n) == 0 && n == 0, "a cancelled wait is not woken");
	ok(!wait_cancel(&late.wait) && blob_ready(b, 0, 1, &late.wait) == 1,
	    "a wait that was woken cannot be cancelled, and can be used again");
	blob_put(b);
}

/* Fills that nobody waits for any more: size, bytes so far, and whether they go on. */
static const struct {
	uint64_t	 size, sent;
	bool		 finished;
	const char	*what;
} orphans[] = {
	{ 1 * MIB, 10 * KIB, true, "a small one" },
	{ 40 * MIB, 30 * MIB, true, "one that is almost there" },
	{ 40 * MIB, 21 * MIB, true, "one that is more than half there" },
	{ 40 * MIB, 10 * KIB, false, "a large one at its beginning" },
};

static void
check_orphans(void)
{
	for (size_t i = 0; i < sizeof(orphans) / sizeof(orphans[0]); i++) {
		const uint64_t size = orphans[i].size;
		struct source *s = SOURCE({ SEND, orphans[i].sent }, { GATE, 0 }, { SEND, size });
		struct source *again = SOURCE({ SEND, size });
		struct blob *b = NULL;
		char name[32];

		snprintf(name, sizeof(name), "068-orphan-%zu", i);
		source_get(store, name, size, s, &b);
		blob_ready(b, 0, 1, NULL);
		sem_wait(&s->reached);
		blob_put(b);
		sem_post(&s->open);
		sem_wait(&s->end);
		is_int(s->rc, orphans[i].finished ? 0 : -ECANCELED, orphans[i].what);
		source_get(store, name, size, again, &b);
		is_int(source_read(b, 0, size), (int64_t)size,
		    "a later reader reads the whole blob");
		is_int(again->begun, !orphans[i].finished,
		    "a later reader needs a fill of its own only if the first one was dropped");
		blob_put(b);
		reopen_store();
		is_int(s->freed + again->freed, 2, "both contexts are freed");
		is_int(count_files("filling"), 0,
		    "no temporary file is left of a fill without readers");
	}
}

/* A fill that would go on for nobody ends when it begins again or its document is gone. */
static void
check_no_more(void)
{
	struct source *anew =
	    SOURCE({ SEND, 30 * MIB }, { GATE, 0 }, { RESTART, 0 }, { SEND, 40 * MIB });
	struct source *gone = SOURCE({ SEND, 10 * KIB }, { GATE, 0 }, { SEND, MIB });
	struct blob *b = NULL, *c = NULL;

	source_get(store, "068-anew", 40 * MIB, anew, &b);
	source_get(store, "068-gone", MIB, gone, &c);
	blob_ready(b, 0, 1, NULL);
	blob_ready(c, 0, 1, NULL);
	sem_wait(&anew->reached);
	sem_wait(&gone->reached);
	blob_put(b);
	blob_put(c);
	store_drop(store, "068-gone");
	sem_post(&anew->open);
	sem_post(&gone->open);
	sem_wait(&anew->end);
	sem_wait(&gone->end);
	is_int(anew->rc, -ECANCELED, "a fill that begins anew without readers is dropped");
	is_int(gone->rc, -ECANCELED, "a fill whose document is gone is dropped");
	reopen_store();
}

/* No byte comes: the fill can ask whether it is wanted. A later reader gets a fill of its own. */
static void
check_unwanted(void)
{
	for (size_t i = 0; i < sizeof(orphans) / sizeof(orphans[0]); i++) {
		struct source *s = SOURCE({ SEND, orphans[i].sent }, { GATE, 0 }, { ASK, 0 });
		struct source *again = SOURCE({ SEND, orphans[i].size });
		struct blob *b = NULL;
		char name[32];

		snprintf(name, sizeof(name), "068-unwanted-%zu", i);
		source_get(store, name, orphans[i].size, s, &b);
		blob_ready(b, 0, 1, NULL);
		sem_wait(&s->reached);
		blob_put(b);
		sem_post(&s->open);
		sem_wait(&s->end);
		is_int(s->rc, orphans[i].finished ? -ENODATA : -ECANCELED, orphans[i].what);
		source_get(store, name, orphans[i].size, again, &b);
		if (!orphans[i].finished)
			is_int(source_read(b, 0, 1000), 1000, "a later reader begins a new fill");
		blob_put(b);
		reopen_store();
	}
}

#define LONG 60000	/* ms: nothing here takes so long */

/* A small fetch begins beside a large one; a fetch that nobody needs makes way for any. */
static void
check_way(void)
{
	for (int spare = 0; spare < 2; spare++) {
		struct source *slow =
		    SOURCE({ SEND, 100 }, { GATE, 0 }, { UNTIL, LONG }, { ASK, 0 });
		struct source *small = SOURCE({ SEND, 100 }), *large = SOURCE({ SEND, 3 * MIB });
		struct blob *b = NULL, *c = NULL;

		open_narrow_store();
		source_get(store, "068-slow", 3 * MIB, slow, &b);
		blob_ready(b, 0, 1, NULL);
		sem_wait(&slow->reached);
		source_get(store, spare ? "068-small-1" : "068-small-0", 100, small, &c);
		is_int(source_read(c, 0, 100), 100, "a small one is read beside a slow large one");
		blob_put(c);
		source_get(store, spare ? "068-large-1" : "068-large-0", 3 * MIB, large, &c);
		blob_ready(c, 0, 1, NULL);
		is_int(large->begun, 0, "a second large one waits");
		if (spare)
			blob_spare(b);
		else
			blob_put(b);
		sem_post(&slow->open);
		is_int(source_read(c, 0, 3 * MIB), 3 * MIB,
		    spare ? "a large one is read as soon as the slow one is only a guess" :
			    "a large one is read as soon as nobody needs the slow one");
		is_int(slow->rc, -ECANCELED, "the slow one ends");
		if (spare)
			blob_put(b);
		blob_put(c);
	}
	reopen_store();
}

/* Fetches that crawl step aside, as many as there are places; then one ends for each that waits. */
static void
check_crawl(void)
{
	struct source *slow[2], *large = SOURCE({ SEND, 3 * MIB });
	struct source *again = SOURCE({ SEND, 3 * MIB });
	struct blob *b[2] = { NULL, NULL }, *c = NULL, *d = NULL;

	open_narrow_store();
	for (int i = 0; i < 2; i++) {
		slow[i] = SOURCE({ SEND, 100 }, { GATE, 0 }, { UNTIL, LONG }, { GATE, 0 },
		    { ASK, 0 });
		source_get(store, i ? "068-slow-1" : "068-slow-0", 3 * MIB, slow[i], &b[i]);
		blob_ready(b[i], 0, 1, NULL);
		sem_wait(&slow[i]->reached);	/* 1: when 0 has stepped aside */
		sem_post(&slow[i]->open);
	}
	is_int(slow[0]->rc, 0, "a fetch that crawls steps aside, and goes on");
	source_get(store, "068-large-2", 3 * MIB, large, &c);
	blob_ready(c, 0, 1, NULL);
	sem_wait(&slow[1]->reached);
	source_get(store, "068-slow-1", 3 * MIB, again, &d);
	ok(d != b[1], "an open of the second one while it ends gets another try");
	sem_post(&slow[1]->open);
	is_int(source_read(c, 0, 3 * MIB), 3 * MIB,
	    "a second one that crawls ends for one that waits");
	is_int(source_read(b[1], 0, 3 * MIB), -ETIMEDOUT,
	    "the reader of the second one gets a time-out");
	is_int(source_read(d, 0, 3 * MIB), 3 * MIB, "the other try brings it");
	is_int(slow[0]->rc, 0, "the first one that crawls still goes on");
	store_stop(store);
	sem_post(&slow[0]->open);
	sem_wait(&slow[0]->end);
	for (int i = 0; i < 2; i++)
		blob_put(b[i]);
	blob_put(c);
	blob_put(d);
	reopen_store();
}

/* The time of a transfer counts from its own beginning. */
static void
check_restart_is_no_crawl(void)
{
	struct source *s = SOURCE({ SEND, 100 }, { GATE, 0 }, { RESTART, 0 }, { UNTIL, 0 },
	    { GATE, 0 }, { SEND, 3 * MIB });
	struct blob *b = NULL, *c = NULL, *left = NULL;
	struct store_stats stats;

	close_store();
	store_open(&(struct store_options){ .dir = dir, .limit = 1000 * MIB, .fetches = 1,
			.patience = 600 },
	    &store);
	source_get(store, "068-restarted", 3 * MIB, s, &b);
	blob_ready(b, 0, 1, NULL);
	sem_wait(&s->reached);
	source_get(store, "068-behind", 3 * MIB, SOURCE({ SEND, 3 * MIB }), &c);
	blob_ready(c, 0, 1, NULL);
	source_get(store, "068-left", 3 * MIB, SOURCE({ SEND, 3 * MIB }), &left);
	blob_ready(left, 0, 1, NULL);
	blob_put(left);
	b->attempt.since -= 600000;		/* so much time has passed */
	sem_post(&s->open);
	sem_wait(&s->reached);
	ok(!b->aside, "a transfer that begins anew late does not crawl yet");
	store_stats(store, &stats);
	is_int(stats.waiting, 1, "a fetch that nobody waits for leaves the queue");
	sem_post(&s->open);
	is_int(source_read(b, 0, 3 * MIB), 3 * MIB, "it comes to its end");
	blob_put(b);
	blob_put(c);
	reopen_store();
}

/* Somebody shortens the file while it is filled. */
static void
check_shortened_midway(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, 2 * MIB });
	struct source *again = SOURCE({ SEND, 2 * MIB });
	struct blob *b = NULL, *c = NULL;
	char byte;

	source_get(store, "068-short", 2 * MIB, s, &b);
	blob_ready(b, 0, 1, NULL);
	sem_wait(&s->reached);
	ok(ftruncate(b->fd, 0) == 0, "a file that is being filled is shortened");
	is_int(blob_pread(b, &byte, 1, 0), -EIO, "a read of it fails");
	is_int(blob_ready(b, 0, 1, NULL), -EIO, "a second read fails before it comes to the disk");
	source_get(store, "068-short", 2 * MIB, again, &c);
	sem_post(&s->open);
	sem_wait(&s->end);
	is_int(s->rc, -ECANCELED, "its fill ends");
	is_int(source_read(c, 0, 2 * MIB), 2 * MIB, "the next open fetches it again");
	blob_put(b);
	blob_put(c);
}

/* A queued job never begins if nobody wants it any more. */
static void
check_queue(void)
{
	struct source *busy[4], *waiting = SOURCE({ SEND, MIB }), *wanted = SOURCE({ SEND, MIB });
	struct blob *b[4], *w = NULL, *x = NULL;
	struct store_stats stats;

	for (int i = 0; i < 4; i++) {
		char name[32];

		busy[i] = SOURCE({ GATE, 0 }, { SEND, MIB });
		snprintf(name, sizeof(name), "068-busy-%d", i);
		source_get(store, name, MIB, busy[i], &b[i]);
		blob_ready(b[i], 0, 1, NULL);
		sem_wait(&busy[i]->reached);
	}
	source_get(store, "068-queued", MIB, waiting, &w);
	source_get(store, "068-wanted", MIB, wanted, &x);
	blob_ready(w, 0, 1, NULL);
	blob_ready(x, 0, 1, NULL);
	store_stats(store, &stats);
	ok(stats.fetching == 4 && stats.waiting == 2, "four fetches run, and two wait");
	blob_put(w);
	for (int i = 0; i < 4; i++)
		sem_post(&busy[i]->open);
	is_int(source_read(x, 0, MIB), MIB, "a fetch that somebody waits for comes");
	is_int(waiting->begun, 0, "a fetch that nobody waits for never begins");
	for (int i = 0; i < 4; i++)
		blob_put(b[i]);
	blob_put(x);
	close_store();
	is_int(waiting->freed, 1, "the context of a fetch that never began is freed");
	open_store(1000 * MIB);
}

/* When the store closes, waiters are woken and fills end. A blob that is still open may be put
 * afterwards. */
static void
check_close(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, 2 * MIB });
	struct counted c = counted_new();
	struct blob *b = NULL, *never = NULL;

	source_get(store, "068-close", 2 * MIB, s, &b);
	source_get(store, "068-never", 2 * MIB, s, &never);
	blob_ready(b, 2 * MIB - 1, 1, &c.wait);
	sem_wait(&s->reached);
	sem_post(&s->open);
	close_store();
	sem_wait(&c.woken);
	ssize_t rc = blob_ready(b, 2 * MIB - 1, 1, NULL);
	ok(rc == -EINTR || rc == 1, "a wait ends when the store closes");
	is_int(blob_ready(never, 0, 1, NULL), -EINTR, "no fill begins after the store has closed");
	is_int(s->freed, 0, "a blob that is open stays after the store has closed");
	blob_put(b);
	blob_put(never);
	is_int(s->freed, 2, "the blob is freed when it is put");
	open_store(1000 * MIB);
}

/*
 * The files on the disk.
 */

static void
fill_quickly(const char *name, uint64_t size)
{
	struct source *s = SOURCE({ SEND, size });
	struct blob *b = NULL;

	source_get(store, name, size, s, &b);
	is_int(source_read(b, 0, size), (int64_t)size, name);
	blob_put(b);
}

static void
check_damage(void)
{
	struct source *s = SOURCE({ SEND, MIB });
	struct blob *b = NULL;

	fill_quickly("068-damaged", MIB);
	reopen_store();
	ok(truncate(path_of("files", "068-damaged"), MIB - 1) == 0, "a cached file is shortened");
	ok(!store_has(store, "068-damaged", MIB), "a shortened file is not in the store");
	source_get(store, "068-damaged", MIB, s, &b);
	is_int(source_read(b, 0, MIB), MIB, "a shortened file is read right");
	is_int(s->begun, 1, "a shortened file is filled again");
	blob_put(b);
	ok(store_has(store, "068-damaged", MIB), "the new file is in the store");
}

/* Two sizes under one name: each has a file of its own. */
static void
check_sizes(void)
{
	struct source *one = SOURCE({ SEND, MIB }), *two = SOURCE({ SEND, 2 * MIB });
	struct blob *b = NULL, *c = NULL;

	source_get(store, "068-sizes", MIB, one, &b);
	source_get(store, "068-sizes", 2 * MIB, two, &c);
	is_int(source_read(c, 0, 2 * MIB), 2 * MIB, "a blob of another size is another blob");
	is_int(source_read(b, 0, MIB), MIB, "the blob of the first size is as before");
	blob_put(b);
	blob_put(c);
}

static void
check_drop(void)
{
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, 2 * MIB });
	struct store_stats before, after;
	struct blob *b = NULL;

	store_stats(store, &before);
	fill_quickly("068-dropped", MIB);
	source_get(store, "068-dropped", MIB, s, &b);
	store_drop(store, "068-dropped");
	ok(!store_has(store, "068-dropped", MIB), "a dropped blob is not in the store");
	is_int(source_read(b, 0, MIB), MIB, "an open blob can be read after it was dropped");
	blob_put(b);
	source_get(store, "068-midway", 2 * MIB, s, &b);
	blob_ready(b, 0, 1, NULL);
	sem_wait(&s->reached);
	store_drop(store, "068-midway");
	sem_post(&s->open);
	is_int(source_read(b, 0, 2 * MIB), 2 * MIB,
	    "a blob that is dropped while it fills is read to its end");
	blob_put(b);
	reopen_store();
	ok(!store_has(store, "068-midway", 2 * MIB),
	    "a blob that was dropped while it filled is not in the store");
	store_stats(store, &after);
	ok(before.bytes == after.bytes && before.blobs == after.blobs,
	    "a dropped blob is not counted");
	store_drop(store, "068-never-there");
}

static void
check_names(void)
{
	static const char *const bad[] = { "", ".", "..", "a/b", ".hidden", "a b", "a~", "x\n" };
	struct source *s = SOURCE({ END, 0 });
	struct blob *b = NULL;
	int refused = 0, n = sizeof(bad) / sizeof(bad[0]);

	for (int i = 0; i < n; i++)
		refused += source_get(store, bad[i], 1, s, &b) == -EINVAL;
	is_int(refused, n, "bad names are refused");
	is_int(s->freed, n, "the contexts of refused names are freed");
	is_int(store_get(store,
		   &(struct store_want){ .name = "068-empty",
		       .md5 = "00000000000000000000000000000000",
		       .fill = source_fill,
		       .ctx = s,
		       .free_ctx = source_free },
		   &b),
	    -EIO, "an empty file with another MD5 than that of no bytes is an error");
}

static void
check_leftovers(void)
{
	close_store();
	close(open(path_of("filling", "068-dead"), O_WRONLY | O_CREAT, 0600));
	ok(truncate(path_of("filling", "068-dead"), 5000) == 0,
	    "a killed process leaves a file in filling/");
	int fd = open(path_of("filling", "068-later"), O_RDWR | O_CREAT, 0600);
	ok(write(fd, "garbage", 7) == 7, "the file has some bytes");
	open_store(1000 * MIB);
	is_int(count_files("filling"), 0, "the next start removes the files of killed processes");
	close(fd);
	close(open(path_of("filling", "068-dead"), O_WRONLY | O_CREAT, 0600));
	ok(truncate(path_of("filling", "068-dead"), 5000) == 0,
	    "a process is killed while the store is open");
	fill_quickly("068-dead", MIB);
}

int
main(void)
{
	struct stat st;

	if (!mkdtemp(dir) || rmdir(dir) < 0)
		return 1;
	log_level_set(getenv("V") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	open_store(1000 * MIB);
	ok(stat(dir, &st) == 0 && (st.st_mode & 07777) == 0700,
	    "the cache directory is private");
	ok(access(path_of(".", "CACHEDIR.TAG"), F_OK) == 0,
	    "the cache directory has a CACHEDIR.TAG");
	check_outcomes();
	check_streaming();
	check_seams();
	check_wrongs();
	check_wrong_for_nobody();
	check_readers();
	check_renders();
	check_waits();
	check_orphans();
	check_no_more();
	check_unwanted();
	check_queue();
	check_way();
	check_crawl();
	check_restart_is_no_crawl();
	check_shortened_midway();
	check_close();
	check_damage();
	check_sizes();
	check_drop();
	check_names();
	check_leftovers();
	close_store();
	char clean[64];
	snprintf(clean, sizeof(clean), "rm -rf %s", dir);
	return system(clean) != 0 || tap_done();
}

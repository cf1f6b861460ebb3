/*
 * The limits of the cache: the least recently used file goes first, an open one never. A disk that
 * is full or read-only still gives right bytes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "auth/log.h"
#include "fs/store/disk.h"
#include "fs/store/evict.h"
#include "source.h"
#include "tap.h"

#define MIB	(1024 * 1024ull)

static char dir[] = "/tmp/sffs-a44.XXXXXX";
static struct store *store;

/*
 * A disk that is full from a byte of a file on, so many times.
 */

static atomic_int full_times;
static _Atomic uint64_t full_from;

ssize_t
pwrite(int fd, const void *p, size_t n, off_t off)
{
	char link[64], path[256] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (full_times > 0 && (uint64_t)off + n > full_from &&
	    readlink(link, path, sizeof(path) - 1) > 0 && strncmp(path, dir, strlen(dir)) == 0 &&
	    strstr(path, "/filling/")) {
		full_times--;
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, p, n, off);
}

/* A starting process takes a new file for one that a dead process left, so many times. */
static atomic_int taken_times;
/* When a file is locked, another process removes the files 1 and 2 of this directory. */
static int shared_dir = -1;

int
flock(int fd, int how)
{
	char link[64], path[256] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (taken_times > 0 && readlink(link, path, sizeof(path) - 1) > 0 &&
	    strstr(path, "/filling/")) {
		taken_times--;
		unlink(path);
	}
	if (shared_dir >= 0) {
		unlinkat(shared_dir, "1", 0);
		unlinkat(shared_dir, "2", 0);
	}
	return (int)syscall(SYS_flock, fd, how);
}

static const char *
path_of(const char *below, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s/%s", dir, below, name);
	return path;
}

static void
open_store(const char *where, uint64_t limit)
{
	store_open(&(struct store_options){ .dir = where, .limit = limit, .fetches = 4 }, &store);
}

/* Also ensures that a blob that was put is forgotten: its fill may be about to end. */
static void
reopen_store(uint64_t limit)
{
	store_close(store);
	open_store(dir, limit);
}

/* Reads a whole blob and closes it. Returns the number of fills, or an error. */
static int
read_blob(const char *name, uint64_t size)
{
	struct source *s = SOURCE({ SEND, size });
	struct blob *b = NULL;
	int64_t got = source_get(store, name, size, s, &b);

	if (got == 0)
		got = source_read(b, 0, size);
	blob_put(b);
	return got < 0 ? (int)got : got == (int64_t)size ? s->begun : -EILSEQ;
}

static uint64_t
bytes_kept(void)
{
	struct store_stats stats;

	store_stats(store, &stats);
	return stats.bytes;
}

/* Waits until the background work is done; false: not within ten seconds. */
static bool
come_to(uint64_t bytes)
{
	time_t end = time(NULL) + 10;

	while (bytes_kept() != bytes && time(NULL) < end)
		sched_yield();
	return bytes_kept() == bytes;
}

/* The same, for work in steps. */
static bool
come_below(uint64_t bytes)
{
	time_t end = time(NULL) + 10;

	while (bytes_kept() > bytes && time(NULL) < end)
		sched_yield();
	return bytes_kept() <= bytes;
}

static void
set_used(const char *name, time_t when)
{
	utimensat(AT_FDCWD, path_of("files", name),
	    (const struct timespec[]){ { .tv_nsec = UTIME_OMIT }, { .tv_sec = when } }, 0);
}

static void
check_eviction(void)
{
	struct blob *held = NULL;
	char name[32];

	reopen_store(16 * MIB);
	for (int i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "068-%d", i);
		is_int(read_blob(name, MIB), 1, name);
	}
	reopen_store(16 * MIB);
	is_int((long long)bytes_kept(), 16 * MIB,
	    "the cache keeps as much as its limit, and knows how much without counting");
	/* 3 was used longest ago but is open, then come 7, 5, 1; 9 is from a clock that was wrong.
	 */
	source_get(store, "068-3", MIB, SOURCE({ END, 0 }), &held);
	set_used("068-3", 1000);
	set_used("068-7", 2000);
	set_used("068-5", 3000);
	set_used("068-1", 4000);
	set_used("068-9", time(NULL) + 1000000);
	is_int(read_blob("068-more", MIB), 1, "a file above the limit is read");
	ok(come_to(15 * MIB), "the cache becomes a little smaller than the limit");
	ok(!store_has(store, "068-7", MIB) && !store_has(store, "068-5", MIB),
	    "the files that were used longest ago are gone");
	ok(store_has(store, "068-3", MIB) && access(path_of("files", "068-3"), F_OK) == 0,
	    "an open file stays");
	ok(store_has(store, "068-1", MIB) && store_has(store, "068-9", MIB) &&
		store_has(store, "068-more", MIB),
	    "no more files go than needed");
	is_int(source_read(held, 0, MIB), MIB, "an open file can be read");
	blob_put(held);
	is_int(read_blob("068-1", MIB), 0, "a read counts as a use");
	set_used("068-3", 5000);
	set_used("068-0", 6000);
	is_int(read_blob("068-large", 3 * MIB), 1, "a large file is read");
	ok(come_below(16 * MIB), "a large file takes the place of several");
	ok(!store_has(store, "068-3", MIB) && !store_has(store, "068-0", MIB) &&
		store_has(store, "068-1", MIB),
	    "the oldest of them are gone");
	reopen_store(5 * MIB);
	ok(come_to(4 * MIB), "a lower limit is applied at the next start");
	is_int(read_blob("068-huge", 20 * MIB), 1, "a file that is larger than the limit is read");
	ok(come_to(0), "a file that is larger than the limit goes when it is closed");
}

/* Bytes that are written push other files out; bytes that are only wanted do not. */
static void
check_little_of_much(void)
{
	const uint64_t size = 100 * MIB;
	char name[32];
	struct blob *b = NULL;

	reopen_store(16 * MIB);
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "068-%d", i);
		is_int(read_blob(name, MIB), 1, name);
	}
	struct source *s = SOURCE({ SEND, MIB }, { GATE, 0 }, { SEND, size });
	source_get(store, "068-large", size, s, &b);
	is_int(source_read(b, 0, 10), 10,
	    "the first bytes of a file larger than the limit are read");
	sem_wait(&s->reached);
	blob_put(b);
	sem_post(&s->open);
	sem_wait(&s->end);
	is_int(s->rc, -ECANCELED, "the fill stops when the reader leaves");
	reopen_store(16 * MIB);
	is_int((long long)bytes_kept(), 6 * MIB, "no file has gone for the rest");

	s = SOURCE({ SEND, 13 * MIB }, { GATE, 0 }, { SEND, size });
	source_get(store, "068-large", size, s, &b);
	is_int(source_read(b, 0, 10), 10, "a reader of a file larger than the limit goes on");
	sem_wait(&s->reached);
	ok(come_below(2 * MIB),
	    "a file larger than the limit pushes others out before it is whole");
	blob_put(b);
	sem_post(&s->open);
	reopen_store(16 * MIB);
	ok(store_has(store, "068-5", MIB), "it pushes out no more than it needs");
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "068-%d", i);
		store_drop(store, name);
	}
}

/* A directory with n files of ten bytes. They are called by their age, 0 is the oldest. */
static int
make_directory(const char *called, int n)
{
	char path[64], name[100];

	snprintf(path, sizeof(path), "%s/%s", dir, called);
	mkdir(path, 0700);
	int at = open(path, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < n; i++) {
		const int age = (int)((i * 7919ll) % n);

		snprintf(name, sizeof(name), "%d", age);
		int fd = openat(at, name, O_WRONLY | O_CREAT, 0600);
		if (write(fd, "0123456789", 10) != 10 ||
		    futimens(fd,
			(const struct timespec[]){
			    { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1000000 + age } }) < 0)
			exit(1);
		close(fd);
	}
	return at;
}

/* Files that another process removes meanwhile count as gone: no further ones go for them. */
static void
check_shared(void)
{
	struct evict_result r;
	char name[100];
	int left = 0;

	int at = shared_dir = make_directory("shared", 10);
	is_int(evict_run(at, 50, 0, &r), 0, "evicts from a directory that another process shares");
	shared_dir = -1;
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "%d", i);
		left += faccessat(at, name, F_OK, 0) == 0;
	}
	is_int(left, 5, "the files that the other process removes count as gone");
	is_int((long long)r.removed_files, 3,
	    "files that the other process removes do not count as removed here");
	close(at);
}

/* More files than a pass remembers. */
static void
check_many(void)
{
	struct evict_result r;
	char name[100];
	int newest = 0, left = 0;

	int at = make_directory("many", 5000);
	int locked = openat(at, "17", O_RDONLY);
	flock(locked, LOCK_SH);
	is_int(evict_run(at, 1000, 0, &r), 0, "an eviction runs over 5,000 files");
	is_int((long long)r.left_bytes, 1000, "an eviction leaves the bytes that were asked for");
	is_int((long long)r.found_files, 5000, "an eviction counts the files");
	is_int((long long)r.removed_files, 4900, "an eviction counts the files that it removed");
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		bool there = faccessat(at, name, F_OK, 0) == 0;
		left += there;
		newest += there && i >= 4901;
	}
	is_int(left, 100, "100 of 5,000 files are left");
	is_int(newest, 99, "the newest files are left");
	ok(faccessat(at, "17", F_OK, 0) == 0, "a file that another process has open is left");
	is_int(evict_run(at, UINT64_MAX, 95, &r), 0,
	    "an eviction can be asked to remove a number of bytes");
	is_int((long long)r.left_bytes, 900, "an eviction removes whole files");
	close(locked);
	close(at);
}

static const struct { const char *text, *what;
} usages[] = {
	{ NULL, "is lost" },
	{ "", "is empty" },
	{ "rubbish\n", "is no number" },
	{ "12", "is one number" },
};

static void
check_usage(void)
{
	reopen_store(100 * MIB);
	is_int(read_blob("068-counted", 5 * MIB), 1, "a file is cached for the count");
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		store_close(store);
		unlink(path_of(".", "usage"));
		if (usages[i].text) {
			FILE *f = fopen(path_of(".", "usage"), "w");
			fputs(usages[i].text, f);
			fclose(f);
		}
		open_store(dir, 100 * MIB);
		ok(come_to(5 * MIB), "the count that %s is made again", usages[i].what);
	}
	store_drop(store, "068-counted");
	is_int((long long)bytes_kept(), 0, "the count is right when the file is dropped");
}

/* How often the log said that nothing is kept. */
static int
times_told(void)
{
	struct buf tail = BUF_INIT;
	int n = 0;

	log_tail(&tail);
	for (const char *s = buf_str(&tail); (s = strstr(s, "the cache takes no more")); s++)
		n++;
	buf_free(&tail);
	return n;
}

static void
check_full(void)
{
	const uint64_t size = 3 * MIB;
	struct blob *b = NULL;

	reopen_store(1000 * MIB);
	full_from = MIB;
	full_times = 1000000;
	struct source *s = SOURCE({ SEND, MIB / 2 }, { GATE, 0 }, { SEND, size });
	source_get(store, "068-full", size, s, &b);
	is_int(source_read(b, 0, MIB / 4), MIB / 4, "a part of a file is read");
	sem_post(&s->open);
	is_int(source_read(b, 0, size), (int64_t)size,
	    "a file during which the disk becomes full is read right");
	is_int(source_read(b, MIB / 4, size), (int64_t)size,
	    "a second reader of this file reads it right");
	blob_put(b);
	reopen_store(1000 * MIB);
	ok(!store_has(store, "068-full", size), "this file is not kept");
	s = SOURCE({ SEND, 2 * MIB }, { RESTART, 0 }, { SEND, size });
	source_get(store, "068-full", size, s, &b);
	is_int(source_read(b, 0, size), (int64_t)size,
	    "a file is read right when the disk becomes full twice");
	blob_put(b);
	reopen_store(1000 * MIB);
	full_from = 0;
	is_int(read_blob("068-full", size), 1,
	    "a file of which not a byte can be written is read right");
	int told = times_told();
	is_int(read_blob("068-none", size), 1,
	    "a second file of which not a byte can be written is read right");
	is_int(times_told(), told, "the log says once that the cache takes no more");
	full_times = 0;
	is_int(read_blob("068-back", size), 1, "a file is read when there is room again");
	ok(store_has(store, "068-back", size), "this file is kept");
	full_times = 1000000;
	is_int(read_blob("068-again", size), 1, "a file is read when the disk is full again");
	is_int(times_told(), told + 1, "the log says again that the cache takes no more");
	full_times = 0;
	store_drop(store, "068-back");
	reopen_store(1000 * MIB);
	is_int(read_blob("068-full", size), 1, "the first file is read later");
	ok(store_has(store, "068-full", size), "the first file is kept then");

	full_from = MIB;
	full_times = 1;
	set_used("068-full", 1000);
	is_int(read_blob("068-room", size), 1,
	    "a file is read when the disk is full of older ones");
	ok(store_has(store, "068-room", size) && !store_has(store, "068-full", size),
	    "an older file makes room for it");
	is_int((long long)bytes_kept(), (int64_t)size,
	    "the bytes of the removed file are not counted");
	for (int i = 0; i < 3; i++) {
		char name[] = "068-old-0";

		name[8] = (char)('0' + i);
		is_int(read_blob(name, 10 * MIB), 1, name);
		set_used(name, 1000 + i);
	}
	full_times = 1;
	is_int(read_blob("068-large", 40 * MIB), 1,
	    "a large file is read when the disk is full of older ones");
	ok(!store_has(store, "068-old-1", 10 * MIB) && store_has(store, "068-old-2", 10 * MIB),
	    "a full disk makes an eviction remove one file at a time");
}

static void
check_taken(void)
{
	reopen_store(1000 * MIB);
	taken_times = 2;
	is_int(read_blob("068-taken", MIB), 1,
	    "a new file that another process removes as a leftover is read");
	reopen_store(1000 * MIB);
	ok(store_has(store, "068-taken", MIB) && taken_times == 0,
	    "the removed file is made again and kept");
	store_drop(store, "068-taken");
}

static void
check_unwritable(void)
{
	reopen_store(1000 * MIB);
	is_int(read_blob("068-kept", MIB), 1,
	    "a file is cached before the cache becomes unwritable");
	store_close(store);
	/* Permissions do not stop root, but a file in place of the directory does. */
	rmdir(path_of(".", "filling"));
	close(open(path_of(".", "filling"), O_WRONLY | O_CREAT, 0600));
	open_store(dir, 1000 * MIB);
	is_int(read_blob("068-kept", MIB), 0, "an unwritable cache serves its files");
	is_int(read_blob("068-new", MIB), 1, "an unwritable cache lets other files be read");
	reopen_store(1000 * MIB);
	is_int(read_blob("068-new", MIB), 1, "an unwritable cache downloads them each time");
	reopen_store(1000 * MIB);
	is_int(read_blob("068-empty", 0), 0, "an unwritable cache serves an empty file");
	struct blob *b = NULL, *again = NULL;
	source_get(store, "068-new", MIB, SOURCE({ SEND, MIB }), &b);
	is_int(source_read(b, 0, MIB), MIB, "an open file of an unwritable cache is read");
	ok(store_has(store, "068-new", MIB), "an open file of an unwritable cache is in the store");
	source_get(store, "068-new", MIB, SOURCE({ END, -EIO }), &again);
	is_int(source_read(again, 0, MIB), MIB,
	    "a second reader shares the open file of an unwritable cache");
	blob_put(b);
	blob_put(again);
	store_get(store,
	    &(struct store_want){
		.name = "068-too-large", .size = 5000 * MIB, .fill = source_fill },
	    &b);
	is_int(source_read(b, 0, 1), -ENOSPC, "open files outside of the cache have a limit");
	blob_put(b);
	store_close(store);
	unlink(path_of(".", "filling"));
	char below[128];
	snprintf(below, sizeof(below), "%s/usage/no/dir", dir);
	open_store(below, 1000 * MIB);
	is_int(read_blob("068-new", MIB), 1, "a cache that cannot be made lets files be read");
	is_int((long long)bytes_kept(), 0, "a cache that cannot be made keeps nothing");
}

int
main(void)
{
	log_level_set(getenv("V") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	if (!mkdtemp(dir))
		return 1;
	open_store(dir, 1000 * MIB);
	check_eviction();
	check_little_of_much();
	check_shared();
	check_many();
	check_usage();
	log_level_set(LOG_LEVEL_WARN);
	check_full();
	log_level_set(getenv("V") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	check_taken();
	check_unwritable();
	store_close(store);
	char clean[64];
	snprintf(clean, sizeof(clean), "rm -rf %s", dir);
	return system(clean) != 0 || tap_done();
}

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/log.h"
#include "fs/async/pool.h"
#include "evict.h"

#include "disk.h"

#define STEP_MOST	(16ull << 20)	/* bytes that count before they are written */
/* O_NONBLOCK: a FIFO put there by hand. */
#define OPEN_FLAGS	(O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

struct disk {
	uint64_t	 limit;
	int		 files, filling, usage;	/* -1: cannot be used */
	int		 broken;		/* -errno: why they cannot be used; 0: all can */
	struct pool	*pool;
	struct job	 evict;
	pthread_mutex_t	 evict_lock;	/* held through a pass: one at a time in a process */

	pthread_mutex_t	 usage_lock;	/* guards: the file usage between threads, changed_* */
	int64_t		 changed_bytes, changed_files;	/* not in the file yet */

	pthread_mutex_t	 lock;		/* guards: all below */
	bool		 evicting;
	bool		 over;		/* above the limit, since what could go was open */
	uint64_t	 claimed;	/* bytes of our own files in filling/ */
};

/*
 * The two numbers.
 */

static bool
read_usage(struct disk *d, struct disk_usage *u)
{
	unsigned long long bytes, files;
	char text[64];
	ssize_t n = pread(d->usage, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (sscanf(text, "%20llu %20llu\n", &bytes, &files) != 2)
		return false;
	*u = (struct disk_usage){ bytes, files };
	return true;
}

static void
write_usage(struct disk *d, const struct disk_usage *u)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%20llu %20llu\n", (unsigned long long)u->bytes,
	    (unsigned long long)u->files);

	/* The next eviction counts anew. */
	if (pwrite(d->usage, text, (size_t)n, 0) < 0)
		log_debug("store", "usage: %s", strerror(errno));
}

static uint64_t
add_signed(uint64_t n, int64_t more)
{
	return more < 0 && (uint64_t)-more > n ? 0 : n + (uint64_t)more;
}

/* Caller holds usage_lock. Returns the file's numbers (zeros for rubbish) with the changes that are
 * not in the file yet. */
static struct disk_usage
current_usage(struct disk *d)
{
	struct disk_usage u = { 0, 0 };

	read_usage(d, &u);
	return (struct disk_usage){ add_signed(u.bytes, d->changed_bytes),
		add_signed(u.files, d->changed_files) };
}

/* If another process holds the file's lock, perhaps while it is stopped, the change is written
 * later. */
static void
change_usage(struct disk *d, int64_t bytes, int64_t files)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	pthread_mutex_lock(&d->usage_lock);
	d->changed_bytes += bytes;
	d->changed_files += files;
	if (fcntl(d->usage, F_OFD_SETLK, &all) == 0 || errno != EAGAIN) {
		const struct disk_usage u = current_usage(d);

		write_usage(d, &u);
		d->changed_bytes = d->changed_files = 0;
		all.l_type = F_UNLCK;
		fcntl(d->usage, F_OFD_SETLK, &all);
	}
	pthread_mutex_unlock(&d->usage_lock);
}

struct disk_usage
disk_usage(struct disk *d)
{
	pthread_mutex_lock(&d->usage_lock);
	struct disk_usage u = current_usage(d);
	pthread_mutex_unlock(&d->usage_lock);
	return u;
}

/*
 * Eviction: in the background, a little below the limit so that it is not needed at each fill.
 */

static void
evict(struct disk *d, uint64_t most, uint64_t less, struct evict_result *r)
{
	pthread_mutex_lock(&d->evict_lock);
	const struct disk_usage u = disk_usage(d);
	int rc = evict_run(d->files, most, less, r);
	pthread_mutex_unlock(&d->evict_lock);
	if (rc < 0)
		return;
	/* From now on the files that were found count. Changes meanwhile were added already. */
	change_usage(d, (int64_t)(r->found_bytes - u.bytes - r->removed_bytes),
	    (int64_t)(r->found_files - u.files - r->removed_files));
	if (r->removed_files)
		log_debug("store", "evicted %llu files, %llu bytes",
		    (unsigned long long)r->removed_files, (unsigned long long)r->removed_bytes);
}

static void
run_evict(struct job *job)
{
	struct disk *d = CONTAINER_OF(job, struct disk, evict);
	struct evict_result r;

	pthread_mutex_lock(&d->lock);
	d->evicting = false;
	uint64_t most = d->limit - d->limit / 16;
	most = most > d->claimed ? most - d->claimed : 0;
	pthread_mutex_unlock(&d->lock);
	evict(d, most, 0, &r);
	pthread_mutex_lock(&d->lock);
	d->over = r.left_bytes > most;
	pthread_mutex_unlock(&d->lock);
}

static void
start_evict(struct disk *d)
{
	pthread_mutex_lock(&d->lock);
	if (!d->evicting) {
		d->evicting = true;
		pool_add(d->pool, &d->evict);
	}
	pthread_mutex_unlock(&d->lock);
}

static void
check_limit(struct disk *d)
{
	const struct disk_usage u = disk_usage(d);

	pthread_mutex_lock(&d->lock);
	bool full = u.bytes + d->claimed > d->limit;
	pthread_mutex_unlock(&d->lock);
	if (full)
		start_evict(d);
}

bool
disk_make_room(struct disk *d, uint64_t bytes)
{
	struct evict_result r;

	evict(d, UINT64_MAX, bytes, &r);
	return r.gone_bytes > 0;
}

/*
 * Opening.
 */

static int
open_dir(int at, const char *path, bool *made)
{
	*made = mkdirat(at, path, 0700) == 0;
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
write_tag(int dir)
{
	static const char tag[] = "Signature: 8a477f597d28d172789f06886806bc55\n"
	    "# This file says that the directory is a cache (of sffs).\n"
	    "# See https://bford.info/cachedir/\n";
	int fd = openat(dir, "CACHEDIR.TAG", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	if (write(fd, tag, sizeof(tag) - 1) < 0)
		log_debug("store", "CACHEDIR.TAG: %s", strerror(errno));
	close(fd);
}

static bool
is_at(int dir, const char *name, int fd)
{
	struct stat there, ours;

	return fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &ours) == 0 &&
	    there.st_ino == ours.st_ino && there.st_dev == ours.st_dev;
}

/* Removes the files of processes that died while they filled: a few at most. */
static void
remove_leftovers(struct disk *d)
{
	DIR *dir = evict_list(d->filling);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		int fd =
		    e->d_name[0] == '.' ? -1 : openat(d->filling, e->d_name, O_RDWR | OPEN_FLAGS);

		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_at(d->filling, e->d_name, fd))
			unlinkat(d->filling, e->d_name, 0);
		close(fd);
	}
	if (dir)
		closedir(dir);
}

/* A descriptor stays -1 if it cannot be had: a read-only disk still serves whole files. */
static int
open_below(struct disk *d, const char *path)
{
	bool made, fresh = false;
	struct disk_usage u;
	int dir = open_dir(AT_FDCWD, path, &made);

	if (dir < 0)
		return -errno;
	d->files = open_dir(dir, "files", &fresh);
	int rc = d->files < 0 ? -errno : 0;
	d->filling = open_dir(dir, "filling", &made);
	rc = rc < 0 || d->filling >= 0 ? rc : -errno;
	d->usage = openat(dir, "usage", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	rc = rc < 0 || d->usage >= 0 ? rc : -errno;
	write_tag(dir);
	close(dir);
	if (fresh)
		write_usage(d, &(struct disk_usage){ 0, 0 });
	else if (rc == 0 && !read_usage(d, &u))
		start_evict(d);		/* which counts */
	check_limit(d);			/* it may be lower than the last time */
	remove_leftovers(d);
	return rc;
}

int
disk_open(const char *dir, uint64_t limit, struct disk **out)
{
	struct disk *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	int rc = pool_open("sffs-evict", 1, &d->pool);
	if (rc < 0) {
		free(d);
		return rc;
	}
	d->limit = limit;
	d->files = d->filling = d->usage = -1;
	d->evict = (struct job){ .run = run_evict };
	pthread_mutex_init(&d->evict_lock, NULL);
	pthread_mutex_init(&d->usage_lock, NULL);
	pthread_mutex_init(&d->lock, NULL);
	d->broken = open_below(d, dir);
	/* This passes, so the store must not go on without a disk. */
	if (d->broken == -EMFILE || d->broken == -ENFILE || d->broken == -ENOMEM) {
		disk_close(d);
		return -ENOMEM;
	}
	if (d->broken)
		log_warn("store", "%s: cannot be written: %s; reads go on, but nothing is kept",
		    dir, strerror(-d->broken));
	*out = d;
	return 0;
}

void
disk_close(struct disk *d)
{
	if (!d)
		return;
	pool_close(d->pool);
	change_usage(d, 0, 0);
	if (d->files >= 0)
		close(d->files);
	if (d->filling >= 0)
		close(d->filling);
	if (d->usage >= 0)
		close(d->usage);
	pthread_mutex_destroy(&d->evict_lock);
	pthread_mutex_destroy(&d->usage_lock);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/*
 * Whole files.
 */

bool
disk_has(struct disk *d, const char *name, uint64_t size)
{
	struct stat st;

	return fstatat(d->files, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == size;
}

int
disk_find(struct disk *d, const char *name, uint64_t size)
{
	int fd = openat(d->files, name, O_RDONLY | OPEN_FLAGS);
	struct stat st;

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE ? -EMFILE : -ENOENT;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != size) {
		log_warn("store", "%s: not as it was written: fetched again", name);
		disk_drop(d, name);
		close(fd);
		return -ENOENT;
	}
	/* Fails only if the file is being evicted; this descriptor is good even then. */
	flock(fd, LOCK_SH | LOCK_NB);
	futimens(fd,
	    (const struct timespec[]){ { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_NOW } });
	return fd;
}

void
disk_drop(struct disk *d, const char *name)
{
	struct stat st;

	if (fstatat(d->files, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    unlinkat(d->files, name, 0) == 0)
		change_usage(d, -(int64_t)st.st_size, -1);
}

void
disk_release(struct disk *d, int fd)
{
	if (fd < 0)
		return;
	close(fd);
	pthread_mutex_lock(&d->lock);
	bool over = d->over;
	d->over = false;
	pthread_mutex_unlock(&d->lock);
	if (over)
		start_evict(d);
}

/*
 * Filling.
 */

int
disk_create(struct disk *d, struct disk_temp *t)
{
	static atomic_uint number;
	int rc = d->broken;

	t->claimed = 0;
	while (rc == 0) {
		snprintf(t->name, sizeof(t->name), "%d-%u", (int)getpid(), number++);
		int fd = openat(d->filling, t->name, O_RDWR | O_CREAT | O_EXCL | OPEN_FLAGS, 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return -errno;
		/* Another process that starts just now may take it for a leftover. */
		bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
		if (locked && is_at(d->filling, t->name, fd))
			return fd;
		rc = locked || errno == EWOULDBLOCK ? 0 : -errno;
		unlinkat(d->filling, t->name, 0);
		close(fd);
	}
	return rc;
}

/*
 * A claim is for the written bytes and a step more, so that the evictor runs before the limit is
 * passed. It is not for the whole size: a reader of ten bytes of a large file must push nothing
 * out.
 */
void
disk_grow(struct disk *d, struct disk_temp *t, uint64_t filled, uint64_t size)
{
	uint64_t step = d->limit / 16 < STEP_MOST ? d->limit / 16 : STEP_MOST;

	if (filled <= t->claimed)
		return;
	step = size - filled < step ? size - filled : step;
	pthread_mutex_lock(&d->lock);
	d->claimed += filled + step - t->claimed;
	pthread_mutex_unlock(&d->lock);
	t->claimed = filled + step;
	check_limit(d);
}

static void
end_claim(struct disk *d, struct disk_temp *t)
{
	pthread_mutex_lock(&d->lock);
	d->claimed -= t->claimed;
	pthread_mutex_unlock(&d->lock);
	t->claimed = 0;
}

int
disk_keep(struct disk *d, struct disk_temp *t, const char *name, uint64_t size, int fd)
{
	bool had = disk_has(d, name, size);	/* from another process */

	if (renameat(d->filling, t->name, d->files, name) < 0) {
		int rc = -errno;
		disk_give_up(d, t);
		return rc;
	}
	flock(fd, LOCK_SH | LOCK_NB);
	if (!had)
		change_usage(d, (int64_t)size, 1);
	end_claim(d, t);
	check_limit(d);
	return 0;
}

void
disk_give_up(struct disk *d, struct disk_temp *t)
{
	unlinkat(d->filling, t->name, 0);
	end_claim(d, t);
}

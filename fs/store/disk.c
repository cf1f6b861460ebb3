#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <pthread.h>
#include <stddef.h>
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

#define SCATTERED                                                                                  \
	S_ISVTX /* in the mode of a file that is written side by side; means nothing else there */
#define STEP_MOST	(16ull << 20)	/* bytes that are counted before they are written */
#define OPEN_FLAGS (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) /* O_NONBLOCK: a FIFO put there by hand   \
							  */

struct disk {
	uint64_t	 limit;
	int		 files, filling, usage;		/* -1: cannot be used */
	int		 broken;			/* why not; 0: all can */
	struct pool	*pool;
	struct job	 evict;

	pthread_mutex_t	 lock;		/* guards: all below, and the file usage between threads */
	bool		 evicting;
	bool		 over;		/* above the limit, for what could go was open */
	uint64_t	 claimed;	/* bytes of fills of ours that are not in files/ yet */
};

/*
 * The two numbers.
 */

struct usage { uint64_t bytes, files; };

static bool
read_usage(struct disk *d, struct usage *u)
{
	unsigned long long bytes, files;
	char text[64];
	ssize_t n = pread(d->usage, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (sscanf(text, "%20llu %20llu\n", &bytes, &files) != 2)
		return false;
	*u = (struct usage){ bytes, files };
	return true;
}

static void
write_usage(struct disk *d, const struct usage *u)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%20llu %20llu\n", (unsigned long long)u->bytes,
	    (unsigned long long)u->files);

	/* A number that is lost is found again by the next scan. */
	if (pwrite(d->usage, text, (size_t)n, 0) < 0)
		log_debug("store", "usage: %s", strerror(errno));
}

static uint64_t
add(uint64_t n, int64_t more)
{
	return more < 0 && (uint64_t)-more > n ? 0 : n + (uint64_t)more;
}

/* Adds to the two numbers. */
static void
change_usage(struct disk *d, int64_t bytes, int64_t files)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct usage u = { 0, 0 };

	pthread_mutex_lock(&d->lock);
	fcntl(d->usage, F_OFD_SETLKW, &all);
	read_usage(d, &u);
	write_usage(d, &(struct usage){ add(u.bytes, bytes), add(u.files, files) });
	all.l_type = F_UNLCK;
	fcntl(d->usage, F_OFD_SETLK, &all);
	pthread_mutex_unlock(&d->lock);
}

/* Zeros if there are none. Takes no lock, which a mount that is stopped may hold: they are written
 * at once. */
static struct usage
usage_of(struct disk *d)
{
	struct usage u = { 0, 0 };

	read_usage(d, &u);
	return u;
}

void
disk_usage(struct disk *d, uint64_t *bytes, uint64_t *files)
{
	const struct usage u = usage_of(d);

	*bytes = u.bytes;
	*files = u.files;
}

/*
 * Eviction: in the background, a little below the limit so that it is not needed at each fill.
 */

/* Removes until at most `most` bytes are left. Returns what it removed. */
static uint64_t
evict_down_to(struct disk *d, uint64_t most)
{
	const struct usage u = usage_of(d);
	struct evict_result r;

	if (evict_run(d->files, most, &r) < 0)
		return 0;
	/* What the scan found is right; what others changed meanwhile stays added. */
	change_usage(d, (int64_t)(r.left_bytes - u.bytes), (int64_t)(r.left_files - u.files));
	pthread_mutex_lock(&d->lock);
	d->over = r.left_bytes > most;
	pthread_mutex_unlock(&d->lock);
	if (r.removed_files)
		log_debug("store", "evicted %llu files, %llu bytes",
		    (unsigned long long)r.removed_files, (unsigned long long)r.removed_bytes);
	return r.removed_bytes;
}

static void
run_evict(struct job *job)
{
	struct disk *d = (struct disk *)((char *)job - offsetof(struct disk, evict));

	pthread_mutex_lock(&d->lock);
	d->evicting = false;
	uint64_t most = d->limit - d->limit / 16;
	most = most > d->claimed ? most - d->claimed : 0;
	pthread_mutex_unlock(&d->lock);
	evict_down_to(d, most);
}

static void
drop_evict(struct job *job)
{
	(void)job;
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
	const struct usage u = usage_of(d);

	pthread_mutex_lock(&d->lock);
	bool full = u.bytes + d->claimed > d->limit;
	pthread_mutex_unlock(&d->lock);
	if (full)
		start_evict(d);
}

bool
disk_make_room(struct disk *d, uint64_t bytes)
{
	const struct usage u = usage_of(d);

	return evict_down_to(d, u.bytes > bytes ? u.bytes - bytes : 0) > 0;
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
	static const char tag[] =
	    "Signature: 8a477f597d28d172789f06886806bc55\n"
	    "# This file says that the directory is a cache (of sffs). See https://bford.info/cachedir/\n";
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

/* Removes what fillers that died have left: a few files at most. */
static void
remove_leftovers(struct disk *d)
{
	int copy = openat(d->filling, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
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
	else if (copy >= 0)
		close(copy);
}

/* What cannot be opened stays -1. On a disk that is read-only by now, what is whole is still
 * served. */
static int
open_below(struct disk *d, const char *path)
{
	bool made, fresh = false;
	struct usage u;
	int dir = open_dir(AT_FDCWD, path, &made);

	if (dir < 0)
		return -errno;
	d->files = open_dir(dir, "files", &fresh);
	d->filling = open_dir(dir, "filling", &made);
	d->usage = openat(dir, "usage", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int rc = d->files < 0 || d->filling < 0 || d->usage < 0 ? -errno : 0;
	write_tag(dir);
	close(dir);
	if (fresh)
		write_usage(d, &(struct usage){ 0, 0 });
	else if (rc == 0 && !read_usage(d, &u))
		start_evict(d);		/* it counts, too */
	check_limit(d);			/* which may be lower than the last time */
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
	d->evict = (struct job){ .run = run_evict, .drop = drop_evict };
	pthread_mutex_init(&d->lock, NULL);
	d->broken = open_below(d, dir);
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
	if (d->files >= 0)
		close(d->files);
	if (d->filling >= 0)
		close(d->filling);
	if (d->usage >= 0)
		close(d->usage);
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
		return -ENOENT;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != size) {
		log_warn("store", "%s: not as it was written: fetched again", name);
		disk_drop(d, name);
		close(fd);
		return -ENOENT;
	}
	flock(fd, LOCK_SH | LOCK_NB); /* fails only when it is being evicted: then this descriptor
					 outlives the name */
	futimens(
	    fd, (const struct timespec[]){ { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_OMIT } });
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

/*
 * Not the whole size at once: who reads ten bytes of a large file does not push out what is there,
 * but what is really written does, and a step more, so that the limit is not passed before the
 * evictor has run.
 */
void
disk_grow(struct disk *d, uint64_t filled, uint64_t size, uint64_t *claimed)
{
	uint64_t step = d->limit / 16 < STEP_MOST ? d->limit / 16 : STEP_MOST;

	if (filled <= *claimed)
		return;
	step = size - filled < step ? size - filled : step;
	pthread_mutex_lock(&d->lock);
	d->claimed += filled + step - *claimed;
	pthread_mutex_unlock(&d->lock);
	*claimed = filled + step;
	check_limit(d);
}

static void
end_claim(struct disk *d, uint64_t claimed)
{
	pthread_mutex_lock(&d->lock);
	d->claimed -= claimed;
	pthread_mutex_unlock(&d->lock);
}

int
disk_claim(struct disk *d, const char *name, uint64_t size, int *fd)
{
	struct stat st;

	if (d->broken)
		return d->broken;
	for (;;) {
		int part = openat(d->filling, name, O_RDWR | O_CREAT | OPEN_FLAGS, 0600);
		if (part < 0)
			return -errno;
		if (flock(part, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK) {
				*fd = part;
				return DISK_OTHERS;
			}
			int rc = -errno;
			close(part);
			return rc;
		}
		/* Locked; but is it still the one that is there? Who filled it may have ended in
		 * between. */
		if (!is_at(d->filling, name, part)) {
			close(part);
			continue;
		}
		int whole = disk_find(d, name, size);
		if (whole >= 0) {
			unlinkat(d->filling, name, 0);
			close(part);
			*fd = whole;
			return DISK_WHOLE;
		}
		if (fstat(part, &st) < 0 || st.st_size > 0) {	/* somebody died */
			unlinkat(d->filling, name, 0);
			close(part);
			continue;
		}
		*fd = part;
		return DISK_OURS;
	}
}

int
disk_follow(struct disk *d, const char *name, uint64_t size, int fd, struct disk_progress *p)
{
	struct stat st, after;

	/* Twice: a file that gets its whole size at once has got its mode before. */
	if (fstat(fd, &st) < 0 || fstat(fd, &after) < 0)
		return DISK_GONE;
	p->filled = after.st_mode & SCATTERED ? 0 :
	    (uint64_t)st.st_size < size	      ? (uint64_t)st.st_size :
						size;
	p->written = after.st_mtim.tv_sec * INT64_C(1000000000) + after.st_mtim.tv_nsec;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return DISK_OTHERS;
	if (is_at(d->files, name, fd) && fstat(fd, &st) == 0 && (uint64_t)st.st_size == size)
		return DISK_WHOLE;
	flock(fd, LOCK_UN);
	return DISK_GONE;
}

int
disk_renew(struct disk *d, const char *name, int *fd)
{
	char fresh[128];
	int rc = 0;

	snprintf(fresh, sizeof(fresh), "%s~", name);	/* no blob's name has a ~ */
	unlinkat(d->filling, fresh, 0);
	int part = openat(d->filling, fresh, O_RDWR | O_CREAT | O_EXCL | OPEN_FLAGS, 0600);
	if (part < 0)
		return -errno;
	if (flock(part, LOCK_EX | LOCK_NB) < 0 ||
	    renameat(d->filling, fresh, d->filling, name) < 0) {
		rc = -errno;
		unlinkat(d->filling, fresh, 0);
		close(part);
		return rc;
	}
	flock(*fd, LOCK_UN);
	*fd = part;
	return 0;
}

int
disk_scatter(int fd, uint64_t size)
{
	return fchmod(fd, 0600 | SCATTERED) < 0 || ftruncate(fd, (off_t)size) < 0 ? -errno : 0;
}

int
disk_keep(struct disk *d, const char *name, uint64_t size, uint64_t claimed, int fd)
{
	if (renameat(d->filling, name, d->files, name) < 0) {
		int rc = -errno;
		disk_give_up(d, name, claimed, fd);
		return rc;
	}
	flock(fd, LOCK_SH);
	change_usage(d, (int64_t)size, 1);
	end_claim(d, claimed);
	check_limit(d);
	return 0;
}

void
disk_give_up(struct disk *d, const char *name, uint64_t claimed, int fd)
{
	unlinkat(d->filling, name, 0);
	flock(fd, LOCK_UN);
	end_claim(d, claimed);
}

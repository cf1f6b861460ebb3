#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "evict.h"

#define OLDEST	2048	/* files that a pass can remove */

struct old_file {
	struct timespec	 used;
	uint64_t	 size;
	char		 name[104];
};

/* The oldest files of a pass, up to twice OLDEST: when it is full, it forgets the younger half. */
struct oldest {
	struct old_file	 file[2 * OLDEST];
	size_t		 n;
};

static int
by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct old_file *)a)->used,
			      *y = &((const struct old_file *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* A file beyond the first OLDEST may be younger than one that was forgotten before. */
static void
forget_younger(struct oldest *s)
{
	qsort(s->file, s->n, sizeof(s->file[0]), by_age);
	if (s->n > OLDEST)
		s->n = OLDEST;
}

static void
note_file(struct oldest *s, const char *name, const struct stat *st)
{
	struct old_file *o = &s->file[s->n];

	if (strlen(name) >= sizeof(o->name))
		return;
	o->used = st->st_mtim;
	o->size = (uint64_t)st->st_size;
	strcpy(o->name, name);
	if (++s->n == 2 * OLDEST)
		forget_younger(s);
}

DIR *
evict_list(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list && fd >= 0)
		close(fd);
	return list;
}

/* Returns the bytes of all files. */
static uint64_t
find_oldest(DIR *dir, struct oldest *s, uint64_t *files)
{
	struct dirent *e;
	struct stat st;
	uint64_t bytes = 0;

	s->n = 0;
	*files = 0;
	rewinddir(dir);
	while ((e = readdir(dir))) {
		if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		bytes += (uint64_t)st.st_size;
		++*files;
		note_file(s, e->d_name, &st);
	}
	forget_younger(s);
	return bytes;
}

/* Returns how many bytes are gone by that. */
static uint64_t
remove_old_file(int dir, const struct old_file *o, struct evict_result *r)
{
	int fd = openat(dir, o->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? o->size : 0;
	bool idle = flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
	    st.st_mtim.tv_sec == o->used.tv_sec && st.st_mtim.tv_nsec == o->used.tv_nsec;
	bool removed = idle && unlinkat(dir, o->name, 0) == 0;
	close(fd);
	if (!removed)
		return 0;
	r->removed_bytes += o->size;
	r->removed_files++;
	return o->size;
}

static void
remove_oldest(DIR *dir, struct oldest *s, uint64_t most, uint64_t less, struct evict_result *r)
{
	uint64_t left = find_oldest(dir, s, &r->found_files), before, files;

	r->found_bytes = left;
	if (less > left)
		less = left;
	if (most > left - less)
		most = left - less;
	for (;;) {
		before = left;
		for (size_t i = 0; i < s->n && left > most; i++)
			left -= remove_old_file(dirfd(dir), &s->file[i], r);
		r->gone_bytes += before - left;
		if (left <= most || left == before)
			break;
		left = find_oldest(dir, s, &files);
	}
	r->left_bytes = left;
}

int
evict_run(int at, uint64_t most, uint64_t less, struct evict_result *out)
{
	DIR *dir = evict_list(at);
	struct oldest *s = malloc(sizeof(*s));
	int rc = !s ? -ENOMEM : !dir ? -errno : 0;

	*out = (struct evict_result){ 0 };
	if (rc == 0)
		remove_oldest(dir, s, most, less, out);
	free(s);
	if (dir)
		closedir(dir);
	return rc;
}

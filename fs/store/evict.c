#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "evict.h"

#define OLDEST	2048	/* files that a pass can remove */

struct old {
	struct timespec	 used;
	char		 name[104];
};

/* The oldest that were seen: up to twice OLDEST, of which the younger half is forgotten when it is
 * full. */
struct seen {
	struct old	 old[2 * OLDEST];
	size_t		 n;
};

static int
by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct old *)a)->used,
			      *y = &((const struct old *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* What is beyond the first OLDEST may be younger than something that was forgotten before. */
static void
forget_younger(struct seen *s)
{
	qsort(s->old, s->n, sizeof(s->old[0]), by_age);
	if (s->n > OLDEST)
		s->n = OLDEST;
}

static void
see(struct seen *s, const char *name, const struct timespec *used)
{
	struct old *o = &s->old[s->n];

	if (strlen(name) >= sizeof(o->name))
		return;
	o->used = *used;
	strcpy(o->name, name);
	if (++s->n == 2 * OLDEST)
		forget_younger(s);
}

static void
scan(DIR *dir, struct seen *s, struct evict_result *r)
{
	struct dirent *e;
	struct stat st;

	s->n = 0;
	r->left_bytes = r->left_files = 0;
	rewinddir(dir);
	while ((e = readdir(dir))) {
		if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		r->left_bytes += (uint64_t)st.st_size;
		r->left_files++;
		see(s, e->d_name, &st.st_atim);
	}
	forget_younger(s);
}

static bool
remove_old(int dir, const struct old *o, struct evict_result *r)
{
	int fd = openat(dir, o->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return false;
	bool idle = flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
	    st.st_atim.tv_sec == o->used.tv_sec && st.st_atim.tv_nsec == o->used.tv_nsec;
	bool gone = idle && unlinkat(dir, o->name, 0) == 0;
	close(fd);
	if (gone) {
		r->left_bytes -= (uint64_t)st.st_size;
		r->left_files--;
		r->removed_bytes += (uint64_t)st.st_size;
		r->removed_files++;
	}
	return gone;
}

int
evict_run(int at, uint64_t most, struct evict_result *out)
{
	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct seen *s = malloc(sizeof(*s));
	struct evict_result r = { 0 };
	bool removed;
	int rc = 0;

	if (!dir || !s) {
		rc = s ? -errno : -ENOMEM;
		goto out;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		rc = -EBUSY;
		goto out;
	}
	do {
		removed = false;
		scan(dir, s, &r);
		for (size_t i = 0; i < s->n && r.left_bytes > most; i++)
			removed |= remove_old(fd, &s->old[i], &r);
	} while (removed && r.left_bytes > most);
	*out = r;
out:
	free(s);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return rc;
}

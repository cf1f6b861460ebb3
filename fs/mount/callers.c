#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "callers.h"

#define NAMES 32 /* so that they fit into a page of limits.json; the last is for all others */
#define NAME_SIZE	16	/* of the kernel's: TASK_COMM_LEN */

struct caller {
	char		 name[NAME_SIZE];
	uint64_t	 times;
};

struct callers {
	pthread_mutex_t	 lock;		/* guards: all below */
	struct caller callers[NAMES]; /* those with times > 0, most first but for the last */
};

int
callers_new(struct callers **out)
{
	struct callers *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	pthread_mutex_init(&c->lock, NULL);
	strcpy(c->callers[NAMES - 1].name, "(others)");
	*out = c;
	return 0;
}

void
callers_free(struct callers *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* A process of another PID namespace has none that we could look up. */
static void
name_of(pid_t pid, char name[NAME_SIZE])
{
	char path[32];
	ssize_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	int fd = pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		n = read(fd, name, NAME_SIZE - 1);
		close(fd);
	}
	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	if (!*name)
		strcpy(name, "(unknown)");
}

void
callers_add(struct callers *c, pid_t pid)
{
	char name[NAME_SIZE];
	size_t i = 0;

	name_of(pid, name);
	pthread_mutex_lock(&c->lock);
	while (i < NAMES - 1 && c->callers[i].times > 0 && strcmp(c->callers[i].name, name) != 0)
		i++;
	if (i < NAMES - 1 && c->callers[i].times == 0)
		strcpy(c->callers[i].name, name);
	c->callers[i].times++;
	for (; i > 0 && i < NAMES - 1 && c->callers[i].times > c->callers[i - 1].times; i--) {
		struct caller less = c->callers[i - 1];

		c->callers[i - 1] = c->callers[i];
		c->callers[i] = less;
	}
	pthread_mutex_unlock(&c->lock);
}

void
callers_list(struct callers *c, callers_each *each, void *ctx)
{
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < NAMES; i++)
		if (c->callers[i].times > 0)
			each(ctx, c->callers[i].name, c->callers[i].times);
	pthread_mutex_unlock(&c->lock);
}

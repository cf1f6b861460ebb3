/*
 * mounts - the mounts of sffs on this machine, and whether they work.
 *
 * A process of its own asks each mount, so that one that has died or hangs delays nobody. The
 * process of a mount is found by its arguments: a mount that is stopped cannot tell.
 *
 * Reads /proc and each mount's .sffs/status.json. Single thread.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct buf;
struct cJSON;

/* The first ones are what status.json says. */
enum mounts_state {
	MOUNTS_HEALTHY,
	MOUNTS_FAILING,
	MOUNTS_OFFLINE,
	MOUNTS_LIMIT_SPENT,
	MOUNTS_PRIVATE,
	MOUNTS_BUSY,
	MOUNTS_STOPPED,
	MOUNTS_DEAD,
	MOUNTS_NOT_MOUNTED,
	MOUNTS_STATES
};

struct mounts_row {
	char		 org[64], target[PATH_MAX];
	uid_t		 user;		/* who mounted it */
	pid_t		 pid;		/* of its process; 0: not found */
	enum mounts_state state;
	struct cJSON	*facts;		/* its status.json; NULL: unknown */
	int		 from;		/* the process that asks it */
};

struct mounts {
	struct mounts_row *rows;
	size_t		 count;
};

/* The mounts of the org `only` (NULL: of all), in the order of mounting. Errors are logged. Free
 * *out in any case. */
int	mounts_list(const char *only, struct mounts *out);
/* Adds an org that is not mounted. */
int	mounts_add(struct mounts *, const char *org);
/* Finds the states. Waits for two seconds at most, for all together. */
void	mounts_ask(struct mounts *);
void	mounts_free(struct mounts *);

const char *mounts_word(enum mounts_state);
bool	mounts_is_good(enum mounts_state);	/* nobody has to do anything */
/* What is wrong and what to do; nothing if it is well. */
void	mounts_put_advice(const struct mounts_row *, struct buf *);
/* A member of status.json, such as "refresh.last". NULL, false: it is not there. */
const char *mounts_text(const struct mounts_row *, const char *member);
bool	mounts_number(const struct mounts_row *, const char *member, double *out);
bool	mounts_is_stopped(pid_t);		/* a process, as by SIGSTOP */
/* Any process. state: its letter in /proc/PID/stat. False: it is gone. */
bool	mounts_read_process(pid_t, char name[16], char *state, int *parent);

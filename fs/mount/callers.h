/*
 * callers - which programs asked for what was not in the cache, so that one that eats the API limit
 * can be named.
 *
 * Names are those of /proc/PID/comm: a hint for a person, which a program may choose for itself. So
 * many are kept, those that came first; all others are one.
 *
 * Any thread.
 */
#ifndef FS_MOUNT_CALLERS_H
#define FS_MOUNT_CALLERS_H

#include <stdint.h>
#include <sys/types.h>

struct callers;

int	callers_new(struct callers **out);
void	callers_free(struct callers *);
void	callers_add(struct callers *, pid_t);
typedef void callers_each(void *ctx, const char *name, uint64_t times);
void callers_list(
    struct callers *, callers_each *, void *ctx); /* most first; called with a lock held */

#endif

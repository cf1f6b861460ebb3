/*
 * budget - how many calls the mounts of an org have made in the last 24 hours, and may make.
 *
 * Counted in a file that all mounts of the org share and that outlives them, by quarters of an
 * hour: a call counts until the quarter in which it was made lies 24 hours back. A file that cannot
 * be written is as good as none: then each process counts for itself.
 *
 * Under the leaves. Any thread, any process.
 */
#ifndef FS_REST_BUDGET_H
#define FS_REST_BUDGET_H

#include <stdint.h>

struct budget;

int budget_open(const char *path, uint64_t most,
    struct budget **out); /* most: calls in 24 hours; 0: any number */
void	budget_close(struct budget *);
/* Counts a call that is about to be made. -EDQUOT: it may not be; *again: when the next one may
 * (seconds since 1970). */
int	budget_take(struct budget *, int64_t *again);
void	budget_give_back(struct budget *);	/* a call that was taken and not made */
uint64_t budget_used(
    struct budget *); /* as last known, while another mount has the file; does not wait */
uint64_t budget_most(const struct budget *);

#endif

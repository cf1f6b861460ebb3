/*
 * place - directories that are found by what the org answers: records, libraries, folders.
 *
 * A place is its path below the root: `records/Account/Acme Corp`, `records/001...`,
 * `libraries/Sales/Contracts`. Any path that could be one is found at once; whether it is, its
 * attributes tell, which wait for the answer.
 *
 * Any thread.
 */
#ifndef FS_TREE_REMOTE_H
#define FS_TREE_REMOTE_H

#include "node.h"

/* What is called name in records/, in libraries/ or in a place; n->path, if it has one, is n's.
 * -ENOENT. */
int	remote_find(struct tree *, const struct node *dir, const char *name, struct node *n);
/*
 * Waits until it is known whether the place is there, and what is in it: 0. -ENOENT, -ENOTUNIQ
 * (told on the log); -EAGAIN and other errors as on_demand_get.
 */
int	remote_look(struct tree *, const struct node *, int64_t since, struct wait *w);
/* What is in libraries/ or in a place, behind offset off, as it is known. each: false to stop. */
typedef bool remote_each(void *ctx, const char *name, const struct node *, uint64_t next);
int	remote_list(struct tree *, const struct node *, uint64_t off, remote_each *, void *ctx);

#endif

/*
 * opened - files that are open: what stat says of them holds, though the catalogue may know their version no more.
 *
 * Any thread.
 */
#ifndef FS_TREE_OPENED_H
#define FS_TREE_OPENED_H

#include <stdint.h>
#include <sys/stat.h>

struct opened;

struct opened *opened_new(void);	/* NULL: out of memory */
void	opened_free(struct opened *);

int	opened_add(struct opened *, const struct stat *);	/* by st_ino; -ENOMEM */
void	opened_remove(struct opened *, uint64_t ino);		/* one add is over */
int	opened_stat(struct opened *, uint64_t ino, struct stat *out);	/* -ESTALE: it is not open */

#endif

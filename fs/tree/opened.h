/*
 * opened - files that are open: what stat says of them holds, though the catalogue may know their version no more.
 *
 * And which files' pages in the kernel are in doubt: a file is read while its bytes come, before they can be checked.
 * Those that turn out wrong are never read to a clean end, but what the kernel has kept of them would be, by the next
 * reader: so the next open drops it.
 *
 * Any thread.
 */
#ifndef FS_TREE_OPENED_H
#define FS_TREE_OPENED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct opened;

struct opened *opened_new(void);	/* NULL: out of memory */
void	opened_free(struct opened *);

/*
 * One more handle of st_ino, which reads from source (compared, not used; it lives as long as the handle). checked: all
 * its bytes are. *keep: the kernel may keep its pages. -ENOMEM.
 */
int	opened_add(struct opened *, const struct stat *, const void *source, bool checked, bool *keep);
/* One add is over; is_checked: its bytes are by now. */
void	opened_remove(struct opened *, uint64_t ino, bool was_checked, bool is_checked);
int	opened_stat(struct opened *, uint64_t ino, struct stat *out);	/* -ESTALE: it is not open */

#endif

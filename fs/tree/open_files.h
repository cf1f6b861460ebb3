/*
 * opened - files that are open: what stat says of them holds, though the catalogue may know their
 * version no more.
 *
 * And what the kernel may do with their pages, which all handles of an inode share: a file is read
 * while its bytes come, before they can be checked. Those that turn out wrong are never read to a
 * clean end, but a mixture of them and of other bytes would be. So pages are of one source at a
 * time, and of one that is not checked only if none were there before: what is opened while others
 * still read from another source does without, and nobody is let in before those that were there
 * are dropped.
 *
 * Any thread.
 */
#ifndef FS_TREE_OPEN_FILES_H
#define FS_TREE_OPEN_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "tree.h"
#include "fs/async/wait.h"

struct open_files;

struct open_files *open_files_new(void);	/* NULL: out of memory */
void	open_files_free(struct open_files *);

/*
 * One more handle of st_ino, which reads from source (compared, not used; it lives as long as the
 * handle). checked: all its bytes are. -ENOMEM; -EAGAIN: w is queued.
 */
int open_files_add(struct open_files *, const struct stat *, const void *source, bool checked,
    struct wait *w, enum tree_pages *);
void open_files_dropped(struct open_files *,
    uint64_t ino); /* after TREE_PAGES_DROP, while the handle is there: it is done */
/* One add is over; alone: it was answered with TREE_PAGES_NONE. is_checked: its bytes are by now.
 */
void open_files_remove(
    struct open_files *, uint64_t ino, bool alone, bool was_checked, bool is_checked);
int open_files_stat(
    struct open_files *, uint64_t ino, struct stat *out); /* -ESTALE: it is not open */

#endif

/*
 * opened - files that are open: what stat says of them holds, though the catalogue may know their version no more.
 *
 * And what the kernel may do with their pages, which all handles of an inode share: a file is read while its bytes come,
 * before they can be checked. Those that turn out wrong are never read to a clean end, but a mixture of them and of other
 * bytes would be. So pages are of one source at a time, and of one that is not checked only if none were there before.
 * When those have failed that others still read, what opens begins a generation: the kernel makes an inode anew for it,
 * and gives up the old one, on which every read is an error from then on. What is opened while others still read from
 * another source that has not failed does without pages.
 *
 * Any thread.
 */
#ifndef FS_TREE_OPENED_H
#define FS_TREE_OPENED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "fs/tree.h"

struct blob;
struct opened;

struct opened *opened_new(void);	/* NULL: out of memory */
void	opened_free(struct opened *);

/*
 * One more handle of st_ino, which reads from source (the source lives as long as the handle). checked: all its bytes are.
 * *share, which is for opened_remove, is set unless it fails: 0, if pages are none. -ENOMEM; -ESTALE: the kernel is to look the name up again, which is when it is told the generation.
 */
int	opened_add(struct opened *, const struct stat *, struct blob *source, bool checked, enum tree_pages *, unsigned *share);
/* One add is over; is_checked: its bytes are by now. */
void	opened_remove(struct opened *, uint64_t ino, unsigned share, bool was_checked, bool is_checked);
uint64_t opened_generation(struct opened *, uint64_t ino);	/* goes to the kernel with a name of the inode */
int	opened_stat(struct opened *, uint64_t ino, struct stat *out);	/* -ESTALE: it is not open */

#endif

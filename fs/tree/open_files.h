/*
 * open_files - the files that are open, by inode: their attributes, and who may use the kernel's
 * page cache.
 *
 * The attributes stay while a file is open, though the catalogue may have forgotten its version.
 *
 * All handles of an inode share the kernel's pages, and a file is read while it downloads, before
 * its checksum can be verified. A reader must never get a mixture of two downloads, nor pages of
 * one that turned out wrong. So from the first open to the last close an inode's pages belong to
 * one blob, the first handle's. Handles on the same blob share them. A handle on another blob (a
 * failed download is still open somewhere) does without: it gets direct I/O. The kernel drops the
 * pages before the first handle is in, unless its blob is verified; and after the last one is out,
 * unless the owner was verified by then. So the pages that stay while nobody has the file open are
 * always verified.
 *
 * Cost: a notification to the kernel (microseconds) when a file is opened that is not in the cache
 * yet, and pages that are read again if all readers leave before the download ends.
 *
 * Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "tree.h"

struct open_files;

struct open_files *open_files_new(void);	/* NULL: out of memory */
void	open_files_free(struct open_files *);
/* Sets what drops pages; before the first file. It is called with a lock held, which is safe:
 * nobody has the file open then, so none of its pages is locked by a read that waits. */
void	open_files_on_drop(struct open_files *, const struct tree_kernel *);

/* Adds a handle. *shares: it may use the page cache. -ENOMEM. */
int	open_files_add(
    struct open_files *, const struct stat *, const struct file *, bool *shares);
void	open_files_remove(struct open_files *, uint64_t ino, const struct file *);
int	open_files_stat(struct open_files *, uint64_t ino, struct stat *);	/* or -ESTALE */

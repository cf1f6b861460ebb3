/*
 * inventory - MD5SUMS and documents.tsv: the catalogue as text, for a backup that wants to prove
 *that it is complete.
 *
 * A snapshot shows the catalogue at one moment. It is written to a file without a name, row by row,
 *so that a million documents take no memory, and is made anew only when what is listed has changed
 *since.
 *
 *	MD5SUMS		as md5sum prints it and `md5sum -c` reads it; paths begin at the mount's
 *root. A document for which the org has no checksum is not in it.
 *	documents.tsv	a header line, then a line a document; \t \n \r \\ escaped as in the views.
 *
 * Joins catalogue and document_dir. Any thread.
 */
#ifndef FS_TREE_INVENTORY_H
#define FS_TREE_INVENTORY_H

#include <stdint.h>

#include "fs/name.h"
#include "fs/async/wait.h"

struct catalogue;
struct inventory;
struct snapshot;

enum inventory_kind { INVENTORY_MD5SUMS, INVENTORY_DOCUMENTS, INVENTORY_KINDS };

/* dir: where the file without a name may be; memory is taken where it may not. */
int inventory_open(struct catalogue *, const char *dir, enum name_rules, struct inventory **out);
void	inventory_stop(struct inventory *);	/* whoever waits is woken, every get is -EINTR */
void	inventory_close(struct inventory *);

/* The catalogue as it is now. -EAGAIN: it is being written and w is queued (w NULL: nothing was
 * begun); -EINTR: w was cancelled before. */
int inventory_get(struct inventory *, enum inventory_kind, struct wait *w, struct snapshot **out);
void	snapshot_put(struct snapshot *);	/* NULL is fine */
int	snapshot_fd(const struct snapshot *);	/* the snapshot's */
uint64_t snapshot_size(const struct snapshot *);

#endif

/*
 * inventory - MD5SUMS and documents.tsv: the catalogue as text, to check a backup against.
 *
 *	MD5SUMS		as md5sum prints it and `md5sum -c` reads it, with paths from the
 *			mount's root. Documents without a checksum in the org are left out.
 *	documents.tsv	a header, and a line for each document with the escapes of the views.
 *
 * A snapshot shows the catalogue at one moment. It is a file without a name, written row by row, so
 * that a million documents take no memory. A new one is made only if the catalogue has changed.
 *
 * Joins catalogue, document_dir and file. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fs/name.h"
#include "fs/async/wait.h"

struct catalogue;
struct file;
struct inventory;

enum inventory_kind { INVENTORY_MD5SUMS, INVENTORY_DOCUMENTS, INVENTORY_KINDS };

/* dir: where snapshots are; if they cannot be, they are in memory. */
int	inventory_open(struct catalogue *, const char *dir, enum name_rules,
	    struct inventory **out);
void	inventory_stop(struct inventory *);	/* ends all waits; every get is -EINTR */
void	inventory_close(struct inventory *);

/*
 * A log_name_path, whose ctx is the inventory. The store calls a version, or a view of it, `name`.
 * Puts its path from the mount's root.
 */
bool	inventory_path(void *inventory, const char *name, size_t len, char *out, size_t size);
/* The catalogue as it is now; the caller's until file_close. -EAGAIN: it is being written and w is
 * queued (w NULL: nothing was begun); -EINTR: w was cancelled before. */
int	inventory_get(struct inventory *, enum inventory_kind, struct wait *w, struct file **out);

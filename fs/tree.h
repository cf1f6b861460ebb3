/*
 * tree - what exists under the mount: which name, which inode, which attributes.
 *
 *	/
 *	|-- documents/X/{X.csv, content, metadata.json, parsed}
 *	|-- parsed/X/{header, table.tsv, ...}
 *	|-- by-id/069...
 *	`-- .sffs/{status.json, log, refresh, MD5SUMS, documents.tsv}
 *
 * An inode number is a kind and the key of an Id: nothing is remembered for it,
 * and it is the same in every mount. Looking up and listing never wait; asking
 * for the attributes of a directory that is no longer fresh, or of a view whose
 * size is not known yet, does.
 *
 * Joins catalogue, inside and inventory; asks sync and file for what is on demand. Knows
 * nothing of FUSE. Any thread.
 */
#ifndef FS_TREE_H
#define FS_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "file.h"
#include "name.h"
#include "sync.h"

struct buf;
struct inventory;
struct tree;

struct tree_options {
	enum name_rules	 names;
	bool		 links;		/* documents/X/parsed */
	uid_t		 uid;
	gid_t		 gid;
	mode_t		 umask;
	/* The texts of .sffs/: caller frees. NULL when out of memory. */
	char		*(*status)(void *ctx, size_t *len);
	void		*ctx;
};

int	tree_open(struct catalogue *, struct sync *, struct files *, struct inventory *, const struct tree_options *, struct tree **out);
void	tree_close(struct tree *);

#define TREE_ROOT	1
#define TREE_FOREVER	86400.0		/* seconds; an answer that never goes stale */

struct tree_entry {
	struct stat	 st;
	double		 name_for;	/* seconds for which the name means this inode */
	double		 attr_for;	/* seconds for which st is right; 0: ask tree_attr before use */
};

/* -ENOENT fills name_for: for how long. */
int	tree_lookup(struct tree *, uint64_t parent, const char *name, struct tree_entry *out);
/* -EAGAIN: w is queued. -ESTALE: no such inode any more; the path may lead elsewhere now. */
int	tree_attr(struct tree *, uint64_t ino, struct sync_ticket *, struct wait *w, struct tree_entry *out);
int	tree_link(struct tree *, uint64_t ino, char **target);		/* caller frees */

/*
 * Entries behind offset off (0: from the start); each() gets the offset to go on behind it, and returns false
 * when it has no room. complete: entries with all attributes, for readdirplus.
 */
typedef bool tree_each(void *ctx, const char *name, const struct tree_entry *, uint64_t next);
int	tree_list(struct tree *, uint64_t ino, uint64_t off, tree_each *, void *ctx);

/* What the kernel may do with the pages of a file: keep them for ever, keep them while it is open, or keep none (its size is of the moment). */
enum tree_pages { TREE_PAGES_KEEP, TREE_PAGES_DROP, TREE_PAGES_NONE };
/* Opens what is to be read. -EAGAIN: w is queued. */
int	tree_open_file(struct tree *, uint64_t ino, struct sync_ticket *, struct wait *w, struct file **out, enum tree_pages *);
void	tree_close_file(struct tree *, uint64_t ino, struct file *);	/* NULL is fine */
bool	tree_is_refresh(uint64_t ino);		/* .sffs/refresh: a write is a refresh */

/* Extended attributes, each name with its NUL; no name but user.salesforce.* is there (-ENODATA). Never waits. */
int	tree_xattrs(struct tree *, uint64_t ino, struct buf *names);
int	tree_xattr(struct tree *, uint64_t ino, const char *name, struct buf *value);

/*
 * What to tell the kernel when a name under documents/ means something else now: each() gets the
 * directory's inode and the name in it.
 */
typedef void tree_each_name(void *ctx, uint64_t parent, const char *name);
void	tree_names_of(struct tree *, const char *name, uint64_t document_key, tree_each_name *, void *ctx);

#endif

/*
 * tree - what exists under the mount: which name, which inode, which attributes.
 *
 *	/
 *	|-- documents/X/{X.csv, content, metadata.json, parsed, versions}
 *	|-- parsed/X/{header, table.tsv, ...}
 *	|-- versions/X/{1.csv, 2.csv}
 *	|-- records/Account/Acme Corp/, records/001.../
 *	|-- libraries/Sales/Contracts/
 *	|-- by-id/069...
 *	`-- .sffs/{status.json, limits.json, log, refresh, MD5SUMS, documents.tsv}
 *
 * kinds.c says how inode numbers are made: they are the same in every mount. Lookups and listings
 * never wait. Attributes may: those of a directory wait until the catalogue is fresh or the org has
 * answered, those of a view until its size is known.
 *
 * Joins catalogue and inventory; asks sync, on_demand and file for what is not known yet. Knows
 * nothing of FUSE. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "fs/content/file.h"
#include "fs/name.h"
#include "fs/sync/sync.h"

struct buf;
struct on_demand;
struct read_ahead;
struct inventory;
struct tree;

typedef void tree_text(void *ctx, struct buf *);

struct tree_options {
	struct catalogue *catalogue;
	struct sync	*sync;
	struct on_demand *on_demand;
	struct files	*files;
	struct inventory *inventory;
	struct read_ahead *read_ahead;
	enum name_rules	 names;
	bool		 links;		/* documents/X/ has parsed and versions */
	bool		 versions;	/* all versions are in the catalogue: versions/ is listed */
	bool		 browse;	/* parsed/ and the folders of libraries are listed */
	uid_t		 uid;
	gid_t		 gid;
	mode_t		 umask;
	tree_text	*status, *limits;	/* .sffs/status.json and limits.json */
	void		*ctx;
};

int	tree_open(const struct tree_options *, struct tree **out);
void	tree_close(struct tree *);

#define TREE_ROOT	1
#define TREE_FOREVER	86400.0		/* seconds, for what never changes */

struct tree_entry {
	/* st_ino; but each lookup of .sffs/refresh gets another number, so that no writer waits in
	 * the kernel for the lock of another's. */
	uint64_t	 ino;
	struct stat	 st;
	double		 name_for;	/* seconds for which the name means this inode */
	double		 attr_for;	/* seconds for which st is right; 0: call tree_attr */
};

/* -ENOENT also sets name_for: for how long there is no such name. "." is the inode itself, ".." the
 * directory that a directory is in: the kernel asks for them if it has a handle and no path. */
int	tree_lookup(struct tree *, uint64_t parent, const char *name, struct tree_entry *out);

/* Zero it when a request begins, and pass it to each call for that request: one answer of the org
 * is then enough for it, however short `refresh` is. */
struct tree_ticket {
	struct sync_ticket refresh;
	int64_t		 since;		/* when the request began (ms) */
};
/* All of these: -EAGAIN: w is queued. -ESTALE: there is no such inode any more; the same path may
 * lead to another. */
int	tree_attr(struct tree *, uint64_t ino, struct tree_ticket *, struct wait *w,
	    struct tree_entry *out);
int	tree_link(struct tree *, uint64_t ino, struct tree_ticket *, struct wait *w,
	    struct buf *target);
/* Like sync_refresh. Answers on demand from before this call are stale afterwards. */
int	tree_refresh(struct tree *, struct tree_ticket *, bool full, struct wait *w);

/*
 * Calls each() with the entries after offset off (0: all). next is the entry's own offset. each()
 * returns false when it has no room.
 */
typedef bool tree_each(void *ctx, const char *name, const struct tree_entry *, uint64_t next);
int	tree_list(struct tree *, uint64_t ino, uint64_t off, tree_each *, void *ctx);

/* Tells the kernel what to do with a file's pages: forget those from before, keep all, or have
 * none. */
enum tree_pages { TREE_PAGES_FRESH, TREE_PAGES_KEEP, TREE_PAGES_NONE };
/* -EAGAIN: w is queued. */
int	tree_open_file(struct tree *, uint64_t ino, struct tree_ticket *, struct wait *w,
	    struct file **out, enum tree_pages *);
void	tree_close_file(struct tree *, uint64_t ino, struct file *);	/* NULL is fine */
bool	tree_is_refresh(uint64_t ino);		/* .sffs/refresh: a write is a refresh */

/* The org's storage for files if the user may see it, else what the documents take. Never waits. */
struct tree_space { uint64_t bytes, free, documents; };
void	tree_space(struct tree *, struct tree_space *out);

/* Extended attributes: user.salesforce.* (-ENODATA for another; -EOPNOTSUPP outside user.*). The
 * names each end with a NUL. Never waits. */
int	tree_xattrs(struct tree *, uint64_t ino, struct buf *names);
int	tree_xattr(struct tree *, uint64_t ino, const char *name, struct buf *value);

/* Gets a name in a directory, by the directory's inode number. */
typedef void tree_name(void *ctx, uint64_t parent, const char *name);
/* Makes the kernel forget names and pages. */
struct tree_kernel {
	tree_name	*forget_name;	/* it must be looked up again */
	void		(*drop_pages)(void *ctx, uint64_t ino);	/* nobody has the file open */
	void		*ctx;
};
/* Call it before the first request. The struct is borrowed until tree_close. */
void	tree_on_change(struct tree *, const struct tree_kernel *);
/*
 * A catalogue_changed, whose ctx is the tree: makes the kernel forget names, and drops the cached
 * bytes of a document that is gone.
 */
void	tree_changed(void *tree, const struct catalogue_change *);

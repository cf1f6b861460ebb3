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
 * An inode number is a kind and the key of an Id, or of a path where the directory is one of what
 *is on demand: it is the same in every mount, and little is remembered for it. Looking up and
 *listing never wait; asking for the attributes of a directory that is no longer fresh or on demand,
 *or of a view whose size is not known yet, does.
 *
 * Joins catalogue, inside and inventory; asks sync, demand and file for what is on demand. Knows
 * nothing of FUSE. Any thread.
 */
#ifndef FS_TREE_TREE_H
#define FS_TREE_TREE_H

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

typedef char *tree_text(void *ctx, size_t *len);	/* caller frees; NULL: out of memory */

struct tree_options {
	enum name_rules	 names;
	bool		 links;		/* documents/X/parsed */
	bool		 versions;	/* all versions are in the catalogue: versions/ is listed */
	bool browse; /* what works by name only is listed, where listing it is possible */
	uid_t		 uid;
	gid_t		 gid;
	mode_t		 umask;
	tree_text	*status, *limits;	/* of .sffs/ */
	void		*ctx;
};

struct tree_parts {
	struct catalogue *catalogue;
	struct sync	*sync;
	struct on_demand *on_demand;
	struct files	*files;
	struct inventory *inventory;
	struct read_ahead *read_ahead;
};

int	tree_open(const struct tree_parts *, const struct tree_options *, struct tree **out);
void	tree_close(struct tree *);

#define TREE_ROOT	1
#define TREE_FOREVER	86400.0		/* seconds; an answer that never goes stale */

struct tree_entry {
	uint64_t ino; /* st_ino, but for .sffs/refresh: each look at it finds another, so that no
			 writer waits in the kernel for another's lock */
	struct stat	 st;
	double		 name_for;	/* seconds for which the name means this inode */
	double attr_for; /* seconds for which st is right; 0: ask tree_attr before use */
};

/* -ENOENT fills name_for: for how long. */
int	tree_lookup(struct tree *, uint64_t parent, const char *name, struct tree_entry *out);

/* What a request has asked for already, so that one answer is enough for it however short `refresh`
 * is. Zero it before the first call. */
struct tree_ticket {
	struct sync_ticket refresh;
	int64_t		 since;		/* when the request began (ms) */
};
/* All of these: -EAGAIN: w is queued. -ESTALE: no such inode any more; the path may lead elsewhere
 * now. */
int tree_attr(
    struct tree *, uint64_t ino, struct tree_ticket *, struct wait *w, struct tree_entry *out);
int tree_link(struct tree *, uint64_t ino, struct tree_ticket *, struct wait *w,
    char **target); /* caller frees */
/* As sync_refresh; and what was answered on demand before now is asked again when somebody looks.
 */
int	tree_refresh(struct tree *, struct tree_ticket *, bool full, struct wait *w);

/*
 * Entries behind offset off (0: from the start); each() gets the offset to go on behind it, and
 * returns false when it has no room. complete: entries with all attributes, for readdirplus.
 */
typedef bool tree_each(void *ctx, const char *name, const struct tree_entry *, uint64_t next);
int	tree_list(struct tree *, uint64_t ino, uint64_t off, tree_each *, void *ctx);

/* What the kernel may do with a file's pages: keep all, forget those from before, or keep none. */
enum tree_pages { TREE_PAGES_KEEP, TREE_PAGES_FRESH, TREE_PAGES_NONE };
/* Makes the kernel drop the pages of an inode that nobody has open. Set it before serving. */
typedef void tree_drop_pages(void *ctx, uint64_t ino);
void	tree_on_drop_pages(struct tree *, tree_drop_pages *, void *ctx);
/* Opens what is to be read. -EAGAIN: w is queued. */
int tree_open_file(struct tree *, uint64_t ino, struct tree_ticket *, struct wait *w,
    struct file **out, enum tree_pages *);
void	tree_close_file(struct tree *, uint64_t ino, struct file *);	/* NULL is fine */
bool	tree_is_refresh(uint64_t ino);		/* .sffs/refresh: a write is a refresh */

/* The org's storage for files, where the user may know it; else what the documents take. Never
 * waits. */
struct tree_space { uint64_t bytes, free, documents; };
void	tree_space(struct tree *, struct tree_space *out);

/* Extended attributes, each name with its NUL; no name but user.salesforce.* is there (-ENODATA;
 * outside user.*: -EOPNOTSUPP). Never waits. */
int	tree_xattrs(struct tree *, uint64_t ino, struct buf *names);
int	tree_xattr(struct tree *, uint64_t ino, const char *name, struct buf *value);

/* Gets a name in a directory, by the directory's inode number. */
typedef void tree_name(void *ctx, uint64_t parent, const char *name);
/* Sets what is called with each name that the kernel must look up again. Any time. */
void	tree_on_stale(struct tree *, tree_name *, void *ctx);
/*
 * A catalogue_changed, whose ctx is the tree: tells stale names, and drops the cached bytes of a
 * document that is gone.
 */
void	tree_changed(void *tree, const struct catalogue_change *);

#endif

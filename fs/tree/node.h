/*
 * node - what an inode number means, and what stat says of it.
 *
 * The insides of tree: the kinds of inodes, the fixed part of the namespace, and the texts that are
 * made on the spot.
 *
 * Any thread.
 */
#ifndef FS_TREE_NODE_H
#define FS_TREE_NODE_H

#include <stdatomic.h>
#include <time.h>

#include "auth/buf.h"
#include "document_dir.h"
#include "inventory.h"
#include "tree.h"

#define LINK_DEPTHS	12	/* directories at most: what is in folders below is not there */

enum kind {
	FIXED, /* one of node_fixed[] */
	DOCUMENT, /* documents/X/ */
	VERSION, /* documents/X/X.csv and its other name, content; versions/X/2.csv */
	METADATA, /* documents/X/metadata.json */
	PARSED_LINK, /* documents/X/parsed -> */
	VERSIONS_LINK, /* documents/X/versions ->, which is not listed */
	NOTE_TEXT, /* documents/X/X.txt beside a note, which is not listed */
	VERSIONS, /* versions/X/ */
	PARSED, /* parsed/X/ */
	COLUMNS, /* parsed/X/columns/ */
	COLUMN, /* parsed/X/columns/Amount */
	OBJECT, /* records/Account/ */
	RECORD, /* records/Account/Acme Corp/, records/001.../ */
	LIBRARY, /* libraries/Sales/ */
	FOLDER, /* libraries/Sales/Contracts/ */
	UNKNOWN, /* by-id/069... -> a document that the catalogue does not have, yet */
	LINK, /* -> documents/X, from so many directories below the root: LINK + depth - 1 */
	VIEW = LINK + LINK_DEPTHS, /* parsed/X/header and so on: VIEW + the view's number */
};

enum fixed_number {
	ROOT = TREE_ROOT,
	DOCUMENTS,
	PARSED_ROOT,
	PARSED_README,
	BY_ID,
	SFFS,
	STATUS,
	REFRESH,
	LOG,
	MD5SUMS,
	DOCUMENTS_TSV,
	LIMITS,
	README,
	RECORDS,
	RECORDS_README,
	LIBRARIES,
	LIBRARIES_README,
	VERSIONS_ROOT,
	VERSIONS_README,
};

#define FIXED_MOST 256 /* numbers; the inode numbers of REFRESH are REFRESH + a multiple of it */

struct fixed {
	uint64_t	 number, parent;
	const char	*name;
	mode_t		 mode;
	const char	*text;
	bool fresh; /* what is in it shows the catalogue: it waits until that is fresh */
};

extern const struct fixed node_fixed[];
extern const size_t node_fixed_count;

/* An inode, resolved. */
struct node {
	enum kind	 kind;		/* VIEW for all views, LINK for all links */
	unsigned	 view, depth;
	size_t		 column;
	const struct fixed *fixed;	/* of FIXED */
	char *path; /* below the root; of OBJECT, RECORD, LIBRARY, FOLDER and UNKNOWN */
	struct document
	    doc; /* of all others. Neither is owned by a node that is made to be listed */
};

struct open_files;

struct tree {
	struct catalogue *catalogue;
	struct sync	*sync;
	struct files	*files;
	struct inventory *inventory;
	struct read_ahead	*ahead;
	struct on_demand	*demand;
	struct open_files	*opened;
	struct paths	*recent;
	struct tree_options o;
	time_t		 born;
	atomic_uint_fast32_t refreshers;	/* how often .sffs/refresh was looked up */
};

enum kind node_kind(
    uint64_t ino); /* asks nobody, so the inode may not be there; no kind at all: VIEW */
const struct fixed *node_fixed_of(uint64_t ino);	/* of the kind FIXED; NULL: there is none */
/* Resolves an inode number: -ESTALE if there is no such inode any more. */
int	node_of(struct tree *, uint64_t ino, struct node *out);
void	node_free(struct node *);
bool	node_has_path(const struct node *);
uint64_t node_ino(const struct node *);
int node_remember(
    struct tree *, const struct node *); /* that its inode number can be resolved later; -ENOMEM */
bool	node_is(const struct node *, enum fixed_number);
bool node_is_of_version(const struct node *); /* another inode when there is a new version */
mode_t	node_mode(const struct tree *, const struct node *);
/* Whether it is a snapshot of the catalogue; which. */
bool	node_is_inventory(const struct node *, enum inventory_kind *);
/* 1: it is a text, which is put into b. 0: it is not. */
int	node_text(const struct tree *, const struct node *, struct buf *b);
int node_target(const struct node *, struct buf *b); /* of a symbolic link; -EINVAL: it is none */
/*
 * All of stat. The size of what has to be made first, a view or a snapshot, is -EAGAIN, with w
 * queued; without w it is left out and attr_for is 0. fresh: seconds for which the catalogue is.
 */
int node_entry(
    struct tree *, const struct node *, struct wait *w, double fresh, struct tree_entry *out);
/* Whether what it shows, its attributes and the names in it, must be asked for at each look: nobody
 * tells when it changes. */
bool	node_is_on_demand(const struct node *);
/* The name of a document in parsed/ and versions/, where README is taken. */
const char *node_parsed_name(const struct document *);
void	node_names_inside(const struct tree *, const struct document *, struct document_dir *out);

#endif

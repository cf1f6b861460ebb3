/*
 * node - the inside of tree: one table of node kinds, and what all kinds do alike.
 *
 * A node is an inode, resolved. kinds.c has a row for each kind of node: its place in the tree, and
 * the functions that find, list, measure and open it. To add a directory or a file, add a kind, its
 * row and its functions. node.c does the rest: inode numbers, names, attributes.
 *
 * Any thread.
 */
#pragma once

#include <stdatomic.h>
#include <time.h>

#include "auth/buf.h"
#include "inventory.h"
#include "tree.h"

#define LINK_DEPTHS	12	/* directories at most: deeper folders are not there */
#define VIEWS_MOST	16
#define REFRESH_STEP	256	/* inode numbers of .sffs/refresh: REFRESH and multiples more */

/*
 * Indented like the tree. Kinds before KEYED have one node each, the others many, by a key. Add new
 * ones last, before KEYED or, as VIEW + VIEWS_MOST, before KINDS: inode numbers are made of these,
 * and backup tools know files by them.
 */
enum kind {
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
	KEYED,			/* the number of the first kind with a key */
	DOCUMENT = KEYED,	/* documents/X/ */
		VERSION,	/* X.csv; also versions/X/2.csv */
		METADATA,	/* metadata.json */
		PARSED_LINK,	/* parsed -> ../../parsed/X */
		VERSIONS_LINK,	/* versions -> ../../versions/X */
		NOTE_TEXT,	/* X.txt beside a note */
	VERSIONS,		/* versions/X/ */
	PARSED,			/* parsed/X/ */
		COLUMNS,	/* columns/ */
			COLUMN,
	OBJECT,			/* records/Account/ */
	RECORD,			/* records/Account/Acme Corp/, records/001.../ */
	LIBRARY,		/* libraries/Sales/ */
	FOLDER,			/* libraries/Sales/Contracts/ */
	UNKNOWN,		/* by-id/069... of a document that is not in the catalogue yet */
	LINK,			/* -> documents/X; a variant for each depth of its directory */
	VIEW = LINK + LINK_DEPTHS,	/* parsed/X/header ...; a variant for each view */
	KINDS = VIEW + VIEWS_MOST
};

struct node {
	enum kind	 kind;
	unsigned	 variant;	/* of a COLUMN: its number */
	char		*path;		/* of kinds with PATH_KEY; else NULL */
	struct document	 doc;		/* no id: it has none */
};

/* The part of an inode number beside the kind. */
enum key { NO_KEY, DOCUMENT_KEY, VERSION_KEY, ANY_VERSION_KEY, PATH_KEY };
/* When the kernel may use attributes without asking. */
enum attr_validity { NEVER, WHILE_FRESH, FOREVER };
/* Conditions, added up. */
enum { IF_CSV = 1, IF_NOTE = 2, IF_LINKS = 4, IF_BROWSE = 8, IF_VERSIONS = 16 };

struct node_listing;

/* Which answers will do: fresh ones, and those asked for at `since` (ms) or later. */
struct patience {
	int64_t		 since;
	struct wait	*w;
};

/* The size of a file. -EAGAIN: it must be made first, w is queued if not NULL. */
typedef int node_size_of(struct tree *, const struct node *, struct wait *w, uint64_t *out);
typedef int node_open(struct tree *, const struct node *, struct wait *w, struct file **out);
/* Waits until it is known whether it is there, and what is in it. */
typedef int node_wait(struct tree *, const struct node *, const struct patience *);
/* Fills n with what is called name in dir. It may take dir->doc. Never waits. */
typedef int node_find_in(struct tree *, struct node *dir, const char *name, struct node *n);
/* Lists what is in the listing's dir after an offset, with node_list. Never waits. */
typedef int node_list_in(struct node_listing *, uint64_t after);

struct kind_row {
	enum kind	 parent;	/* the directory in which it is */
	const char	*name;		/* in it; NULL: parent finds and lists it by functions */
	mode_t		 mode;
	enum key	 key;
	enum attr_validity attr;
	bool		 hidden;	/* not listed, but found */
	bool		 fresh;		/* shows the catalogue: waits until that is fresh */
	bool		 on_demand;	/* names in it are always looked up: no refresh tells of
					   changes */
	bool		 uncached;	/* its handles may differ, so none uses the page cache */
	bool		 of_record;	/* its date is that of the record, not of the file */
	unsigned	 has_if;	/* only a document that meets these has it */
	unsigned	 lists_if;	/* only then it lists documents; it always finds them */
	enum kind	 shows;		/* what a document is in it; where a link leads */
	enum inventory_kind inventory;
	enum file_made	 made;		/* of size_made and open_made */
	const char	*constant;	/* its text */

	/* Its name, if that depends on the document. */
	void		(*name_of)(const struct document *, enum name_rules, struct name *out);
	const char	*(*names)(unsigned variant);	/* of its variants; NULL after the last */
	const char	*also;		/* a second name */
	/* Completes a node whose path is known. */
	int		(*recall)(struct tree *, struct node *);
	/* A file's text, made on the spot. */
	void		(*put)(const struct tree *, const struct node *, struct buf *);
	void		(*put_record)(struct buf *, const struct document *);
	node_size_of	*size;		/* NULL: the text's */
	node_open	*open;		/* NULL: opens the text */
	node_wait	*wait;
	node_find_in	*find;
	node_list_in	*list;
};

/* kinds.c; what belongs to a kind with variants is in the row of the first. */
extern const struct kind_row kinds[KINDS];

struct tree {
	struct tree_options o;
	struct open_files *open_files;
	struct paths	*paths;
	time_t		 born;
	atomic_uint_fast32_t refreshers;	/* how often .sffs/refresh was looked up */
	_Atomic(const struct tree_kernel *) kernel;	/* NULL: nothing is mounted yet */
};

/* The kind of an inode number, whether or not that inode exists. */
enum kind node_kind(uint64_t ino);
/* Whether the conditions are met; d NULL: those of the mount. */
bool	node_meets(const struct tree *, unsigned conditions, const struct document *d);
/* -ESTALE: there is no such inode any more. Call node_free in any case. */
int	node_of(struct tree *, uint64_t ino, struct node *out);
void	node_free(struct node *);
/* Makes its path known, so that its inode number can be resolved later. */
int	node_remember(struct tree *, const struct node *);
/* Sets kind and path of what is in dir, and remembers them. */
int	node_set_path(
    struct tree *, struct node *, enum kind, const struct node *dir, const char *name);
bool	node_is_unlisted(const struct node *);	/* it has a document, which no refresh mentions */
/* The text of a file that is made on the spot, or the target of a link. */
void	node_put_text(const struct tree *, const struct node *, struct buf *);
int	node_text_size(const struct tree *, const struct node *, uint64_t *out);
int	node_open_text(const struct tree *, const struct node *, struct file **out);
/*
 * All of stat. If the size must be made first: -EAGAIN, with w queued; with w NULL, size and
 * attr_for are 0. fresh: for how many more seconds the catalogue is.
 */
int	node_entry(struct tree *, const struct node *, struct wait *w, double fresh,
	    struct tree_entry *out);

/* The name of a document in a root directory that lists documents. */
const char *node_name_in(enum kind root, const struct document *);
/* Calls each() with every name that a row gives to something in dir, hidden ones too. */
void	node_each_name(const struct tree *, const struct node *dir, tree_name *, void *ctx);
int	node_find(struct tree *, struct node *dir, const char *name, struct node *out);

struct node_listing {
	struct tree	*tree;
	const struct node *dir;
	double		 fresh;
	tree_each	*each;
	void		*ctx;
	uint64_t	 base;		/* what is added to offsets */
	bool		 full;
};
int	node_list_dir(struct node_listing *, uint64_t off);
/* Adds an entry; the listing goes on after offset `next`. False: it is full. */
bool	node_list(struct node_listing *, const char *name, const struct node *, uint64_t next);

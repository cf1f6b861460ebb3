/*
 * remote - directories whose contents the org tells on demand: records, libraries, folders.
 *
 * Such a directory is its path below the root: `records/Account/Acme Corp`, `records/001...`,
 * `libraries/Sales/Contracts`. Any path that could be one is found at once. Its attributes tell
 * whether it exists: they wait for the org's answer.
 *
 * These are the functions of their rows in kinds.c: the declarations in node.h say what each does.
 * Any thread.
 */
#ifndef FS_TREE_REMOTE_H
#define FS_TREE_REMOTE_H

#include "node.h"

int	remote_find_object(struct tree *, struct node *, const char *name, struct node *);
int	remote_find_record(struct tree *, struct node *, const char *name, struct node *);
int	remote_find_library(struct tree *, struct node *, const char *name, struct node *);
int	remote_find_document(struct tree *, struct node *, const char *name, struct node *);
int	remote_find_document_or_folder(struct tree *, struct node *, const char *, struct node *);

/* -ENOENT: there is none; -ENOTUNIQ: there are several, which are in the log. */
int	remote_wait_object(struct tree *, const struct node *, int64_t since, struct wait *);
int	remote_wait_record(struct tree *, const struct node *, int64_t since, struct wait *);
int	remote_wait_libraries(struct tree *, const struct node *, int64_t since, struct wait *);
int	remote_wait_library(struct tree *, const struct node *, int64_t since, struct wait *);
int	remote_wait_folder(struct tree *, const struct node *, int64_t since, struct wait *);

int	remote_list_libraries(struct node_listing *, const struct node *, uint64_t after);
int	remote_list_library(struct node_listing *, const struct node *, uint64_t after);
int	remote_list_folder(struct node_listing *, const struct node *, uint64_t after);

#endif

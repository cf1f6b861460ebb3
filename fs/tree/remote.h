/*
 * remote - directories for whose contents sffs asks the org on demand: records, libraries,
 * folders.
 *
 * Such a directory is its path below the root: `records/Account/Acme Corp`, `records/001...`,
 * `libraries/Sales/Contracts`. Any path that could be one is found at once. Its attributes say
 * whether it exists: they wait for the org's answer.
 *
 * These are the functions of their rows in kinds.c: the declarations in node.h say what each does.
 * Any thread.
 */
#pragma once

#include "node.h"

node_find_in remote_find_object, remote_find_any, remote_find_contents;
/* -ENOENT: there is none; -ENOTUNIQ: there are several, which are in the log. */
node_wait remote_wait_object, remote_wait_contents, remote_wait_libraries, remote_wait_library;
node_list_in remote_list_contents, remote_list_library;

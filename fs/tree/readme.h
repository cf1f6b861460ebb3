/*
 * readme - the README of the root and of each directory whose contents are on demand: what is here,
 * and what works.
 *
 * Constants only.
 */
#ifndef FS_TREE_README_H
#define FS_TREE_README_H

extern const char readme_root[], readme_parsed[], readme_versions[], readme_records[],
    readme_libraries[];

#endif

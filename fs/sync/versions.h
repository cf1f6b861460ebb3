/*
 * versions - brings versions of documents into the catalogue: those of some documents, or all.
 *
 * Joins rest, name and catalogue. Blocks. Any thread; two mounts may do the same at once.
 */
#ifndef FS_SYNC_VERSIONS_H
#define FS_SYNC_VERSIONS_H

#include <stddef.h>

struct catalogue;
struct rest;

/* All versions of these documents of the catalogue, at most REST_IDS_MOST; the latest one is there
 * afterwards even if Salesforce does not list it. */
int	versions_fetch(struct rest *, struct catalogue *, const char (*ids)[19], size_t n);
/* All versions of all documents of the catalogue; goes on where it stopped. State kept in the
 * catalogue: `versions`, the last Id that has come, or "all". */
int	versions_fill(struct rest *, struct catalogue *);

#endif

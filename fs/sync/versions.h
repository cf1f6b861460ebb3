/*
 * versions - brings versions of documents into the catalogue: those of some documents, or all that
 * there are.
 *
 * Joins rest, name and catalogue. Blocks. Any thread.
 */
#ifndef FS_SYNC_VERSIONS_H
#define FS_SYNC_VERSIONS_H

#include <stddef.h>

struct catalogue;
struct rest;

/* Called when a page has come; may be NULL. */
typedef void versions_page(void *ctx);
/* All versions of these documents of the catalogue, at most REST_IDS_MOST; the latest is there in
 * any case. */
int versions_fetch(
    struct rest *, struct catalogue *, const char (*ids)[19], size_t n, versions_page *, void *ctx);
/*
 * All versions of all documents of the catalogue, page by page; goes on where it stopped. State
 * kept in the catalogue: `versions`, the last Id that came, or "all".
 */
int	versions_fill(struct rest *, struct catalogue *, versions_page *, void *ctx);

#endif

/*
 * versions - brings versions of documents into the catalogue: those of some documents, or all.
 *
 * Joins rest, name and catalogue. Blocks. Any thread; two mounts may do the same at once.
 */
#pragma once

#include "internal.h"

/* All versions of these documents of the catalogue; the latest one is there afterwards even if
 * Salesforce does not list it. */
int	versions_fetch(const struct updater *, const struct ids *);
/*
 * Call it when a query ends with rc. Fetches the versions of page.unversioned, and frees that list.
 */
int	versions_fetch_new(struct page *, int rc);
/* All versions of all documents of the catalogue; goes on where it stopped. State kept in the
 * catalogue: `versions`, the last Id that has come, or "all". */
int	versions_fill(const struct updater *);

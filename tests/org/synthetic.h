/*
 * synthetic - documents made from their number, as they are asked for.
 *
 * The same number gives the same document, always. About a third is CSV; the
 * others are texts, notes, links, files without an extension and empty ones.
 * Titles are of every awkward kind that an org may have, unless `plain`: then
 * every title is ordinary and unique, and every document has bytes.
 *
 * Nothing is kept. Pure. Any thread.
 */
#ifndef ORG_SYNTHETIC_H
#define ORG_SYNTHETIC_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/org/document.h"
#include "tests/org/value.h"

#define SYNTHETIC_BYTES		4096	/* a content is at most so long */
#define SYNTHETIC_STRIDE 4 /* version rows a document: document * STRIDE + number - 1 */
#define SYNTHETIC_LIBRARIES	8
#define SYNTHETIC_FOLDERS	4	/* a library, the root not counted */
#define SYNTHETIC_ACCOUNTS	100
#define SYNTHETIC_OWNERS	5

/* Numbers, times and places; what costs more is left to the functions below. */
void	synthetic_document(uint32_t number, bool plain, struct document *out);
size_t	synthetic_title(uint32_t number, bool plain, char out[VALUE_SPACE]);
size_t	synthetic_path(uint32_t number, bool plain, char out[VALUE_SPACE]);	/* PathOnClient */
size_t	synthetic_content(uint32_t number, bool plain, unsigned version, char out[SYNTHETIC_BYTES]);
/* Of a LINK; false: it is not one. */
bool	synthetic_url(uint32_t number, bool plain, char out[VALUE_SPACE]);

#endif

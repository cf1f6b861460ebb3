/*
 * synthetic - documents that are made from their number, when somebody asks for them.
 *
 * The same number always gives the same document. About a third is CSV; the others are texts,
 * notes, links, files without an extension and empty ones. Titles are of every awkward kind that an
 * org may have, unless `plain`: then every title is ordinary and unique, and every document has
 * bytes.
 *
 * Keeps nothing. Pure. Any thread.
 */
#ifndef ORG_SYNTHETIC_H
#define ORG_SYNTHETIC_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/org/document.h"
#include "tests/org/value.h"

#define SYNTHETIC_BYTES		4096	/* the longest content */
#define SYNTHETIC_STRIDE 4 /* a version's row is document * STRIDE + number - 1 */
#define SYNTHETIC_LIBRARIES	8
#define SYNTHETIC_FOLDERS	4	/* a library, the root not counted */
#define SYNTHETIC_ACCOUNTS	100
#define SYNTHETIC_OWNERS	5

/* Fills in numbers, times and places; the functions below make the rest, which costs more. */
void	synthetic_document(uint32_t number, bool plain, struct document *out);
size_t	synthetic_title(uint32_t number, bool plain, char out[VALUE_SPACE]);
size_t	synthetic_path(uint32_t number, bool plain, char out[VALUE_SPACE]);	/* PathOnClient */
size_t	synthetic_content(uint32_t number, bool plain, unsigned version, char out[SYNTHETIC_BYTES]);
/* Of a LINK; false: it is not one. */
bool	synthetic_url(uint32_t number, bool plain, char out[VALUE_SPACE]);

#endif

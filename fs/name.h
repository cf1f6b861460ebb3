/*
 * name - what a document is called, and Salesforce Ids: pure functions.
 *
 * A Title is any text of up to 255 characters; many documents may have the same. A
 * name is a Title made safe: `/`, control and bidi characters, bytes that are not
 * UTF-8 and a leading `.` or `-` become `_`, and it is cut between characters so
 * that it fits NAME_BYTES together with its suffix. Portable names are also in normal
 * form C, have none of < > : " \ | ? *, are not the name of a device (CON, LPT1...)
 * and do not end in a dot or a blank. The same Title gives the same name everywhere.
 *
 * Ids have 15 case-sensitive characters [0-9A-Za-z], or 18 with a checksum of the
 * letters' case (REST API Developer Guide). Inode numbers are made of an Id's key.
 *
 * Nothing here allocates. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_BYTES	255		/* the longest name; buffers have one more */
#define NAME_KEY_BITS	58		/* name_key() < 1 << NAME_KEY_BITS */
#define NAME_CANDIDATES	3
#define NAME_ID_SUFFIX	21		/* ` (069000000000000AAA)` */

enum name_rules { NAME_UNIX, NAME_PORTABLE };

struct name { char s[NAME_BYTES + 1]; };

/* The Title made safe, at most NAME_BYTES - reserve bytes. "_" if nothing is left. NULL is "". */
void	name_safe(const char *title, enum name_rules, size_t reserve, struct name *out);
/*
 * The names that a document may have, best first: `Title`, `Title.ext` ("" if that is the same),
 * `Title (Id)`, which no other document can have. If the Title itself ends like ` (069...)`, the
 * first two are "". For portable names, two that differ only in case or normal form are one name.
 */
void	name_candidates(const char *title, const char *ext, const char *id, enum name_rules,
	    struct name out[NAME_CANDIDATES]);
/* The file's name: the Title, plus `.ext` unless it ends so already (ignoring case). */
void	name_file(const char *title, const char *ext, enum name_rules, struct name *out);

/*
 * Names with equal hashes are one name. The hash is of the name's bytes, or with portable rules of
 * its case-folded normal form. If two different names have one hash (once in 2^64), one of their
 * documents gets its next best name.
 */
typedef uint64_t name_hash(const char *name);
name_hash *name_hash_of(enum name_rules);

/*
 * A number for an Id (from id_read); 0 for "". While the nine characters of its number are below
 * 2^39, keys are unique and ordered like the Ids.
 */
uint64_t name_key(const char *id);
/* A number below 1 << NAME_KEY_BITS for any text; not 0. Two texts may have the same. */
uint64_t name_text_key(const char *);

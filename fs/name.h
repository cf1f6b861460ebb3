/*
 * name - what a document is called, and Salesforce Ids: pure functions.
 *
 * Titles are any text up to 255 characters, not unique. A name is a Title made
 * safe: `/`, control and bidi characters and bytes that are not UTF-8 replaced
 * by `_`, a leading `.` or `-` too, cut at a character so that it and its suffix
 * fit NAME_BYTES. Portable names are in normal form C as well, without the
 * characters < > : " \ | ? *, not called like a device (CON, LPT1...), and end
 * neither in a dot nor in a blank. Nothing here allocates or remembers; the same
 * input gives the same name on every machine.
 *
 * Ids: 15 case-sensitive characters [0-9A-Za-z], or 18 with a checksum of
 * the letters' case (REST API Developer Guide). An inode number is made of an
 * Id's key: the nine characters of its number exactly, the rest folded in.
 *
 * Any thread.
 */
#ifndef FS_NAME_H
#define FS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_BYTES	255		/* the longest name; buffers have one more */
#define NAME_KEY_BITS	58		/* name_key() < 1 << NAME_KEY_BITS */
#define NAME_CANDIDATES	3

enum name_rules { NAME_UNIX, NAME_PORTABLE };

struct name { char s[NAME_BYTES + 1]; };

/* The Title made safe, at most NAME_BYTES - reserve bytes; never empty ("_" if nothing is left).
 * NULL is "". */
void	name_safe(const char *title, enum name_rules, size_t reserve, struct name *out);
/*
 * What a document may be called, best first: `Title`, `Title.ext` ("" if that is
 * no other name), `Title (Id)`, which no other document can get. A Title that
 * itself ends like ` (069...)` has the last only. With `names = portable` two
 * names that differ in case or normal form alone are one name.
 */
void	name_candidates(const char *title, const char *ext, const char *id, enum name_rules,
	    struct name out[NAME_CANDIDATES]);
/* The file inside: the Title plus `.ext` unless it ends so already (in any case). */
void	name_file(const char *title, const char *ext, enum name_rules, struct name *out);

/*
 * Two names are one if their hashes are equal: 64 bits of the name's bytes, or with portable rules
 * of what is left when case and normal form are taken away. What differs and is one all the same,
 * once in 2^64, costs one of the two its best name.
 */
typedef uint64_t name_hash(const char *name);
name_hash *name_hash_of(enum name_rules);

/* A 15- or 18-character Id as 18 characters; false if it is none (or the checksum is wrong). */
bool	name_id(const char *s, char out[19]);
/* Never 0, but for "", which is no Id. Orders as the Id and is never another Id's while the number
 * is below 2^39. */
uint64_t name_key(const char *id);		/* id: from name_id */

#endif

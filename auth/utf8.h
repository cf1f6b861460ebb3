/*
 * utf8 - which bytes are well-formed UTF-8 (the Unicode Standard, table 3-7).
 *
 * utf8proc_iterate finds the same, but a survey of Cyrillic CSV takes a third
 * longer with it. fs/name.c, which needs the characters too, uses that one.
 *
 * Pure. Any thread.
 */
#ifndef AUTH_UTF8_H
#define AUTH_UTF8_H

#include <stddef.h>

#define UTF8_REPLACEMENT	"\xef\xbf\xbd"	/* U+FFFD, for what is not UTF-8 */

/* The length of the well-formed character at s, where n > 0 bytes are; 0: there is none. */
static inline size_t
utf8_len(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len = p[0] < 0x80 ? 1 :
	    p[0] < 0xc2		 ? 0 :
	    p[0] < 0xe0		 ? 2 :
	    p[0] < 0xf0		 ? 3 :
	    p[0] < 0xf5		 ? 4 :
				   0;

	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

#endif

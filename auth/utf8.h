/*
 * utf8 - which bytes are well-formed UTF-8 (the Unicode Standard, table 3-7); text as a person may
 * see it.
 *
 * utf8proc_iterate finds the same, but a survey of Cyrillic CSV takes a third
 * longer with it. fs/name.c, which needs the characters too, uses that one.
 *
 * Pure. Any thread.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <string.h>

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

/*
 * Writes what stands for the first character of s, where n > 0 bytes are: itself, or an escape
 * (\n, \u001b, \xff) if it drives a terminal, turns the text around it or is no UTF-8. Returns how
 * many bytes of s it stands for.
 */
static inline size_t
utf8_show(const char *s, size_t n, char out[8])
{
	const unsigned char *p = (const unsigned char *)s;
	const size_t len = utf8_len(s, n);
	const unsigned c = len == 2 ? (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu) :
	    len == 3		    ? (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu) :
				      p[0];

	memcpy(out, s, len);
	out[len] = '\0';
	if (len == 0)
		snprintf(out, 8, "\\x%02x", c);
	else if (c == '\n')
		strcpy(out, "\\n");
	else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
	    (c | 1) == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
		snprintf(out, 8, "\\u%04x", c);
	return len ? len : 1;
}

/* Writes s as utf8_show does. If it does not fit, it ends after a word, with "...". size > 32 */
static inline void
utf8_show_all(char *out, size_t size, const char *s)
{
	const char *end = strchr(s, '\0');
	char *to = out, *cut = out, one[8];

	for (*out = '\0'; s < end; to = stpcpy(to, one)) {
		s += utf8_show(s, (size_t)(end - s), one);
		if (to + 4 <= out + size)
			cut = to;
		if (to + strlen(one) >= out + size) {
			*cut = '\0';
			char *blank = strrchr(out, ' ');
			strcpy(blank && blank > out + size / 2 ? blank : cut, "...");
			return;
		}
	}
}

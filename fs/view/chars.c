#include <string.h>

#include "fs/view/chars.h"

/* The bytes 0x80 to 0x9f of windows-1252, by the encoding standard of the web; all others are Latin-1. */
static const uint16_t windows_1252[32] = {
	0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
	0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

/* The length of the well-formed character at p, of which n > 0 bytes are there; 0: it is not one. */
static size_t
char_len(const unsigned char *p, size_t n)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

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

bool
chars_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	while (n > 0) {
		uint64_t eight;

		if (n >= 8 && (memcpy(&eight, p, 8), (eight & 0x8080808080808080u) == 0)) {
			p += 8;
			n -= 8;
			continue;
		}
		size_t len = char_len(p, n);
		if (len == 0)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

size_t
chars_tail(const char *s, size_t n)
{
	for (size_t i = 1; i <= 3 && i <= n; i++) {
		unsigned char c = (unsigned char)s[n - i];

		if ((c & 0xc0) == 0x80)
			continue;
		return (c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1) > i ? i : 0;
	}
	return 0;
}

size_t
chars_from_1252(unsigned char c, char out[3])
{
	unsigned u = c >= 0x80 && c < 0xa0 ? windows_1252[c - 0x80] : c;

	if (u < 0x80) {
		out[0] = (char)u;
		return 1;
	}
	if (u < 0x800) {
		out[0] = (char)(0xc0 | u >> 6);
		out[1] = (char)(0x80 | (u & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | u >> 12);
	out[1] = (char)(0x80 | (u >> 6 & 0x3f));
	out[2] = (char)(0x80 | (u & 0x3f));
	return 3;
}

void
chars_put_1252(struct buf *b, const char *s, size_t n)
{
	char utf8[3];

	for (size_t i = 0; i < n; i++)
		buf_put(b, utf8, chars_from_1252((unsigned char)s[i], utf8));
}

/* The letter behind the backslash, or 0: the byte stands for itself. */
static char
tsv_escape(char c)
{
	return c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\\' ? '\\' : 0;
}

size_t
chars_tsv_len(const char *s, size_t n)
{
	size_t len = n;

	for (size_t i = 0; i < n; i++)
		len += s[i] == '\t' || s[i] == '\n' || s[i] == '\r' || s[i] == '\\';
	return len;
}

char *
chars_tsv(char *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char letter = tsv_escape(s[i]);

		if (letter)
			*out++ = '\\';
		*out++ = letter ? letter : s[i];
	}
	return out;
}

static bool
is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static char
json_escape(unsigned char c)
{
	return c == '"' ? '"' : c == '\\' ? '\\' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : 0;
}

size_t
chars_json_len(const char *s, size_t n, bool valid)
{
	size_t len = 0;
	char utf8[3];

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		len += json_escape(c) ? 2 : is_control(c) ? 6 : valid ? 1 : chars_from_1252(c, utf8);
	}
	return len;
}

char *
chars_json(char *out, const char *s, size_t n, bool valid)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		char letter = json_escape(c);

		if (letter) {
			*out++ = '\\';
			*out++ = letter;
		} else if (is_control(c)) {
			memcpy(out, "\\u00", 4);
			out[4] = hex[c >> 4];
			out[5] = hex[c & 15];
			out += 6;
		} else if (valid) {
			*out++ = (char)c;
		} else {
			char utf8[3];
			size_t len = chars_from_1252(c, utf8);

			memcpy(out, utf8, len);
			out += len;
		}
	}
	return out;
}


#include "auth/utf8.h"

#include "chars.h"

/* The bytes 0x80 to 0x9f of windows-1252 (WHATWG Encoding Standard); all others are Latin-1. */
static const uint16_t windows_1252[32] = {
	0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
	0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

bool
chars_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	while (n > 0) {
		if (n >= 8 && !(chars_eight((const char *)p) & CHARS_EACH * 0x80)) {
			p += 8;
			n -= 8;
			continue;
		}
		size_t len = utf8_len((const char *)p, n);
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

/* One byte as UTF-8; how long it is. */
static inline size_t
from_1252(unsigned char c, char out[3])
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

char *
chars_put_1252(char *out, const char *s, size_t n)
{
	while (n > 0) {
		if (n >= 8 && !(chars_eight(s) & CHARS_EACH * 0x80)) {
			memcpy(out, s, 8);
			out += 8, s += 8, n -= 8;
		} else {
			for (size_t part = n < 8 ? n : 8; part > 0; part--, n--)
				out += from_1252((unsigned char)*s++, out);
		}
	}
	return out;
}

/*
 * The length that a byte adds, in all forms at once: a field of 16 bits each for the bytes beyond
 * one in TSV, JSON and CSV, and for how many need quotes around them. Each adds 5 at most: BLOCK of
 * them do not overflow.
 */
#define TSV	((uint64_t)1)
#define JSON	((uint64_t)1 << 16)
#define CSV	((uint64_t)1 << 32)
#define QUOTES	((uint64_t)1 << 48)
#define BLOCK	8192

static const uint64_t weights[256] = {
	[0x00 ... 0x08] = 5 * JSON,
	['\t'] = TSV + JSON,
	['\n'] = TSV + JSON + QUOTES,
	[0x0b ... 0x0c] = 5 * JSON,
	['\r'] = TSV + JSON + QUOTES,
	[0x0e ... 0x1f] = 5 * JSON,
	['"'] = JSON + CSV + QUOTES,
	[','] = QUOTES,
	['\\'] = TSV + JSON,
	[0x7f] = 5 * JSON,
};

/* The length that bytes beyond ASCII add as windows-1252. */
static uint64_t
weight_of_1252(const char *p, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		sum += (c >= 0x80) + (c >= 0x80 && c < 0xa0 && windows_1252[c - 0x80] >= 0x800);
	}
	return (JSON + CSV) * sum;
}

void
chars_measure(const char *p, size_t n, bool valid, struct chars_lens *lens)
{
	while (n > 0) {
		size_t part = n < BLOCK ? n : BLOCK;
		uint64_t sum = valid ? 0 : weight_of_1252(p, part);

		for (size_t i = 0; i < part; i++)
			sum += weights[(unsigned char)p[i]];
		lens->tsv += part + (sum & 0xffff);
		lens->json += part + (sum >> 16 & 0xffff);
		lens->csv += part + (sum >> 32 & 0xffff);
		lens->csv_quotes |= sum >> 48 != 0;
		p += part;
		n -= part;
	}
}

/* Not 0 if one of the eight bytes is c, or less than c; perhaps not 0 otherwise. */
#define HAS(v, c)	HAS_LESS((v) ^ CHARS_EACH * (unsigned char)(c), 1)
#define HAS_LESS(v, c)	(((v) - CHARS_EACH * (c)) & ~(v) & CHARS_EACH * 0x80)

/* False if one of the bytes has a weight in that form; perhaps false otherwise. */
static inline bool
is_plain8(uint64_t v, uint64_t form)
{
	return !(HAS_LESS(v, 0x20) |
	    (form == CSV	   ? HAS(v, '"') :
		    form == QUOTES ? HAS(v, '"') | HAS(v, ',') :
		    form == TSV	   ? HAS(v, '\\') :
				     HAS(v, '\\') | HAS(v, '"') | HAS(v, 0x7f)));
}

bool
chars_csv_quotes(const char *p, size_t n)
{
	for (; n >= 8 && is_plain8(chars_eight(p), QUOTES); n -= 8)
		p += 8;
	for (; n > 0; p++, n--)
		if (weights[(unsigned char)*p] >= QUOTES)
			return true;
	return false;
}

/* Copies bytes up to the first that has a weight in that form. Returns how many. */
static inline size_t
copy_plain(char *out, const char *s, size_t n, uint64_t form)
{
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		uint64_t v = chars_eight(s + i);

		if (!is_plain8(v, form))
			break;
		memcpy(out + i, &v, 8);
	}
	for (; i < n && !(weights[(unsigned char)s[i]] & form * 0xffff); i++)
		out[i] = s[i];
	return i;
}

/* Writes a character that has a weight in the form. */
static inline __attribute__((always_inline)) char *
escape(char *out, char c, uint64_t form)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char u = (unsigned char)c;

	if (form == CSV) {		/* a quote */
		*out++ = c;
		*out++ = c;
	} else if (form == TSV || (weights[u] & 0xffff * JSON) == JSON) {
		*out++ = '\\';
		*out++ = c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c;
	} else {
		memcpy(out, "\\u00", 4);
		out[4] = hex[u >> 4];
		out[5] = hex[u & 15];
		out += 6;
	}
	return out;
}

static inline __attribute__((always_inline)) char *
write_form(char *out, const char *s, size_t n, uint64_t form)
{
	while (n > 0) {
		size_t same = copy_plain(out, s, n, form);

		out += same, s += same, n -= same;
		for (; n > 0 && weights[(unsigned char)*s] & form * 0xffff; s++, n--)
			out = escape(out, *s, form);
	}
	return out;
}

static inline __attribute__((always_inline)) char *
write_1252(char *out, const char *s, size_t n, uint64_t form)
{
	for (; n > 0; s++, n--) {
		unsigned char c = (unsigned char)*s;

		if (weights[c] & form * 0xffff)
			out = escape(out, *s, form);
		else
			out += from_1252(c, out);
	}
	return out;
}

char *
chars_put(char *out, enum chars_form form, const char *s, size_t n, bool valid)
{
	switch (form) {
	case CHARS_TSV: return write_form(out, s, n, TSV);
	case CHARS_JSON: return valid ? write_form(out, s, n, JSON) : write_1252(out, s, n, JSON);
	default: return valid ? write_form(out, s, n, CSV) : write_1252(out, s, n, CSV);
	}
}

char *
chars_put_number(char *out, uint64_t n)
{
	char digits[CHARS_NUMBER], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	return mempcpy(out, p, (size_t)(digits + sizeof(digits) - p));
}

size_t
chars_number_length(uint64_t n)
{
	size_t length = 1;

	for (uint64_t least = 10; n >= least && length < CHARS_NUMBER; least *= 10)
		length++;
	return length;
}

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/utf8.h"
#include "chars.h"

#include "text.h"

#define UTF16_NULS	4		/* with fewer, it may be a file with some NULs */
#define RAW_LEAST	16		/* bytes: more than any character has */
#define MARK		"\xef\xbb\xbf"	/* the byte order mark, as UTF-8 */

/* The longer mark first: UTF-32LE begins like UTF-16LE. */
static const struct {
	const char	*mark;
	size_t		 len;
	const char	*encoding;
} marks[] = {
	{ MARK,		      3, "UTF-8" },
	{ "\xff\xfe\0\0",     4, "UTF-32LE" },
	{ "\0\0\xfe\xff",     4, "UTF-32BE" },
	{ "\xff\xfe",	      2, "UTF-16LE" },
	{ "\xfe\xff",	      2, "UTF-16BE" },
};

/* UTF-16 without a mark has a NUL beside each ASCII character, always on the same side. NULL: it is
 * not UTF-16. */
static const char *
detect_utf16(const char *s, size_t n)
{
	size_t nuls[2] = { 0 };

	for (size_t i = 0; i < n; i++)
		nuls[i % 2] += !s[i];
	if (nuls[0] && nuls[1])
		return NULL;
	const size_t many = nuls[0] + nuls[1];
	return many < UTF16_NULS || many < n / 2 / 8 ? NULL : nuls[1] ? "UTF-16LE" : "UTF-16BE";
}

const char *
text_detect(const char *s, size_t n, bool whole)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (n >= marks[i].len && memcmp(s, marks[i].mark, marks[i].len) == 0)
			return marks[i].encoding;
	const char *utf16 = detect_utf16(s, n);
	if (utf16)
		return utf16;
	if (!whole)
		n -= chars_tail(s, n);
	return chars_valid(s, n) ? "UTF-8" : "windows-1252";
}

/* Makes room for n more bytes after end. The room of what was dropped is used first. */
static int
make_room(struct text *t, size_t n)
{
	if (t->begin > 0) {
		text_offset(t, 0);
		t->known = 0;
		memmove(t->data, t->data + t->begin, t->end - t->begin);
		t->end -= t->begin;
		t->begin = 0;
	}
	if (t->cap - t->end >= n)
		return 0;
	size_t cap = t->cap;
	while (cap - t->end < n) {
		if (cap > SIZE_MAX / 2)
			return -ENOMEM;
		cap *= 2;
	}
	char *data = realloc(t->data, cap + TEXT_SLACK);
	if (!data)
		return -ENOMEM;
	t->data = data;
	t->cap = cap;
	return 0;
}

/* The next bytes of the source; 0 at its end, and only there. */
static ssize_t
read_source(struct text *t, void *p, size_t n)
{
	if (n > t->source->size - t->off)
		n = (size_t)(t->source->size - t->off);
	if (n == 0)
		return 0;
	ssize_t got = t->source->read(t->source->ctx, p, n, t->off);
	if (got == 0 || (got > 0 && (size_t)got > n))
		return -EIO;		/* it is shorter than its size */
	if (got > 0)
		t->off += (uint64_t)got;
	return got;
}

static int
decode_utf8(struct text *t)
{
	ssize_t n = read_source(t, t->data + t->end, TEXT_STEP);

	if (n < 0)
		return (int)n;
	t->ended = n == 0;
	t->end += (size_t)n;
	return 0;
}

static int
decode_1252(struct text *t)
{
	ssize_t n = read_source(t, t->raw, TEXT_STEP / 3);

	if (n < 0)
		return (int)n;
	t->ended = n == 0;
	t->end = (size_t)(chars_put_1252(t->data + t->end, t->raw, (size_t)n) - t->data);
	return 0;
}

/* Converts what is there. Replaces what cannot be converted at once, so that bad bytes cost no more
 * than good ones. */
static void
convert(struct text *t)
{
	char *in = t->raw + t->raw_begin, *out = t->data + t->end;
	size_t left = t->raw_end - t->raw_begin, room = TEXT_STEP;
	bool last = t->off == t->source->size;

	while (left > 0 && room >= RAW_LEAST &&
	    iconv(t->iconv, &in, &left, &out, &room) == (size_t)-1) {
		if (errno == E2BIG || (errno == EINVAL && !last) ||
		    room < sizeof(UTF8_REPLACEMENT) - 1)
			break;
		size_t pass = t->unit < left ? t->unit : left;
		in += pass;
		left -= pass;
		memcpy(out, UTF8_REPLACEMENT, sizeof(UTF8_REPLACEMENT) - 1);
		out += sizeof(UTF8_REPLACEMENT) - 1;
		room -= sizeof(UTF8_REPLACEMENT) - 1;
	}
	t->raw_begin = t->raw_end - left;
	t->end = (size_t)(out - t->data);
}

static int
decode_iconv(struct text *t)
{
	size_t left = t->raw_end - t->raw_begin, room = TEXT_STEP;

	if (left < RAW_LEAST) {
		memmove(t->raw, t->raw + t->raw_begin, left);
		ssize_t n = read_source(t, t->raw + left, TEXT_STEP - left);
		if (n < 0)
			return (int)n;
		t->raw_begin = 0;
		t->raw_end = left + (size_t)n;
	}
	if (t->raw_begin < t->raw_end) {
		convert(t);
		return 0;
	}
	char *out = t->data + t->end;
	iconv(t->iconv, NULL, NULL, &out, &room);
	t->end = (size_t)(out - t->data);
	t->ended = true;
	return 0;
}

int
text_open(struct text *t, const struct view_source *source, const char *encoding)
{
	*t = (struct text){ .source = source, .decode = decode_utf8, .iconv = (iconv_t)-1 };
	if (strcasecmp(encoding, "windows-1252") == 0 || strcasecmp(encoding, "cp1252") == 0) {
		t->decode = decode_1252;
		t->unit = 1;
	} else if (strcasecmp(encoding, "UTF-8") != 0 && strcasecmp(encoding, "UTF8") != 0) {
		t->decode = decode_iconv;
		t->replaces = true;
		t->unit = strncasecmp(encoding, "UTF-16", 6) == 0 ? 2 :
		    strncasecmp(encoding, "UTF-32", 6) == 0	  ? 4 :
								    1;
		t->iconv = iconv_open("UTF-8", encoding);
		if (t->iconv == (iconv_t)-1)
			return errno == ENOMEM ? -ENOMEM : -EINVAL;
	}
	t->cap = 2 * TEXT_STEP;
	t->data = malloc(t->cap + TEXT_SLACK);
	t->raw = t->decode == decode_utf8 ? NULL : malloc(TEXT_STEP);
	if (!t->data || (t->decode != decode_utf8 && !t->raw)) {
		text_close(t);
		return -ENOMEM;
	}
	return 0;
}

int
text_more(struct text *t)
{
	size_t had = t->end - t->begin;
	int rc = make_room(t, TEXT_STEP);

	while (rc == 0 && !t->ended && t->end - t->begin == had)
		rc = t->decode(t);
	if (rc < 0 || t->started)
		return rc;
	t->started = true;
	while (rc == 0 && !t->ended && t->end < 3)
		rc = t->decode(t);
	if (rc == 0 && t->end >= 3 && memcmp(t->data, MARK, 3) == 0) {
		t->marked = true;
		text_drop(t, 3);
		if (t->begin == t->end)
			return text_more(t);
	}
	return rc;
}

int
text_fill(struct text *t, size_t n)
{
	int rc = 0;

	while (rc == 0 && !t->ended && t->end - t->begin < n)
		rc = text_more(t);
	return rc;
}

/* The length in the source of n bytes of text. */
static uint64_t
source_bytes(const struct text *t, const char *p, size_t n)
{
	uint64_t chars = n, eight;

	for (size_t i = 0; i < n; i += 8) {
		eight = 0;
		memcpy(&eight, p + i, n - i < 8 ? n - i : 8);
		/* Less the bytes that continue a character; in UTF-16 a character of four bytes
		 * counts twice. */
		chars -= (eight >> 7 & ~eight >> 6 & CHARS_EACH) * CHARS_EACH >> 56;
		if (t->unit == 2) {
			eight &= eight << 1 & eight << 2 & eight << 3;
			chars += (eight >> 7 & CHARS_EACH) * CHARS_EACH >> 56;
		}
	}
	return t->unit * chars;
}

uint64_t
text_offset(struct text *t, size_t n)
{
	size_t place = t->begin + n;

	if (t->unit == 0)
		return t->dropped + n;
	if (place >= t->known)
		t->known_offset += source_bytes(t, t->data + t->known, place - t->known);
	else
		t->known_offset -= source_bytes(t, t->data + place, t->known - place);
	t->known = place;
	return t->known_offset;
}

void
text_drop(struct text *t, size_t n)
{
	t->dropped = text_offset(t, n);
	t->begin += n;
}

void
text_close(struct text *t)
{
	if (t->iconv != (iconv_t)-1)
		iconv_close(t->iconv);
	free(t->data);
	free(t->raw);
	t->data = t->raw = NULL;
	t->iconv = (iconv_t)-1;
}

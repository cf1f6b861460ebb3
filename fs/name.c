/*
 * A name is made in steps. stage() replaces bad characters; compose() mends the beginning, cuts the
 * text to the room that the suffix leaves, appends the suffix and mends the end.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <utf8proc.h>

#include "auth/fnv.h"

#include "name.h"

#define STAGE_BYTES	1100	/* a Title of 255 characters fits; a longer one is cut */
#define EXT_BYTES	64	/* of an extension; Salesforce's have at most 40 characters */

/* Text that becomes a name. utf8proc needs up to four numbers a byte to make normal form C. */
struct stage {
	union { char s[4 * 4 * STAGE_BYTES]; int32_t wide[4 * STAGE_BYTES]; };
	size_t len;
};

/*
 * Characters.
 */

static bool
is_bad(int32_t c, enum name_rules rules)
{
	static const int32_t bidi[][2] = { { 0x61c, 0x61c }, { 0x200e, 0x200f },
		{ 0x202a, 0x202e }, { 0x2066, 0x2069 } };

	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == '/')
		return true;
	for (size_t i = 0; i < sizeof(bidi) / sizeof(bidi[0]); i++)
		if (c >= bidi[i][0] && c <= bidi[i][1])
			return true;
	return rules == NAME_PORTABLE && c < 0x80 && strchr("<>:\"\\|?*", c);
}

/* The value of a digit of an Id, in the order of their bytes; -1: it is none. */
static int
digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'A' && c <= 'Z'    ? c - 'A' + 10 :
	    c >= 'a' && c <= 'z'    ? c - 'a' + 36 :
				      -1;
}

/* The largest length <= room that ends between characters. */
static size_t
cut(const char *s, size_t len, size_t room)
{
	if (len <= room)
		return len;
	while (room > 0 && ((unsigned char)s[room] & 0xc0) == 0x80)
		room--;
	return room;
}

/* Normal form C; with fold, also without case. */
static void
normalize(struct stage *t, bool fold)
{
	const utf8proc_option_t options = (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE |
	    (fold ? UTF8PROC_CASEFOLD : 0));
	char text[STAGE_BYTES];
	size_t len = cut(t->s, t->len, sizeof(text));

	memcpy(text, t->s, len);
	utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)text,
	    (utf8proc_ssize_t)len, t->wide, sizeof(t->wide) / sizeof(t->wide[0]) - 1, options);
	if (n >= 0 && n < (utf8proc_ssize_t)(sizeof(t->wide) / sizeof(t->wide[0])))
		n = utf8proc_reencode(t->wide, n, options);
	else
		n = -1;
	if (n < 0)	/* not UTF-8: it has no normal form */
		memcpy(t->s, text, len);
	t->len = n < 0 ? len : (size_t)n;
}

/*
 * Names.
 */

static void
stage(const char *s, size_t n, enum name_rules rules, struct stage *t)
{
	int32_t c;

	t->len = 0;
	for (const char *end = s + n; s < end && t->len <= STAGE_BYTES - 4;) {
		utf8proc_ssize_t step =
		    utf8proc_iterate((const utf8proc_uint8_t *)s, end - s, &c);

		if (step < 1)
			step = 1, c = '/';	/* not UTF-8 */
		if (is_bad(c, rules)) {
			t->s[t->len++] = '_';
		} else {
			memcpy(t->s + t->len, s, (size_t)step);
			t->len += (size_t)step;
		}
		s += step;
	}
	if (rules == NAME_PORTABLE)
		normalize(t, false);
}

/* Windows takes these names for devices, whatever follows the first dot. */
static bool
is_device(const char *s, size_t len)
{
	static const char *const devices[] = { "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$" };
	const char *dot = memchr(s, '.', len);
	size_t n = dot ? (size_t)(dot - s) : len;

	while (n > 0 && s[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (n == strlen(devices[i]) && strncasecmp(s, devices[i], n) == 0)
			return true;
	if (n < 4 || (strncasecmp(s, "COM", 3) != 0 && strncasecmp(s, "LPT", 3) != 0))
		return false;
	return (n == 4 && s[3] >= '1' && s[3] <= '9') ||	/* or such a digit raised */
	    (n == 5 && s[3] == '\xc2' && memchr("\xb9\xb2\xb3", s[4], 3));
}

/* Makes at most n bytes of s (NULL is "") safe, and appends the suffix, which is safe; at most room
 * bytes. */
static void
compose(const char *s, size_t n, const char *suffix, enum name_rules rules, size_t room,
    struct name *out)
{
	struct stage t;
	size_t len = 0, tail = strlen(suffix);
	char *o = out->s;

	stage(s ? s : "", s ? strnlen(s, n) : 0, rules, &t);
	if (t.len == 0)
		t.s[t.len++] = '_';
	if (t.s[0] == '.' || t.s[0] == '-')
		t.s[0] = '_';
	if (rules == NAME_PORTABLE && is_device(t.s, t.len))
		o[len++] = '_';
	size_t more = cut(t.s, t.len, room > tail + len ? room - tail - len : 1);
	memcpy(o + len, t.s, more);
	len += more;
	memcpy(o + len, suffix, tail + 1);
	len += tail;
	if (rules == NAME_PORTABLE && (o[len - 1] == '.' || o[len - 1] == ' '))
		o[len - 1] = '_';
}

void
name_safe(const char *title, enum name_rules rules, size_t reserve, struct name *out)
{
	compose(title, SIZE_MAX, "", rules, reserve < NAME_BYTES ? NAME_BYTES - reserve : 1, out);
}

void
name_file(const char *title, const char *ext, enum name_rules rules, struct name *out)
{
	size_t len = title ? strlen(title) : 0, tail = ext ? strlen(ext) + 1 : 0;
	char suffix[EXT_BYTES + 2] = "";
	struct stage t;

	if (tail > 1 && len > tail && title[len - tail] == '.' &&
	    strcasecmp(title + len - tail + 1, ext) == 0) {
		len -= tail;
		ext = title + len + 1;
	}
	if (tail > 1) {
		stage(ext, tail - 1, rules, &t);
		snprintf(suffix, sizeof(suffix), ".%.*s", (int)cut(t.s, t.len, EXT_BYTES), t.s);
	}
	compose(title, len, suffix, rules, NAME_BYTES, out);
}

static void
fold(const char *name, struct stage *t)
{
	t->len = cut(name, strlen(name), STAGE_BYTES);
	memcpy(t->s, name, t->len);
	normalize(t, true);
}

/* Whether the name ends like the last candidate of some document. */
static bool
ends_like_the_last(const char *name, enum name_rules rules)
{
	struct stage t;
	const char *s = name;
	size_t len = strlen(name);

	if (rules == NAME_PORTABLE) {
		fold(name, &t);
		s = t.s;
		len = t.len;
	}
	if (len < NAME_ID_SUFFIX || memcmp(s + len - NAME_ID_SUFFIX, " (069", 5) != 0 ||
	    s[len - 1] != ')')
		return false;
	for (const char *p = s + len - NAME_ID_SUFFIX + 5; p < s + len - 1; p++)
		if (digit_of(*p) < 0)
			return false;
	return true;
}

void
name_candidates(const char *title, const char *ext, const char *id, enum name_rules rules,
    struct name out[NAME_CANDIDATES])
{
	char suffix[NAME_ID_SUFFIX + 1];

	name_safe(title, rules, 0, &out[0]);
	name_file(title, ext, rules, &out[1]);
	snprintf(suffix, sizeof(suffix), " (%.18s)", id);
	compose(title, SIZE_MAX, suffix, rules, NAME_BYTES, &out[2]);
	if (strcmp(out[0].s, out[1].s) == 0 || ends_like_the_last(out[1].s, rules))
		*out[1].s = '\0';
	if (ends_like_the_last(out[0].s, rules))
		*out[0].s = *out[1].s = '\0';
}

/* Mixes the bits once more, so that the low ones are as good as the high ones. */
static uint64_t
hash_bytes(const char *s, size_t n)
{
	uint64_t h = fnv_add(FNV_NONE, s, n);

	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static uint64_t
hash_unix(const char *name)
{
	return hash_bytes(name, strlen(name));
}

static uint64_t
hash_portable(const char *name)
{
	struct stage t;

	fold(name, &t);
	return hash_bytes(t.s, t.len);
}

name_hash *
name_hash_of(enum name_rules rules)
{
	return rules == NAME_PORTABLE ? hash_portable : hash_unix;
}

/*
 * Ids.
 */

static uint64_t
number_of(const char *s, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v * 62 + (uint64_t)digit_of(*s++);
	return v;
}

/*
 * An Id is three characters of its kind, three of the place where it was made, nine of a number. A
 * number below 2^39 (half a million million) leaves room for the whole place (62^3 < 2^18), a
 * larger one (62^9 < 2^54) for three bits of it.
 */
uint64_t
name_key(const char *id)
{
	if (!*id)
		return 0;
	uint64_t place = number_of(id + 3, 3), number = number_of(id + 6, 9);
	if (number < UINT64_C(1) << 39)
		return 1 + (place << 39 | number);
	return 1 + (UINT64_C(1) << 57 | place % 8 << 54 | number);
}

uint64_t
name_text_key(const char *s)
{
	return hash_unix(s) >> (64 - NAME_KEY_BITS) | 1;
}

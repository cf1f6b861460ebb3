#include <string.h>

#include "tests/org/id.h"

#define FIRST	2000000000u	/* so that ids look like those of an org with a past */
#define DIGITS	9

/* In ASCII order: ids then sort as their numbers. */
static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static char pod[3] = { '5', 'g', '0' };

static int
digit_value(char c)
{
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

void
id_suffix(const char *id15, char out[3])
{
	static const char table[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

	for (int group = 0; group < 3; group++) {
		unsigned bits = 0;

		for (int i = 0; i < 5; i++) {
			char c = id15[group * 5 + i];

			if (c >= 'A' && c <= 'Z')
				bits |= 1u << i;
		}
		out[group] = table[bits];
	}
}

void
id_choose_pod(const char *text)
{
	uint64_t h = 0xcbf29ce484222325;	/* FNV-1a */

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3;
	h ^= h >> 32;
	for (int i = 0; i < 3; i++, h /= 62)
		pod[i] = digits[h % 62];
}

void
id_make(const char *prefix, uint64_t number, char out[ID_SIZE])
{
	memcpy(out, prefix, 3);
	memcpy(out + 3, pod, 3);
	number += FIRST;
	for (int i = DIGITS - 1; i >= 0; i--) {
		out[6 + i] = digits[number % 62];
		number /= 62;
	}
	id_suffix(out, out + 15);
	out[18] = '\0';
}

bool
id_parse(const char *s, size_t len, char out[ID_SIZE])
{
	char suffix[3];

	if (len != 15 && len != 18)
		return false;
	for (size_t i = 0; i < len; i++)
		if (digit_value(s[i]) < 0)
			return false;
	id_suffix(s, suffix);
	if (len == 18 && memcmp(suffix, s + 15, 3) != 0)
		return false;
	memcpy(out, s, 15);
	memcpy(out + 15, suffix, 3);
	out[18] = '\0';
	return true;
}

static uint64_t
digits_value(const char *id)
{
	uint64_t n = 0;

	for (int i = 0; i < DIGITS; i++)
		n = n * 62 + (uint64_t)digit_value(id[6 + i]);
	return n;
}

bool
id_number(const char *id, const char *prefix, uint64_t *out)
{
	if (memcmp(id, prefix, 3) != 0 || memcmp(id + 3, pod, 3) != 0)
		return false;
	uint64_t n = digits_value(id);
	if (n < FIRST)
		return false;
	*out = n - FIRST;
	return true;
}

uint64_t
id_lower_bound(const char *id, const char *prefix)
{
	int order = memcmp(id, prefix, 3);

	if (order == 0)
		order = memcmp(id + 3, pod, 3);
	if (order != 0)
		return order < 0 ? 0 : UINT64_MAX;
	uint64_t n = digits_value(id);
	return n < FIRST ? 0 : n - FIRST;
}

#include <string.h>
#include <strings.h>

#include "types.h"

#define LONGEST_TYPED	64u	/* bytes; a longer value is text */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
digits(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && is_digit(p[i]))
		i++;
	return i;
}

/* The length of the whole part of a number, its sign included; 0: there is none. No zero leads:
 * that is a code, not a number. */
static size_t
whole_part(const char *p, size_t n)
{
	size_t sign = n > 0 && *p == '-', len = digits(p + sign, n - sign);

	return len == 0 || (len > 1 && p[sign] == '0') ? 0 : sign + len;
}

static bool
is_integer(const char *p, size_t n)
{
	return whole_part(p, n) == n;
}

static bool
is_decimal(const char *p, size_t n)
{
	size_t whole = whole_part(p, n);

	if (whole == 0 || whole == n)
		return whole > 0;
	return p[whole] == '.' && n > whole + 1 &&
	    digits(p + whole + 1, n - whole - 1) == n - whole - 1;
}

static bool
is_boolean(const char *p, size_t n)
{
	return (n == 4 && strncasecmp(p, "true", 4) == 0) ||
	    (n == 5 && strncasecmp(p, "false", 5) == 0);
}

/* Two digits, from least to most. */
static bool
is_two(const char *p, int least, int most)
{
	int n = is_digit(p[0]) && is_digit(p[1]) ? 10 * (p[0] - '0') + p[1] - '0' : -1;

	return n >= least && n <= most;
}

static bool
is_date(const char *p, size_t n)
{
	return n == 10 && digits(p, 4) == 4 && p[4] == '-' && is_two(p + 5, 1, 12) && p[7] == '-' &&
	    is_two(p + 8, 1, 31);
}

/* 2024-01-31T23:59:59.000Z; a blank for the T, seconds, fraction and zone may be missing. */
static bool
is_datetime(const char *p, size_t n)
{
	if (n < 16 || !is_date(p, 10) || (p[10] != 'T' && p[10] != ' ') || !is_two(p + 11, 0, 23) ||
	    p[13] != ':' || !is_two(p + 14, 0, 59))
		return false;
	p += 16, n -= 16;
	if (n >= 3 && *p == ':') {
		if (!is_two(p + 1, 0, 60))
			return false;
		p += 3, n -= 3;
		size_t fraction = n > 1 && *p == '.' ? digits(p + 1, n - 1) : 0;
		if (fraction)
			p += 1 + fraction, n -= 1 + fraction;
	}
	if (n == 0 || (n == 1 && *p == 'Z'))
		return true;
	bool colon = n == 6 && p[3] == ':';
	return (n == 5 || colon) && (*p == '+' || *p == '-') && is_two(p + 1, 0, 23) &&
	    is_two(p + 3 + colon, 0, 59);
}

/*
 * Salesforce Ids: 15 letters and digits, with a digit among the first three; or 18, the last three
 * of which say which of the others are upper case, five each.
 */
static bool
is_id(const char *p, size_t n)
{
	static const char suffix[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
	unsigned upper[3] = { 0 };

	if (n != 15 && n != 18)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool is_upper = p[i] >= 'A' && p[i] <= 'Z';

		if (!is_upper && !is_digit(p[i]) && !(p[i] >= 'a' && p[i] <= 'z'))
			return false;
		if (i < 15)
			upper[i / 5] |= (unsigned)is_upper << i % 5;
	}
	for (size_t i = 15; i < n; i++)
		if (p[i] != suffix[upper[i - 15]])
			return false;
	return n == 18 || is_digit(p[0]) || is_digit(p[1]) || is_digit(p[2]);
}

static bool
is_text(const char *p, size_t n)
{
	(void)p;
	(void)n;
	return true;
}

/* The first that all values fit is the column's. */
static const struct {
	const char	*name;
	bool		(*fits)(const char *, size_t);
} types[] = {
	{ "integer",	   is_integer },
	{ "decimal",	   is_decimal },
	{ "boolean",	   is_boolean },
	{ "date",	   is_date },
	{ "datetime",	   is_datetime },
	{ "Salesforce Id", is_id },
	{ "text",	   is_text },
};

#define TYPES	(sizeof(types) / sizeof(types[0]))
#define DECIMAL	(1u << 1)	/* integers are too */
#define TEXT	(1u << (TYPES - 1))

unsigned
types_narrow(unsigned possible, const char *p, size_t n)
{
	if (n > LONGEST_TYPED)
		return possible & TEXT;
	for (unsigned i = 0; i < TYPES - 1; i++)
		if (possible & 1u << i && !types[i].fits(p, n))
			possible &= ~(1u << i);
	return possible;
}

bool
types_number(unsigned possible)
{
	return possible & DECIMAL;
}

const char *
types_name(unsigned possible)
{
	unsigned i = 0;

	while (i < TYPES - 1 && !(possible & 1u << i))
		i++;
	return types[i].name;
}

/* Of decimals without a sign: more digits before the point are more; then digit by digit. */
static int
compare_magnitude(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t a_whole = digits(a, a_len), b_whole = digits(b, b_len);

	if (a_whole != b_whole)
		return a_whole > b_whole ? 1 : -1;
	for (size_t i = 0; i < a_len || i < b_len; i++) {
		char x = i < a_len ? a[i] : '0', y = i < b_len ? b[i] : '0';

		if (x != y && !(i == a_whole && i >= a_len) && !(i == a_whole && i >= b_len))
			return x > y ? 1 : -1;
	}
	return 0;
}

int
types_compare_numbers(const char *a, size_t a_len, const char *b, size_t b_len)
{
	bool a_minus = *a == '-', b_minus = *b == '-';

	if (a_minus != b_minus)
		return a_minus ? -1 : 1;
	int order = compare_magnitude(a + a_minus, a_len - a_minus, b + b_minus, b_len - b_minus);
	return a_minus ? -order : order;
}

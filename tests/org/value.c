#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wctype.h>

#include "tests/org/value.h"

void
value_set_null(struct value *v)
{
	v->kind = VALUE_NULL;
}

void
value_set_boolean(struct value *v, bool b)
{
	v->kind = VALUE_BOOLEAN;
	v->number = b;
}

void
value_set_number(struct value *v, int64_t n)
{
	v->kind = VALUE_NUMBER;
	v->number = n;
}

void
value_set_text(struct value *v, const char *s)
{
	v->kind = s && *s ? VALUE_TEXT : VALUE_NULL;
	v->text = s;
	v->len = s ? strlen(s) : 0;
}

void
value_set_datetime(struct value *v, int64_t ms)
{
	v->kind = VALUE_DATETIME;
	v->number = ms;
}

/* The next character of the n > 0 bytes at s; a byte that is not UTF-8 stands for itself. */
static uint32_t
next_char(const unsigned char *s, size_t n, size_t *len)
{
	unsigned extra = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : s[0] < 0xf5 ? 3 : 0;
	uint32_t c = s[0];

	*len = 1;
	if (extra == 0 || extra >= n)
		return c;
	c &= 0x3fu >> extra;
	for (unsigned i = 1; i <= extra; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return s[0];
		c = c << 6 | (s[i] & 0x3f);
	}
	*len = extra + 1;
	return c;
}

static uint32_t
fold(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + 32 : c;
	return (uint32_t)towlower((wint_t)c);
}

int
text_order(const char *a, size_t na, const char *b, size_t nb)
{
	const unsigned char *p = (const unsigned char *)a, *q = (const unsigned char *)b;

	while (na > 0 && nb > 0) {
		size_t lp, lq;
		uint32_t c = fold(next_char(p, na, &lp)), d = fold(next_char(q, nb, &lq));

		if (c != d)
			return c < d ? -1 : 1;
		p += lp;
		na -= lp;
		q += lq;
		nb -= lq;
	}
	return (na > 0) - (nb > 0);
}

/* Backtracks only to the last %: whatever an earlier one could take, the last one can take too. */
bool
text_like(const char *text, size_t nt, const char *pattern, size_t np)
{
	const unsigned char *t = (const unsigned char *)text, *p = (const unsigned char *)pattern;
	size_t it = 0, ip = 0, star = SIZE_MAX, mark = 0;

	while (it < nt) {
		size_t lt, lp = 0;
		uint32_t c = fold(next_char(t + it, nt - it, &lt));

		if (ip < np && p[ip] == '%') {
			star = ++ip;
			mark = it;
			continue;
		}
		if (ip < np) {
			bool any = p[ip] == '_';
			size_t at = ip + (p[ip] == '\\' && ip + 1 < np);

			if (fold(next_char(p + at, np - at, &lp)) == c || any) {
				ip = at + lp;
				it += lt;
				continue;
			}
		}
		if (star == SIZE_MAX)
			return false;
		ip = star;
		next_char(t + mark, nt - mark, &lt);
		mark += lt;
		it = mark;
	}
	while (ip < np && p[ip] == '%')
		ip++;
	return ip == np;
}

static double
as_real(const struct value *v)
{
	return v->kind == VALUE_REAL ? v->real : (double)v->number;
}

int
value_order(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_ID) {
		int order = memcmp(a->text, b->text, 15);

		return (order > 0) - (order < 0);
	}
	if (a->kind == VALUE_TEXT)
		return text_order(a->text, a->len, b->text, b->len);
	if (a->kind == VALUE_REAL || b->kind == VALUE_REAL) {
		double x = as_real(a), y = as_real(b);

		return (x > y) - (x < y);
	}
	return (a->number > b->number) - (a->number < b->number);
}

/* The shortest form that reads as the same number; a whole one as 12.0. */
static void
put_real(struct buf *out, double real)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, real);
		if (strtod(text, NULL) == real)
			break;
	}
	buf_puts(out, text);
	if (!strpbrk(text, ".en"))
		buf_puts(out, ".0");
}

void
value_put_json(struct buf *out, const struct value *v)
{
	char date[32];

	switch (v->kind) {
	case VALUE_NULL:
		buf_puts(out, "null");
		break;
	case VALUE_BOOLEAN:
		buf_puts(out, v->number ? "true" : "false");
		break;
	case VALUE_NUMBER:
		buf_printf(out, "%lld", (long long)v->number);
		break;
	case VALUE_REAL:
		put_real(out, v->real);
		break;
	case VALUE_TEXT:
	case VALUE_ID:
		buf_put_json(out, v->text, v->len);
		break;
	case VALUE_DATETIME:
		datetime_format(v->number, date);
		buf_put_json(out, date, strlen(date));
		break;
	case VALUE_DATE:
		datetime_format(v->number * 86400000, date);
		buf_put_json(out, date, 10);
		break;
	}
}

void
datetime_format(int64_t ms, char out[32])
{
	int64_t part = ((ms % 1000) + 1000) % 1000;
	time_t t = (time_t)((ms - part) / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	size_t n = strftime(out, 32, "%4Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, 32 - n, ".%03u+0000", (unsigned)part % 1000);
}

/* The number of n digits at s, or -1. */
static int
number_at(const char *s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool
date_parse(const char *s, size_t len, int64_t *days)
{
	if (len != 10 || s[4] != '-' || s[7] != '-')
		return false;
	int y = number_at(s, 4), m = number_at(s + 5, 2), d = number_at(s + 8, 2);
	if (y < 1700 || m < 1 || m > 12 || d < 1 || d > days_in_month(y, m))
		return false;
	struct tm tm = { .tm_year = y - 1900, .tm_mon = m - 1, .tm_mday = d };
	*days = (int64_t)timegm(&tm) / 86400;
	return true;
}

/* Z, +01:00 or +0100, and nothing after it; in minutes east. */
static bool
zone_parse(const char *s, size_t len, int *minutes)
{
	if (len == 1 && (*s == 'Z' || *s == 'z')) {
		*minutes = 0;
		return true;
	}
	if ((*s != '+' && *s != '-') || (len != 5 && len != 6) || (len == 6 && s[3] != ':'))
		return false;
	int h = number_at(s + 1, 2), m = number_at(s + len - 2, 2);
	if (h < 0 || h > 14 || m < 0 || m > 59)
		return false;
	*minutes = (h * 60 + m) * (*s == '-' ? -1 : 1);
	return true;
}

bool
datetime_parse(const char *s, size_t len, int64_t *ms)
{
	int64_t days;
	int part = 0, east;

	if (len < 20 || (s[10] != 'T' && s[10] != 't') || !date_parse(s, 10, &days) ||
	    s[13] != ':' || s[16] != ':')
		return false;
	int h = number_at(s + 11, 2), m = number_at(s + 14, 2), sec = number_at(s + 17, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59)
		return false;
	size_t at = 19;
	if (s[at] == '.') {
		int scale = 100;

		for (at++; at < len && s[at] >= '0' && s[at] <= '9'; at++, scale /= 10)
			part += (s[at] - '0') * scale;
		if (at == 20 || at > 29)
			return false;
	}
	if (at >= len || !zone_parse(s + at, len - at, &east))
		return false;
	*ms = (((days * 24 + h) * 60 + m - east) * 60 + sec) * 1000 + part;
	return true;
}

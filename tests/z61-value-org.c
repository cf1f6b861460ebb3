/* Values compare as in Salesforce, and dates have its form. */
#include <locale.h>

#include "tests/org/value.h"
#include "tap.h"

static const struct {
	const char *text, *pattern;
	bool match;
} likes[] = {
	{ "Forecast", "Forecast", true },
	{ "Forecast", "forecast", true },
	{ "Forecast", "Fore", false },
	{ "Forecast", "Fore%", true },
	{ "Forecast", "%cast", true },
	{ "Forecast", "%ec%", true },
	{ "Forecast", "F%t", true },
	{ "Forecast", "_orecast", true },
	{ "Forecast", "________", true },
	{ "Forecast", "_______", false },
	{ "", "", true },
	{ "", "%", true },
	{ "", "_", false },
	{ "100%", "100\\%", true },
	{ "1000", "100\\%", false },
	{ "a_b", "a\\_b", true },
	{ "axb", "a\\_b", false },
	{ "a\\b", "a\\\\b", true },
	{ "\xc3\x9c"
	  "ber",
	    "_ber", true },
	{ "\xc3\x9c"
	  "BER",
	    "\xc3\xbc%", true },
	{ "aaab", "%a_b", true },
	{ "aab", "a%a%b", true },
	{ "ab", "a%a%b", false },
	{ "x", "%%%", true },
	{ "\xff\xfe", "__", true },
};

static const struct {
	const char *text;
	int64_t ms;		/* -1: not a date-time */
} times[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01T00:00:00.000Z", 0 },
	{ "1970-01-01T00:00:01.250Z", 1250 },
	{ "1970-01-01T01:00:00+01:00", 0 },
	{ "1970-01-01T01:00:00+0100", 0 },
	{ "1969-12-31T23:00:00-01:00", 0 },
	{ "2024-02-29T12:00:00Z", 1709208000000 },
	{ "2023-02-29T12:00:00Z", -1 },
	{ "2024-13-01T00:00:00Z", -1 },
	{ "2024-01-01T24:00:00Z", -1 },
	{ "2024-01-01T00:00:00", -1 },
	{ "2024-01-01", -1 },
	{ "2024-01-01T00:00:00+25:00", -1 },
	{ "2024-01-01T00:00:00.Z", -1 },
	{ "2024-01-01T00:00:00ZZ", -1 },
	{ "2024-01-01 00:00:00Z", -1 },
	{ "", -1 },
};

static const struct {
	const char *a, *b;
	int order;
} orders[] = {
	{ "a", "A", 0 },
	{ "a", "b", -1 },
	{ "B", "a", 1 },
	{ "a", "ab", -1 },
	{ "", "", 0 },
	{ "\xc3\x84", "\xc3\xa4", 0 },
	{ "z", "\xc3\xa4", -1 },
};

int
main(void)
{
	char date[32];

	setlocale(LC_CTYPE, "C.UTF-8");
	for (size_t i = 0; i < sizeof(likes) / sizeof(likes[0]); i++)
		ok(text_like(likes[i].text, strlen(likes[i].text), likes[i].pattern,
		       strlen(likes[i].pattern)) == likes[i].match,
		    "'%s' %s '%s'", likes[i].text, likes[i].match ? "is like" : "is not like",
		    likes[i].pattern);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		is_int(text_order(orders[i].a, strlen(orders[i].a), orders[i].b,
			   strlen(orders[i].b)),
		    orders[i].order, orders[i].a);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		int64_t ms = -1;
		bool good = datetime_parse(times[i].text, strlen(times[i].text), &ms);

		ok(good == (times[i].ms >= 0) && (!good || ms == times[i].ms), "'%s' is %s",
		    times[i].text, good ? "a date-time" : "none");
	}
	datetime_format(1709208000000, date);
	is_str(date, "2024-02-29T12:00:00.000+0000", "a date-time has no colon in its offset");
	datetime_format(-1, date);
	is_str(date, "1969-12-31T23:59:59.999+0000", "a date-time before 1970 is written too");
	return tap_done();
}

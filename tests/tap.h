/*
 * tap - TAP for unit tests.
 *
 * A test is a table of cases and a loop that calls ok() or is_str() on each; `return tap_done();`
 * ends main. Single thread.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct { int run, failed; } tap;

__attribute__((format(printf, 2, 3), unused))
static bool
ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap.run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	tap.failed += !good;
	fflush(stdout);
	return good;
}

__attribute__((unused))
static bool
is_str(const char *got, const char *want, const char *what)
{
	bool good = got && want ? strcmp(got, want) == 0 : got == want;

	ok(good, "%s", what);
	if (!good)
		printf("# got:  %s\n# want: %s\n", got ? got : "(null)", want ? want : "(null)");
	return good;
}

__attribute__((unused))
static bool
is_int(long long got, long long want, const char *what)
{
	bool good = ok(got == want, "%s", what);

	if (!good)
		printf("# got:  %lld\n# want: %lld\n", got, want);
	return good;
}

static int
tap_done(void)
{
	printf("1..%d\n", tap.run);
	return tap.failed != 0;
}

#endif

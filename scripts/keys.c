/*
 * keys - prints the keys of the config as mdoc(7), a list for each group, for sffs.conf(5): what
 * the program knows is what the manual says.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "auth/option.h"

/* Escapes what mdoc(7) would take for an escape or a typographic quote. Each word is a line. */
static void
print_text(const char *s)
{
	static const char *const names[] = {
		['\\'] = "\\e", ['~'] = "\\(ti", ['^'] = "\\(ha", ['`'] = "\\(ga", ['\''] = "\\(aq",
		[' '] = "\n"
	};

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		const char *name = c < sizeof(names) / sizeof(names[0]) ? names[c] : NULL;

		name ? fputs(name, stdout) : putchar(c);
	}
}

/* "one|two" are literal words, "SECONDS" is a placeholder. */
static void
print_values(const char *s)
{
	for (size_t n; n = strcspn(s, "|"), *s; s += n + (s[n] == '|')) {
		bool named = isupper((unsigned char)*s) || *s == '.';

		fputs(named ? " Ar " : " Cm ", stdout);
		for (size_t i = 0; i < n && *s != '.'; i++)
			putchar(tolower((unsigned char)s[i]));
		fputs(*s == '.' ? "text" : s[n] ? " |" : "", stdout);
	}
}

int
main(void)
{
	for (const struct option *o = option_table; o->name; o++) {
		if (o->group)
			printf("%s.Ss %s\n.Bl -tag -width Ds\n", o == option_table ? "" : ".El\n",
			    o->group);
		printf(".It Cm %s Ns = Ns", o->name);
		print_values(option_values(o));
		putchar('\n');
		print_text(o->help);
		printf("\nExample:\n%s =\n", o->name);
		print_text(o->example);
		if (o->fallback) {
			fputs(";\nby default ", stdout);
			print_text(o->fallback);
		}
		putchar('\n');
	}
	puts(".El");
	return fflush(stdout) != 0;
}

/* Names that are made of titles, and Ids. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/id.h"
#include "fs/name.h"
#include "tap.h"

#define ID	"0695g00000AbCdEAAV"

static const struct {
	const char *what, *title, *unix_name, *portable;
} safe[] = {
	{ "a plain title", "Q3 Forecast", "Q3 Forecast", "Q3 Forecast" },
	{ "other scripts",
	    "\xc3\x9c"
	    "bersicht \xe5\xa0\xb1\xe5\x91\x8a \xf0\x9f\x93\x88",
	    "\xc3\x9c"
	    "bersicht \xe5\xa0\xb1\xe5\x91\x8a \xf0\x9f\x93\x88",
	    "\xc3\x9c"
	    "bersicht \xe5\xa0\xb1\xe5\x91\x8a \xf0\x9f\x93\x88" },
	{ "slashes", "a/b//c", "a_b__c", "a_b__c" },
	{ "nothing but slashes", "/", "_", "_" },
	{ "control characters", "a\tb\nc\x01\x1f\x7f", "a_b_c___", "a_b_c___" },
	{ "C1 controls", "a\xc2\x80\xc2\x9f\xc2\xa0z", "a__\xc2\xa0z", "a__\xc2\xa0z" },
	{ "bidi controls",
	    "\xe2\x80\xae"
	    "fdp.x\xe2\x80\xac\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f\xe2\x81\xa6\xe2\x81\xa9",
	    "_fdp.x______", "_fdp.x______" },
	{ "their neighbours stay", "\xe2\x80\x8d\xe2\x80\x90\xe2\x81\xaa",
	    "\xe2\x80\x8d\xe2\x80\x90\xe2\x81\xaa", "\xe2\x80\x8d\xe2\x80\x90\xe2\x81\xaa" },
	{ "a leading dot", ".profile", "_profile", "_profile" },
	{ "one leading dot of two", "..x", "_.x", "_.x" },
	{ "a dot", ".", "_", "_" },
	{ "two dots", "..", "_.", "__" },
	{ "a leading hyphen", "-rf", "_rf", "_rf" },
	{ "a leading hyphen alone", "a-b", "a-b", "a-b" },
	{ "nothing", "", "_", "_" },
	{ "null", NULL, "_", "_" },
	{ "blanks", "  ", "  ", " _" },
	{ "a byte that starts nothing",
	    "a\x80"
	    "b",
	    "a_b", "a_b" },
	{ "a sequence cut short", "a\xe2\x82", "a__", "a__" },
	{ "an overlong slash", "\xc0\xaf", "__", "__" },
	{ "an overlong sequence", "\xe0\x80\x80", "___", "___" },
	{ "a surrogate", "\xed\xa0\x80", "___", "___" },
	{ "beyond Unicode", "\xf4\x90\x80\x80\xff", "_____", "_____" },
	{ "what Windows forbids", "a<b>c:d\"e\\f|g?h*i", "a<b>c:d\"e\\f|g?h*i",
	    "a_b_c_d_e_f_g_h_i" },
	{ "a trailing dot", "etc.", "etc.", "etc_" },
	{ "trailing blanks", "x  ", "x  ", "x _" },
	{ "a device", "con", "con", "_con" },
	{ "a device with an extension", "Aux.txt", "Aux.txt", "_Aux.txt" },
	{ "a device with blanks", "NUL  .a.b", "NUL  .a.b", "_NUL  .a.b" },
	{ "a numbered device", "LPT9", "LPT9", "_LPT9" },
	{ "a device with a superscript", "com\xc2\xb9.x", "com\xc2\xb9.x", "_com\xc2\xb9.x" },
	{ "a device of the console", "CONIN$", "CONIN$", "_CONIN$" },
	{ "no device", "console", "console", "console" },
	{ "no device either", "COM0", "COM0", "COM0" },
	{ "a letter and its accent",
	    "U\xcc\x88"
	    "ber",
	    "U\xcc\x88"
	    "ber",
	    "\xc3\x9c"
	    "ber" },
	{ "accents out of order", "a\xcc\x81\xcc\xa3", "a\xcc\x81\xcc\xa3",
	    "\xe1\xba\xa1\xcc\x81" },
	{ "Hangul", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab",
	    "\xed\x95\x9c" },
};

static const struct {
	const char *what, *title, *ext, *names[3], *file;
} candidates[] = {
	{ "title and extension", "Q3", "csv", { "Q3", "Q3.csv", "Q3 (" ID ")" }, "Q3.csv" },
	{ "no extension", "Q3", NULL, { "Q3", "", "Q3 (" ID ")" }, "Q3" },
	{ "an empty extension", "Q3", "", { "Q3", "", "Q3 (" ID ")" }, "Q3" },
	{ "a title that has it", "Q3.csv", "csv", { "Q3.csv", "", "Q3.csv (" ID ")" }, "Q3.csv" },
	{ "in another case", "Q3.CSV", "csv", { "Q3.CSV", "", "Q3.CSV (" ID ")" }, "Q3.CSV" },
	{ "a title that is the extension", ".csv", "csv", { "_csv", "_csv.csv", "_csv (" ID ")" },
	    "_csv.csv" },
	{ "another extension", "Q3.txt", "csv", { "Q3.txt", "Q3.txt.csv", "Q3.txt (" ID ")" },
	    "Q3.txt.csv" },
	{ "an extension that is none", "Q3", "a/b", { "Q3", "Q3.a_b", "Q3 (" ID ")" }, "Q3.a_b" },
	{ "no title", "", "csv", { "_", "_.csv", "_ (" ID ")" }, "_.csv" },
	{ "a title like a last name", "Q3 (0690000000000A1AAA)", "csv",
	    { "", "", "Q3 (0690000000000A1AAA) (" ID ")" }, "Q3 (0690000000000A1AAA).csv" },
	{ "with an Id of another kind", "Q3 (0680000000000A1AAA)", NULL,
	    { "Q3 (0680000000000A1AAA)", "", "Q3 (0680000000000A1AAA) (" ID ")" },
	    "Q3 (0680000000000A1AAA)" },
	{ "with a character that no Id has", "Q3 (0690000000000A1A-A)", NULL,
	    { "Q3 (0690000000000A1A-A)", "", "Q3 (0690000000000A1A-A) (" ID ")" },
	    "Q3 (0690000000000A1A-A)" },
	{ "an extension like a last name", "Q3", "x (0690000000000A1AAA)",
	    { "Q3", "", "Q3 (" ID ")" }, "Q3.x (0690000000000A1AAA)" },
};

static const struct {
	const char *what, *a, *b;
	bool unix_same, portable_same;
} pairs[] = {
	{ "the same", "Q3", "Q3", true, true },
	{ "another", "Q3", "Q4", false, false },
	{ "another case", "Q3 FORECAST", "q3 Forecast", false, true },
	{ "another case of another letter", "\xc3\x9c", "\xc3\xbc", false, true },
	{ "sharp s", "stra\xc3\x9f" "e", "STRASSE", false, true },
	{ "final sigma", "\xcf\x83", "\xcf\x82", false, true },
	{ "another form", "\xc3\xbc", "u\xcc\x88", false, true },
	{ "an accent", "u", "\xc3\xbc", false, false },
};

static const struct {
	const char *s, *id;	/* NULL: none */
} ids[] = {
	{ "068C5000000yBlN", "068C5000000yBlNIAU" },
	{ "069C5000000wSyP", "069C5000000wSyPIAU" },
	{ "06AC50000019jAD", "06AC50000019jADMAY" },
	{ "005C8000003yL1e", "005C8000003yL1eIAE" },
	{ "00558000001N0Ke", "00558000001N0KeAAK" },
	{ "70130000001tcyI", "70130000001tcyIAAQ" },
	{ "a0BA0000000L2ZC", "a0BA0000000L2ZCMA0" },
	{ "AaaAABbbBBCccCC", "AaaAABbbBBCccCCZZZ" },
	{ "001D000000IRFma", "001D000000IRFmaIAH" },
	{ "015D0000000N3ZZ", "015D0000000N3ZZIA0" },
	{ "015D0000000N3ZZIA0", "015D0000000N3ZZIA0" },
	{ "015D0000000N3ZZIAA", NULL },
	{ "015d0000000n3zzia0", NULL },
	{ "015D0000000N3ZZia0", NULL },
	{ "", NULL },
	{ "069", NULL },
	{ "069C5000000wSy", NULL },
	{ "069C5000000wSyPIA", NULL },
	{ "069C5000000wSyPIAUx", NULL },
	{ "069C5000000wS-P", NULL },
	{ "069C5000000wS\xc3\xa4", NULL },
	{ "069C5000000wSyPIA_", NULL },
};

static const struct { const char *smaller, *larger;
} order[] = {
	{ "069000000000000", "069000000000001" },
	{ "069000000000009", "06900000000000A" },
	{ "06900000000000Z", "06900000000000a" },
	{ "06900000000000z", "069000000000010" },
	{ "069000000000001", "069001000000000" },
	{ "0690000000zzzzz", "069001000000000" },
	{ "0695g00000AbCdE", "0695g00000AbCdF" },
	{ "069zzz0000zzzzz", "069000zzzzzzzzz" },
};

static void
check_candidates(const char *what, const char *title, const char *ext, const char *const names[3],
    const char *file)
{
	struct name got[NAME_CANDIDATES], got_file;
	char text[100];

	name_candidates(title, ext, ID, NAME_UNIX, got);
	name_file(title, ext, NAME_UNIX, &got_file);
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "%s: candidate %d", what, i + 1);
		is_str(got[i].s, names[i], text);
	}
	snprintf(text, sizeof(text), "%s: the file", what);
	is_str(got_file.s, file, text);
}

/* Repeats a text n times. */
static char *
repeat(const char *s, size_t n)
{
	size_t len = strlen(s);
	char *out = malloc(n * len + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(out + i * len, s, len);
	out[n * len] = '\0';
	return out;
}

/* A title that is too long is cut at a character; its extension or Id stays whole. */
static void
check_long(const char *what, const char *character, enum name_rules rules, size_t want)
{
	char *title = repeat(character, 255);
	struct name names[NAME_CANDIDATES], file;

	name_candidates(title, "csv", ID, rules, names);
	name_file(title, "csv", rules, &file);
	is_int((long long)strlen(names[0].s), (long long)want, what);
	ok(strlen(names[0].s) % strlen(character) == 0, "%s: cut at a character", what);
	ok(strlen(file.s) <= NAME_BYTES && strlen(file.s) > NAME_BYTES - 4 &&
		strcmp(file.s + strlen(file.s) - 4, ".csv") == 0,
	    "%s: the name of the file keeps its extension", what);
	ok(strlen(names[2].s) <= NAME_BYTES && strlen(names[2].s) > NAME_BYTES - 4 &&
		strcmp(names[2].s + strlen(names[2].s) - 21, " (" ID ")") == 0,
	    "%s: the last candidate has its Id", what);
	free(title);
}

/* Any bytes make a name that a directory can hold. */
static bool
is_name(const struct name *n)
{
	return *n->s && strlen(n->s) <= NAME_BYTES && !strchr(n->s, '/') && *n->s != '.' &&
	    *n->s != '-';
}

static bool
survives(unsigned rounds)
{
	static const char *const parts[] = { "a", " ", ".", "/", "\xcc\x88", "\xc3\x9f",
		"\xf0\x9f\x93\x88", "\xff", "\xe2", " (0690000000000A1AAA)", "\xe1\xbe\x82", "CON",
		"csv", "\xcd\x85", "\xef\xac\x83" };
	uint64_t state = 1;

	for (unsigned r = 0; r < rounds; r++) {
		char title[1200] = "", ext[200] = "";
		struct name names[NAME_CANDIDATES], file;

		for (int k = 0; k < 2; k++) {
			char *s = k ? ext : title;
			size_t room = (k ? sizeof(ext) : sizeof(title)) - 32, len = 0;
			size_t want = (state >> 13) % (r % 4 ? 30 : room);

			while (len < want) {
				state = state * 6364136223846793005u + 1442695040888963407u;
				len += (size_t)sprintf(s + len, "%s",
				    parts[(state >> 40) % (sizeof(parts) / sizeof(parts[0]))]);
			}
		}
		for (enum name_rules rules = NAME_UNIX; rules <= NAME_PORTABLE; rules++) {
			name_candidates(title, ext, ID, rules, names);
			name_file(title, ext, rules, &file);
			if (!is_name(&names[2]) || !is_name(&file) ||
			    (*names[0].s && !is_name(&names[0])) ||
			    (*names[1].s && !is_name(&names[1])))
				return false;
			name_hash_of(rules)(file.s);
		}
	}
	return true;
}

int
main(void)
{
	char text[120];

	for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++) {
		struct name n;

		name_safe(safe[i].title, NAME_UNIX, 0, &n);
		is_str(n.s, safe[i].unix_name, safe[i].what);
		name_safe(safe[i].title, NAME_PORTABLE, 0, &n);
		snprintf(text, sizeof(text), "%s, portable", safe[i].what);
		is_str(n.s, safe[i].portable, text);
	}
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		check_candidates(candidates[i].what, candidates[i].title, candidates[i].ext,
		    candidates[i].names, candidates[i].file);
	check_long("255 letters", "a", NAME_UNIX, 255);
	check_long("255 letters of two bytes", "\xc3\x9f", NAME_UNIX, 254);
	check_long("255 letters of three bytes", "\xe5\xa0\xb1", NAME_PORTABLE, 255);
	check_long("255 letters of four bytes", "\xf0\x9f\x93\x88", NAME_PORTABLE, 252);

	struct name names[NAME_CANDIDATES], shorter;
	name_candidates("x (069\xc5\xbf" "000000000A1AAA)", NULL, ID, NAME_PORTABLE, names);
	is_str(names[0].s, "",
	    "a title that looks like a name with an Id is no candidate, in any letters");
	name_candidates("CON", "txt", ID, NAME_PORTABLE, names);
	is_str(names[1].s, "_CON.txt", "a portable name of a device and its extension is safe");
	name_safe("abcdef", NAME_UNIX, NAME_BYTES - 3, &shorter);
	is_str(shorter.s, "abc", "a name leaves the room that is asked for");

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		name_hash *u = name_hash_of(NAME_UNIX), *p = name_hash_of(NAME_PORTABLE);

		ok((u(pairs[i].a) == u(pairs[i].b)) == pairs[i].unix_same, "one name: %s",
		    pairs[i].what);
		ok((p(pairs[i].a) == p(pairs[i].b)) == pairs[i].portable_same,
		    "one name, portable: %s", pairs[i].what);
	}

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char id[19] = "";
		bool good = id_read(ids[i].s, id);

		snprintf(text, sizeof(text), "Id %s", ids[i].s);
		is_str(good ? id : NULL, ids[i].id, text);
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		char a[19], b[19];

		ok(id_read(order[i].smaller, a) && id_read(order[i].larger, b) &&
			name_key(a) < name_key(b) && name_key(a) > 0 &&
			name_key(b) < UINT64_C(1) << NAME_KEY_BITS,
		    "key of %s before %s", a, b);
	}
	is_int((long long)name_key(""), 0, "an empty Id has the key 0");

	const char *rounds = getenv("ROUNDS");
	ok(survives(rounds ? (unsigned)atoi(rounds) : 5000), "any bytes make a name");
	return tap_done();
}

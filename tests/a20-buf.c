/* buf: bytes that grow, and the two encodings of everything that is sent or shown. */
#include <stdint.h>
#include <stdlib.h>

#include "auth/buf.h"
#include "auth/log.h"
#include "auth/secret.h"
#include "auth/utf8.h"
#include "tap.h"

static void
test_growing(void)
{
	struct buf b = BUF_INIT;
	bool same = true;

	is_str(buf_str(&b), "", "an empty buffer has an empty string");
	for (int i = 0; i < 100000; i++)
		buf_putc(&b, (char)('a' + i % 26));
	for (size_t i = 0; i < b.len; i++)
		same &= b.data[i] == (char)('a' + i % 26);
	ok(same && b.len == 100000 && b.data[b.len] == '\0' && b.cap > b.len,
	    "a buffer grows to 100,000 bytes");
	buf_clear(&b);
	ok(b.len == 0 && *buf_str(&b) == '\0' && b.cap > 100000,
	    "a cleared buffer keeps its memory");
	buf_put(&b, "a\0b", 3);
	buf_puts(&b, "");
	buf_put(&b, NULL, 0);
	ok(b.len == 3 && memcmp(b.data, "a\0b", 4) == 0, "a buffer takes a NUL");
	buf_clear(&b);
	buf_printf(&b, "%s-%d", "x", 7);
	for (int i = 0; i < 3; i++)
		buf_printf(&b, "%0100d", 1);
	ok(b.len == 303 && strncmp(b.data, "x-70000", 7) == 0 && b.data[302] == '1',
	    "buf_printf appends");
	char *s = buf_detach(&b);
	ok(s && strlen(s) == 303 && !b.data && b.len == 0,
	    "buf_detach hands out the string and empties the buffer");
	free(s);
	s = buf_detach(&b);
	is_str(s, "", "buf_detach of an empty buffer is an empty string");
	free(s);
	buf_puts(&b, "secret");
	buf_wipe(&b);
	ok(!b.data && b.len == 0 && b.cap == 0, "a wiped buffer is empty");
}

/* After an impossible size nothing is written, and the failure stays. */
static void
test_failing(void)
{
	struct buf b = BUF_INIT, empty = BUF_INIT;

	ok(!buf_reserve(&empty, SIZE_MAX) && empty.failed, "more than SIZE_MAX cannot be reserved");
	buf_puts(&b, "kept");
	ok(!buf_reserve(&b, SIZE_MAX - 2) && b.failed,
	    "more than SIZE_MAX cannot be reserved beside other bytes");
	buf_puts(&b, "lost");
	ok(b.len == 4 && strcmp(b.data, "kept") == 0, "a failed buffer takes no more bytes");
	buf_clear(&b);
	ok(b.failed, "buf_clear keeps the failure");
	ok(buf_detach(&b) == NULL && !b.data, "buf_detach of a failed buffer is NULL");
	buf_puts(&b, "new");
	is_str(buf_str(&b), "new", "after buf_detach the buffer can be used again");
	buf_free(&b);
}

static void
test_encodings(void)
{
	static const struct { const char *in; size_t len; const char *json, *url;
	} cases[] = {
		{ "", 0, "\"\"", "" }, { "az AZ09-._~", 11, "\"az AZ09-._~\"", "az%20AZ09-._~" },
		{ "a\"b\\c/", 6, "\"a\\\"b\\\\c/\"", "a%22b%5Cc%2F" },
		{ "\n\r\t\0\x1f\x7f", 6, "\"\\n\\u000d\\u0009\\u0000\\u001f\\u007f\"",
		    "%0A%0D%09%00%1F%7F" },
		{ "q=a+b&c%", 8, "\"q=a+b&c%\"", "q%3Da%2Bb%26c%25" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		    "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "%C3%A9%E2%82%AC%F0%9F%98%80" },
		{ "\xc2\x9b\xc2\xa0", 4, "\"\\u009b\xc2\xa0\"",
		    "%C2%9B%C2%A0" }, /* one controls terminals, one is a blank */
		{ "\xe2\x80\xae\xe2\x80\x8d", 6, "\"\\u202e\xe2\x80\x8d\"",
		    "%E2%80%AE%E2%80%8D" }, /* one turns text around, one joins characters */
		{ "\xff"
		  "a",
		    2,
		    "\"\xef\xbf\xbd"
		    "a\"",
		    "%FFa" },
		{ "\xc3", 1, "\"\xef\xbf\xbd\"", "%C3" }, /* cut */
		{ "\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"", "%C0%AF" }, /* overlong */
		{ "\xe0\x80\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "%E0%80%80" },
		{ "\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
		    "%ED%A0%80" }, /* a surrogate */
		{ "\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
		    "%F4%90%80%80" }, /* above U+10FFFF */
		{ "\xf4\x8f\xbf\xbf", 4, "\"\xf4\x8f\xbf\xbf\"", "%F4%8F%BF%BF" }, /* just below */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT;

		buf_put_json(&b, cases[i].in, cases[i].len);
		is_str(buf_str(&b), cases[i].json, "buf_put_json escapes a string");
		buf_clear(&b);
		buf_put_url(&b, cases[i].in, cases[i].len);
		is_str(buf_str(&b), cases[i].url, "buf_put_url escapes a string");
		buf_free(&b);
	}
}

/* How a text is shown to a person. */
static void
test_shown(void)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "", "" },
		{ "\"as it is\" \\ \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		    "\"as it is\" \\ \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\x1b]0;x\x07\r\t\x7f", "\\u001b]0;x\\u0007\\u000d\\u0009\\u007f" },
		{ "a\nb\n", "a\\nb\\n" },
		{ "\xc2\x9b" "31m\xd8\x9c", "\\u009b31m\\u061c" },
		{ "\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xa8\xe2\x80\xae",
		    "\\u200e\\u200f\\u2028\\u202e" },
		{ "\xe2\x81\xa6\xe2\x81\xa9", "\\u2066\\u2069" },
		{ "\xff\xc0\xaf\xe2\x82", "\\xff\\xc0\\xaf\\xe2\\x82" },
	};
	char out[200], line[64], euros[49] = "";
	FILE *f = tmpfile();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		utf8_show_all(out, sizeof(out), cases[i].in);
		is_str(out, cases[i].out, "shown");
	}
	utf8_show_all(out, 48, "thirty-five bytes are the most of it");
	is_str(out, "thirty-five bytes are the most of it", "a text that fits is not cut");
	utf8_show_all(out, 48, "forty-six and one are all that 48 bytes can say");
	is_str(out, "forty-six and one are all that 48 bytes can say",
	    "a text of 47 bytes fits into 48");
	utf8_show_all(out, 48, "forty-six and two are all that 48 bytes can hold");
	is_str(out, "forty-six and two are all that 48 bytes can...", "a text of 48 bytes is cut");
	utf8_show_all(out, 48, "what does not fit is cut at the end of a word, and says so");
	is_str(out, "what does not fit is cut at the end of a...",
	    "a text that does not fit ends after a word, with ...");
	for (char *p = euros; p < euros + 48; p += 3)
		memcpy(p, "\xe2\x82\xac", 3);
	utf8_show_all(out, 48, euros);
	ok(strlen(out) == 45 && memcmp(out, euros, 42) == 0 && strcmp(out + 42, "...") == 0,
	    "where there are no words, it is cut between two characters");

	log_print(f, "%s: %s\n", "a\nb", "\x1b[2J\n");
	log_print(f, "= ");
	rewind(f);
	ok(fgets(line, sizeof(line), f) && strcmp(line, "a\\nb: \\u001b[2J\\n\n") == 0,
	    "a value makes no second line");
	ok(fgets(line, sizeof(line), f) && strcmp(line, "= ") == 0, "a prompt stays without one");
	fclose(f);
}

static void
test_secret(void)
{
	struct secret s = { 0 }, other = { 0 };

	ok(!secret_equal(&s, ""), "a secret that is not set differs from an empty one");
	ok(secret_set(&s, "hush\nrest", 4), "a secret can be set from a part of a string");
	is_str(s.bytes, "hush", "it has only that part");
	ok(secret_equal(&s, "hush") && !secret_equal(&s, "hus") && !secret_equal(&s, "husH") &&
		!secret_equal(&s, "hush "),
	    "secret_equal compares whole strings");
	ok(secret_set(&s, s.bytes + 1, 3) && secret_equal(&s, "ush"),
	    "a secret can be set from a part of itself");
	ok(secret_copy(&other, &s) && other.bytes != s.bytes && secret_equal(&other, "ush"),
	    "a secret can be copied");
	secret_free(&s);
	ok(!s.bytes && secret_equal(&other, "ush"), "the copy outlives the original");
	ok(secret_copy(&other, &s) && !other.bytes, "a copy of no secret is no secret");
	secret_free(&other);
}

int
main(void)
{
	test_growing();
	test_failing();
	test_encodings();
	test_shown();
	test_secret();
	return tap_done();
}

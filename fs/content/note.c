#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "note.h"

/* The output: a line end or a blank is written only when more text follows. */
struct note_text {
	struct buf	*out;
	size_t		 start;		/* of out; nothing precedes the first text */
	unsigned	 lines;		/* line ends that are due */
	bool		 blank;		/* a blank is due */
};

static void
put_char(struct note_text *t, const char *s, size_t n)
{
	bool first = t->out->len == t->start;

	for (; t->lines > 0; t->lines--)
		if (!first)
			buf_putc(t->out, '\n');
	if (t->blank && !first && t->out->data[t->out->len - 1] != '\n')
		buf_putc(t->out, ' ');
	t->blank = false;
	buf_put(t->out, s, n);
}

static void
end_line(struct note_text *t, unsigned lines)
{
	t->blank = false;
	if (t->lines < lines)
		t->lines = lines;
}

static void
put_utf8(struct note_text *t, uint32_t c)
{
	char s[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd, n = 3;
	if (c == 0xa0 || c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		t->blank = true;
		return;
	}
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		s[i] = (char)(0x80 | (c & 0x3f));
	s[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
	put_char(t, s, n);
}

/*
 * Entities: those of Latin 1, in order from U+00A0, and those that editors write.
 */

static const char latin1[] =
    "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr "
    "deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 "
    "frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute "
    "Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml "
    "times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde "
    "auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth "
    "ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml "
    "yacute thorn yuml ";

static const struct { const char *name; uint32_t c; } entities[] = {
	{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' },
	{ "OElig", 0x152 }, { "oelig", 0x153 }, { "Scaron", 0x160 }, { "scaron", 0x161 },
	{ "ensp", 0x2002 }, { "emsp", 0x2003 }, { "thinsp", 0x2009 }, { "ndash", 0x2013 },
	{ "mdash", 0x2014 }, { "lsquo", 0x2018 }, { "rsquo", 0x2019 }, { "sbquo", 0x201a },
	{ "ldquo", 0x201c }, { "rdquo", 0x201d }, { "bdquo", 0x201e }, { "dagger", 0x2020 },
	{ "bull", 0x2022 }, { "hellip", 0x2026 }, { "permil", 0x2030 }, { "euro", 0x20ac },
	{ "trade", 0x2122 }, { "larr", 0x2190 }, { "rarr", 0x2192 }, { "minus", 0x2212 },
	{ "ne", 0x2260 }, { "le", 0x2264 }, { "ge", 0x2265 },
};

/* 0: there is no entity of this name. */
static uint32_t
entity_named(const char *s, size_t n)
{
	uint32_t c = 0xa0;

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (strlen(entities[i].name) == n && memcmp(entities[i].name, s, n) == 0)
			return entities[i].c;
	for (const char *p = latin1; *p; c++) {
		size_t len = strcspn(p, " ");

		if (len == n && memcmp(p, s, n) == 0)
			return c;
		p += len + 1;
	}
	return 0;
}

static uint32_t
entity_numbered(const char *s, size_t n)
{
	bool hex = n > 0 && (*s == 'x' || *s == 'X');
	char digits[12] = "", *end;

	s += hex;
	n -= hex;
	if (n == 0 || n >= sizeof(digits) || !strchr("0123456789abcdefABCDEF", *s))
		return 0;
	memcpy(digits, s, n);
	unsigned long c = strtoul(digits, &end, hex ? 16 : 10);
	return *end ? 0 : c == 0 || c > 0x10ffff ? 0xfffd : (uint32_t)c;
}

/* s is after an &. Returns the bytes of the entity; 0: it is none. */
static size_t
put_entity(struct note_text *t, const char *s, size_t n)
{
	size_t len = 0;

	while (len < n && len < 12 && s[len] != ';')
		len++;
	if (len == 0 || len == n || s[len] != ';')
		return 0;
	uint32_t c = *s == '#' ? entity_numbered(s + 1, len - 1) : entity_named(s, len);
	if (c == 0)
		return 0;
	put_utf8(t, c);
	return len + 1;
}

/*
 * Tags.
 */

/* Whether the tag whose text after < is s has this name. */
static bool
is_tag(const char *s, size_t n, const char *name)
{
	size_t len = strlen(name);

	return n > len && strncasecmp(s, name, len) == 0 && strchr(" \t\r\n/>", s[len]);
}

static void
break_line(struct note_text *t, const char *s, size_t n)
{
	static const char *const blocks[] = {
		"p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5",
		"h6", "tr", "table", "blockquote", "pre", "hr", "section"
	};
	bool closes = n > 0 && *s == '/';

	if (is_tag(s, n, "br")) {
		t->blank = false;
		t->lines++;
		return;
	}
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (is_tag(s + closes, n - closes, blocks[i]))
			end_line(t, 1);
	if (is_tag(s + closes, n - closes, "td") || is_tag(s + closes, n - closes, "th"))
		t->blank = true;
}

/* The length of the tag whose text after < is s. A > in quotes does not end it. */
static size_t
tag_length(const char *s, size_t n)
{
	char quote = 0;

	for (size_t i = 0; i < n; i++) {
		if (quote)
			quote = s[i] == quote ? 0 : quote;
		else if (s[i] == '"' || s[i] == '\'')
			quote = s[i];
		else if (s[i] == '>')
			return i + 1;
	}
	return n;
}

/* The bytes up to the text after the first `end`, in capitals or not. */
static size_t
skip_to_end(const char *s, size_t n, const char *end)
{
	size_t len = strlen(end);

	for (size_t i = 0; i + len <= n; i++)
		if (strncasecmp(s + i, end, len) == 0)
			return i + len;
	return n;
}

/* s is after a <. Returns the bytes of the tag and of all that it hides; 0: it is none. */
static size_t
skip_tag(struct note_text *t, const char *s, size_t n)
{
	bool letter = n > 0 && ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z'));

	if (n >= 3 && memcmp(s, "!--", 3) == 0)
		return 3 + skip_to_end(s + 3, n - 3, "-->");
	if (!letter && (n == 0 || !strchr("/!?", *s)))
		return 0;
	if (is_tag(s, n, "script") || is_tag(s, n, "style")) {
		size_t len = skip_to_end(s, n, is_tag(s, n, "style") ? "</style" : "</script");

		return len + tag_length(s + len, n - len);
	}
	break_line(t, s, n);
	return tag_length(s, n);
}

void
note_put_text(struct buf *out, const char *html, size_t n)
{
	struct note_text t = { .out = out, .start = out->len };

	for (size_t i = 0; i < n && !out->failed;) {
		size_t used = 0;

		if (html[i] == '<')
			used = skip_tag(&t, html + i + 1, n - i - 1);
		else if (html[i] == '&')
			used = put_entity(&t, html + i + 1, n - i - 1);
		if (used == 0 && strchr(" \t\r\n", html[i]))	/* or a NUL */
			t.blank = true;
		else if (used == 0)
			put_char(&t, html + i, 1);
		i += used + 1;
	}
	if (out->len > t.start)
		buf_putc(out, '\n');
}

#include <string.h>

#include "fs/content/note.h"
#include "tap.h"

static const struct { const char *html, *text;
} cases[] = {
	{ "", "" },
	{ "plain", "plain\n" },
	{ "<p>Idea</p>\n", "Idea\n" },
	{ "<p>one</p><p>two</p>", "one\ntwo\n" },
	{ "one<br>two<br/><br />four", "one\ntwo\n\nfour\n" },
	{ "<p>a</p><p><br></p><p>b</p>", "a\n\nb\n" },
	{ "<ul><li>one</li><li><b>t</b>wo</li></ul>end", "one\ntwo\nend\n" },
	{ "  a \n\t b  ", "a b\n" },
	{ "a<b> b</b>c", "a bc\n" },
	{ "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n" },
	{ "1 &lt; 2 &amp;&amp; 3 &gt; 2 &quot;x&quot; &#39;y&#39;", "1 < 2 && 3 > 2 \"x\" 'y'\n" },
	{ "&eacute;&Auml;&euro;&hellip;&#8211;&#x1F600;",
	    "\xc3\xa9\xc3\x84\xe2\x82\xac\xe2\x80\xa6\xe2\x80\x93\xf0\x9f\x98\x80\n" },
	{ "a&nbsp;&nbsp;b&#160;c", "a b c\n" },
	{ "&yuml;&iexcl;", "\xc3\xbf\xc2\xa1\n" },
	{ "AT&T; &unknown; & &; &#; &#x; &#xZZ;", "AT&T; &unknown; & &; &#; &#x; &#xZZ;\n" },
	{ "&#0;&#xD800;&#1114112;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n" },
	{ "&lt;p&gt;not a tag&lt;/p&gt;", "<p>not a tag</p>\n" },
	{ "2 < 3 <- x <3 a<", "2 < 3 <- x <3 a<\n" },
	{ "<a href=\"x>y\" title='>'>link</a>", "link\n" },
	{ "a<!-- <p>hidden</p> -->b", "ab\n" },
	{ "a<!doctype html>b<?php x ?>c", "abc\n" },
	{ "a<style>p { color: red }</style>b<SCRIPT type='x'>if (a < b) {}</script >c", "abc\n" },
	{ "a<style>no end", "a\n" },
	{ "a<p", "a\n" },
	{ "a<!-- no end", "a\n" },
	{ "<param>x<pre>y</pre>", "x\ny\n" },
	{ "gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich\n" },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT;
		char what[32];

		snprintf(what, sizeof(what), "case %zu", i);
		note_put_text(&b, cases[i].html, strlen(cases[i].html));
		is_str(buf_str(&b), cases[i].text, what);
		buf_free(&b);
	}
	struct buf b = BUF_INIT;
	buf_puts(&b, "before ");
	note_put_text(&b, "a\0b", 3);
	is_str(buf_str(&b), "before a b\n",
	    "the text of a note is appended; a NUL becomes a blank");
	buf_free(&b);
	return tap_done();
}

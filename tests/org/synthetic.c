#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/org/synthetic.h"

enum kind { KIND_CSV, KIND_TEXT, KIND_JSON, KIND_NONE, KIND_NOTE, KIND_LINK, KIND_EMPTY };

static const char *const extensions[] = {
	[KIND_CSV] = ".csv",
	[KIND_TEXT] = ".txt",
	[KIND_JSON] = ".json",
	[KIND_NONE] = "",
	[KIND_NOTE] = ".snote",
	[KIND_LINK] = "",
	[KIND_EMPTY] = ".txt",
};

static const char *const words[] = {
	"Forecast",
	"Invoice",
	"Contract",
	"Leads",
	"Budget",
	"Minutes",
	"Offer",
	"Price list",
	"Survey",
	"Roadmap",
	"Inventory",
	"Payroll",
	"Audit",
	"Campaign",
	"Territory",
	"Renewals",
};

#define WORDS	(sizeof(words) / sizeof(words[0]))

/* splitmix64: mixes the bits of a number. */
static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static enum kind
kind_of(uint32_t number, bool plain)
{
	if (number % 3 == 0)
		return KIND_CSV;
	if (plain)
		return number % 3 == 1 ? KIND_TEXT : KIND_JSON;
	switch (number % 40) {
	case 5: case 22: return KIND_NONE;
	case 7: case 31: return KIND_NOTE;
	case 11: return KIND_LINK;
	case 13: return KIND_EMPTY;
	default: return number % 3 == 1 ? KIND_TEXT : KIND_JSON;
	}
}

void
synthetic_document(uint32_t number, bool plain, struct document *d)
{
	uint64_t h = mix(number);

	d->number = number;
	d->state = 0;
	d->title = NULL;
	d->created = (1577836800 + (int64_t)(number % 2600000) * 60) *
	    1000; /* a minute each, from 2020 on */
	d->modified = d->created + (int64_t)(h % 86400) * 1000;
	d->modstamp = d->modified + (int64_t)(h >> 20 & 7) * 60000;
	d->archived = 0;
	d->owner = (uint32_t)(h >> 8) % SYNTHETIC_OWNERS;
	d->library = h % 4 ? DOCUMENT_NONE : (uint32_t)(h >> 12) % SYNTHETIC_LIBRARIES;
	d->folder = d->library == DOCUMENT_NONE ? DOCUMENT_NONE :
	    d->library * (SYNTHETIC_FOLDERS + 1) + (uint32_t)(h >> 16) % (SYNTHETIC_FOLDERS + 1);
	d->record_kind = PLACE_ACCOUNT;
	d->record = number % 10 == 1 ? (uint32_t)(h >> 24) % SYNTHETIC_ACCOUNTS : DOCUMENT_NONE;
	d->count = plain ? 1 : number % 25 == 24 ? 3 : number % 10 == 3 ? 2 : 1;
	d->users = 0;
	d->recorded = false;
	memset(d->share, 0, sizeof(d->share));
	memset(d->visibility, 0, sizeof(d->visibility));
	d->url = d->external = NULL;
	d->extras = NULL;
	d->versions = d->few;
	for (unsigned i = 0; i < d->count; i++) {
		struct version *v = &d->few[i];

		v->row = number * SYNTHETIC_STRIDE + i;
		v->number = i + 1;
		v->created = v->modified = d->count == 1 ?
		    d->modified :
		    d->created + (d->modified - d->created) / (d->count - 1) / 1000 * i * 1000;
		v->size = -1;
		v->path_on_client = v->file = v->bytes = v->reason = NULL;
		v->md5[0] = '\0';
		v->extras = NULL;
	}
}

__attribute__((format(printf, 2, 3)))
static size_t
print(char *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(out, VALUE_SPACE, fmt, ap);
	va_end(ap);
	return (size_t)n;
}

/* Repeats a text up to so many characters. */
static size_t
repeat(char *out, const char *s, unsigned characters)
{
	size_t len = strlen(s), n = 0;

	for (unsigned i = 0; i < characters; i++, n += len)
		memcpy(out + n, s, len);
	out[n] = '\0';
	return n;
}

size_t
synthetic_title(uint32_t number, bool plain, char out[VALUE_SPACE])
{
	const char *word = words[mix(number % 50 == 2 ? number / 250 : number) >> 32 & (WORDS - 1)];

	if (plain)
		return print(out, "Document %07u", number);
	switch (number % 50) {
	case 2:
		return print(out, "%s %u", word, number / 250); /* about five with one name */
	case 4: return print(out, "Untitled");
	case 6: return print(out, "%s/%u/Q%u", word, number, number % 4 + 1);
	case 8: return print(out, "%s\t%u\nsecond line", word, number);
	case 10:
		return print(out,
		    "\xe2\x80\xae"
		    "fdp.%s %u\xe2\x80\xac",
		    word, number); /* right to left */
	case 12: return print(out, ".%s %u", word, number);
	case 14: return print(out, "-%s %u", word, number);
	case 16:
		return print(out,
		    "\xc3\x9c"
		    "bersicht %u \xe2\x80\x93 \xe5\xa0\xb1\xe5\x91\x8a",
		    number);
	case 17:
		return print(out,
		    "U\xcc\x88"
		    "bersicht %u",
		    number / 50); /* U and a combining diaeresis */
	case 18: return print(out, "%s %u \xf0\x9f\x93\x88", word, number);
	case 20:
		return print(out, "%s %u.csv", word, number); /* an extension in the title */
	case 21: return print(out, "%s %u. ", word, number);
	case 26: return repeat(out, "x", 240) + print(out + 240, "%u", number);
	case 28: return repeat(out, "\xe5\xa0\xb1", 255);
	case 32: return print(out, "%s", number % 100 == 32 ? ".." : ".");
	case 34: return print(out, "%s", number % 100 == 34 ? "metadata.json" : "content");
	case 36: return print(out, "REPORT %u", number / 50);
	case 38: return print(out, "Report %u", number / 50);
	case 40: return print(out, "a\\b:c*d?\"<>| %u", number);
	case 42: return print(out, "\x01\x1b[31m%s\x7f %u", word, number);
	case 44: return print(out, "%s (069)", word);
	default: return print(out, "%s %u", word, number);
	}
}

size_t
synthetic_path(uint32_t number, bool plain, char out[VALUE_SPACE])
{
	const char *ext = extensions[kind_of(number, plain)];

	/* Old rows have a full Windows path. */
	if (!plain && number % 100 == 60)
		return print(out, "C:\\Documents\\export %u%s", number, ext);
	return print(out, "document-%u%s", number, ext);
}

bool
synthetic_url(uint32_t number, bool plain, char out[VALUE_SPACE])
{
	if (kind_of(number, plain) != KIND_LINK)
		return false;
	print(out, "https://www.example.com/page?id=%u&q=a%%20b", number);
	return true;
}

/* A content that grows at its end, within its room. */
struct page {
	char	*at;
	size_t	 len;
};

__attribute__((format(printf, 2, 3)))
static void
add(struct page *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(p->at + p->len, SYNTHETIC_BYTES - p->len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < SYNTHETIC_BYTES - p->len)
		p->len += (size_t)n;
}

/* Delimiters, line ends, quotes and byte order marks as in the exports of many programs. */
static void
csv(struct page *p, uint32_t number, bool plain, unsigned version)
{
	uint64_t h = mix(number + 7);
	char delimiter = plain ? ',' : ",,,;\t|"[h % 6];
	const char *end = !plain && h >> 8 & 1 ? "\r\n" : "\n";
	unsigned rows = (unsigned)(h >> 16) % 12 + version;

	if (!plain && (h >> 12 & 7) == 0)
		add(p, "\xef\xbb\xbf");
	add(p, "Id%cName%cAmount%cNote%s", delimiter, delimiter, delimiter, end);
	for (unsigned i = 0; i < rows; i++) {
		uint64_t r = mix(h + i);

		add(p, "%u%c%s %u%c%u.%02u%c", i + 1, delimiter, words[r & (WORDS - 1)], number,
		    delimiter, (unsigned)(r >> 8) % 100000, (unsigned)(r >> 32) % 100, delimiter);
		switch (plain ? 0 : r >> 40 & 7) {
		case 1: add(p, "\"says \"\"yes\"\"%c maybe\"%s", delimiter, end); break;
		case 2: add(p, "\"two%slines\"%s", end, end); break;
		case 3: add(p, "%s", end); break;
		case 4: add(p, "\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac%s", end); break;
		default: add(p, "ok%s", end);
		}
	}
}

size_t
synthetic_content(uint32_t number, bool plain, unsigned version, char out[SYNTHETIC_BYTES])
{
	struct page p = { out, 0 };
	unsigned lines = (unsigned)mix(number + 3) % 10 + version;

	switch (kind_of(number, plain)) {
	case KIND_CSV:
		csv(&p, number, plain, version);
		break;
	case KIND_TEXT:
	case KIND_NONE:
		for (unsigned i = 0; i < lines; i++)
			add(&p, "Line %u of document %u, version %u.\n", i + 1, number, version);
		break;
	case KIND_JSON:
		add(&p, "{\"document\":%u,\"version\":%u,\"words\":[\"%s\"", number, version,
		    words[number & (WORDS - 1)]);
		for (unsigned i = 0; i < lines; i++)
			add(&p, ",\"%s\"", words[mix(number + i) & (WORDS - 1)]);
		add(&p, "]}\n");
		break;
	case KIND_NOTE:
		add(&p, "<p><b>%s</b> &amp; more</p><p>Note %u, version %u</p>",
		    words[number & (WORDS - 1)], number, version);
		break;
	case KIND_LINK:
	case KIND_EMPTY:
		break;
	}
	return p.len;
}

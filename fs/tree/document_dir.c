#include <string.h>

#include "document_dir.h"

static const char *
extension(const struct document *d)
{
	return document_is_link(d) ? "url" : document_is_note(d) ? "html" : d->file_extension;
}

void
document_dir_file_name(const struct document *d, enum name_rules rules, struct name *out)
{
	name_file(d->title, extension(d), rules, out);
}

void
document_dir_text_name(const struct document *d, enum name_rules rules, struct name *out)
{
	name_file(d->title, "txt", rules, out);
}

void
document_dir_version_name(const struct document *d, enum name_rules rules, struct name *out)
{
	name_file(d->version_number, extension(d), rules, out);
}

void
document_dir_put_url(struct buf *b, const struct document *d)
{
	buf_puts(b, "[InternetShortcut]\nURL=");
	for (const char *p = d->content_url ? d->content_url : ""; *p; p++)
		if ((unsigned char)*p >= 0x20)
			buf_putc(b, *p);
	buf_putc(b, '\n');
}

/* As the org writes it: 2026-01-31T12:00:00.000+0000. */
static void
put_json_time(struct buf *b, int64_t ms)
{
	const struct clock_text date = document_date(ms);

	if (!*date.s) {
		buf_puts(b, "null");
		return;
	}
	buf_putc(b, '"');
	buf_put(b, date.s, strlen(date.s) - 1);
	buf_putc(b, '.');
	const long part = document_timespec(ms).tv_nsec / 1000000;
	for (int unit = 100; unit > 0; unit /= 10)
		buf_putc(b, (char)('0' + part / unit % 10));
	buf_puts(b, "+0000\"");
}

#define PUT_ID(v)	buf_put_json_text(b, *(v) ? (v) : NULL)
#define PUT_TEXT(v)	buf_put_json_text(b, v)
#define PUT_INT(v)	((v) < 0 ? buf_puts(b, "null") : buf_printf(b, "%lld", (long long)(v)))
#define PUT_TIME(v)	put_json_time(b, v)
#define PUT_BOOL(v)	buf_puts(b, (v) ? "true" : "false")

/* The key of a field; fields of a parent stand together and become one object, as in the org's own
 * answers. No printf: a listing needs the size of each. */
static void
put_json_key(struct buf *b, const char *path, const char **parent)
{
	const char *dot = strchr(path, '.');

	if (!dot || !*parent) {
		buf_puts(b, b->len > 1 ? ",\n  \"" : "\n  \"");
		buf_put(b, path, dot ? (size_t)(dot - path) : strlen(path));
		buf_puts(b, dot ? "\": {\n    \"" : "\": ");
	} else {
		buf_puts(b, ",\n    \"");
	}
	if (dot) {
		*parent = path;
		buf_puts(b, dot + 1);
		buf_puts(b, "\": ");
	}
}

void
document_dir_put_metadata(struct buf *b, const struct document *d)
{
	const char *parent = NULL;

	buf_putc(b, '{');
#define X(kind, member, path) put_json_key(b, path, &parent); PUT_##kind(d->member);
	DOCUMENT_FIELDS(X)
#undef X
	buf_puts(b, parent ? "\n  }\n}\n" : "\n}\n");
}

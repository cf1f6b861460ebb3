#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "document.h"

/* One statement for each kind of field. */
#define SIZE_ID(m)
#define SIZE_INT(m)
#define SIZE_TIME(m)
#define SIZE_BOOL(m)
#define SIZE_TEXT(m)	n += d->m ? strlen(d->m) + 1 : 0;

#define COPY_ID(m)
#define COPY_INT(m)
#define COPY_TIME(m)
#define COPY_BOOL(m)
#define COPY_TEXT(m)	copy_text(&copy.m, &end);

void
document_free(struct document *d)
{
	free(d->text);
	*d = (struct document){ 0 };
}

static void
copy_text(const char **s, char **end)
{
	if (!*s)
		return;
	size_t n = strlen(*s) + 1;
	*s = memcpy(*end, *s, n);
	*end += n;
}

int
document_copy(const struct document *d, struct document *out)
{
	struct document copy = *d;
	size_t n = 1;	/* so that it is never 0 */

#define X(kind, member, path) SIZE_##kind(member)
	DOCUMENT_FIELDS(X)
#undef X
	SIZE_TEXT(name)
	char *end = copy.text = malloc(n);
	if (!end)
		return -ENOMEM;
#define X(kind, member, path) COPY_##kind(member)
	DOCUMENT_FIELDS(X)
#undef X
	COPY_TEXT(name)
	*out = copy;
	return 0;
}

static bool
is_same(const char *a, const char *b)
{
	return a && strcasecmp(a, b) == 0;
}

bool
document_is_csv(const struct document *d)
{
	return is_same(d->file_type, "CSV") || is_same(d->file_extension, "csv") ||
	    is_same(d->file_extension, "tsv") || is_same(d->file_extension, "tab");
}

bool
document_is_link(const struct document *d)
{
	return is_same(d->file_type, "LINK");
}

bool
document_is_note(const struct document *d)
{
	return is_same(d->file_type, "SNOTE");
}

bool
document_is_elsewhere(const struct document *d)
{
	return is_same(d->content_location, "E") || is_same(d->content_location, "L");
}

const char *
document_md5(const struct document *d)
{
	const char *s = d->checksum;

	return s && strlen(s) == 32 && strspn(s, "0123456789abcdefABCDEF") == 32 ? s : NULL;
}

struct document_content
document_content(const struct document *d)
{
	struct document_content c;
	const char *md5 = document_md5(d);

	if (md5)
		snprintf(c.s, sizeof(c.s), "%s-%s", d->version_id, md5);
	else
		snprintf(c.s, sizeof(c.s), "%s-%llx-%llx", d->version_id,
		    (unsigned long long)d->version_modstamp, (unsigned long long)d->content_size);
	return c;
}

struct clock_text
document_date(int64_t ms)
{
	return ms == -1 ? (struct clock_text){ "" } : clock_iso(document_timespec(ms).tv_sec);
}

struct timespec
document_timespec(int64_t ms)
{
	const int64_t part = (ms % 1000 + 1000) % 1000;

	return (struct timespec){ (ms - part) / 1000, part * 1000000 };
}

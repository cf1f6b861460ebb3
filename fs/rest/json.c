#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/id.h"
#include "auth/log.h"

#include "internal.h"

#define VALUES_MOST	(512 * 1024)	/* a page of 2,000 documents has 80,000 */

/* The number that `\uXXXX` at s stands for; -1: it is none. */
static int
escaped_unit(const char *s, const char *end)
{
	char hex[5];

	if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	memcpy(hex, s + 2, 4);
	hex[4] = '\0';
	return strspn(hex, "0123456789ABCDEFabcdef") == 4 ? (int)strtol(hex, NULL, 16) : -1;
}

/*
 * Replaces the escape at s, within a string, if a parser would not take it. Half of a surrogate
 * pair becomes U+FFFD, and so does NUL, which no name can hold; a backslash that escapes nothing
 * becomes a question mark. Returns the length of the escape in bytes.
 */
static size_t
mend_escape(char *s, const char *end, unsigned *mended)
{
	int unit = escaped_unit(s, end);

	if (unit < 0) {
		if (end - s >= 2 && s[1] && strchr("\"\\/bfnrt", s[1]))
			return 2;
		s[0] = '?';
		++*mended;
		return 1;
	}
	if (unit >= 0xd800 && unit < 0xdc00) {
		int low = escaped_unit(s + 6, end);

		if (low >= 0xdc00 && low < 0xe000)
			return 12;
	}
	if (unit == 0 || (unit >= 0xd800 && unit < 0xe000)) {
		memcpy(s + 2, "fffd", 4);
		++*mended;
	}
	return 6;
}

/* Mends the strings. False: there are too many values. Each but the first comes after a comma or a
 * bracket. */
static bool
mend_json(struct buf *b, unsigned *mended)
{
	size_t values = 0;
	bool text = false;

	for (size_t i = 0; i < b->len && values <= VALUES_MOST; i++) {
		const char c = b->data[i];

		if (text && c == '\\')
			i += mend_escape(b->data + i, b->data + b->len, mended) - 1;
		else if (c == '"')
			text = !text;
		else if (!text && (c == ',' || c == '[' || c == '{'))
			values++;
	}
	return values <= VALUES_MOST;
}

cJSON *
rest_parse(struct buf *body)
{
	unsigned mended = 0;
	cJSON *json =
	    mend_json(body, &mended) ? cJSON_ParseWithLength(buf_str(body), body->len) : NULL;

	if (json && mended)
		log_warn("salesforce", "%u invalid escapes in an answer, shown as U+FFFD or ?",
		    mended);
	return json;
}

const char *
rest_text(const cJSON *record, const char *path)
{
	return cJSON_GetStringValue(rest_value_at(record, path));
}

const cJSON *
rest_value_at(const cJSON *record, const char *path)
{
	char part[64];

	for (;;) {
		const char *dot = strchr(path, '.');
		size_t n = dot ? (size_t)(dot - path) : strlen(path);

		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		record = cJSON_GetObjectItemCaseSensitive(record, part);
		if (!dot || !record)
			return record;
		path = dot + 1;
	}
}

int64_t
rest_time(const cJSON *v)
{
	const char *s = cJSON_GetStringValue(v);
	struct tm tm = { 0 };
	int ms = -1, used = 0;

	s = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	if (!s || sscanf(s, ".%3d%n", &ms, &used) != 1 || ms < 0 ||
	    (strcmp(s + used, "+0000") != 0 && strcmp(s + used, "Z") != 0))
		return -1;
	const int64_t t = timegm(&tm) * INT64_C(1000) + ms;
	return tm.tm_year <= -1900 ? -1 : t - (t == -1);
}

int64_t
rest_int(const cJSON *v)
{
	double d = cJSON_IsNumber(v) ? v->valuedouble : -1;

	return d >= 0 && d < 9007199254740992.0 && d == (double)(int64_t)d ? (int64_t)d : -1;
}

void
rest_id(const cJSON *v, char out[19])
{
	const char *s = cJSON_GetStringValue(v);

	if (!s || strlen(s) != 18 || !id_read(s, out))	/* answers have no shorter ones */
		out[0] = '\0';
}

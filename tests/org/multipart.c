#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tests/org/multipart.h"

#define BOUNDARY_MAX	70

bool
multipart_boundary(const char *type, char out[72])
{
	const char *s = type && strncasecmp(type, "multipart/form-data", 19) == 0 ?
	    strcasestr(type, "boundary=") :
	    NULL;
	size_t len;

	if (!s)
		return false;
	s += 9;
	len = *s == '"' ? strcspn(++s, "\"") : strcspn(s, "; ");
	if (len == 0 || len > BOUNDARY_MAX)
		return false;
	memcpy(out, s, len);
	out[len] = '\0';
	return true;
}

/* A parameter of a header line; false: not there. */
static bool
parameter(const char *line, size_t len, const char *name, char *out, size_t size)
{
	char text[1024], key[32];
	const char *s;

	snprintf(text, sizeof(text), "%.*s", (int)(len < sizeof(text) ? len : sizeof(text) - 1),
	    line);
	snprintf(key, sizeof(key), "; %s=\"", name);
	s = strcasestr(text, key);
	if (!s)
		return false;
	s += strlen(key);
	snprintf(out, size, "%.*s", (int)strcspn(s, "\""), s);
	return true;
}

/* Reads the headers of a part; false: no Content-Disposition with a name. */
static bool
read_headers(const char *s, const char *end, struct part *p)
{
	bool disposition = false, type = false;
	char file[256];

	while (s < end) {
		const char *next = memmem(s, (size_t)(end - s), "\r\n", 2);
		size_t len = (size_t)((next ? next : end) - s);

		if (len > 20 && strncasecmp(s, "Content-Disposition:", 20) == 0) {
			disposition = parameter(s, len, "name", p->name, sizeof(p->name));
			p->has_file = parameter(s, len, "filename", file, sizeof(file));
		}
		type = type || (len > 13 && strncasecmp(s, "Content-Type:", 13) == 0);
		s = next ? next + 2 : end;
	}
	return disposition && type;
}

int
multipart_parse(const char *body, size_t len, const char *boundary, struct part *out, int room)
{
	char mark[80];
	const char *end = body + len, *s = body;
	int n = 0;

	snprintf(mark, sizeof(mark), "\r\n--%s", boundary);
	size_t size = strlen(mark);
	/* The first line has no line end before it. */
	if (len < size || memcmp(body, mark + 2, size - 2) != 0)
		return -1;
	s += size - 2;
	for (;;) {
		if (end - s >= 2 && s[0] == '-' && s[1] == '-')
			return n;
		const char *head = s + 2,
			   *bytes = end - s >= 2 && s[0] == '\r' && s[1] == '\n' ?
		    memmem(s, (size_t)(end - s), "\r\n\r\n", 4) :
		    NULL;
		const char *stop =
		    bytes ? memmem(bytes + 2, (size_t)(end - bytes - 2), mark, size) : NULL;

		if (!stop || n == room)
			return -1;
		struct part *p = &out[n++];
		*p = (struct part){ .bytes = bytes + 4,
			.len = stop > bytes + 4 ? (size_t)(stop - bytes - 4) : 0 };
		if (!read_headers(head, bytes, p))
			return -1;
		s = stop + size;
	}
}

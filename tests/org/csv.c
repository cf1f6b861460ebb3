#include <stdlib.h>
#include <string.h>

#include "tests/org/csv.h"

const struct csv_delimiter *
csv_delimiter(const char *name)
{
	static const struct csv_delimiter all[] = { { "COMMA", ',' }, { "TAB", '\t' },
		{ "PIPE", '|' }, { "SEMICOLON", ';' }, { "CARET", '^' }, { "BACKQUOTE", '`' } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

/* Reads one cell into the text of a row; returns where it ended. */
static const char *
read_cell(const char *s, const char *end, char delimiter, struct buf *out)
{
	bool quoted = s < end && *s == '"';

	for (s += quoted; s < end; s++) {
		if (quoted && *s == '"') {
			if (s + 1 < end && s[1] == '"') {
				s++;
			} else {
				quoted = false;
				continue;
			}
		} else if (!quoted && (*s == delimiter || *s == '\n' || *s == '\r')) {
			break;
		}
		buf_putc(out, *s);
	}
	buf_putc(out, '\0');
	return s;
}

bool
csv_read(const char **s, const char *end, char delimiter, struct csv_row *r)
{
	const char *p = *s;
	bool more = p < end;

	r->count = 0;
	buf_clear(&r->text);
	if (!more)
		return false;
	while (more) {
		if (r->count == r->capacity) {
			size_t many = r->capacity ? r->capacity * 2 : 16;
			char **cell = realloc(r->cell, many * sizeof(*cell));
			if (cell)
				r->cell = cell;
			size_t *at = realloc(r->at, many * sizeof(*at));
			if (at)
				r->at = at;
			if (!cell || !at)
				return false;
			r->capacity = many;
		}
		r->at[r->count++] = r->text.len;
		p = read_cell(p, end, delimiter, &r->text);
		more = p < end && *p == delimiter;
		p += more;
	}
	p += p < end && *p == '\r';
	p += p < end && *p == '\n';
	*s = p;
	for (size_t i = 0; i < r->count && !r->text.failed; i++)
		r->cell[i] = r->text.data + r->at[i];
	return !r->text.failed;
}

void
csv_row_free(struct csv_row *r)
{
	free(r->cell);
	free(r->at);
	buf_free(&r->text);
}

bool
csv_has_crlf(const char *s, size_t len)
{
	const char *line = memchr(s, '\n', len);

	return line && line > s && line[-1] == '\r';
}

void
csv_put(struct buf *out, const char *s, size_t len)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"')
			buf_putc(out, '"');
		buf_putc(out, s[i]);
	}
	buf_putc(out, '"');
}

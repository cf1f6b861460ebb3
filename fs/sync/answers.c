#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"

struct answer {
	struct on_demand_answer public;		/* first: one is the other */
	atomic_uint	 users;
	struct on_demand_row rows[];		/* then the text that they point into */
};

static void
pack_field(struct buf *b, const char *s, char end)
{
	for (; s && *s; s++) {
		if (*s == '\t' || *s == '\n' || *s == '\\') {
			buf_putc(b, '\\');
			buf_putc(b, *s == '\t' ? 't' : *s == '\n' ? 'n' : '\\');
		} else {
			buf_putc(b, *s);
		}
	}
	buf_putc(b, end);
}

void
answers_pack(struct buf *b, const char *id, const char *name, const char *more, bool folder)
{
	pack_field(b, id, '\t');
	pack_field(b, name, '\t');
	pack_field(b, more, '\t');
	buf_puts(b, folder ? "f\n" : "d\n");
}

/* Takes a field off the text at *s, in place. */
static char *
unpack_field(char **s, char end)
{
	char *field = *s, *to = field, *p = field;

	for (; *p && *p != end; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			*to++ = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p;
		} else {
			*to++ = *p;
		}
	}
	*s = *p ? p + 1 : p;
	*to = '\0';
	return field;
}

static int
compare_ids(const void *a, const void *b)
{
	return strcmp(((const struct on_demand_row *)a)->id, ((const struct on_demand_row *)b)->id);
}

int
answers_unpack(const char *packed, size_t len, int64_t asked, const struct on_demand_answer **out)
{
	size_t n = 0, i = 0;

	for (size_t k = 0; k < len; k++)
		n += packed[k] == '\n';
	struct answer *a = malloc(sizeof(*a) + n * sizeof(a->rows[0]) + len + 1);
	if (!a)
		return -ENOMEM;
	char *s = (char *)&a->rows[n];
	if (len > 0)
		memcpy(s, packed, len);
	s[len] = '\0';
	for (; *s && i < n; i++) {
		struct on_demand_row *row = &a->rows[i];

		snprintf(row->id, sizeof(row->id), "%.18s", unpack_field(&s, '\t'));
		row->name = unpack_field(&s, '\t');
		row->more = unpack_field(&s, '\t');
		row->folder = *unpack_field(&s, '\n') == 'f';
	}
	qsort(a->rows, i, sizeof(a->rows[0]), compare_ids);
	a->public = (struct on_demand_answer){ .asked = asked, .count = i, .rows = a->rows };
	a->users = 1;
	*out = &a->public;
	return 0;
}

void
answers_hold(const struct on_demand_answer *a)
{
	((struct answer *)(uintptr_t)a)->users++;
}

void
answers_release(const struct on_demand_answer *a)
{
	struct answer *answer = (struct answer *)(uintptr_t)a;

	if (answer && --answer->users == 0)
		free(answer);
}

const struct on_demand_row *
answers_find(const struct on_demand_answer *a, const char *id)
{
	struct on_demand_row key = { 0 };

	snprintf(key.id, sizeof(key.id), "%s", id);
	return bsearch(&key, a->rows, a->count, sizeof(key), compare_ids);
}

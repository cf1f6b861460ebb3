#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/org/extra.h"

const struct extra *
extra_find(const struct extra *e, const struct field *field)
{
	while (e && e->field != field)
		e = e->next;
	return e;
}

int
extra_set(struct extra **list, const struct field *field, const char *text)
{
	char *copy = text ? strdup(text) : NULL;
	struct extra *e = (struct extra *)extra_find(*list, field);

	if (text && !copy)
		return -ENOMEM;
	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e) {
			free(copy);
			return -ENOMEM;
		}
		e->field = field;
		e->next = *list;
		*list = e;
	}
	free(e->text);
	e->text = copy;
	return 0;
}

void
extra_free(struct extra *e)
{
	while (e) {
		struct extra *next = e->next;

		free(e->text);
		free(e);
		e = next;
	}
}

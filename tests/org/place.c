#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/org/data_parts.h"

uint32_t
place_count(const struct data *d, enum place_kind kind)
{
	return d->place_count[kind];
}

const struct place *
place_get(const struct data *d, enum place_kind kind, uint32_t number)
{
	return &d->places[kind][number];
}

uint32_t
place_root(const struct data *d, uint32_t library)
{
	for (uint32_t i = 0; i < d->place_count[PLACE_FOLDER]; i++) {
		const struct place *p = &d->places[PLACE_FOLDER][i];

		if (p->library == library && p->parent == DOCUMENT_NONE)
			return i;
	}
	return DOCUMENT_NONE;
}

static int
append(struct data *d, enum place_kind kind, const char *name, uint32_t library, uint32_t parent,
    int64_t now, uint32_t *out)
{
	uint32_t n = d->place_count[kind];

	if (!data_grow(&d->places[kind], n, &d->place_capacity[kind], sizeof(struct place)))
		return -ENOMEM;
	struct place *p = &d->places[kind][n];
	*p = (struct place){ .name = strdup(name), .library = library, .parent = parent,
		.owner = DATA_RUN_AS, .created = now, .modstamp = now };
	if (!p->name)
		return -ENOMEM;
	d->place_count[kind]++;
	*out = n;
	return 0;
}

/* Caller locks. */
static int
add(struct data *d, enum place_kind kind, const char *name, uint32_t library, uint32_t parent,
    int64_t now, uint32_t *out)
{
	uint32_t number, root;
	int rc = append(d, kind, name, library, parent, now, &number);

	if (rc == 0 && kind == PLACE_LIBRARY)
		rc = append(d, PLACE_FOLDER, name, number, DOCUMENT_NONE, now, &root);
	if (rc == 0)
		*out = number;
	return rc;
}

int
place_add(struct data *d, enum place_kind kind, const char *name, uint32_t library, uint32_t parent,
    int64_t now, uint32_t *out)
{
	pthread_rwlock_wrlock(&d->lock);
	int rc = add(d, kind, name, library, parent, now, out);
	pthread_rwlock_unlock(&d->lock);
	return rc;
}

int
place_want(struct data *d, enum place_kind kind, const char *name, uint32_t library,
    uint32_t parent, int64_t now, uint32_t *out)
{
	bool found = false;
	int rc = 0;

	pthread_rwlock_wrlock(&d->lock);
	for (uint32_t i = 0; i < d->place_count[kind] && !found; i++) {
		const struct place *p = &d->places[kind][i];

		found = !p->deleted && strcmp(p->name, name) == 0 &&
		    (kind != PLACE_FOLDER || (p->library == library && p->parent == parent));
		if (found)
			*out = i;
	}
	if (!found)
		rc = add(d, kind, name, library, parent, now, out);
	pthread_rwlock_unlock(&d->lock);
	return rc;
}

static void
touch(struct place *p, int64_t now)
{
	if (now > p->modstamp)
		p->modstamp = now;
}

int
place_rename(struct data *d, enum place_kind kind, uint32_t number, const char *name, int64_t now)
{
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	pthread_rwlock_wrlock(&d->lock);
	struct place *p = &d->places[kind][number];
	free(p->name);
	p->name = copy;
	touch(p, now);
	pthread_rwlock_unlock(&d->lock);
	return 0;
}

void
place_move(struct data *d, enum place_kind kind, uint32_t number, uint32_t parent, int64_t now)
{
	pthread_rwlock_wrlock(&d->lock);
	d->places[kind][number].parent = parent;
	touch(&d->places[kind][number], now);
	pthread_rwlock_unlock(&d->lock);
}

void
place_own(struct data *d, enum place_kind kind, uint32_t number, uint32_t owner, int64_t now)
{
	pthread_rwlock_wrlock(&d->lock);
	d->places[kind][number].owner = owner;
	touch(&d->places[kind][number], now);
	pthread_rwlock_unlock(&d->lock);
}

void
place_delete(struct data *d, enum place_kind kind, uint32_t number, int64_t now)
{
	pthread_rwlock_wrlock(&d->lock);
	d->places[kind][number].deleted = true;
	touch(&d->places[kind][number], now);
	pthread_rwlock_unlock(&d->lock);
}

int
place_fill(struct data *d, enum place_kind kind, uint32_t number, const char *bytes, size_t size,
    const char *above, int64_t now)
{
	char *copy = malloc(size + 1);

	if (!copy)
		return -ENOMEM;
	if (size > 0)
		memcpy(copy, bytes, size);
	pthread_rwlock_wrlock(&d->lock);
	struct place *p = &d->places[kind][number];
	free(p->bytes);
	p->bytes = copy;
	p->size = size;
	if (above)
		memccpy(p->above, above, '\0', sizeof(p->above) - 1);
	touch(p, now);
	pthread_rwlock_unlock(&d->lock);
	return 0;
}

void
place_forget(struct data *d, enum place_kind kind, uint32_t number)
{
	pthread_rwlock_wrlock(&d->lock);
	d->places[kind][number].deleted = d->places[kind][number].gone = true;
	pthread_rwlock_unlock(&d->lock);
}

int
place_set(struct data *d, enum place_kind kind, uint32_t number, const struct field *field,
    const char *text, int64_t now)
{
	pthread_rwlock_wrlock(&d->lock);
	int rc = extra_set(&d->places[kind][number].extras, field, text);
	if (rc == 0)
		touch(&d->places[kind][number], now);
	pthread_rwlock_unlock(&d->lock);
	return rc;
}

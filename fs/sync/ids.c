#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/rest/rest.h"

#include "ids.h"

int
ids_add(struct ids *ids, const char *id)
{
	if (ids->count == ids->cap) {
		size_t cap = ids->cap ? 2 * ids->cap : 64;
		void *list = realloc(ids->list, cap * sizeof(ids->list[0]));

		if (!list)
			return -ENOMEM;
		ids->list = list;
		ids->cap = cap;
	}
	memcpy(ids->list[ids->count++], id, sizeof(ids->list[0]));
	return 0;
}

bool
ids_has(const struct ids *ids, const char *id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (strcmp(ids->list[i], id) == 0)
			return true;
	return false;
}

size_t
ids_chunk(const struct ids *ids, size_t i)
{
	return ids->count - i < REST_IDS_MOST ? ids->count - i : REST_IDS_MOST;
}

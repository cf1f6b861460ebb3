#include <errno.h>
#include <string.h>

#include "tests/org/data_parts.h"

uint32_t
link_rows_end(const struct data *d)
{
	return LINK_FIRST_MADE + d->link_count;
}

enum object_kind
link_record(enum place_kind kind)
{
	switch (kind) {
	case PLACE_CONTACT: return OBJECT_CONTACT;
	case PLACE_OPPORTUNITY: return OBJECT_OPPORTUNITY;
	case PLACE_CASE: return OBJECT_CASE;
	case PLACE_LEAD: return OBJECT_LEAD;
	case PLACE_INVOICE: return OBJECT_INVOICE;
	case PLACE_EMAIL: return OBJECT_EMAIL;
	default: return OBJECT_ACCOUNT;
	}
}

uint32_t
link_document(const struct data *d, uint32_t row)
{
	uint32_t number = row < LINK_FIRST_MADE	  ? row / LINK_STRIDE :
	    row - LINK_FIRST_MADE < d->link_count ? d->links[row - LINK_FIRST_MADE].document :
						    DOCUMENT_NONE;

	return number < data_document_count(d) ? number : DOCUMENT_NONE;
}

bool
link_get(const struct data *d, uint32_t row, const struct document *doc, struct link_row *out)
{
	unsigned which = row % LINK_STRIDE;

	if (row >= LINK_FIRST_MADE) {
		*out = d->links[row - LINK_FIRST_MADE];
		return true;
	}
	*out = (struct link_row){ .document = doc->number, .share = 'I', .visibility = 'A' };
	switch (which) {
	case LINK_OWNER:
		out->kind = OBJECT_USER;
		out->number = doc->owner;
		break;
	case LINK_LIBRARY:
		out->kind = OBJECT_LIBRARY;
		out->number = doc->library;
		break;
	case LINK_RECORD:
		out->kind = link_record(doc->record_kind);
		out->number = doc->record;
		out->share = 'V';
		break;
	default:
		return false;
	}
	if (doc->share[which])
		out->share = doc->share[which];
	if (doc->visibility[which])
		out->visibility = doc->visibility[which];
	return out->number != DOCUMENT_NONE;
}

size_t
link_rows_of(const struct data *d, uint32_t document, uint32_t *out, size_t room)
{
	size_t n = 0;

	for (; n < LINKS; n++)
		if (n < room)
			out[n] = document * LINK_STRIDE + (uint32_t)n;
	for (uint32_t i = 0; i < d->link_count; i++) {
		if (d->links[i].document != document)
			continue;
		if (n < room)
			out[n] = LINK_FIRST_MADE + i;
		n++;
	}
	return n;
}

uint32_t
link_find(const struct data *d, const struct document *doc, enum object_kind kind, uint32_t number)
{
	struct link_row l;

	for (uint32_t row = doc->number * LINK_STRIDE; row < doc->number * LINK_STRIDE + LINKS;
	     row++)
		if (link_get(d, row, doc, &l) && l.kind == kind && l.number == number)
			return row;
	for (uint32_t i = 0; i < d->link_count; i++) {
		const struct link_row *made = &d->links[i];

		if (!made->deleted && made->document == doc->number && made->kind == kind &&
		    made->number == number)
			return LINK_FIRST_MADE + i;
	}
	return DOCUMENT_NONE;
}

/* Counts the later links into the users who may see the document. */
static void
count_links(struct data *d, struct document *doc)
{
	doc->users = 0;
	doc->recorded = false;
	for (uint32_t i = 0; i < d->link_count; i++) {
		const struct link_row *l = &d->links[i];

		if (l->deleted || l->document != doc->number)
			continue;
		if (l->kind == OBJECT_USER)
			doc->users |= 1u << l->number;
		else if (l->kind == OBJECT_LIBRARY)
			doc->users = ~0u;	/* everybody is a member */
		else
			doc->recorded = true;
	}
}

int
link_add(struct data *d, const struct link_row *link, uint32_t *out)
{
	int rc = -ENOMEM;

	pthread_rwlock_wrlock(&d->lock);
	struct document *doc = data_keep(d, link->document);
	if (doc && link_find(d, doc, link->kind, link->number) != DOCUMENT_NONE) {
		rc = -EEXIST;
	} else if (doc && data_grow(&d->links, d->link_count, &d->link_capacity, sizeof(*link))) {
		*out = LINK_FIRST_MADE + d->link_count;
		d->links[d->link_count++] = *link;
		count_links(d, doc);
		rc = 0;
	}
	pthread_rwlock_unlock(&d->lock);
	return rc;
}

int
link_change(struct data *d, uint32_t row, char share, char visibility)
{
	struct document *doc = NULL;
	char *s, *v;

	pthread_rwlock_wrlock(&d->lock);
	if (row >= LINK_FIRST_MADE) {
		s = &d->links[row - LINK_FIRST_MADE].share;
		v = &d->links[row - LINK_FIRST_MADE].visibility;
	} else {
		doc = data_keep(d, row / LINK_STRIDE);
		s = doc ? &doc->share[row % LINK_STRIDE] : NULL;
		v = doc ? &doc->visibility[row % LINK_STRIDE] : NULL;
	}
	if (s && share)
		*s = share;
	if (v && visibility)
		*v = visibility;
	pthread_rwlock_unlock(&d->lock);
	return s ? 0 : -ENOMEM;
}

int
link_delete(struct data *d, uint32_t row)
{
	pthread_rwlock_wrlock(&d->lock);
	struct document *doc = data_keep(d, link_document(d, row));
	if (doc && row >= LINK_FIRST_MADE) {
		d->links[row - LINK_FIRST_MADE].deleted = true;
		count_links(d, doc);
	} else if (doc && row % LINK_STRIDE == LINK_LIBRARY) {
		doc->library = doc->folder = DOCUMENT_NONE;
	} else if (doc) {
		doc->record = DOCUMENT_NONE;
	}
	pthread_rwlock_unlock(&d->lock);
	return doc ? 0 : -ENOMEM;
}

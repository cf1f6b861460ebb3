#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/rows.h"

/* ContentFolderItem: files first, as 069 sorts before 07H, then folders. */
#define FIRST_FOLDER	0x80000000u

#define ORG_NUMBER	0
#define ORG_NAME	"Simulated Org"
#define ORG_CREATED	1546300800000	/* ms; before any document */

static const struct object *
object_of(enum object_kind kind)
{
	return &schema_objects[kind];
}

enum place_kind
rows_place(const struct object *object)
{
	switch (object->kind) {
	case OBJECT_LIBRARY: return PLACE_LIBRARY;
	case OBJECT_FOLDER: return PLACE_FOLDER;
	case OBJECT_ACCOUNT: return PLACE_ACCOUNT;
	case OBJECT_CONTACT: return PLACE_CONTACT;
	case OBJECT_OPPORTUNITY: return PLACE_OPPORTUNITY;
	case OBJECT_CASE: return PLACE_CASE;
	case OBJECT_LEAD: return PLACE_LEAD;
	case OBJECT_INVOICE: return PLACE_INVOICE;
	case OBJECT_ATTACHMENT: return PLACE_ATTACHMENT;
	case OBJECT_LEGACY_DOCUMENT: return PLACE_LEGACY_DOCUMENT;
	case OBJECT_EVENT_LOG: return PLACE_EVENT_LOG;
	case OBJECT_EMAIL: return PLACE_EMAIL;
	default: return PLACES;
	}
}

static bool
is_link_row(const struct object *object)
{
	return object->kind == OBJECT_LINK || object->kind == OBJECT_LIBRARY_DOCUMENT;
}

uint32_t
rows_end(const struct data *d, const struct object *object)
{
	switch (object->kind) {
	case OBJECT_DOCUMENT:
	case OBJECT_FOLDER_MEMBER:
		return data_document_count(d);
	case OBJECT_VERSION:
		return data_version_rows(d);
	case OBJECT_LINK:
	case OBJECT_LIBRARY_DOCUMENT:
		return link_rows_end(d);
	case OBJECT_FOLDER_ITEM:
		return FIRST_FOLDER + place_count(d, PLACE_FOLDER);
	case OBJECT_USER:
		return DATA_USERS;
	case OBJECT_ORGANIZATION:
		return 1;
	default:
		return rows_place(object) != PLACES ? place_count(d, rows_place(object)) : 0;
	}
}

uint32_t
rows_next(const struct data *d, const struct object *object, uint32_t number)
{
	const bool item = object->kind == OBJECT_FOLDER_ITEM;

	if (!item && !is_link_row(object))
		return number;
	uint32_t gap = data_document_count(d) * (item ? 1 : LINK_STRIDE);
	uint32_t after = item ? FIRST_FOLDER : LINK_FIRST_MADE;

	return number >= gap && number < after ? after : number;
}

static bool
may_see(const struct document *doc, const struct rows_view *view)
{
	if (doc->state & (DOCUMENT_GONE | DOCUMENT_UNSHARED))
		return false;
	if ((doc->state & DOCUMENT_DELETED && !view->deleted) ||
	    (doc->state & DOCUMENT_ARCHIVED && !view->deleted && !view->archived))
		return false;
	if (view->all_files || doc->owner == view->user || doc->library != DOCUMENT_NONE ||
	    doc->users >> view->user & 1)
		return true;
	return view->by_id && (doc->record != DOCUMENT_NONE || doc->recorded);
}

/* Whether the other end of a link exists. */
static bool
is_linked(const struct data *d, const struct link_row *l)
{
	enum place_kind kind = rows_place(object_of(l->kind));

	return kind == PLACES || !place_get(d, kind, l->number)->deleted;
}

/* Loads the document of a row; false: the document has no such row. */
static bool
load_document(const struct data *d, uint32_t number, const struct rows_view *view, struct row *r)
{
	bool link = is_link_row(r->object);
	uint32_t document = link ? link_document(d, number) : number;

	if (document >= data_document_count(d))
		return false;
	const struct document *doc = r->document = data_document(d, document, &r->space);
	if (link) {
		if (!link_get(d, number, doc, &r->link) || (r->link.deleted && !view->deleted) ||
		    !is_linked(d, &r->link))
			return false;
		if (r->object->kind == OBJECT_LIBRARY_DOCUMENT && r->link.kind != OBJECT_LIBRARY)
			return false;
	} else if (r->object->kind != OBJECT_DOCUMENT && doc->folder == DOCUMENT_NONE) {
		return false;
	}
	return may_see(doc, view);
}

bool
row_load(const struct data *d, const struct object *object, uint32_t number,
    const struct rows_view *view, struct content *content, struct row *r)
{
	r->data = d;
	r->object = object;
	r->number = number;
	r->document = NULL;
	r->version = NULL;
	r->named = NULL;
	r->api = view->version;
	r->content = content;
	if (number >= rows_end(d, object))
		return false;
	switch (object->kind) {
	case OBJECT_DOCUMENT:
	case OBJECT_LINK:
	case OBJECT_LIBRARY_DOCUMENT:
	case OBJECT_FOLDER_MEMBER:
		return load_document(d, number, view, r);
	case OBJECT_FOLDER_ITEM:
		return number >= FIRST_FOLDER ?
		    !place_get(d, PLACE_FOLDER, number - FIRST_FOLDER)->deleted :
		    load_document(d, number, view, r);
	case OBJECT_VERSION:
		r->version = data_version(d, number, &r->space, &r->document);
		return r->version && may_see(r->document, view);
	default:
		if (rows_place(object) == PLACES)
			return true;
		const struct place *p = place_get(d, rows_place(object), number);
		/* A query of an administrator also finds attachments in the bin. */
		return !p->gone && (view->deleted || !p->deleted ||
		    (object->kind == OBJECT_ATTACHMENT && view->all_files && view->query));
	}
}

bool
rows_find(const struct data *d, const struct object *object, const char *id, uint32_t *out)
{
	uint64_t number;

	if (object->kind == OBJECT_FOLDER_ITEM) {
		if (id_number(id, object_of(OBJECT_FOLDER)->prefix, &number)) {
			if (number >= place_count(d, PLACE_FOLDER))
				return false;
			*out = FIRST_FOLDER + (uint32_t)number;
			return true;
		}
		object = object_of(OBJECT_DOCUMENT);
	}
	if (!object->prefix || !id_number(id, object->prefix, &number) ||
	    number >= rows_end(d, object))
		return false;
	*out = (uint32_t)number;
	return true;
}

const char *
row_find(const struct data *d, const struct object *object, const char *text,
    const struct rows_view *view, struct row *out, char id[ID_SIZE], char *message, size_t size)
{
	struct rows_view by_id = *view;
	size_t len = strlen(text);
	uint32_t number;

	by_id.by_id = true;
	message[0] = '\0';
	if ((len != 15 && len != 18) || object->flags & OBJECT_NO_RETRIEVE) {
		snprintf(message, size,
		    "Provided external ID field does not exist or is not accessible");
		return "NOT_FOUND";
	}
	if (!id_parse(text, len, id) || memcmp(id, object->prefix, 3) != 0) {
		snprintf(message, size, "malformed id %s", text);
		return "MALFORMED_ID";
	}
	bool there = rows_find(d, object, id, &number);
	if (there && row_load(d, object, number, &by_id, NULL, out))
		return NULL;
	by_id.deleted = true;
	there = there && row_load(d, object, number, &by_id, NULL, out);
	/* Archived documents are there too, but not deleted ones. */
	if (there &&
	    (!out->document || is_link_row(object) || out->document->state & DOCUMENT_DELETED)) {
		snprintf(message, size, "entity is deleted");
		return "ENTITY_IS_DELETED";
	}
	snprintf(message, size, "The requested resource does not exist");
	return "NOT_FOUND";
}

uint32_t
rows_lower_bound(const struct data *d, const struct object *object, const char *id)
{
	uint32_t end = rows_end(d, object);

	if (!object->prefix)
		return 0;
	uint64_t n = id_lower_bound(id, object->prefix);
	return n < end ? (uint32_t)n : end;
}

size_t
rows_of_document(const struct data *d, const struct object *object, uint32_t number, uint32_t *out,
    size_t room)
{
	struct document space;
	size_t n = 0;

	if (object->kind == OBJECT_VERSION) {
		const struct document *doc = data_document(d, number, &space);

		for (; n < doc->count; n++)
			if (n < room)
				out[n] = doc->versions[n].row;
		return n;
	}
	if (is_link_row(object))
		return link_rows_of(d, number, out, room);
	if (room > 0)
		out[0] = number;
	return 1;
}

const struct object *
rows_object(const char *id)
{
	for (size_t i = 0; i < OBJECTS; i++)
		if (schema_objects[i].prefix && memcmp(schema_objects[i].prefix, id, 3) == 0)
			return &schema_objects[i];
	return NULL;
}

/* Names and types of files */

const char *
file_extension(const char *path)
{
	const char *name = path;

	for (const char *p = path; *p; p++)
		if (*p == '/' || *p == '\\')
			name = p + 1;
	const char *dot = strrchr(name, '.');
	return dot && dot > name && strlen(dot + 1) <= 40 ? dot + 1 : "";
}

const char *
file_type(const char *path)
{
	static const char *const types[][2] = {
		{ "csv", "CSV" },
		{ "txt", "TEXT" },
		{ "pdf", "PDF" },
		{ "png", "PNG" },
		{ "jpg", "JPG" },
		{ "jpeg", "JPG" },
		{ "gif", "GIF" },
		{ "doc", "WORD" },
		{ "docx", "WORD_X" },
		{ "xls", "EXCEL" },
		{ "xlsx", "EXCEL_X" },
		{ "ppt", "POWER_POINT" },
		{ "pptx", "POWER_POINT_X" },
		{ "zip", "ZIP" },
		{ "xml", "XML" },
		{ "html", "HTML" },
		{ "json", "JSON" },
		{ "mp3", "MP3" },
		{ "mp4", "MP4" },
		{ "snote", "SNOTE" },
	};
	const char *ext = file_extension(path);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(types[i][0], ext) == 0)
			return types[i][1];
	return "UNKNOWN";
}

/* Values */

static void
set_id(struct value *v, enum object_kind kind, uint32_t number)
{
	if (number == DOCUMENT_NONE) {
		value_set_null(v);
		return;
	}
	id_make(object_of(kind)->prefix, number, v->space);
	v->kind = VALUE_ID;
	v->text = v->space;
	v->len = ID_SIZE - 1;
}

static const struct version *
version_of(const struct row *r)
{
	return r->version ? r->version : &r->document->versions[r->document->count - 1];
}

static bool
is_link(const struct row *r)
{
	char url[VALUE_SPACE];

	return data_url(r->data, r->document, url);
}

static void
extension_value(const struct row *r, struct value *v)
{
	if (is_link(r) || r->document->external) {
		value_set_null(v);
		return;
	}
	data_path_on_client(r->data, r->document, version_of(r), v->space);
	value_set_text(v, file_extension(v->space));
}

static void
file_type_value(const struct row *r, struct value *v)
{
	data_path_on_client(r->data, r->document, version_of(r), v->space);
	value_set_text(v,
	    is_link(r)		      ? "LINK" :
		r->document->external ? r->document->external :
					file_type(v->space));
}

static void
content_value(const struct row *r, enum field_meaning means, struct value *v)
{
	const struct version *version = version_of(r);

	/* A kept version has its MD5 and size; a synthetic one must be made first. */
	if (version->md5[0] == '\0')
		data_content(r->data, r->document, version, r->content);
	if (means == MEANS_SIZE) {
		value_set_number(v, version->md5[0] ? version->size : r->content->size);
		return;
	}
	char path[VALUE_SPACE];
	data_path_on_client(r->data, r->document, version, path);
	if (is_link(r) || r->document->external || strcmp(file_type(path), "SNOTE") == 0) {
		value_set_null(v);
		return;
	}
	memcpy(v->space, version->md5[0] ? version->md5 : r->content->md5, sizeof(version->md5));
	value_set_text(v, v->space);
}

static void
url_value(const struct row *r, struct value *v)
{
	if (data_url(r->data, r->document, v->space))
		value_set_text(v, v->space);
	else
		value_set_null(v);
}

static void
bytes_value(const struct row *r, struct value *v)
{
	char id[ID_SIZE];

	row_id(r, id);
	snprintf(v->space, VALUE_SPACE, "/services/data/v%u.0/sobjects/%s/%s/%s", r->api,
	    r->object->name, id, schema_blob(r->object)->name);
	value_set_text(v, v->space);
}

static void
number_value(const struct row *r, struct value *v)
{
	snprintf(v->space, VALUE_SPACE, "%u", r->version->number);
	value_set_text(v, v->space);
}

/* Fields that only links have. */
static void
link_value(const struct row *r, enum field_meaning means, struct value *v)
{
	const struct link_row *l = &r->link;

	switch (means) {
	case MEANS_LINKED:
	case MEANS_LIBRARY: set_id(v, l->kind, l->number); break;
	case MEANS_IS_OWNER: value_set_boolean(v, r->document->library == l->number); break;
	case MEANS_SHARE_TYPE:
		value_set_text(v, l->share == 'V' ? "V" : l->share == 'C' ? "C" : "I");
		break;
	case MEANS_VISIBILITY:
		value_set_text(v,
		    l->visibility == 'A'     ? "AllUsers" :
			l->visibility == 'I' ? "InternalUsers" :
					       "SharedUsers");
		break;
	case MEANS_DOCUMENT: set_id(v, OBJECT_DOCUMENT, l->document); break;
	case MEANS_MODSTAMP:
		value_set_datetime(v, l->created ? l->created : r->document->created);
		break;
	case MEANS_DELETED:
		value_set_boolean(v, l->deleted || r->document->state & DOCUMENT_DELETED);
		break;
	default: value_set_null(v);
	}
}

/* Fields of objects that belong to a document. */
static void
document_value(const struct row *r, enum field_meaning means, struct value *v)
{
	const struct document *doc = r->document;

	switch (means) {
	case MEANS_TITLE:
		data_title(r->data, doc, v->space);
		value_set_text(v, v->space);
		break;
	case MEANS_EXTENSION: extension_value(r, v); break;
	case MEANS_FILE_TYPE: file_type_value(r, v); break;
	case MEANS_SIZE:
	case MEANS_CHECKSUM: content_value(r, means, v); break;
	case MEANS_URL: url_value(r, v); break;
	case MEANS_PATH_ON_CLIENT:
		data_path_on_client(r->data, doc, r->version, v->space);
		value_set_text(v, v->space);
		break;
	case MEANS_NUMBER: number_value(r, v); break;
	case MEANS_IS_LATEST:
		value_set_boolean(v, r->version == &doc->versions[doc->count - 1]);
		break;
	case MEANS_LATEST_VERSION: set_id(v, OBJECT_VERSION, version_of(r)->row); break;
	case MEANS_DOCUMENT: set_id(v, OBJECT_DOCUMENT, doc->number); break;
	case MEANS_LIBRARY: set_id(v, OBJECT_LIBRARY, doc->library); break;
	case MEANS_PARENT_FOLDER: set_id(v, OBJECT_FOLDER, doc->folder); break;
	case MEANS_OWNER:
	case MEANS_CREATED_BY:
	case MEANS_MODIFIED_BY: set_id(v, OBJECT_USER, doc->owner); break;
	case MEANS_CREATED:
		value_set_datetime(v, r->version ? r->version->created : doc->created);
		break;
	case MEANS_MODIFIED:
	case MEANS_MODSTAMP: value_set_datetime(v, doc->modstamp); break;
	case MEANS_CONTENT_MODIFIED:
		value_set_datetime(v, r->version ? r->version->modified : doc->modified);
		break;
	case MEANS_ARCHIVED: value_set_boolean(v, doc->state & DOCUMENT_ARCHIVED); break;
	case MEANS_ARCHIVED_BY:
		set_id(v, OBJECT_USER, doc->state & DOCUMENT_ARCHIVED ? doc->owner : DOCUMENT_NONE);
		break;
	case MEANS_ARCHIVED_DATE:
		value_set_datetime(v, doc->archived);
		if (!(doc->state & DOCUMENT_ARCHIVED))
			value_set_null(v);
		break;
	case MEANS_DELETED: value_set_boolean(v, doc->state & DOCUMENT_DELETED); break;
	case MEANS_PUBLISH_STATUS:
		value_set_text(v, doc->library == DOCUMENT_NONE ? "R" : "P");
		break;
	case MEANS_SHARING_OPTION: value_set_text(v, "A"); break;
	case MEANS_SHARING_PRIVACY: value_set_text(v, "N"); break;
	case MEANS_LOCATION: value_set_text(v, doc->external ? "E" : "S"); break;
	case MEANS_ORIGIN: value_set_text(v, doc->library == DOCUMENT_NONE ? "H" : "C"); break;
	case MEANS_REASON: value_set_text(v, r->version->reason); break;
	case MEANS_LANGUAGE: value_set_text(v, "en_US"); break;
	case MEANS_TRUE: value_set_boolean(v, true); break;
	default: value_set_null(v);
	}
}

static const struct place *
place_of(const struct row *r)
{
	const struct object *object = r->named ? r->named : r->object;

	if (object->kind == OBJECT_FOLDER_ITEM)
		return place_get(r->data, PLACE_FOLDER, r->number - FIRST_FOLDER);
	return rows_place(object) != PLACES ? place_get(r->data, rows_place(object), r->number) :
					      NULL;
}

/* A name as an identifier: letters, digits and single underscores. */
static void
developer_name_value(const struct place *p, struct value *v)
{
	size_t n = 0;

	for (const char *s = p->name; *s && n < 80; s++) {
		bool good = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9');

		if (good || (n > 0 && v->space[n - 1] != '_'))
			v->space[n++] = good ? *s : '_';
	}
	v->space[n] = '\0';
	value_set_text(v, v->space);
}

static void
place_value(const struct row *r, const struct place *p, enum field_meaning means, struct value *v)
{
	switch (means) {
	case MEANS_NAME:
	case MEANS_TITLE: value_set_text(v, p->name); break;
	case MEANS_DEVELOPER_NAME: developer_name_value(p, v); break;
	case MEANS_FOLDER: set_id(v, OBJECT_FOLDER, place_root(r->data, r->number)); break;
	case MEANS_PARENT_FOLDER: set_id(v, OBJECT_FOLDER, p->parent); break;
	case MEANS_WORKSPACE_TYPE: value_set_text(v, "R"); break;
	case MEANS_IS_FOLDER: value_set_boolean(v, true); break;
	case MEANS_ACCOUNT: set_id(v, OBJECT_ACCOUNT, p->parent); break;
	case MEANS_ABOVE:
		value_set_text(v, p->above);
		if (v->kind == VALUE_TEXT)
			v->kind = VALUE_ID;
		break;
	case MEANS_SIZE:
		value_set_number(v, (int64_t)p->size);
		v->real = (double)p->size;
		v->kind = r->object->kind == OBJECT_EVENT_LOG ? VALUE_REAL : VALUE_NUMBER;
		break;
	case MEANS_FIRST_NAME:
		value_set_text(v, p->name);
		v->len = strrchr(p->name, ' ') ? (size_t)(strrchr(p->name, ' ') - p->name) : 0;
		if (v->len == 0)
			value_set_null(v);
		break;
	case MEANS_LAST_NAME:
		value_set_text(v, strrchr(p->name, ' ') ? strrchr(p->name, ' ') + 1 : p->name);
		break;
	case MEANS_DELETED: value_set_boolean(v, p->deleted); break;
	case MEANS_CREATED: value_set_datetime(v, p->created); break;
	case MEANS_MODIFIED:
	case MEANS_MODSTAMP: value_set_datetime(v, p->modstamp); break;
	case MEANS_OWNER:
	case MEANS_CREATED_BY:
	case MEANS_MODIFIED_BY: set_id(v, OBJECT_USER, p->owner); break;
	default: value_set_null(v);
	}
}

static void
user_value(const struct person *u, enum field_meaning means, struct value *v)
{
	switch (means) {
	case MEANS_USERNAME:
	case MEANS_EMAIL: value_set_text(v, u->username); break;
	case MEANS_FIRST_NAME: value_set_text(v, u->first); break;
	case MEANS_LAST_NAME: value_set_text(v, u->last); break;
	case MEANS_ALIAS: value_set_text(v, u->alias); break;
	case MEANS_NAME:
		snprintf(v->space, VALUE_SPACE, "%s %s", u->first, u->last);
		value_set_text(v, v->space);
		break;
	case MEANS_TRUE: value_set_boolean(v, true); break;
	case MEANS_USER_TYPE: value_set_text(v, "Standard"); break;
	default: value_set_null(v);
	}
}

/* Fields that users, the organization and legacy files share. */
static void
setting_value(enum field_meaning means, struct value *v)
{
	switch (means) {
	case MEANS_TIME_ZONE: value_set_text(v, "GMT"); break;
	case MEANS_LOCALE:
	case MEANS_LANGUAGE: value_set_text(v, "en_US"); break;
	case MEANS_CREATED:
	case MEANS_MODIFIED:
	case MEANS_MODSTAMP: value_set_datetime(v, ORG_CREATED); break;
	case MEANS_CREATED_BY:
	case MEANS_MODIFIED_BY: set_id(v, OBJECT_USER, DATA_RUN_AS); break;
	case MEANS_NAME: value_set_text(v, ORG_NAME); break;
	case MEANS_ORGANIZATION_TYPE: value_set_text(v, "Developer Edition"); break;
	case MEANS_INSTANCE: value_set_text(v, "SIM1"); break;
	default: value_set_null(v);
	}
}

void
row_id(const struct row *r, char out[ID_SIZE])
{
	const struct object *object = r->named ? r->named : r->object;

	if (object->kind != OBJECT_FOLDER_ITEM)
		id_make(object->prefix, r->number, out);
	else if (r->document)
		id_make(object_of(OBJECT_DOCUMENT)->prefix, r->number, out);
	else
		id_make(object_of(OBJECT_FOLDER)->prefix, r->number - FIRST_FOLDER, out);
}

/* The value that a client wrote, or NULL. */
static const struct extra *
find_extra(const struct row *r, const struct place *place, const struct field *f)
{
	return extra_find(r->version ? r->version->extras :
		r->document	     ? r->document->extras :
		place		     ? place->extras :
				       NULL,
	    f);
}

static void
extra_value(const struct extra *e, struct value *v)
{
	int64_t n;

	value_set_text(v, e->text);
	if (v->kind == VALUE_NULL)
		return;
	switch (e->field->type) {
	case FIELD_BOOLEAN:
		value_set_boolean(v, strcmp(e->text, "true") == 0);
		break;
	case FIELD_DATE:
		if (date_parse(e->text, v->len, &n)) {
			v->kind = VALUE_DATE;
			v->number = n;
		}
		break;
	case FIELD_DATETIME:
		if (datetime_parse(e->text, v->len, &n))
			value_set_datetime(v, n);
		break;
	case FIELD_REFERENCE:
		v->kind = VALUE_ID;
		break;
	case FIELD_INT:
	case FIELD_LONG:
		value_set_number(v, strtoll(e->text, NULL, 10));
		break;
	case FIELD_DOUBLE:
		v->kind = VALUE_REAL;
		v->real = strtod(e->text, NULL);
		break;
	default:
		break;
	}
}

void
row_value(const struct row *r, const struct field *f, struct value *v)
{
	const struct place *place = r->document ? NULL : place_of(r);
	const struct extra *extra = find_extra(r, place, f);

	value_set_null(v);
	if (extra) {
		extra_value(extra, v);
	} else if (f->means == MEANS_ID) {
		row_id(r, v->space);
		v->kind = VALUE_ID;
		v->text = v->space;
		v->len = ID_SIZE - 1;
	} else if (f->means == MEANS_TYPE) {
		value_set_text(v, r->named->name);
	} else if (f->means == MEANS_BYTES) {
		bytes_value(r, v);
	} else if (f->means == MEANS_DEFAULT) {
		/* null, or false */
	} else if (is_link_row(r->object)) {
		link_value(r, f->means, v);
	} else if (r->document) {
		document_value(r, f->means, v);
	} else if (place) {
		place_value(r, place, f->means, v);
	} else {
		const struct object *object = r->named ? r->named : r->object;

		if (object->kind == OBJECT_USER)
			user_value(data_user(r->number), f->means, v);
		if (v->kind == VALUE_NULL)
			setting_value(f->means, v);
	}
	if (v->kind == VALUE_NULL && f->type == FIELD_BOOLEAN)
		value_set_boolean(v, false);
}

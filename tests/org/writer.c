#include <cjson/cJSON.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/data.h"
#include "tests/org/org.h"
#include "tests/org/writer.h"

#define FIRST_CASE	1000

bool
writer_fail(struct write *w, const char *code, const char *about, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->message, sizeof(w->message), fmt, ap);
	va_end(ap);
	w->code = code;
	w->about = about;
	return false;
}

static bool
check(struct write *w, int rc)
{
	return rc == 0 ||
	    writer_fail(w, "UNKNOWN_EXCEPTION", NULL, "An unexpected error occurred.");
}

static bool
fail_missing(struct write *w, const char *field)
{
	return writer_fail(w, "REQUIRED_FIELD_MISSING", field, "Required fields are missing: [%s]",
	    field);
}

static bool
fail_reference(struct write *w, const char *id)
{
	return writer_fail(w, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", NULL,
	    "insufficient access rights on cross-reference id: %.18s", id ? id : "");
}

static bool
fail_type(struct write *w, const struct field *f)
{
	return writer_fail(w, "JSON_PARSER_ERROR", NULL,
	    "Cannot deserialize instance of %s from this value: %s", schema_type_name(f->type),
	    f->name);
}

/* Values */

static const cJSON *
get(const struct write *w, const char *name)
{
	return cJSON_GetObjectItem(w->fields, name);
}

/* NULL: not given, or null. */
static const char *
text(const struct write *w, const char *name)
{
	return cJSON_GetStringValue(get(w, name));
}

static size_t
characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* Whether a value is one of a list with ; between. */
static bool
is_among(const char *list, const char *value)
{
	size_t len = strlen(value);

	for (const char *s = list; s; s = strchr(s, ';')) {
		s += *s == ';';
		if (strncasecmp(s, value, len) == 0 && (s[len] == ';' || s[len] == '\0'))
			return true;
	}
	return false;
}

static bool
check_text(struct write *w, const struct field *f, const char *s)
{
	char id[ID_SIZE];
	int64_t n;

	switch (f->type) {
	case FIELD_REFERENCE:
		if (*s && !id_parse(s, strlen(s), id))
			return writer_fail(w, "MALFORMED_ID", f->name,
			    "%s: id value of incorrect type: %.40s", f->name, s);
		/* The org has no records of some objects: Network, RecordType. */
		return *s == '\0' || strcmp(f->target, "Name") == 0 ||
		    schema_object(f->target, strlen(f->target)) || fail_reference(w, s);
	case FIELD_DATETIME:
		return datetime_parse(s, strlen(s), &n) || fail_type(w, f);
	case FIELD_DATE:
		return date_parse(s, strlen(s), &n) || fail_type(w, f);
	case FIELD_BASE64:
		return true;
	case FIELD_INT:
	case FIELD_LONG:
	case FIELD_DOUBLE:
		return s[strspn(s, "+-0123456789.eE")] == '\0' || fail_type(w, f);
	case FIELD_PICKLIST:
		if (!schema_values(f) || is_among(schema_values(f), s))
			return true;
		return writer_fail(w, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f->name,
		    "%s: bad value for restricted picklist field: %.40s", f->name, s);
	default:
		return characters(s) <= f->length ||
		    writer_fail(w, "STRING_TOO_LONG", f->name,
			"%s: data value too large: %.200s (max length=%u)", f->name, s, f->length);
	}
}

static bool
check_value(struct write *w, const struct field *f, const cJSON *v)
{
	if (cJSON_IsNull(v) || (cJSON_IsString(v) && !*v->valuestring))
		return f->flags & FIELD_NILLABLE || f->type == FIELD_BASE64 ||
		    fail_missing(w, f->name);
	bool number = f->type == FIELD_INT || f->type == FIELD_LONG || f->type == FIELD_DOUBLE;
	if (f->type == FIELD_BOOLEAN ? cJSON_IsBool(v) : cJSON_IsString(v))
		return f->type == FIELD_BOOLEAN || check_text(w, f, v->valuestring);
	if (number && cJSON_IsNumber(v))
		return true;
	return fail_type(w, f);
}

/* Checks that each given field exists, may be written, and has a value of its type. */
static bool
check_fields(struct write *w, unsigned flag)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, w->fields) {
		const struct field *f =
		    schema_field(w->object, v->string, strlen(v->string), w->view->version);

		if (strcmp(v->string, "attributes") == 0 ||
		    (flag == FIELD_UPDATEABLE && strcasecmp(v->string, "Id") == 0))
			continue;
		if (!f)
			return writer_fail(w, "INVALID_FIELD", NULL,
			    "No such column '%.80s' on sobject of type %s", v->string,
			    w->object->name);
		if (!(f->flags & flag))
			return writer_fail(w, "INVALID_FIELD_FOR_INSERT_UPDATE", f->name,
			    "Unable to create/update fields: %s. Please check the "
			    "security settings of this field and verify that it is read/write for "
			    "your profile or permission set.",
			    f->name);
		if (!check_value(w, f, v))
			return false;
	}
	return true;
}

static bool
require(struct write *w, const char *name)
{
	const char *s = text(w, name);

	return (s && *s) || fail_missing(w, name);
}

/* Finds the record of a reference. *out stays unchanged if the field is not given, and becomes
 * DOCUMENT_NONE if it is null. */
static bool
resolve(struct write *w, const char *name, enum object_kind kind, uint32_t *out)
{
	const char *s = text(w, name);
	char id[ID_SIZE];
	struct row row;
	uint32_t number = DOCUMENT_NONE;
	bool found = false;

	if (!get(w, name))
		return true;
	if (!s || !*s) {
		*out = DOCUMENT_NONE;
		return true;
	}
	data_lock(w->org->data);
	if (id_parse(s, strlen(s), id) &&
	    rows_find(w->org->data, &schema_objects[kind], id, &number)) {
		struct rows_view view = *w->view;

		view.by_id = true;
		view.deleted = false;
		found = row_load(w->org->data, &schema_objects[kind], number, &view, NULL, &row);
	}
	data_unlock(w->org->data);
	if (!found)
		return fail_reference(w, s);
	*out = number;
	return true;
}

/* Reads one of a few values, by its first letter; 0: not given. */
static bool
pick(struct write *w, const char *name, const char *const *values, char *out)
{
	const char *s = text(w, name);

	*out = '\0';
	if (!s)
		return true;
	for (; *values; values++) {
		if (strcasecmp(*values, s) == 0) {
			*out = **values;
			return true;
		}
	}
	return writer_fail(w, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", name,
	    "%s: bad value for restricted picklist field: %.40s", name, s);
}

static const char *const shares[] = { "V", "C", "I", NULL };
static const char *const visibilities[] = { "AllUsers", "InternalUsers", "SharedUsers", NULL };

/* Whether a field has no meaning for the org, and is only kept. */
static bool
is_plain(const struct field *f)
{
	switch (f->means) {
	case MEANS_DEFAULT:
	case MEANS_DEVELOPER_NAME:
	case MEANS_SHARING_OPTION:
	case MEANS_SHARING_PRIVACY:
	case MEANS_LANGUAGE:
	case MEANS_ORIGIN:
	case MEANS_LOCATION:
	case MEANS_TRUE:
		return true;
	default:
		return false;
	}
}

static bool
store_plain(struct write *w)
{
	enum place_kind kind = rows_place(w->object);
	int64_t now = org_now(w->org);
	const cJSON *v;

	cJSON_ArrayForEach(v, w->fields) {
		const struct field *f =
		    schema_field(w->object, v->string, strlen(v->string), w->view->version);
		char number[40];

		snprintf(number, sizeof(number), "%.17g", v->valuedouble);
		const char *s = cJSON_IsString(v) ? v->valuestring :
		    cJSON_IsNumber(v)		  ? number :
		    cJSON_IsTrue(v)		  ? "true" :
		    cJSON_IsFalse(v)		  ? "false" :
						    NULL;
		int rc = 0;

		if (!f || !is_plain(f))
			continue;
		if (kind != PLACES)
			rc = place_set(w->org->data, kind, w->number, f, s, now);
		else if (w->object->kind == OBJECT_VERSION)
			rc = data_set_version(w->org->data, w->document, w->index, f, s, now);
		else
			rc = data_set(w->org->data, w->document, f, s, now);
		if (!check(w, rc))
			return false;
	}
	return true;
}

/* Versions */

static bool
is_set(const struct write *w, enum setting setting)
{
	return settings_get(&w->org->settings, setting) != 0;
}

/* Reads the bytes of a version, from base64 or from the second part. Caller frees *own. */
static bool
read_bytes(struct write *w, struct upload *up, char **own)
{
	const char *field = schema_blob(w->object)->name, *s = text(w, field);
	EVP_ENCODE_CTX *ctx;
	int n = 0, last = 0;

	if (w->blob && w->blob_len == 0 && !is_set(w, SETTING_EMPTY_MULTIPART))
		return fail_missing(w, field);
	if (w->blob) {
		up->bytes = w->blob;
		up->len = w->blob_len;
		return true;
	}
	if (!s || !*s)
		return fail_missing(w, field);
	*own = malloc(strlen(s) + 4);
	ctx = EVP_ENCODE_CTX_new();
	if (*own && ctx)
		EVP_DecodeInit(ctx);
	bool good = *own && ctx &&
	    EVP_DecodeUpdate(ctx, (unsigned char *)*own, &n, (const unsigned char *)s,
		(int)strlen(s)) >= 0 &&
	    EVP_DecodeFinal(ctx, (unsigned char *)*own + n, &last) == 1;
	EVP_ENCODE_CTX_free(ctx);
	if (!good)
		return writer_fail(w, "JSON_PARSER_ERROR", NULL,
		    "Cannot deserialize instance of base64 from VALUE_STRING value");
	up->bytes = *own;
	up->len = (size_t)(n + last);
	return true;
}

/* Finds the library, record or user of a first version. By default an Id that does not exist is
 * accepted, as was seen in an org, and has no effect. */
static bool
place_first(struct write *w, struct placing *at, struct link_row *link)
{
	const char *s = text(w, "FirstPublishLocationId");
	char id[ID_SIZE];
	uint32_t number;

	data_lock(w->org->data);
	const struct object *object = s && id_parse(s, strlen(s), id) ? rows_object(id) : NULL;
	if (object && rows_find(w->org->data, object, id, &number)) {
		switch (rows_place(object)) {
		case PLACE_LIBRARY:
			at->library = number;
			at->folder = place_root(w->org->data, number);
			break;
		case PLACE_ACCOUNT:
		case PLACE_CONTACT:
		case PLACE_OPPORTUNITY:
		case PLACE_CASE:
		case PLACE_LEAD:
		case PLACE_INVOICE:
		case PLACE_EMAIL:
			at->record_kind = rows_place(object);
			at->record = number;
			break;
		default:
			if (object->kind == OBJECT_USER && number != at->owner)
				*link = (struct link_row){ .kind = OBJECT_USER,
					.number = number,
					.share = 'V',
					.visibility = 'A' };
		}
		s = NULL;
	}
	data_unlock(w->org->data);
	return !s || is_set(w, SETTING_UNKNOWN_LOCATION) || fail_reference(w, s);
}

/* The title of a first version without one: its file's name, without the extension. */
static char *
title_of(const char *path)
{
	const char *ext = file_extension(path), *name = path;
	size_t len;

	for (const char *p = path; *p; p++)
		if (*p == '/' || *p == '\\')
			name = p + 1;
	len = strlen(name);
	return strndup(name, *ext ? len - strlen(ext) - 1 : len);
}

static bool
add_first(struct write *w, const struct upload *up, uint32_t owner)
{
	struct placing at = PLACING_NONE;
	struct link_row link = { .number = DOCUMENT_NONE };
	int64_t now = org_now(w->org);
	const char *given = text(w, "Title");
	char *title = given ? strdup(given) : title_of(up->path_on_client);
	uint32_t ignored;
	int rc = title ? 0 : -ENOMEM;

	at.owner = owner;
	if (!place_first(w, &at, &link)) {
		free(title);
		return false;
	}
	if (rc == 0)
		rc = data_add_document(w->org->data, title, &at, up, now, &w->document);
	if (rc == 0 && link.number != DOCUMENT_NONE) {
		link.document = w->document;
		rc = link_add(w->org->data, &link, &ignored);
	}
	free(title);
	return check(w, rc);
}

static bool
add_next(struct write *w, const struct upload *up)
{
	int64_t now = org_now(w->org);
	const char *title = text(w, "Title");
	int rc = data_add_version(w->org->data, w->document, up, now);

	if (rc == 0 && title)
		rc = data_rename(w->org->data, w->document, title, now);
	return check(w, rc);
}

static bool
is_archived(struct write *w)
{
	struct document space;

	data_lock(w->org->data);
	bool archived = data_document(w->org->data, w->document, &space)->state & DOCUMENT_ARCHIVED;
	data_unlock(w->org->data);
	return archived;
}

static void
find_latest(struct write *w)
{
	struct document space;

	data_lock(w->org->data);
	const struct document *doc = data_document(w->org->data, w->document, &space);
	w->index = doc->count - 1;
	w->number = doc->versions[w->index].row;
	id_make("068", w->number, w->id);
	data_unlock(w->org->data);
}

/* What an org may be short of, and its own rules for files. */
static bool
check_limits(struct write *w, const char *path)
{
	static const char *const assets[] = { "PNG", "JPG", "GIF" };
	bool asset = !cJSON_IsTrue(get(w, "IsAssetEnabled"));

	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++)
		asset = asset || strcmp(file_type(path), assets[i]) == 0;
	if (!asset)
		return writer_fail(w, "FIELD_INTEGRITY_EXCEPTION", "IsAssetEnabled",
		    "We can't enable this file because its file type isn't allowed for asset "
		    "files.");
	if (is_set(w, SETTING_REQUIRED_FIELD) && !require(w, "File_Type__c"))
		return false;
	if (is_set(w, SETTING_STORAGE_FULL))
		return writer_fail(w, "STORAGE_LIMIT_EXCEEDED", NULL, "storage limit exceeded");
	if (atomic_fetch_add(&w->org->publications, !w->dry) >=
	    settings_get(&w->org->settings, SETTING_PUBLICATIONS))
		return writer_fail(w, "UNKNOWN_EXCEPTION", NULL,
		    "ContentPublication Limit exceeded");
	return true;
}

static bool
create_version(struct write *w)
{
	const char *url = text(w, "ContentUrl"), *modified = text(w, "ContentModifiedDate");
	uint32_t owner = w->view->user;
	struct upload up = {
		.path_on_client = text(w, "PathOnClient"),
		.url = url,
		.bytes = "",
		.reason = text(w, "ReasonForChange"),
		.modified = org_now(w->org),
	};
	char *own = NULL;
	bool good = false;

	w->document = DOCUMENT_NONE;
	if (!resolve(w, "ContentDocumentId", OBJECT_DOCUMENT, &w->document) ||
	    !resolve(w, "OwnerId", OBJECT_USER, &owner))
		goto out;
	if (w->document != DOCUMENT_NONE && text(w, "FirstPublishLocationId")) {
		writer_fail(w, "INVALID_FIELD_FOR_INSERT_UPDATE", "FirstPublishLocationId",
		    "FirstPublishLocationId is only for the first version");
		goto out;
	}
	if (w->document != DOCUMENT_NONE && is_archived(w)) {
		writer_fail(w, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", NULL,
		    "a file cannot get new versions while it is archived");
		goto out;
	}
	if (url && text(w, "PathOnClient")) {
		writer_fail(w, "FIELD_INTEGRITY_EXCEPTION", "PathOnClient",
		    "a version has either ContentUrl or PathOnClient");
		goto out;
	}
	if (url && !up.path_on_client)
		up.path_on_client = text(w, "Title") ? text(w, "Title") : "Link";
	if (!up.path_on_client || !*up.path_on_client) {
		fail_missing(w, "PathOnClient");
		goto out;
	}
	if (modified)
		datetime_parse(modified, strlen(modified), &up.modified);
	if ((!url && !read_bytes(w, &up, &own)) || !check_limits(w, up.path_on_client))
		goto out;
	if (w->dry)
		good = true;
	else if (w->document == DOCUMENT_NONE ? add_first(w, &up, owner) : add_next(w, &up)) {
		find_latest(w);
		good = store_plain(w);
	}
out:
	free(own);
	return good;
}

static bool
update_version(struct write *w)
{
	const char *title = text(w, "Title");
	int64_t now = org_now(w->org);
	struct document space;
	uint32_t owner = DOCUMENT_NONE;

	data_lock(w->org->data);
	bool latest = w->index + 1 == data_document(w->org->data, w->document, &space)->count;
	data_unlock(w->org->data);
	if (!latest)
		return writer_fail(w, "INVALID_STATUS", NULL,
		    "You cannot update a version that is not the latest version of a document.");
	if (get(w, "VersionData") || w->blob)
		return writer_fail(w, "INVALID_STATUS", "VersionData",
		    "the bytes of a major version can not be set");
	if (!resolve(w, "OwnerId", OBJECT_USER, &owner))
		return false;
	if (w->dry)
		return true;
	if (title && !check(w, data_rename(w->org->data, w->document, title, now)))
		return false;
	if (owner != DOCUMENT_NONE && !check(w, data_own(w->org->data, w->document, owner, now)))
		return false;
	if (get(w, "ReasonForChange") &&
	    !check(w,
		data_set_reason(w->org->data, w->document, w->index, text(w, "ReasonForChange"),
		    now)))
		return false;
	return store_plain(w);
}

/* Documents */

static bool
update_document(struct write *w)
{
	struct data *d = w->org->data;
	const cJSON *archived = get(w, "IsArchived");
	const char *title = text(w, "Title");
	int64_t now = org_now(w->org);
	uint32_t owner = DOCUMENT_NONE, library = DOCUMENT_NONE, folder = DOCUMENT_NONE;

	if (!resolve(w, "OwnerId", OBJECT_USER, &owner) ||
	    !resolve(w, "ParentId", OBJECT_LIBRARY, &library))
		return false;
	if (w->dry)
		return true;
	if (title && !check(w, data_rename(d, w->document, title, now)))
		return false;
	if (owner != DOCUMENT_NONE && !check(w, data_own(d, w->document, owner, now)))
		return false;
	if (archived &&
	    !check(w,
		cJSON_IsTrue(archived) ? data_mark(d, w->document, DOCUMENT_ARCHIVED, 0, now) :
					 data_mark(d, w->document, 0, DOCUMENT_ARCHIVED, now)))
		return false;
	if (get(w, "ParentId")) {
		if (library != DOCUMENT_NONE) {
			data_lock(d);
			folder = place_root(d, library);
			data_unlock(d);
		}
		if (!check(w, data_put(d, w->document, library, folder, now)))
			return false;
	}
	return store_plain(w);
}

static bool
delete_document(struct write *w)
{
	return w->dry ||
	    check(w, data_mark(w->org->data, w->document, DOCUMENT_DELETED, 0, org_now(w->org)));
}

/* Links */

/* Finds the user, library or record of a link. */
static bool
resolve_entity(struct write *w, const char *name, struct link_row *link)
{
	const char *s = text(w, name);
	char id[ID_SIZE];
	const struct object *object = s && id_parse(s, strlen(s), id) ? rows_object(id) : NULL;

	if (!object || object->kind == OBJECT_FOLDER ||
	    (object->kind != OBJECT_USER && object->kind != OBJECT_ORGANIZATION &&
		rows_place(object) == PLACES))
		return fail_reference(w, s);
	link->kind = object->kind;
	return resolve(w, name, object->kind, &link->number);
}

static bool
add_link(struct write *w, struct link_row *link, const char *entity)
{
	uint32_t row;
	int rc;

	if (w->dry)
		return true;
	link->created = org_now(w->org);
	rc = link_add(w->org->data, link, &row);
	if (rc == -EEXIST)
		return writer_fail(w, "DUPLICATE_VALUE", NULL,
		    "Document with ID: %.18s is already linked with the entity with ID: %.18s",
		    text(w, "ContentDocumentId"), text(w, entity));
	if (rc == 0)
		id_make(w->object->prefix, row, w->id);
	return check(w, rc);
}

static bool
create_link(struct write *w)
{
	struct link_row link = { .document = DOCUMENT_NONE };

	if (!require(w, "ContentDocumentId") || !require(w, "LinkedEntityId") ||
	    (is_set(w, SETTING_NEED_SHARE_TYPE) && !require(w, "ShareType")) ||
	    !resolve(w, "ContentDocumentId", OBJECT_DOCUMENT, &link.document) ||
	    !resolve_entity(w, "LinkedEntityId", &link) ||
	    !pick(w, "ShareType", shares, &link.share) ||
	    !pick(w, "Visibility", visibilities, &link.visibility))
		return false;
	if (!link.share)
		link.share = 'V';
	if (!link.visibility)
		link.visibility = 'A';
	return add_link(w, &link, "LinkedEntityId");
}

static bool
create_library_document(struct write *w)
{
	struct link_row link = {
		.document = DOCUMENT_NONE, .kind = OBJECT_LIBRARY, .share = 'I', .visibility = 'A'
	};

	return require(w, "ContentDocumentId") && require(w, "ContentWorkspaceId") &&
	    resolve(w, "ContentDocumentId", OBJECT_DOCUMENT, &link.document) &&
	    resolve(w, "ContentWorkspaceId", OBJECT_LIBRARY, &link.number) &&
	    add_link(w, &link, "ContentWorkspaceId");
}

static bool
update_link(struct write *w)
{
	char share, visibility;

	return pick(w, "ShareType", shares, &share) &&
	    pick(w, "Visibility", visibilities, &visibility) &&
	    (w->dry || check(w, link_change(w->org->data, w->number, share, visibility)));
}

static bool
delete_link(struct write *w)
{
	if (w->number < LINK_FIRST_MADE && w->number % LINK_STRIDE == LINK_OWNER)
		return writer_fail(w, "FIELD_INTEGRITY_EXCEPTION", NULL,
		    "field integrity exception: []");
	return w->dry || check(w, link_delete(w->org->data, w->number));
}

/* Folders: the places of documents */

static bool
update_member(struct write *w)
{
	uint32_t folder = DOCUMENT_NONE, library;
	struct document space;

	if (!require(w, "ParentContentFolderId") ||
	    !resolve(w, "ParentContentFolderId", OBJECT_FOLDER, &folder))
		return false;
	data_lock(w->org->data);
	library = place_get(w->org->data, PLACE_FOLDER, folder)->library;
	bool same = data_document(w->org->data, w->document, &space)->library == library;
	data_unlock(w->org->data);
	if (!same)
		return fail_reference(w, text(w, "ParentContentFolderId"));
	return w->dry ||
	    check(w, data_put(w->org->data, w->document, library, folder, org_now(w->org)));
}

/* Libraries, folders, records */

/* The name in a write, or NULL. A contact's name may lack a half: `old` has it. Caller frees. */
static char *
name_of(const struct write *w, const char *old)
{
	const char *first = text(w, "FirstName"), *last = text(w, "LastName"),
		   *name = text(w, "Name"), *space = strrchr(old, ' ');
	struct buf out = BUF_INIT;

	if (w->object->kind == OBJECT_CASE) {
		if (*old)
			return NULL;
		data_lock(w->org->data);
		buf_printf(&out, "%08u", FIRST_CASE + place_count(w->org->data, PLACE_CASE));
		data_unlock(w->org->data);
		return buf_detach(&out);
	}
	if (w->object->kind != OBJECT_CONTACT && w->object->kind != OBJECT_LEAD)
		return name ? strdup(name) : NULL;
	if (!get(w, "FirstName") && !last)
		return NULL;
	if (first)
		buf_puts(&out, first);
	else if (!get(w, "FirstName") && space)
		buf_put(&out, old, (size_t)(space - old));
	if (out.len)
		buf_putc(&out, ' ');
	buf_puts(&out, last ? last : space ? space + 1 : old);
	return buf_detach(&out);
}

/* The field that leads to the account, or to the folder above. */
static const char *
parent_field(const struct write *w)
{
	for (size_t i = 0; i < w->object->count; i++)
		if (w->object->fields[i].means == MEANS_ACCOUNT ||
		    w->object->fields[i].means == MEANS_PARENT_FOLDER)
			return w->object->fields[i].name;
	return "";
}

static bool
resolve_parent(struct write *w, uint32_t *parent, uint32_t *library)
{
	if (w->object->kind != OBJECT_FOLDER)
		return resolve(w, parent_field(w), OBJECT_ACCOUNT, parent);
	if (!require(w, "ParentContentFolderId") ||
	    !resolve(w, "ParentContentFolderId", OBJECT_FOLDER, parent))
		return false;
	data_lock(w->org->data);
	*library = place_get(w->org->data, PLACE_FOLDER, *parent)->library;
	data_unlock(w->org->data);
	return true;
}

static const struct {
	enum object_kind kind;
	const char *field;
} required[] = {
	{ OBJECT_LIBRARY, "Name" },
	{ OBJECT_FOLDER, "Name" },
	{ OBJECT_ACCOUNT, "Name" },
	{ OBJECT_CONTACT, "LastName" },
	{ OBJECT_OPPORTUNITY, "Name" },
	{ OBJECT_OPPORTUNITY, "StageName" },
	{ OBJECT_OPPORTUNITY, "CloseDate" },
	{ OBJECT_LEAD, "LastName" },
	{ OBJECT_LEAD, "Company" },
};

/* A rule for Accounts; a header of the request overrides it. */
static bool
check_duplicates(struct write *w)
{
	const char *name = text(w, "Name");
	bool found = false;

	if (w->object->kind != OBJECT_ACCOUNT || !is_set(w, SETTING_DUPLICATE_RULE) ||
	    w->allow_duplicates)
		return true;
	data_lock(w->org->data);
	for (uint32_t i = 0; i < place_count(w->org->data, PLACE_ACCOUNT) && !found; i++) {
		const struct place *p = place_get(w->org->data, PLACE_ACCOUNT, i);

		found = !p->deleted && strcasecmp(p->name, name) == 0;
	}
	data_unlock(w->org->data);
	return !found ||
	    writer_fail(w, "DUPLICATES_DETECTED", NULL, "Use one of these records?");
}

static bool
create_place(struct write *w)
{
	uint32_t parent = DOCUMENT_NONE, library = DOCUMENT_NONE, owner = w->view->user;
	enum place_kind kind = rows_place(w->object);
	int64_t now = org_now(w->org);

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (required[i].kind == w->object->kind && !require(w, required[i].field))
			return false;
	if (!resolve(w, "OwnerId", OBJECT_USER, &owner) ||
	    !resolve_parent(w, &parent, &library) || !check_duplicates(w))
		return false;
	if (w->dry)
		return true;
	if ((kind == PLACE_CASE || kind == PLACE_LEAD) && is_set(w, SETTING_ASSIGN) &&
	    !w->no_assignment)
		owner = 1;
	char *name = name_of(w, "");
	bool nameless = !name && w->object->kind == OBJECT_INVOICE;
	if (nameless)
		name = strdup("");
	int rc =
	    name ? place_add(w->org->data, kind, name, library, parent, now, &w->number) : -ENOMEM;
	free(name);
	if (!check(w, rc))
		return false;
	place_own(w->org->data, kind, w->number, owner, now);
	id_make(w->object->prefix, w->number, w->id);
	if (nameless)	/* its Id, then */
		rc = place_rename(w->org->data, kind, w->number, w->id, now);
	return check(w, rc) && store_plain(w);
}

static bool
update_place(struct write *w)
{
	enum place_kind kind = rows_place(w->object);
	uint32_t parent = DOCUMENT_NONE, owner = DOCUMENT_NONE, library;
	const char *field = parent_field(w);
	int64_t now = org_now(w->org);
	int rc = 0;

	if (!resolve(w, "OwnerId", OBJECT_USER, &owner) ||
	    (get(w, field) && !resolve_parent(w, &parent, &library)))
		return false;
	if (w->dry)
		return true;
	data_lock(w->org->data);
	char *name = name_of(w, place_get(w->org->data, kind, w->number)->name);
	data_unlock(w->org->data);
	if (name)
		rc = place_rename(w->org->data, kind, w->number, name, now);
	free(name);
	if (get(w, field))
		place_move(w->org->data, kind, w->number, parent, now);
	if (owner != DOCUMENT_NONE)
		place_own(w->org->data, kind, w->number, owner, now);
	return check(w, rc) && store_plain(w);
}

/* Whether a library or folder is empty. */
static bool
is_empty(struct write *w, enum place_kind kind)
{
	struct data *d = w->org->data;
	struct document space;
	bool empty = true;

	data_lock(d);
	for (uint32_t i = 0; i < data_document_count(d) && empty; i++) {
		const struct document *doc = data_document(d, i, &space);

		empty = doc->state & (DOCUMENT_DELETED | DOCUMENT_GONE) ||
		    (kind == PLACE_FOLDER ? doc->folder : doc->library) != w->number;
	}
	for (uint32_t i = 0; i < place_count(d, PLACE_FOLDER) && empty && kind == PLACE_FOLDER;
	     i++) {
		const struct place *p = place_get(d, PLACE_FOLDER, i);

		empty = p->deleted || p->parent != w->number;
	}
	data_unlock(d);
	return empty;
}

static bool
delete_place(struct write *w)
{
	enum place_kind kind = rows_place(w->object);

	if ((kind == PLACE_FOLDER || kind == PLACE_LIBRARY) && !is_empty(w, kind))
		return writer_fail(w, "DELETE_FAILED", NULL, "there is something in it");
	if (!w->dry)
		place_delete(w->org->data, kind, w->number, org_now(w->org));
	return true;
}

/* Attachments, legacy documents, email messages: records whose parent may be any */

/* Reads the bytes that are given, and the Id above; false: one of them is wrong. */
static bool
read_blob(struct write *w, bool create, struct upload *up, char **own, const char **above)
{
	const struct field *blob = schema_blob(w->object);
	bool given = w->blob || (blob && get(w, blob->name));
	const char *name = w->object->kind == OBJECT_LEGACY_DOCUMENT ? "FolderId" : "ParentId";
	const struct object *object;
	char id[ID_SIZE];
	struct row row;
	uint32_t number;

	*above = text(w, name);
	/* A legacy document has a Url instead of bytes, or both are left out. */
	if (given || (create && w->object->kind == OBJECT_ATTACHMENT)) {
		if (!read_bytes(w, up, own))
			return false;
	}
	if (create && blob && !require(w, name))
		return false;
	if (!*above)
		return true;
	data_lock(w->org->data);
	object = id_parse(*above, strlen(*above), id) ? rows_object(id) : NULL;
	struct rows_view view = *w->view;
	view.by_id = true;
	bool found = object && rows_find(w->org->data, object, id, &number) &&
	    row_load(w->org->data, object, number, &view, NULL, &row);
	data_unlock(w->org->data);
	return found || fail_reference(w, *above);
}

static bool
create_blob(struct write *w)
{
	enum place_kind kind = rows_place(w->object);
	struct upload up = { .bytes = "" };
	char *own = NULL;
	const char *above, *name = text(w, kind == PLACE_EMAIL ? "Subject" : "Name");
	uint32_t owner = w->view->user;
	int64_t now = org_now(w->org);
	bool good = (kind == PLACE_EMAIL || require(w, "Name")) &&
	    resolve(w, "OwnerId", OBJECT_USER, &owner) && read_blob(w, true, &up, &own, &above);

	if (good && !w->dry) {
		int rc = place_add(w->org->data, kind, name ? name : "", DOCUMENT_NONE,
		    DOCUMENT_NONE, now, &w->number);

		if (rc == 0)
			rc = place_fill(w->org->data, kind, w->number, up.bytes, up.len,
			    above ? above : "", now);
		good = check(w, rc);
		if (good) {
			place_own(w->org->data, kind, w->number, owner, now);
			id_make(w->object->prefix, w->number, w->id);
			good = store_plain(w);
		}
	}
	free(own);
	return good;
}

static bool
update_blob(struct write *w)
{
	enum place_kind kind = rows_place(w->object);
	struct upload up = { 0 };
	char *own = NULL;
	const char *above, *name = text(w, kind == PLACE_EMAIL ? "Subject" : "Name");
	int64_t now = org_now(w->org);
	bool good = read_blob(w, false, &up, &own, &above);

	if (good && !w->dry) {
		int rc = name ? place_rename(w->org->data, kind, w->number, name, now) : 0;

		if (rc == 0 && up.bytes)
			rc = place_fill(w->org->data, kind, w->number, up.bytes, up.len, above,
			    now);
		good = check(w, rc) && store_plain(w);
	}
	free(own);
	return good;
}

static const struct {
	enum object_kind kind;
	bool (*create)(struct write *);		/* NULL: not possible */
	bool (*update)(struct write *);
	bool (*remove)(struct write *);
} writers[] = {
	{ OBJECT_DOCUMENT, NULL, update_document, delete_document },
	{ OBJECT_VERSION, create_version, update_version, NULL },
	{ OBJECT_LINK, create_link, update_link, delete_link },
	{ OBJECT_LIBRARY, create_place, update_place, delete_place },
	{ OBJECT_LIBRARY_DOCUMENT, create_library_document, NULL, NULL },
	{ OBJECT_FOLDER, create_place, update_place, delete_place },
	{ OBJECT_FOLDER_MEMBER, NULL, update_member, NULL },
	{ OBJECT_ACCOUNT, create_place, update_place, delete_place },
	{ OBJECT_CONTACT, create_place, update_place, delete_place },
	{ OBJECT_OPPORTUNITY, create_place, update_place, delete_place },
	{ OBJECT_CASE, create_place, update_place, delete_place },
	{ OBJECT_LEAD, create_place, update_place, delete_place },
	{ OBJECT_INVOICE, create_place, update_place, delete_place },
	{ OBJECT_ATTACHMENT, create_blob, update_blob, delete_place },
	{ OBJECT_LEGACY_DOCUMENT, create_blob, update_blob, delete_place },
	{ OBJECT_EMAIL, create_blob, update_blob, delete_place },
};

#define WRITERS	(sizeof(writers) / sizeof(writers[0]))

/* The number of a record by an external Id; false: none, or more than one. */
static bool
find_external(struct write *w, const struct field *f, const char *value, bool *several)
{
	struct rows_view view = *w->view;
	char space[VALUE_SPACE];
	struct value v = { .space = space };
	unsigned found = 0;

	view.deleted = false;
	data_lock(w->org->data);
	for (uint32_t i = 0; i < rows_end(w->org->data, w->object); i++) {
		struct row row;

		if (!row_load(w->org->data, w->object, i, &view, NULL, &row))
			continue;
		row_value(&row, f, &v);
		if (v.kind == VALUE_TEXT && text_order(v.text, v.len, value, strlen(value)) == 0 &&
		    found++ == 0)
			row_id(&row, w->id);
	}
	data_unlock(w->org->data);
	*several = found > 1;
	return found == 1;
}

bool
writer_upsert(struct write *w, const char *field, const char *value, bool *created)
{
	const struct field *f =
	    schema_field(w->object, field, strlen(field), w->view->version);
	bool several = false;
	char id[ID_SIZE];

	*created = false;
	if (!f || !(f->flags & FIELD_EXTERNAL || f->means == MEANS_ID))
		return writer_fail(w, "NOT_FOUND", NULL,
		    "Provided external ID field does not exist or is not accessible: %.80s",
		    field);
	if (f->means == MEANS_ID && *value)
		return writer_run(w, WRITER_UPDATE, value);
	if (f->means != MEANS_ID && find_external(w, f, value, &several)) {
		memcpy(id, w->id, sizeof(id));
		return writer_run(w, WRITER_UPDATE, id);
	}
	if (several)
		return writer_fail(w, "DUPLICATE_EXTERNAL_ID", f->name,
		    "%s: more than one record found for external id field", f->name);
	*created = true;
	if (!writer_run(w, WRITER_CREATE, NULL))
		return false;
	return w->dry || f->means == MEANS_ID || rows_place(w->object) == PLACES ||
	    check(w,
		place_set(w->org->data, rows_place(w->object), w->number, f, value,
		    org_now(w->org)));
}

bool
writer_find(struct write *w, const char *field, const char *value)
{
	const struct field *f =
	    schema_field(w->object, field, strlen(field), w->view->version);
	bool several;

	return (f && find_external(w, f, value, &several)) ||
	    writer_fail(w, "NOT_FOUND", NULL, "The requested resource does not exist");
}

void
writer_undo(struct org *org, const char *id)
{
	const struct object *object = rows_object(id);
	uint32_t number;

	if (!object)
		return;
	data_lock(org->data);
	bool found = rows_find(org->data, object, id, &number);
	if (found && object->kind == OBJECT_VERSION) {
		struct document space;
		const struct document *doc;

		found = data_version(org->data, number, &space, &doc) != NULL;
		number = found ? doc->number : 0;
	}
	data_unlock(org->data);
	if (found && rows_place(object) != PLACES)
		place_forget(org->data, rows_place(object), number);
	else if (found && object->kind == OBJECT_LINK)
		link_delete(org->data, number);
	else if (found && object->kind == OBJECT_VERSION)
		data_mark(org->data, number, DOCUMENT_GONE, 0, org_now(org));
}

static bool
find_row(struct write *w, const char *id)
{
	struct row row;
	const char *code;

	data_lock(w->org->data);
	code = row_find(w->org->data, w->object, id, w->view, &row, w->id, w->message,
	    sizeof(w->message));
	if (!code) {
		w->number = row.number;
		w->document = row.document ? row.document->number : DOCUMENT_NONE;
		w->index = row.version ? row.version->number - 1 : 0;
	}
	data_unlock(w->org->data);
	w->code = code;
	return !code;
}

/* A rule that an administrator made. */
static bool
check_validation(struct write *w)
{
	const char *name = text(w, "Name") ? text(w, "Name") : text(w, "Title");

	return !is_set(w, SETTING_VALIDATION) || !name || strncmp(name, "Bad", 3) != 0 ||
	    writer_fail(w, "FIELD_CUSTOM_VALIDATION_EXCEPTION", NULL, "No bad names, please.");
}

bool
writer_run(struct write *w, enum writer_op op, const char *id)
{
	static const char *const verbs[] = { "inserted", "updated", "deleted" };
	bool (*writer)(struct write *) = NULL;

	for (size_t i = 0; i < WRITERS && !writer; i++)
		if (writers[i].kind == w->object->kind)
			writer = op == WRITER_CREATE ? writers[i].create :
			    op == WRITER_UPDATE	     ? writers[i].update :
						       writers[i].remove;
	if (!writer)
		return writer_fail(w, "INVALID_TYPE_FOR_OPERATION", NULL,
		    "entity type cannot be %s: %s", verbs[op], w->object->name);
	if (op != WRITER_CREATE && !find_row(w, id))
		return false;
	if (op != WRITER_CREATE && is_set(w, SETTING_READ_ONLY))
		return writer_fail(w, "INSUFFICIENT_ACCESS_OR_READONLY", NULL,
		    "insufficient access rights on object id");
	if (op != WRITER_DELETE &&
	    !check_fields(w, op == WRITER_CREATE ? FIELD_CREATEABLE : FIELD_UPDATEABLE))
		return false;
	return (op == WRITER_DELETE || check_validation(w)) && writer(w);
}

/*
 * schema - the objects of the org and their fields, as tables.
 *
 * Only what is in a table exists; a query of anything else is refused. A new field is a row here
 * and, unless it is always null or false, a case in rows.c.
 *
 * Pure data. Any thread.
 */
#ifndef ORG_SCHEMA_H
#define ORG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

enum field_type {
	FIELD_ID,
	FIELD_REFERENCE,
	FIELD_STRING,
	FIELD_TEXTAREA,
	FIELD_PICKLIST,
	FIELD_URL,
	FIELD_EMAIL,
	FIELD_PHONE,
	FIELD_BOOLEAN,
	FIELD_INT,
	FIELD_LONG,
	FIELD_DOUBLE,
	FIELD_DATE,
	FIELD_DATETIME,
	FIELD_BASE64,
};

enum field_flags {
	FIELD_NILLABLE = 1, FIELD_CREATEABLE = 2, FIELD_UPDATEABLE = 4,
	FIELD_NO_FILTER = 8,	/* neither in WHERE nor in ORDER BY */
	FIELD_NO_SORT = 16,
	FIELD_NAME = 32,	/* the object's name field */
	FIELD_EXTERNAL = 64,	/* an external Id */
};

/* The meaning of a field. */
enum field_meaning {
	MEANS_DEFAULT, /* null, or false */
	MEANS_ID,
	MEANS_NAME,
	MEANS_TITLE,
	MEANS_EXTENSION,
	MEANS_FILE_TYPE,
	MEANS_SIZE,
	MEANS_LATEST_VERSION,
	MEANS_LIBRARY,
	MEANS_OWNER,
	MEANS_CREATED,
	MEANS_CREATED_BY,
	MEANS_MODIFIED,
	MEANS_MODIFIED_BY,
	MEANS_MODSTAMP,
	MEANS_CONTENT_MODIFIED,
	MEANS_PUBLISH_STATUS,
	MEANS_ARCHIVED,
	MEANS_ARCHIVED_BY,
	MEANS_ARCHIVED_DATE,
	MEANS_DELETED,
	MEANS_SHARING_OPTION,
	MEANS_SHARING_PRIVACY,
	MEANS_DOCUMENT,
	MEANS_PATH_ON_CLIENT,
	MEANS_BYTES,
	MEANS_NUMBER,
	MEANS_IS_LATEST,
	MEANS_TRUE,
	MEANS_CHECKSUM,
	MEANS_LOCATION,
	MEANS_URL,
	MEANS_BODY,
	MEANS_ORIGIN,
	MEANS_REASON,
	MEANS_LANGUAGE,
	MEANS_LINKED,
	MEANS_SHARE_TYPE,
	MEANS_VISIBILITY,
	MEANS_DEVELOPER_NAME,
	MEANS_FOLDER,
	MEANS_WORKSPACE_TYPE,
	MEANS_TAG_MODEL,
	MEANS_PARENT_FOLDER,
	MEANS_IS_FOLDER,
	MEANS_USERNAME,
	MEANS_FIRST_NAME,
	MEANS_LAST_NAME,
	MEANS_EMAIL,
	MEANS_ALIAS,
	MEANS_USER_TYPE,
	MEANS_TIME_ZONE,
	MEANS_LOCALE,
	MEANS_ORGANIZATION_TYPE,
	MEANS_INSTANCE,
	MEANS_TYPE,
	MEANS_ACCOUNT,
	MEANS_IS_OWNER,
	MEANS_ABOVE,		/* the record of an attachment, the folder of a document */
};

struct field {
	const char	*name;
	enum field_type	 type;
	unsigned	 length;	/* of text, in characters */
	unsigned	 flags;
	enum field_meaning means;
	const char	*relation;	/* the relationship's name in a query; NULL: none */
	const char	*target;	/* the object it refers to; "Name": any */
	unsigned	 since;		/* the first API version that has it */
};

enum object_flags {
	OBJECT_CREATEABLE = 1, OBJECT_UPDATEABLE = 2, OBJECT_DELETABLE = 4,
	OBJECT_NO_RETRIEVE = 8,		/* rows by query only */
	OBJECT_HIDDEN = 16,		/* reached only through a relation */
	OBJECT_RECORD = 32,		/* files can be linked to it */
};

enum object_kind {
	OBJECT_DOCUMENT,
	OBJECT_VERSION,
	OBJECT_LINK,
	OBJECT_LIBRARY,
	OBJECT_LIBRARY_DOCUMENT,
	OBJECT_FOLDER,
	OBJECT_FOLDER_ITEM,
	OBJECT_FOLDER_MEMBER,
	OBJECT_USER,
	OBJECT_ORGANIZATION,
	OBJECT_ACCOUNT,
	OBJECT_CONTACT,
	OBJECT_OPPORTUNITY,
	OBJECT_CASE,
	OBJECT_LEAD,
	OBJECT_INVOICE,			/* a custom object */
	OBJECT_ATTACHMENT,
	OBJECT_LEGACY_DOCUMENT,
	OBJECT_EVENT_LOG,
	OBJECT_EMAIL,
	OBJECT_NAME,
	OBJECTS
};

struct object {
	enum object_kind kind;
	const char	*name, *label, *plural;
	const char	*prefix;	/* of its ids */
	unsigned	 flags;
	const struct field *fields;
	size_t		 count;
};

extern const struct object schema_objects[OBJECTS];	/* by object_kind */

/* Finds a name without regard to case, in an API version (66 for v66.0). */
const struct object *schema_object(const char *name, size_t len);
const struct field *schema_field(const struct object *, const char *name, size_t len,
    unsigned version);
const struct field *schema_relation(const struct object *, const char *name, size_t len,
    unsigned version);
/* The values of a restricted picklist, with ; between; NULL: any value. */
const char *schema_values(const struct field *);
const struct field *schema_blob(const struct object *);	/* its base64 field; NULL: none */
bool	schema_is_replicated(const struct object *);	/* has getUpdated and getDeleted */
bool	schema_groupable(const struct field *);
/* The object of child records by the name of the relation, and the field that leads up to their
 * parent; NULL: none. */
const struct object *schema_children(const struct object *parent, const char *name, size_t len,
    const struct field **up);
/* The child relations of an object, one by one from *i = 0 on; false: no more. */
bool	schema_next_children(const struct object *parent, size_t *i, const struct object **child,
    const struct field **up, const char **name);
const char *schema_children_name(const struct object *parent, const struct object *child,
    const struct field *up);
const char *schema_type_name(enum field_type);		/* as in a describe */
const char *schema_soap_type(enum field_type);

#endif

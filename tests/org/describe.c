#include <string.h>

#include "tests/org/describe.h"

static const char *
truth(bool b)
{
	return b ? "true" : "false";
}

static void
put_urls(const struct object *o, unsigned version, struct buf *out)
{
	const char *prefix = "/services/data/v";

	buf_printf(out,
	    "\"urls\":{\"rowTemplate\":\"%s%u.0/sobjects/%s/{ID}\","
	    "\"describe\":\"%s%u.0/sobjects/%s/describe\",\"sobject\":\"%s%u.0/sobjects/%s\"",
	    prefix, version, o->name, prefix, version, o->name, prefix, version, o->name);
	buf_puts(out, "}");
}

/* An object in the global describe, without the braces. */
static void
put_summary(const struct object *o, unsigned version, struct buf *out)
{
	bool updateable = o->flags & OBJECT_UPDATEABLE, deletable = o->flags & OBJECT_DELETABLE;

	buf_printf(out,
	    "\"activateable\":false,\"associateEntityType\":null,\"associateParentEntity\":null,"
	    "\"createable\":%s,\"custom\":%s,\"customSetting\":false,\"deepCloneable\":false,"
	    "\"deletable\":%s,\"deprecatedAndHidden\":false,\"feedEnabled\":false,",
	    truth(o->flags & OBJECT_CREATEABLE), truth(strstr(o->name, "__c")),
	    truth(deletable));
	buf_puts(out,
	    "\"hasSubtypes\":false,\"isInterface\":false,\"isSubtype\":false,\"keyPrefix\":");
	if (o->prefix)
		buf_put_json(out, o->prefix, 3);
	else
		buf_puts(out, "null");
	buf_printf(out,
	    ",\"label\":\"%s\",\"labelPlural\":\"%s\",\"layoutable\":false,\"mergeable\":false,"
	    "\"mruEnabled\":false,\"name\":\"%s\",\"queryable\":true,\"replicateable\":%s,"
	    "\"retrieveable\":%s,\"searchable\":false,\"triggerable\":false,\"undeletable\":%s,"
	    "\"updateable\":%s,",
	    o->label, o->plural, o->name, truth(schema_is_replicated(o)),
	    truth(!(o->flags & OBJECT_NO_RETRIEVE)), truth(deletable),
	    truth(updateable));
	put_urls(o, version, out);
}

void
describe_global(unsigned version, struct buf *out)
{
	bool comma = false;

	buf_puts(out, "{\"encoding\":\"UTF-8\",\"maxBatchSize\":200,\"sobjects\":[");
	for (size_t i = 0; i < OBJECTS; i++) {
		if (schema_objects[i].flags & OBJECT_HIDDEN)
			continue;
		buf_puts(out, comma ? ",{" : "{");
		comma = true;
		put_summary(&schema_objects[i], version, out);
		buf_putc(out, '}');
	}
	buf_puts(out, "]}");
}

void
describe_basic(const struct object *o, unsigned version, struct buf *out)
{
	buf_puts(out, "{\"objectDescribe\":{");
	put_summary(o, version, out);
	buf_puts(out, "},\"recentItems\":[]}");
}

static void
put_reference(const struct field *f, struct buf *out)
{
	buf_puts(out, "\"referenceTo\":[");
	if (f->target && strcmp(f->name, "OwnerId") == 0 && strcmp(f->target, "Name") == 0)
		buf_puts(out, "\"Group\",\"User\"");
	else if (f->target && strcmp(f->target, "Name") == 0)
		buf_puts(out,
		    "\"Account\",\"Contact\",\"ContentWorkspace\",\"Opportunity\",\"Organization\","
		    "\"User\"");
	else if (f->target)
		buf_put_json(out, f->target, strlen(f->target));
	buf_puts(out, "],\"relationshipName\":");
	if (f->relation)
		buf_put_json(out, f->relation, strlen(f->relation));
	else
		buf_puts(out, "null");
}

/* The label: the name with blanks before its capitals. */
static void
put_label(const struct field *f, struct buf *out)
{
	buf_puts(out, "\"label\":\"");
	for (const char *s = f->name; *s; s++) {
		if (s != f->name && *s >= 'A' && *s <= 'Z')
			buf_putc(out, ' ');
		buf_putc(out, *s);
	}
	buf_putc(out, '"');
}

static void
put_values(const char *values, struct buf *out)
{
	for (const char *s = values ? values : ""; *s; s += strcspn(s, ";"), s += *s == ';')
		buf_printf(out,
		    "%s{\"active\":true,\"defaultValue\":false,\"label\":\"%.*s\","
		    "\"validFor\":null,\"value\":\"%.*s\"}",
		    s == values ? "" : ",", (int)strcspn(s, ";"), s, (int)strcspn(s, ";"), s);
}

static void
put_field(const struct field *f, struct buf *out)
{
	bool text = f->type == FIELD_STRING || f->type == FIELD_TEXTAREA || f->type == FIELD_URL ||
	    f->type == FIELD_EMAIL || f->type == FIELD_PHONE;
	bool number = f->type == FIELD_INT || f->type == FIELD_LONG;

	buf_printf(out,
	    "{\"aggregatable\":%s,\"autoNumber\":false,\"byteLength\":%u,\"calculated\":false,"
	    "\"calculatedFormula\":null,\"cascadeDelete\":false,\"caseSensitive\":false,"
	    "\"createable\":%s,\"custom\":%s,\"defaultValue\":null,\"defaultedOnCreate\":false,"
	    "\"dependentPicklist\":false,\"deprecatedAndHidden\":false,\"digits\":%u,"
	    "\"externalId\":%s,\"filterable\":%s,\"groupable\":%s,",
	    truth(!(f->flags & FIELD_NO_FILTER)), f->length * (text ? 3 : 1),
	    truth(f->flags & FIELD_CREATEABLE), truth(strstr(f->name, "__c")), number ? 9 : 0,
	    truth(f->flags & FIELD_EXTERNAL),
	    truth(!(f->flags & FIELD_NO_FILTER)),
	    truth(schema_groupable(f)));
	buf_puts(out, "\"htmlFormatted\":false,\"idLookup\":");
	buf_puts(out, truth(f->type == FIELD_ID || f->flags & FIELD_EXTERNAL));
	buf_puts(out, ",\"inlineHelpText\":null,");
	put_label(f, out);
	buf_printf(out,
	    ",\"length\":%u,\"name\":\"%s\",\"nameField\":%s,\"namePointing\":%s,\"nillable\":%s,"
	    "\"permissionable\":false,\"picklistValues\":[",
	    f->length, f->name, truth(f->flags & FIELD_NAME),
	    truth(f->target && strcmp(f->target, "Name") == 0), truth(f->flags & FIELD_NILLABLE));
	put_values(schema_values(f), out);
	buf_printf(out, "],\"polymorphicForeignKey\":%s,\"precision\":0,",
	    truth(f->target && strcmp(f->target, "Name") == 0));
	put_reference(f, out);
	buf_printf(out,
	    ",\"restrictedPicklist\":%s,\"scale\":0,\"soapType\":\"%s\",\"sortable\":%s,"
	    "\"type\":\"%s\",\"unique\":false,\"updateable\":%s}",
	    truth(schema_values(f)), schema_soap_type(f->type),
	    truth(!(f->flags & FIELD_NO_SORT)), schema_type_name(f->type),
	    truth(f->flags & FIELD_UPDATEABLE));
}

void
describe_object(const struct object *o, unsigned version, struct buf *out)
{
	bool comma = false;
	const struct object *child;
	const struct field *up;
	const char *name;

	buf_puts(out, "{\"actionOverrides\":[],\"childRelationships\":[");
	for (size_t i = 0; schema_next_children(o, &i, &child, &up, &name); comma = true)
		buf_printf(out,
		    "%s{\"cascadeDelete\":false,\"childSObject\":\"%s\","
		    "\"deprecatedAndHidden\":false,\"field\":\"%s\",\"junctionIdListNames\":[],"
		    "\"junctionReferenceTo\":[],\"relationshipName\":\"%s\","
		    "\"restrictedDelete\":false}",
		    comma ? "," : "", child->name, up->name, name);
	buf_puts(out, "],\"fields\":[");
	comma = false;
	for (size_t i = 0; i < o->count; i++) {
		if (o->fields[i].since > version)
			continue;
		if (comma)
			buf_putc(out, ',');
		comma = true;
		put_field(&o->fields[i], out);
	}
	buf_puts(out, "],\"namedLayoutInfos\":[],\"recordTypeInfos\":[],\"supportedScopes\":[],");
	put_summary(o, version, out);
	buf_putc(out, '}');
}

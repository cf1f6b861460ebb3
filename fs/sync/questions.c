#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/clock.h"
#include "auth/id.h"
#include "auth/log.h"
#include "fs/catalogue/findings.h"
#include "answers.h"
#include "freshness.h"
#include "versions.h"

#include "questions.h"

#define DAY		(24 * 60 * 60 * INT64_C(1000))	/* ms */
#define OBJECT_FRESH	(7 * DAY)
#define NAMED_MOST	10	/* records that a log line names */

/* A question under way. Each function of the table below adds rows, or returns why there are
 * none. */
struct asking {
	struct updater	 by;
	const char	*subject;
	int64_t		 asked;
	struct buf	 rows;
	size_t		 count;
	/* of records */
	const char	*name;		/* what they must be called */
	size_t		 id_space;	/* bytes of a name that are for an Id */
};

static void
put_key(struct buf *b, enum on_demand_kind kind, const char *subject);

static int
add_row(struct asking *a, const char *id, const char *name, const char *more, bool folder)
{
	answers_pack(&a->rows, id, name, more, folder);
	a->count++;
	return a->rows.failed ? -ENOMEM : 0;
}

static int
add_rest_row(void *ctx, const struct rest_row *row)
{
	return add_row(ctx, row->id, row->name, row->more, row->folder);
}

static int
keep_answer(struct asking *a, enum on_demand_kind kind, const char *subject,
    const struct buf *rows)
{
	struct buf key = BUF_INIT;
	int rc = pages_begin(&a->by);

	put_key(&key, kind, subject);
	if (rc == 0)
		rc = key.failed || rows->failed ? -ENOMEM :
		    findings_put_answer(a->by.catalogue, buf_str(&key), buf_str(rows), rows->len,
			a->asked);
	buf_free(&key);
	return rc;
}

/*
 * Documents and versions.
 */

static int
end_document_page(void *ctx, int rc, const struct rest_page *page)
{
	struct asking *a = ctx;

	(void)page;
	return pages_commit(&a->by, rc);
}

/* A document that no refresh keeps current is now as current as this answer. */
static int
keep_document(struct asking *a, const struct document *found)
{
	struct name names[NAME_CANDIDATES];
	struct document doc = *found;
	struct buf row = BUF_INIT;
	int rc = pages_begin(&a->by);

	pages_identify(&a->by, &doc, names);
	if (rc == 0)
		rc = catalogue_put_unlisted(
		    a->by.catalogue, &doc, names[NAME_CANDIDATES - 1].s);
	answers_pack(&row, doc.id, NULL, NULL, false);
	if (rc == 0)
		rc = keep_answer(a, ON_DEMAND_DOCUMENT, doc.id, &row);
	buf_free(&row);
	return rc;
}

static int
add_document(void *ctx, const struct document *found)
{
	struct asking *a = ctx;
	struct document known = { 0 };

	if (found->is_deleted || (found->is_archived && !a->by.o->archived))
		return 0;
	bool listed = catalogue_by_id(a->by.catalogue, found->id, &known) == 0 && known.listed;
	document_free(&known);
	int rc = add_row(a, found->id, NULL, NULL, false);
	return rc < 0 || listed ? rc : keep_document(a, found);
}

/* Removes a document that is gone, or is archived while the mount does not show those. A listed one
 * stays until a refresh removes it. */
static int
forget_document(struct asking *a, const char *id)
{
	struct document d;
	int rc = catalogue_by_id(a->by.catalogue, id, &d);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	bool listed = d.listed;
	document_free(&d);
	if (listed)
		return 0;
	rc = pages_begin(&a->by);
	if (rc == 0)
		rc = catalogue_remove(a->by.catalogue, id, a->by.o->archived);
	return pages_commit(&a->by, rc);
}

static int
ask_document(struct asking *a)
{
	char id[1][19];

	snprintf(id[0], sizeof(id[0]), "%s", a->subject);
	int rc = rest_documents(a->by.rest,
	    &(struct rest_query){ .kind = a->by.kind, .ids = id, .id_count = 1,
		.archived = a->by.o->archived },
	    add_document, end_document_page, a);
	return rc == 0 && a->count == 0 ? forget_document(a, id[0]) : rc;
}

static int
ask_links(struct asking *a)
{
	return rest_documents(a->by.rest,
	    &(struct rest_query){ .kind = a->by.kind, .source = REST_LINKED,
		.linked_to = a->subject },
	    add_document, end_document_page, a);
}

static int
ask_versions(struct asking *a)
{
	struct ids one = { 0 };
	int rc = ids_add(&one, a->subject);

	if (rc == 0)
		rc = versions_fetch(&a->by, &one);
	free(one.list);
	return rc < 0 ? rc : add_row(a, a->subject, NULL, NULL, false);
}

/*
 * Records.
 */

static int
ask_object(struct asking *a)
{
	char field[64];
	int rc = rest_name_field(a->by.rest, a->subject, field);

	return rc == 0 ? add_row(a, NULL, field, NULL, false) : rc == -ENOENT ? 0 : rc;
}

static int
add_record(void *ctx, const struct rest_row *row)
{
	struct asking *a = ctx;
	const enum name_rules rules = a->by.o->names;
	name_hash *hash = name_hash_of(rules);
	struct name safe;

	name_safe(row->name, rules, a->id_space, &safe);
	return hash(safe.s) == hash(a->name) ? add_rest_row(ctx, row) : 0;
}

/* A name that ends in ` (Id)` is that of one record. */
static bool
split_id(char *name, char id[19])
{
	size_t len = strlen(name);
	char *open = len > 0 && name[len - 1] == ')' ? strrchr(name, '(') : NULL;

	if (!open || open - name < 2 || open[-1] != ' ')
		return false;
	name[len - 1] = '\0';
	bool is_id = id_read(open + 1, id);
	name[len - 1] = ')';
	if (is_id)
		open[-1] = '\0';
	return is_id;
}

static void
log_namesakes(struct asking *a, const char *name)
{
	const struct answer *records;
	struct buf list = BUF_INIT;

	if (answers_unpack(buf_str(&a->rows), a->rows.len, 0, &records) < 0)
		return;
	for (size_t i = 0; i < records->count && i < NAMED_MOST; i++)
		buf_printf(&list, "%s%s (%s)", i ? ", " : "", name, records->rows[i].id);
	if (records->count > NAMED_MOST)
		buf_puts(&list, " ...");
	log_warn("sync", "%s: %zu records have this name; say which: %s", a->subject,
	    records->count, buf_str(&list));
	buf_free(&list);
	answers_put(records);
}

/* The answer of ON_DEMAND_OBJECT. Asks again only if it is not fresh. */
static int
get_object(const struct updater *by, const char *object, const struct answer **out)
{
	if (questions_recall(by, ON_DEMAND_OBJECT, object, out) == 0) {
		if ((*out)->count > 0 && freshness_is_recent((*out)->asked, OBJECT_FRESH))
			return 0;
		answers_put(*out);
		*out = NULL;
	}
	return questions_ask(by, ON_DEMAND_OBJECT, object, out);
}

static int
ask_record(struct asking *a)
{
	const struct answer *object = NULL;
	char *copy = strdup(a->subject), id[19];
	char *name = copy ? strchr(copy, '/') : NULL;
	int rc = name ? 0 : -ENOMEM;

	if (rc == 0) {
		*name++ = '\0';
		rc = get_object(&a->by, copy, &object);
	}
	if (rc == 0 && object->count > 0 && *object->rows->name) {
		bool one = split_id(name, id);

		a->name = name;
		a->id_space = one ? NAME_ID_SUFFIX : 0;
		rc = rest_records(a->by.rest, copy, object->rows->name, one ? id : NULL,
		    one ? NULL : name, add_record, a);
		if (rc == 0 && a->count > 1)
			log_namesakes(a, name);
	}
	answers_put(object);
	free(copy);
	return rc;
}

/*
 * Libraries, folders, what the user may see, and how much there may be.
 */

/* Adds the libraries that documents name and that are not among the user's. */
static int
add_other_libraries(struct asking *a)
{
	const struct answer *mine;
	char id[19] = "";
	int rc = answers_unpack(buf_str(&a->rows), a->rows.len, 0, &mine);

	if (rc < 0)
		return rc;
	while (rc == 0 && (rc = catalogue_next_parent(a->by.catalogue, id, id)) == 0)
		if (!answers_find(mine, id))
			rc = add_row(a, id, NULL, NULL, false);
	answers_put(mine);
	return rc == -ENOENT ? 0 : rc;
}

static int
ask_libraries(struct asking *a)
{
	int rc = rest_libraries(a->by.rest, add_rest_row, a);

	return rc < 0 ? rc : add_other_libraries(a);
}

static int
ask_all_files(struct asking *a)
{
	bool all;
	int rc = rest_sees_all_files(a->by.rest, &all);

	return rc < 0 ? rc : add_row(a, NULL, all ? "yes" : "no", NULL, false);
}

static int
ask_folder(struct asking *a)
{
	return rest_folder(a->by.rest, a->subject, add_rest_row, a);
}

static int
ask_storage(struct asking *a)
{
	char most[24], left[24];
	int64_t n, m;
	int rc = rest_storage(a->by.rest, &n, &m);

	if (rc < 0)
		return rc == -ENOENT || rc == -EACCES ? 0 : rc;
	snprintf(most, sizeof(most), "%lld", (long long)n);
	snprintf(left, sizeof(left), "%lld", (long long)m);
	return add_row(a, NULL, most, left, false);
}

/*
 * All kinds.
 */

static const struct {
	const char	*name;		/* of its answers in the catalogue */
	int		(*ask)(struct asking *);
	int64_t		 fresh_for;
} questions[ON_DEMAND_KINDS] = {
	[ON_DEMAND_DOCUMENT] =	{ "document",	ask_document,	QUESTIONS_REFRESH },
	[ON_DEMAND_OBJECT] =	{ "object",	ask_object,	OBJECT_FRESH },
	[ON_DEMAND_RECORD] =	{ "record",	ask_record,	QUESTIONS_REFRESH },
	[ON_DEMAND_LINKS] =	{ "links",	ask_links,	QUESTIONS_REFRESH },
	[ON_DEMAND_VERSIONS] =	{ "versions",	ask_versions,	0 },
	[ON_DEMAND_ALL_FILES] =	{ "all files",	ask_all_files,	7 * DAY },
	[ON_DEMAND_LIBRARIES] =	{ "libraries",	ask_libraries,	7 * DAY },
	[ON_DEMAND_FOLDER] =	{ "folder",	ask_folder,	QUESTIONS_REFRESH },
	[ON_DEMAND_STORAGE] =	{ "storage",	ask_storage,	DAY },
};

static void
put_key(struct buf *b, enum on_demand_kind kind, const char *subject)
{
	buf_printf(b, "%s/%s", questions[kind].name, subject);
}

int64_t
questions_fresh_for(enum on_demand_kind kind)
{
	return questions[kind].fresh_for;
}

int
questions_ask(const struct updater *by, enum on_demand_kind kind, const char *subject,
    const struct answer **out)
{
	struct asking a = { .by = *by, .subject = subject, .asked = clock_wall_ms() };
	int rc = questions[kind].ask(&a);

	if (rc == 0)
		rc = a.rows.failed ? -ENOMEM :
		    answers_unpack(buf_str(&a.rows), a.rows.len, a.asked, out);
	if (rc == 0)
		/* If it cannot be kept it serves all the same. */
		pages_commit(&a.by, keep_answer(&a, kind, subject, &a.rows));
	buf_free(&a.rows);
	return rc;
}

int
questions_recall(const struct updater *by, enum on_demand_kind kind, const char *subject,
    const struct answer **out)
{
	struct buf key = BUF_INIT;
	void *packed = NULL;
	int64_t asked;
	size_t len;

	put_key(&key, kind, subject);
	int rc = key.failed ? -ENOMEM :
	    findings_get(by->catalogue, buf_str(&key), NULL, &packed, &len, &asked);
	if (rc == 0)
		rc = asked < pages_state(by, "born") ? -ENOENT :
		    answers_unpack(packed, len, asked, out);
	free(packed);
	buf_free(&key);
	return rc;
}

/*
 * Reads pages of records, and makes documents of them: of all documents, of those that are linked
 * to something, and of versions, each a document with that version.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/log.h"

#include "internal.h"

#define LOST_LOCATORS	3	/* how often a query begins again without getting further */
#define HIDDEN_MOST	32	/* fields of one query that the user may not see */

/*
 * Pages.
 */

/*
 * Whether an answer comes back to a record that it has given before. Then its pages are a loop,
 * perhaps with other addresses each time. (Brent's algorithm: it remembers the first record of page
 * 1, 2, 4, 8 and so on, one at a time.)
 */
static bool
comes_back(struct rest_select *s, const cJSON *record)
{
	const bool back = s->pages > 0 && cJSON_Compare(record, s->seen, true);

	if (record && (s->pages & (s->pages + 1)) == 0) {
		cJSON_Delete(s->seen);
		s->seen = cJSON_Duplicate(record, true);
	}
	s->pages += record != NULL;
	return back;
}

/* Whether the answer counts all records that have come, and more if it goes on. A query that begins
 * again after some records must count at least those that were still to come. */
static bool
adds_up(struct rest_select *s, int count, bool first)
{
	const int64_t left = s->left;

	if (first)
		s->left = s->page.total;
	if (s->left < left)
		return false;
	s->left -= count;
	s->came += count;
	return s->page.last ? s->left >= 0 : s->left > 0;
}

static int
read_page_of(const cJSON *json, struct rest_select *s)
{
	const cJSON *records = rest_value_at(json, "records"), *done = rest_value_at(json, "done");
	const char *url = rest_text(json, "nextRecordsUrl");

	s->page.last = cJSON_IsTrue(done);
	s->page.total = rest_int(rest_value_at(json, "totalSize"));
	if (!cJSON_IsArray(records) || !cJSON_IsBool(done) || (url && url[0] != '/') ||
	    (!s->page.last && (!url || !records->child)))
		return -EBADMSG;
	if (!s->page.last && !(s->next = strdup(url)))
		return -ENOMEM;
	return 0;
}

static int
take_records(struct rest *r, const cJSON *records, struct rest_select *s, bool first)
{
	unsigned skipped = 0;
	const cJSON *record;

	s->page.wrong = !adds_up(s, cJSON_GetArraySize(records), first);
	if (s->page.wrong)
		return rest_log_early(r, s);
	s->page.wrong = comes_back(s, records->child);
	if (s->page.wrong) {
		rest_log(r, "query: the pages of the answer are a loop");
		return -EIO;
	}
	cJSON_ArrayForEach(record, records) {
		int rc = s->take(s->ctx, record);

		if (rc < 0)
			return rc;
		skipped += rc > 0;
	}
	if (skipped)
		log_warn("salesforce",
		    "query: %u of %d records left out: no usable Id, version, size or date",
		    skipped, cJSON_GetArraySize(records));
	s->page.wrong = s->page.last && s->left > 0;
	return s->page.wrong ? -ESTALE : 0;
}

int
rest_read_page(struct rest *r, struct rest_select *s)
{
	struct buf path = BUF_INIT;
	char *asked = s->next;
	cJSON *json = NULL;

	s->next = NULL;
	s->page = (struct rest_page){ .newest = -1 };
	if (asked) {
		buf_puts(&path, asked);
	} else {
		buf_puts(&path, s->all ? "queryAll?q=" : "query?q=");
		buf_put_url(&path, buf_str(&s->soql), s->soql.len);
		path.failed |= s->soql.failed;
	}
	int rc = rest_get(r, s->kind, &path, asked ? NULL : s->refusal, &json, &s->page.date);
	if (rc == -ENOENT) {
		rest_log(r,
		    "query: Salesforce answered 404: has it no API version %s? Set api_version",
		    r->api_version);
		rc = -EINVAL;
	}
	if (rc == 0 && (rc = read_page_of(json, s)) == -EBADMSG) {
		rest_log(r, "query: the answer is not a page of records");
		rc = -EIO;
	}
	if (rc == 0 && s->take)
		rc = take_records(r, rest_value_at(json, "records"), s, !asked);
	cJSON_Delete(json);
	free(asked);
	return rc;
}

void
rest_select_free(struct rest_select *s)
{
	buf_free(&s->soql);
	free(s->next);
	cJSON_Delete(s->seen);
}

int
rest_log_early(struct rest *r, struct rest_select *s)
{
	rest_log(r,
	    s->page.wrong ? "query: the answer has another number of records than it counts" :
			    "query: Salesforce has lost its place in the answer");
	return -EIO;
}

/*
 * Documents.
 */

#define READ_ID(member, path)	rest_id(rest_value_at(record, path), d->member);
#define READ_TEXT(member, path)	d->member = rest_text(record, path);
#define READ_INT(member, path)	d->member = rest_int(rest_value_at(record, path));
#define READ_TIME(member, path)	d->member = rest_time(rest_value_at(record, path));
#define READ_BOOL(member, path)	d->member = cJSON_IsTrue(rest_value_at(record, path));

/* Some apps store an extension with its dot, or with blanks. */
static const char *
trim_extension(const cJSON *v)
{
	static const char around[] = ". \t\r\n";
	char *s = cJSON_GetStringValue(v);

	if (!s)
		return NULL;
	s += strspn(s, around);
	for (size_t n = strlen(s); n > 0 && strchr(around, s[n - 1]); n--)
		s[n - 1] = '\0';
	return *s ? s : NULL;
}

/* Fills d from a record; what is missing, null or of another type is as if it were null. */
static void
read_document(enum rest_source source, const cJSON *record, struct document *d)
{
	*d = (struct document){
		.content_modified = -1, .last_modified = -1, .system_modstamp = -1
	};
	if (source == REST_LINKED)
		record = rest_value_at(record, "ContentDocument");
#define X(kind, member, path) READ_##kind(member, path)
	if (source == REST_VERSIONS) {
		DOCUMENT_VERSION_FIELDS(X)
		d->created = d->version_created;
	} else {
		DOCUMENT_FIELDS(X)
	}
#undef X
	d->file_extension = trim_extension(rest_value_at(record, "FileExtension"));
}

/* A file that is not in Salesforce may have no size there; then it has no bytes. */
static bool
has_size(struct document *d)
{
	if (d->content_size < 0 && document_is_elsewhere(d))
		d->content_size = 0;
	return d->content_size >= 0;
}

/*
 * A document that can be served has an Id; one that is not deleted also a version, a
 * size and a date to order it by age.
 */
static bool
makes_sense(struct document *d, const struct rest_query *q)
{
	if (strncmp(d->id, "069", 3) != 0)
		return false;
	if (q->only_ids)
		return true;
	if (q->source != REST_VERSIONS && d->system_modstamp == -1)
		return false;
	return d->is_deleted ||
	    (strncmp(d->version_id, "068", 3) == 0 && has_size(d) && d->created != -1);
}

struct document_reader {
	const struct rest_query *query;
	rest_each	*each;
	void		*ctx;
	char		 last[19];	/* the last Id that came */
	char		 after[19];	/* the one that the query began after, if it began again */
	int64_t		 newest;	/* the largest SystemModstamp that came (ms) */
	struct rest_page *page;		/* the one that is read */
};

static int
read_record(void *ctx, const cJSON *record)
{
	struct document_reader *r = ctx;
	const enum rest_source source = r->query->source;
	struct document d;

	read_document(source, record, &d);
	if (!makes_sense(&d, r->query))
		return 1;
	memcpy(r->last, source == REST_VERSIONS ? d.version_id : d.id, sizeof(r->last));
	if (d.system_modstamp > r->newest)
		r->newest = d.system_modstamp;
	if (d.system_modstamp > r->page->newest && d.system_modstamp <= r->page->date)
		r->page->newest = d.system_modstamp;
	return r->each ? r->each(r->ctx, &d) : 0;
}

/* The fields that are asked for, NULL at the end. */
static const char *const *
fields_of(const struct rest_query *q)
{
#define X(kind, member, path) path,
	static const char *const document[] = { DOCUMENT_FIELDS(X) NULL };
	static const char *const version[] = { DOCUMENT_VERSION_FIELDS(X) NULL };
#undef X
	_Static_assert(sizeof(document) / sizeof(*document) <= 33, "`hidden` has a bit for each");
	return q->source == REST_VERSIONS ? version : document;
}

/* The fields that the user may see. */
static void
put_fields(struct buf *b, const struct rest_query *q, uint32_t hidden)
{
	const char *prefix = q->source == REST_LINKED ? "ContentDocument." : "", *comma = "";
	const char *const *fields = fields_of(q);

	if (q->only_ids) {
		buf_puts(b, REST_KEYS);
		return;
	}
	for (unsigned i = 0; fields[i]; i++) {
		if (hidden >> i & 1)
			continue;
		buf_printf(b, "%s%s%s", comma, prefix, fields[i]);
		comma = ",";
	}
}

static void
put_condition(const struct rest_query *q, const char *and, struct buf *b)
{
	const size_t start = b->len;

#define AND (b->len > start ? " AND " : and)
	if (q->source == REST_LINKED)
		buf_printf(b, "%sLinkedEntityId = '%s'", AND, q->linked_to);
	if (q->since > 0) {
		buf_printf(b, "%sSystemModstamp >= %s", AND, document_date(q->since).s);
	} else if (q->ids) {
		buf_printf(
		    b, "%s%s IN (", AND, q->source == REST_VERSIONS ? "ContentDocumentId" : "Id");
		/* Letters and digits alone: id_read or an earlier page vouched for them. */
		for (size_t i = 0; i < q->id_count; i++)
			buf_printf(b, "%s'%s'", i ? "," : "", q->ids[i]);
		buf_putc(b, ')');
	} else if (q->after) {
		buf_printf(b, "%sId > '%s'", AND, q->after);
	}
	if (q->archived && q->since <= 0)
		buf_printf(b, "%sIsDeleted = FALSE", AND);
	if (q->filter)
		buf_printf(b, "%s(%s)", AND, q->filter);
#undef AND
}

static const char *const objects[] = {
	[REST_DOCUMENTS] = "ContentDocument",
	[REST_LINKED] = "ContentDocumentLink",
	[REST_VERSIONS] = "ContentVersion",
};

static void
put_documents_soql(struct buf *b, const struct rest_query *q, uint32_t hidden)
{
	buf_clear(b);
	buf_puts(b, "SELECT ");
	put_fields(b, q, hidden);
	buf_printf(b, " FROM %s", objects[q->source]);
	put_condition(q, " WHERE ", b);
	if (q->source != REST_LINKED)
		buf_puts(b, q->since > 0 ? " ORDER BY SystemModstamp, Id" : " ORDER BY Id");
}

/*
 * After INVALID_FIELD: hides the field that the message names ("No such column 'X' ..."; the rest
 * of it is localised). False: there is none that a document can be served without.
 */
static bool
hide_field(struct rest *r, const struct rest_query *q, const char *message)
{
	static const char needed[] = "'Id' 'ContentDocumentId' 'LatestPublishedVersionId' "
				     "'ContentSize' 'CreatedDate' 'SystemModstamp' 'IsDeleted' "
				     "'IsArchived'";
	const char *const *fields = fields_of(q);
	uint32_t *hidden = &r->hidden[q->source == REST_VERSIONS];
	char quoted[64];

	for (unsigned i = 0; fields[i]; i++) {
		const char *dot = strchr(fields[i], '.'), *name = dot ? dot + 1 : fields[i];

		snprintf(quoted, sizeof(quoted), "'%s'", name);
		if (!strstr(message, quoted) || strstr(needed, quoted))
			continue;
		/* If the filter names the field, the error may be that no condition can be on it:
		 * the user may still see it. */
		if (q->filter && strcasestr(q->filter, name))
			return false;
		pthread_mutex_lock(&r->lock);
		bool known = *hidden >> i & 1;	/* another query has hidden it meanwhile */
		*hidden |= UINT32_C(1) << i;
		pthread_mutex_unlock(&r->lock);
		if (!known)
			log_warn("salesforce",
			    "the user may not see %s of documents (field-level security): "
			    "done without",
			    fields[i]);
		return true;
	}
	return false;
}

/* If the org does not take a query that has a filter, the filter is wrong. */
static int
log_refusal(struct rest *r, const struct rest_query *q, const struct rest_refusal *refusal)
{
	if (q->filter)
		rest_log(r, "filter = %s: Salesforce answered %s (%s)", q->filter,
		    refusal->code, refusal->message);
	else
		rest_log(r,
		    "query: Salesforce answered %s (%s); see the user's field-level security",
		    refusal->code, refusal->message);
	return q->filter ? -EINVAL : -EIO;
}

static int
read_documents(struct rest *r, const struct rest_query *q, struct rest_select *s)
{
	struct rest_refusal refusal = { .expected = q->filter ? "" : "INVALID_FIELD" };
	unsigned tries = 0;
	int rc;

	s->refusal = &refusal;
	do {
		pthread_mutex_lock(&r->lock);
		uint32_t hidden = r->hidden[q->source == REST_VERSIONS];
		pthread_mutex_unlock(&r->lock);
		put_documents_soql(&s->soql, q, hidden);
		rc = rest_read_page(r, s);
	} while (rc == -EOPNOTSUPP && tries++ < HIDDEN_MOST && hide_field(r, q, refusal.message));
	return rc == -EOPNOTSUPP ? log_refusal(r, q, &refusal) : rc;
}

/* Whether the page has brought something that comes after all that came before. */
static bool
is_further(const struct rest_query *q, const struct document_reader *now,
    const struct document_reader *before)
{
	return q->since > 0 ? now->newest > before->newest :
			      !q->ids && strcmp(now->last, before->last) != 0;
}

/*
 * Goes on with a query whose answer has ended early, because Salesforce lost its place or has left
 * out what was deleted meanwhile. A query in order of Ids goes on after the last one, if the org
 * counts no more documents up to there than have come. -ESTALE: it cannot go on.
 */
static int
begin_again(struct rest *r, struct rest_query *q, struct document_reader *d, struct rest_select *s)
{
	struct rest_select n = { .kind = q->kind, .all = s->all };

	if (q->source == REST_LINKED)
		return -ESTALE;
	if (q->since > 0 || q->ids || !*d->last) {
		if (q->since > 0 && d->newest > q->since)
			q->since = d->newest;
		s->pages = 0;		/* the same records come again */
		return s->page.wrong ? -ESTALE : 0;
	}
	buf_printf(
	    &n.soql, "SELECT COUNT() FROM %s WHERE Id <= '%s'", objects[q->source], d->last);
	put_condition(q, " AND ", &n.soql);
	int rc = rest_read_page(r, &n);
	rest_select_free(&n);
	if (rc < 0)
		return rc;
	/* A list of all Ids must have no gap, since documents that it does not name are removed. A
	 * count that is missing is very large. */
	s->page.wrong = (uint64_t)n.page.total > (uint64_t)s->came ||
	    (q->only_ids && n.page.total < s->came);
	s->page.last = false;
	s->left = s->came = 0;
	memcpy(d->after, d->last, sizeof(d->after));
	q->after = d->after;
	return s->page.wrong ? -ESTALE : 0;
}

int
rest_documents(struct rest *r, const struct rest_query *query, rest_each *each,
    rest_end_page *end_page, void *ctx)
{
	struct rest_query q = *query;
	struct document_reader reader = { .query = &q, .each = each, .ctx = ctx, .newest = -1 };
	struct rest_select s = { .kind = q.kind, .all = q.since > 0 || q.archived,
		.take = read_record, .ctx = &reader };
	unsigned lost = 0;		/* locators in a row, without getting further in between */
	int rc;

	reader.page = &s.page;
	do {
		const struct document_reader before = reader;

		rc = read_documents(r, &q, &s);
		if (rc == -ESTALE && lost++ < LOST_LOCATORS)
			rc = begin_again(r, &q, &reader, &s);
		if (rc == -ESTALE)
			rc = rest_log_early(r, &s);
		if (is_further(&q, &reader, &before))
			lost = 0;
		if (end_page && (rc < 0 || s.page.date != 0))	/* not without a page */
			rc = end_page(ctx, rc, &s.page);
	} while (rc == 0 && !s.page.last);
	rest_select_free(&s);
	return rc;
}

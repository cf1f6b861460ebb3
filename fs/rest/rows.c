/*
 * What documents belong to: records, libraries, folders; and which of them the user reaches. Small
 * answers, read to their last page.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define NAMESAKES	200	/* records of one name that are looked at */
#define FILES_SOQL	"SELECT Id FROM ContentDocumentLink LIMIT 1"
#define LIBRARIES_SOQL	"SELECT Id, Name, RootContentFolderId FROM ContentWorkspace ORDER BY Id"

struct rows {
	const char	*name, *more;	/* paths; more may be NULL */
	rest_each_row	*each;
	void		*ctx;
};

static int
read_row(void *ctx, const cJSON *record)
{
	const struct rows *r = ctx;
	struct rest_row row = { .folder = cJSON_IsTrue(rest_value_at(record, "IsFolder")) };

	rest_id(rest_value_at(record, "Id"), row.id);
	row.name = cJSON_GetStringValue(rest_value_at(record, r->name));
	row.more = r->more ? cJSON_GetStringValue(rest_value_at(record, r->more)) : NULL;
	return *row.id && row.name ? r->each(r->ctx, &row) : 1;
}

/* Reads the pages after the first, which ended with rc. takes next */
static int
read_more_rows(struct rest *r, int rc, char *next, struct rows *rows)
{
	while (rc == 0 && next)
		rc = rest_read_next(r, REST_DEMAND, read_row, rows, &next);
	free(next);
	/* A locator that is lost at once is not worth another try. */
	return rc == -ESTALE ? -EIO : rc;
}

static int
read_rows(struct rest *r, const struct buf *soql, struct rows *rows)
{
	struct http_response answer;
	char *next = NULL;
	int rc = rest_get_query(r, REST_DEMAND, "query", soql, NULL, &answer);

	if (rc < 0)
		return rc;
	rc = rest_read_page(r, &answer, read_row, rows, &next, NULL);
	http_response_free(&answer);
	return read_more_rows(r, rc, next, rows);
}

/* A literal. like: `%` is itself, `_` stays what it is there, any one character. */
static void
put_soql_text(struct buf *b, const char *s, bool like)
{
	buf_putc(b, '\'');
	for (; *s; s++) {
		switch (*s) {
		case '\'': case '\\':
			buf_putc(b, '\\');
			buf_putc(b, *s);
			break;
		case '\n': buf_puts(b, "\\n"); break;
		case '\r': buf_puts(b, "\\r"); break;
		case '\t': buf_puts(b, "\\t"); break;
		case '%':
			buf_puts(b, like ? "\\%" : "%");
			break;
		default:
			buf_putc(b, *s);
		}
	}
	buf_putc(b, '\'');
}

/* What may stand in SOQL, or in a path, without quotes. */
static bool
is_identifier(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && s[n] == '\0' && isalpha((unsigned char)*s);
}

int
rest_records(struct rest *r, const char *object, const char *field, const char *id,
    const char *name, rest_each_row *each, void *ctx)
{
	struct rows rows = { .name = field, .each = each, .ctx = ctx };
	struct buf soql = BUF_INIT;
	bool like = name && strchr(name, '_');
	int rc = -ENOENT;

	if (is_identifier(object) && is_identifier(field)) {
		buf_printf(&soql, "SELECT Id, %s FROM %s WHERE %s %s ", field, object,
		    id ? "Id" : field, like ? "LIKE" : "=");
		put_soql_text(&soql, id ? id : name, like);
		buf_printf(&soql, " ORDER BY Id LIMIT %d", NAMESAKES);
		rc = read_rows(r, &soql, &rows);
	}
	buf_free(&soql);
	return rc;
}

/*
 * What the user reaches.
 */

static int
skip_record(void *ctx, const cJSON *record)
{
	(void)ctx, (void)record;
	return 0;
}

int
rest_sees_all_files(struct rest *r, bool *out)
{
	struct rest_refusal refusal = { .expected = "MALFORMED_QUERY" };
	struct buf soql = BUF_INIT;
	struct http_response answer;
	char *next = NULL;

	buf_puts(&soql, FILES_SOQL);
	int rc = rest_get_query(r, REST_LIST, "query", &soql, &refusal, &answer);
	if (rc == 0) {
		rc = rest_read_page(r, &answer, skip_record, NULL, &next, NULL);
		free(next);
		http_response_free(&answer);
	}
	if (rc == 0 || rc == -EOPNOTSUPP) {
		*out = rc == 0;
		rc = 0;
	}
	buf_free(&soql);
	return rc;
}

/*
 * Two queries in one call. Composite counts as one, and each part of it has a status of its own
 * (REST API Developer Guide, Composite).
 */

static void
put_subrequest(const struct rest *r, struct buf *b, const char *name, const char *soql)
{
	buf_printf(b,
	    "{\"method\":\"GET\",\"referenceId\":\"%s\",\"url\":\"/services/data/v%s/query?q=",
	    name, r->api_version);
	buf_put_url(b, soql, strlen(soql));
	buf_puts(b, "\"}");
}

static const cJSON *
find_subrequest(const cJSON *json, const char *name, int64_t *status)
{
	const cJSON *part;

	cJSON_ArrayForEach(part, cJSON_GetObjectItemCaseSensitive(json, "compositeResponse")) {
		const char *s =
		    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(part, "referenceId"));

		if (s && strcmp(s, name) == 0) {
			*status =
			    rest_int(cJSON_GetObjectItemCaseSensitive(part, "httpStatusCode"));
			return cJSON_GetObjectItemCaseSensitive(part, "body");
		}
	}
	*status = -1;
	return NULL;
}

static bool
is_refused(const cJSON *body, const char *code)
{
	const char *s = cJSON_GetStringValue(
	    cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(body, 0), "errorCode"));

	return s && strcmp(s, code) == 0;
}

static int
read_reach(struct rest *r, const cJSON *json, int *all_files, struct rows *rows)
{
	char *next = NULL;
	int64_t status;
	const cJSON *body = find_subrequest(json, "files", &status);

	*all_files = status == 200 ? 1 : is_refused(body, "MALFORMED_QUERY") ? 0 : -1;
	body = find_subrequest(json, "libraries", &status);
	if (status != 200 && is_refused(body, "INVALID_TYPE"))
		return 0;		/* libraries are switched off */
	int rc = status == 200 ? rest_read_records(body, read_row, rows, &next) : -EBADMSG;
	if (rc == -EBADMSG) {
		rest_log(r,
		    "query: Salesforce does not say which libraries there are (status %lld)",
		    (long long)status);
		rc = -EIO;
	}
	return read_more_rows(r, rc, next, rows);
}

/* Where there is no Composite. */
static int
query_one_by_one(struct rest *r, int *all_files, struct rows *rows)
{
	struct buf soql = BUF_INIT;
	bool all;

	*all_files = rest_sees_all_files(r, &all) == 0 ? all : -1;
	buf_puts(&soql, LIBRARIES_SOQL);
	int rc = read_rows(r, &soql, rows);
	buf_free(&soql);
	return rc;
}

int
rest_reach(struct rest *r, int *all_files, rest_each_row *each, void *ctx)
{
	struct rows rows = {
		.name = "Name", .more = "RootContentFolderId", .each = each, .ctx = ctx
	};
	struct rest_refusal refusal = { .expected = "" };
	struct buf path = BUF_INIT, body = BUF_INIT;
	struct http_response answer;

	buf_printf(&path, "/services/data/v%s/composite", r->api_version);
	buf_puts(&body, "{\"allOrNone\":false,\"compositeRequest\":[");
	put_subrequest(r, &body, "files", FILES_SOQL);
	buf_putc(&body, ',');
	put_subrequest(r, &body, "libraries", LIBRARIES_SOQL);
	buf_puts(&body, "]}");
	int rc = rest_post(r, REST_DEMAND, &path, &body, &refusal, &answer);
	if (rc == 0) {
		cJSON *json = rest_parse(&answer.body);

		rc = read_reach(r, json, all_files, &rows);
		cJSON_Delete(json);
		http_response_free(&answer);
	} else if (rc == -ENOENT || rc == -EOPNOTSUPP) {
		rc = query_one_by_one(r, all_files, &rows);
	}
	buf_free(&path);
	buf_free(&body);
	return rc;
}

int
rest_folder(struct rest *r, const char *id, rest_each_row *each, void *ctx)
{
	struct rows rows = { .name = "Title", .each = each, .ctx = ctx };
	struct buf soql = BUF_INIT;

	buf_puts(&soql,
	    "SELECT Id, Title, IsFolder FROM ContentFolderItem WHERE ParentContentFolderId = ");
	put_soql_text(&soql, id, false);
	int rc = read_rows(r, &soql, &rows);
	buf_free(&soql);
	return rc;
}

/*
 * Other resources.
 */

static int
get_json(struct rest *r, enum rest_kind kind, const struct buf *path, struct rest_refusal *refusal,
    cJSON **out)
{
	struct http_response answer;
	int rc = rest_get(r, kind, path, refusal, &answer);

	if (rc < 0)
		return rc;
	*out = rest_parse(&answer.body);
	if (!*out) {
		rest_log(r, "query: the answer is not JSON (%zu bytes)", answer.body.len);
		rc = -EIO;
	}
	http_response_free(&answer);
	return rc;
}

int
rest_name_field(struct rest *r, const char *object, char out[64])
{
	struct rest_refusal refusal = { .expected = "INVALID_TYPE" };
	struct buf path = BUF_INIT;
	const cJSON *field;
	cJSON *json = NULL;
	int rc = -ENOENT;

	if (is_identifier(object)) {
		buf_printf(
		    &path, "/services/data/v%s/sobjects/%s/describe", r->api_version, object);
		rc = get_json(r, REST_DEMAND, &path, &refusal, &json);
	}
	if (rc == 0)
		out[0] = '\0';
	cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(json, "fields")) {
		const char *name =
		    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(field, "name"));

		if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(field, "nameField")) && name &&
		    is_identifier(name))
			snprintf(out, 64, "%s", name);
	}
	cJSON_Delete(json);
	buf_free(&path);
	return rc == -EOPNOTSUPP ? -ENOENT : rc;
}

int
rest_storage(struct rest *r, int64_t *most, int64_t *left)
{
	struct buf path = BUF_INIT;
	cJSON *json = NULL;

	buf_printf(&path, "/services/data/v%s/limits", r->api_version);
	int rc = get_json(r, REST_LIMITS, &path, NULL, &json);
	if (rc == 0) {
		int64_t m = rest_int(rest_value_at(json, "FileStorageMB.Max")),
			n = rest_int(rest_value_at(json, "FileStorageMB.Remaining"));

		if (m < 0 || n < 0) {
			rc = -ENOENT;
		} else {
			*most = m;
			*left = n;
		}
	}
	cJSON_Delete(json);
	buf_free(&path);
	return rc;
}

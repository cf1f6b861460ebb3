/*
 * What documents belong to: records, libraries, folders. Small answers, read to their last page.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

#define NAMESAKES	200	/* records of one name that are looked at */

struct rows {
	const char	*name, *more;	/* paths; more may be NULL */
	rest_each_row	*each;
	void		*ctx;
};

static int
take_row(void *ctx, const cJSON *record)
{
	const struct rows *r = ctx;
	struct rest_row row = { .folder = cJSON_IsTrue(rest_value_at(record, "IsFolder")) };

	rest_id(rest_value_at(record, "Id"), row.id);
	row.name = cJSON_GetStringValue(rest_value_at(record, r->name));
	row.more = r->more ? cJSON_GetStringValue(rest_value_at(record, r->more)) : NULL;
	return *row.id && row.name ? r->each(r->ctx, &row) : 1;
}

static int
read_rows(struct rest *r, const struct buf *soql, struct rows *rows)
{
	struct http_response answer;
	struct rest_page page = { 0 };
	int rc = rest_get_query(r, REST_DEMAND, "query", soql, NULL, &answer);

	if (rc < 0)
		return rc;
	rc = rest_read_page(r, &answer, take_row, rows, &page);
	http_response_free(&answer);
	while (rc == 0 && page.next) {
		char *next = page.next;

		page.next = NULL;
		rc = rest_read_next(r, REST_DEMAND, next, take_row, rows, &page);
		free(next);
	}
	return rc == -ESTALE ? -EIO : rc;	/* a locator that is lost at once is not worth another try */
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
rest_records(struct rest *r, const char *object, const char *field, const char *id, const char *name, rest_each_row *each, void *ctx)
{
	struct rows rows = { .name = field, .each = each, .ctx = ctx };
	struct buf soql = BUF_INIT;
	bool like = name && strchr(name, '_');
	int rc = -ENOENT;

	if (is_identifier(object) && is_identifier(field)) {
		buf_printf(&soql, "SELECT Id, %s FROM %s WHERE %s %s ", field, object, id ? "Id" : field, like ? "LIKE" : "=");
		put_soql_text(&soql, id ? id : name, like);
		buf_printf(&soql, " ORDER BY Id LIMIT %d", NAMESAKES);
		rc = read_rows(r, &soql, &rows);
	}
	buf_free(&soql);
	return rc;
}

int
rest_libraries(struct rest *r, rest_each_row *each, void *ctx)
{
	struct rows rows = { .name = "Name", .more = "RootContentFolderId", .each = each, .ctx = ctx };
	struct buf soql = BUF_INIT;

	buf_puts(&soql, "SELECT Id, Name, RootContentFolderId FROM ContentWorkspace ORDER BY Id");
	int rc = read_rows(r, &soql, &rows);
	buf_free(&soql);
	return rc;
}

int
rest_folder(struct rest *r, const char *id, rest_each_row *each, void *ctx)
{
	struct rows rows = { .name = "Title", .each = each, .ctx = ctx };
	struct buf soql = BUF_INIT;

	buf_puts(&soql, "SELECT Id, Title, IsFolder FROM ContentFolderItem WHERE ParentContentFolderId = ");
	put_soql_text(&soql, id, false);
	int rc = read_rows(r, &soql, &rows);
	buf_free(&soql);
	return rc;
}

/*
 * Other resources.
 */

static int
get_json(struct rest *r, enum rest_kind kind, const struct buf *path, struct rest_refusal *refusal, cJSON **out)
{
	struct http_response answer;
	int rc = rest_get(r, kind, path, refusal, &answer);

	if (rc < 0)
		return rc;
	*out = rest_parse(&answer.body);
	if (!*out) {
		rest_tell(r, "query: the answer is not JSON (%zu bytes)", answer.body.len);
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
		buf_printf(&path, "/services/data/v%s/sobjects/%s/describe", r->api_version, object);
		rc = get_json(r, REST_DEMAND, &path, &refusal, &json);
	}
	if (rc == 0)
		out[0] = '\0';
	cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(json, "fields")) {
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(field, "name"));

		if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(field, "nameField")) && name && is_identifier(name))
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
		int64_t m = rest_int(rest_value_at(json, "FileStorageMB.Max")), n = rest_int(rest_value_at(json, "FileStorageMB.Remaining"));

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

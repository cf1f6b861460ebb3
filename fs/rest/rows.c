/*
 * Asks for the places of documents (records, libraries, folders), and for what the user may see.
 * These answers are small and are read to their last page.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define NAMESAKES	200	/* records of one name that are looked at */

struct rows {
	const char	*name, *more;	/* paths; only folders have more, else NULL */
	rest_each_row	*each;
	void		*ctx;
};

static int
read_row(void *ctx, const cJSON *record)
{
	const struct rows *r = ctx;
	struct rest_row row = {
		.folder = r->more || cJSON_IsTrue(rest_value_at(record, "IsFolder"))
	};

	rest_id(rest_value_at(record, "Id"), row.id);
	row.name = rest_text(record, r->name);
	row.more = r->more ? rest_text(record, r->more) : NULL;
	return *row.id && row.name ? r->each(r->ctx, &row) : 1;
}

/* Reads all pages, and frees what s has. */
static int
read_pages(struct rest *r, struct rest_select *s)
{
	int rc;

	do
		rc = rest_read_page(r, s);
	while (rc == 0 && s->next);
	rest_select_free(s);
	/* A locator that is lost at once is not worth another try. */
	return rc == -ESTALE ? rest_log_early(r, s) : rc;
}

/* takes soql. refusal: its errorCode is -EOPNOTSUPP; may be NULL. */
static int
read_rows(struct rest *r, struct buf *soql, struct rows *rows, struct rest_refusal *refusal)
{
	return read_pages(r, &(struct rest_select){ .kind = REST_DEMAND, .soql = *soql,
	    .refusal = refusal, .take = read_row, .ctx = rows });
}

/* Appends a literal. like: `%` stands for itself, `_` still for any one character. */
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

/* Whether s may stand in SOQL, or in a path, without quotes. */
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
		rc = read_rows(r, &soql, &rows, NULL);
	}
	return rc;
}

int
rest_libraries(struct rest *r, rest_each_row *each, void *ctx)
{
	struct rows rows = {
		.name = "Name", .more = "RootContentFolderId", .each = each, .ctx = ctx
	};
	struct rest_refusal refusal = { .expected = "INVALID_TYPE" };	/* they are switched off */
	struct buf soql = BUF_INIT;

	buf_puts(&soql, "SELECT Id, Name, RootContentFolderId FROM ContentWorkspace ORDER BY Id");
	int rc = read_rows(r, &soql, &rows, &refusal);
	return rc == -EOPNOTSUPP ? 0 : rc;
}

int
rest_folder(struct rest *r, const char *id, rest_each_row *each, void *ctx)
{
	struct rows rows = { .name = "Title", .each = each, .ctx = ctx };
	struct buf soql = BUF_INIT;

	buf_puts(&soql,
	    "SELECT Id, Title, IsFolder FROM ContentFolderItem WHERE ParentContentFolderId = ");
	put_soql_text(&soql, id, false);
	return read_rows(r, &soql, &rows, NULL);
}

/*
 * Other resources.
 */

int
rest_sees_all_files(struct rest *r, bool *out)
{
	struct rest_refusal refusal = { .expected = "MALFORMED_QUERY" };
	struct rest_select s = { .kind = REST_LIST, .refusal = &refusal };

	buf_puts(&s.soql, "SELECT Id FROM ContentDocumentLink LIMIT 1");
	int rc = read_pages(r, &s);
	if (rc < 0 && rc != -EOPNOTSUPP)
		return rc;
	*out = rc == 0;
	return 0;
}

int
rest_count(struct rest *r, enum rest_count what, int64_t *out)
{
	static const char *const counts[] = {
		[REST_COUNT_DOCUMENTS] = "SELECT COUNT() FROM ContentDocument",
		[REST_COUNT_ARCHIVED] = "SELECT COUNT() FROM ContentDocument "
					"WHERE IsArchived = true AND IsDeleted = false",
		[REST_COUNT_ATTACHMENTS] = "SELECT COUNT() FROM Attachment",
		[REST_COUNT_LEGACY_DOCUMENTS] = "SELECT COUNT() FROM Document",
	};
	struct rest_refusal refusal = { .expected = "INVALID_TYPE" };
	struct rest_select s = {
		.kind = REST_DEMAND, .all = what == REST_COUNT_ARCHIVED, .refusal = &refusal
	};

	buf_puts(&s.soql, counts[what]);
	int rc = read_pages(r, &s);
	if (rc < 0)
		return rc;
	if (s.page.total < 0)
		return -EIO;
	*out = s.page.total;
	return 0;
}

int
rest_name_field(struct rest *r, const char *object, char out[64])
{
	struct rest_refusal refusal = { .expected = "INVALID_TYPE" };
	struct buf path = BUF_INIT;
	const cJSON *field;
	cJSON *json = NULL;
	int64_t date;

	if (!is_identifier(object))
		return -ENOENT;
	buf_printf(&path, "sobjects/%s/describe", object);
	int rc = rest_get(r, REST_DEMAND, &path, &refusal, &json, &date);
	if (rc == 0)
		out[0] = '\0';
	cJSON_ArrayForEach(field, rest_value_at(json, "fields")) {
		const char *name = rest_text(field, "name");

		if (cJSON_IsTrue(rest_value_at(field, "nameField")) && name && is_identifier(name))
			snprintf(out, 64, "%s", name);
	}
	cJSON_Delete(json);
	return rc == -EOPNOTSUPP ? -ENOENT : rc;
}

int
rest_storage(struct rest *r, int64_t *most, int64_t *left)
{
	struct buf path = BUF_INIT;
	cJSON *json = NULL;
	int64_t date;

	buf_puts(&path, "limits");
	int rc = rest_get(r, REST_LIMITS, &path, NULL, &json, &date);
	if (rc < 0)
		return rc;
	int64_t m = rest_int(rest_value_at(json, "FileStorageMB.Max")),
		n = rest_int(rest_value_at(json, "FileStorageMB.Remaining"));
	cJSON_Delete(json);
	if (m < 0 || n < 0)
		return -ENOENT;
	*most = m;
	*left = n;
	return 0;
}

/*
 * An answer of any bytes to each kind of request: it is a page or an error, and every document in a
 * page has the fields that serving it needs. The network is simulated: http and token end here. The
 * input: the request, the HTTP status, the body.
 */
#include <errno.h>
#include <string.h>

#include "auth/http.h"
#include "fs/name.h"
#include "fs/rest/rest.h"
#include "fuzz.h"

#define FUZZ_INSTANCE	"https://acme.my.salesforce.com"
#define FUZZ_RENEWED	-EACCES
#include "bearer.h"

static const uint8_t *body;
static size_t body_len;
static int status;

int
http_do(struct http *h, const struct http_request *q, struct http_response *out)
{
	(void)h;
	*out = (struct http_response){ .status = status,
		.date = 1700000000,
		.retry_after = -1,
		.limit_info = "api-usage=1/100",
		.content_type = "application/json" };
	if (body_len > q->body_limit)
		return -EMSGSIZE;
	buf_put(&out->body, body, body_len);
	return 0;
}

void
http_response_free(struct http_response *r)
{
	buf_free(&r->body);
}

bool
http_cancelled(const struct http *h)
{
	(void)h;
	return false;
}

unsigned
http_idle_timeout(const struct http *h)
{
	(void)h;
	return 60;
}

static bool
is_id(const char *s, const char *prefix)
{
	return strlen(s) == 18 && strncmp(s, prefix, 3) == 0;
}

static int
take_document(void *ctx, const struct document *d)
{
	const struct rest_query *q = ctx;
	struct name names[NAME_CANDIDATES];

	MUST(is_id(d->id, "069"));
	if (q->only_ids)
		return 0;
	MUST(d->is_deleted ||
	    (is_id(d->version_id, "068") && d->content_size >= 0 && d->created != -1));
	MUST(q->source == REST_VERSIONS || d->system_modstamp != -1);
	name_candidates(d->title, d->file_extension, d->id, NAME_UNIX, names);
	return 0;
}

static int
end_page(void *ctx, int rc, const struct rest_page *page)
{
	(void)ctx;
	MUST(rc <= 0 && page->total >= -1);
	return rc;
}

static int
take_row(void *ctx, const struct rest_row *row)
{
	(void)ctx;
	MUST(strlen(row->id) == 18 && row->name);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 200, 200, 200, 400, 401, 403, 404 };
	static const struct rest_query queries[] = {
		{ .source = REST_DOCUMENTS },
		{ .source = REST_LINKED, .linked_to = "0015g00002BLnMXAA1" },
		{ .source = REST_VERSIONS },
		{ .since = 1 },
		{ .only_ids = true },
		{ .archived = true, .filter = "Title LIKE 'A%'" },
	};
	struct rest *r = NULL;
	int64_t n = 0, m = 0;
	char field[64];
	bool all;
	int rc;

	if (size < 2)
		return 0;
	body = data + 2;
	body_len = size - 2;
	status = statuses[data[1] % 8];
	MUST(rest_open(NULL, NULL,
		 &(struct rest_options){ .api_version = "62.0", .tries = 1, .reserve = 10 },
		 &r) == 0);
	switch (data[0] % 10) {
	case 6:
		rc = rest_name_field(r, "Account", field);
		break;
	case 7:
		rc = rest_storage(r, &n, &m);
		MUST(rc < 0 || (n >= 0 && m >= 0));
		break;
	case 8:
		rc = rest_count(r, REST_COUNT_ARCHIVED, &n);
		MUST(rc < 0 || n >= 0);
		break;
	case 9:
		rc = data[0] & 32 ?
		    rest_libraries(r, take_row, NULL) :
		    data[0] & 16 ?
		    rest_sees_all_files(r, &all) :
		    rest_records(r, "Account", "Name", NULL, "Acme_1", take_row, NULL);
		break;
	default:
		rc = rest_documents(r, &queries[data[0] % 6], take_document, end_page,
		    (void *)&queries[data[0] % 6]);
	}
	MUST(rc <= 0 && rc != -EINTR);
	rest_close(r);
	return 0;
}

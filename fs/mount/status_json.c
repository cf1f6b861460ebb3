#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "auth/buf.h"
#include "auth/config.h"
#include "auth/token.h"
#include "fs/catalogue/catalogue.h"
#include "fs/document.h"
#include "fs/rest/rest.h"
#include "fs/store/store.h"
#include "fs/sync/on_demand.h"
#include "fs/sync/sync.h"

#include "status_json.h"

/* seconds since 1970; below 0: null. */
static void
put_time(struct buf *b, int64_t seconds)
{
	buf_put_json_text(b, seconds < 0 ? NULL : document_date(seconds * 1000).s);
}

static const char *
bool_text(int yes)
{
	return yes < 0 ? "null" : yes ? "true" : "false";
}

/* "limit-spent": no calls are left. "offline": the last refresh did not reach the org. */
static const char *
state_of(const struct status_json *s)
{
	struct sync_status sync;
	struct rest_stats rest;

	sync_status(s->sync, &sync);
	rest_stats(s->rest, &rest);
	return sync.result == -EDQUOT || rest.spent_until ? "limit-spent" :
	    sync.result == -ETIMEDOUT			  ? "offline" :
	    sync.result					  ? "failing" :
							    "healthy";
}

/* The ids have only letters and digits, and an org's name nothing that JSON escapes. */
static void
put_identity(struct buf *b, const struct status_json *s)
{
	struct catalogue_totals totals = { 0 };

	catalogue_totals(s->catalogue, &totals);
	buf_printf(b,
	    "{\n  \"state\": \"%s\",\n  \"version\": \"%s\",\n  \"org\": \"%s\",\n"
	    "  \"organization_id\": \"%s\",\n  \"user_id\": \"%s\",\n"
	    "  \"documents\": %" PRIu64 ",\n  \"bytes\": %" PRIu64 ",\n",
	    state_of(s), SFFS_VERSION, s->config->org, token_org_id(s->token),
	    token_user_id(s->token),
	    totals.documents, totals.bytes);
	if (s->config->filter) {
		buf_puts(b, "  \"filter\": ");
		buf_put_json_text(b, s->config->filter);
		buf_puts(b, ",\n");
	}
	buf_printf(b, "  \"archived\": %s,\n  \"sees_all_files\": %s,\n",
	    bool_text(s->config->archived), bool_text(on_demand_sees_all_files(s->on_demand)));
}

static void
put_refresh(struct buf *b, const struct status_json *s)
{
	struct sync_status sync;

	sync_status(s->sync, &sync);
	buf_puts(b, "  \"refresh\": {\"last\": ");
	put_time(b, sync.refreshed);
	if (sync.refreshed >= 0)
		buf_printf(b, ", \"age\": %" PRId64, (int64_t)time(NULL) - sync.refreshed);
	buf_printf(
	    b, ", \"result\": \"%s\"},\n", sync.result ? strerror(-sync.result) : "ok");
}

void
status_json(void *ctx, struct buf *b)
{
	const struct status_json *s = ctx;
	struct store_stats store;
	struct rest_stats rest;
	uint64_t queries = 0;

	put_identity(b, s);
	put_refresh(b, s);
	store_stats(s->store, &store);
	rest_stats(s->rest, &rest);
	for (unsigned i = 0; i < REST_KINDS; i++)
		queries += i == REST_DOWNLOAD ? 0 : rest.calls[i];
	buf_printf(b,
	    "  \"calls\": {\"query\": %" PRIu64 ", \"download\": %" PRIu64 ", "
	    "\"failed\": %" PRIu64 "},\n",
	    queries, rest.calls[REST_DOWNLOAD], rest.errors);
	if (rest.api_max >= 0)
		buf_printf(b,
		    "  \"api_usage\": {\"used\": %" PRId64 ", \"max\": %" PRId64
		    ", \"left\": %" PRId64 "},\n",
		    rest.api_used, rest.api_max, rest.api_max - rest.api_used);
	buf_printf(b,
	    "  \"cache\": {\"bytes\": %" PRIu64 ", \"files\": %" PRIu64 ", "
	    "\"hits\": %" PRIu64 ", \"misses\": %" PRIu64 "},\n"
	    "  \"transfers\": {\"running\": %u, \"waiting\": %u}\n}\n",
	    store.bytes, store.blobs, store.hits, store.misses, store.fetching, store.waiting);
}

/* null before the org's first answer. */
static void
put_org_limit(struct buf *b, const struct rest_stats *r, uint64_t reserve)
{
	if (r->api_max < 0) {
		buf_puts(b, "null");
		return;
	}
	buf_printf(b,
	    "{\"used\": %" PRId64 ", \"max\": %" PRId64 ", \"reserve\": %" PRIu64 ", "
	    "\"in_reserve\": %s, \"spent_until\": ",
	    r->api_used, r->api_max, (uint64_t)r->api_max * reserve / 100,
	    bool_text(r->reserved));
	put_time(b, r->spent_until ? r->spent_until : -1);
	buf_putc(b, '}');
}

void
status_json_limits(void *ctx, struct buf *b)
{
	const struct status_json *s = ctx;
	static const char *const kinds[REST_KINDS] = {
		[REST_FILL] = "fill",
		[REST_REFRESH] = "refresh",
		[REST_LIST] = "list",
		[REST_DEMAND] = "on_demand",
		[REST_DOWNLOAD] = "download",
		[REST_LIMITS] = "limits",
	};
	struct rest_stats rest;

	rest_stats(s->rest, &rest);
	buf_puts(b, "{\n  \"org\": ");
	put_org_limit(b, &rest, s->config->api_reserve);
	buf_printf(b, ",\n  \"budget\": {\"used\": %" PRIu64 ", \"max\": ", rest.budget_used);
	buf_printf(b, rest.budget_max ? "%" PRIu64 : "null", rest.budget_max);
	buf_puts(b, "},\n  \"calls\": {");
	for (unsigned i = 0; i < REST_KINDS; i++)
		buf_printf(b, "\"%s\": %" PRIu64 ", ", kinds[i], rest.calls[i]);
	buf_printf(b, "\"failed\": %" PRIu64 "}\n}\n", rest.errors);
}

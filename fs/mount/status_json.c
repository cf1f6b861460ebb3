#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auth/buf.h"
#include "fs/catalogue/catalogue.h"
#include "fs/sync/on_demand.h"
#include "fs/rest/rest.h"
#include "fs/store/store.h"
#include "fs/sync/sync.h"

#include "status_json.h"

static void
put_string(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, "  \"%s\": ", key);
	buf_put_json_text(b, value);
	buf_puts(b, ",\n");
}

/* seconds since 1970; below 0: null. */
static void
put_time(struct buf *b, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_put_json_text(b, seconds < 0 ? NULL : text);
}

static void
put_refresh(struct buf *b, const struct sync_status *s)
{
	buf_puts(b, "  \"refresh\": {\"last\": ");
	put_time(b, s->refreshed);
	buf_puts(b, ", \"result\": ");
	buf_put_json_text(b, s->result ? strerror(-s->result) : "ok");
	buf_puts(b, "},\n");
}

static uint64_t
queries_of(const struct rest_stats *s)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < REST_KINDS; i++)
		n += i == REST_DOWNLOAD ? 0 : s->calls[i];
	return n;
}

char *
status_json(void *ctx, size_t *len)
{
	const struct status_json *s = ctx;
	struct catalogue_totals totals = { 0 };
	struct store_stats store;
	struct rest_stats rest;
	struct sync_status sync;
	struct buf b = BUF_INIT;
	const int all_files = on_demand_sees_all_files(s->on_demand);

	catalogue_totals(s->catalogue, &totals);
	store_stats(s->store, &store);
	rest_stats(s->rest, &rest);
	sync_status(s->sync, &sync);
	buf_puts(&b, "{\n");
	put_string(&b, "version", SFFS_VERSION);
	put_string(&b, "org", s->org);
	put_string(&b, "organization_id", s->org_id);
	put_string(&b, "user_id", s->user_id);
	buf_printf(&b, "  \"documents\": %llu,\n  \"bytes\": %llu,\n",
	    (unsigned long long)totals.documents, (unsigned long long)totals.bytes);
	if (s->filter)
		put_string(&b, "filter", s->filter);
	buf_printf(&b, "  \"archived\": %s,\n", s->archived ? "true" : "false");
	buf_printf(&b, "  \"sees_all_files\": %s,\n",
	    all_files < 0 ? "null" : all_files ? "true" : "false");
	put_refresh(&b, &sync);
	buf_printf(&b, "  \"calls\": {\"query\": %llu, \"download\": %llu, \"failed\": %llu},\n",
	    (unsigned long long)queries_of(&rest), (unsigned long long)rest.calls[REST_DOWNLOAD],
	    (unsigned long long)rest.errors);
	if (rest.api_max >= 0)
		buf_printf(&b, "  \"api_usage\": {\"used\": %lld, \"max\": %lld},\n",
		    (long long)rest.api_used, (long long)rest.api_max);
	buf_printf(&b,
	    "  \"cache\": {\"bytes\": %llu, \"files\": %llu, \"hits\": %llu, \"misses\": %llu},\n",
	    (unsigned long long)store.bytes, (unsigned long long)store.blobs,
	    (unsigned long long)store.hits, (unsigned long long)store.misses);
	buf_printf(&b, "  \"transfers\": {\"running\": %u, \"waiting\": %u}\n}\n", store.fetching,
	    store.waiting);
	*len = b.len;
	return buf_detach(&b);
}

/* null before the org's first answer. */
static void
put_org_limit(struct buf *b, const struct rest_stats *r, unsigned reserve)
{
	if (r->api_max < 0) {
		buf_puts(b, "  \"org\": null,\n");
		return;
	}
	buf_printf(b, "  \"org\": {\"used\": %lld, \"max\": %lld, \"reserve\": %lld, ",
	    (long long)r->api_used, (long long)r->api_max, (long long)(r->api_max * reserve / 100));
	buf_printf(b, "\"in_reserve\": %s, \"spent_until\": ", r->reserved ? "true" : "false");
	put_time(b, r->spent_until ? r->spent_until : -1);
	buf_puts(b, "},\n");
}

char *
status_json_limits(void *ctx, size_t *len)
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
	struct buf b = BUF_INIT;

	rest_stats(s->rest, &rest);
	buf_puts(&b, "{\n");
	put_org_limit(&b, &rest, s->reserve);
	buf_printf(&b,
	    "  \"budget\": {\"used\": %llu, \"max\": ", (unsigned long long)rest.budget_used);
	if (rest.budget_max)
		buf_printf(&b, "%llu},\n", (unsigned long long)rest.budget_max);
	else
		buf_puts(&b, "null},\n");
	buf_puts(&b, "  \"calls\": {");
	for (unsigned i = 0; i < REST_KINDS; i++)
		buf_printf(&b, "\"%s\": %llu, ", kinds[i], (unsigned long long)rest.calls[i]);
	buf_printf(&b, "\"failed\": %llu}\n}\n", (unsigned long long)rest.errors);
	*len = b.len;
	return buf_detach(&b);
}

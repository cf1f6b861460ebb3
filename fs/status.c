#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auth/buf.h"
#include "catalogue.h"
#include "rest.h"
#include "store.h"
#include "sync.h"

#include "status.h"

static void
put_string(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, "  \"%s\": ", key);
	buf_put_json(b, value, strlen(value));
	buf_puts(b, ",\n");
}

static void
put_refresh(struct buf *b, const struct sync_status *s)
{
	char date[32] = "";
	time_t t = (time_t)s->refreshed;
	struct tm tm;

	if (s->refreshed >= 0) {
		gmtime_r(&t, &tm);
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	}
	buf_printf(b, "  \"refresh\": {\"last\": %s%s%s, \"result\": ", *date ? "\"" : "", *date ? date : "null", *date ? "\"" : "");
	const char *result = s->result ? strerror(-s->result) : "ok";
	buf_put_json(b, result, strlen(result));
	buf_puts(b, "},\n");
}

char *
status_json(const struct status *s, size_t *len)
{
	struct catalogue_totals totals = { 0 };
	struct store_stats store;
	struct rest_stats rest;
	struct sync_status sync;
	struct buf b = BUF_INIT;

	catalogue_totals(s->catalogue, &totals);
	store_stats(s->store, &store);
	rest_stats(s->rest, &rest);
	sync_status(s->sync, &sync);
	buf_puts(&b, "{\n");
	put_string(&b, "version", SFFS_VERSION);
	put_string(&b, "org", s->org);
	put_string(&b, "organization_id", s->org_id);
	put_string(&b, "user_id", s->user_id);
	buf_printf(&b, "  \"documents\": %llu,\n  \"bytes\": %llu,\n", (unsigned long long)totals.documents,
	    (unsigned long long)totals.bytes);
	buf_printf(&b, "  \"sees_all_files\": %s,\n", sync.sees_all_files ? "true" : "false");
	put_refresh(&b, &sync);
	buf_printf(&b, "  \"calls\": {\"query\": %llu, \"download\": %llu, \"failed\": %llu},\n",
	    (unsigned long long)rest.queries, (unsigned long long)rest.downloads, (unsigned long long)rest.errors);
	if (rest.api_max >= 0)
		buf_printf(&b, "  \"api_usage\": {\"used\": %lld, \"max\": %lld},\n", (long long)rest.api_used, (long long)rest.api_max);
	buf_printf(&b, "  \"cache\": {\"bytes\": %llu, \"files\": %llu, \"hits\": %llu, \"misses\": %llu},\n",
	    (unsigned long long)store.bytes, (unsigned long long)store.blobs, (unsigned long long)store.hits,
	    (unsigned long long)store.misses);
	buf_printf(&b, "  \"transfers\": {\"running\": %u, \"waiting\": %u}\n}\n", store.fetching, store.waiting);
	*len = b.len;
	return buf_detach(&b);
}

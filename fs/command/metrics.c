#include "metrics.h"

#include <stdio.h>

#include "auth/buf.h"
#include "auth/utf8.h"

#include "mounts.h"

/* sffs(1) lists them. */
static const struct {
	const char	*name;		/* ends in the unit, if there is one */
	const char	*unit;		/* NULL: none */
	bool		 counter;	/* it only grows, until the mount ends; else a gauge */
	const char	*fact;		/* a member of status.json; NULL: the state */
	const char	*help;
} metrics[] = {
	{ "sffs_mount_state", NULL, false, NULL,
	    "1 for the state that the mount is in, 0 for every other one" },
	{ "sffs_refresh_age_seconds", "seconds", false, "refresh.age",
	    "Time since the last refresh that succeeded" },
	{ "sffs_documents", NULL, false, "documents", "Documents that are listed" },
	{ "sffs_documents_bytes", "bytes", false, "bytes", "Sum of their sizes" },
	{ "sffs_query_calls", NULL, true, "calls.query", "Calls to the org other than downloads" },
	{ "sffs_download_calls", NULL, true, "calls.download", "Downloads" },
	{ "sffs_failed_calls", NULL, true, "calls.failed", "Calls to the org that failed" },
	{ "sffs_api_calls_used", NULL, false, "api_usage.used",
	    "API calls of the whole org in 24 hours" },
	{ "sffs_api_calls_left", NULL, false, "api_usage.left",
	    "API calls that the org has left of its 24 hours" },
	{ "sffs_cache_bytes", "bytes", false, "cache.bytes", "Size of the cached files" },
	{ "sffs_cache_files", NULL, false, "cache.files", "Cached files" },
	{ "sffs_cache_hits", NULL, true, "cache.hits", "Opened files that were cached" },
	{ "sffs_cache_misses", NULL, true, "cache.misses", "Opened files that were not cached" },
	{ "sffs_transfers_running", NULL, false, "transfers.running", "Downloads under way" },
	{ "sffs_transfers_waiting", NULL, false, "transfers.waiting",
	    "Downloads that wait for a place" },
};

/* A label value escapes \, " and newline, as JSON does; there is nothing else left to escape. */
static void
put_label(struct buf *out, const char *name, const char *value)
{
	char text[4 * PATH_MAX];

	utf8_show_all(text, sizeof(text), value);
	buf_puts(out, name);
	buf_put_json_text(out, text);
}

static void
put_sample(
    struct buf *out, size_t i, const struct mounts_row *o, const char *state, double value)
{
	buf_printf(out, "%s%s", metrics[i].name, metrics[i].counter ? "_total" : "");
	put_label(out, "{org=", o->org);
	put_label(out, ",mountpoint=", o->target);
	if (state)
		put_label(out, ",state=", state);
	buf_printf(out, "} %.0f\n", value);
}

void
metrics_put(const struct mounts *m, struct buf *out)
{
	int mounted = 0;

	for (size_t i = 0; i < m->count; i++)
		mounted += *m->rows[i].target != '\0';
	buf_printf(out,
	    "# TYPE sffs_mounts gauge\n# HELP sffs_mounts Mounts of sffs.\nsffs_mounts %d\n",
	    mounted);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		buf_printf(out, "# TYPE %s %s\n", metrics[i].name,
		    metrics[i].counter ? "counter" : "gauge");
		if (metrics[i].unit)
			buf_printf(out, "# UNIT %s %s\n", metrics[i].name, metrics[i].unit);
		buf_printf(out, "# HELP %s %s.\n", metrics[i].name, metrics[i].help);
		for (const struct mounts_row *o = m->rows; o < m->rows + m->count; o++) {
			double value;

			if (metrics[i].fact && mounts_number(o, metrics[i].fact, &value))
				put_sample(out, i, o, NULL, value);
			for (int s = 0; !metrics[i].fact && s < MOUNTS_STATES; s++)
				put_sample(out, i, o, mounts_word((enum mounts_state)s),
				    (int)o->state == s);
		}
	}
	buf_puts(out, "# EOF\n");
}

#include "status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/buf.h"
#include "auth/log.h"
#include "auth/utf8.h"

#include "metrics.h"
#include "mounts.h"

static void
put_member(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, ",\"%s\":", name);
	buf_put_json_text(out, value && *value ? value : NULL);
}

static void
put_json_number(struct buf *out, const char *name, bool known, double value)
{
	buf_printf(out, ",\"%s\":", name);
	buf_printf(out, known ? "%.0f" : "null", value);
}

static void
put_object(const struct mounts_row *o, const char *advice, struct buf *out)
{
	double documents = 0;
	const bool known = mounts_number(o, "documents", &documents);

	buf_puts(out, out->len > 1 ? ",\n{\"org\":" : "{\"org\":");
	buf_put_json_text(out, o->org);
	put_member(out, "state", mounts_word(o->state));
	put_json_number(out, "documents", known, documents);
	put_member(out, "asked", mounts_text(o, "refresh.last"));
	put_member(out, "mountpoint", o->target);
	put_json_number(out, "pid", o->pid > 0, o->pid);
	put_member(out, "advice", advice);
	buf_putc(out, '}');
}

static void
put_line(const struct mounts_row *o, const char *advice, struct buf *out)
{
	char org[256], asked[64], place[2 * PATH_MAX], text[3 * PATH_MAX], documents[32] = "-";
	const char *last = mounts_text(o, "refresh.last");
	double n;

	if (mounts_number(o, "documents", &n))
		snprintf(documents, sizeof(documents), "%.0f", n);
	utf8_show_all(org, sizeof(org), o->org);
	utf8_show_all(asked, sizeof(asked), last ? last : "-");
	utf8_show_all(place, sizeof(place), *o->target ? o->target : "-");
	utf8_show_all(text, sizeof(text), advice);
	buf_printf(out, "%-16s %-11s %9s %-20s %s\n", org, mounts_word(o->state), documents, asked,
	    place);
	if (*text)
		buf_printf(out, "%16s %s\n", "", text);
}

static int
put_rows(const struct mounts *m, bool json, struct buf *out)
{
	struct buf advice = BUF_INIT;
	bool some = false, good = true;

	if (json)
		buf_putc(out, '[');
	else
		buf_printf(out, "%-16s %-11s %9s %-20s %s\n", "ORG", "STATE", "DOCUMENTS", "ASKED",
		    "MOUNTPOINT");
	for (size_t i = 0; i < m->count; i++) {
		buf_clear(&advice);
		mounts_put_advice(&m->rows[i], &advice);
		(json ? put_object : put_line)(&m->rows[i], buf_str(&advice), out);
		some |= *m->rows[i].target != '\0';
		good &= mounts_is_good(m->rows[i].state);
	}
	if (json)
		buf_puts(out, "]\n");
	buf_free(&advice);
	return some && good ? 0 : -ENODATA;
}

/* Adds the orgs of the config that are not mounted. */
static int
add_unmounted(struct mounts *m, const char *orgs, const char *only)
{
	const size_t mounted = m->count;
	char org[sizeof(m->rows->org)];
	int rc = 0;

	for (size_t n, i; rc == 0 && (n = strcspn(orgs, "\n")) > 0; orgs += n + (orgs[n] == '\n')) {
		snprintf(org, sizeof(org), "%.*s", (int)n, orgs);
		for (i = 0; i < mounted && strcmp(org, m->rows[i].org) != 0; i++)
			;
		if (i == mounted && (!only || strcmp(org, only) == 0))
			rc = mounts_add(m, org);
	}
	return rc;
}

int
status_put(const char *orgs, const char *only, enum status_format format, struct buf *out)
{
	struct mounts m;
	int rc = mounts_list(only, &m);

	if (rc == 0)
		rc = add_unmounted(&m, orgs, only);
	if (rc == 0 && only && m.count == 0)
		rc = log_invalid("sffs", "%s: not mounted, and the config file has no such org; "
					 "sffs status shows all",
		    only);
	if (rc == 0) {
		mounts_ask(&m);
		if (format == STATUS_METRICS)
			metrics_put(&m, out);
		else
			rc = put_rows(&m, format == STATUS_JSON, out);
	}
	mounts_free(&m);
	return rc;
}

#include "status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/buf.h"
#include "auth/log.h"

#include "metrics.h"
#include "mounts.h"

/* The members of a JSON object. The table has a column for each but the last two. */
enum { ORG, STATE, DOCUMENTS, ASKED, MOUNTPOINT, PID, ADVICE, MEMBERS };

static void
put_object(const char *const values[MEMBERS], struct buf *out)
{
	static const char *const names[] = { "org", "state", "documents", "asked", "mountpoint",
		"pid", "advice" };

	for (int i = 0; i < MEMBERS; i++) {
		buf_printf(out, "%s\"%s\":", i ? "," : out->len > 1 ? ",\n{" : "{", names[i]);
		if (*values[i] && (i == DOCUMENTS || i == PID))
			buf_puts(out, values[i]);
		else
			buf_put_json_text(out, *values[i] ? values[i] : NULL);
	}
	buf_putc(out, '}');
}

static const char *
or_dash(const char *value)
{
	return *value ? value : "-";
}

static void
say_line(const char *const values[MEMBERS])
{
	log_say("%-16s %-11s %9s %-20s %s\n", values[ORG], values[STATE],
	    or_dash(values[DOCUMENTS]), or_dash(values[ASKED]), or_dash(values[MOUNTPOINT]));
	if (*values[ADVICE])
		log_say("%16s %s\n", "", values[ADVICE]);
}

/* json: NULL: a line of the table. */
static void
put_row(const struct mounts_row *o, const char *advice, struct buf *json)
{
	const char *last = mounts_text(o, "refresh.last");
	char documents[32] = "", pid[16] = "";
	const char *const values[] = { o->org, mounts_word(o->state), documents, last ? last : "",
		o->target, pid, advice };
	double n;

	if (mounts_number(o, "documents", &n))
		snprintf(documents, sizeof(documents), "%.0f", n);
	if (o->pid > 0)
		snprintf(pid, sizeof(pid), "%d", (int)o->pid);
	if (json)
		put_object(values, json);
	else
		say_line(values);
}

/* json: NULL: the table, to standard output. */
static int
put_rows(const struct mounts *m, struct buf *json)
{
	static const char *const headings[] = { "ORG", "STATE", "DOCUMENTS", "ASKED", "MOUNTPOINT",
		"", "" };
	struct buf advice = BUF_INIT;
	bool some = false, good = true;

	if (json)
		buf_putc(json, '[');
	else
		say_line(headings);
	for (size_t i = 0; i < m->count; i++) {
		buf_clear(&advice);
		mounts_put_advice(&m->rows[i], &advice);
		put_row(&m->rows[i], buf_str(&advice), json);
		some |= *m->rows[i].target != '\0';
		good &= mounts_is_good(m->rows[i].state);
	}
	if (json)
		buf_puts(json, "]\n");
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
			rc = put_rows(&m, format == STATUS_JSON ? out : NULL);
	}
	mounts_free(&m);
	return rc;
}

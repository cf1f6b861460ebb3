#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "auth/buf.h"
#include "auth/clock.h"
#include "auth/log.h"
#include "auth/utf8.h"

#include "status.h"

#define PATIENCE	2000	/* ms in which the mounts have to answer, all together */
#define TEXT_MOST	65536	/* bytes of a status.json */

/* An org or a mount; "-" stands for what is not known. */
struct org_status {
	const char	*state;		/* a literal: a forked process has it at the same address */
	char		 documents[24], asked[64];
};

struct org_row {
	char		 org[64], target[PATH_MAX];
	int		 from;		/* the process that asks the mount; -1: it is not mounted */
};

/* Reads the mount's status.json. May hang with the mount. */
static void
ask_mount(const char *target, struct org_status *s)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "%s/.sffs/status.json", target);
	int fd = open(buf_str(&text), O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : 0;
	buf_clear(&text);
	if (rc == 0)
		rc = buf_read(&text, fd, TEXT_MOST);
	const cJSON *json = cJSON_ParseWithLength(buf_str(&text), text.len);
	const cJSON *refresh = cJSON_GetObjectItem(json, "refresh");
	const cJSON *documents = cJSON_GetObjectItem(json, "documents");
	const char *said = cJSON_GetStringValue(cJSON_GetObjectItem(refresh, "result"));
	const char *last = cJSON_GetStringValue(cJSON_GetObjectItem(refresh, "last"));
	s->state = rc == -ENOTCONN		  ? "dead" :
	    rc == -EACCES			  ? "private" :
	    said && strcmp(said, "ok") == 0 ? "ok" :
						    "failing";
	if (cJSON_IsNumber(documents))
		snprintf(s->documents, sizeof(s->documents), "%.0f", documents->valuedouble);
	if (last)
		utf8_show_all(s->asked, sizeof(s->asked), last);
}

/* The descriptor to read the mount's org_status from; -errno. */
static int
start_asking(const char *target)
{
	struct org_status s = { "", "-", "-" };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close_range(0, 2, 0);	/* it may hang, and nobody is to wait for it at a pipe */
		ask_mount(target, &s);
		_exit(write(ends[1], &s, sizeof(s)) < 0);
	}
	close(ends[1]);
	return ends[0];
}

/* Waits until then (ms, clock_ms). */
static void
take_status(const struct org_row *o, int64_t until, struct org_status *out)
{
	struct pollfd p = { .fd = o->from, .events = POLLIN };
	int64_t left = until - clock_ms();

	*out = (struct org_status){ o->from < 0 ? "unmounted" : "silent", "-", "-" };
	if (o->from >= 0 && poll(&p, 1, left > 0 ? (int)left : 0) > 0)
		(void)!read(o->from, out, sizeof(*out));
}

/* Each mount of the org `only` (NULL: of all), in the order of mounting. */
static int
add_mounts(const char *only, struct buf *rows)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	const struct mntent *e;
	struct org_row o;
	int rc = f ? 0 : -errno;

	while (rc == 0 && (e = getmntent(f))) {
		if (strcmp(e->mnt_type, "fuse.sffs") != 0 || (only && strcmp(e->mnt_fsname, only)))
			continue;
		utf8_show_all(o.org, sizeof(o.org), e->mnt_fsname);
		snprintf(o.target, sizeof(o.target), "%s", e->mnt_dir);
		o.from = start_asking(o.target);
		buf_put(rows, &o, sizeof(o));
		rc = o.from < 0 ? o.from : 0;
	}
	if (f)
		endmntent(f);
	if (rc < 0)
		log_error("sffs", "/proc/self/mounts: %s", strerror(-rc));
	return rc;
}

static void
put_member(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, ",\"%s\":", name);
	buf_put_json_text(out, strcmp(value, "-") == 0 ? NULL : value);
}

static void
put_org(
    struct buf *out, bool json, const char *org, const struct org_status *s, const char *target)
{
	if (!json) {
		char place[2 * PATH_MAX];

		utf8_show_all(place, sizeof(place), target);
		buf_printf(out, "%-16s %-9s %9s %-20s %s\n", org, s->state, s->documents, s->asked,
		    place);
		return;
	}
	buf_puts(out, out->len > 1 ? ",\n{\"org\":" : "{\"org\":");
	buf_put_json_text(out, org);
	put_member(out, "state", s->state);
	buf_printf(out, ",\"documents\":%s", *s->documents == '-' ? "null" : s->documents);
	put_member(out, "asked", s->asked);
	put_member(out, "mountpoint", target);
	buf_putc(out, '}');
}

/* Those of the config (a line each) that are not among the mounts. */
static void
add_unmounted(const char *orgs, const char *only, struct buf *rows)
{
	const size_t mounts = rows->len;
	struct org_row o = { .target = "-", .from = -1 };

	for (size_t n, i; n = strcspn(orgs, "\n"), n > 0; orgs += n + (orgs[n] == '\n')) {
		snprintf(o.org, sizeof(o.org), "%.*s", (int)n, orgs);
		for (i = 0; i < mounts; i += sizeof(o))
			if (strcmp(o.org, rows->data + i) == 0)
				break;
		if (i == mounts && (!only || strcmp(o.org, only) == 0))
			buf_put(rows, &o, sizeof(o));
	}
}

int
status_put(const char *orgs, const char *only, bool json, struct buf *out)
{
	const int64_t until = clock_ms() + PATIENCE;
	struct buf rows = BUF_INIT;
	struct org_status s;
	int rc = add_mounts(only, &rows);

	if (rc < 0)
		goto out;
	add_unmounted(orgs, only, &rows);
	if (only && rows.len == 0) {
		rc = log_invalid("sffs", "%s: not mounted, and the config file has no such org; "
					 "sffs status shows all",
		    only);
		goto out;
	}
	if (json)
		buf_putc(out, '[');
	else
		put_org(out, false, "ORG", &(struct org_status){ "STATE", "DOCUMENTS", "ASKED" },
		    "MOUNTPOINT");
	for (size_t i = 0; i < rows.len; i += sizeof(struct org_row)) {
		const struct org_row *o = (const void *)(rows.data + i);

		take_status(o, until, &s);
		put_org(out, json, o->org, &s, o->target);
		if (strcmp(s.state, "ok") != 0 && strcmp(s.state, "private") != 0)
			rc = -ENODATA;
	}
	if (json)
		buf_puts(out, "]\n");
out:
	buf_free(&rows);
	return rc;
}

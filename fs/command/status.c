#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "auth/buf.h"
#include "auth/clock.h"
#include "auth/log.h"

#include "status.h"

#define PATIENCE	2000	/* ms in which the mounts have to answer, all together */

/* What is known of an org or a mount; "-" stands for what is not. */
struct org_status {
	char		 state[16], documents[16], asked[32];
};

struct mounted {
	struct mounted	*next;
	char		*org, *target;
	int		 from;		/* the process that asks the mount */
};

static const struct org_status unmounted = { "unmounted", "-", "-" };

static void
free_mounted(struct mounted *m)
{
	while (m) {
		struct mounted *next = m->next;

		if (m->from >= 0)
			close(m->from);
		free(m->org);
		free(m->target);
		free(m);
		m = next;
	}
}

/* Reads the mount's status.json and writes an org_status: three words. May hang with the mount. */
static void
ask_mount(const char *target, int to)
{
	struct buf text = BUF_INIT;
	ssize_t n = 0;

	buf_printf(&text, "%s/.sffs/status.json", target);
	int fd = open(buf_str(&text), O_RDONLY | O_CLOEXEC);
	buf_clear(&text);
	while (fd >= 0 && buf_reserve(&text, 8192) &&
	    (n = read(fd, text.data + text.len, 8192)) > 0)
		text.len += (size_t)n;
	if (fd < 0 || n < 0) {
		dprintf(to, "%s - -",
		    errno == ENOTCONN	? "dead" :
			errno == EACCES ? "private" :
					  "failing");
		return;
	}
	cJSON *json = cJSON_ParseWithLength(buf_str(&text), text.len);
	const cJSON *refresh = cJSON_GetObjectItemCaseSensitive(json, "refresh");
	const cJSON *documents = cJSON_GetObjectItemCaseSensitive(json, "documents");
	const char *said =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(refresh, "result"));
	const char *last = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(refresh, "last"));
	dprintf(to, "%s %.0f %s", said && strcmp(said, "ok") == 0 ? "ok" : "failing",
	    cJSON_IsNumber(documents) ? documents->valuedouble : 0, last ? last : "-");
}

/* The descriptor to read the answer from; -1: none. */
static int
start_asking(const char *target)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ask_mount(target, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (child > 0)
		return ends[0];
	close(ends[0]);
	return -1;
}

static void
take_answer(struct mounted *m, int64_t until, struct org_status *out)
{
	struct pollfd p = { .fd = m->from, .events = POLLIN };
	int64_t left = until - clock_ms();
	char words[128];
	ssize_t n = 0;

	*out = (struct org_status){ "silent", "-", "-" };
	if (m->from >= 0 && poll(&p, 1, left > 0 ? (int)left : 0) > 0)
		n = read(m->from, words, sizeof(words) - 1);
	if (n > 0) {
		words[n] = '\0';
		sscanf(words, "%15s %15s %31s", out->state, out->documents, out->asked);
	}
}

/* Each mount of the org `only` (NULL: of all), in the order of mounting. */
static int
find_mounts(const char *only, struct mounted **out)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct mounted *first = NULL, **last = &first;
	const struct mntent *e;
	int rc = f ? 0 : -errno;

	while (rc == 0 && (e = getmntent(f))) {
		if (strcmp(e->mnt_type, "fuse.sffs") != 0 || (only && strcmp(e->mnt_fsname, only)))
			continue;
		struct mounted *m = calloc(1, sizeof(*m));
		if (!m || !(m->org = strdup(e->mnt_fsname)) || !(m->target = strdup(e->mnt_dir)))
			rc = -ENOMEM;
		if (m) {
			m->from = rc == 0 ? start_asking(m->target) : -1;
			*last = m;
			last = &m->next;
		}
	}
	if (f)
		endmntent(f);
	*out = first;
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
		buf_printf(out, "%-16s %-9s %9s %-20s %s\n", org, s->state, s->documents, s->asked,
		    target);
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

static bool
is_mounted(const struct mounted *m, const char *org)
{
	while (m && strcmp(m->org, org) != 0)
		m = m->next;
	return m;
}

int
status_put(const char *orgs, const char *only, bool json, struct buf *out, bool *healthy)
{
	const int64_t until = clock_ms() + PATIENCE;
	struct mounted *mounts;
	struct org_status s;
	char org[64];
	int rc = find_mounts(only, &mounts);
	bool found = !only || mounts;

	*healthy = true;
	if (rc < 0) {
		log_error("sffs", "/proc/self/mounts: %s", strerror(-rc));
		goto out;
	}
	if (json)
		buf_putc(out, '[');
	else
		buf_printf(out, "%-16s %-9s %9s %-20s %s\n", "ORG", "STATE", "DOCUMENTS", "ASKED",
		    "MOUNTPOINT");
	for (struct mounted *m = mounts; m; m = m->next) {
		take_answer(m, until, &s);
		put_org(out, json, m->org, &s, m->target);
		*healthy &= strcmp(s.state, "ok") == 0 || strcmp(s.state, "private") == 0;
	}
	for (size_t n; n = strcspn(orgs, "\n"), n > 0; orgs += n + (orgs[n] == '\n')) {
		snprintf(org, sizeof(org), "%.*s", (int)n, orgs);
		if (is_mounted(mounts, org) || (only && strcmp(org, only) != 0))
			continue;
		put_org(out, json, org, &unmounted, "-");
		*healthy = false;
		found = true;
	}
	if (json)
		buf_puts(out, "]\n");
	if (!found) {
		log_error("sffs", "%s: not mounted, and the config file has no such org; "
				  "sffs status shows all",
		    only);
		buf_clear(out);
		rc = -EINVAL;
	}
out:
	free_mounted(mounts);
	return rc;
}

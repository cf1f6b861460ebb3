#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/buf.h"
#include "auth/clock.h"
#include "auth/log.h"
#include "mountinfo.h"

#include "status.h"

#define STATUS_MOST	65536	/* bytes of a status.json */

struct one {
	struct one	*next;
	char		*org, *target;
	pid_t		 child;		/* that asks it; 0: none */
	int		 from;		/* the child; -1: nothing more will come */
	struct buf	 status;
};

struct all {
	const char	*only;		/* the org that is wanted; NULL: all */
	struct one	*first, **last;
	int		 rc;
};

static void
free_all(struct all *all)
{
	while (all->first) {
		struct one *o = all->first;

		all->first = o->next;
		if (o->from >= 0)
			close(o->from);
		buf_free(&o->status);
		free(o->org);
		free(o->target);
		free(o);
	}
}

static bool
note_mount(void *ctx, const char *type, const char *source, const char *target)
{
	struct all *all = ctx;
	struct one *o;

	if (strcmp(type, "fuse.sffs") != 0 || (all->only && strcmp(source, all->only) != 0))
		return true;
	o = calloc(1, sizeof(*o));
	if (o) {
		o->org = strdup(source);
		o->target = strdup(target);
		o->from = -1;
		*all->last = o;
		all->last = &o->next;
	}
	if (!o || !o->org || !o->target)
		all->rc = -ENOMEM;
	return all->rc == 0;
}

/* The child: hands on what the mount says. Its exit status is 0 or an errno. */
static int
copy_status(const char *target, int to)
{
	struct buf path = BUF_INIT;
	char bytes[8192];
	ssize_t n = 0;

	buf_printf(&path, "%s/.sffs/status.json", target);
	int fd = open(buf_str(&path), O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)n) != n)
			break;
	return fd < 0 || n < 0 ? errno : 0;
}

static void
ask(struct one *o)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	o->child = fork();
	if (o->child == 0)
		_exit(copy_status(o->target, ends[1]));
	close(ends[1]);
	o->from = ends[0];
	if (o->child < 0) {
		o->child = 0;
		close(o->from);
		o->from = -1;
	}
}

static int
milliseconds_left(int64_t until)
{
	int64_t ms = until - clock_ms();

	return ms > 0 ? (int)ms : 0;
}

/* Takes what the children say until they are done or the time is over. */
static void
take_answers(struct all *all)
{
	const int64_t until = clock_ms() + LIST_PATIENCE;

	for (struct one *o = all->first; o; o = o->next) {
		struct pollfd p = { .fd = o->from, .events = POLLIN };
		ssize_t n = 1;

		while (o->from >= 0 && n > 0 && o->status.len < STATUS_MOST &&
		    poll(&p, 1, milliseconds_left(until)) > 0) {
			n = buf_reserve(&o->status, 8192) ?
			    read(o->from, o->status.data + o->status.len, 8192) :
			    -1;
			if (n > 0)
				o->status.len += (size_t)n;
		}
		if (o->from >= 0 && n <= 0) {
			close(o->from);
			o->from = -1;
		}
	}
}

/* How the child ended: 0, an errno, or -1 if it had to be given up. */
static int
result_of(struct one *o)
{
	int status;

	if (!o->child)
		return EAGAIN;
	if (o->from >= 0) {
		kill(o->child,
		    SIGKILL); /* and not waited for: it may hang for as long as the mount does */
		return -1;
	}
	if (waitpid(o->child, &status, 0) < 0 || !WIFEXITED(status))
		return EIO;
	return WEXITSTATUS(status);
}

static void
put_string(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, ",\"%s\":", name);
	buf_put_json_text(out, value);
}

/* What is NULL is not known, or there is none. */
static void
put_line(struct buf *out, bool json, const char *org, const char *state, const char *documents,
    const char *asked, const char *target)
{
	if (!json) {
		buf_printf(out, "%-16s %-9s %9s %-20s %s\n", org, state,
		    documents ? documents : "-", asked ? asked : "-", target ? target : "-");
		return;
	}
	buf_puts(out, out->len > 1 ? ",\n{\"org\":" : "{\"org\":");
	buf_put_json_text(out, org);
	put_string(out, "state", state);
	buf_printf(out, ",\"documents\":%s", documents ? documents : "null");
	put_string(out, "asked", asked);
	put_string(out, "mountpoint", target);
	buf_putc(out, '}');
}

static void
put_mount(struct buf *out, bool json_wanted, struct one *o)
{
	int result = result_of(o);
	cJSON *json =
	    result == 0 ? cJSON_ParseWithLength(buf_str(&o->status), o->status.len) : NULL;
	const cJSON *refresh = cJSON_GetObjectItemCaseSensitive(json, "refresh");
	const cJSON *documents = cJSON_GetObjectItemCaseSensitive(json, "documents");
	const char *said =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(refresh, "result"));
	const char *last = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(refresh, "last"));
	struct buf count = BUF_INIT;
	const char *state;

	if (result == 0)
		state = said && strcmp(said, "ok") == 0 ? "ok" : "failing";
	else
		state = result < 0     ? "silent" :
		    result == ENOTCONN ? "dead" :
		    result == EACCES   ? "private" :
					 "failing";
	if (cJSON_IsNumber(documents))
		buf_printf(&count, "%.0f", documents->valuedouble);
	put_line(
	    out, json_wanted, o->org, state, count.len ? buf_str(&count) : NULL, last, o->target);
	buf_free(&count);
	cJSON_Delete(json);
}

static bool
is_mounted(const struct all *all, const char *org, size_t len)
{
	for (const struct one *o = all->first; o; o = o->next)
		if (strlen(o->org) == len && strncmp(o->org, org, len) == 0)
			return true;
	return false;
}

int
status_put(const char *orgs, const char *only, bool json, struct buf *out)
{
	struct all all = { .only = only, .last = &all.first };
	bool found;
	char name[64];
	int rc = mountinfo_read(note_mount, &all);

	if (rc == 0)
		rc = all.rc;
	if (rc < 0) {
		log_error("sffs", "/proc/self/mountinfo: %s", strerror(-rc));
		goto out;
	}
	for (struct one *o = all.first; o; o = o->next)
		ask(o);
	take_answers(&all);
	found = !only || all.first;
	if (json)
		buf_putc(out, '[');
	else
		put_line(out, false, "ORG", "STATE", "DOCUMENTS", "ASKED", "MOUNTPOINT");
	for (struct one *o = all.first; o; o = o->next)
		put_mount(out, json, o);
	for (size_t n; n = strcspn(orgs, "\n"), n > 0; orgs += n + (orgs[n] == '\n')) {
		snprintf(name, sizeof(name), "%.*s", (int)n, orgs);
		if (is_mounted(&all, orgs, n) || (only && strcmp(name, only) != 0))
			continue;
		put_line(out, json, name, "unmounted", NULL, NULL, NULL);
		found = true;
	}
	if (json)
		buf_puts(out, "]\n");
	rc = out->failed ? -ENOMEM : 0;
	if (!found) {
		log_error("sffs",
		    "%s: nothing of that name is mounted, and the config file has no such org; sffs --list shows all",
		    only);
		buf_clear(out);
		rc = -EINVAL;
	}
out:
	free_all(&all);
	return rc;
}

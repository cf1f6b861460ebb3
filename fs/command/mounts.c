#include "mounts.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/buf.h"
#include "auth/clock.h"
#include "auth/log.h"
#include "fs/mount/mounter.h"

#define PATIENCE	2000	/* ms in which the mounts have to answer, all together */
#define TEXT_MOST	32768	/* bytes of a status.json, which fit into a pipe */

static const struct {
	const char	*word;
	bool		 good;
} states[MOUNTS_STATES] = {
	[MOUNTS_HEALTHY] = { "healthy", true },
	[MOUNTS_FAILING] = { "failing" },
	[MOUNTS_OFFLINE] = { "offline" },
	[MOUNTS_LIMIT_SPENT] = { "limit-spent" },
	[MOUNTS_PRIVATE] = { "private", true },
	[MOUNTS_BUSY] = { "busy" },
	[MOUNTS_STOPPED] = { "stopped" },
	[MOUNTS_DEAD] = { "dead" },
	[MOUNTS_NOT_MOUNTED] = { "not-mounted" },
};

const char *
mounts_word(enum mounts_state state)
{
	return states[state].word;
}

bool
mounts_is_good(enum mounts_state state)
{
	return states[state].good;
}

void
mounts_put_advice(const struct mounts_row *o, struct buf *b)
{
	const char *result = mounts_text(o, "refresh.result");

	switch (o->state) {
	case MOUNTS_FAILING:
		buf_printf(b, "the last refresh failed (%s): %s/.sffs/log says why",
		    result ? result : "unknown", o->target);
		break;
	case MOUNTS_OFFLINE:
		buf_puts(b, "the org is out of reach: what is cached is served");
		break;
	case MOUNTS_LIMIT_SPENT:
		buf_puts(b, "the API calls are used up: what is cached is served");
		break;
	case MOUNTS_BUSY:
		buf_printf(b, "it has not answered within %d seconds", PATIENCE / 1000);
		break;
	case MOUNTS_STOPPED:
		buf_printf(
		    b, "its process is stopped; to let it go on: kill -CONT %d", (int)o->pid);
		break;
	case MOUNTS_DEAD:
		buf_printf(b, "its process is gone; to remove it: sffs unmount %s",
		    log_word(o->target).s);
		break;
	default:
		break;
	}
}

static const cJSON *
member_of_facts(const struct mounts_row *o, const char *path)
{
	const cJSON *at = o->facts;
	char name[32];

	for (size_t n; *path; path += n + (path[n] == '.')) {
		n = strcspn(path, ".");
		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		at = cJSON_GetObjectItem(at, name);
	}
	return at;
}

const char *
mounts_text(const struct mounts_row *o, const char *member)
{
	return cJSON_GetStringValue(member_of_facts(o, member));
}

/* A number that no mount would have is none: it would not be JSON. */
bool
mounts_number(const struct mounts_row *o, const char *member, double *out)
{
	const cJSON *j = member_of_facts(o, member);

	if (!cJSON_IsNumber(j) || !(j->valuedouble > -1e15 && j->valuedouble < 1e15))
		return false;
	*out = j->valuedouble;
	return true;
}

/*
 * Processes.
 */

bool
mounts_read_process(pid_t pid, char name[16], char *state, int *parent)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	const bool good = f && fscanf(f, "%*d (%15[^)]) %c %d", name, state, parent) == 3;
	if (f)
		fclose(f);
	return good;
}

bool
mounts_is_stopped(pid_t pid)
{
	char name[16], state;
	int parent;

	return pid > 0 && mounts_read_process(pid, name, &state, &parent) && state == 'T';
}

/* Who started a mounter: the process of the mount, unless that is gone; then 0. */
static pid_t
parent_of_mounter(pid_t pid)
{
	char name[16], state;
	int parent, other;

	const bool found = mounts_read_process(pid, name, &state, &parent) &&
	    mounts_read_process(parent, name, &state, &other);
	return found && strcmp(name, "sffs") == 0 ? parent : 0;
}

/* Whether an argument names the mount point. A daemon has left the directory of a relative path. */
static bool
names_target(const char *arg, const char *target)
{
	const char *name = strncmp(arg, "./", 2) == 0 ? arg + 2 : arg;
	size_t n = strlen(name), all = strlen(target);

	while (n > 1 && name[n - 1] == '/')
		n--;
	if (n == 0 || n > all || strncmp(target + all - n, name, n) != 0)
		return false;
	return *name == '/' ? n == all : n < all && target[all - n - 1] == '/';
}

/* args: the arguments of a process, a NUL behind each: any user can start one that has the same. */
static void
take_process(struct mounts *m, pid_t pid, uid_t uid, const struct buf *args)
{
	const char *first = buf_str(args), *end = first + args->len, *slash = strrchr(first, '/');
	const bool mounter = strcmp(first, MOUNTER_NAME) == 0;

	if (!mounter && strcmp(slash ? slash + 1 : first, "sffs") != 0)
		return;
	if (mounter)
		pid = parent_of_mounter(pid);
	for (size_t i = 0; i < m->count; i++) {
		struct mounts_row *o = &m->rows[i];
		bool org = mounter, target = false;

		for (const char *s = first + strlen(first) + 1; s < end; s += strlen(s) + 1) {
			org |= strcmp(s, o->org) == 0;
			target |= names_target(s, o->target);
		}
		if (org && target && uid == o->user && (mounter || !o->pid))
			o->pid = pid;		/* the mounter has the whole path */
	}
}

static void
find_processes(struct mounts *m)
{
	struct buf args = BUF_INIT;
	struct stat st;
	glob_t all = { 0 };
	char path[64];

	if (m->count)
		glob("/proc/[0-9]*", GLOB_NOSORT, NULL, &all);
	for (size_t i = 0; i < all.gl_pathc; i++) {
		const pid_t pid = atoi(all.gl_pathv[i] + strlen("/proc/"));

		snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
		buf_clear(&args);
		if (pid != getpid() && stat(all.gl_pathv[i], &st) == 0 &&
		    buf_read_file(&args, path, TEXT_MOST) == 0 && args.len)
			take_process(m, pid, st.st_uid, &args);
	}
	globfree(&all);
	buf_free(&args);
}

/*
 * The list.
 */

static struct mounts_row *
append_row(struct mounts *m, const char *org)
{
	struct mounts_row *rows = reallocarray(m->rows, m->count + 1, sizeof(*rows));

	if (!rows)
		return NULL;
	m->rows = rows;
	rows[m->count] = (struct mounts_row){ .from = -1, .state = MOUNTS_NOT_MOUNTED };
	snprintf(rows[m->count].org, sizeof(rows->org), "%s", org);
	return &rows[m->count++];
}

int
mounts_add(struct mounts *m, const char *org)
{
	return append_row(m, org) ? 0 : -ENOMEM;
}

/* A mount hides the one that is mounted at its place already. */
static struct mounts_row *
add_mount(struct mounts *m, const char *org, const char *target)
{
	struct mounts_row *o = m->rows, *end = o + m->count;

	while (o < end && strcmp(o->target, target) != 0)
		o++;
	if (o == end && !(o = append_row(m, "")))
		return NULL;
	snprintf(o->org, sizeof(o->org), "%s", org);
	snprintf(o->target, sizeof(o->target), "%s", target);
	return o;
}

int
mounts_list(const char *only, struct mounts *m)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	const struct mntent *e;
	int rc = f ? 0 : -errno;

	*m = (struct mounts){ 0 };
	while (rc == 0 && (e = getmntent(f))) {
		const char *user = hasmntopt(e, "user_id");

		if (strcmp(e->mnt_type, "fuse.sffs") != 0 || (only && strcmp(e->mnt_fsname, only)))
			continue;
		struct mounts_row *o = add_mount(m, e->mnt_fsname, e->mnt_dir);
		if (o)
			o->user = user ? (uid_t)strtoul(user + strlen("user_id="), NULL, 10) : 0;
		rc = o ? 0 : -ENOMEM;
	}
	if (f)
		endmntent(f);
	if (rc < 0)
		log_error("sffs", "/proc/self/mounts: %s", strerror(-rc));
	else
		find_processes(m);
	return rc;
}

void
mounts_free(struct mounts *m)
{
	for (size_t i = 0; i < m->count; i++) {
		cJSON_Delete(m->rows[i].facts);
		if (m->rows[i].from >= 0)
			close(m->rows[i].from);
	}
	free(m->rows);
	*m = (struct mounts){ 0 };
}

/*
 * Asking.
 */

/* Writes the result of reading the mount's status.json, an int, and then the text. May hang with
 * the mount. */
static void
ask_mount(const char *target, int to)
{
	struct buf path = BUF_INIT, text = BUF_INIT;

	buf_printf(&path, "%s/.sffs/status.json", target);
	const int rc = buf_read_file(&text, buf_str(&path), TEXT_MOST);
	(void)!write(to, &rc, sizeof(rc));
	(void)!write(to, buf_str(&text), text.len);
}

/* The descriptor to read from; -1: there is none. */
static int
start_asking(const char *target)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close_range(0, 2, 0);	/* it may hang, and would keep a pipe open */
		ask_mount(target, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

static void
judge(struct mounts_row *o, const struct buf *answer)
{
	int rc = -ETIMEDOUT;

	if (answer->len >= sizeof(rc))
		memcpy(&rc, answer->data, sizeof(rc));
	if (rc == 0)
		o->facts = cJSON_ParseWithLength(
		    answer->data + sizeof(rc), answer->len - sizeof(rc));
	o->state = rc == -ENOTCONN || rc == -ECONNABORTED ? MOUNTS_DEAD :
	    rc == -EACCES				  ? MOUNTS_PRIVATE :
	    rc == -ETIMEDOUT				  ? MOUNTS_BUSY :
							    MOUNTS_FAILING;
	const char *said = mounts_text(o, "state"), *result = mounts_text(o, "refresh.result");
	if (!said && result && strcmp(result, "ok") == 0)	/* a mount of version 0.1 */
		said = states[MOUNTS_HEALTHY].word;
	for (int i = 0; said && i < MOUNTS_PRIVATE; i++)
		if (strcmp(said, states[i].word) == 0)
			o->state = (enum mounts_state)i;
}

void
mounts_ask(struct mounts *m)
{
	const int64_t until = clock_ms() + PATIENCE;
	struct buf answer = BUF_INIT;

	for (size_t i = 0; i < m->count; i++) {
		struct mounts_row *o = &m->rows[i];

		if (*o->target && mounts_is_stopped(o->pid))
			o->state = MOUNTS_STOPPED;
		else if (*o->target)
			o->from = start_asking(o->target);
	}
	for (size_t i = 0; i < m->count; i++) {
		struct mounts_row *o = &m->rows[i];
		struct pollfd p = { .fd = o->from, .events = POLLIN };
		const int64_t left = until - clock_ms();

		if (!*o->target || o->state == MOUNTS_STOPPED)
			continue;
		buf_clear(&answer);
		if (o->from >= 0 && poll(&p, 1, left > 0 ? (int)left : 0) > 0)
			(void)!buf_read(&answer, o->from, TEXT_MOST + sizeof(int));
		judge(o, &answer);
	}
	buf_free(&answer);
}

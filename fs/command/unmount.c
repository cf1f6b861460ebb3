#include "unmount.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <mntent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "auth/command.h"
#include "auth/log.h"

#include "mounts.h"

#define PATIENCE	10000	/* ms: the process of the mount ends its downloads first */
#define TOLD_MOST	10	/* programs that keep it busy */

/*
 * Who keeps it busy. The links in /proc are compared by device, which statx knows without asking
 * the mount.
 */

struct search {
	const char	*target;
	dev_t		 device;
	char		 path[2 * PATH_MAX];	/* where the process is that was found */
};

/* *path: a link in /proc. */
static bool
leads_there(struct search *s, const char *link)
{
	struct statx st;

	if (statx(AT_FDCWD, link, AT_STATX_DONT_SYNC, 0, &st) < 0 ||
	    makedev(st.stx_dev_major, st.stx_dev_minor) != s->device)
		return false;
	ssize_t n = readlink(link, s->path, sizeof(s->path) - 1);
	s->path[n < 0 ? 0 : n] = '\0';
	return true;
}

/* A mapped file may be closed. */
static bool
has_mapped(struct search *s, pid_t pid)
{
	unsigned major, minor;
	bool found = false;
	char *line = NULL;
	size_t size = 0;
	char path[64];
	int at;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	FILE *f = fopen(path, "re");
	while (!found && f && getline(&line, &size, f) > 0) {
		found = sscanf(line, "%*s %*s %*s %x:%x %*s %n", &major, &minor, &at) == 2 &&
		    makedev(major, minor) == s->device;
		if (found)
			snprintf(s->path, sizeof(s->path), "%.*s", (int)strcspn(line + at, "\n"),
			    line + at);
	}
	if (f)
		fclose(f);
	free(line);
	return found;
}

static bool
keeps_it_busy(struct search *s, pid_t pid)
{
	glob_t links = { 0 };
	char pattern[64];
	bool found = false;

	snprintf(pattern, sizeof(pattern), "/proc/%d/{cwd,root,exe,fd/*}", (int)pid);
	glob(pattern, GLOB_BRACE, NULL, &links);
	for (size_t i = 0; !found && i < links.gl_pathc; i++)
		found = leads_there(s, links.gl_pathv[i]);
	globfree(&links);
	return found || has_mapped(s, pid);
}

static void
tell_program(struct search *s, pid_t pid)
{
	char name[16] = "?", state;
	int parent;

	mounts_read_process(pid, name, &state, &parent);
	log_error("sffs", "%s: busy: %s (process %d) uses %s", s->target, name, (int)pid, s->path);
}

/* How many mounts are inside of this one. */
static unsigned
tell_mounts_inside(const char *target)
{
	const size_t n = strlen(target);
	FILE *f = setmntent("/proc/self/mounts", "re");
	const struct mntent *e;
	unsigned told = 0;

	while (f && (e = getmntent(f)))
		if (strncmp(e->mnt_dir, target, n) == 0 && e->mnt_dir[n] == '/') {
			log_error("sffs", "%s: busy: something is mounted on %s", target,
			    e->mnt_dir);
			told++;
		}
	if (f)
		endmntent(f);
	return told;
}

static int
tell_busy(const char *target)
{
	struct search s = { .target = target };
	unsigned told = tell_mounts_inside(target);
	glob_t all = { 0 };
	struct statx st;

	if (statx(AT_FDCWD, target, AT_STATX_DONT_SYNC, 0, &st) == 0)
		s.device = makedev(st.stx_dev_major, st.stx_dev_minor);
	glob("/proc/[0-9]*", GLOB_NOSORT, NULL, &all);
	for (size_t i = 0; s.device && told < TOLD_MOST && i < all.gl_pathc; i++) {
		const pid_t pid = atoi(all.gl_pathv[i] + strlen("/proc/"));

		if (pid != getpid() && keeps_it_busy(&s, pid)) {
			tell_program(&s, pid);
			told++;
		}
	}
	globfree(&all);
	if (told)
		log_error("sffs", "%s: still mounted; end what uses it, then again: "
				  "sffs unmount %s",
		    target, log_word(target).s);
	else
		log_error("sffs", "%s: busy: %s uses it", target,
		    geteuid() ? "a process of another user (root can see which one)" :
				"a process in another container, or an export by NFS,");
	return -EBUSY;
}

/*
 * Unmounting.
 */

static int
call_fusermount(const char *target)
{
	const char *const argv[] = { "/bin/sh", "-c",
		"PATH=${PATH:+$PATH:}/usr/bin:/bin; fusermount3 -u -- \"$1\" 2>&1 && echo done",
		"sh", target, NULL };
	struct secret said = { 0 };
	int status = 0;
	int rc = command_output("fusermount3", argv, &status, &said);

	const size_t n = said.bytes ? strlen(said.bytes) : 0;
	if (rc == 0 && status != 0 && n > 5 && strcmp(said.bytes + n - 5, " busy") == 0)
		rc = -EBUSY;
	else if (rc == 0 && status != 0) {
		log_error("sffs", "%s: %s", target, said.bytes ? said.bytes : "cannot unmount");
		rc = -EPERM;
	}
	secret_free(&said);
	return rc;
}

static int
unmount_mount(const struct mounts_row *o)
{
	int rc = umount2(o->target, UMOUNT_NOFOLLOW) < 0 ? -errno : 0;

	if (rc == -EPERM && geteuid() != 0 && o->user != getuid()) {
		log_error("sffs",
		    "%s: mounted by user %u; as that user, or as root: sffs unmount %s", o->target,
		    (unsigned)o->user, log_word(o->target).s);
		return rc;
	}
	if (rc == -EPERM)
		rc = call_fusermount(o->target);
	else if (rc < 0 && rc != -EBUSY)
		log_error("sffs", "%s: %s", o->target, strerror(-rc));
	return rc == -EBUSY ? tell_busy(o->target) : rc;
}

/* process: a pidfd of the mount's process; -1: not known, or gone. */
static int
wait_for_process(const struct mounts_row *o, int process)
{
	struct pollfd p = { .fd = process, .events = POLLIN };

	if (process < 0 || poll(&p, 1, mounts_is_stopped(o->pid) ? 0 : PATIENCE) > 0)
		return 0;
	if (mounts_is_stopped(o->pid))
		log_warn("sffs", "%s: unmounted, but its process is stopped; to let it end: "
				 "kill -CONT %d",
		    o->target, (int)o->pid);
	else
		log_warn("sffs", "%s: unmounted, but its process %d has not ended yet", o->target,
		    (int)o->pid);
	return -ENODATA;
}

/* The mount at the path, or NULL, logged. The path of a mount that has died or hangs can be
 * resolved, but not with a slash at its end. */
static const struct mounts_row *
find_mount(const struct mounts *m, const char *path)
{
	char *name = strdup(path), *whole;
	size_t n = strlen(path);

	while (name && n > 1 && name[n - 1] == '/')
		name[--n] = '\0';
	whole = name ? realpath(name, NULL) : NULL;
	const struct mounts_row *found = NULL, *around = NULL;
	for (size_t i = 0; whole && i < m->count; i++) {
		const char *target = m->rows[i].target;

		n = strlen(target);
		if (strcmp(target, whole) == 0)
			found = &m->rows[i];
		else if (strncmp(target, whole, n) == 0 && whole[n] == '/')
			around = &m->rows[i];
	}
	if (!whole)
		log_error("sffs", "%s: %s", path, strerror(errno));
	else if (!found && around)
		log_error("sffs", "%s: inside the mount %s; say: sffs unmount %s", path,
		    around->target, log_word(around->target).s);
	else if (!found)
		log_error("sffs",
		    "%s: sffs has mounted nothing here; sffs status shows where it has", path);
	free(whole);
	free(name);
	return found;
}

int
unmount_run(const char *path)
{
	struct mounts m;
	int rc = mounts_list(NULL, &m);
	const struct mounts_row *o = rc == 0 ? find_mount(&m, path) : NULL;

	if (rc == 0 && !o)
		rc = -EINVAL;
	if (rc == 0) {
		int process = o->pid > 0 ? pidfd_open(o->pid, 0) : -1;

		rc = unmount_mount(o);
		if (rc == 0)
			rc = wait_for_process(o, process);
		if (process >= 0)
			close(process);
	}
	mounts_free(&m);
	return rc;
}

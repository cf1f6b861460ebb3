#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of Debian 12. */
#define FS_TRUNCATE		(1ULL << 14)
#define FS_IOCTL_DEV		(1ULL << 15)
#define NET_BIND_TCP		(1ULL << 0)
#define SCOPE_ABSTRACT_SOCKET	(1ULL << 0)
#define SCOPE_SIGNAL		(1ULL << 1)

#define FS_FIRST	((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)	/* all of version 1 */
#define FS_READ		(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE_FILE	(LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)
#define FS_MAKE		(LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR)
#define FS_REMOVE	(LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR)
#define FS_WRITE	(FS_READ | FS_WRITE_FILE | FS_MAKE | FS_REMOVE | LANDLOCK_ACCESS_FS_REFER)
#define FS_OF_FILES	(LANDLOCK_ACCESS_FS_READ_FILE | FS_WRITE_FILE | FS_IOCTL_DEV)

/* As the kernel has it. An older kernel takes it as long as the fields that it lacks are 0. */
struct ruleset {
	uint64_t	 fs, net, scoped;
};

/*
 * What the C library, libcurl and OpenSSL open to look up a host, check a certificate, convert
 * text. All of /etc: programs replace files in it, and a rule for a file ends with that file.
 */
static const char *const system_paths[] = {
	"/usr", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store",
	"/etc", "/proc", "/sys/devices/system/cpu", "/dev/urandom", "/dev/random",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
};

int
confine_abi(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return 0;	/* a sanitizer opens its report only when it has found something */
#else
	return confine_abi_of(
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION));
#endif
}

/* Version 1 forbids all moves to another directory, so the cache could keep nothing. */
int
confine_abi_of(long version)
{
	return version >= 2 ? (int)version : 0;
}

static struct ruleset
ruleset_of(int abi)
{
	struct ruleset r = { .fs = FS_FIRST | LANDLOCK_ACCESS_FS_REFER };

	if (abi >= 3)
		r.fs |= FS_TRUNCATE;
	if (abi >= 4)
		r.net = NET_BIND_TCP;
	if (abi >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		r.scoped = SCOPE_SIGNAL | SCOPE_ABSTRACT_SOCKET;
	return r;
}

static int
allow(int ruleset, const struct ruleset *r, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = access & r->fs };
	struct stat st;
	int rc = 0;

	beneath.parent_fd = path && *path ? open(path, O_PATH | O_CLOEXEC) : -1;
	if (beneath.parent_fd < 0)
		return 0;
	if (fstat(beneath.parent_fd, &st) < 0)
		rc = -errno;
	else if (!S_ISDIR(st.st_mode))
		beneath.allowed_access &= FS_OF_FILES;
	if (rc == 0 &&
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		rc = -errno;
	close(beneath.parent_fd);
	return rc;
}

/* The directory that resolv.conf links to: programs replace the file in it. */
static int
allow_resolver(int ruleset, const struct ruleset *r)
{
	char path[PATH_MAX];

	if (!realpath("/etc/resolv.conf", path) || strrchr(path, '/') == path)
		return 0;
	return allow(ruleset, r, dirname(path), FS_READ);
}

static int
allow_paths(int ruleset, const struct ruleset *r, const struct confine_path *paths, size_t n)
{
	const char *const temporary[] = { getenv("TMPDIR"), "/tmp", "/var/tmp" };
	int rc = allow_resolver(ruleset, r);

	for (size_t i = 0; rc == 0 && i < sizeof(system_paths) / sizeof(system_paths[0]); i++)
		rc = allow(ruleset, r, system_paths[i], FS_READ);
	for (size_t i = 0; rc == 0 && i < sizeof(temporary) / sizeof(temporary[0]); i++)
		rc = allow(ruleset, r, temporary[i], FS_WRITE);
	if (rc == 0)
		rc = allow(ruleset, r, "/dev/null", FS_OF_FILES);
	if (rc == 0)
		rc = allow(ruleset, r, "/dev/fuse", FS_OF_FILES);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = allow(ruleset, r, paths[i].path, paths[i].writable ? FS_WRITE : FS_READ);
	return rc;
}

/* Root keeps its powers over other users' files: Landlock says which files those are. */
static int
drop_capabilities(void)
{
	static const uint32_t kept =
	    1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH | 1U << CAP_FOWNER;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct words[2];

	if (syscall(SYS_capget, &header, words) < 0)
		return -errno;
	words[0].effective &= kept;
	words[0].permitted &= kept;
	words[0].inheritable = 0;
	words[1] = (struct __user_cap_data_struct){ 0 };
	return syscall(SYS_capset, &header, words) < 0 ? -errno : 0;
}

int
confine_enter(const struct confine_path *paths, size_t n)
{
	int abi = confine_abi();

	if (abi == 0)
		return -EOPNOTSUPP;
	const struct ruleset r = ruleset_of(abi);
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	if (ruleset < 0)
		return -errno;
	int rc = allow_paths(ruleset, &r, paths, n);
	if (rc == 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		syscall(SYS_landlock_restrict_self, ruleset, 0) < 0))
		rc = -errno;
	close(ruleset);
	return rc < 0 ? rc : drop_capabilities();
}

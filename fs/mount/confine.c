#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdint.h>
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
 * The files that the C library, libcurl and OpenSSL open to look up a host, check a certificate or
 * convert text. All of /etc: programs replace files in it, and a rule for a file ends with that
 * file.
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

/* The rules so far, and the first error. */
struct rules {
	int		 fd, rc;
	uint64_t	 handled;
};

/* A path that does not exist is left out. */
static void
allow(struct rules *r, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = access & r->handled };
	struct stat st;

	beneath.parent_fd = path && *path ? open(path, O_PATH | O_CLOEXEC) : -1;
	if (beneath.parent_fd < 0)
		return;
	if (fstat(beneath.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		beneath.allowed_access &= FS_OF_FILES;
	if (syscall(SYS_landlock_add_rule, r->fd, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0 &&
	    r->rc == 0)
		r->rc = -errno;
	close(beneath.parent_fd);
}

static void
allow_system(struct rules *r)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(system_paths) / sizeof(system_paths[0]); i++)
		allow(r, system_paths[i], FS_READ);
	/* The directory that resolv.conf links to: programs replace the file in it. */
	if (realpath("/etc/resolv.conf", path) && strrchr(path, '/') > path)
		allow(r, dirname(path), FS_READ);
	allow(r, getenv("TMPDIR"), FS_WRITE);
	allow(r, "/tmp", FS_WRITE);
	allow(r, "/var/tmp", FS_WRITE);
	allow(r, "/dev/null", FS_OF_FILES);
	allow(r, "/dev/fuse", FS_OF_FILES);
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
	const struct ruleset set = ruleset_of(abi);
	struct rules r = { .handled = set.fs,
		.fd = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof(set), 0) };
	if (r.fd < 0)
		return -errno;
	allow_system(&r);
	for (size_t i = 0; i < n; i++)
		allow(&r, paths[i].path, paths[i].writable ? FS_WRITE : FS_READ);
	if (r.rc == 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		syscall(SYS_landlock_restrict_self, r.fd, 0) < 0))
		r.rc = -errno;
	close(r.fd);
	return r.rc < 0 ? r.rc : drop_capabilities();
}

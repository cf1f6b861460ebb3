#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of Debian 12; the kernel says by its ABI what it knows. */
#define FS_TRUNCATE		(1ULL << 14)
#define FS_IOCTL_DEV		(1ULL << 15)
#define NET_BIND_TCP		(1ULL << 0)
#define SCOPE_ABSTRACT_SOCKET	(1ULL << 0)
#define SCOPE_SIGNAL		(1ULL << 1)

#define LINKS_MOST	40	/* as the kernel has it */

#define FS_FIRST ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1) /* all that the first ABI knew */
#define FS_OF_FILES                                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_READ		(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                                                   \
	(FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_REG |     \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                         \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REFER)
#define FS_DEVICE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_IOCTL_DEV)

/* As the kernel has it; a longer one is fine with it as long as what it does not know is 0. */
struct ruleset {
	uint64_t	 fs, net, scoped;
};

/*
 * What the C library, libcurl and OpenSSL open when a host is looked up, a certificate is checked,
 * text is converted. Of /etc it is the whole: files in it are replaced, and a rule for one would be
 * for the one that there was.
 */
static const char *const system_paths[] = {
	"/usr",
	"/lib",
	"/lib32",
	"/lib64",
	"/nix/store",
	"/gnu/store",
	"/etc",
	"/proc",
	"/sys/devices/system/cpu",
	"/dev/urandom",
	"/dev/random",
	"/run/systemd/resolve",
	"/run/resolvconf",
	"/run/NetworkManager",
};

int
confine_abi(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return 0;	/* a sanitizer opens its report when it has something to say */
#else
	return confine_abi_of(
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION));
#endif
}

/* The first one never lets a file be moved to another directory, as what has been fetched is:
 * nothing would ever be kept. */
int
confine_abi_of(long said)
{
	return said >= 2 ? (int)said : 0;
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

/* Where resolv.conf is, if it is a link: the file is replaced when the network changes. */
static int
allow_resolver(int ruleset, const struct ruleset *r)
{
	char path[PATH_MAX];

	if (!realpath("/etc/resolv.conf", path) || strrchr(path, '/') == path)
		return 0;
	return allow(ruleset, r, dirname(path), FS_READ);
}

/* dir itself, or something below it. */
static bool
holds(const char *dir, const char *path)
{
	char real[PATH_MAX];
	size_t n = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

	return path && realpath(path, real) && strncmp(real, dir, n) == 0 &&
	    (real[n] == '\0' || real[n] == '/');
}

/* Where path stands, in real; the file itself need not be there. */
static bool
dir_of(const char *path, char real[PATH_MAX])
{
	char copy[PATH_MAX];

	return snprintf(copy, sizeof(copy), "%s", path) < (int)sizeof(copy) &&
	    realpath(dirname(copy), real);
}

bool
confine_is_home(const char *path)
{
	char dir[PATH_MAX];
	struct stat st;

	if (!dir_of(path, dir) || stat(dir, &st) < 0)
		return false;
	const struct passwd *owner = getpwuid(st.st_uid);
	return strcmp(dir, "/") == 0 || holds(dir, getenv("HOME")) ||
	    (owner && holds(dir, owner->pw_dir));
}

/* That a file is in somebody's home directory must not open all that he has. */
static int
allow_beside(int ruleset, const struct ruleset *r, const char *path)
{
	char dir[PATH_MAX];

	return dir_of(path, dir) && !confine_is_home(path) ?
	    allow(ruleset, r, dir, LANDLOCK_ACCESS_FS_READ_FILE) :
	    0;
}

/* A directory may be replaced likewise, as in current/key.pem, if it is a link to one beside it. A
 * link that leads away is the system's. */
static int
allow_beside_directories(int ruleset, const struct ruleset *r, const char *path)
{
	char at[PATH_MAX], dir[PATH_MAX];
	struct stat st;
	int rc = 0;

	snprintf(at, sizeof(at), "%s", path);
	while (rc == 0 && strrchr(at, '/') > at) {
		*strrchr(at, '/') = '\0';
		if (lstat(at, &st) == 0 && S_ISLNK(st.st_mode) && dir_of(at, dir) && holds(dir, at))
			rc = allow_beside(ruleset, r, at);
	}
	return rc;
}

/* A rule is for what is there now, not for a path: what will be there is allowed by where it will
 * be, wherever links lead today. */
static int
allow_replaced(int ruleset, const struct ruleset *r, const char *file)
{
	char path[PATH_MAX], to[PATH_MAX], dir[PATH_MAX];
	int rc = 0;

	snprintf(path, sizeof(path), "%s", file);
	for (unsigned links = 0; rc == 0 && links < LINKS_MOST; links++) {
		rc = allow_beside(ruleset, r, path);
		if (rc == 0)
			rc = allow_beside_directories(ruleset, r, path);
		ssize_t n = rc == 0 ? readlink(path, to, sizeof(to) - 1) : -1;
		if (n < 0 || !dir_of(path, dir))
			break;
		to[n] = '\0';
		if (snprintf(path, sizeof(path), "%s%s%s", *to == '/' ? "" : dir,
			*to == '/' ? "" : "/", to) >= (int)sizeof(path))
			break;
	}
	return rc;
}

static int
allow_all(int ruleset, const struct ruleset *r, const struct confine_path *paths, size_t n)
{
	const char *const temporary[] = { getenv("TMPDIR"), "/tmp", "/var/tmp" };
	int rc = allow_resolver(ruleset, r);

	for (size_t i = 0; rc == 0 && i < sizeof(system_paths) / sizeof(system_paths[0]); i++)
		rc = allow(ruleset, r, system_paths[i], FS_READ);
	for (size_t i = 0; rc == 0 && i < sizeof(temporary) / sizeof(temporary[0]); i++)
		rc = allow(ruleset, r, temporary[i], FS_WRITE);
	if (rc == 0)
		rc = allow(ruleset, r, "/dev/null", FS_DEVICE);
	if (rc == 0)
		rc = allow(ruleset, r, "/dev/fuse", FS_DEVICE);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = allow(ruleset, r, paths[i].path,
		    paths[i].access == CONFINE_WRITE ? FS_WRITE : FS_READ);
		if (rc == 0 && paths[i].path && paths[i].access == CONFINE_REPLACED)
			rc = allow_replaced(ruleset, r, paths[i].path);
	}
	return rc;
}

/* Of root's powers those over files, whose owners may be others, are kept: Landlock says which
 * files. */
static int
drop_powers(void)
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
	int rc = allow_all(ruleset, &r, paths, n);
	if (rc == 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		syscall(SYS_landlock_restrict_self, ruleset, 0) < 0))
		rc = -errno;
	close(ruleset);
	return rc < 0 ? rc : drop_powers();
}

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "auth/buf.h"
#include "auth/config.h"
#include "auth/http.h"
#include "auth/log.h"
#include "auth/oauth.h"
#include "auth/saved_login.h"
#include "auth/token.h"
#include "fs/mount/confine.h"
#include "fs/rest/rest.h"

#include "doctor.h"

#define CONNECT_TIMEOUT	10	/* seconds */
#define TOTAL_TIMEOUT	30	/* seconds */
#define SKEW_MOST	120	/* seconds: a JWT is valid for three minutes */
#define CAP_MOUNT	21	/* CAP_SYS_ADMIN, of linux/capability.h */

struct doctor {
	FILE		*out;
	bool		 json;
	const char	*separator;	/* of the next finding in JSON */
	const char	*org;
	struct config	*config;
	struct http	*http;
	struct token	*token;
	struct rest	*rest;
	bool		 answers;	/* the org does */
	int		 rc;		/* the first error */
};

/* "ok    the finding", and the advice below it. */
__attribute__((format(printf, 4, 5)))
static void
say(struct doctor *d, const char *result, const char *advice, const char *fmt, ...)
{
	struct buf json = BUF_INIT;
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (d->json) {
		buf_printf(&json, "%s{\"result\":\"%s\",\"text\":", d->separator, result);
		buf_put_json_text(&json, text);
		buf_puts(&json, ",\"advice\":");
		buf_put_json_text(&json, advice);
		fprintf(d->out, "%s}", buf_str(&json));
		buf_free(&json);
		d->separator = ",\n";
	} else {
		fprintf(d->out, "%-5s %s\n", result, text);
		if (advice)
			fprintf(d->out, "      %s\n", advice);
	}
	fflush(d->out);		/* lines of the log go between */
}

#define GOOD(...)		say(d, "ok", NULL, __VA_ARGS__)
#define NOTE(advice, ...)	say(d, "note", advice, __VA_ARGS__)
#define BAD(error, advice, ...) \
	do { \
		if (d->rc == 0) \
			d->rc = error; \
		say(d, "BAD", advice, __VA_ARGS__); \
	} while (0)

/*
 * This machine.
 */

static bool
in_container(void)
{
	return access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0 ||
	    access("/run/systemd/container", F_OK) == 0 || getenv("KUBERNETES_SERVICE_HOST");
}

static void
check_device(struct doctor *d)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	int e = errno;

	if (access("/dev/null", F_OK) < 0)
		BAD(-EPERM, "mount /dev as the system has it", "/dev/null: %s", strerror(errno));
	if (fd >= 0) {
		close(fd);
		GOOD("/dev/fuse can be opened");
	} else if (e == ENOENT && in_container()) {
		BAD(-EPERM, "start the container with --device /dev/fuse --cap-add SYS_ADMIN",
		    "there is no /dev/fuse in this container");
	} else if (e == ENOENT || e == ENODEV || e == ENXIO) {
		BAD(-EPERM, "as root: modprobe fuse", "/dev/fuse: the kernel has no FUSE");
	} else if (e == EPERM && in_container()) {
		BAD(-EPERM, "start the container with --device /dev/fuse",
		    "/dev/fuse: this container may not use it");
	} else {
		BAD(-EPERM, "as root: chmod 666 /dev/fuse", "/dev/fuse: %s", strerror(e));
	}
}

/* Whether this process may mount by itself. */
static bool
may_mount(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long long effective = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &effective) == 1)
			break;
	if (f)
		fclose(f);
	return effective >> CAP_MOUNT & 1;
}

/* The path of a program; "" if there is none. */
static void
find_program(const char *name, char path[4096])
{
	const char *dirs = getenv("PATH");

	for (size_t n; dirs && (n = strcspn(dirs, ":"), *dirs); dirs += n + (dirs[n] == ':')) {
		snprintf(path, 4096, "%.*s/%s", (int)n, dirs, name);
		if (access(path, X_OK) == 0)
			return;
	}
	path[0] = '\0';
}

static void
check_fusermount(struct doctor *d)
{
	char path[4096];
	struct stat st;

	find_program("fusermount3", path);
	if (may_mount())
		GOOD("this user may mount");
	else if (geteuid() == 0)
		BAD(-EPERM, "start the container with --cap-add SYS_ADMIN",
		    "root may not mount here: it lacks CAP_SYS_ADMIN");
	else if (!*path)
		BAD(-EPERM, "as root: apt-get install fuse3", "fusermount3 is not installed");
	else if (stat(path, &st) < 0 || st.st_uid != 0 || !(st.st_mode & S_ISUID))
		BAD(-EPERM,
		    "as root: chown root FILE && chmod 4755 FILE; "
		    "in a container without new privileges, mount as root",
		    "%s is not set-uid root, so it cannot mount for you", path);
	else
		GOOD("%s can mount for you", path);
	if (!*path && may_mount())
		NOTE("apt-get install fuse3; umount MOUNTPOINT does as well",
		    "there is no fusermount3 to unmount with");
}

/* A user may mount with allow_other only if fuse.conf says user_allow_other. */
static bool
others_allowed(void)
{
	FILE *f = fopen("/etc/fuse.conf", "re");
	char line[256], word[32];
	bool found = false;

	while (f && fgets(line, sizeof(line), f))
		found |= sscanf(line, " %31s", word) == 1 && strcmp(word, "user_allow_other") == 0;
	if (f)
		fclose(f);
	return found;
}

/*
 * Config and disk.
 */

static void
check_config(struct doctor *d, const char *file, const char *overrides)
{
	int rc = config_load(file, d->org, overrides, &d->config);

	if (rc < 0) {
		BAD(rc, "the line above says what to write", "the config");
		return;
	}
	GOOD("%s: [%s]", d->config->file, d->org);
	if (d->config->allow_other && geteuid() != 0 && !others_allowed())
		BAD(-EPERM, "as root: echo user_allow_other >>/etc/fuse.conf",
		    "allow_other = yes, which /etc/fuse.conf allows only root");
}

static void
check_confinement(struct doctor *d)
{
	if (!d->config->confine)
		NOTE(NULL, "confine = no: the mount can touch all that its user can");
	else if (confine_abi() > 0)
		GOOD("the kernel has Landlock, which confines the mount");
	else
		NOTE("boot a kernel of 5.19 or later with lsm=landlock",
		    "the kernel has no Landlock, or only version 1: the mount is not confined");
}

/* Root's logins are in two places: in its home (for mount(8) and fstab, too, whose helper sets
 * HOME), and in /var for a system unit. */
static void
check_other_place(struct doctor *d)
{
	const bool unit = *config_env();
	char file[300], advice[300];

	snprintf(file, sizeof(file), "%s/%s.json",
	    unit ? "/root/.local/state/sffs" : "/var/lib/sffs", d->org);
	if (geteuid() != 0 || access(file, F_OK) < 0)
		return;
	snprintf(advice, sizeof(advice), "%s sffs doctor %s looks there",
	    unit ? "env HOME=/root" : "env -u HOME", d->org);
	NOTE(advice, "%s: another login, which is for %s", file,
	    unit ? "mount(8) and fstab" : "a system unit");
}

static void
check_directories(struct doctor *d)
{
	char *state = NULL, *cache = NULL;
	struct statvfs fs;

	if (config_state_dir(&state) < 0 || config_cache_dir(d->config, &cache) < 0) {
		BAD(-EINVAL, "the line above says which and why",
		    "the directories for login and cache");
	} else if (access(cache, W_OK) < 0 || access(state, W_OK) < 0) {
		BAD(-EINVAL, "cache_dir = ... names another", "%s or %s: cannot be written: %s",
		    cache, state, strerror(errno));
	} else if (statvfs(cache, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * fs.f_frsize < d->config->cache_size) {
		NOTE("cache_size = ... keeps less; a full disk is no error, "
		     "but what is not kept is downloaded again",
		    "%s: %llu MB are free, less than cache_size allows to be used", cache,
		    (unsigned long long)fs.f_bavail * fs.f_frsize >> 20);
	} else {
		GOOD("login and cache: %s, %s", state, cache);
	}
	free(state);
	free(cache);
}

/*
 * The way to the org.
 */

static void
check_clock(struct doctor *d, int64_t date)
{
	long long skew = date < 0 ? 0 : (long long)(time(NULL) - date);

	if (llabs(skew) <= SKEW_MOST)
		GOOD("the clock is right");
	else if (d->config->flow == CONFIG_JWT)
		BAD(-EACCES, "as root: timedatectl set-ntp true",
		    "the clock is %lld seconds %s, with which a JWT is refused", llabs(skew),
		    skew > 0 ? "fast" : "slow");
	else
		NOTE("as root: timedatectl set-ntp true", "the clock is %lld seconds %s",
		    llabs(skew), skew > 0 ? "fast" : "slow");
}

/* The list of API versions needs no login and costs no call. */
static void
check_org(struct doctor *d)
{
	struct http_response a = { 0 };
	struct buf url = BUF_INIT;
	char version[16];
	int rc = http_open(&(struct http_options){ .proxy = d->config->proxy,
			       .ca_file = d->config->ca_file,
			       .connect_timeout = CONNECT_TIMEOUT,
			       .idle_timeout = (unsigned)d->config->timeout,
			       .user_agent = "sffs/" SFFS_VERSION },
	    &d->http);

	buf_printf(&url, "%s/services/data/", d->config->login_url);
	if (rc == 0)
		rc = http_do(d->http,
		    &(struct http_request){ .url = buf_str(&url),
			.total_timeout = TOTAL_TIMEOUT,
			.body_limit = 1 << 20 },
		    &a);
	snprintf(version, sizeof(version), "\"%s\"", d->config->api_version);
	if (rc < 0)
		BAD(rc,
		    rc == -EPROTO ?
			"a proxy that looks into TLS? ca_file = ... names its certificate" :
			"is login_url the org's My Domain? is there a network? "
			"a proxy? (proxy = ... or https_proxy names it)",
		    "%s", *a.error ? a.error : strerror(-rc));
	else if (a.status != 200 || !strstr(buf_str(&a.body), "\"version\""))
		BAD(-EHOSTUNREACH, "login_url = ... has to be the org's My Domain",
		    "%s answers %d, and not as Salesforce does", d->config->login_url, a.status);
	else {
		GOOD("%s answers", d->config->login_url);
		d->answers = true;
		check_clock(d, a.date);
		if (strstr(buf_str(&a.body), version))
			GOOD("it has API version %s", d->config->api_version);
		else
			BAD(-EINVAL, "api_version = ... names another", "it has no API version %s",
			    d->config->api_version);
	}
	buf_free(&url);
	http_response_free(&a);
}

/*
 * The login, and what it may see.
 */

static bool
has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = words; (s = strstr(s, word)); s += n)
		if ((s == words || s[-1] == ' ') && (s[n] == ' ' || s[n] == '\0'))
			return true;
	return false;
}

static void
check_scopes(struct doctor *d)
{
	struct saved_login saved;
	struct login l = { 0 };

	if (saved_login_open(d->config, d->http, &saved) == 0 && saved_login_read(&saved, &l) == 0 &&
	    l.scope) {
		if (!has_word(l.scope, "api") && !has_word(l.scope, "full"))
			BAD(-EACCES,
			    "in the app: add the scope Manage user data via APIs (api), "
			    "then log in again",
			    "the login has the scopes: %s", l.scope);
		else if (d->config->flow == CONFIG_WEB && !l.imported && !l.refresh_token.bytes)
			NOTE("in the app: add the scope Perform requests at any time "
			     "(refresh_token)",
			    "the login ends with its first token");
		else
			GOOD("scopes: %s", l.scope);
	}
	login_free(&l);
	saved_login_close(&saved);
}

/*
 * A mount uses a stored token as long as it lasts, and would find out only then that the secret or
 * the key is no longer good. So if the flow needs no person, ask for a new token. False: there is
 * no token at all.
 */
static bool
check_new_login(struct doctor *d)
{
	struct saved_login saved;
	struct login l = { 0 };
	int rc = saved_login_open(d->config, d->http, &saved);
	bool has = rc == 0 && saved_login_read(&saved, &l) == 0 && l.access_token.bytes;

	if (rc == 0 && d->config->flow != CONFIG_WEB && !l.imported) {
		login_free(&l);
		rc = saved_login_make(&saved, NULL, &l);
		saved_login_tell(&saved);
		if (rc < 0)
			BAD(rc, "the line above says why", "%s",
			    has ? "a new login; a mount uses the old one until that ends" :
				  "the login");
		else
			has = true;
	} else {
		has = true;		/* or token_open tells what to do */
	}
	login_free(&l);
	saved_login_close(&saved);
	return has;
}

static void
check_login(struct doctor *d)
{
	char advice[300];

	if (!check_new_login(d))
		return;
	int rc = token_open(d->config, d->http, &d->token);

	snprintf(advice, sizeof(advice), "%s login %s", d->config->sffs_auth, d->org);
	if (rc < 0) {
		BAD(rc, rc == -ENOKEY ? advice : "the line above says why", "the login");
		return;
	}
	GOOD("logged in to org %s as user %s", token_org_id(d->token), token_user_id(d->token));
	check_scopes(d);
	rc = rest_open(d->http, d->token,
	    &(struct rest_options){ .api_version = d->config->api_version, .tries = 2 }, &d->rest);
	if (rc < 0)
		BAD(rc, NULL, "%s", strerror(-rc));
}

static void
check_permissions(struct doctor *d)
{
	struct rest_stats stats;
	int64_t documents = 0;
	bool all = false;
	int rc = rest_count(d->rest, REST_COUNT_DOCUMENTS, &documents);

	if (rc == 0)
		rc = rest_sees_all_files(d->rest, &all);
	if (rc == -EACCES) {
		BAD(rc,
		    "the line above says why; "
		    "in Salesforce, the user needs the permission API Enabled",
		    "the org refuses a query");
	} else if (rc < 0) {
		BAD(rc, "the line above says why", "the org does not answer a query");
	} else {
		GOOD("the user may use the API and lists %lld documents", (long long)documents);
		if (all)
			GOOD("the user has Query All Files: nothing is left out");
		else
			NOTE("in Salesforce, a permission set with Query All Files "
			     "(it needs View All Data) lists all",
			    "files shared with the user only through a record are not listed");
	}
	rest_stats(d->rest, &stats);
	if (stats.api_max > 0 && stats.api_used > stats.api_max / 10 * 9)
		NOTE("refresh = ... asks less often",
		    "API calls: %lld of %lld of the org's day are used", (long long)stats.api_used,
		    (long long)stats.api_max);
	else if (stats.api_max > 0)
		GOOD("API calls: %lld of %lld of the org's day are used", (long long)stats.api_used,
		    (long long)stats.api_max);
}

static void
check_left_out(struct doctor *d)
{
	static const struct { enum rest_count what; const char *name; } left_out[] = {
		{ REST_COUNT_ARCHIVED, "archived documents" },
		{ REST_COUNT_ATTACHMENTS, "legacy Attachments" },
		{ REST_COUNT_LEGACY_DOCUMENTS, "legacy Documents" },
	};

	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
		if (left_out[i].what == REST_COUNT_ARCHIVED && d->config->archived)
			continue;
		int64_t n = 0;
		int rc = rest_count(d->rest, left_out[i].what, &n);

		if (rc == -EOPNOTSUPP)
			NOTE(NULL, "%s: the user may not see them", left_out[i].name);
		else if (rc < 0)
			NOTE(NULL, "%s: not counted: %s", left_out[i].name, strerror(-rc));
		else if (n > 0)
			NOTE(NULL, "%s, which are not mounted: %lld", left_out[i].name,
			    (long long)n);
		else
			GOOD("%s, which are not mounted: none", left_out[i].name);
	}
}

int
doctor_run(const char *file, const char *org, const char *overrides, bool json, FILE *out)
{
	struct doctor doctor = { .out = out, .json = json, .separator = "[", .org = org };
	struct doctor *d = &doctor;

	check_device(d);
	check_fusermount(d);
	check_config(d, file, overrides);
	if (d->config) {
		check_confinement(d);
		check_directories(d);
		check_other_place(d);
		check_org(d);
	}
	if (d->answers)
		check_login(d);
	if (d->rest)
		check_permissions(d);
	if (d->rest && d->rc == 0)
		check_left_out(d);
	if (json)
		fputs("]\n", out);
	rest_close(d->rest);
	token_close(d->token);
	http_close(d->http);
	config_free(d->config);
	return d->rc;
}

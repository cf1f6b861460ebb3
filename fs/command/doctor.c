#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "auth/buf.h"
#include "auth/config.h"
#include "auth/http.h"
#include "auth/log.h"
#include "auth/saved_login.h"
#include "auth/token.h"
#include "fs/mount/confine.h"
#include "fs/mount/mount.h"
#include "fs/rest/rest.h"

#include "doctor.h"
#include "mounts.h"

#define SKEW_MOST	120	/* seconds: a JWT is valid for three minutes */
#define ROOM_LEAST	(1u << 20)	/* bytes: a catalogue of no documents takes a third */

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

/* The result of a check; below 0: an error. */
enum finding { NOTE, GOOD };

#define ABOVE		"the line above says why"

/* "ok    the finding", and the advice below it, unless it is good. */
__attribute__((format(printf, 4, 5)))
static void
say(struct doctor *d, int finding, const char *advice, const char *fmt, ...)
{
	const char *word = finding < 0 ? "BAD" : finding == NOTE ? "note" : "ok";
	struct buf json = BUF_INIT;
	char text[10000];	/* two paths, and more */
	va_list ap;

	if (d->rc == 0 && finding < 0)
		d->rc = finding;
	if (finding == GOOD)
		advice = NULL;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (d->json) {
		buf_printf(&json, "%s{\"result\":\"%s\",\"text\":", d->separator, word);
		buf_put_json_text(&json, text);
		buf_puts(&json, ",\"advice\":");
		buf_put_json_text(&json, advice);
		buf_putc(&json, '}');
		fputs(buf_str(&json), d->out);
		buf_free(&json);
		d->separator = ",\n";
	} else {
		log_print(d->out, "%-5s %s\n", word, text);
		if (advice)
			log_print(d->out, "      %s\n", advice);
	}
	fflush(d->out);		/* lines of the log go between */
}

/*
 * This machine.
 */

static void
check_devices(struct doctor *d)
{
	static const char *const devices[][2] = {
		{ "/dev/null", "mount /dev as the system has it" },
		{ "/dev/fuse", "as root: modprobe fuse; chmod 666 /dev/fuse; in a container: start "
			       "it with --device /dev/fuse --cap-add SYS_ADMIN" },
	};

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		int fd = open(devices[i][0], O_RDWR | O_CLOEXEC);

		say(d, fd < 0 ? -EPERM : GOOD, devices[i][1], "%s: %s", devices[i][0],
		    fd < 0 ? strerror(errno) : "can be opened");
		if (fd >= 0)
			close(fd);
	}
}

/* Whether this process may mount by itself. */
static bool
may_mount(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct words[2] = { 0 };

	syscall(SYS_capget, &header, words);
	return words[0].effective >> CAP_SYS_ADMIN & 1;
}

/* The path of fusermount3, which a mount looks for in /usr/bin, too; "" if there is none. */
static void
find_fusermount(char path[4096], struct stat *st)
{
	static const char usual[] = "/usr/bin";
	const char *dirs = getenv("PATH");

	if (!dirs)
		dirs = usual;
	for (size_t n; dirs; dirs = dirs[n] ? dirs + n + 1 : dirs == usual ? NULL : usual) {
		n = strcspn(dirs, ":");
		snprintf(path, 4096, "%.*s/fusermount3", (int)n, dirs);
		if (stat(path, st) == 0)
			return;
	}
	path[0] = '\0';
}

/* A confined mount needs it for root, too. */
static void
check_fusermount(struct doctor *d)
{
	const struct config *c = d->config;
	char path[4096];
	struct stat st;

	find_fusermount(path, &st);
	const bool unconfined = c &&
	    (!c->confine || c->client_secret_cmd || c->private_key_cmd || confine_abi() == 0);
	if (!*path && !(may_mount() && unconfined))
		say(d, -EPERM, "as root: apt-get install fuse3", "fusermount3 is not installed");
	else if (may_mount())
		say(d, GOOD, NULL, "this user may mount");
	else if (geteuid() == 0)
		say(d, -EPERM, "start the container with --cap-add SYS_ADMIN",
		    "root may not mount here: it lacks CAP_SYS_ADMIN");
	else if (st.st_uid != 0 || !(st.st_mode & S_ISUID))
		say(d, -EPERM,
		    "as root: chown root FILE && chmod 4755 FILE; "
		    "in a container without new privileges, mount as root",
		    "%s is not set-uid root, so it cannot mount for you", path);
	else
		say(d, GOOD, NULL, "%s can mount for you", path);
}

/* A mount that does not answer has to go, whatever the next one would do. */
static void
check_mounts(struct doctor *d)
{
	struct buf advice = BUF_INIT;
	struct mounts m;

	if (mounts_list(d->org, &m) == 0)
		mounts_ask(&m);
	for (const struct mounts_row *o = m.rows; o < m.rows + m.count; o++) {
		buf_clear(&advice);
		mounts_put_advice(o, &advice);
		say(d,
		    mounts_is_good(o->state)  ? GOOD :
			o->state < MOUNTS_BUSY ? NOTE :
						 -EBUSY,
		    buf_str(&advice), "mounted on %s: %s", o->target, mounts_word(o->state));
	}
	mounts_free(&m);
	buf_free(&advice);
}

/*
 * Config and disk.
 */

static void
check_config(struct doctor *d, const char *file, const char *overrides)
{
	int rc = config_load(file, d->org, overrides, &d->config);

	if (rc < 0) {
		say(d, rc, "the line above says what to do", "the config");
		return;
	}
	say(d, GOOD, NULL, "%s: [%s]", d->config->file, d->org);
	if (d->config->allow_other && !mount_others_allowed())
		say(d, -EPERM, "as root: " MOUNT_ALLOW_OTHERS,
		    "allow_other = yes, which /etc/fuse.conf allows only root");
}

static void
check_confinement(struct doctor *d)
{
	if (!d->config->confine)
		say(d, NOTE, NULL, "confine = no: the mount can touch all that its user can");
	else if (confine_abi() > 0)
		say(d, GOOD, NULL, "the kernel has Landlock, which confines the mount");
	else
		say(d, NOTE, "boot a kernel of 5.19 or later with lsm=landlock",
		    "the kernel has no Landlock, or only version 1: the mount is not confined");
}

/* Where version 0.1 had root's logins, unless they were for a unit. */
static void
check_old_place(struct doctor *d)
{
	char file[300];

	snprintf(file, sizeof(file), "/root/.local/state/sffs/%s.json", d->org);
	if (geteuid() == 0 && access(file, F_OK) == 0)
		say(d, NOTE, "to use it again, move it to the directory for logins",
		    "%s: a login of version 0.1; root's are in /var/lib/sffs now", file);
}

static void
check_directories(struct doctor *d)
{
	char *state = NULL, *cache = NULL;
	struct statvfs fs = { 0 };

	if (config_state_dir(&state) < 0 || config_cache_dir(d->config, &cache) < 0) {
		say(d, -EINVAL, ABOVE, "the directories for login and cache");
	} else if (access(cache, W_OK) < 0 || access(state, W_OK) < 0) {
		say(d, -EINVAL, "cache_dir = ... names another",
		    "%s or %s: cannot be written: %s", cache, state, strerror(errno));
	} else {
		say(d, GOOD, NULL, "login and cache: %s, %s", state, cache);
		const bool known = statvfs(cache, &fs) == 0;
		const uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
		if (known && room < d->config->cache_size)
			say(d, room < ROOM_LEAST ? -ENOSPC : NOTE,
			    room < ROOM_LEAST ?
				"free some, or cache_dir = ... names another" :
				"what does not fit is downloaded again when it is read",
			    "%s: %llu MB are free, less than cache_size", cache,
			    (unsigned long long)room >> 20);
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
	long skew = date < 0 ? 0 : (long)(time(NULL) - date);
	const bool jwt = d->config->flow == CONFIG_JWT;

	say(d, labs(skew) <= SKEW_MOST ? GOOD : jwt ? -EACCES : NOTE,
	    jwt ? "a JWT is refused with it; as root: timedatectl set-ntp true" :
		  "as root: timedatectl set-ntp true",
	    "the clock is %ld seconds %s", labs(skew), skew > 0 ? "fast" : skew ? "slow" : "off");
}

static void
check_answer(struct doctor *d, const struct http_response *a)
{
	char version[16];

	if (a->status != 200 || !strstr(buf_str(&a->body), "\"version\"")) {
		say(d, -EHOSTUNREACH, "login_url = ... has to be the org's My Domain",
		    "%s answers %d, and not as Salesforce does", d->config->login_url, a->status);
		return;
	}
	d->answers = true;
	say(d, GOOD, NULL, "%s answers", d->config->login_url);
	check_clock(d, a->date);
	snprintf(version, sizeof(version), "\"%s\"", d->config->api_version);
	const bool has = strstr(buf_str(&a->body), version);
	say(d, has ? GOOD : -EINVAL, "api_version = ... names another", "it has %sAPI version %s",
	    has ? "" : "no ", d->config->api_version);
}

static void
check_proxy(struct doctor *d, const struct http_response *a)
{
	const char *user = a->proxy ? strrchr(a->proxy, '@') : NULL;	/* with a password */

	if (a->proxy)
		say(d, GOOD, NULL, "%s names the proxy %s", a->proxy_from,
		    user ? user + 1 : a->proxy);
}

/* The list of API versions needs no login and costs no call. */
static void
check_org(struct doctor *d)
{
	struct http_response a = { 0 };
	struct buf url = BUF_INIT;
	int rc = http_open(&(struct http_options){ .proxy = d->config->proxy,
			       .ca_file = d->config->ca_file,
			       .idle_timeout = (unsigned)d->config->timeout },
	    &d->http);

	buf_printf(&url, "%s/services/data/", d->config->login_url);
	if (rc == 0)
		rc = http_do(d->http,
		    &(struct http_request){ .url = buf_str(&url),
			.body_limit = 1 << 20 },
		    &a);
	check_proxy(d, &a);
	if (rc == 0)
		check_answer(d, &a);
	else
		say(d, rc,
		    rc == -EPROTO ?
			"a proxy that looks into TLS? ca_file = ... names its certificate" :
			"is login_url the org's My Domain? is there a network? "
			"a proxy? (proxy = ... or https_proxy names it)",
		    "%s", *a.error ? a.error : strerror(-rc));
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
check_scopes(struct doctor *d, const struct login *l)
{
	const bool api = has_word(l->scope, "api") || has_word(l->scope, "full");
	const bool ends = d->config->flow == CONFIG_WEB && !l->imported && !l->refresh_token.bytes;

	say(d, !api ? -EACCES : ends ? NOTE : GOOD,
	    api ? "the login ends with its first token; "
		  "in the app: add the scope Perform requests at any time (refresh_token)" :
		  "in the app: add the scope Manage user data via APIs (api), then log in again",
	    "scopes: %s", l->scope);
}

/*
 * A mount uses a stored token as long as it lasts, and would find out only then that the secret or
 * the key is no longer good. So if the flow needs no person, ask for a new token. False: there is
 * no token at all.
 */
static bool
check_new_login(struct doctor *d, struct saved_login *saved)
{
	struct login l = { 0 };
	bool has = saved_login_read(saved, &l) == 0 && l.access_token.bytes;
	int rc = 0;

	if (d->config->flow != CONFIG_WEB && !l.imported) {
		login_free(&l);
		rc = saved_login_make(saved, NULL, &l);
		saved_login_tell(saved);
		if (rc < 0)
			say(d, rc, ABOVE, "%s",
			    has ? "a new login; a mount uses the old one until that ends" :
				  "the login");
	}
	login_free(&l);
	return rc == 0 || has;
}

static void
check_login(struct doctor *d)
{
	struct saved_login saved;
	struct login l = { 0 };
	int rc = saved_login_open(d->config, d->http, &saved);

	if (rc == 0 && !check_new_login(d, &saved))
		goto out;
	if (rc == 0)
		rc = token_open(d->config, d->http, &d->token);
	if (rc < 0) {
		say(d, rc, ABOVE, "the login");
		goto out;
	}
	say(d, GOOD, NULL, "logged in to org %s as user %s", token_org_id(d->token),
	    token_user_id(d->token));
	if (saved_login_read(&saved, &l) == 0 && l.scope)
		check_scopes(d, &l);
	rc = rest_open(d->http, d->token,
	    &(struct rest_options){ .api_version = d->config->api_version, .tries = 2 }, &d->rest);
	if (rc < 0)
		say(d, rc, NULL, "%s", strerror(-rc));
out:
	login_free(&l);
	saved_login_close(&saved);
}

static void
check_permissions(struct doctor *d)
{
	static char none[][19] = { "069000000000000AAA" };
	const struct config *c = d->config;
	struct rest_stats stats;
	int64_t documents = 0;
	bool all = false;
	int rc = rest_count(d->rest, REST_COUNT_DOCUMENTS, &documents);

	if (rc == 0)
		rc = rest_sees_all_files(d->rest, &all);
	if (rc == 0)	/* what a mount asks, but of a document that no org has */
		rc = rest_documents(d->rest,
		    &(struct rest_query){ .kind = REST_DEMAND, .ids = none,
			.id_count = 1, .filter = c->filter,
			.archived = c->archived },
		    NULL, NULL, NULL);
	if (rc == -EINVAL) {
		say(d, rc, ABOVE, "the org does not take the filter");
	} else if (rc == -EDQUOT) {
		say(d, rc, "all programs of the org share the limit; wait, or ask its admin which "
			   "one uses so much",
		    "the org's API limit is spent");
	} else if (rc < 0) {
		say(d, rc, ABOVE "; in Salesforce, the user needs the permission API Enabled",
		    "the org does not answer a query");
	} else {
		say(d, GOOD, NULL, "the user may use the API and lists %ld documents",
		    (long)documents);
		say(d, all ? GOOD : NOTE,
		    "in Salesforce, a permission set with Query All Files "
		    "(it needs View All Data) lists all",
		    all ? "the user has Query All Files: nothing is left out" :
			  "files shared with the user only through a record are not listed");
	}
	rest_stats(d->rest, &stats);
	if (stats.api_max > 0)
		say(d, stats.api_used > stats.api_max / 10 * 9 ? NOTE : GOOD,
		    "refresh = ... asks less often",
		    "API calls: %ld of %ld of the org's day are used", (long)stats.api_used,
		    (long)stats.api_max);
}

static void
check_left_out(struct doctor *d)
{
	static const struct { enum rest_count what; const char *name; } left_out[] = {
		{ REST_COUNT_ARCHIVED, "archived documents" },
		{ REST_COUNT_ATTACHMENTS, "legacy Attachments" },
		{ REST_COUNT_LEGACY_DOCUMENTS, "legacy Documents" },
	};

	/* The first row is mounted with archived = yes. */
	for (size_t i = d->config->archived; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
		int64_t n = 0;
		int rc = rest_count(d->rest, left_out[i].what, &n);

		if (rc < 0)
			say(d, NOTE, NULL, "%s: not counted: %s", left_out[i].name,
			    rc == -EOPNOTSUPP ? "the user may not see them" : strerror(-rc));
		else
			say(d, n > 0 ? NOTE : GOOD, NULL, "%s, which are not mounted: %ld",
			    left_out[i].name, (long)n);
	}
}

int
doctor_run(const char *file, const char *org, const char *overrides, bool json, FILE *out)
{
	struct doctor doctor = { .out = out, .json = json, .separator = "[", .org = org };
	struct doctor *d = &doctor;

	check_devices(d);
	check_config(d, file, overrides);
	check_fusermount(d);
	check_mounts(d);
	if (d->config) {
		check_confinement(d);
		check_directories(d);
		check_old_place(d);
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

/*
 * config_options is the only place that knows a key: how it is read, what it
 * must be, what it is without being given, and what --help says of it. A value
 * that is empty is as if the key were not given.
 *
 * inih splits lines; it is set so that a comment is a line of its own, because
 * a secret or a command may hold `;` and `#`.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "host.h"
#include "log.h"

#define FILE_MOST	(1u << 20)	/* bytes of a config file */
#define LINE_MOST	4096		/* bytes of a line */
#define ORG_MOST	48		/* bytes of a section's name: inih cuts it at 49 */

enum type { TEXT, COMMAND, PATH, LOGIN_URL, PROXY, SECRET, YES_NO, NUMBER, SECONDS, SIZE, CHOICE, ID, OCTAL, VERSION, CHARACTER };

struct option {
	const char	*name;
	size_t		 offset;	/* of the member of struct config that has its name */
	enum type	 type;
	uint64_t	 min, max;	/* of numbers, seconds and sizes */
	const char	*choices;	/* "one|two", in the order of the enum */
	const char	*fallback;	/* NULL: none */
	const char	*help;
};

#define KEY(member) .name = #member, .offset = offsetof(struct config, member)
#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static const struct option config_options[] = {
	{ KEY(login_url), LOGIN_URL, .help = "the org's My Domain; http only for this machine itself" },
	{ KEY(flow), CHOICE, .choices = "web|jwt|client_credentials", .fallback = "web", .help = "how to log in" },
	{ KEY(client_id), TEXT, .help = "the Consumer Key" },
	{ KEY(client_secret), SECRET, .help = "the Consumer Secret; in the file only" },
	{ KEY(client_secret_cmd), COMMAND, .help = "a command that prints it" },
	{ KEY(redirect_uri), TEXT, .fallback = "http://localhost:1717/OauthRedirect", .help = "web: as registered in Salesforce" },
	{ KEY(username), TEXT, .help = "jwt: whom to log in" },
	{ KEY(private_key), PATH, .help = "jwt: the key, PEM" },
	{ KEY(private_key_cmd), COMMAND, .help = "jwt: a command that prints it" },
	{ KEY(proxy), PROXY, .help = "instead of what https_proxy says" },
	{ KEY(ca_file), PATH, .help = "certificates to trust instead of the system's, PEM" },

	{ KEY(api_version), VERSION, .fallback = "62.0", .help = "of Salesforce's REST API" },
	{ KEY(refresh), SECONDS, .min = 1, .max = 7 * 86400, .fallback = "60", .help = "for which the org's last answer is fresh" },
	{ KEY(timeout), SECONDS, .min = 1, .max = 3600, .fallback = "60", .help = "without a byte until a request is given up" },
	{ KEY(transfers), NUMBER, .min = 1, .max = 25, .fallback = "4", .help = "downloads at a time" },
	{ KEY(cache_size), SIZE, .min = MIB, .max = KIB * KIB * GIB, .fallback = "10G", .help = "bytes kept on disk" },
	{ KEY(cache_dir), PATH, .help = "where they are kept, instead of ~/.cache/sffs" },
	{ KEY(offline), CHOICE, .choices = "serve|fail", .fallback = "serve", .help = "what to do with cached data when the org is out of reach" },
	{ KEY(names), CHOICE, .choices = "unix|portable", .fallback = "unix", .help = "portable: names that Windows and macOS can hold too" },
	{ KEY(links), YES_NO, .fallback = "yes", .help = "symbolic links in documents/" },
	{ KEY(csv_encoding), TEXT, .help = "of CSV documents, instead of finding out" },
	{ KEY(csv_delimiter), CHARACTER, .help = "of CSV documents, instead of finding out" },
	{ KEY(csv_max_field), SIZE, .min = KIB, .max = GIB, .fallback = "8M", .help = "a quote that is not closed within is a character" },
	{ KEY(csv_strict), YES_NO, .fallback = "no", .help = "views of a CSV document that is not clean end in an error" },

	{ KEY(uid), ID, .help = "owner of all files, instead of who mounts" },
	{ KEY(gid), ID, .help = "group of all files" },
	{ KEY(umask), OCTAL, .fallback = "077", .help = "permissions that files and directories do not have" },
	{ KEY(allow_other), YES_NO, .fallback = "no", .help = "other users may look in, as umask lets them" },
};

#define OPTIONS (sizeof(config_options) / sizeof(config_options[0]))

/* Typed views of the member that a row is about. */
static void *
member(struct config *c, const struct option *o)
{
	return (char *)c + o->offset;
}

/*
 * Values. Each function sets the member, or says what to write instead.
 */

static int
set_text(char **to, const char *value)
{
	char *s = strdup(value);

	if (!s)
		return -ENOMEM;
	if (*to)
		explicit_bzero(*to, strlen(*to));	/* a proxy may hold a password */
	free(*to);
	*to = s;
	return 0;
}

static void
put_size(struct buf *b, uint64_t n)
{
	static const char units[] = "\0KMGTP";
	unsigned unit = 0;

	while (n && n % 1024 == 0 && unit < 5) {
		n /= 1024;
		unit++;
	}
	buf_printf(b, "%" PRIu64, n);
	if (unit)
		buf_putc(b, units[unit]);
}

/* A whole number, with K, M, G, T or P behind it if `units`. */
static bool
parse_number(const char *s, int base, bool units, uint64_t *out)
{
	static const char letters[] = "KMGTP";
	unsigned shift = 0;
	char *end;

	errno = 0;
	unsigned long long n = strtoull(s, &end, base);
	if (!isdigit((unsigned char)*s) || errno)
		return false;
	if (units && *end) {
		const char *unit = strchr(letters, toupper((unsigned char)*end));

		if (!unit)
			return false;
		shift = 10 * (unsigned)(unit - letters + 1);
		end++;
	}
	if (*end || n > UINT64_MAX >> shift)
		return false;
	*out = (uint64_t)n << shift;
	return true;
}

static int
set_number(const struct option *o, const char *value, uint64_t *to, struct buf *say)
{
	uint64_t n;

	if (parse_number(value, 10, o->type == SIZE, &n) && n >= o->min && n <= o->max) {
		*to = n;
		return 0;
	}
	if (o->type == SIZE) {
		buf_puts(say, "say a size from ");
		put_size(say, o->min);
		buf_puts(say, " to ");
		put_size(say, o->max);
		buf_puts(say, ", such as 500M or 10G");
	} else {
		buf_printf(say, "say a %s from %" PRIu64 " to %" PRIu64, o->type == SECONDS ? "number of seconds" : "number", o->min, o->max);
	}
	return -EINVAL;
}

static int
set_choice(const struct option *o, const char *value, int *to, struct buf *say)
{
	const char *choice = o->choices;
	size_t len = strlen(value);

	for (int i = 0; choice; i++) {
		size_t n = strcspn(choice, "|");

		if (n == len && strncmp(choice, value, n) == 0) {
			*to = i;
			return 0;
		}
		choice = choice[n] ? choice + n + 1 : NULL;
	}
	buf_puts(say, "say ");
	for (const char *s = o->choices; *s; s++)
		if (*s == '|')
			buf_puts(say, strchr(s + 1, '|') ? ", " : " or ");
		else
			buf_putc(say, *s);
	return -EINVAL;
}

static int
set_yes_no(const char *value, bool *to, struct buf *say)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
		buf_puts(say, "say yes or no");
		return -EINVAL;
	}
	*to = *value == 'y';
	return 0;
}

static int
set_id(const char *value, uint32_t *to, struct buf *say)
{
	uint64_t n;

	if (!parse_number(value, 10, false, &n) || n >= UINT32_MAX) {	/* the largest means "none" */
		buf_puts(say, "say a numeric id (id -u and id -g print them)");
		return -EINVAL;
	}
	*to = (uint32_t)n;
	return 0;
}

static int
set_octal(const char *value, mode_t *to, struct buf *say)
{
	uint64_t n;

	if (!parse_number(value, 8, false, &n) || n > 0777) {
		buf_puts(say, "say an octal number up to 777, such as 022");
		return -EINVAL;
	}
	*to = (mode_t)n;
	return 0;
}

/* A daemon leaves its directory, so a path is absolute; ~/ is the home. */
static int
set_path(const char *value, char **to, struct buf *say)
{
	const char *home = getenv("HOME");
	struct buf path = BUF_INIT;
	int rc;

	if (strncmp(value, "~/", 2) == 0 && home && *home == '/') {
		buf_puts(&path, home);
		value++;
	}
	buf_puts(&path, value);
	if (*buf_str(&path) != '/' && !path.failed) {
		buf_puts(say, "write the whole path, from / on");
		rc = -EINVAL;
	} else {
		rc = path.failed ? -ENOMEM : set_text(to, buf_str(&path));
	}
	buf_free(&path);
	return rc;
}

static int
set_version(const char *value, char **to, struct buf *say)
{
	size_t n = strspn(value, "0123456789");

	if (n != 2 || strcmp(value + n, ".0") != 0) {
		buf_puts(say, "say two digits and .0, such as 62.0");
		return -EINVAL;
	}
	return set_text(to, value);
}

static int
set_character(const char *value, char **to, struct buf *say)
{
	if (strcmp(value, "tab") == 0 || strcmp(value, "\\t") == 0)
		return set_text(to, "\t");
	if (strlen(value) != 1 || !isascii((unsigned char)*value) || isalnum((unsigned char)*value) || *value == '"') {
		buf_puts(say, "say one character that is no letter, digit or quote, or tab");
		return -EINVAL;
	}
	return set_text(to, value);
}

/* Some hosts that people copy from their browser serve pages, not logins: which one does. False: host is none of them. */
static bool
say_my_domain(const char *host, struct buf *say)
{
	static const char *const pages[] = { ".lightning.force.com", ".my.salesforce-setup.com" };
	size_t len = strlen(host);

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		size_t n = strlen(pages[i]);

		if (len > n && strcmp(host + len - n, pages[i]) == 0) {
			buf_printf(say, "this host serves pages only; write https://%.*s.my.salesforce.com", (int)(len - n), host);
			return true;
		}
	}
	return false;
}

static int
set_login_url(const char *value, char **to, struct buf *say)
{
	static const char hint[] = "write https:// and the org's My Domain, such as https://acme.my.salesforce.com";
	size_t origin = strncasecmp(value, "https://", 8) == 0 ? 8 : strncasecmp(value, "http://", 7) == 0 ? 7 : 0;
	struct buf url = BUF_INIT;
	char host[HOST_SIZE];
	unsigned port;
	bool https;
	int rc = -EINVAL;

	buf_puts(&url, origin == 8 ? "https://" : "http://");
	origin += strcspn(value + origin, "/?#");
	buf_put(&url, value + url.len, origin > url.len ? origin - url.len : 0);
	if (url.failed) {
		rc = -ENOMEM;
		goto out;
	}
	if (!strstr(value, "://") || memchr(value, '@', origin) || !host_of_url(buf_str(&url), host, &https, &port)) {
		buf_puts(say, hint);
		goto out;
	}
	if (say_my_domain(host, say))
		goto out;
	if (strcmp(value + origin, "/") != 0 && value[origin] != '\0') {
		buf_printf(say, "write no path: %s", buf_str(&url));
		goto out;
	}
	if (!https && !host_is_loopback(host)) {
		buf_printf(say, "http shows the secret to the network; write https://%s", host);
		goto out;
	}
	buf_clear(&url);
	buf_printf(&url, "%s://%s", https ? "https" : "http", host);
	if (port != 0 && port != (https ? 443 : 80))
		buf_printf(&url, ":%u", port);
	rc = url.failed ? -ENOMEM : set_text(to, buf_str(&url));
out:
	buf_free(&url);
	return rc;
}

static int
set_value(struct config *c, const struct option *o, const char *value, struct buf *say)
{
	void *to = member(c, o);

	switch (o->type) {
	case TEXT: case COMMAND: case PROXY: return set_text(to, value);
	case PATH: return set_path(value, to, say);
	case LOGIN_URL: return set_login_url(value, to, say);
	case SECRET: return secret_set(to, value, strlen(value)) ? 0 : -ENOMEM;
	case YES_NO: return set_yes_no(value, to, say);
	case NUMBER: case SECONDS: case SIZE: return set_number(o, value, to, say);
	case CHOICE: return set_choice(o, value, to, say);
	case ID: return set_id(value, to, say);
	case OCTAL: return set_octal(value, to, say);
	case VERSION: return set_version(value, to, say);
	case CHARACTER: return set_character(value, to, say);
	}
	return -EINVAL;
}

static bool
is_string(enum type t)
{
	return t == TEXT || t == COMMAND || t == PATH || t == LOGIN_URL || t == PROXY || t == VERSION || t == CHARACTER;
}

/* As if the key were not given. */
static int
set_fallback(struct config *c, const struct option *o)
{
	struct buf say = BUF_INIT;

	if (o->fallback)
		return set_value(c, o, o->fallback, &say);
	if (is_string(o->type)) {
		char **s = member(c, o);

		free(*s);
		*s = NULL;
	} else if (o->type == SECRET) {
		secret_free(member(c, o));
	} else if (o->type == ID) {
		*(uint32_t *)member(c, o) = o->offset == offsetof(struct config, uid) ? getuid() : getgid();
	}
	return 0;
}

/* where: "file:line" or "-o", for the log. */
static int
set_option(struct config *c, const struct option *o, const char *value, const char *where)
{
	struct buf say = BUF_INIT;
	size_t n = strlen(value);
	int rc;

	if (n == 0) {
		rc = set_fallback(c, o);
	} else if (o->type != COMMAND && n >= 2 && value[0] == '"' && value[n - 1] == '"') {
		buf_puts(&say, "write it without the quotes");
		rc = -EINVAL;
	} else {
		rc = set_value(c, o, value, &say);
	}
	if (rc == -EINVAL && (o->type == SECRET || o->type == PROXY))
		log_error("config", "%s: %s: %s", where, o->name, buf_str(&say));
	else if (rc == -EINVAL)
		log_error("config", "%s: %s = %s: %s", where, o->name, value, buf_str(&say));
	buf_free(&say);
	return rc;
}

/*
 * Keys.
 */

static const struct option *
find_option(const char *name, size_t len)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (strlen(config_options[i].name) == len && strncmp(config_options[i].name, name, len) == 0)
			return &config_options[i];
	return NULL;
}

/* How many letters must be typed, left out or changed to make b of a; at most what fits in a row. */
static unsigned
distance(const char *a, size_t n, const char *b)
{
	unsigned row[32];
	size_t m = strlen(b);

	if (n >= 32 || m >= 32)
		return 32;
	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[m];
}

static void
tell_unknown(const char *where, const char *name, size_t len)
{
	const char *nearest = NULL;
	unsigned least = 3;

	for (size_t i = 0; i < OPTIONS; i++) {
		unsigned d = distance(name, len, config_options[i].name);

		if (d < least) {
			least = d;
			nearest = config_options[i].name;
		}
	}
	if (nearest)
		log_error("config", "%s: %.*s: there is no such key; is it %s?", where, (int)len, name, nearest);
	else
		log_error("config", "%s: %.*s: there is no such key; sffs --help lists them", where, (int)len, name);
}

static bool
holds_secret(const struct option *o, const char *value)
{
	return *value && (o->type == SECRET || (o->type == PROXY && strchr(value, '@')));
}

/*
 * The file.
 */

struct reading {
	struct config	*config;
	const char	*file;
	const struct buf *text;
	size_t		 pos;
	int		 line;
	const char	*section;		/* the one whose keys are taken now */
	int		 given_at[OPTIONS];	/* line; 0: not given in that section */
	bool		 has_secret;
	int		 rc;
};

static char *
next_line(char *line, int size, void *ctx)
{
	struct reading *r = ctx;
	const char *at = r->text->data + r->pos;
	size_t left = r->text->len - r->pos;

	if (left == 0) {
		explicit_bzero(line, (size_t)size);	/* inih's; lines with secrets went through it */
		return NULL;
	}
	const char *end = memchr(at, '\n', left);
	size_t n = end ? (size_t)(end - at) + 1 : left;

	memcpy(line, at, n);		/* look_over saw that no line is longer than inih's */
	line[n] = '\0';
	r->pos += n;
	r->line++;
	return line;
}

/* Always 1: inih goes on, and its own verdict is about syntax alone. */
static int
take_key(void *ctx, const char *section, const char *name, const char *value)
{
	struct reading *r = ctx;
	const struct option *o = find_option(name, strlen(name));
	char where[PATH_MAX + 16];
	int rc = -EINVAL;

	if (o && holds_secret(o, value))
		r->has_secret = true;
	snprintf(where, sizeof(where), "%s:%d", r->file, r->line);
	if (*section == '\0' && strcmp(r->section, "defaults") == 0)
		log_error("config", "%s: %s stands before the first [section]; write [defaults] above it", where, name);
	else if (strcmp(section, r->section) != 0)
		return 1;
	else if (!o)
		tell_unknown(where, name, strlen(name));
	else if (r->given_at[o - config_options])
		log_error("config", "%s: %s is given a second time, first in line %d: keep one", where, name,
		    r->given_at[o - config_options]);
	else
		rc = set_option(r->config, o, value, where);
	if (o)
		r->given_at[o - config_options] = r->line;
	if (rc < 0 && r->rc == 0)
		r->rc = rc;
	return 1;
}

/* Takes the keys of one section. *syntax: the first line that is none, or 0. */
static int
take_section(struct reading *r, const char *section, int *syntax)
{
	r->section = section;
	r->pos = 0;
	r->line = 0;
	memset(r->given_at, 0, sizeof(r->given_at));
	/* Debian's inih takes these when it runs. */
	ini_allow_inline_comments = false;
	ini_allow_multiline = false;
	ini_max_line = LINE_MOST + 3;
	*syntax = ini_parse_stream(next_line, r, take_key, r);
	return r->rc;
}

/* Checks what inih would get wrong without a word, and notes whether there is [org]. names: the sections, for a message. */
static int
look_over(const char *file, const struct buf *text, const char *org, bool *found, struct buf *names)
{
	size_t org_len = strlen(org);
	int line = 1;

	if (text->len && memchr(text->data, '\0', text->len)) {
		log_error("config", "%s: this is no text file", file);
		return -EINVAL;
	}
	for (const char *s = buf_str(text); *s; line++) {
		size_t n = strcspn(s, "\n");

		if (n > LINE_MOST) {
			log_error("config", "%s:%d: the line is longer than %d bytes", file, line, LINE_MOST);
			return -EINVAL;
		}
		size_t skip = strspn(s, line == 1 ? "\xef\xbb\xbf \t" : " \t");
		if (s[skip] == '[') {
			const char *name = s + skip + 1;
			size_t len = strcspn(name, "]\n");

			*found |= len == org_len && strncmp(name, org, len) == 0;
			if (!(len == 8 && strncmp(name, "defaults", 8) == 0))
				buf_printf(names, "%s%.*s", names->len ? ", " : "", (int)len, name);
		}
		s += n + (s[n] == '\n');
	}
	return 0;
}

static int
read_all(int fd, const char *file, struct buf *text)
{
	for (;;) {
		if (!buf_reserve(text, 16384))
			return -ENOMEM;
		ssize_t n = read(fd, text->data + text->len, 16384);
		if (n == 0)
			return 0;
		if (n < 0) {
			int rc = -errno;

			log_error("config", "%s: %s", file, strerror(-rc));
			return rc == -ENOMEM ? rc : -EINVAL;
		}
		text->len += (size_t)n;
		text->data[text->len] = '\0';
		if (text->len > FILE_MOST) {
			log_error("config", "%s: this is no config file: it is larger than a megabyte", file);
			return -EINVAL;
		}
	}
}

/* Who can write the file can have any command run, who can read it has the secret. */
static int
check_private(const struct stat *st, const char *file, bool has_secret)
{
	if (st->st_uid != geteuid() && st->st_uid != 0) {
		log_error("config", "%s: belongs to another user, who could change it: chown it to yourself or root", file);
		return -EINVAL;
	}
	if (has_secret && (st->st_mode & 077)) {
		log_error("config", "%s: holds a secret that others can read: chmod 600 '%s'", file, file);
		return -EINVAL;
	}
	if (st->st_mode & 022) {
		log_error("config", "%s: others can change it: chmod go-w '%s'", file, file);
		return -EINVAL;
	}
	return 0;
}

static int
read_file(struct config *c, int fd)
{
	struct buf text = BUF_INIT, names = BUF_INIT;
	struct reading r = { .config = c, .file = c->file, .text = &text };
	struct stat st;
	bool found = false;
	int syntax = 0;
	int rc = fstat(fd, &st) < 0 ? -errno : 0;

	if (rc == 0)
		rc = read_all(fd, c->file, &text);
	if (rc == 0)
		rc = look_over(c->file, &text, c->org, &found, &names);
	if (rc < 0)
		goto out;
	rc = take_section(&r, "defaults", &syntax);
	if (syntax > 0) {
		log_error("config", "%s:%d: this is no [section], no key = value and no # comment", c->file, syntax);
		rc = -EINVAL;
	}
	int private = check_private(&st, c->file, r.has_secret);
	if (rc == 0)
		rc = private;
	if (rc < 0)
		goto out;
	if (!found) {
		log_error("config", "%s: there is no section [%s]; %s%s", c->file, c->org,
		    names.len ? "there are: " : "there is none at all", buf_str(&names));
		rc = -EINVAL;
		goto out;
	}
	rc = take_section(&r, c->org, &syntax);
out:
	buf_wipe(&text);
	buf_free(&names);
	return rc;
}

/* $env/sffs, else ~/below/sffs, else NULL. */
static int
own_dir(const char *env, const char *below, char **out)
{
	const char *dir = getenv(env), *home = getenv("HOME");
	int n = 0;

	*out = NULL;
	if (dir && *dir == '/')
		n = asprintf(out, "%s/sffs", dir);
	else if (home && *home == '/')
		n = asprintf(out, "%s/%s/sffs", home, below);
	if (n < 0)
		*out = NULL;
	return n < 0 ? -ENOMEM : 0;
}

static void
tell_no_file(const char *first, const char *second)
{
	static const char *const lines[] = {
		"the smallest is this, for its owner alone (chmod 600):",
		"    [acme]",
		"    login_url     = https://acme.my.salesforce.com",
		"    flow          = client_credentials",
		"    client_id     = the Consumer Key",
		"    client_secret = the Consumer Secret",
	};

	log_error("config", "there is no config file %s%s%s", first, second ? " or " : "", second ? second : "");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		log_error("config", "%s", lines[i]);
}

/* Opens the config file; *path is the caller's. */
static int
open_file(const char *given, char **path, int *fd)
{
	static const char system[] = "/etc/sffs/config";
	const char *env = getenv("SFFS_CONFIG");
	char *own = NULL;
	int rc = 0;

	if (!given && env && *env)
		given = env;
	if (given) {
		own = strdup(given);
		rc = own ? 0 : -ENOMEM;
	} else {
		char *dir;

		rc = own_dir("XDG_CONFIG_HOME", ".config", &dir);
		if (dir && asprintf(&own, "%s/config", dir) < 0) {
			own = NULL;
			rc = -ENOMEM;
		}
		free(dir);
	}
	if (rc < 0)
		return rc;
	*fd = own ? open(own, O_RDONLY | O_CLOEXEC) : -1;
	if (*fd < 0 && !given && (!own || errno == ENOENT || errno == ENOTDIR)) {
		*fd = open(system, O_RDONLY | O_CLOEXEC);
		if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
			tell_no_file(own ? own : system, own ? system : NULL);
			free(own);
			return -EINVAL;
		}
		free(own);
		own = strdup(system);
	}
	if (*fd < 0 && given && errno == ENOENT) {
		tell_no_file(own, NULL);
		rc = -EINVAL;
	} else if (*fd < 0) {
		log_error("config", "%s: %s", own ? own : system, strerror(errno));
		rc = -EINVAL;
	} else if (!own) {
		close(*fd);
		rc = -ENOMEM;
	}
	if (rc < 0) {
		free(own);
		return rc;
	}
	*path = own;
	return 0;
}

/*
 * -o.
 */

static int
take_override(struct config *c, char *word)
{
	size_t len = strcspn(word, "=");
	const struct option *o = find_option(word, len);

	if (!o) {
		tell_unknown("-o", word, len);
		return -EINVAL;
	}
	if (word[len] == '\0' && o->type != YES_NO) {
		log_error("config", "-o %s: it needs a value: %s=...", o->name, o->name);
		return -EINVAL;
	}
	const char *value = word[len] ? word + len + 1 : "yes";
	if (holds_secret(o, value)) {
		log_error("config", "-o %s: every user can read an argument list; write it to the config file", o->name);
		return -EINVAL;
	}
	return set_option(c, o, value, "-o");
}

/* Words between commas; `\,` is a comma and `\\` a backslash in one. */
static int
take_overrides(struct config *c, const char *s)
{
	struct buf word = BUF_INIT;
	int rc = 0;

	while (rc == 0 && *s) {
		buf_clear(&word);
		for (; *s && *s != ','; s++) {
			if (s[0] == '\\' && (s[1] == ',' || s[1] == '\\'))
				s++;
			buf_putc(&word, *s);
		}
		if (*s == ',')
			s++;
		if (word.failed)
			rc = -ENOMEM;
		else if (word.len)
			rc = take_override(c, word.data);
	}
	buf_free(&word);
	return rc;
}

/*
 * The whole.
 */

/* The name becomes part of file names. */
static int
check_org(const char *org)
{
	size_t n = strspn(org, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-");

	if (n == 0 || org[n] || n > ORG_MOST || *org == '.' || *org == '-') {
		log_error("config", "%s: an org is called by letters, digits and . _ @ -, at most %d, the first a letter or digit", org, ORG_MOST);
		return -EINVAL;
	}
	if (strcmp(org, "defaults") == 0) {
		log_error("config", "defaults: this section is for all orgs; name one of the others");
		return -EINVAL;
	}
	return 0;
}

static int
lacks(const struct config *c, const char *what)
{
	log_error("config", "%s: [%s] lacks %s", c->file, c->org, what);
	return -EINVAL;
}

static int
check_whole(const struct config *c)
{
	bool secret = c->client_secret.bytes != NULL;

	if (!c->login_url)
		return lacks(c, "login_url = https://... (the org's My Domain)");
	if (!c->client_id)
		return lacks(c, "client_id = ... (the Consumer Key of the app in Salesforce)");
	if (c->flow == CONFIG_CLIENT_CREDENTIALS && !secret && !c->client_secret_cmd)
		return lacks(c, "client_secret = ... or client_secret_cmd = ..., which this flow needs");
	if (c->flow == CONFIG_JWT && !c->username)
		return lacks(c, "username = ..., which flow = jwt needs");
	if (c->flow == CONFIG_JWT && !c->private_key && !c->private_key_cmd)
		return lacks(c, "private_key = FILE or private_key_cmd = ..., which flow = jwt needs");
	return 0;
}

int
config_load(const char *file, const char *org, const char *overrides, struct config **out)
{
	struct config *c = calloc(1, sizeof(*c));
	int fd = -1;
	int rc = c ? check_org(org) : -ENOMEM;

	if (rc == 0 && !(c->org = strdup(org)))
		rc = -ENOMEM;
	for (size_t i = 0; rc == 0 && i < OPTIONS; i++)
		rc = set_fallback(c, &config_options[i]);
	if (rc == 0)
		rc = open_file(file, &c->file, &fd);
	if (rc == 0)
		rc = read_file(c, fd);
	if (rc == 0 && overrides)
		rc = take_overrides(c, overrides);
	if (rc == 0)
		rc = check_whole(c);
	if (fd >= 0)
		close(fd);
	if (rc < 0) {
		config_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

void
config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *o = &config_options[i];

		if (o->type == SECRET) {
			secret_free(member(c, o));
		} else if (is_string(o->type)) {
			char **s = member(c, o);

			if (*s)
				explicit_bzero(*s, strlen(*s));
			free(*s);
		}
	}
	free(c->org);
	free(c->file);
	free(c);
}

static const char *
what_to_say(const struct option *o)
{
	switch (o->type) {
	case LOGIN_URL: case PROXY: return "URL";
	case COMMAND: return "COMMAND";
	case PATH: return "PATH";
	case YES_NO: return "yes|no";
	case SECONDS: return "SECONDS";
	case SIZE: return "SIZE";
	case CHOICE: return o->choices;
	case NUMBER: case ID: case VERSION: return "N";
	case OCTAL: return "OCTAL";
	case CHARACTER: return "C|tab";
	default: return "...";
	}
}

void
config_help(struct buf *out)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *o = &config_options[i];
		char key[64];

		snprintf(key, sizeof(key), "%s=%s", o->name, what_to_say(o));
		buf_printf(out, "  %-38s %s%s%s%s\n", key, o->help, o->fallback ? " (" : "", o->fallback ? o->fallback : "",
		    o->fallback ? ")" : "");
	}
}

/*
 * Directories.
 */

/* Makes path and what is missing above it; it must be a directory of ours that is closed to others. */
static int
make_private_dir(char *path, const char *what)
{
	struct stat st;

	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);	/* what stands in the way shows below */
		*slash = '/';
	}
	if ((mkdir(path, 0700) < 0 && errno != EEXIST) || stat(path, &st) < 0) {
		int rc = -errno;

		log_error("config", "%s: cannot make the %s directory: %s", path, what, strerror(-rc));
		return rc;
	}
	if (!S_ISDIR(st.st_mode)) {
		log_error("config", "%s: the %s directory is to be there, but this is no directory", path, what);
		return -ENOTDIR;
	}
	if (st.st_uid != geteuid()) {
		log_error("config", "%s: the %s directory belongs to another user", path, what);
		return -EPERM;
	}
	if (st.st_mode & 077) {
		log_error("config", "%s: the %s directory is open to others: chmod 700 '%s'", path, what, path);
		return -EPERM;
	}
	return 0;
}

static int
private_dir(const char *given, const char *env, const char *below, const char *without_home, const char *what, char **out)
{
	char *dir = NULL;
	int rc = 0;

	if (!given) {
		rc = own_dir(env, below, &dir);
		given = without_home;
	}
	if (rc == 0 && !dir && !(dir = strdup(given)))
		rc = -ENOMEM;
	if (rc == 0)
		rc = make_private_dir(dir, what);
	if (rc < 0) {
		free(dir);
		return rc;
	}
	*out = dir;
	return 0;
}

int
config_state_dir(const struct config *c, char **out)
{
	(void)c;
	return private_dir(NULL, "XDG_STATE_HOME", ".local/state", "/var/lib/sffs", "state", out);
}

int
config_cache_dir(const struct config *c, char **out)
{
	return private_dir(c->cache_dir, "XDG_CACHE_HOME", ".cache", "/var/cache/sffs", "cache", out);
}

#include "option.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "buf.h"
#include "config.h"
#include "host.h"
#include "log.h"

enum type {
	TEXT, COMMAND, PATH, LOGIN_URL, PROXY, VERSION, CHARACTER, ENCODING,
	CONDITION,	/* these are strings */
	SECRET,
	YES_NO,
	CHOICE,
	NUMBER, SECONDS, SIZE,
	ID, OCTAL
};

static const struct {
	const char	*placeholder;	/* for a value, in --keys and in the manual */
	const char	*advice;	/* for a wrong value; NULL: put_advice knows */
} types[] = {
	[TEXT] = { "..." },
	[COMMAND] = { "COMMAND" },
	[PATH] = { "PATH", "write the whole path, from / on" },
	[LOGIN_URL] = { "URL",
	    "write https:// and the org's My Domain, such as https://acme.my.salesforce.com" },
	[PROXY] = { "URL" },
	[VERSION] = { "N", "say two digits and .0, such as 62.0" },
	[CHARACTER] = { "C|tab", "say one character that is no letter, digit or quote, or tab" },
	[ENCODING] = { "...", "there is no such encoding; iconv -l lists them" },
	[CONDITION] = { "CONDITION" },
	[SECRET] = { "..." },
	[YES_NO] = { "yes|no", "say yes or no" },	/* and what set_value takes */
	[NUMBER] = { "N" },
	[SECONDS] = { "DURATION" },
	[SIZE] = { "SIZE" },
	[ID] = { "N", "say a numeric id (id -u and id -g print them)" },
	[OCTAL] = { "OCTAL", "say an octal number up to 777, such as 022" },
};

/* The type, the default (NULL: none), an example, a sentence that says what the key does, and what
 * else there is. */
#define KEY(member, t, f, e, h, ...)                                             \
	{ .name = #member, .offset = offsetof(struct config, member), .type = t, \
		.fallback = f, .example = e, .help = h, __VA_ARGS__ }
#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define DAY ((uint64_t)86400)

const struct option option_table[] = {
	KEY(login_url, LOGIN_URL, NULL, "https://acme.my.salesforce.com",
	    "This is the org's My Domain; http is only for this machine itself.",
	    .group = "Login"),
	KEY(flow, CHOICE, "web", "client_credentials",
	    "sffs logs in by a person in a browser (web), by a private key (jwt), or by the app's "
	    "secret (client_credentials).",
	    .choices = "web|jwt|client_credentials"),
	KEY(client_id, TEXT, NULL, "3MVG9...", "This is the app's Consumer Key."),
	KEY(client_secret, SECRET, NULL, "1234...",
	    "This is the app's Consumer Secret; it is only for the file, not for -o."),
	KEY(client_secret_cmd, COMMAND, NULL, "pass show acme/sffs",
	    "This shell command prints the client_secret."),
	KEY(redirect_uri, TEXT, "http://localhost:1717/OauthRedirect", "http://localhost:8443/sffs",
	    "With flow = web, this is the app's Callback URL, exactly as it is there."),
	KEY(username, TEXT, NULL, "it@example.org",
	    "With flow = jwt, sffs logs in as this user."),
	KEY(private_key, PATH, NULL, "/etc/sffs/acme.pem",
	    "With flow = jwt, this file has the private key, in PEM."),
	KEY(private_key_cmd, COMMAND, NULL, "pass show acme/key",
	    "With flow = jwt, this shell command prints the private key."),

	KEY(refresh, SECONDS, "60s", "5m",
	    "sffs uses the org's last answer for this long before it asks again; "
	    "0 asks at every look.",
	    .max = 7 * DAY, .group = "Freshness and cost"),
	KEY(offline, CHOICE, "serve", "fail",
	    "While the org is out of reach, sffs serves cached data, or fails.",
	    .choices = "serve|fail"),
	KEY(transfers, NUMBER, "4", "8",
	    "At most this many downloads run at a time; slow ones count less.", .min = 1,
	    .max = 25),
	KEY(timeout, SECONDS, "60s", "2m",
	    "sffs gives up a download that brings less than 1 KiB in this time, and any other "
	    "request that takes longer; a query may take 2.5 times as long.",
	    .min = 1, .max = 3600),
	KEY(tries, NUMBER, "4", "6",
	    "sffs tries a failed request this often in all, with growing pauses; it tries more "
	    "often while a download makes progress.",
	    .min = 1, .max = 10),
	KEY(api_budget, NUMBER, "0", "20000",
	    "This mount makes at most so many calls in 24 hours; 0 means no limit.",
	    .max = 1000000000),
	KEY(api_reserve, NUMBER, "10", "25",
	    "This percentage of the org's daily calls is kept for reading files; refreshes stop "
	    "when only that is left.",
	    .max = 100),
	KEY(api_version, VERSION, "62.0", "66.0",
	    "sffs uses this version of Salesforce's REST API."),

	KEY(filter, CONDITION, NULL, "FileExtension = 'csv'",
	    "sffs lists only documents that meet this SOQL condition.",
	    .group = "What is mounted"),
	KEY(archived, YES_NO, "no", "yes", "With yes, sffs lists archived documents, too."),
	KEY(versions, CHOICE, "named", "all",
	    "With all, sffs loads the list of all versions when it mounts, and lists versions/; "
	    "with named, it asks for the versions of a document that you name.",
	    .choices = "named|all"),
	KEY(links, YES_NO, "yes", "no", "With no, documents/ has no symbolic links."),
	KEY(browse, YES_NO, "no", "yes",
	    "With yes, parsed/ and the folders of libraries are listed, too; else they only work "
	    "by name."),
	KEY(names, CHOICE, "unix", "portable",
	    "With portable, Windows and macOS accept the file names, too.",
	    .choices = "unix|portable"),

	KEY(cache_size, SIZE, "10G", "500M",
	    "sffs keeps this much on disk; what was not read for the longest time goes first.",
	    .min = MIB, .max = KIB * KIB * GIB,
	    .advice = "say a size from 1M to 1P, such as 500M or 10G", .group = "Cache"),
	KEY(cache_dir, PATH, NULL, "/srv/sffs-cache",
	    "sffs keeps it in this directory, instead of ~/.cache/sffs."),

	KEY(csv_encoding, ENCODING, NULL, "windows-1252",
	    "CSV documents have this encoding; without it, sffs detects it.", .group = "CSV"),
	KEY(csv_delimiter, CHARACTER, NULL, ";",
	    "CSV documents have this delimiter; without it, sffs detects it."),
	KEY(csv_max_field, SIZE, "8M", "64M",
	    "sffs takes an opening quote literally if it is not closed within this size.",
	    .min = KIB, .max = GIB, .advice = "say a size from 1K to 1G"),
	KEY(csv_strict, YES_NO, "no", "yes",
	    "With yes, the views of a CSV document that has faults cannot be read."),

	KEY(proxy, PROXY, NULL, "http://proxy.example.org:3128",
	    "sffs reaches the org by this proxy, instead of the one that https_proxy names.",
	    .group = "Network"),
	KEY(ca_file, PATH, NULL, "/etc/ssl/acme-ca.pem",
	    "sffs trusts the certificates in this file (PEM), instead of the system's."),

	KEY(uid, ID, NULL, "1000", "This user owns all files; else the user who mounts does.",
	    .max = UINT32_MAX - 1, .group = "Mount"),
	KEY(gid, ID, NULL, "1000", "All files belong to this group.", .max = UINT32_MAX - 1),
	KEY(umask, OCTAL, "077", "022",
	    "These permissions are taken from all files and directories.", .max = 0777),
	KEY(allow_other, YES_NO, "no", "yes",
	    "With yes, other users may use the mount, as far as umask lets them."),
	KEY(confine, YES_NO, "yes", "no",
	    "With yes, the mount can touch only the files that it needs, if the kernel has "
	    "Landlock."),
	{ .name = NULL },
};

_Static_assert(sizeof(uid_t) == sizeof(uint32_t) && sizeof(gid_t) == sizeof(uint32_t) &&
	sizeof(mode_t) == sizeof(uint32_t),
    "ID and OCTAL have 32 bits");

_Static_assert(sizeof(option_table) / sizeof(option_table[0]) <= OPTION_MOST,
    "OPTION_MOST is too small");

const struct option *
option_find(const char *name, size_t len)
{
	for (const struct option *o = option_table; o->name; o++)
		if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

/* Whether a and b differ in one place, by at most two letters. */
static bool
is_similar(const char *a, size_t n, const char *b)
{
	size_t m = strlen(b), begin = 0;

	while (begin < n && a[begin] == b[begin])
		begin++;
	while (n > begin && m > begin && a[n - 1] == b[m - 1])
		n--, m--;
	return n <= begin + 2 && m <= begin + 2;
}

const char *
option_nearest(const char *name, size_t len)
{
	const struct option *o = option_table;

	while (o->name && !is_similar(name, len, o->name))
		o++;
	return o->name;
}

bool
option_is_flag(const struct option *o)
{
	return o->type == YES_NO;
}

/* The user part of a URL usually has a password. */
bool
option_holds_secret(const struct option *o, const char *value)
{
	return *value &&
	    (o->type == SECRET ||
		((o->type == PROXY || o->type == LOGIN_URL) && strchr(value, '@')));
}

static void *
member_of(struct config *c, const struct option *o)
{
	return (char *)c + o->offset;
}

/*
 * Values. Each function sets the member, or returns -EINVAL, perhaps with advice.
 */

static int
set_text(char **to, const char *value)
{
	return secret_set_text(to, value) ? 0 : -ENOMEM;
}

/* How many times the unit that a number ends in stands for; 0: there is no such unit. */
static uint64_t
factor_of_unit(unsigned type, const char *unit)
{
	static const struct { unsigned type; char letter; uint64_t factor;
	} units[] = { { SECONDS, 's', 1 }, { SECONDS, 'm', 60 }, { SECONDS, 'h', 3600 },
		{ SECONDS, 'd', DAY }, { SIZE, 'k', KIB }, { SIZE, 'm', MIB }, { SIZE, 'g', GIB },
		{ SIZE, 't', KIB * GIB }, { SIZE, 'p', KIB * KIB * GIB } };
	const char *rest = *unit ? unit + 1 : "";

	if (*unit == '\0')
		return 1;
	if (*rest && (type != SIZE || (strcasecmp(rest, "b") != 0 && strcasecmp(rest, "ib") != 0)))
		return 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].type == type && units[i].letter == tolower((unsigned char)*unit))
			return units[i].factor;
	return 0;
}

/* A whole number: 90, 5m, 10G, 10GB or 10GiB. */
static int
set_number(const struct option *o, const char *value, void *to)
{
	char *end;

	errno = 0;
	uint64_t n = strtoull(value, &end, o->type == OCTAL ? 8 : 10);
	const uint64_t factor = factor_of_unit(o->type, end);
	if (!isdigit((unsigned char)*value) || errno || !factor || n > UINT64_MAX / factor ||
	    n * factor < o->min || n * factor > o->max)
		return -EINVAL;
	if (o->type == ID || o->type == OCTAL)
		*(uint32_t *)to = (uint32_t)n;
	else
		*(uint64_t *)to = n * factor;
	return 0;
}

bool
option_read_duration(const char *s, uint64_t most, uint64_t *seconds)
{
	return set_number(
		   &(struct option){ .type = SECONDS, .min = 1, .max = most }, s, seconds) == 0;
}

/* The number of value in "one|two"; -1: it is none of them. */
static int
find_choice(const char *choices, const char *value)
{
	size_t len = strlen(value), n;

	for (int i = 0;; i++, choices += n + 1) {
		n = strcspn(choices, "|");
		if (n == len && strncmp(choices, value, n) == 0)
			return i;
		if (choices[n] == '\0')
			return -1;
	}
}

/* A daemon leaves its directory, so a path is absolute; ~/ is the home. */
static int
set_absolute_path(const char *value, char **to)
{
	const char *home = getenv("HOME");
	char *path = NULL;

	if (*value == '/')
		return set_text(to, value);
	if (strncmp(value, "~/", 2) != 0 || !home || *home != '/')
		return -EINVAL;
	if (asprintf(&path, "%s%s", home, value + 1) < 0)
		return -ENOMEM;
	secret_free_text(to);
	*to = path;
	return 0;
}

static int
set_version(const char *value, char **to)
{
	return strspn(value, "0123456789") == 2 && strcmp(value + 2, ".0") == 0 ?
	    set_text(to, value) :
	    -EINVAL;
}

static int
set_character(const char *value, char **to)
{
	if (strcmp(value, "tab") == 0 || strcmp(value, "\\t") == 0)
		return set_text(to, "\t");
	return strlen(value) == 1 && ispunct((unsigned char)*value) && *value != '"' ?
	    set_text(to, value) :
	    -EINVAL;
}

static int
set_encoding(const char *value, char **to)
{
	iconv_t test = iconv_open("UTF-8", value);

	if (test == (iconv_t)-1)
		return -EINVAL;
	iconv_close(test);
	return set_text(to, value);
}

/* The condition is put into parentheses beside others, which it must not end. Only the org knows
 * whether it is right. */
static int
set_condition(const char *value, char **to, struct buf *advice)
{
	int depth = 0;
	bool quoted = false;

	for (const char *s = value; *s && depth >= 0; s++) {
		if (quoted && *s == '\\' && s[1])
			s++;
		else if (*s == '\'')
			quoted = !quoted;
		else if (!quoted)
			depth += *s == '(' ? 1 : *s == ')' ? -1 : 0;
	}
	if (!quoted && depth == 0)
		return set_text(to, value);
	buf_puts(advice, "a quote or a parenthesis has no counterpart");
	return -EINVAL;
}

/* Keeps scheme://host[:port], in lower case and without the default port. */
static int
set_login_url(const char *value, char **to, struct buf *advice)
{
	bool https = strncasecmp(value, "https://", 8) == 0;
	const char *scheme = https ? "https://" : "http://", *authority = value + strlen(scheme);
	char url[HOST_SIZE + 32], host[HOST_SIZE], mine[HOST_SIZE];
	unsigned port;

	if (!https && strncasecmp(value, scheme, 7) != 0)
		return -EINVAL;
	size_t len = strcspn(authority, "/?#");
	snprintf(url, sizeof(url), "%s%.*s", scheme, (int)len, authority);
	if (!host_of_url(url, host, &https, &port))
		return -EINVAL;
	if (host_my_domain(host, mine)) {
		buf_printf(advice, "this host serves pages only; write https://%s", mine);
		return -EINVAL;
	}
	if (authority[len] != '\0' && strcmp(authority + len, "/") != 0) {
		buf_printf(advice, "write %s, no more", url);
		return -EINVAL;
	}
	if (!https && !host_is_loopback(host)) {
		buf_printf(advice, "http would show the secret to the network; write https://%s",
		    host);
		return -EINVAL;
	}
	if (port == 0 || port == (https ? 443 : 80))
		snprintf(url, sizeof(url), "%s%s", scheme, host);
	else
		snprintf(url, sizeof(url), "%s%s:%u", scheme, host, port);
	return set_text(to, url);
}

static int
set_value(struct config *c, const struct option *o, const char *value, struct buf *advice)
{
	void *to = member_of(c, o);
	int n;

	switch (o->type) {
	case TEXT: case COMMAND: case PROXY: return set_text(to, value);
	case PATH: return set_absolute_path(value, to);
	case LOGIN_URL: return set_login_url(value, to, advice);
	case VERSION: return set_version(value, to);
	case CHARACTER: return set_character(value, to);
	case ENCODING: return set_encoding(value, to);
	case CONDITION: return set_condition(value, to, advice);
	case SECRET: return secret_set(to, value, strlen(value)) ? 0 : -ENOMEM;
	case NUMBER: case SECONDS: case SIZE: case ID: case OCTAL: return set_number(o, value, to);
	case YES_NO: case CHOICE:
		n = find_choice(
		    o->type == YES_NO ? "no|yes|false|true|0|1|off|on" : o->choices, value);
		if (n < 0)
			return -EINVAL;
		if (o->type == YES_NO)
			*(bool *)to = n & 1;
		else
			*(int *)to = n;
		return 0;
	}
	return -EINVAL;
}

/* Appends the advice for a wrong value. */
static void
put_advice(const struct option *o, struct buf *b)
{
	const char *advice = o->advice ? o->advice : types[o->type].advice;

	if (advice)
		buf_puts(b, advice);
	else if (o->type == CHOICE)
		buf_printf(b, "say one of %s", o->choices);
	else
		buf_printf(b, "say a number%s from %" PRIu64 " to %" PRIu64 "%s",
		    o->type == SECONDS ? " of seconds" : "", o->min, o->max,
		    o->type == SECONDS ? ", or 90s, 5m, 2h, 1d" : "");
}

static void
clear_value(struct config *c, const struct option *o)
{
	void *to = member_of(c, o);

	if (o->type < SECRET)
		secret_free_text(to);
	else if (o->type == SECRET)
		secret_free(to);
	else if (o->type == ID)
		*(uint32_t *)to = to == &c->uid ? getuid() : getgid();
}

/* Resets the key to its default. */
static int
set_fallback(struct config *c, const struct option *o)
{
	if (o->fallback)
		return set_value(c, o, o->fallback, NULL);
	clear_value(c, o);
	return 0;
}

int
option_set_defaults(struct config *c)
{
	int rc = 0;

	for (const struct option *o = option_table; rc == 0 && o->name; o++)
		rc = set_fallback(c, o);
	return rc;
}

int
option_set(struct config *c, const struct option *o, const char *value, const char *where)
{
	struct buf advice = BUF_INIT;
	size_t n = strlen(value);
	int rc;

	if (n == 0) {
		rc = set_fallback(c, o);
	} else if (o->type != COMMAND && n >= 2 && value[0] == '"' && value[n - 1] == '"') {
		buf_puts(&advice, "write it without the quotes");
		rc = -EINVAL;
	} else {
		rc = set_value(c, o, value, &advice);
	}
	const bool comment = strstr(value, " #") || strstr(value, " ;");
	if (rc == 0 && comment && o->type != COMMAND && o->type != CONDITION)
		log_warn("config",
		    "%s: %s goes on to the end of the line: a comment is a line of its own", where,
		    o->name);
	if (rc == -EINVAL) {
		bool secret = option_holds_secret(o, value);

		if (advice.len == 0)
			put_advice(o, &advice);
		if (comment)
			buf_puts(&advice, " (a comment is a line of its own)");
		log_error("config", "%s: %s%s%s: %s", where, o->name, secret ? "" : " = ",
		    secret ? "" : value, buf_str(&advice));
	}
	buf_free(&advice);
	return rc;
}

void
option_free_values(struct config *c)
{
	for (const struct option *o = option_table; o->name; o++)
		clear_value(c, o);
}

const char *
option_values(const struct option *o)
{
	return o->choices ? o->choices : types[o->type].placeholder;
}

void
option_help(struct buf *out)
{
	for (const struct option *o = option_table; o->name; o++) {
		int width = 32 - (int)strlen(o->name);

		if (o->group)
			buf_printf(out, "%s%s:\n", out->len ? "\n" : "", o->group);
		buf_printf(out, "  %s=%-*s %s\n%36sexample: %s = %s%s%s\n", o->name, width,
		    option_values(o), o->help, "", o->name, o->example,
		    o->fallback ? "; by default " : "", o->fallback ? o->fallback : "");
	}
}

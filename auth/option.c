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
	[YES_NO] = { "yes|no", "say yes or no" },
	[NUMBER] = { "N" },
	[SECONDS] = { "SECONDS" },
	[SIZE] = { "SIZE" },
	[ID] = { "N", "say a numeric id (id -u and id -g print them)" },
	[OCTAL] = { "OCTAL", "say an octal number up to 777, such as 022" },
};

/* The type, the fallback, the help, and what else there is. */
#define KEY(member, t, f, h, ...)                                                \
	{ .name = #member, .offset = offsetof(struct config, member), .type = t, \
		.fallback = f, .help = h, __VA_ARGS__ }
#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

const struct option option_table[] = {
	KEY(login_url, LOGIN_URL, NULL, "the org's My Domain; http only for this machine itself"),
	KEY(flow, CHOICE, "web", "how sffs logs in", .choices = "web|jwt|client_credentials"),
	KEY(client_id, TEXT, NULL, "the app's Consumer Key"),
	KEY(client_secret, SECRET, NULL, "the app's Consumer Secret; only in the file"),
	KEY(client_secret_cmd, COMMAND, NULL, "a command that prints client_secret"),
	KEY(redirect_uri, TEXT, "http://localhost:1717/OauthRedirect",
	    "flow = web: the app's Callback URL"),
	KEY(username, TEXT, NULL, "flow = jwt: the user to log in"),
	KEY(private_key, PATH, NULL, "flow = jwt: the file of the private key, PEM"),
	KEY(private_key_cmd, COMMAND, NULL, "flow = jwt: a command that prints the private key"),
	KEY(proxy, PROXY, NULL, "the proxy, instead of the one that https_proxy names"),
	KEY(ca_file, PATH, NULL, "trust the certificates in this file (PEM), not the system's"),

	KEY(api_version, VERSION, "62.0", "version of Salesforce's REST API"),
	KEY(refresh, SECONDS, "60",
	    "how long the last answer is used before the org is asked again; 0: ask every time",
	    .max = 7 * 86400),
	KEY(timeout, SECONDS, "60",
	    "how long a download may bring less than 1 KiB, and any other request may take; "
	    "a query: 2.5 times as long",
	    .min = 1, .max = 3600),
	KEY(tries, NUMBER, "4",
	    "how often a failed request is tried in all, with growing pauses; "
	    "more often while a download makes progress",
	    .min = 1, .max = 10),
	KEY(transfers, NUMBER, "4", "how many downloads run at a time; slow ones count less",
	    .min = 1, .max = 25),
	KEY(api_budget, NUMBER, "0", "calls that this mount may make in 24 hours; 0: no limit",
	    .max = 1000000000),
	KEY(api_reserve, NUMBER, "10",
	    "per cent of the org's daily calls kept for reading files; "
	    "refreshes stop when only those are left",
	    .max = 100),
	KEY(cache_size, SIZE, "10G", "how much is kept on disk", .min = MIB, .max = KIB * KIB * GIB,
	    .advice = "say a size from 1M to 1P, such as 500M or 10G"),
	KEY(cache_dir, PATH, NULL, "where it is kept, instead of ~/.cache/sffs"),
	KEY(offline, CHOICE, "serve", "while the org is out of reach: serve cached data, or fail",
	    .choices = "serve|fail"),
	KEY(names, CHOICE, "unix", "portable: file names that Windows and macOS accept, too",
	    .choices = "unix|portable"),
	KEY(links, YES_NO, "yes", "symbolic links in documents/"),
	KEY(filter, CONDITION, NULL,
	    "list only documents that meet this SOQL condition, such as FileExtension = 'csv'"),
	KEY(archived, YES_NO, "no", "list archived documents, too"),
	KEY(versions, CHOICE, "named",
	    "all: load the list of all versions when mounting, and list versions/",
	    .choices = "named|all"),
	KEY(browse, YES_NO, "no",
	    "also list parsed/ and the folders of libraries, which else work only by name"),
	KEY(confine, YES_NO, "yes",
	    "let the mount touch only what it needs, if the kernel has Landlock"),
	KEY(csv_encoding, ENCODING, NULL, "encoding of CSV documents; else it is detected"),
	KEY(csv_delimiter, CHARACTER, NULL, "delimiter of CSV documents; else it is detected"),
	KEY(csv_max_field, SIZE, "8M",
	    "an opening quote that is not closed within this size is taken literally",
	    .min = KIB, .max = GIB, .advice = "say a size from 1K to 1G"),
	KEY(csv_strict, YES_NO, "no", "fail to read views of a CSV document that has faults"),

	KEY(uid, ID, NULL, "owner of all files; else the user who mounts",
	    .max = UINT32_MAX - 1),
	KEY(gid, ID, NULL, "group of all files", .max = UINT32_MAX - 1),
	KEY(umask, OCTAL, "077", "permissions to take from all files and directories", .max = 0777),
	KEY(allow_other, YES_NO, "no", "let other users in, as far as umask lets them"),
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

/* A whole number; a size may end in K, M, G, T or P. */
static int
set_number(const struct option *o, const char *value, void *to)
{
	static const char units[] = "KMGTP";
	unsigned shift = 0;
	char *end;

	errno = 0;
	uint64_t n = strtoull(value, &end, o->type == OCTAL ? 8 : 10);
	const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (unit && o->type == SIZE) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
	}
	if (!isdigit((unsigned char)*value) || errno || *end || n > UINT64_MAX >> shift ||
	    n << shift < o->min || n << shift > o->max)
		return -EINVAL;
	if (o->type == ID || o->type == OCTAL)
		*(uint32_t *)to = (uint32_t)n;
	else
		*(uint64_t *)to = n << shift;
	return 0;
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

/* People copy a host from their browser that serves pages only. Says which one to write instead;
 * false: host is none of those. */
static bool
put_my_domain(const char *host, struct buf *advice)
{
	const char *pages = strstr(host, ".lightning.force.com");

	if (!pages)
		pages = strstr(host, ".my.salesforce-setup.com");
	if (pages)
		buf_printf(advice,
		    "this host serves pages only; write https://%.*s.my.salesforce.com",
		    (int)(pages - host), host);
	return pages;
}

/* Keeps scheme://host[:port], in lower case and without the default port. */
static int
set_login_url(const char *value, char **to, struct buf *advice)
{
	bool https = strncasecmp(value, "https://", 8) == 0;
	const char *scheme = https ? "https://" : "http://", *authority = value + strlen(scheme);
	char url[HOST_SIZE + 32], host[HOST_SIZE];
	unsigned port;

	if (!https && strncasecmp(value, scheme, 7) != 0)
		return -EINVAL;
	size_t len = strcspn(authority, "/?#");
	snprintf(url, sizeof(url), "%s%.*s", scheme, (int)len, authority);
	if (!host_of_url(url, host, &https, &port) || put_my_domain(host, advice))
		return -EINVAL;
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
		n = find_choice(o->type == YES_NO ? "no|yes|false|true" : o->choices, value);
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
		buf_printf(b, "say a number%s from %" PRIu64 " to %" PRIu64,
		    o->type == SECONDS ? " of seconds" : "", o->min, o->max);
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

/* As if the key were not given. */
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
	if (rc == 0 && comment && o->type == SECRET)
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

		buf_printf(out, "  %s=%-*s %s", o->name, width, option_values(o), o->help);
		if (o->fallback)
			buf_printf(out, " (%s)", o->fallback);
		buf_putc(out, '\n');
	}
}

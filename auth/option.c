#include "option.h"

#include <ctype.h>
#include <errno.h>
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
	TEXT,
	COMMAND,
	PATH,
	LOGIN_URL,
	PROXY,
	SECRET,
	YES_NO,
	NUMBER,
	SECONDS,
	SIZE,
	CHOICE,
	ID,
	OCTAL,
	VERSION,
	CHARACTER,
	CONDITION
};

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

static const struct option options[] = {
	{ KEY(login_url), LOGIN_URL,
	    .help = "the org's My Domain; http only for this machine itself" },
	{ KEY(flow), CHOICE, .choices = "web|jwt|client_credentials", .fallback = "web",
	    .help = "how to log in" },
	{ KEY(client_id), TEXT, .help = "the Consumer Key" },
	{ KEY(client_secret), SECRET, .help = "the Consumer Secret; in the file only" },
	{ KEY(client_secret_cmd), COMMAND, .help = "a command that prints it" },
	{ KEY(redirect_uri), TEXT, .fallback = "http://localhost:1717/OauthRedirect",
	    .help = "web: as registered in Salesforce" },
	{ KEY(username), TEXT, .help = "jwt: whom to log in" },
	{ KEY(private_key), PATH, .help = "jwt: the key, PEM" },
	{ KEY(private_key_cmd), COMMAND, .help = "jwt: a command that prints it" },
	{ KEY(proxy), PROXY, .help = "instead of what https_proxy says" },
	{ KEY(ca_file), PATH, .help = "certificates to trust instead of the system's, PEM" },

	{ KEY(api_version), VERSION, .fallback = "62.0", .help = "of Salesforce's REST API" },
	{ KEY(refresh), SECONDS, .min = 0, .max = 7 * 86400, .fallback = "60",
	    .help = "for which the org's last answer is fresh; 0 asks at every look" },
	{ KEY(timeout), SECONDS, .min = 1, .max = 3600, .fallback = "60",
	    .help =
		"without a byte until a request is given up; until a query is answered, 2.5 times as many" },
	{ KEY(tries), NUMBER, .min = 1, .max = 10, .fallback = "4",
	    .help =
		"of a request that may succeed the next time; with pauses that double; a download that gets further has more" },
	{ KEY(transfers), NUMBER, .min = 1, .max = 25, .fallback = "4",
	    .help = "downloads at a time" },
	{ KEY(api_budget), NUMBER, .min = 0, .max = 1000000000, .fallback = "0",
	    .help = "calls that this mount may make in 24 hours; 0: no limit" },
	{ KEY(api_reserve), NUMBER, .min = 0, .max = 100, .fallback = "10",
	    .help = "per cent of the org's daily calls that are for reading alone" },
	{ KEY(cache_size), SIZE, .min = MIB, .max = KIB * KIB * GIB, .fallback = "10G",
	    .help = "bytes kept on disk" },
	{ KEY(cache_dir), PATH, .help = "where they are kept, instead of ~/.cache/sffs" },
	{ KEY(offline), CHOICE, .choices = "serve|fail", .fallback = "serve",
	    .help = "what to do with cached data when the org is out of reach" },
	{ KEY(names), CHOICE, .choices = "unix|portable", .fallback = "unix",
	    .help = "portable: names that Windows and macOS can hold too" },
	{ KEY(links), YES_NO, .fallback = "yes", .help = "symbolic links in documents/" },
	{ KEY(filter), CONDITION,
	    .help =
		"list only the documents for which this SOQL condition holds, such as FileExtension = 'csv'" },
	{ KEY(archived), YES_NO, .fallback = "no", .help = "list archived documents too" },
	{ KEY(versions), CHOICE, .choices = "named|all", .fallback = "named",
	    .help = "all: bring the list of all versions when mounting, and list versions/" },
	{ KEY(browse), YES_NO, .fallback = "no",
	    .help =
		"list what else works by name only: parsed/ in full, the folders of a library" },
	{ KEY(confine), YES_NO, .fallback = "yes",
	    .help = "the mount can touch only what it needs, where the kernel has Landlock" },
	{ KEY(csv_encoding), TEXT, .help = "of CSV documents, instead of finding out" },
	{ KEY(csv_delimiter), CHARACTER, .help = "of CSV documents, instead of finding out" },
	{ KEY(csv_max_field), SIZE, .min = KIB, .max = GIB, .fallback = "8M",
	    .help = "a quote that is not closed within is a character" },
	{ KEY(csv_strict), YES_NO, .fallback = "no",
	    .help = "views of a CSV document that is not clean end in an error" },

	{ KEY(uid), ID, .help = "owner of all files, instead of who mounts" },
	{ KEY(gid), ID, .help = "group of all files" },
	{ KEY(umask), OCTAL, .fallback = "077",
	    .help = "permissions that files and directories do not have" },
	{ KEY(allow_other), YES_NO, .fallback = "no",
	    .help = "other users may look in, as umask lets them" },
};

_Static_assert(
    sizeof(uid_t) == sizeof(uint32_t) && sizeof(gid_t) == sizeof(uint32_t), "ID is 32 bits");

#define OPTIONS (sizeof(options) / sizeof(options[0]))
_Static_assert(OPTIONS <= OPTION_MOST, "OPTION_MOST is too small");

const struct option *
option_find(const char *name, size_t len)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (strlen(options[i].name) == len && strncmp(options[i].name, name, len) == 0)
			return &options[i];
	return NULL;
}

/* How many letters must be added, left out or changed to make b of a. */
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

const char *
option_nearest(const char *name, size_t len)
{
	const char *nearest = NULL;
	unsigned least = 3;

	for (size_t i = 0; i < OPTIONS; i++) {
		unsigned d = distance(name, len, options[i].name);

		if (d < least) {
			least = d;
			nearest = options[i].name;
		}
	}
	return nearest;
}

const char *
option_name(const struct option *o)
{
	return o->name;
}

unsigned
option_number(const struct option *o)
{
	return (unsigned)(o - options);
}

bool
option_is_flag(const struct option *o)
{
	return o->type == YES_NO;
}

/* A URL's user part is a password, most of the time. */
bool
option_holds_secret(const struct option *o, const char *value)
{
	return *value &&
	    (o->type == SECRET ||
		((o->type == PROXY || o->type == LOGIN_URL) && strchr(value, '@')));
}

static void *
member(struct config *c, const struct option *o)
{
	return (char *)c + o->offset;
}

/*
 * Values. Each function sets the member, or says what to write instead.
 */

static void
set_no_text(char **to)
{
	if (*to)
		explicit_bzero(*to, strlen(*to));	/* a proxy may hold a password */
	free(*to);
	*to = NULL;
}

static int
set_text(char **to, const char *value)
{
	char *s = strdup(value);

	if (!s)
		return -ENOMEM;
	set_no_text(to);
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
		buf_printf(say, "say a %s from %" PRIu64 " to %" PRIu64,
		    o->type == SECONDS ? "number of seconds" : "number", o->min, o->max);
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

	if (!parse_number(value, 10, false, &n) || n >= UINT32_MAX) { /* the largest means "none" */
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
	if (strlen(value) != 1 || !ispunct((unsigned char)*value) || *value == '"') {
		buf_puts(say, "say one character that is no letter, digit or quote, or tab");
		return -EINVAL;
	}
	return set_text(to, value);
}

/* It is going to stand in parentheses beside other conditions, which it must not end. The org says
 * whether it is a good one. */
static int
set_condition(const char *value, char **to, struct buf *say)
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
	if (quoted || depth != 0) {
		buf_puts(say,
		    quoted	  ? "a quote is not closed" :
			depth > 0 ? "a ( is not closed" :
				    "a ) has no (");
		return -EINVAL;
	}
	return set_text(to, value);
}

/* Hosts that people copy from their browser but that serve pages only: says which one to write.
 * False: host is none of them. */
static bool
say_my_domain(const char *host, struct buf *say)
{
	static const struct { const char *pages, *api; } domains[] = {
		{ ".lightning.force.com", ".my.salesforce.com" },
		{ ".my.salesforce-setup.com", ".my.salesforce.com" },
		{ ".lightning.crmforce.mil", ".my.salesforce.mil" },
		{ ".lightning.sfcrmapps.cn", ".my.sfcrmproducts.cn" },
	};
	size_t len = strlen(host);

	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		size_t n = strlen(domains[i].pages);

		if (len > n && strcmp(host + len - n, domains[i].pages) == 0) {
			buf_printf(say, "this host serves pages only; write https://%.*s%s",
			    (int)(len - n), host, domains[i].api);
			return true;
		}
	}
	return false;
}

/* Keeps scheme://host[:port], in small letters and without the default port. */
static int
set_login_url(const char *value, char **to, struct buf *say)
{
	bool https = strncasecmp(value, "https://", 8) == 0,
	     http = strncasecmp(value, "http://", 7) == 0;
	const char *authority = value + (https ? 8 : http ? 7 : 0);
	size_t len = strcspn(authority, "/?#");
	struct buf url = BUF_INIT;
	char host[HOST_SIZE];
	unsigned port;
	int rc = -EINVAL;

	buf_printf(&url, "%s://%.*s", https ? "https" : "http", (int)len, authority);
	if (url.failed) {
		rc = -ENOMEM;
	} else if ((!https && !http) || !host_of_url(buf_str(&url), host, &https, &port)) {
		buf_puts(say,
		    "write https:// and the org's My Domain, such as https://acme.my.salesforce.com");
	} else if (say_my_domain(host, say)) {
		;
	} else if (authority[len] != '\0' && strcmp(authority + len, "/") != 0) {
		buf_printf(say, "write %s, no more", buf_str(&url));
	} else if (!https && !host_is_loopback(host)) {
		buf_printf(
		    say, "http would show the secret to the network; write https://%s", host);
	} else {
		buf_clear(&url);
		buf_printf(&url, "%s://%s", https ? "https" : "http", host);
		if (port != 0 && port != (https ? 443 : 80))
			buf_printf(&url, ":%u", port);
		rc = url.failed ? -ENOMEM : set_text(to, buf_str(&url));
	}
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
	case CONDITION: return set_condition(value, to, say);
	}
	return -EINVAL;
}

static bool
is_string(enum type t)
{
	return t == TEXT || t == COMMAND || t == PATH || t == LOGIN_URL || t == PROXY ||
	    t == VERSION || t == CHARACTER || t == CONDITION;
}

/* As if the key were not given. */
static int
set_fallback(struct config *c, const struct option *o)
{
	struct buf say = BUF_INIT;

	if (o->fallback)
		return set_value(c, o, o->fallback, &say);
	if (is_string(o->type))
		set_no_text(member(c, o));
	else if (o->type == SECRET)
		secret_free(member(c, o));
	else if (o->type == ID)
		*(uint32_t *)member(c, o) =
		    o->offset == offsetof(struct config, uid) ? getuid() : getgid();
	return 0;
}

int
option_set_defaults(struct config *c)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < OPTIONS; i++)
		rc = set_fallback(c, &options[i]);
	return rc;
}

int
option_set(struct config *c, const struct option *o, const char *value, const char *where)
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
	const char *comment = rc == -EINVAL && (strstr(value, " #") || strstr(value, " ;")) ?
	    " (a comment is a line of its own)" :
	    "";
	if (rc == -EINVAL && option_holds_secret(o, value))
		log_error("config", "%s: %s: %s%s", where, o->name, buf_str(&say), comment);
	else if (rc == -EINVAL)
		log_error(
		    "config", "%s: %s = %s: %s%s", where, o->name, value, buf_str(&say), comment);
	buf_free(&say);
	return rc;
}

void
option_free_values(struct config *c)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		void *value = member(c, &options[i]);

		if (options[i].type == SECRET)
			secret_free(value);
		else if (is_string(options[i].type))
			set_no_text(value);
	}
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
	case CONDITION: return "CONDITION";
	default: return "...";
	}
}

void
option_help(struct buf *out)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *o = &options[i];
		char key[64];

		snprintf(key, sizeof(key), "%s=%s", o->name, what_to_say(o));
		buf_printf(out, "  %-33s %s", key, o->help);
		if (o->fallback)
			buf_printf(out, " (%s)", o->fallback);
		buf_putc(out, '\n');
	}
}

/* Text with what mdoc(7) would take for an escape or a typographic quote, in lines that end before
 * column 80. */
static void
put_mdoc(struct buf *out, const char *s)
{
	static const char *const names[] = {
		['\\'] = "\\e", ['~'] = "\\(ti", ['^'] = "\\(ha", ['`'] = "\\(ga", ['\''] = "\\(aq"
	};
	size_t column = 0;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		const char *name = c < sizeof(names) / sizeof(names[0]) ? names[c] : NULL;

		if (c == ' ' && column + strcspn(s + 1, " ") > 70) {
			buf_putc(out, '\n');
			column = 0;
			continue;
		}
		if (name)
			buf_puts(out, name);
		else
			buf_putc(out, *s);
		column += name ? strlen(name) : 1;
	}
}

/* "one|two" as words to be written so, "SECONDS" as the name of what is written. */
static void
put_mdoc_value(struct buf *out, const char *s)
{
	for (size_t n; n = strcspn(s, "|"), *s; s += n + (s[n] == '|')) {
		bool named = isupper((unsigned char)*s) || *s == '.';

		buf_puts(out, named ? " Ar " : " Cm ");
		for (size_t i = 0; i < n && *s != '.'; i++)
			buf_putc(out, (char)tolower((unsigned char)s[i]));
		buf_puts(out, *s == '.' ? "text" : s[n] ? " |" : "");
	}
}

void
option_mdoc(struct buf *out)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *o = &options[i];

		buf_printf(out, ".It Cm %s Ns = Ns", o->name);
		put_mdoc_value(out, what_to_say(o));
		buf_putc(out, '\n');
		put_mdoc(out, o->help);
		if (o->fallback) {
			buf_puts(out, ";\nby default ");
			put_mdoc(out, o->fallback);
		}
		buf_puts(out, ".\n");
	}
}

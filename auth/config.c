/*
 * inih parses the file in one pass, from memory. It cannot tell the number of a
 * line, a NUL, a line that does not fit into its buffer, or a section without
 * keys: next_line, which feeds it, can. Its inline comments are switched off,
 * because a secret or a command may hold `;` and `#`.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"
#include "option.h"

#define FILE_MOST	(1u << 20)	/* bytes of a config file */
#define LINE_MOST	4096		/* bytes of a line */
#define ORG_MOST	48		/* bytes of a section's name: inih cuts it at 49 */

static const char system_file[] = "/etc/sffs/config";

/*
 * Parsing the file.
 */

struct parse {
	struct config	*config;
	const struct buf *text;
	size_t		 pos;			/* of the next line */
	int		 line;			/* the number of the current one */
	int		 org_line, again_line;	/* [org], and its last repetition; 0: none */
	int		 own[OPTION_MOST];	/* the line of each key of [org]; 0: not given */
	int		 defaults[OPTION_MOST];	/* the same for [defaults] */
	bool		 has_secret;		/* in any section */
	int		 rc;			/* the first error */
};

/* The name in the [section] line at s, and its length; NULL: it is another line. */
static const char *
section_name(const char *s, size_t *len)
{
	s += strspn(s, "\xef\xbb\xbf \t");	/* inih skips a byte order mark, too */
	if (*s != '[')
		return NULL;
	*len = strcspn(s + 1, "]\n");
	return s + 1;
}

static bool
is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && strncmp(s, word, len) == 0;
}

/* The orgs of a config file. */
static void
put_orgs(const struct buf *text, const char *separator, struct buf *out)
{
	size_t n, len = 0;

	for (const char *s = buf_str(text); *s; s += n + (s[n] == '\n')) {
		const char *name = section_name(s, &len);

		n = strcspn(s, "\n");
		if (name && !is_word(name, len, "defaults"))
			buf_printf(out, "%s%.*s", out->len ? separator : "", (int)len, name);
	}
}

/* Gives inih the next line, as fgets would. */
static char *
next_line(char *line, int size, void *ctx)
{
	struct parse *p = ctx;
	const char *at = buf_str(p->text) + p->pos;
	size_t n = strcspn(at, "\n"), len = 0;
	const char *name = section_name(at, &len);

	p->line++;
	if (n > LINE_MOST)
		p->rc = log_invalid("config", "%s:%d: the line is longer than %d bytes",
		    p->config->file, p->line, LINE_MOST);
	if (n > LINE_MOST || *at == '\0') {
		explicit_bzero(line, (size_t)size);	/* inih's buffer has held secrets */
		return NULL;
	}
	if (name && is_word(name, len, p->config->org))
		*(p->org_line ? &p->again_line : &p->org_line) = p->line;
	n += at[n] == '\n';
	memcpy(line, at, n);
	line[n] = '\0';
	p->pos += n;
	return line;
}

static int
tell_unknown(const char *where, const char *name, size_t len)
{
	const char *nearest = option_nearest(name, len);

	if (nearest)
		return log_invalid("config", "%s: %.*s: there is no such key; is it %s?", where,
		    (int)len, name, nearest);
	return log_invalid("config", "%s: %.*s: there is no such key; sffs --keys lists them",
	    where, (int)len, name);
}

/* A key of [org] (own) or of [defaults]. */
static int
take_known_key(
    struct parse *p, bool own, const struct option *o, const char *value, const char *where)
{
	const unsigned number = option_number(o);
	int *line = own ? &p->own[number] : &p->defaults[number];

	if (own && *line && *line < p->again_line) {
		/* One message is enough for a section that was pasted twice. */
		if (p->rc == 0)
			log_error("config",
			    "%s:%d: [%s] is given a second time, first in line %d: keep one",
			    p->config->file, p->again_line, p->config->org, p->org_line);
		return -EINVAL;
	}
	if (*line)
		return log_invalid("config",
		    "%s: %s is given a second time, first in line %d: keep one", where,
		    option_name(o), *line);
	*line = p->line;
	if (!own && p->own[number])	/* [defaults] may stand below [org], which wins */
		return 0;
	return option_set(p->config, o, value, where);
}

/* inih's handler. Returns 1 after an error, too, so that the next errors are found as well. */
static int
take_key(void *ctx, const char *section, const char *name, const char *value)
{
	struct parse *p = ctx;
	const struct option *o = option_find(name, strlen(name));
	const char *org = p->config->org;
	const bool own = strcmp(section, org) == 0;
	char where[PATH_MAX + 16];
	int rc = 0;

	if (o && option_holds_secret(o, value))
		p->has_secret = true;
	snprintf(where, sizeof(where), "%s:%d", p->config->file, p->line);
	if (*section == '\0')
		rc = log_invalid("config",
		    "%s: %s is before any [section]; put [%s] (the name you mount it by) above it",
		    where, name, org);
	else if (!own && strcmp(section, "defaults") != 0)
		;
	else if (o)
		rc = take_known_key(p, own, o, value, where);
	else
		rc = tell_unknown(where, name, strlen(name));
	if (rc < 0 && p->rc == 0)
		p->rc = rc;
	return 1;
}

static int
parse_text(struct parse *p)
{
	ini_allow_inline_comments = false;
	ini_allow_multiline = false;
	ini_max_line = LINE_MOST + 3;
	int line = ini_parse_stream(next_line, p, take_key, p);
	if (line > 0)
		p->rc = log_invalid("config",
		    "%s:%d: not a [section], a key = value or a # comment", p->config->file, line);
	return p->rc;
}

/*
 * Finding and reading the file.
 */

static int
read_text(int fd, const char *file, struct buf *text)
{
	int rc = buf_read(text, fd, FILE_MOST);

	if (rc == -EFBIG)
		return log_invalid(
		    "config", "%s: not a config file: it is larger than a megabyte", file);
	if (rc < 0 && rc != -ENOMEM)
		return log_invalid("config", "%s: %s", file, strerror(-rc));
	if (rc == 0 && strlen(text->data) != text->len)
		return log_invalid("config", "%s: not a text file", file);
	return rc;
}

/* Whoever can write the file can have any command run; whoever can read it has the secret. */
static int
check_private(const struct stat *st, const char *file, bool has_secret)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return log_invalid("config",
		    "%s: belongs to another user, who could change it: chown it to yourself or root",
		    file);
	if (has_secret && (st->st_mode & 077))
		return log_invalid("config",
		    "%s: holds a secret that others can read: chmod 600 '%s'", file, file);
	if (st->st_mode & 022)
		return log_invalid(
		    "config", "%s: others can change it: chmod go-w '%s'", file, file);
	return 0;
}

static int
tell_no_section(const struct config *c, const struct buf *text)
{
	struct buf orgs = BUF_INIT;

	put_orgs(text, ", ", &orgs);
	log_error("config",
	    "%s: there is no section [%s]; %s%s; "
	    "to create it, answer a few questions: %s login --setup %s",
	    c->file, c->org, orgs.len ? "there are: " : "there is none at all", buf_str(&orgs),
	    c->sffs_auth, c->org);
	buf_free(&orgs);
	return -EINVAL;
}

/* *there: whether the file has the section; NULL: it must. */
static int
read_config(struct config *c, int fd, bool *there)
{
	struct buf text = BUF_INIT;
	struct parse p = { .config = c, .text = &text };
	struct stat st;
	int rc = fstat(fd, &st) < 0 ? -errno : read_text(fd, c->file, &text);

	if (rc == 0) {
		rc = parse_text(&p);
		if (check_private(&st, c->file, p.has_secret) < 0)
			rc = -EINVAL;
	}
	if (rc == 0 && there)
		*there = p.org_line;
	else if (rc == 0 && !p.org_line)
		rc = tell_no_section(c, &text);
	buf_wipe(&text);
	return rc;
}

/* $env/sffs, else ~/below/sffs, with leaf appended; NULL where there is neither. */
static int
own_path(const char *env, const char *below, const char *leaf, char **out)
{
	const char *dir = getenv(env), *home = getenv("HOME");
	int n = 0;

	*out = NULL;
	if (dir && *dir == '/')
		n = asprintf(out, "%s/sffs%s", dir, leaf);
	else if (home && *home == '/')
		n = asprintf(out, "%s/%s/sffs%s", home, below, leaf);
	if (n < 0)
		*out = NULL;
	return n < 0 ? -ENOMEM : 0;
}

/* The file that the user names. NULL: he names none. */
static const char *
named_file(const char *given)
{
	const char *env = getenv("SFFS_CONFIG");

	return given ? given : env && *env ? env : NULL;
}

/* Opens the config file. *path is the caller's, after -ENOENT too, when it says where the file
 * would be. */
static int
open_config(const char *given, char **path, int *fd)
{
	const char *candidates[2] = { named_file(given), NULL };
	char *own = NULL;
	int rc = 0;

	if (!candidates[0]) {
		rc = own_path("XDG_CONFIG_HOME", ".config", "/config", &own);
		candidates[0] = own ? own : system_file;
		candidates[1] = own ? system_file : NULL;
	}
	for (int i = 0; rc == 0 && i < 2 && candidates[i] && *fd < 0; i++) {
		*fd = open(candidates[i], O_RDONLY | O_CLOEXEC);
		if (*fd < 0 && errno != ENOENT && errno != ENOTDIR) {
			rc = log_invalid("config", "%s: %s", candidates[i], strerror(errno));
		} else if (*fd >= 0 || i == 0) {
			free(*path);
			*path = strdup(candidates[i]);
			rc = *path ? 0 : -ENOMEM;
		}
	}
	free(own);
	return rc == 0 && *fd < 0 ? -ENOENT : rc;
}

/*
 * -o.
 */

static int
take_override(struct config *c, char *word)
{
	size_t len = strcspn(word, "=");
	const struct option *o = option_find(word, len);

	if (!o)
		return tell_unknown("-o", word, len);
	if (word[len] == '\0' && !option_is_flag(o))
		return log_invalid("config", "-o %s: it needs a value: %s=...", word, word);
	const char *value = word[len] ? word + len + 1 : "yes";
	if (option_holds_secret(o, value))
		return log_invalid("config",
		    "-o %s: every user can read an argument list; write it to the config file",
		    option_name(o));
	return option_set(c, o, value, "-o");
}

const char *
config_word_end(const char *s)
{
	const bool condition = strncmp(s, "filter=", 7) == 0;
	bool quoted = false;
	int depth = 0;

	for (; *s && !(*s == ',' && !quoted && depth <= 0); s++) {
		if (s[0] == '\\' && s[1]) {
			/* `\\'` in quotes is SOQL's `\'`, which does not end them. */
			bool backslash = *++s == '\\';

			if (quoted && backslash && s[1])
				s++;
		} else if (condition && *s == '\'') {
			quoted = !quoted;
		} else if (condition && !quoted) {
			depth += *s == '(' ? 1 : *s == ')' ? -1 : 0;
		}
	}
	return s;
}

/* Splits -o at its commas. In a word `\,` is a comma and `\\` a backslash. */
static int
take_overrides(struct config *c, const char *s)
{
	struct buf word = BUF_INIT;
	int rc = 0;

	while (rc == 0 && *s) {
		const char *end = config_word_end(s);

		buf_clear(&word);
		for (; s < end; s++) {
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
check_org_name(const char *org)
{
	static const char *const commands[] = { "backup", "doctor", "help", "status", "unmount" };
	size_t n =
	    strspn(org, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-");

	if (n > 0 && org[n] == ':')	/* as for sshfs */
		return log_invalid("config", "%s: write %.*s, without a colon", org, (int)n, org);
	if (n == 0 || org[n] || n > ORG_MOST || *org == '.' || *org == '-')
		return log_invalid("config",
		    "%s: an org name has only letters, digits and . _ @ - "
		    "(at most %d, starting with a letter or digit)",
		    org, ORG_MOST);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(org, commands[i]) == 0)
			return log_invalid(
			    "config", "%s: a command of sffs, not the name of an org", org);
	if (strcmp(org, "defaults") == 0)
		return log_invalid(
		    "config", "defaults: this section is for all orgs; name one of the others");
	return 0;
}

const char *
config_lacks(const struct config *c)
{
	if (!c->login_url)
		return "login_url = https://... (the org's My Domain)";
	if (!c->client_id)
		return "client_id = ... (the Consumer Key of the app in Salesforce)";
	if (c->flow == CONFIG_CLIENT_CREDENTIALS && !c->client_secret.bytes &&
	    !c->client_secret_cmd)
		return "client_secret = ... or client_secret_cmd = ..., which this flow needs";
	if (c->flow == CONFIG_JWT && !c->username)
		return "username = ..., which flow = jwt needs";
	if (c->flow == CONFIG_JWT && !c->private_key && !c->private_key_cmd)
		return "private_key = FILE or private_key_cmd = ..., which flow = jwt needs";
	return NULL;
}

static int
check_complete(const struct config *c)
{
	const char *lacks = config_lacks(c);

	/* An imported login can do without client_id. */
	if (!lacks || (c->login_url && c->flow == CONFIG_WEB))
		return 0;
	return log_invalid("config", "%s: [%s] lacks %s; %s login --setup %s says more", c->file,
	    c->org, lacks, c->sffs_auth, c->org);
}

/* No certificate would be trusted with a wrong file, and the network would seem to be at fault. */
static int
check_ca_file(const struct config *c)
{
	FILE *f = c->ca_file ? fopen(c->ca_file, "re") : NULL;
	X509 *first = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
	int rc = 0;

	if (c->ca_file && !f)
		rc = log_invalid("config", "ca_file = %s: %s", c->ca_file, strerror(errno));
	else if (c->ca_file && !first)
		rc = log_invalid(
		    "config", "ca_file = %s: there is no PEM certificate in it", c->ca_file);
	if (f)
		fclose(f);
	ERR_clear_error();
	X509_free(first);
	return rc;
}

static int
tell_no_file(const struct config *c, bool named)
{
	bool two = !named && strcmp(c->file, system_file) != 0;

	return log_invalid("config",
	    "there is no config file %s%s%s; "
	    "to create it, answer a few questions: %s login --setup %s",
	    c->file, two ? " or " : "", two ? system_file : "", c->sffs_auth, c->org);
}

/* How sffs-auth is called so that it finds this config file and these logins. */
static char *
sffs_auth_command(const char *named)
{
	char *s = NULL;
	int n = asprintf(&s, "%ssffs-auth%s%s", config_env(), named ? " --config " : "",
	    named ? named : "");

	return n < 0 ? NULL : s;
}

enum wanted { WHOLE, SECTION, ANYTHING };

static int
load_config(const char *file, const char *org, const char *overrides, enum wanted wanted,
    bool *there, struct config **out)
{
	const char *named = named_file(file);
	struct config *c = calloc(1, sizeof(*c));
	int fd = -1;
	int rc = c ? check_org_name(org) : -ENOMEM;

	if (rc == 0 && (!(c->org = strdup(org)) || !(c->sffs_auth = sffs_auth_command(named))))
		rc = -ENOMEM;
	if (rc == 0)
		rc = option_set_defaults(c);
	if (rc == 0)
		rc = open_config(file, &c->file, &fd);
	if (rc == 0)
		rc = read_config(c, fd, wanted == ANYTHING ? there : NULL);
	else if (rc == -ENOENT && wanted == ANYTHING)
		rc = 0, *there = false;
	else if (rc == -ENOENT)
		rc = tell_no_file(c, named);
	if (rc == 0 && overrides)
		rc = take_overrides(c, overrides);
	if (rc == 0 && wanted == WHOLE)
		rc = check_complete(c);
	if (rc == 0 && wanted == WHOLE)
		rc = check_ca_file(c);
	if (fd >= 0)
		close(fd);
	if (rc < 0) {
		config_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

int
config_load(const char *file, const char *org, const char *overrides, struct config **out)
{
	return load_config(file, org, overrides, WHOLE, NULL, out);
}

int
config_load_part(const char *file, const char *org, bool *there, struct config **out)
{
	return load_config(file, org, NULL, there ? ANYTHING : SECTION, there, out);
}

void
config_free(struct config *c)
{
	if (!c)
		return;
	option_free_values(c);
	free(c->org);
	free(c->file);
	free(c->sffs_auth);
	free(c);
}

int
config_orgs(const char *file, struct buf *out)
{
	struct buf text = BUF_INIT;
	char *path = NULL;
	int fd = -1;
	int rc = open_config(file, &path, &fd);

	if (rc == 0)
		rc = read_text(fd, path, &text);
	if (rc == 0)
		put_orgs(&text, "\n", out);
	if (rc == 0 && out->len)
		buf_putc(out, '\n');
	if (fd >= 0)
		close(fd);
	buf_wipe(&text);
	free(path);
	return rc == -ENOENT ? 0 : rc;
}

void
config_help(struct buf *out)
{
	option_help(out);
}

/*
 * Directories.
 */

int
config_make_parents(char *path)
{
	int rc = 0;

	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST && rc == 0)
			rc = -errno;
		*slash = '/';
	}
	return rc;
}

/*
 * Makes path and what is missing above it. It must be a directory of ours that is closed to others.
 * what: "state" or "cache"; key: names another one. given: cache_dir named it, so it may be
 * everybody's, as /tmp is.
 */
static int
make_private_dir(char *path, const char *what, const char *key, bool given)
{
	int rc = config_make_parents(path);
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST && rc == 0)
		rc = -errno;
	if (stat(path, &st) < 0)
		return log_invalid("config", "cannot create %s: %s; set %s to a writable directory",
		    path, strerror(rc < 0 ? -rc : errno), key);
	if (!S_ISDIR(st.st_mode))
		return log_invalid("config",
		    "%s: not a directory; remove it, or set %s to a writable directory", path, key);
	if (st.st_uid != geteuid())
		return log_invalid("config",
		    "%s: belongs to another user; set %s to a directory of your own", path, key);
	if (!(st.st_mode & 077))
		return 0;
	if (given)
		return log_invalid("config",
		    "cache_dir = %s: others can look into it; "
		    "name a directory in it, which sffs makes: cache_dir = %s%ssffs",
		    path, path, path[strlen(path) - 1] == '/' ? "" : "/");
	return log_invalid("config", "%s: others can look into the %s directory: chmod 700 '%s'",
	    path, what, path);
}

static int
private_dir(const char *given, const char *env, const char *below, const char *without_home,
    const char *what, const char *key, char **out)
{
	char *dir = NULL;
	int rc = given ? 0 : own_path(env, below, "", &dir);

	if (rc == 0 && !dir && !(dir = strdup(given ? given : without_home)))
		rc = -ENOMEM;
	if (rc == 0)
		rc = make_private_dir(dir, what, key, given);
	if (rc == 0)
		*out = dir;
	else
		free(dir);
	return rc;
}

int
config_state_dir(const struct config *c, char **out)
{
	(void)c;
	return private_dir(NULL, "XDG_STATE_HOME", ".local/state", "/var/lib/sffs", "state",
	    "XDG_STATE_HOME", out);
}

int
config_cache_dir(const struct config *c, char **out)
{
	return private_dir(c->cache_dir, "XDG_CACHE_HOME", ".cache", "/var/cache/sffs", "cache",
	    "cache_dir", out);
}

const char *
config_env(void)
{
	const char *home = getenv("HOME");

	return home && *home == '/' ? "" : "env -u HOME ";
}

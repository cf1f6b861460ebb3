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
#include <libgen.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"
#include "option.h"
#include "utf8.h"

#define FILE_MOST	(1u << 20)	/* bytes of a config file */
#define LINE_MOST	4096		/* bytes of a line */
#define ORG_MOST	48		/* bytes of a section's name: inih cuts it at 49 */

static const char system_file[] = "/etc/sffs/config";
static const char root_home[] = "/root";
static const char root_file[] = "/root/.config/sffs/config";	/* if there is none in /etc */

/*
 * Parsing the file.
 */

struct parse {
	struct config	*config;
	const struct buf *text;
	size_t		 pos;			/* of the next line */
	int		 line;			/* the number of the current one */
	int		 lines[2][OPTION_MOST];	/* of keys of [defaults] and [org]; 0: none */
	bool		 has_secret;		/* in any section */
	int		 rc;			/* the first error */
};

/* Puts the orgs of a config file to out. Returns whether `org` is one of them. */
static bool
put_orgs(const struct buf *text, const char *org, const char *separator, struct buf *out)
{
	const size_t org_len = strlen(org);
	bool found = false;
	char shown[8];
	size_t n;

	for (const char *s = buf_str(text); *s; s += n + (s[n] == '\n')) {
		s += strspn(s, "\xef\xbb\xbf \t");	/* inih skips a byte order mark, too */
		n = strcspn(s, "\n");
		if (*s != '[' || strncmp(s, "[defaults]", 10) == 0)
			continue;
		size_t len = strcspn(s + 1, "]\n");
		found = found || (len == org_len && strncmp(s + 1, org, len) == 0);
		buf_puts(out, out->len ? separator : "");
		for (size_t i = 0; i < len; buf_puts(out, shown))
			i += utf8_show(s + 1 + i, len - i, shown);
	}
	return found;
}

/* Gives inih the next line, as fgets would. */
static char *
next_line(char *line, int size, void *ctx)
{
	struct parse *p = ctx;
	const char *at = buf_str(p->text) + p->pos;
	size_t n = strcspn(at, "\n");

	p->line++;
	if (n > LINE_MOST)
		p->rc = log_invalid("config", "%s:%d: the line is longer than %d bytes",
		    p->config->file, p->line, LINE_MOST);
	if (n > LINE_MOST || *at == '\0') {
		explicit_bzero(line, (size_t)size);	/* inih's buffer has held secrets */
		return NULL;
	}
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

	return log_invalid("config", "%s: %.*s: there is no such key; %s%s%s", where, (int)len,
	    name, nearest ? "is it " : "sffs --keys lists them", nearest ? nearest : "",
	    nearest ? "?" : "");
}

/* A key of [org] (own) or of [defaults]. */
static int
take_known_key(
    struct parse *p, bool own, const struct option *o, const char *value, const char *where)
{
	const size_t number = (size_t)(o - option_table);
	int *line = &p->lines[own][number];

	if (*line)
		return log_invalid("config",
		    "%s: %s is given a second time, first in line %d: keep one", where, o->name,
		    *line);
	*line = p->line;
	if (!own && p->lines[1][number])	/* [defaults] may stand below [org], which wins */
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

	if (rc == -EFBIG || (rc == 0 && strlen(text->data) != text->len))
		return log_invalid(
		    "config", "%s: not a text file, or larger than a megabyte", file);
	if (rc < 0 && rc != -ENOMEM)
		return log_invalid("config", "%s: %s", file, strerror(-rc));
	return rc;
}

/* A user who can write the file can have any command run; one who can read it has the secret. */
static int
check_private(const struct stat *st, const char *file, bool has_secret)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return log_invalid("config",
		    "%s: belongs to another user, who could change it: chown it to you or root",
		    file);
	if (has_secret && (st->st_mode & 077))
		return log_invalid("config",
		    "%s: holds a secret that others can read: chmod 600 %s", file,
		    log_word(file).s);
	if (st->st_mode & 022)
		return log_invalid(
		    "config", "%s: others can change it: chmod go-w %s", file, log_word(file).s);
	return 0;
}

/* *there: whether the file has the section; NULL: it must. */
static int
read_config(struct config *c, int fd, bool *there)
{
	struct buf text = BUF_INIT, orgs = BUF_INIT;
	struct parse p = { .config = c, .text = &text };
	struct stat st;
	int rc = fstat(fd, &st) < 0 ? -errno : read_text(fd, c->file, &text);

	if (rc == 0) {
		rc = parse_text(&p);
		if (check_private(&st, c->file, p.has_secret) < 0)
			rc = -EINVAL;
	}
	const bool found = put_orgs(&text, c->org, ", ", &orgs);
	if (there)
		*there = found;
	else if (rc == 0 && !found)
		rc = log_invalid("config",
		    "%s: there is no section [%s]; %s%s; to create it, answer a few questions: "
		    "%s setup %s",
		    c->file, c->org, orgs.len ? "there are: " : "there is none at all",
		    buf_str(&orgs), c->sffs_auth, c->org);
	buf_wipe(&text);
	buf_free(&orgs);
	return rc;
}

/*
 * The user's own home; NULL for root, whose things are where the system's are: then a unit, fstab,
 * cron and root at a shell share them. The helper of mount(8) may set HOME to the home of root for
 * any user, and cron may set none.
 */
static const char *
own_home(void)
{
	const char *home = getenv("HOME");

	if (home && *home == '/' && strcmp(home, root_home) != 0)
		return home;
	const struct passwd *user = geteuid() == 0 ? NULL : getpwuid(geteuid());
	return user ? user->pw_dir : NULL;
}

/* $env/sffs, else ~/below/sffs, with leaf appended; NULL where there is neither. */
static int
own_path(const char *env, const char *below, const char *leaf, char **out)
{
	const char *dir = getenv(env), *home = own_home();
	int n = 0;

	*out = NULL;
	if (dir && *dir == '/')
		n = asprintf(out, "%s/sffs%s", dir, leaf);
	else if (home)
		n = asprintf(out, "%s/%s/sffs%s", home, below, leaf);
	if (n < 0)
		*out = NULL;
	return n < 0 ? -ENOMEM : 0;
}

/* The file that the user names; NULL: none. */
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
	const char *named = named_file(given);
	int rc = named ? 0 : own_path("XDG_CONFIG_HOME", ".config", "/config", path);

	if (rc == 0 && !named && *path && access(*path, F_OK) < 0 && errno != EACCES &&
	    access(system_file, F_OK) == 0) {
		free(*path);
		*path = NULL;
	}
	if (!named && geteuid() == 0 && access(system_file, F_OK) < 0 &&
	    access(root_file, F_OK) == 0)
		named = root_file;
	if (rc == 0 && !*path)
		rc = (*path = strdup(named ? named : system_file)) ? 0 : -ENOMEM;
	if (rc < 0)
		return rc;
	*fd = open(*path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0 && errno == EACCES && strcmp(*path, system_file) == 0)
		return log_invalid("config",
		    "%s: only root can read it; run this as root, or give the org a section in "
		    "~/.config/sffs/config, which is read first",
		    *path);
	if (*fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return log_invalid("config", "%s: %s", *path, strerror(errno));
	return *fd < 0 ? -ENOENT : 0;
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
	if (word[len] && !word[len + 1] && o->fallback)
		return log_invalid("config", "-o %s: it needs a value; the default is %s", word,
		    o->fallback);
	const char *value = word[len] ? word + len + 1 : "yes";
	if (option_holds_secret(o, value))
		return log_invalid("config",
		    "-o %s: every user can read an argument list; write it to the config file",
		    o->name);
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
 * Loading.
 */

/* The name becomes part of file names. */
static int
check_org_name(const char *org)
{
	static const char *const reserved[] = { "backup", "defaults", "doctor", "help", "status",
		"unmount" };
	size_t n =
	    strspn(org, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-");

	if (n > 0 && org[n] == ':')
		return log_invalid("config", "%s: write %.*s, without a colon", org, (int)n, org);
	if (n == 0 || org[n] || n > ORG_MOST || *org == '.' || *org == '-')
		return log_invalid("config",
		    "%s: an org name has only letters, digits and . _ @ - "
		    "(at most %d, starting with a letter or digit)",
		    org, ORG_MOST);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(org, reserved[i]) == 0)
			return log_invalid(
			    "config", "%s: a word of sffs, not the name of an org", org);
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
	return log_invalid("config", "%s: [%s] lacks %s; %s setup %s says more", c->file,
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

int
config_load_part(const char *file, const char *org, bool *there, struct config **out)
{
	const char *named = named_file(file);
	struct config *c = calloc(1, sizeof(*c));
	int fd = -1;
	int rc = c ? check_org_name(org) : -ENOMEM;

	if (rc == 0 &&
	    (!(c->org = strdup(org)) ||
		asprintf(&c->named, "%s%s", named ? " --config " : "",
		    named ? log_word(named).s : "") < 0 ||
		asprintf(&c->sffs_auth, "sffs-auth%s", c->named) < 0))
		rc = -ENOMEM;
	if (rc == 0)
		rc = option_set_defaults(c);
	if (rc == 0)
		rc = open_config(file, &c->file, &fd);
	if (rc == 0)
		rc = read_config(c, fd, there);
	else if (rc == -ENOENT && there)
		rc = 0, *there = false;
	else if (rc == -ENOENT)
		rc = log_invalid("config",
		    "there is no config file %s; to create it, answer a few questions: %s setup %s",
		    c->file, c->sffs_auth, org);
	if (fd >= 0)
		close(fd);
	if (rc == 0)
		*out = c;
	else
		config_free(c);
	return rc;
}

int
config_load(const char *file, const char *org, const char *overrides, struct config **out)
{
	struct config *c = NULL;
	int rc = config_load_part(file, org, NULL, &c);

	if (rc == 0 && overrides)
		rc = take_overrides(c, overrides);
	if (rc == 0)
		rc = check_complete(c);
	if (rc == 0)
		rc = check_ca_file(c);
	if (rc == 0)
		*out = c;
	else
		config_free(c);
	return rc;
}

void
config_free(struct config *c)
{
	if (!c)
		return;
	option_free_values(c);
	free(c->org);
	free(c->file);
	free(c->named);
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
		put_orgs(&text, "", "\n", out);
	if (rc == 0 && out->len)
		buf_putc(out, '\n');
	if (fd >= 0)
		close(fd);
	buf_wipe(&text);
	free(path);
	return rc == -ENOENT ? 0 : rc;
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

/* Makes dir and what is missing above it; `dir` belongs to the caller. setting: names another. */
static int
make_private_dir(char *dir, const char *setting)
{
	int rc = config_make_parents(dir);
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST && rc == 0)
		rc = -errno;
	if (stat(dir, &st) < 0)
		return log_invalid("config", "cannot create %s: %s; set %s to a writable directory",
		    dir, strerror(rc < 0 ? -rc : errno), setting);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return log_invalid("config",
		    "%s: must be a directory that only you can use (mode 700); "
		    "set %s to another, or to a new one inside it",
		    dir, setting);
	return 0;
}

/* cache_dir is made only in a directory of this user: a missing one may be a typing error. */
static int
check_named_dir(const char *given)
{
	struct stat st;
	char *above = access(given, F_OK) < 0 ? strdup(given) : NULL;
	const bool good = !above || (stat(dirname(above), &st) == 0 && st.st_uid == geteuid());

	free(above);
	return good ? 0 :
		      log_invalid("config",
			  "cache_dir = %s: there is no such directory; if the name is right, "
			  "first: mkdir -p -m 700 %s",
			  given, log_word(given).s);
}

/* given: the directory; NULL: $env/sffs, else ~/below, else without_home. */
static int
private_dir(const char *given, const char *env, const char *below, const char *without_home,
    const char *setting, char **out)
{
	char *dir = NULL;
	int rc = given ? check_named_dir(given) : own_path(env, below, "", &dir);

	if (rc == 0 && !dir && !(dir = strdup(given ? given : without_home)))
		rc = -ENOMEM;
	if (rc == 0)
		rc = make_private_dir(dir, setting);
	if (rc == 0)
		*out = dir;
	else
		free(dir);
	return rc;
}

int
config_state_dir(char **out)
{
	return private_dir(NULL, "XDG_STATE_HOME", ".local/state", "/var/lib/sffs",
	    "XDG_STATE_HOME", out);
}

int
config_cache_dir(const struct config *c, char **out)
{
	return private_dir(c->cache_dir, "XDG_CACHE_HOME", ".cache", "/var/cache/sffs", "cache_dir",
	    out);
}

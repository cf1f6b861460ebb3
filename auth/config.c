/*
 * The file is read whole, looked over for what inih would get wrong without a
 * word, and given to inih twice: for [defaults], wherever it stands, then for
 * the org. inih is set so that a comment is a line of its own, because a secret
 * or a command may hold `;` and `#`.
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
	int		 given_at[OPTION_MOST];	/* line; 0: not given in that section */
	struct headings {
		int first, again;		/* lines of [section]; 0: none */
	} headings;
	bool		 has_secret;
	int		 rc;
};

static char *
next_line(char *line, int size, void *ctx)
{
	struct reading *r = ctx;
	const char *at = buf_str(r->text) + r->pos;
	size_t left = r->text->len - r->pos;

	if (left == 0) {
		explicit_bzero(line, (size_t)size); /* inih's; lines with secrets went through it */
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

static int
tell_unknown(const char *where, const char *name, size_t len)
{
	const char *nearest = option_nearest(name, len);

	if (nearest)
		log_error("config", "%s: %.*s: there is no such key; is it %s?", where, (int)len,
		    name, nearest);
	else
		log_error("config", "%s: %.*s: there is no such key; sffs --keys lists them", where,
		    (int)len, name);
	return -EINVAL;
}

/* A key of the section that is read now. */
static int
take_key(struct reading *r, const struct option *o, const char *value, const char *where)
{
	int *given_at = &r->given_at[option_number(o)];

	if (*given_at && *given_at < r->headings.again && r->line > r->headings.again) {
		/* Of a section that was pasted twice, one line is enough. */
		if (r->rc == 0)
			log_error("config",
			    "%s:%d: [%s] is given a second time, first in line %d: keep one",
			    r->file, r->headings.again, r->section, r->headings.first);
		return -EINVAL;
	}
	if (*given_at) {
		log_error("config", "%s: %s is given a second time, first in line %d: keep one",
		    where, option_name(o), *given_at);
		return -EINVAL;
	}
	*given_at = r->line;
	return option_set(r->config, o, value, where);
}

/* Always 1: inih goes on, and its own verdict is about syntax alone. All that is wrong is told, the
 * first is the result. */
static int
take_line(void *ctx, const char *section, const char *name, const char *value)
{
	struct reading *r = ctx;
	const struct option *o = option_find(name, strlen(name));
	char where[PATH_MAX + 16];
	int rc = 0;

	if (o && option_holds_secret(o, value))
		r->has_secret = true;
	snprintf(where, sizeof(where), "%s:%d", r->file, r->line);
	if (*section == '\0') {
		log_error("config",
		    "%s: %s stands before the first [section]; write [defaults] above it", where,
		    name);
		rc = -EINVAL;
	} else if (strcmp(section, r->section) == 0) {
		rc = o ? take_key(r, o, value, where) : tell_unknown(where, name, strlen(name));
	}
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
	*syntax = ini_parse_stream(next_line, r, take_line, r);
	return r->rc;
}

/* Checks what inih would get wrong without a word, and notes where [org] is. names: the orgs that
 * there are. */
static int
look_over(const char *file, const struct buf *text, const char *org, struct headings *found,
    const char *between, struct buf *names)
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
			log_error("config", "%s:%d: the line is longer than %d bytes", file, line,
			    LINE_MOST);
			return -EINVAL;
		}
		size_t skip = strspn(s, line == 1 ? "\xef\xbb\xbf \t" : " \t");
		if (s[skip] == '[') {
			const char *name = s + skip + 1;
			size_t len = strcspn(name, "]\n");

			if (len == org_len && strncmp(name, org, len) == 0)
				*(found->first ? &found->again : &found->first) = line;
			if (!(len == 8 && strncmp(name, "defaults", 8) == 0))
				buf_printf(
				    names, "%s%.*s", names->len ? between : "", (int)len, name);
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
			log_error("config",
			    "%s: this is no config file: it is larger than a megabyte", file);
			return -EINVAL;
		}
	}
}

/* Who can write the file can have any command run, who can read it has the secret. */
static int
check_private(const struct stat *st, const char *file, bool has_secret)
{
	if (st->st_uid != geteuid() && st->st_uid != 0) {
		log_error("config",
		    "%s: belongs to another user, who could change it: chown it to yourself or root",
		    file);
		return -EINVAL;
	}
	if (has_secret && (st->st_mode & 077)) {
		log_error("config", "%s: holds a secret that others can read: chmod 600 '%s'", file,
		    file);
		return -EINVAL;
	}
	if (st->st_mode & 022) {
		log_error("config", "%s: others can change it: chmod go-w '%s'", file, file);
		return -EINVAL;
	}
	return 0;
}

/* there: whether it has the section; NULL: it must. */
static int
read_file(struct config *c, int fd, bool *there)
{
	struct buf text = BUF_INIT, names = BUF_INIT;
	struct reading r = { .config = c, .file = c->file, .text = &text };
	struct stat st;
	struct headings found = { 0 };
	int syntax = 0;
	int rc = fstat(fd, &st) < 0 ? -errno : 0;

	if (rc == 0)
		rc = read_all(fd, c->file, &text);
	if (rc == 0)
		rc = look_over(c->file, &text, c->org, &found, ", ", &names);
	if (rc < 0)
		goto out;
	rc = take_section(&r, "defaults", &syntax);
	if (syntax > 0) {
		log_error("config", "%s:%d: this is no [section], no key = value and no # comment",
		    c->file, syntax);
		rc = -EINVAL;
	}
	if (check_private(&st, c->file, r.has_secret) < 0)
		rc = -EINVAL;
	if (rc < 0)
		goto out;
	if (there)
		*there = found.first;
	if (found.first) {
		r.headings = found;
		rc = take_section(&r, c->org, &syntax);
	} else if (!there) {
		log_error("config",
		    "%s: there is no section [%s]; %s%s; to be led through writing it: sffs-auth login --setup %s",
		    c->file, c->org, names.len ? "there are: " : "there is none at all",
		    buf_str(&names), c->org);
		rc = -EINVAL;
	}
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

/* Where to look, in order; *own is the caller's. */
static int
find_candidates(const char *given, const char *candidates[2], char **own)
{
	const char *env = getenv("SFFS_CONFIG");
	char *dir = NULL;
	int rc;

	candidates[0] = given ? given : env && *env ? env : NULL;
	candidates[1] = NULL;
	if (candidates[0])
		return 0;
	rc = own_dir("XDG_CONFIG_HOME", ".config", &dir);
	if (dir && asprintf(own, "%s/config", dir) < 0) {
		*own = NULL;
		rc = -ENOMEM;
	}
	free(dir);
	candidates[*own ? 1 : 0] = "/etc/sffs/config";
	if (*own)
		candidates[0] = *own;
	return rc;
}

/* Opens the config file; *path is the caller's. org: for whom it is wanted; NULL: -ENOENT is no
 * error to tell, *path is where it would be. */
static int
open_file(const char *given, const char *org, char **path, int *fd)
{
	const char *candidates[2];
	char *own = NULL;
	int rc = find_candidates(given, candidates, &own);

	for (int i = 0; rc == 0 && i < 2 && candidates[i] && *fd < 0; i++) {
		*fd = open(candidates[i], O_RDONLY | O_CLOEXEC);
		if (*fd >= 0) {
			*path = strdup(candidates[i]);
			rc = *path ? 0 : -ENOMEM;
		} else if (errno != ENOENT && errno != ENOTDIR) {
			log_error("config", "%s: %s", candidates[i], strerror(errno));
			rc = -EINVAL;
		}
	}
	if (rc == 0 && *fd < 0 && !org) {
		rc = (*path = strdup(candidates[0])) ? -ENOENT : -ENOMEM;
	} else if (rc == 0 && *fd < 0) {
		log_error("config",
		    "there is no config file %s%s%s; to be led through writing one: sffs-auth %s%s%slogin --setup %s",
		    candidates[0], candidates[1] ? " or " : "", candidates[1] ? candidates[1] : "",
		    given ? "--config " : "", given ? given : "", given ? " " : "", org);
		rc = -EINVAL;
	}
	free(own);
	return rc;
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
	if (word[len] == '\0' && !option_is_flag(o)) {
		log_error("config", "-o %s: it needs a value: %s=...", word, word);
		return -EINVAL;
	}
	const char *value = word[len] ? word + len + 1 : "yes";
	if (option_holds_secret(o, value)) {
		log_error("config",
		    "-o %s: every user can read an argument list; write it to the config file",
		    option_name(o));
		return -EINVAL;
	}
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
			/* In quotes `\\'` is SOQL's `\'`, which does not end them. */
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

/* Words between commas; `\,` is a comma and `\\` a backslash in one. */
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
check_org(const char *org)
{
	size_t n =
	    strspn(org, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-");

	if (n == 0 || org[n] || n > ORG_MOST || *org == '.' || *org == '-') {
		log_error("config",
		    "%s: an org is called by letters, digits and . _ @ -, at most %d, the first a letter or digit",
		    org, ORG_MOST);
		return -EINVAL;
	}
	if (strcmp(org, "defaults") == 0) {
		log_error(
		    "config", "defaults: this section is for all orgs; name one of the others");
		return -EINVAL;
	}
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
check_whole(const struct config *c)
{
	const char *lacks = config_lacks(c);

	/* An imported login can do without client_id. */
	if (!lacks || (c->login_url && c->flow == CONFIG_WEB))
		return 0;
	log_error("config", "%s: [%s] lacks %s; sffs-auth login --setup %s says more", c->file,
	    c->org, lacks, c->org);
	return -EINVAL;
}

/* A file that is no good would look like a network that is: no certificate is trusted then. */
static int
check_ca_file(const struct config *c)
{
	struct stat st;
	X509 *first = NULL;
	int rc = !c->ca_file	      ? 0 :
	    stat(c->ca_file, &st) < 0 ? -errno :
	    S_ISREG(st.st_mode)	      ? 0 :
					-EINVAL;
	FILE *f = c->ca_file && rc == 0 ? fopen(c->ca_file, "re") : NULL;

	if (f) {
		first = PEM_read_X509(f, NULL, NULL, NULL);
		fclose(f);
		ERR_clear_error();
		rc = first ? 0 : -EINVAL;
	} else if (c->ca_file && rc == 0) {
		rc = -errno;
	}
	X509_free(first);
	if (rc < 0)
		log_error("config", "ca_file = %s: %s", c->ca_file,
		    rc == -EINVAL ? "there is no certificate in it, PEM" : strerror(-rc));
	return rc < 0 ? -EINVAL : 0;
}

enum wanted { WHOLE, SECTION, ANYTHING };

static int
load(const char *file, const char *org, const char *overrides, enum wanted wanted, bool *there,
    struct config **out)
{
	struct config *c = calloc(1, sizeof(*c));
	int fd = -1;
	int rc = c ? check_org(org) : -ENOMEM;

	if (rc == 0 && !(c->org = strdup(org)))
		rc = -ENOMEM;
	if (rc == 0)
		rc = option_set_defaults(c);
	if (rc == 0)
		rc = open_file(file, wanted == ANYTHING ? NULL : org, &c->file, &fd);
	if (rc == 0)
		rc = read_file(c, fd, wanted == ANYTHING ? there : NULL);
	else if (rc == -ENOENT)
		rc = 0, *there = false;
	if (rc == 0 && overrides)
		rc = take_overrides(c, overrides);
	if (rc == 0 && wanted == WHOLE)
		rc = check_whole(c);
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
	return load(file, org, overrides, WHOLE, NULL, out);
}

int
config_load_part(const char *file, const char *org, bool *there, struct config **out)
{
	return load(file, org, NULL, there ? ANYTHING : SECTION, there, out);
}

void
config_free(struct config *c)
{
	if (!c)
		return;
	option_free_values(c);
	free(c->org);
	free(c->file);
	free(c);
}

int
config_orgs(const char *file, struct buf *out)
{
	struct buf text = BUF_INIT;
	char *path = NULL;
	struct headings found = { 0 };
	int fd = -1;
	int rc = open_file(file, NULL, &path, &fd);

	if (rc == 0)
		rc = read_all(fd, path, &text);
	if (rc == 0)
		rc = look_over(path, &text, "", &found, "\n", out);
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

/*
 * Makes path and what is missing above it; it must be a directory of ours that is closed to others.
 * given: cache_dir named it, so it may be everybody's, as /tmp is.
 */
static int
make_private_dir(char *path, const char *what, bool given)
{
	const char *wrong = NULL;
	struct stat st;

	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);	/* if it fails, so does what is below */
		*slash = '/';
	}
	if ((mkdir(path, 0700) < 0 && errno != EEXIST) || stat(path, &st) < 0)
		wrong = strerror(errno);
	else if (!S_ISDIR(st.st_mode))
		wrong = strerror(ENOTDIR);
	else if (st.st_uid != geteuid())
		wrong = "it belongs to another user";
	if (wrong)
		log_error("config", "%s: this cannot be the %s directory: %s", path, what, wrong);
	else if ((st.st_mode & 077) && given)
		log_error("config",
		    "cache_dir = %s: this directory is open to others; name one below it, which is made: cache_dir = %s%ssffs",
		    path, path, path[strlen(path) - 1] == '/' ? "" : "/");
	else if (st.st_mode & 077)
		log_error("config", "%s: the %s directory is open to others: chmod 700 '%s'", path,
		    what, path);
	return wrong || (st.st_mode & 077) ? -EINVAL : 0;
}

static int
private_dir(const char *given, const char *env, const char *below, const char *without_home,
    const char *what, char **out)
{
	char *dir = NULL;
	int rc = given ? 0 : own_dir(env, below, &dir);

	if (rc == 0 && !dir && !(dir = strdup(given ? given : without_home)))
		rc = -ENOMEM;
	if (rc == 0)
		rc = make_private_dir(dir, what, given);
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
	return private_dir(
	    c->cache_dir, "XDG_CACHE_HOME", ".cache", "/var/cache/sffs", "cache", out);
}

const char *
config_env(void)
{
	const char *home = getenv("HOME");

	return home && *home == '/' ? "" : "env -u HOME ";
}

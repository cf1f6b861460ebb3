/*
 * config - what the user says: the config file, then `-o`, then the defaults.
 *
 * INI: one section an org, `[defaults]` for all. option.c declares each key
 * once. A key that it does not have is an error, and so is a file with a secret
 * in it that others can read, or one that others can change. A comment is a
 * line of its own, a value is what stands behind the =, without the blanks
 * around it and without quotes; a line has at most 4,096 bytes.
 *
 * Every error is told here, on the log, with the file and line and what to do.
 * Single thread; read-only afterwards.
 */
#ifndef AUTH_CONFIG_H
#define AUTH_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "secret.h"

enum config_flow { CONFIG_WEB, CONFIG_JWT, CONFIG_CLIENT_CREDENTIALS };
enum config_offline { CONFIG_SERVE, CONFIG_FAIL };
enum config_versions { CONFIG_NAMED, CONFIG_ALL };
enum config_names { CONFIG_UNIX, CONFIG_PORTABLE };

/* One member a row of the table, named as the key. Strings are the config's; NULL: not given. */
struct config {
	char		*org;			/* the section */
	char		*file;			/* the config file that was read */

	/* how to log in */
	char *login_url; /* normalised: scheme://host[:port], no slash at the end */
	int		 flow;			/* enum config_flow */
	char		*client_id;		/* NULL only with the web flow */
	struct secret	 client_secret;
	char		*client_secret_cmd;
	char		*redirect_uri;
	char		*username;
	char		*private_key;
	char		*private_key_cmd;
	char		*proxy;
	char		*ca_file;

	/* the mount */
	char		*api_version;		/* "62.0" */
	uint64_t	 refresh;		/* seconds */
	uint64_t timeout; /* seconds without a byte before a request is given up */
	uint64_t	 tries;			/* of a request that may succeed the next time */
	uint64_t	 transfers;
	uint64_t	 api_budget;		/* calls in 24 hours; 0: any number */
	uint64_t	 api_reserve;		/* per cent */
	uint64_t	 cache_size;		/* bytes */
	char		*cache_dir;
	int		 offline;		/* enum config_offline */
	int		 names;			/* enum config_names */
	bool		 links;			/* symlinks parsed -> ... in documents/ */
	int		 versions;		/* enum config_versions */
	char		*filter;		/* a SOQL condition */
	bool		 archived;		/* archived documents too */
	bool		 browse;		/* what works by name only is listed */
	bool		 confine;		/* the mount can touch only what it needs */
	char		*csv_encoding;
	char		*csv_delimiter;		/* one character, or NULL */
	uint64_t	 csv_max_field;		/* bytes */
	bool		 csv_strict;

	/* as every filesystem has them */
	uid_t		 uid;
	gid_t		 gid;
	mode_t		 umask;
	bool		 allow_other;
};

/*
 * Reads the section org of the config file: `file`, else $SFFS_CONFIG, else
 * $XDG_CONFIG_HOME/sffs/config (or ~/.config), else /etc/sffs/config. overrides: `key=value,...` as
 * `-o` gives them (`\,` is a comma), applied last; NULL for none. -EINVAL: usage or config, told on
 * the log (with the names of the sections that there are).
 */
int	config_load(const char *file, const char *org, const char *overrides, struct config **out);
/*
 * For who can do with less: the section may lack keys that a login needs (config_lacks), and with
 * `there` it, or the whole file, may be missing: *there says whether it is not, and config->file
 * where it would be.
 */
int	config_load_part(const char *file, const char *org, bool *there, struct config **out);
const char *config_lacks(
    const struct config *); /* "username = ..., which flow = jwt needs"; NULL: nothing */
/*
 * Where the word of `-o` that begins here ends: at a comma, but for one behind a `\` and one in the
 * quotes or parentheses of filter=.
 */
const char *config_word_end(const char *s);
void	config_free(struct config *);		/* secrets are wiped */

/*
 * Directories, made if missing with mode 0700: $XDG_STATE_HOME/sffs, $XDG_CACHE_HOME/sffs (or
 * cache_dir); without a HOME (a system unit) /var/lib/sffs and /var/cache/sffs. -EINVAL: not ours
 * alone, told on the log. Caller frees.
 */
int	config_state_dir(const struct config *, char **out);
int	config_cache_dir(const struct config *, char **out);
const char *config_env(
    void); /* before a command that is to look where this process does: "env -u HOME ", or "" */

struct buf;
int config_orgs(
    const char *file, struct buf *out); /* the sections of the file that config_load would read, a
					   line each; none without a file */
void	config_help(struct buf *out);			/* what sffs --keys says: a line a key */

#endif

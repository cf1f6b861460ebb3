/*
 * config - what the user says: the config file, then `-o`, then the defaults.
 *
 * The file is INI: one section for each org, and `[defaults]` for all. option.c
 * declares each key once. A comment is a line of its own. A value is all that
 * follows the =, without the blanks around it and without quotes. An unknown
 * key is an error; so is a file that others can change, or one with a secret
 * that others can read.
 *
 * Every error is logged here, with file, line and remedy. Single thread;
 * read-only afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "secret.h"

struct buf;

enum config_flow { CONFIG_WEB, CONFIG_JWT, CONFIG_CLIENT_CREDENTIALS };
enum config_offline { CONFIG_SERVE, CONFIG_FAIL };
enum config_versions { CONFIG_NAMED, CONFIG_ALL };
enum config_names { CONFIG_UNIX, CONFIG_PORTABLE };

/* A member for each row of option.c, which says what it means. Strings are the config's;
 * NULL: not given. */
struct config {
	char		*org;			/* the section */
	char		*file;			/* the config file that was read */
	char		*named;			/* for log lines: " --config FILE" or "" */
	char		*sffs_auth;		/* the same: the command for file and org */

	/* how to log in */
	char		*login_url;		/* scheme://host[:port], no slash at the end */
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
	uint64_t	 timeout;		/* seconds */
	uint64_t	 tries;
	uint64_t	 transfers;
	uint64_t	 api_budget;		/* calls in 24 hours; 0: no limit */
	uint64_t	 api_reserve;		/* per cent */
	uint64_t	 cache_size;		/* bytes */
	char		*cache_dir;
	int		 offline;		/* enum config_offline */
	int		 names;			/* enum config_names */
	bool		 links;
	int		 versions;		/* enum config_versions */
	char		*filter;		/* a SOQL condition */
	bool		 archived;
	bool		 browse;
	bool		 confine;
	char		*csv_encoding;
	char		*csv_delimiter;		/* one character */
	uint64_t	 csv_max_field;		/* bytes */
	bool		 csv_strict;

	/* as every filesystem has them */
	uid_t		 uid;
	gid_t		 gid;
	mode_t		 umask;
	bool		 allow_other;
};

/*
 * Reads section org of the config file: `file`, else $SFFS_CONFIG, else
 * $XDG_CONFIG_HOME/sffs/config (or ~/.config/...), else /etc/sffs/config. For root /etc/sffs/config
 * comes before ~/.config/sffs/config. overrides: the words of `-o`, applied last (`\,` is a comma);
 * NULL: nothing. -EINVAL: usage or config, logged.
 */
int	config_load(const char *file, const char *org, const char *overrides, struct config **out);
/*
 * The same for commands that need less: the section may lack keys that a login needs
 * (config_lacks). Unless `there` is NULL, the section or the file may be missing, too; *there then
 * says whether the section is there, and config->file where it belongs.
 */
int	config_load_part(const char *file, const char *org, bool *there, struct config **out);
/* "username = ..., which flow = jwt needs"; NULL: nothing. */
const char *config_lacks(const struct config *);
/*
 * The end of the word of `-o` that begins here: at a comma, but not at one that follows a `\`, nor
 * at one in the quotes or parentheses of filter=.
 */
const char *config_word_end(const char *s);
void	config_free(struct config *);		/* wipes secrets */

/*
 * Directories, created with mode 0700 if missing: $XDG_STATE_HOME/sffs, and $XDG_CACHE_HOME/sffs or
 * cache_dir; for root /var/lib/sffs and /var/cache/sffs. Caller frees. -EINVAL, logged: it is not
 * ours alone, or cache_dir is to be made in a directory that is not ours.
 */
int	config_state_dir(char **out);
int	config_cache_dir(const struct config *, char **out);
int	config_make_parents(char *path);	/* all but the last name; the first error, or 0 */

int	config_orgs(const char *file, struct buf *out);	/* sections of the file, a line each */

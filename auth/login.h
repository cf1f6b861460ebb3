/*
 * login - what the commands of sffs-auth share.
 *
 * Each command is a row of the table in main.c and a function. It prints its
 * result to standard output and logs errors. Single thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "http.h"
#include "oauth.h"
#include "saved_login.h"

struct session {
	struct config	*config;		/* NULL: the command names no org */
	bool		 there;			/* the config file has the section */
	struct http	*http;
	struct saved_login saved;
	/* options of the command line */
	int		 no_browser, wait, json, limits, purge;
	uint64_t	 timeout;		/* seconds to wait for a browser */
	const char	*from_cli;		/* a username or alias of sf; NULL: none */
	const char	*file;			/* of import; NULL: standard input */
	bool		 adopt;			/* import writes sf's org to the section */
};

/* Commands: 0, or a negative errno whose cause is logged. */
int	login_setup(struct session *);		/* login_setup.c: setup */
int	login_command(struct session *);	/* login.c: login */
int	login_import(struct session *);		/* login_import.c: import */
int	login_status(struct session *);		/* login_status.c: status, list, token, logout */
int	login_list(struct session *);
int	login_token(struct session *);
int	login_logout(struct session *);

/* login_web.c: logs in by a browser. */
int	login_web(struct session *, struct login *out);
bool	login_set_timeout(struct session *, const char *);	/* false: not 90, 90s, 15m, 1h */

/* Tries what needs nobody: a whole login, or with flow = web whether Salesforce knows the app.
 * -EACCES: no, and s->saved.failure says why. */
int	login_try(struct session *, struct login *out);

/* Prints "acme: logged in as NAME, ..." */
void	login_say_who(struct session *, const struct login *);
/* Prints the command that mounts the org. */
void	login_say_next(const struct session *);

/*
 * arguments - the command line of sffs.
 *
 * Strings are those of argv. Errors are logged. Single thread.
 */
#pragma once

#include <stdbool.h>

#include "auth/buf.h"

enum arguments_command {
	ARGUMENTS_MOUNT,
	ARGUMENTS_STATUS,
	ARGUMENTS_DOCTOR,
	ARGUMENTS_HELP,
	ARGUMENTS_UNMOUNT,
	ARGUMENTS_KEYS,
	ARGUMENTS_ORGS,
	ARGUMENTS_VERSION
};

/* Zero it before arguments_parse, and free overrides in any case. */
struct arguments {
	int		 command;	/* enum arguments_command, for getopt_long */
	int		 json, cache;
	bool		 foreground, debug;
	const char	*config;	/* NULL: the default file */
	struct buf	 overrides;	/* the keys of -o, for config_load */
	const char	*org;		/* NULL: all, with status */
	const char	*mountpoint;	/* to mount */
};

/* The exit status, EXIT_DONE if all is right. */
int	arguments_parse(int argc, char **argv, struct arguments *);
extern const char arguments_help[];

/*
 * arguments - the command line of sffs.
 *
 * A command is a row of the table in arguments.c: its words, its options, its help. Strings are
 * those of argv. Errors are logged. Single thread.
 */
#pragma once

#include <stdbool.h>

#include "auth/buf.h"

enum arguments_command {
	ARGUMENTS_MOUNT,
	ARGUMENTS_UNMOUNT,
	ARGUMENTS_STATUS,
	ARGUMENTS_DOCTOR,
	ARGUMENTS_HELP,
	ARGUMENTS_KEYS,
	ARGUMENTS_ORGS,
	ARGUMENTS_VERSION
};

/* Zero it before arguments_parse, and free overrides in any case. */
struct arguments {
	enum arguments_command command;
	bool		 json, metrics, cache;
	bool		 foreground, debug;
	const char	*config;	/* NULL: the default file */
	struct buf	 overrides;	/* the keys of -o, for config_load */
	const char	*org;		/* NULL: all, with status */
	const char	*mountpoint;	/* to mount, to unmount */
	const char	*help;		/* the text to print */
};

/* The exit status, EXIT_DONE if all is right. */
int	arguments_parse(int argc, char **argv, struct arguments *);

/*
 * arguments - the command line of sffs.
 *
 * Errors are told here, on the log. Single thread.
 */
#ifndef FS_COMMAND_ARGUMENTS_H
#define FS_COMMAND_ARGUMENTS_H

#include <stdbool.h>

#include "auth/buf.h"

struct arguments {
	int		 command;	/* the letter of one that is not to mount; 0: to mount */
	bool		 foreground, debug, json;
	const char	*config;
	struct buf	 overrides;	/* what -o says, but for what is not the config's */
	const char	*org;		/* NULL: all, with --list */
	char		*mountpoint;	/* absolute; NULL with a command */
};

/* -1: go on, with *a to be freed in any case; else the exit status: what was asked for is on
 * standard output. */
int	arguments_parse(int argc, char **argv, struct arguments *a);
void	arguments_free(struct arguments *);

#endif

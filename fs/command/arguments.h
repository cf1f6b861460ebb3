/*
 * arguments - the command line of sffs.
 *
 * Strings are those of argv. Errors are logged. Single thread.
 */
#ifndef FS_COMMAND_ARGUMENTS_H
#define FS_COMMAND_ARGUMENTS_H

#include <stdbool.h>

#include "auth/buf.h"

enum arguments_command {
	ARGUMENTS_MOUNT,
	ARGUMENTS_STATUS,
	ARGUMENTS_DOCTOR,
	ARGUMENTS_HELP,
	ARGUMENTS_KEYS,
	ARGUMENTS_ORGS,
	ARGUMENTS_VERSION
};

struct arguments {
	enum arguments_command command;
	bool		 foreground, debug, json, cache;
	const char	*config;	/* NULL: the default file */
	struct buf	 overrides;	/* the keys of -o, for config_load */
	const char	*org;		/* NULL: all, with status */
	const char	*mountpoint;	/* to mount */
};

/* The exit status, EXIT_DONE if all is right. Free *a in any case. */
int	arguments_parse(int argc, char **argv, struct arguments *a);
void	arguments_put_help(struct buf *out);
void	arguments_free(struct arguments *);

#endif

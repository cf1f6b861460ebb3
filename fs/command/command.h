/*
 * command - all that sffs does besides mounting: help, status, doctor, lists of keys and orgs.
 *
 * Prints on standard output. Single thread.
 */
#ifndef FS_COMMAND_COMMAND_H
#define FS_COMMAND_COMMAND_H

#include "arguments.h"

/* Not ARGUMENTS_MOUNT, nor doctor --cache. Returns the exit status. */
int	command_run(const struct arguments *);

#endif

/*
 * command - all that sffs does besides mounting: help, unmount, status, doctor, lists
 * of keys and orgs.
 *
 * Prints on standard output. Single thread.
 */
#pragma once

#include "arguments.h"

/* Not ARGUMENTS_MOUNT, nor doctor --cache. Returns the exit status. */
int	command_run(const struct arguments *);

/*
 * command - a secret that a command of the user prints: client_secret_cmd = pass show acme/sffs.
 *
 * Knows nothing of what the secret is for. Any thread; blocks for at most a minute.
 */
#pragma once

#include "secret.h"

/*
 * Runs the command by /bin/sh, without input. Its output, without the white space at both ends, is
 * the secret. key: what the config calls it, for the log. -EINVAL: it failed or printed nothing,
 * logged.
 */
int	command_secret(const char *key, const char *command, struct secret *out);

/*
 * The same without a shell; argv is NULL-terminated. *status: what the program ended with; if that
 * is not 0, *out is what it printed all the same, or nothing. -ENOENT, not logged: there is no
 * such program.
 */
int	command_output(
    const char *what, const char *const *argv, int *status, struct secret *out);

/* Starts a program, without input, that outlives this one: a browser. Its output goes nowhere. */
int	command_start(const char *const *argv);

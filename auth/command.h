/*
 * command - a secret that a command of the user's prints: client_secret_cmd = pass show acme/sffs.
 *
 * Knows nothing of what the secret is for. Any thread; blocks, for a bounded time.
 */
#ifndef AUTH_COMMAND_H
#define AUTH_COMMAND_H

#include "secret.h"

/*
 * Runs the command by /bin/sh with nothing on its standard input; its output, less the white space
 * at both ends, is the secret. `key` is the config's name of it, for the log. -EINVAL: it failed,
 * or printed nothing, told on the log.
 */
int	command_secret(const char *key, const char *command, struct secret *out);

/* The same without a shell: argv is NULL-terminated. */
int	command_output(const char *what, const char *const *argv, struct secret *out);

#endif

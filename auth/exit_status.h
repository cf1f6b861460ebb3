/*
 * exit_status - the exit status of sffs and sffs-auth for an error. docs/errors.md has the table.
 *
 * Any thread. Logs a lack of memory, which nobody has logged before.
 */
#pragma once

enum exit_status {
	EXIT_DONE,
	EXIT_OTHER,
	EXIT_USAGE,
	EXIT_LOGIN,
	EXIT_REFUSED,
	EXIT_UNREACHABLE,
	EXIT_MOUNT
};

int	exit_status_of(int rc);	/* 0 or a negative errno */

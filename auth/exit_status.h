/*
 * exit_status - the exit status of sffs and sffs-auth for an error. docs/errors.md has the table.
 *
 * Any thread. Says when memory is what lacked: nobody else has.
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

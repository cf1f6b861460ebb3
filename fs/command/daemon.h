/*
 * daemon - lets sffs return to the shell once the mount answers.
 *
 * The child does all the work, with the terminal's standard error still open. When the mount
 * answers, it leaves the terminal and tells the parent, which exits 0. If the child fails, the
 * parent exits with the child's status. A signal that asks the parent to end goes to the child
 * first, which may have something to say.
 *
 * Single thread.
 */
#pragma once

#include <stdbool.h>

/*
 * True in the child: *parent is for daemon_leave. False in the parent, once the child has answered
 * or ended: *status is the exit status.
 */
bool	daemon_start(int *parent, int *status);
/* The child, before it mounts: from here on it no longer ends with its parent. */
void	daemon_stay(void);
/* The child leaves its terminal and lets the parent exit. */
void	daemon_leave(int parent);

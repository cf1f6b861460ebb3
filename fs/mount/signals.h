/*
 * signals - which signals end a wait, and which ones a mount.
 *
 * The kernel interrupts a FUSE request at any signal: a shell's child has ended, a window has
 * another size, Ctrl-Z, a debugger attaches. EINTR to those would make `[ -e FILE ]` say "not
 * there".
 *
 * Reads /proc/PID/status (proc(5)). Any thread.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether a signal for a thread means that it wants to stop waiting. Its Id is as in fuse_ctx. Also
 * true if nothing is known of it: it is in another PID namespace, or gone.
 */
bool	signals_end_wait(pid_t);

/*
 * This process serves a mount, which would stay behind dead. A signal that asks a process to end
 * is handled by end; any other that would end it is ignored, unless it tells of a crash.
 * What the caller had ignored stays so (nohup).
 */
void	signals_take(void (*end)(int));
void	signals_ignore(void);			/* from now on all of these */

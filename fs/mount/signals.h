/*
 * signals - which signals end a wait, and which ones a mount.
 *
 * The kernel interrupts a FUSE request at any signal: a shell's child has ended, a window has
 * another size, Ctrl-Z, a debugger attaches. With EINTR for such a signal, `[ -e FILE ]` would say
 * "not there".
 *
 * Reads /proc/PID/status (proc(5)). Any thread.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Whether a signal for a thread means that it wants to stop waiting. Its Id is as in fuse_ctx. Also
 * true if the thread is unknown: it is in another PID namespace, or gone. */
bool	signals_end_wait(pid_t);

/*
 * For a process that serves a mount, which a signal must not leave behind dead. end() handles each
 * signal that asks a process to end. Any other signal that would end the process is ignored, except
 * those of a crash. What the caller had ignored stays ignored (nohup).
 */
void	signals_take(void (*end)(int));
void	signals_ignore(void);			/* from now on ignores all of these */

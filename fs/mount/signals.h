/*
 * signals - whether what came for a process means that it wants to stop waiting.
 *
 * The kernel interrupts a request of FUSE at any signal: that a child of a shell has ended, that a
 * window has another size, a Ctrl-Z, a debugger that attaches. Whoever answered EINTR to those
 * would make `[ -e FILE ]` say "not there".
 *
 * Reads /proc, signal(7) says what is in it. Any thread.
 */
#ifndef FS_MOUNT_SIGNALS_H
#define FS_MOUNT_SIGNALS_H

#include <stdbool.h>
#include <sys/types.h>

/* Of a thread's Id, as fuse_ctx has it; true also where it cannot be known: in another PID
 * namespace, or when it is gone. */
bool	signals_end_wait(pid_t);

#endif

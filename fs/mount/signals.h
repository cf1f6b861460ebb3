/*
 * signals - whether a signal for a process means that it wants to stop waiting.
 *
 * The kernel interrupts a FUSE request at any signal: a shell's child has ended, a window has
 * another size, Ctrl-Z, a debugger attaches. EINTR to those would make `[ -e FILE ]` say "not
 * there".
 *
 * Reads /proc/PID/status (proc(5)). Any thread.
 */
#ifndef FS_MOUNT_SIGNALS_H
#define FS_MOUNT_SIGNALS_H

#include <stdbool.h>
#include <sys/types.h>

/* A thread's Id, as in fuse_ctx. Also true if nothing is known of it: it is in another PID
 * namespace, or gone. */
bool	signals_end_wait(pid_t);

#endif

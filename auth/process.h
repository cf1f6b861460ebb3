/*
 * process - what each program does first. It may be started by anybody, in any way.
 *
 * Single thread.
 */
#pragma once

/*
 * Afterwards descriptors 0 to 2 are open, so that no file gets their numbers and then the output.
 * No signal is blocked, the end of a child can be waited for, and a closed pipe is EPIPE. Nobody
 * can read the memory, which holds tokens. The files that the program makes are the user's alone.
 * Errors go to standard error as `program: text`; program must stay valid.
 */
void	process_begin(const char *program);

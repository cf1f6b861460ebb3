/*
 * process - what each program does first, whoever started it and however.
 *
 * Single thread.
 */
#pragma once

/*
 * Descriptors 0 to 2 exist afterwards: no file gets their numbers, and then what is printed. No
 * signal is blocked, the end of a child can be waited for, and a closed pipe is EPIPE. Nobody can
 * read the memory, which holds tokens, and what the program makes is the user's alone. Errors go to
 * standard error as `program: text`; program must stay valid.
 */
void	process_begin(const char *program);

/*
 * doctor - what keeps an org from being mounted, and what to do about it: sffs --doctor.
 *
 * A list of checks, from this machine up to what the user may see in the org; each prints a line,
 * and what to do below it. One that fails leaves out those that need it. Nothing is mounted,
 * nothing is changed but that a login by itself (jwt, client_credentials) is kept as a mount would
 * keep it.
 *
 * Joins auth and rest. Single thread.
 */
#ifndef FS_COMMAND_DOCTOR_H
#define FS_COMMAND_DOCTOR_H

#include <stdio.h>

/* config: the file, or NULL. 0: it can be mounted; else the first error, as mounting would meet it:
 * -EPERM for /dev/fuse and its like. */
int	doctor_run(const char *config, const char *org, FILE *out);

#endif

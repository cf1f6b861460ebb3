/*
 * doctor - finds out why an org does not mount, and what to do about it: sffs doctor.
 *
 * A list of checks, from this machine up to what the user may see in the org. Each prints a finding
 * and, below it, advice. A check that fails leaves out those that need it. Nothing is mounted, and
 * nothing changes, except that a new login (jwt, client_credentials) is saved as a mount saves it.
 *
 * Joins auth and rest. Single thread.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/*
 * file and overrides: as for config_load. json: an array of {result, text, advice}. 0: the org can
 * be mounted; else the first error, as mounting would meet it: -EPERM for /dev/fuse and the like.
 */
int	doctor_run(const char *file, const char *org, const char *overrides, bool json, FILE *out);

/*
 * section - one section of the config file, edited: the given keys change, and all else stays, byte
 * for byte. The file is replaced whole and keeps its mode and group; a new one is 0600.
 *
 * Single thread.
 */
#pragma once

#include <stddef.h>

#include "secret.h"

struct section_key {
	const char	*key;
	struct secret	 value;		/* NULL: the key stays as it is; "": its line goes */
};

/* Adds the section, and the directory and the file, if it is missing. -EINVAL: logged. */
int	section_write(const char *file, const char *org, const struct section_key *, size_t keys);

/*
 * id - Ids of Salesforce.
 *
 * Pure.
 */
#pragma once

#include <stdbool.h>

/* The Id with 18 characters; false: s is not an Id, or its checksum is wrong. The last three say
 * which of the other 15 are capitals. */
bool	id_read(const char *s, char out[19]);

/*
 * sniff - finds a text's delimiter by its first bytes.
 *
 * Reads them as cells with each candidate in turn. The candidate must occur in
 * the header; the one with which most records are as wide as the header wins.
 * In a tie the comma wins.
 *
 * Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* whole: the text ends with the sample. */
int	sniff_delimiter(const char *sample, size_t, bool whole, uint64_t max_field, char *out);
/* The length of a first line `sep=;`, which may be quoted, with its line end. 0: there is none. */
size_t	sniff_sep_line(const char *, size_t, char *delimiter);

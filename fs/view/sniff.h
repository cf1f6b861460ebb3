/*
 * sniff - which delimiter a text is written with.
 *
 * Judged by the first bytes, read as cells with each candidate in turn. A
 * candidate has to occur in the header; the one with which most records are as
 * wide as the header wins, and the comma before all others.
 *
 * Any thread.
 */
#ifndef FS_VIEW_SNIFF_H
#define FS_VIEW_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* whole: the text ends with the sample. */
int	sniff_delimiter(const char *sample, size_t, bool whole, uint64_t max_field, char *out);
/* The length of a first line `sep=;`, quoted or not, with its line end: not data. 0: there is none.
 */
size_t	sniff_sep_line(const char *, size_t, char *delimiter);

#endif

/*
 * chars - what a byte is, and how long it is in each form that a view is written in.
 *
 * Three forms: TSV (\t \n \r \\ escaped, all other bytes as they are), JSON
 * (the inside of a string; always UTF-8) and CSV (RFC 4180; always UTF-8).
 * Where a form has to be UTF-8 and the bytes are not, they are read as
 * windows-1252: each byte is a character then, and none is lost.
 *
 * Pure. Any thread.
 */
#ifndef FS_VIEW_CHARS_H
#define FS_VIEW_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool	chars_valid(const char *, size_t);		/* well-formed UTF-8 */
size_t chars_tail(const char *, size_t); /* bytes at the end that may begin a character: 0 to 3 */

/* windows-1252 as UTF-8; what it leaves open is the control character of that number. Room and end
 * as below. */
char	*chars_put_1252(char *out, const char *, size_t);

/* How long some bytes are in each form, without quotes around them. */
struct chars_lens {
	uint64_t	tsv, json, csv;
	bool		csv_quotes;	/* in CSV they need quotes around them */
};
/* Adds those of the bytes to what is there; valid: they are UTF-8. */
void	chars_measure(const char *, size_t, bool valid, struct chars_lens *);
bool	chars_csv_quotes(const char *, size_t);

/* Writes; `out` has room for CHARS_..._MOST bytes for each. The end of what was written. */
char	*chars_tsv(char *out, const char *, size_t);
char	*chars_json(char *out, const char *, size_t, bool valid);
char	*chars_csv(char *out, const char *, size_t, bool valid);

#define CHARS_1252_MOST	3
#define CHARS_TSV_MOST	2
#define CHARS_JSON_MOST	6
#define CHARS_CSV_MOST	3

#endif

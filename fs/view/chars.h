/*
 * chars - what a byte is, and what it becomes in each form that a view is written in.
 *
 * Three forms: TSV (\t \n \r \\ escaped, all other bytes as they are), JSON (the
 * inside of a string) and CSV (RFC 4180, the inside of quotes). JSON and CSV are
 * always UTF-8: bytes that are not are read as windows-1252, in which each byte is
 * a character and none is lost.
 *
 * Pure. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum chars_form { CHARS_TSV, CHARS_JSON, CHARS_CSV };

#define CHARS_MOST	6	/* a byte becomes at most so many, in any form */
#define CHARS_1252_MOST	3	/* in UTF-8 */
#define CHARS_NUMBER	20	/* digits */

bool	chars_valid(const char *, size_t);		/* well-formed UTF-8 */
size_t	chars_tail(const char *, size_t);	/* bytes at the end of a character not ended */

/* The length of some bytes in each form, without quotes around them. */
struct chars_lens {
	uint64_t	tsv, json, csv;
	bool		csv_quotes;	/* in CSV they need quotes around them */
};
/* Adds the bytes' lengths; valid: they are UTF-8. */
void	chars_measure(const char *, size_t, bool valid, struct chars_lens *);
bool	chars_csv_quotes(const char *, size_t);

/* These write to out, which has room for as many bytes as they can become, and return the end. */
char	*chars_put(char *out, enum chars_form, const char *, size_t, bool valid);
char	*chars_put_1252(char *out, const char *, size_t);	/* windows-1252 as UTF-8 */
char	*chars_put_number(char *out, uint64_t);
size_t	chars_number_length(uint64_t);			/* of what chars_put_number writes */

/* Eight bytes at once. */
#define CHARS_EACH	(UINT64_MAX / 255)	/* 1 in each of them */

static inline uint64_t
chars_eight(const char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

/*
 * value - one field of one record, and the literals of queries.
 *
 * Compares as Salesforce does: text without regard to case, Ids exactly, an empty text is null,
 * times in UTC to the millisecond.
 *
 * Pure (case folding follows LC_CTYPE). Any thread.
 */
#ifndef ORG_VALUE_H
#define ORG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/buf.h"

enum value_kind {
	VALUE_NULL, VALUE_BOOLEAN, VALUE_NUMBER, VALUE_REAL, VALUE_TEXT, VALUE_ID,
	VALUE_DATETIME,		/* number: milliseconds since 1970 */
	VALUE_DATE,		/* number: days since 1970 */
};

#define VALUE_SPACE	1040	/* 255 characters of UTF-8, and some */

struct value {
	enum value_kind	 kind;
	int64_t		 number;
	double		 real;
	const char	*text;		/* TEXT, ID: in space or borrowed */
	size_t		 len;
	char *space; /* the caller's, VALUE_SPACE bytes, where a text may be made; literals have
			none */
};

void	value_set_null(struct value *);
void	value_set_boolean(struct value *, bool);
void	value_set_number(struct value *, int64_t);
void	value_set_text(struct value *, const char *);		/* borrowed; NULL is null */
void	value_set_datetime(struct value *, int64_t ms);

/* Compares two values that are not null, of kinds that can be compared. */
int	value_order(const struct value *, const struct value *);
int	text_order(const char *, size_t, const char *, size_t);	/* without regard to case */
/* % stands for any characters, _ for one; \ escapes the next. */
bool	text_like(const char *text, size_t, const char *pattern, size_t);

void	value_put_json(struct buf *, const struct value *);

/* "2024-01-01T00:00:00.000+0000" */
void	datetime_format(int64_t ms, char out[32]);
/* A SOQL literal, 2024-01-01T00:00:00[.000](Z|+01:00|-0100). */
bool	datetime_parse(const char *, size_t, int64_t *ms);
bool	date_parse(const char *, size_t, int64_t *days);		/* 2024-01-01 */

#endif

/*
 * option - the keys of the config, each declared once.
 *
 * A row of the table in option.c gives a key's group, name, type, default value,
 * example and what it does. A new key is a row, and the member of struct config
 * of the same name. The parser, --keys, completion and sffs.conf(5) come from it.
 *
 * Knows nothing of files and of `-o`. Single thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct config;

#define OPTION_MOST	64	/* rows, at most */

struct option {
	const char	*group;		/* a heading, if a group begins here; else NULL */
	const char	*name;		/* NULL ends the table */
	size_t		 offset;	/* of the member of struct config that has its name */
	unsigned	 type;		/* option.c knows them */
	const char	*fallback;	/* NULL: none */
	const char	*example;	/* a value */
	const char	*help;		/* a sentence */
	uint64_t	 min, max;	/* of what is a number */
	const char	*choices;	/* "one|two", in the order of the enum */
	const char	*advice;	/* for a wrong value; NULL: the type's */
};

extern const struct option option_table[];

const struct option *option_find(const char *name, size_t len);	/* NULL: there is no such key */
/* The key that was probably meant; NULL: none is similar. */
const char *option_nearest(const char *name, size_t len);
/* "one|two" are literal words, "DURATION" is a placeholder. */
const char *option_values(const struct option *);
bool	option_is_flag(const struct option *);	/* without a value it means yes */
bool	option_holds_secret(const struct option *, const char *value);

/* A time from a second to `most` seconds: 90, 90s, 5m, 2h, 1d. */
bool	option_read_duration(const char *, uint64_t most, uint64_t *seconds);

int	option_set_defaults(struct config *);
/* An empty value means the default. where: "file:line" or "-o", for the log. -EINVAL: logged. */
int	option_set(struct config *, const struct option *, const char *value, const char *where);
void	option_free_values(struct config *);			/* wipes them */

void	option_help(struct buf *out);				/* --keys: two lines for each key */

/*
 * option - the keys of the config, each declared once.
 *
 * A row of the table in option.c says what a key is called, what it may be,
 * what it is when it is not given, and what --help says of it. A new key is
 * one row, and the member of struct config that has its name.
 *
 * Knows nothing of files and of `-o`. Single thread.
 */
#ifndef AUTH_OPTION_H
#define AUTH_OPTION_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct config;
struct option;

#define OPTION_MOST	64	/* keys; no more than that */

const struct option *option_find(const char *name, size_t len);	/* NULL: there is no such key */
const char *option_nearest(
    const char *name, size_t len); /* the key that was probably meant; NULL: none is like it */
const char *option_name(const struct option *);
unsigned option_number(const struct option *);			/* < OPTION_MOST */
bool option_is_flag(const struct option *); /* may be given without a value: yes */
bool	option_holds_secret(const struct option *, const char *value);

int	option_set_defaults(struct config *);
/* An empty value is the default. where: "file:line" or "-o", for the log. -EINVAL: told on the log.
 */
int	option_set(struct config *, const struct option *, const char *value, const char *where);
void	option_free_values(struct config *);			/* overwritten first */

void	option_help(struct buf *out);				/* a line a key */
void	option_mdoc(struct buf *out);				/* for the manual: an item a key */

#endif

/*
 * secret - bytes that must never be shown.
 *
 * A struct, so that no printf format takes them by accident: code that needs
 * the bytes says `.bytes`, which grep finds. Wiped when freed.
 *
 * Caller locks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct secret {
	char	*bytes;		/* NUL-terminated; NULL: none */
};

/* Up to a NUL. False: out of memory. */
bool	secret_set(struct secret *, const char *s, size_t len);
bool	secret_copy(struct secret *to, const struct secret *from);
void	secret_free(struct secret *);				/* wipes; leaves { NULL } */
bool	secret_equal(const struct secret *, const char *s);	/* in constant time */

/* The same for text that may hold a secret, as a proxy does. text NULL: none. */
bool	secret_set_text(char **to, const char *text);
void	secret_free_text(char **);

#include "secret.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

bool
secret_set(struct secret *s, const char *bytes, size_t len)
{
	char *copy = strndup(bytes, len);

	if (!copy)
		return false;
	secret_free(s);		/* only now: bytes may be a part of s */
	s->bytes = copy;
	return true;
}

bool
secret_copy(struct secret *to, const struct secret *from)
{
	return secret_set_text(&to->bytes, from->bytes);
}

void
secret_free(struct secret *s)
{
	secret_free_text(&s->bytes);
}

bool
secret_set_text(char **to, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return false;
	secret_free_text(to);
	*to = copy;
	return true;
}

void
secret_free_text(char **s)
{
	if (*s)
		explicit_bzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

bool
secret_equal(const struct secret *s, const char *other)
{
	if (!s->bytes)
		return false;
	size_t len = strlen(s->bytes);		/* a length is no secret */
	return strlen(other) == len && CRYPTO_memcmp(s->bytes, other, len) == 0;
}

#include "secret.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

bool
secret_set(struct secret *s, const char *bytes, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		return false;
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	secret_free(s);		/* only now: bytes may be a part of s */
	s->bytes = copy;
	return true;
}

bool
secret_copy(struct secret *to, const struct secret *from)
{
	if (from->bytes)
		return secret_set(to, from->bytes, strlen(from->bytes));
	secret_free(to);
	return true;
}

void
secret_free(struct secret *s)
{
	if (s->bytes)
		explicit_bzero(s->bytes, strlen(s->bytes));
	free(s->bytes);
	s->bytes = NULL;
}

bool
secret_equal(const struct secret *s, const char *other)
{
	if (!s->bytes)
		return false;
	size_t len = strlen(s->bytes);		/* a length is no secret */
	return strlen(other) == len && CRYPTO_memcmp(s->bytes, other, len) == 0;
}

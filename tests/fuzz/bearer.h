/*
 * bearer - replaces auth/token.c in a fuzz target: a token that never changes.
 *
 * Before it is included, FUZZ_INSTANCE is the URL of the org and FUZZ_RENEWED the result of a
 * renewal. Single thread.
 */
#ifndef TESTS_FUZZ_BEARER_H
#define TESTS_FUZZ_BEARER_H

#include "auth/token.h"

int
token_bearer(struct token *t, struct bearer *out)
{
	static char url[] = FUZZ_INSTANCE, secret[] = "token";

	(void)t;
	*out = (struct bearer){ .instance_url = url, .access_token = { .bytes = secret } };
	return 0;
}

void
bearer_free(struct bearer *b)
{
	(void)b;
}

int
token_renew(struct token *t, unsigned serial)
{
	(void)t, (void)serial;
	return FUZZ_RENEWED;
}

#endif

/*
 * jwt - the signed assertion of the JWT bearer flow (RFC 7523), and PKCE (RFC 7636).
 *
 * libcrypto's signing lives here. Pure but for the random source. Any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct jwt_claims {
	const char	*iss, *sub, *aud;
	int64_t		 exp;			/* seconds since 1970 */
};

/* RS256 with the private key in pem; out is empty before. -EINVAL: not an RSA key, or it has a
 * passphrase. */
int	jwt_sign(const struct jwt_claims *, const char *pem, struct buf *out);

/* Base64 with - and _ and without = at the end (RFC 7636, appendix A). */
void	jwt_put_base64url(struct buf *, const void *, size_t);

/* PKCE (RFC 7636): a new verifier of 86 characters, and the challenge S256 of one, of 43. */
#define PKCE_VERIFIER_SIZE	89	/* with padding, which is removed */
#define PKCE_CHALLENGE_SIZE	45
int	pkce_verifier(char out[PKCE_VERIFIER_SIZE]);
void	pkce_challenge(const char *verifier, char out[PKCE_CHALLENGE_SIZE]);

/*
 * jwt - the assertion of the JWT bearer flow.
 *
 * Pure. Any thread.
 */
#ifndef ORG_JWT_H
#define ORG_JWT_H

struct evp_pkey_st;

struct jwt {
	char	iss[256], sub[256], aud[256];
	double	exp;		/* seconds since 1970 */
};

/* Returns the public key of a certificate in PEM; NULL: not a certificate. EVP_PKEY_free. */
struct evp_pkey_st *jwt_key(const char *pem);
/* Makes a key and writes it to path as PEM, mode 0600. NULL: errno. EVP_PKEY_free. */
struct evp_pkey_st *jwt_make_key(const char *path);
/* -EINVAL: not RS256, not signed by this key, or a claim is missing. Takes `prn` for `sub`. */
int	jwt_verify(const char *assertion, struct evp_pkey_st *key, struct jwt *out);

#endif

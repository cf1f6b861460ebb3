#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/org/jwt.h"

#define ASSERTION_MAX	16384

struct evp_pkey_st *
jwt_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = cert ? X509_get_pubkey(cert) : NULL;

	X509_free(cert);
	BIO_free(bio);
	return key;
}

struct evp_pkey_st *
jwt_make_key(const char *path)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	int fd = key ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool good = f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1;

	if (f && fclose(f) != 0)
		good = false;
	if (good)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* Decodes strict base64url without padding, and adds a NUL. Caller frees. NULL: malformed. */
static unsigned char *
decode(const char *s, size_t n, size_t *len)
{
	char *text = malloc(n + 4);
	unsigned char *out = malloc(n + 4);
	size_t padded = (n + 3) / 4 * 4;
	int got = -1;

	if (!text || !out || n == 0 || n % 4 == 1)
		goto out;
	for (size_t i = 0; i < padded; i++) {
		if (i < n && (s[i] == '+' || s[i] == '/' || s[i] == '='))
			goto out;
		text[i] = i >= n ? '=' : s[i] == '-' ? '+' : s[i] == '_' ? '/' : s[i];
	}
	got = EVP_DecodeBlock(out, (unsigned char *)text, (int)padded);
out:
	free(text);
	if (got < 0) {
		free(out);
		return NULL;
	}
	*len = (size_t)got - (padded - n);
	out[*len] = '\0';
	return out;
}

static cJSON *
decode_json(const char *s, size_t n)
{
	size_t len;
	unsigned char *text = decode(s, n, &len);
	cJSON *json = text ? cJSON_ParseWithLength((char *)text, len) : NULL;

	free(text);
	return json;
}

static bool
take_string(const cJSON *json, const char *name, char out[256])
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

	return s && (size_t)snprintf(out, 256, "%s", s) < 256;
}

static bool
is_rs256(const char *header, size_t n)
{
	cJSON *json = decode_json(header, n);
	const char *alg = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "alg"));
	bool good = alg && strcmp(alg, "RS256") == 0;

	cJSON_Delete(json);
	return good;
}

static bool
is_signed(const char *text, size_t n, const char *signature, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len;
	unsigned char *bytes = decode(signature, strlen(signature), &len);
	bool good = ctx && bytes && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, bytes, len, (const unsigned char *)text, n) == 1;

	free(bytes);
	EVP_MD_CTX_free(ctx);
	return good;
}

int
jwt_verify(const char *assertion, EVP_PKEY *key, struct jwt *out)
{
	const char *claims = strchr(assertion, '.');
	const char *signature = claims ? strchr(claims + 1, '.') : NULL;
	struct jwt jwt;

	if (!signature || strlen(assertion) > ASSERTION_MAX ||
	    !is_rs256(assertion, (size_t)(claims - assertion)) ||
	    !is_signed(assertion, (size_t)(signature - assertion), signature + 1, key))
		return -EINVAL;
	cJSON *json = decode_json(claims + 1, (size_t)(signature - claims - 1));
	const cJSON *exp = cJSON_GetObjectItemCaseSensitive(json, "exp");
	bool good = take_string(json, "iss", jwt.iss) &&
	    (take_string(json, "sub", jwt.sub) || take_string(json, "prn", jwt.sub)) &&
	    take_string(json, "aud", jwt.aud) && (cJSON_IsNumber(exp) || cJSON_IsString(exp));
	if (good) {
		/* simple-salesforce sends a text. */
		jwt.exp = cJSON_IsString(exp) ? strtod(exp->valuestring, NULL) : exp->valuedouble;
		*out = jwt;
	}
	cJSON_Delete(json);
	return good ? 0 : -EINVAL;
}

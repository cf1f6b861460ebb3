#include "jwt.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

void
jwt_put_base64url(struct buf *out, const void *bytes, size_t n)
{
	static const char table[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *p = bytes;

	for (; n; p += n < 3 ? n : 3, n -= n < 3 ? n : 3) {
		unsigned long v = (unsigned long)p[0] << 16 |
		    (n > 1 ? (unsigned long)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);

		for (size_t i = 0; i < (n < 3 ? n + 1 : 4); i++)
			buf_putc(out, table[v >> (18 - 6 * i) & 63]);
	}
}

/* A daemon has nobody to ask for a passphrase: without this, OpenSSL would read the terminal. */
static int
no_passphrase(char *out, int size, int writing, void *ctx)
{
	(void)out, (void)size, (void)writing, (void)ctx;
	return -1;
}

static EVP_PKEY *
read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

	BIO_free(bio);
	return key;
}

/* Signs what out has from begin on, and puts the signature behind it. */
static int
put_signature(EVP_PKEY *key, struct buf *out, size_t begin)
{
	unsigned char signature[1024];		/* of a key of 8192 bits */
	size_t n = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = ctx ? 0 : -ENOMEM;

	if (rc == 0 &&
	    (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
		EVP_DigestSign(ctx, signature, &n, (const unsigned char *)out->data + begin,
		    out->len - begin) != 1))
		rc = -EINVAL;
	if (rc == 0) {
		buf_putc(out, '.');
		jwt_put_base64url(out, signature, n);
	}
	explicit_bzero(signature, sizeof(signature));
	EVP_MD_CTX_free(ctx);
	return rc;
}

int
jwt_sign(const struct jwt_claims *claims, const char *pem, struct buf *out)
{
	static const char header[] = "{\"alg\":\"RS256\"}";
	struct buf body = BUF_INIT;
	size_t begin = out->len;
	EVP_PKEY *key = read_key(pem);
	int rc = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? 0 : -EINVAL;

	if (rc < 0)
		goto out;
	buf_puts(&body, "{\"iss\":");
	buf_put_json_text(&body, claims->iss);
	buf_puts(&body, ",\"sub\":");
	buf_put_json_text(&body, claims->sub);
	buf_puts(&body, ",\"aud\":");
	buf_put_json_text(&body, claims->aud);
	buf_printf(&body, ",\"exp\":%lld}", (long long)claims->exp);
	jwt_put_base64url(out, header, strlen(header));
	buf_putc(out, '.');
	jwt_put_base64url(out, buf_str(&body), body.len);
	if (out->failed || body.failed) {
		rc = -ENOMEM;
		goto out;
	}
	rc = put_signature(key, out, begin);
	if (rc == 0 && out->failed)
		rc = -ENOMEM;
out:
	EVP_PKEY_free(key);
	buf_free(&body);
	return rc;
}

static int
base64url_into(const void *bytes, size_t n, char *out, size_t size)
{
	struct buf text = BUF_INIT;
	int rc = 0;

	jwt_put_base64url(&text, bytes, n);
	if (text.failed || text.len >= size)
		rc = -ENOMEM;
	else
		memcpy(out, text.data, text.len + 1);
	buf_wipe(&text);
	return rc;
}

int
pkce_verifier(char out[PKCE_VERIFIER_SIZE])
{
	unsigned char random[64];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return -EIO;
	int rc = base64url_into(random, sizeof(random), out, PKCE_VERIFIER_SIZE);
	explicit_bzero(random, sizeof(random));
	return rc;
}

int
pkce_challenge(const char *verifier, char out[PKCE_CHALLENGE_SIZE])
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)verifier, strlen(verifier), hash);
	return base64url_into(hash, sizeof(hash), out, PKCE_CHALLENGE_SIZE);
}

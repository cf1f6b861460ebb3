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
	if (!buf_reserve(out, (n + 2) / 3 * 4))
		return;
	unsigned char *to = (unsigned char *)out->data + out->len;
	int len = EVP_EncodeBlock(to, bytes, (int)n);

	while (len > 0 && to[len - 1] == '=')
		len--;
	for (int i = 0; i < len; i++)
		to[i] = to[i] == '+' ? '-' : to[i] == '/' ? '_' : to[i];
	to[len] = '\0';
	out->len += (size_t)len;
}

/* Without this callback OpenSSL would ask for a passphrase on the terminal. */
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

/* Signs what out has from begin on, and appends the signature. */
static int
put_signature(EVP_PKEY *key, struct buf *out, size_t begin)
{
	unsigned char signature[1024];		/* for a key of 8192 bits */
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

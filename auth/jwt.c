#include "jwt.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

/* Writes base64url and a NUL, for which `to` has room with the padding. Returns the length. */
static size_t
encode(char *to, const void *bytes, size_t n)
{
	int len = EVP_EncodeBlock((unsigned char *)to, bytes, (int)n);

	while (len > 0 && to[len - 1] == '=')
		len--;
	for (int i = 0; i < len; i++)
		to[i] = to[i] == '+' ? '-' : to[i] == '/' ? '_' : to[i];
	to[len] = '\0';
	return (size_t)len;
}

void
jwt_put_base64url(struct buf *out, const void *bytes, size_t n)
{
	if (buf_reserve(out, (n + 2) / 3 * 4))
		out->len += encode(out->data + out->len, bytes, n);
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

/* Appends the signature of what out has. */
static int
put_signature(EVP_PKEY *key, struct buf *out)
{
	unsigned char signature[1024];		/* for a key of 8192 bits */
	size_t n = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = ctx ? 0 : -ENOMEM;

	if (ctx &&
	    (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
		EVP_DigestSign(ctx, signature, &n, (unsigned char *)out->data, out->len) != 1))
		rc = -EINVAL;
	EVP_MD_CTX_free(ctx);
	if (rc < 0)
		return rc;
	buf_putc(out, '.');
	jwt_put_base64url(out, signature, n);
	return out->failed ? -ENOMEM : 0;
}

int
jwt_sign(const struct jwt_claims *claims, const char *pem, struct buf *out)
{
	static const char header[] = "{\"alg\":\"RS256\"}";
	struct buf body = BUF_INIT;
	EVP_PKEY *key = read_key(pem);
	int rc = -EINVAL;

	if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
		buf_puts(&body, "{\"iss\":");
		buf_put_json_text(&body, claims->iss);
		buf_puts(&body, ",\"sub\":");
		buf_put_json_text(&body, claims->sub);
		buf_puts(&body, ",\"aud\":");
		buf_put_json_text(&body, claims->aud);
		buf_printf(&body, ",\"exp\":%" PRId64 "}", claims->exp);
		jwt_put_base64url(out, header, strlen(header));
		buf_putc(out, '.');
		jwt_put_base64url(out, buf_str(&body), body.len);
		rc = out->failed || body.failed ? -ENOMEM : put_signature(key, out);
	}
	EVP_PKEY_free(key);
	buf_free(&body);
	return rc;
}

int
pkce_verifier(char out[PKCE_VERIFIER_SIZE])
{
	unsigned char random[64];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return -EIO;
	encode(out, random, sizeof(random));
	explicit_bzero(random, sizeof(random));
	return 0;
}

void
pkce_challenge(const char *verifier, char out[PKCE_CHALLENGE_SIZE])
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)verifier, strlen(verifier), hash);
	encode(out, hash, sizeof(hash));
}

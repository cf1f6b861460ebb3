#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "auth/log.h"

#include "hash.h"

#define PIECE	(64 * 1024)	/* stays in the core's cache between the read and the hash */

EVP_MD *
hash_load(void)
{
	EVP_MD *md5 = EVP_MD_fetch(NULL, "MD5", NULL);

	if (!md5)
		log_error("store", "this system's OpenSSL refuses MD5: nothing can be checked");
	return md5;
}

void
hash_unload(EVP_MD *md5)
{
	EVP_MD_free(md5);
}

int
hash_begin(struct hash *h, const EVP_MD *md5)
{
	h->done = 0;
	if (!h->md && !(h->md = EVP_MD_CTX_new()))
		return -ENOMEM;
	return EVP_DigestInit_ex(h->md, md5, NULL) == 1 ? 0 : -ENOMEM;
}

int
hash_to(struct hash *h, int fd, uint64_t end)
{
	unsigned char piece[PIECE];

	while (h->done < end) {
		size_t want = end - h->done < PIECE ? (size_t)(end - h->done) : PIECE;
		ssize_t n = pread(fd, piece, want, (off_t)h->done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		EVP_DigestUpdate(h->md, piece, (size_t)n);
		h->done += (uint64_t)n;
	}
	return 0;
}

bool
hash_is(struct hash *h, const char *hex)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	char text[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned n = 0;

	if (EVP_DigestFinal_ex(h->md, md, &n) != 1)
		return false;
	for (unsigned i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", md[i]);
	return strcasecmp(text, hex) == 0;
}

void
hash_end(struct hash *h)
{
	EVP_MD_CTX_free(h->md);
	h->md = NULL;
}

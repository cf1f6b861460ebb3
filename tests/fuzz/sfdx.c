/* SFDX auth URLs that are pasted, and URLs from outside: accepted or refused. */
#include <string.h>

#include "auth/host.h"
#include "auth/sfdx.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sfdx_url url = { 0 };
	struct secret secret = { 0 };
	char *text = malloc(size + 1), host[HOST_SIZE];
	unsigned port;
	bool https;

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (sfdx_url_parse(text, &url) == 0)
		MUST(url.host && *url.host && !strpbrk(url.host, "/@ \r\n") &&
		    url.refresh_token.bytes);
	sfdx_url_free(&url);
	if (sfdx_value(text, "accessToken", &secret) == 0)
		MUST(secret.bytes);
	secret_free(&secret);
	if (host_of_url(text, host, &https, &port)) {
		MUST(*host && strlen(host) < HOST_SIZE && !strpbrk(host, "/@ \r\n\\"));
		if (!https && !host_is_loopback(host))
			MUST(!host_may_hold_token(text, "https://acme.my.salesforce.com"));
	}
	free(text);
	return 0;
}

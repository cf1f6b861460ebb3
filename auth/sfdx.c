#include "sfdx.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define ALNUM	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* The length of [A-Za-z0-9._-]*={0,2}; 0: more =. */
static size_t
word_len(const char *s)
{
	size_t n = strspn(s, ALNUM "._-");
	size_t pad = strspn(s + n, "=");

	return pad > 2 ? 0 : n + pad;
}

static int
parse_url(const char *s, struct sfdx_url *out)
{
	static const char scheme[] = "force://";
	struct sfdx_url u = { 0 };

	if (strncmp(s, scheme, strlen(scheme)) != 0)
		return -EINVAL;
	const char *id = s + strlen(scheme);
	size_t id_len = word_len(id);
	if (id_len == 0 || id[id_len] != ':')
		return -EINVAL;
	const char *secret = id + id_len + 1;
	size_t secret_len = word_len(secret);
	if (secret[secret_len] != ':')
		return -EINVAL;
	const char *token = secret + secret_len + 1;
	size_t token_len = word_len(token);
	if (token_len == 0 || token[token_len] != '@')
		return -EINVAL;
	const char *host = token + token_len + 1;
	size_t host_len = strspn(host, ALNUM ":._-");
	if (host_len == 0 || host[host_len] != '\0')
		return -EINVAL;

	u.client_id = strndup(id, id_len);
	u.host = strndup(host, host_len);
	if (!u.client_id || !u.host || !secret_set(&u.refresh_token, token, token_len) ||
	    (secret_len && !secret_set(&u.client_secret, secret, secret_len))) {
		sfdx_url_free(&u);
		return -ENOMEM;
	}
	*out = u;
	return 0;
}

int
sfdx_url_parse(const char *text, struct sfdx_url *out)
{
	static const char blank[] = " \t\r\n";
	const char *begin = text + strspn(text, blank);
	struct secret url = { NULL };
	size_t len = strlen(begin);
	int rc = 0;

	while (len && strchr(blank, begin[len - 1]))
		len--;
	if (*begin == '{')
		rc = sfdx_value(begin, "sfdxAuthUrl", &url);
	else if (!secret_set(&url, begin, len))
		rc = -ENOMEM;
	if (rc == 0)
		rc = parse_url(url.bytes, out);
	secret_free(&url);
	return rc;
}

void
sfdx_url_free(struct sfdx_url *u)
{
	free(u->client_id);
	free(u->host);
	secret_free(&u->client_secret);
	secret_free(&u->refresh_token);
	*u = (struct sfdx_url){ 0 };
}

int
sfdx_value(const char *text, const char *name, struct secret *out)
{
	cJSON *json = cJSON_Parse(text);
	char *value = json_string(json, name);
	int rc = -EINVAL;

	if (!value)
		value = json_string(cJSON_GetObjectItemCaseSensitive(json, "result"), name);
	if (value && *value)
		rc = secret_set(out, value, strlen(value)) ? 0 : -ENOMEM;
	if (value)
		explicit_bzero(value, strlen(value));
	cJSON_Delete(json);
	return rc;
}

#include "sfdx.h"

#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static int
parse_url(const char *s, struct sfdx_url *out)
{
	static const char pattern[] = "^[[:space:]]*force://([A-Za-z0-9._-]+={0,2}):"
	    "([A-Za-z0-9._-]*={0,2}):([A-Za-z0-9._-]+={0,2})@([A-Za-z0-9:._-]+)[[:space:]]*$";
	enum { ALL, ID, SECRET, TOKEN, HOST, PARTS };
	regmatch_t at[PARTS];
	regex_t url;
	int rc = -ENOMEM;

	if (regcomp(&url, pattern, REG_EXTENDED) != 0)
		return rc;
	if (regexec(&url, s, PARTS, at, 0) != 0)
		rc = -EINVAL;
#define PART(i)	s + at[i].rm_so, (size_t)(at[i].rm_eo - at[i].rm_so)
	else if ((out->client_id = strndup(PART(ID))) && (out->host = strndup(PART(HOST))) &&
	    secret_set(&out->refresh_token, PART(TOKEN)) &&
	    (at[SECRET].rm_so == at[SECRET].rm_eo || secret_set(&out->client_secret, PART(SECRET))))
		rc = 0;
#undef PART
	regfree(&url);
	return rc;
}

int
sfdx_url_parse(const char *text, struct sfdx_url *out)
{
	struct secret url = { NULL };
	int rc = 0;

	if (text[strspn(text, " \t\r\n")] != '{')
		return parse_url(text, out);
	rc = sfdx_value(text, "sfdxAuthUrl", &url);
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

size_t
sfdx_logins(const char *text, struct sfdx_login out[SFDX_LOGINS])
{
	cJSON *json = cJSON_Parse(text), *row;
	size_t n = 0;

	cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "result")) {
		const char *name = json_string(row, "username"), *alias = json_string(row, "alias");
		const char *url = json_string(row, "instanceUrl");
		char *token = json_string(row, "accessToken");

		if (token)
			explicit_bzero(token, strlen(token));
		if (!name || !*name || !url || !*url || json_string(row, "error") ||
		    n == SFDX_LOGINS)
			continue;
		const size_t len = strlen(url);
		out[n] = (struct sfdx_login){ .username = strdup(name),
			.alias = strdup(alias ? alias : ""),
			.url = strndup(url, len - (url[len - 1] == '/')) };
		n += out[n].username && out[n].alias && out[n].url;
	}
	cJSON_Delete(json);
	return n;
}

void
sfdx_logins_free(struct sfdx_login *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(l[i].username);
		free(l[i].alias);
		free(l[i].url);
	}
}

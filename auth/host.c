#include "host.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool
host_of_url(const char *url, char out[HOST_SIZE], bool *https, unsigned *port)
{
	*port = 0;
	*https = strncmp(url, "https://", 8) == 0;
	if (!*https && strncmp(url, "http://", 7) != 0)
		return false;
	const char *host = url + (*https ? 8 : 7);
	size_t n =
	    host[0] == '[' ? strspn(host + 1, "0123456789abcdefABCDEF:.") + 2 : strcspn(host, ":");
	if (n < 2 || n >= HOST_SIZE || (host[0] == '[' && host[n - 1] != ']'))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)host[i];

		if (host[0] != '[' && !isalnum(c) && c != '-' && c != '.')
			return false;
		out[i] = (char)tolower(c);
	}
	if (out[n - 1] == '.')
		out[n - 1] = '\0';
	out[n] = '\0';
	if (host[n] == ':') {
		char *end;
		unsigned long p = strtoul(host + n + 1, &end, 10);

		if (!isdigit((unsigned char)host[n + 1]) || *end != '\0' || p == 0 || p > 65535)
			return false;
		*port = (unsigned)p;
	} else if (host[n] != '\0') {
		return false;
	}
	return out[0] != '\0' && out[0] != '.' && !strstr(out, "..");
}

bool
host_is_loopback(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
	    strcmp(host, "[::1]") == 0;
}

/* Whether host ends in the suffix, which begins with a dot. */
static bool
is_below(const char *host, const char *suffix)
{
	size_t n = strlen(host), m = strlen(suffix);

	return n > m && strcmp(host + n - m, suffix) == 0;
}

/* Such as na123.salesforce.com, the host of an org before all had a My Domain. */
static bool
is_instance(const char *host)
{
	size_t letters = strspn(host, "abcdefghijklmnopqrstuvwxyz");
	size_t digits = strspn(host + letters, "0123456789");

	return letters >= 2 && digits >= 1 &&
	    strcmp(host + letters + digits, ".salesforce.com") == 0;
}

bool
host_may_hold_token(const char *instance_url, const char *login_url)
{
	static const char *const suffixes[] = { ".my.salesforce.com", ".my.salesforce.mil",
		".my.sfcrmproducts.cn" };
	char host[HOST_SIZE], login[HOST_SIZE];
	bool https, login_https;
	unsigned port, login_port;

	if (!host_of_url(instance_url, host, &https, &port) ||
	    !host_of_url(login_url, login, &login_https, &login_port))
		return false;
	/* The simulated org. A real one is never on this machine. */
	if (host_is_loopback(host) || host_is_loopback(login))
		return host_is_loopback(host) && host_is_loopback(login) && https == login_https;
	if (!https || (port != 0 && port != 443))
		return false;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (is_below(host, suffixes[i]))
			return true;
	/* An Experience Cloud site only if the user named it. */
	return is_instance(host) || (is_below(host, ".my.site.com") && strcmp(host, login) == 0);
}

bool
host_my_domain(const char *host, char out[HOST_SIZE])
{
	static const char *const pages[] = { ".lightning.force.com", ".my.salesforce-setup.com" };
	static const char home[] = ".my.salesforce.com";

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		const char *end = strstr(host, pages[i]);
		size_t n = end ? (size_t)(end - host) : 0;

		if (end && end[strlen(pages[i])] == '\0' && n + sizeof(home) <= HOST_SIZE) {
			snprintf(out, HOST_SIZE, "%.*s%s", (int)n, host, home);
			return true;
		}
	}
	return false;
}

/* What comes after the first label, when that is all that somebody says. */
static const char *
rest_of_my_domain(const char *label)
{
	if (strstr(label, "--"))
		return ".sandbox.my.salesforce.com";
	return is_below(label, "-dev-ed") ? ".develop.my.salesforce.com" : ".my.salesforce.com";
}

const char *
host_login_url(const char *text, char out[HOST_SIZE + 16])
{
	const char *scheme = strstr(text, "://"), *from = scheme ? scheme + 3 : text;
	const size_t n = strcspn(from, "/?#");
	char url[HOST_SIZE + 16], host[HOST_SIZE], mine[HOST_SIZE] = "";
	const char *rest = "";
	bool https;
	unsigned port;

	snprintf(url, sizeof(url), "https://%.*s", (int)n, from);
	if (n >= HOST_SIZE || !host_of_url(url, host, &https, &port))
		return "not the address of a Salesforce page";
	if (host_is_loopback(host)) {
		snprintf(out, sizeof(url), "%.*s%.*s", scheme ? (int)(from - text) : 7,
		    scheme ? text : "http://", (int)n, from);
		return NULL;
	}
	if (strcmp(host, "login.salesforce.com") == 0 || strcmp(host, "test.salesforce.com") == 0)
		return "every org shares this page, and it does not know an app that only your org "
		       "has; give the address that the browser shows once you are logged in";
	if (!strchr(host, '.'))
		rest = rest_of_my_domain(host);
	else if (!host_my_domain(host, mine) && is_below(host, ".force.com"))
		return "this host serves pages only; Setup > My Domain shows the right one";
	snprintf(out, sizeof(url), "https://%.*s%s", HOST_SIZE - 32, *mine ? mine : host, rest);
	return NULL;
}

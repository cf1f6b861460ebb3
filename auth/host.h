/*
 * host - which hosts may get a token.
 *
 * Anyone can own an org below .my.salesforce.com, so a name alone allows
 * nothing: a token goes to the host that came with it (instance_url), and these
 * rules say which such hosts are trusted.
 *
 * Pure. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HOST_SIZE	254	/* the longest name, and a NUL */

/*
 * The host of "scheme://host[:port]", in lower case, without a final dot, with the [] of an IPv6
 * address. *port: 0 if the URL has none. False: the URL has more parts, or no valid host.
 */
bool	host_of_url(const char *url, char out[HOST_SIZE], bool *https, unsigned *port);
bool	host_is_loopback(const char *host);

/* Whether an org that was reached at login_url may say that its API is at instance_url. */
bool	host_may_hold_token(const char *instance_url, const char *login_url);

/* The My Domain of an org whose Lightning or Setup pages are at host. False: no such host. */
bool	host_my_domain(const char *host, char out[HOST_SIZE]);
/*
 * The login_url for what a person has at hand: "acme", "acme--dev" (a sandbox), a host, or the
 * address of any page of the org. NULL, or why there is none, for the person.
 */
const char *host_login_url(const char *text, char out[HOST_SIZE + 16]);

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/data.h"
#include "tests/org/fault.h"
#include "tests/org/http.h"
#include "tests/org/jwt.h"
#include "tests/org/login.h"
#include "tests/org/org.h"
#include "tests/org/refusal.h"
#include "tests/org/reply.h"
#include "tests/org/rest.h"
#include "tests/org/soap.h"
#include "tests/org/token.h"
#include "tests/org/oauth.h"

#define SESSION_LIFE	7200	/* seconds, as in introspection */

/* The client */

static const char *
bearer(const struct request *q)
{
	const char *header = request_header(q, "Authorization");

	if (!header)
		return NULL;
	if (strncasecmp(header, "Bearer ", 7) == 0)
		return header + 7;
	return strncasecmp(header, "OAuth ", 6) == 0 ? header + 6 : NULL;
}

/* The time at or before which issued tokens have ended, by a setting in seconds; 0: they never
 * end. */
static int64_t
oldest(struct org *org, enum setting life)
{
	int64_t seconds = settings_get(&org->settings, life);

	return seconds ? org_now(org) - seconds * 1000 : INT64_MIN;
}

static bool
find_access(struct org *org, const char *token, struct holder *out)
{
	return token && token_find(org->tokens, token, oldest(org, SETTING_TOKEN_LIFE), out);
}

bool
oauth_check(struct org *org, const struct request *q, struct reply *r, unsigned *user)
{
	const char *token = bearer(q);
	struct holder holder;

	if (find_access(org, token, &holder)) {
		*user = holder.user;
		if (holder.scopes & SCOPE_API)
			return true;
		reply_error(r, "INVALID_SESSION_ID",
		    "This session is not valid for use with the REST API");
	} else if (token && strncmp(token, "00D", 3) != 0 && strncmp(token, "eyJ", 3) != 0) {
		reply_error(r, "INVALID_AUTH_HEADER", NULL);
	} else {
		reply_error(r, "INVALID_SESSION_ID", NULL);
	}
	return false;
}

/* The client's id and secret, of the form or of Basic. Caller frees. */
static void
client_of(const struct request *q, char **id, char **secret)
{
	const char *header = request_header(q, "Authorization");
	unsigned char text[512];

	*id = request_form(q, "client_id");
	*secret = request_form(q, "client_secret");
	if (!header || strncasecmp(header, "Basic ", 6) != 0)
		return;
	size_t len = strlen(header + 6);
	if (len == 0 || len % 4 != 0 || len / 4 * 3 >= sizeof(text))
		return;
	int n = EVP_DecodeBlock(text, (const unsigned char *)header + 6, (int)len);
	if (n < 0)
		return;
	text[n] = '\0';
	char *colon = strchr((char *)text, ':');
	if (!colon)
		return;
	*colon = '\0';
	free(*id);
	free(*secret);
	*id = strdup((char *)text);
	*secret = strdup(colon + 1);
}

/* Checks the app and, if required, its secret. */
static bool
check_client(struct org *org, const struct request *q, struct reply *r, bool secret_required)
{
	char *id = NULL, *secret = NULL;
	bool good = false;

	client_of(q, &id, &secret);
	if (!id || strcmp(id, org->client_id) != 0)
		reply_refusal(r, REFUSAL_CLIENT_ID);
	else if (secret ? strcmp(secret, org->client_secret) != 0 : secret_required)
		reply_refusal(r, REFUSAL_CLIENT);
	else
		good = true;
	free(id);
	free(secret);
	return good;
}

/* Whether the host is the org's own; another one is the login host, which has only some flows. */
static bool
is_my_domain(struct org *org, const struct request *q)
{
	const char *host = request_header(q, "Host");

	return host && (strcasecmp(host, org->host) == 0 || strcasecmp(host, org->other_host) == 0);
}

/* Answers with a token */

void
oauth_identity(const struct org *org, unsigned user, char out[128])
{
	char id[ID_SIZE];

	id_make("005", user, id);
	snprintf(out, 128, "%s/id/%s/%s", org->url, org->id, id);
}

static void
put_signature(struct org *org, const char *signed_text, struct buf *out)
{
	unsigned char mac[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!HMAC(EVP_sha256(), org->client_secret, (int)strlen(org->client_secret),
		(const unsigned char *)signed_text, strlen(signed_text), mac, &len))
		out->failed = true;
	EVP_EncodeBlock(text, mac, (int)len);
	buf_put_json(out, (char *)text, strlen((char *)text));
}

/* Answers a login that has met all conditions. refresh NULL: no refresh token. */
static void
reply_token(struct org *org, struct reply *r, const struct holder *holder, const char *refresh)
{
	char token[TOKEN_SIZE], identity[128], text[160];
	const char *instance = org_instance(org);

	if (!login_count(org->tokens, holder->user, org_now(org),
		settings_get(&org->settings, SETTING_LOGIN_LIMIT))) {
		reply_refusal(r, REFUSAL_RATE);
		return;
	}
	if (!token_give(org->tokens, org->id, holder, token)) {
		reply_error(r, "UNKNOWN_EXCEPTION", NULL);
		return;
	}
	oauth_identity(org, holder->user, identity);
	snprintf(text, sizeof(text), "%s%lld", identity, (long long)holder->issued);
	r->type = REPLY_JSON;
	reply_header(r, "Cache-Control: no-cache, no-store");
	buf_printf(&r->body, "{\"access_token\":\"%s\",\"signature\":", token);
	put_signature(org, text, &r->body);
	if (refresh)
		buf_printf(&r->body, ",\"refresh_token\":\"%s\"", refresh);
	buf_puts(&r->body, ",\"scope\":\"");
	scopes_put(holder->scopes, &r->body);
	buf_printf(&r->body,
	    "\",\"instance_url\":\"%s\",\"id\":\"%s\",\"token_type\":\"Bearer\","
	    "\"issued_at\":\"%lld\"}",
	    instance, identity, (long long)holder->issued);
}

/* The flows */

static void
client_credentials(struct org *org, const struct request *q, struct reply *r)
{
	const struct settings *s = &org->settings;
	struct holder holder = { .user = DATA_RUN_AS, .scopes = SCOPE_API, .issued = org_now(org) };

	if (!is_my_domain(org, q))
		reply_refusal(r, REFUSAL_DOMAIN);
	else if (!check_client(org, q, r, true))
		return;
	else if (!settings_get(s, SETTING_FLOW_ENABLED))
		reply_refusal(r, REFUSAL_NO_FLOW);
	else if (!settings_get(s, SETTING_RUN_AS))
		reply_refusal(r, REFUSAL_NO_RUN_AS);
	else if (!settings_get(s, SETTING_SCOPES))
		reply_refusal(r, REFUSAL_NO_SCOPES);
	else if (!settings_get(s, SETTING_APPROVED))
		reply_refusal(r, REFUSAL_NOT_APPROVED);
	else
		reply_token(org, r, &holder, NULL);
}

/* Whether the challenge was made of this verifier, by S256. */
static bool
verifies(const char *challenge, const char *verifier)
{
	unsigned char digest[SHA256_DIGEST_LENGTH], text[64];

	SHA256((const unsigned char *)verifier, strlen(verifier), digest);
	int n = EVP_EncodeBlock(text, digest, sizeof(digest));
	while (n > 0 && text[n - 1] == '=')
		n--;
	text[n] = '\0';
	for (int i = 0; i < n; i++)
		text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	return strcmp(challenge, (char *)text) == 0;
}

static void
authorization_code(struct org *org, const struct request *q, struct reply *r)
{
	char *code = request_form(q, "code"), *redirect = request_form(q, "redirect_uri"),
	     *verifier = request_form(q, "code_verifier");
	char refresh[TOKEN_SIZE];
	bool secret_required = settings_get(&org->settings, SETTING_SECRET_WEB);
	struct asked asked;

	/* A client needs a secret or a verifier. */
	if (!check_client(org, q, r, secret_required || !verifier))
		goto out;
	int rc =
	    code ? code_take(org->tokens, code, oldest(org, SETTING_CODE_LIFE), &asked) : -ENOENT;
	if (rc == 0) {
		struct holder holder = {
			.user = asked.user, .scopes = asked.scopes, .issued = org_now(org)
		};
		bool wants_refresh = asked.scopes & SCOPE_REFRESH;

		if (!redirect || strcmp(redirect, asked.redirect_uri) != 0)
			reply_refusal(r, redirect ? REFUSAL_REDIRECT : REFUSAL_NO_REDIRECT);
		else if (asked.challenge[0] && !(verifier && verifies(asked.challenge, verifier)))
			reply_refusal(r, REFUSAL_INVALID_VERIFIER);
		else if (wants_refresh && !approval_give(org->tokens, &holder, refresh))
			reply_error(r, "UNKNOWN_EXCEPTION", NULL);
		else
			reply_token(org, r, &holder, wants_refresh ? refresh : NULL);
	} else {
		reply_refusal(r, rc == -EALREADY ? REFUSAL_EXPIRED_CODE : REFUSAL_INVALID_CODE);
	}
out:
	free(code);
	free(redirect);
	free(verifier);
}

static void
refresh_token(struct org *org, const struct request *q, struct reply *r)
{
	char *token = request_form(q, "refresh_token"), fresh[TOKEN_SIZE];
	bool rotate = settings_get(&org->settings, SETTING_ROTATE);
	uint64_t hold = fault_hold_now(org->faults);
	struct holder holder;

	if (!check_client(org, q, r, settings_get(&org->settings, SETTING_SECRET_REFRESH)))
		goto out;
	int rc =
	    token ? refresh_begin(org->tokens, token, oldest(org, SETTING_REFRESH_IDLE)) : -ENOENT;
	if (rc == 0) {
		fault_pause(org->faults, hold,
		    (unsigned)settings_get(&org->settings, SETTING_REFRESH_TIME));
		rotate = rotate && refresh_make(fresh);
		rc = refresh_end(org->tokens, token, rotate ? fresh : NULL, org_now(org), &holder);
	}
	if (rc == 0)
		reply_token(org, r, &holder, rotate ? fresh : NULL);
	else
		reply_refusal(r, rc == -EBUSY ? REFUSAL_BUSY : REFUSAL_EXPIRED_TOKEN);
out:
	free(token);
}

/* An assertion may be for the login hosts, the org, or its token endpoint. */
static bool
is_audience(const struct org *org, const char *aud)
{
	size_t n = strlen(org->url);

	if (strcmp(aud, "https://login.salesforce.com") == 0)
		return true;
	return strncmp(aud, org->url, n) == 0 &&
	    (aud[n] == '\0' || strcmp(aud + n, "/services/oauth2/token") == 0);
}

static void
jwt_bearer(struct org *org, const struct request *q, struct reply *r)
{
	char *assertion = request_form(q, "assertion"), *scope = request_form(q, "scope");
	const struct settings *s = &org->settings;
	struct holder holder = { .scopes = SCOPE_API | SCOPE_WEB, .issued = org_now(org) };
	struct jwt jwt;

	if (!org->jwt_key)
		reply_refusal(r, REFUSAL_GRANT_TYPE);
	else if (scope)
		reply_refusal(r, REFUSAL_SCOPE_PARAM);
	else if (!assertion || jwt_verify(assertion, org->jwt_key, &jwt) != 0)
		reply_refusal(r, REFUSAL_ASSERTION);
	else if (strcmp(jwt.iss, org->client_id) != 0)
		reply_refusal(r, REFUSAL_CLIENT_ID);
	else if (!is_audience(org, jwt.aud))
		reply_refusal(r, REFUSAL_AUDIENCE);
	else if (jwt.exp * 1000 <= (double)holder.issued)
		reply_refusal(r, REFUSAL_EXPIRED_CODE);
	else if (!data_find_user(jwt.sub, &holder.user) || !settings_get(s, SETTING_CONSENTED))
		reply_refusal(r, REFUSAL_NOT_CONSENTED);
	else if (!settings_get(s, SETTING_APPROVED))
		reply_refusal(r, REFUSAL_NOT_APPROVED);
	else
		reply_token(org, r, &holder, NULL);
	free(assertion);
	free(scope);
}

/* Blocked, as in every org since Summer '23. */
static void
password(struct org *org, const struct request *q, struct reply *r)
{
	(void)org;
	(void)q;
	reply_refusal(r, REFUSAL_BAD_LOGIN);
}

static const struct {
	const char *type;
	void (*serve)(struct org *, const struct request *, struct reply *);
} grants[] = {
	{ "authorization_code", authorization_code },
	{ "refresh_token", refresh_token },
	{ "client_credentials", client_credentials },
	{ "urn:ietf:params:oauth:grant-type:jwt-bearer", jwt_bearer },
	{ "password", password },
};

static void
serve_token(struct org *org, const struct request *q, struct reply *r)
{
	const char *content = request_header(q, "Content-Type");
	bool is_form =
	    content && strncasecmp(content, "application/x-www-form-urlencoded", 33) == 0;
	char *type = is_form ? request_form(q, "grant_type") : NULL;
	bool found = false;

	if (strcmp(q->method, "POST") != 0) {
		reply_refusal(r, REFUSAL_USE_POST);
		goto out;
	}
	for (size_t i = 0; type && !found && i < sizeof(grants) / sizeof(grants[0]); i++) {
		found = strcmp(grants[i].type, type) == 0;
		if (found)
			grants[i].serve(org, q, r);
	}
	if (!found)
		reply_refusal(r, REFUSAL_GRANT_TYPE);
out:
	free(type);
}

/* The other paths */

static void
serve_revoke(struct org *org, const struct request *q, struct reply *r)
{
	const char *param = request_param(q, "token", NULL);
	char *form = request_form(q, "token");

	if (!token_revoke(org->tokens, form ? form : param ? param : ""))
		reply_oauth_error(r, "invalid_token", NULL);
	free(form);
}

static void
serve_introspect(struct org *org, const struct request *q, struct reply *r)
{
	char *token = request_form(q, "token"), identity[128];
	struct holder holder;

	if (!check_client(org, q, r, true))
		goto out;
	r->type = REPLY_JSON;
	if (!find_access(org, token, &holder) &&
	    !(token &&
		approval_find(org->tokens, token, oldest(org, SETTING_REFRESH_IDLE), &holder))) {
		buf_puts(&r->body, "{\"active\":false}");
		goto out;
	}
	int64_t issued = holder.issued / 1000;
	oauth_identity(org, holder.user, identity);
	buf_puts(&r->body, "{\"active\":true,\"scope\":\"");
	scopes_put(holder.scopes, &r->body);
	buf_printf(&r->body,
	    "\",\"client_id\":\"%s\",\"username\":\"%s\",\"sub\":\"%s\","
	    "\"token_type\":\"access_token\",\"exp\":%lld,\"iat\":%lld,\"nbf\":%lld}",
	    org->client_id, data_user(holder.user)->username, identity,
	    (long long)issued + SESSION_LIFE, (long long)issued, (long long)issued);
out:
	free(token);
}

/* version: of the API, or "{version}" if the request has none. */
static void
put_urls(struct org *org, const char *version, struct buf *out)
{
	static const char *const rest[][2] = {
		{ "rest", "" },
		{ "sobjects", "sobjects/" },
		{ "search", "search/" },
		{ "query", "query/" },
		{ "recent", "recent/" },
	};

	buf_puts(out, "\"urls\":{");
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		buf_printf(out, "%s\"%s\":\"%s/services/data/v", i ? "," : "", rest[i][0],
		    org_instance(org));
		for (const char *s = version; *s; s++)
			if (*s != '"' && *s != '\\' && (unsigned char)*s >= ' ')
				buf_putc(out, *s);
		buf_printf(out, "/%s\"", rest[i][1]);
	}
	buf_puts(out, "}");
}

/* Answers the identity URL and userinfo alike, with the fields of both. */
static void
serve_identity(struct org *org, const struct request *q, struct reply *r)
{
	const char *version = request_param(q, "version", NULL);
	char id[ID_SIZE], identity[128], newest[8];
	struct holder holder;

	if (!find_access(org, bearer(q), &holder)) {
		r->status = 403;
		r->type = "text/plain";
		buf_puts(&r->body, "Bad_OAuth_Token");
		return;
	}
	const struct person *u = data_user(holder.user);
	id_make("005", holder.user, id);
	oauth_identity(org, holder.user, identity);
	r->type = REPLY_JSON;
	buf_printf(&r->body,
	    "{\"id\":\"%s\",\"sub\":\"%s\",\"asserted_user\":true,\"user_id\":\"%s\","
	    "\"organization_id\":\"%s\",",
	    identity, identity, id, org->id);
	buf_printf(&r->body,
	    "\"username\":\"%s\",\"preferred_username\":\"%s\",\"nick_name\":\"%s\","
	    "\"nickname\":\"%s\",\"display_name\":\"%s %s\",\"name\":\"%s %s\",\"email\":\"%s\","
	    "\"email_verified\":true,\"first_name\":\"%s\",\"last_name\":\"%s\",",
	    u->username, u->username, u->alias, u->alias, u->first, u->last, u->first, u->last,
	    u->username, u->first, u->last);
	buf_puts(&r->body, "\"timezone\":\"GMT\",\"zoneinfo\":\"GMT\",");
	snprintf(newest, sizeof(newest), "%u.0", REST_NEWEST);
	put_urls(org,
	    !version			       ? "{version}" :
		strcmp(version, "latest") == 0 ? newest :
						 version,
	    &r->body);
	buf_puts(&r->body,
	    ",\"active\":true,\"user_type\":\"STANDARD\",\"language\":\"en_US\","
	    "\"locale\":\"en_US\",\"utcOffset\":0}");
}

static const struct {
	const char *path;
	void (*serve)(struct org *, const struct request *, struct reply *);
} paths[] = {
	{ "/services/oauth2/token", serve_token },
	{ "/services/oauth2/revoke", serve_revoke },
	{ "/services/oauth2/introspect", serve_introspect },
	{ "/services/oauth2/userinfo", serve_identity },
};

void
oauth_serve(struct org *org, const struct request *q, struct reply *r)
{
	char identity[32];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (strcmp(q->path, paths[i].path) == 0) {
			paths[i].serve(org, q, r);
			return;
		}
	}
	if (strncmp(q->path, SOAP_PATH, strlen(SOAP_PATH)) == 0) {
		soap_serve(org, q, r);
		return;
	}
	if (login_serve(org, q, r))
		return;
	snprintf(identity, sizeof(identity), "/id/%s/005", org->id);
	if (strncmp(q->path, identity, strlen(identity)) == 0) {
		serve_identity(org, q, r);
		return;
	}
	r->status = 404;
	r->type = "text/html";
	buf_puts(&r->body,
	    "<html><head><title>404</title></head><body>URL No Longer Exists</body></html>\n");
}

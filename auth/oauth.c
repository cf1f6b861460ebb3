#include "oauth.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "config.h"
#include "host.h"
#include "http.h"
#include "json.h"
#include "jwt.h"
#include "log.h"

#define TOTAL_TIMEOUT	60		/* seconds */
#define BODY_LIMIT	(256 * 1024)
#define FORM_ROOM	16384		/* a form has secrets: growing would leave copies behind */
#define JWT_LIFE	180		/* seconds */
#define KEY_MAX		65536
#define SHOWN		160		/* bytes of the org's text in a message */

void
oauth_grant_free(struct oauth_grant *g)
{
	secret_free(&g->access_token);
	secret_free(&g->refresh_token);
	free(g->instance_url);
	free(g->scope);
	*g = (struct oauth_grant){ 0 };
}

/*
 * Errors.
 */

/* The first row that fits counts. */
static const struct known {
	const char *error;		/* NULL: any */
	const char *fragments;		/* "this|that" of "error description", any case; NULL: any */
	enum oauth_kind kind;
	const char *remedy;
} errors[] = {
	{ NULL, "token request is already being processed", OAUTH_BUSY,
	    "another program is renewing the same login" },
	{ NULL, "login rate exceeded|number of logins exceeded|rate_limit_exceeded", OAUTH_RATE,
	    "too many logins of this user; sffs asks again in an hour" },
	{ "invalid_grant", "expired access/refresh token", OAUTH_DEAD,
	    "the login was revoked, has expired, or was pushed out by a user's sixth login; "
	    "log in again" },
	{ "invalid_grant", "expired authorization code", OAUTH_REFUSED,
	    "the code was too old or used before: log in again; with flow = jwt the clock of "
	    "this machine is wrong" },
	{ "invalid_grant", "invalid authorization code", OAUTH_REFUSED,
	    "the code did not arrive whole: log in again" },
	{ "invalid_grant", "code verifier", OAUTH_REFUSED,
	    "the code belongs to another login: log in again" },
	{ "invalid_grant", "authentication failure", OAUTH_REFUSED,
	    "the user may be deactivated; Setup > Login History shows why" },
	{ "invalid_grant", "ip restricted", OAUTH_REFUSED,
	    "an admin allows this machine's address and the hour in the profile's Login IP "
	    "Ranges and Login Hours, "
	    "or relaxes IP in the app's policies" },
	{ NULL, "inactive user|inactive_user", OAUTH_REFUSED,
	    "an admin reactivates or unfreezes the user" },
	{ NULL, "inactive organization|inactive_org", OAUTH_REFUSED,
	    "the org is suspended; its admin knows why" },
	{ "invalid_grant", "approved this consumer", OAUTH_REFUSED,
	    "an admin sets the app's Permitted Users to pre-authorized and assigns it to the "
	    "user's profile or a permission set" },
	{ "invalid_grant", "not supported on this domain", OAUTH_REFUSED,
	    "login_url must be the org's My Domain (Setup > My Domain), as "
	    "https://acme.my.salesforce.com" },
	{ "invalid_grant", "no client credentials user enabled", OAUTH_REFUSED,
	    "an admin names a Run As user in the app's policies, by exact Username" },
	{ NULL, "client credentials flow not enabled", OAUTH_REFUSED,
	    "an admin enables the client credentials flow in the app's settings" },
	{ "invalid_grant", "no valid scopes", OAUTH_REFUSED,
	    "an admin adds the scope api to the app" },
	{ "invalid_grant", "audience", OAUTH_REFUSED, "login_url must be the org's My Domain" },
	{ "invalid_grant", "invalid assertion", OAUTH_REFUSED,
	    "private_key must be the key of the certificate that the app has, username a "
	    "user of this org" },
	{ "invalid_grant", NULL, OAUTH_REFUSED, "Setup > Login History shows why" },
	{ NULL, "invalid_app_access|OAUTH_APP_ACCESS_DENIED", OAUTH_REFUSED,
	    "an admin assigns the user's profile or a permission set in the app's policies" },
	{ "invalid_client_id", NULL, OAUTH_REFUSED,
	    "client_id must be the app's Consumer Key, of an app in this org; a new app "
	    "works only after two to ten minutes" },
	{ "invalid_client", NULL, OAUTH_REFUSED,
	    "client_secret is wrong or missing; it is the Consumer Secret in the app's OAuth "
	    "settings" },
	{ NULL, "redirect_uri_mismatch|redirect_uri_missing", OAUTH_REFUSED,
	    "the app must have redirect_uri as a Callback URL, exactly as it is in the config" },
	{ "unsupported_grant_type", NULL, OAUTH_REFUSED,
	    "an admin enables the flow in the app's settings; login_url must be the org's My "
	    "Domain" },
	{ "unsupported_response_type", NULL, OAUTH_REFUSED,
	    "an admin enables the authorization code flow in the app's settings" },
	{ "invalid_request", "code challenge", OAUTH_REFUSED,
	    "the app wants PKCE, which the web flow has; check client_id" },
	{ "invalid_scope", NULL, OAUTH_REFUSED,
	    "an admin adds the scopes api and refresh_token to the app" },
	{ NULL, "access_denied|access-denied", OAUTH_REFUSED,
	    "Deny was chosen in the browser; log in again and choose Allow" },
	{ "OAUTH_EC_APP_NOT_FOUND", NULL, OAUTH_REFUSED,
	    "the app is of another org: login_url must be the My Domain of the org in which "
	    "the app was made" },
	{ "OAUTH_AUTHORIZATION_BLOCKED", NULL, OAUTH_REFUSED,
	    "the browser is logged in to another org: use a private window, and the org's My "
	    "Domain as login_url" },
	{ "OAUTH_APP_BLOCKED", NULL, OAUTH_REFUSED,
	    "an admin unblocks the app in Setup > Connected Apps OAuth Usage" },
	{ "OAUTH_APPROVAL_ERROR_GENERIC", NULL, OAUTH_REFUSED,
	    "the app is not installed in this org, lacks the scopes api and refresh_token, "
	    "or the user is for the API only" },
	{ "unknown_error", NULL, OAUTH_FAULT, "try again in a moment" },
	{ NULL, NULL, OAUTH_REFUSED, "Setup > Login History shows why" },
};

static bool
matches_error(const struct known *k, const char *error, const char *description)
{
	char text[640], fragments[128], *rest = fragments;

	if (k->error && strcasecmp(k->error, error) != 0)
		return false;
	if (!k->fragments)
		return true;
	snprintf(text, sizeof(text), "%s %s", error, description);
	snprintf(fragments, sizeof(fragments), "%s", k->fragments);
	for (const char *s; (s = strsep(&rest, "|"));)
		if (strcasestr(text, s))
			return true;
	return false;
}

static int
errno_of(enum oauth_kind kind)
{
	switch (kind) {
	case OAUTH_BUSY: case OAUTH_FAULT: return -EAGAIN;
	case OAUTH_UNREACHABLE: return -EHOSTUNREACH;
	default: return -EACCES;
	}
}

int
oauth_explain(const char *error, const char *description, struct oauth_failure *out)
{
	const struct known *k = errors;

	error = error ? error : "";
	description = description ? description : "";
	while (!matches_error(k, error, description))
		k++;
	*out = (struct oauth_failure){ .kind = k->kind,
		.not_yet = strcasecmp(error, "invalid_client_id") == 0,
		.audience = strcasestr(description, "audience") != NULL };
	snprintf(out->text, sizeof(out->text), "Salesforce says %.*s%s%.*s: %s", SHOWN, error,
	    *error && *description ? ", " : "", SHOWN, description, k->remedy);
	return errno_of(k->kind);
}

/* A failure that Salesforce did not report as an error of the login. */
__attribute__((format(printf, 3, 4)))
static int
fail_login(struct oauth_failure *f, enum oauth_kind kind, const char *fmt, ...)
{
	va_list ap;

	*f = (struct oauth_failure){ .kind = kind };
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return errno_of(kind);
}

/*
 * Answers.
 */

/* Moves a token out of the answer. False: out of memory, or a byte that no header may have. */
static bool
take_token(const cJSON *object, const char *name, struct secret *out)
{
	char *s = json_string(object, name);
	bool good = true;

	if (!s || !*s)
		return true;
	for (const char *p = s; *p; p++)
		good = good && *p > ' ' && *p < 0x7f;
	good = good && secret_set(out, s, strlen(s));
	explicit_bzero(s, strlen(s));
	return good;
}

/* Reads an Id of 18 characters, or of 15: the last three say which of the others are capitals. */
static bool
read_id(const char *s, size_t n, const char *prefix, char out[19])
{
	static const char table[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

	if ((n != 15 && n != 18) || strncmp(s, prefix, 3) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]))
			return false;
	for (size_t i = 0; n == 15 && i < 3; i++) {
		unsigned bits = 0;

		for (size_t j = 0; j < 5; j++)
			bits |= (unsigned)(isupper((unsigned char)s[5 * i + j]) != 0) << j;
		out[15 + i] = table[bits];
	}
	memcpy(out, s, n);
	out[18] = '\0';
	return true;
}

/* https://login.salesforce.com/id/ORG/USER */
static bool
read_identity(const char *url, struct oauth_grant *g)
{
	const char *user = url ? strrchr(url, '/') : NULL;
	const char *org = user ? memrchr(url, '/', (size_t)(user - url)) : NULL;

	return org && read_id(org + 1, (size_t)(user - org - 1), "00D", g->org_id) &&
	    read_id(user + 1, strlen(user + 1), "005", g->user_id);
}

static int
read_grant(
    const cJSON *json, const char *login_url, struct oauth_grant *out, struct oauth_failure *f)
{
	struct oauth_grant g = { 0 };
	const char *instance = json_string(json, "instance_url"), *scope = json_string(json, "scope");
	int rc = 0;

	if (!take_token(json, "access_token", &g.access_token) ||
	    !take_token(json, "refresh_token", &g.refresh_token) || !g.access_token.bytes ||
	    !instance || !read_identity(json_string(json, "id"), &g)) {
		rc = fail_login(f, OAUTH_UNREACHABLE,
		    "%s answered without a token, an instance_url or an id: is login_url right?",
		    login_url);
		goto out;
	}
	if (!host_may_hold_token(instance, login_url)) {
		rc = fail_login(f, OAUTH_REFUSED,
		    "%s names %.*s as the org's host, which is not Salesforce's: no token is sent there",
		    login_url, SHOWN, instance);
		goto out;
	}
	g.instance_url = strdup(instance);
	g.scope = scope ? strdup(scope) : NULL;
	if (!g.instance_url || (scope && !g.scope))
		rc = -ENOMEM;
out:
	if (rc == 0)
		*out = g;
	else
		oauth_grant_free(&g);
	return rc;
}

int
oauth_read_answer(int status, const char *body, const char *login_url, struct oauth_grant *out,
    struct oauth_failure *f)
{
	cJSON *json = cJSON_Parse(body);
	const char *error = json_string(json, "error");
	int rc;

	if (error)
		rc = oauth_explain(error, json_string(json, "error_description"), f);
	else if (status == 200 && cJSON_IsObject(json))
		rc = read_grant(json, login_url, out, f);
	else if (status >= 300 && status < 400)
		rc = fail_login(f, OAUTH_UNREACHABLE,
		    "%s answered with a redirect (%d), which is not followed: "
		    "login_url must be the org's My Domain",
		    login_url, status);
	else if (status >= 500 || status == 429)
		rc = fail_login(f, OAUTH_FAULT, "%s answered %d; its status is on status.salesforce.com",
		    login_url, status);
	else
		rc = fail_login(f, OAUTH_UNREACHABLE,
		    "%s answered %d, but not as a login does: is login_url right?", login_url,
		    status);
	cJSON_Delete(json);
	return rc;
}

/*
 * Flows: each fills the form in its way.
 */

static void
put_form_field(struct buf *form, const char *name, const char *value)
{
	buf_printf(form, "%s%s=", form->len ? "&" : "", name);
	buf_put_url(form, value, strlen(value));
}

/* Without a secret nothing is sent: Salesforce refuses an empty one. */
static int
put_client(const struct oauth_request *q, struct buf *form)
{
	const struct config *c = q->config;
	const struct secret *secret = q->client_id ? q->client_secret : &c->client_secret;
	struct secret printed = { NULL };
	int rc = 0;

	if (!q->client_id && c->client_secret_cmd) {
		rc = command_secret("client_secret_cmd", c->client_secret_cmd, &printed);
		secret = &printed;
	}
	if (rc == 0) {
		put_form_field(form, "client_id", q->client_id ? q->client_id : c->client_id);
		if (secret && secret->bytes)
			put_form_field(form, "client_secret", secret->bytes);
	}
	secret_free(&printed);
	return rc;
}

static int
web_form(const struct oauth_request *q, struct buf *form)
{
	put_form_field(form, "code", q->code->bytes);
	put_form_field(form, "redirect_uri", q->config->redirect_uri);
	put_form_field(form, "code_verifier", q->verifier);
	return put_client(q, form);
}

static int
refresh_form(const struct oauth_request *q, struct buf *form)
{
	put_form_field(form, "refresh_token", q->refresh_token->bytes);
	return put_client(q, form);
}

static int
client_credentials_form(const struct oauth_request *q, struct buf *form)
{
	return put_client(q, form);
}

static int
read_key_file(const char *path, struct secret *out)
{
	struct buf text = BUF_INIT;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (rc == 0 && (st.st_mode & 07)) {
		rc = log_invalid("login",
		    "private_key = %s: every user of this machine can use it: chmod 600 %s", path,
		    path);
		goto out;
	}
	if (rc == 0)
		rc = buf_read(&text, fd, KEY_MAX);
	if (rc == 0)
		rc = secret_set(out, text.data, text.len) ? 0 : -ENOMEM;
	if (rc < 0 && rc != -ENOMEM)
		rc = log_invalid("login", "private_key = %s: %s%s", path, strerror(-rc),
		    rc == -EACCES ? "; if it was replaced under a mount, mount again" : "");
out:
	if (fd >= 0)
		close(fd);
	buf_wipe(&text);
	return rc;
}

/*
 * The audience of a JWT. Salesforce's documents name the login host, and some orgs want login_url:
 * the first one is tried first.
 */
static const char *
jwt_audience(const struct config *c, unsigned number)
{
	char host[HOST_SIZE];
	bool https;
	unsigned port;

	if (number > 0 || !host_of_url(c->login_url, host, &https, &port) ||
	    strstr(host, ".my.site.com"))
		return c->login_url;
	return strcmp(host, "test.salesforce.com") == 0 || strstr(host, "--") ||
		strstr(host, ".sandbox.my.") || strstr(host, ".scratch.my.") ?
	    "https://test.salesforce.com" :
	    "https://login.salesforce.com";
}

static int
jwt_form(const struct oauth_request *q, struct buf *form)
{
	const struct config *c = q->config;
	struct secret key = { NULL };
	struct buf assertion = BUF_INIT;
	int rc = c->private_key_cmd ? command_secret("private_key_cmd", c->private_key_cmd, &key) :
				      read_key_file(c->private_key, &key);

	if (rc < 0)
		return rc;
	buf_reserve(&assertion, FORM_ROOM);
	rc = jwt_sign(&(struct jwt_claims){ .iss = c->client_id,
			  .sub = c->username,
			  .aud = jwt_audience(c, q->audience),
			  .exp = time(NULL) + JWT_LIFE },
	    key.bytes, &assertion);
	if (rc == -EINVAL)
		log_error("login", "%s: not an RSA private key in PEM without a passphrase",
		    c->private_key_cmd ? "private_key_cmd" : c->private_key);
	if (rc == 0)
		put_form_field(form, "assertion", assertion.data);
	secret_free(&key);
	buf_wipe(&assertion);
	return rc;
}

static const struct flow {
	const char *grant_type;
	int (*fill_form)(const struct oauth_request *, struct buf *);
	unsigned audiences;
} flows[OAUTH_FLOWS] = {
	[OAUTH_WEB] = { "authorization_code", web_form, 1 },
	[OAUTH_JWT] = { "urn:ietf:params:oauth:grant-type:jwt-bearer", jwt_form, 2 },
	[OAUTH_CLIENT_CREDENTIALS] = { "client_credentials", client_credentials_form, 1 },
	[OAUTH_REFRESH] = { "refresh_token", refresh_form, 1 },
};

/*
 * Requests.
 */

/* Maps an error of http to one that callers tell apart. */
static int
no_answer(int rc, const char *base, const struct http_response *a, struct oauth_failure *f)
{
	if (rc == -EINTR || rc == -ENOMEM)
		return rc;
	int failed = fail_login(f, rc == -ECONNRESET ? OAUTH_FAULT : OAUTH_UNREACHABLE,
	    "%s is out of reach: %s", base, *a->error ? a->error : strerror(-rc));
	return rc == -ETIMEDOUT ? rc : failed;
}

/* form: NULL for a GET. */
static int
call_endpoint(struct http *http, const char *base, const char *path, const struct buf *form,
    const struct secret *bearer, struct http_response *a, struct oauth_failure *f)
{
	static const char *const headers[] = { "Accept: application/json", NULL };
	struct buf url = BUF_INIT;
	int rc = -ENOMEM;

	buf_printf(&url, "%s/services/oauth2/%s", base, path);
	*a = (struct http_response){ 0 };
	if (!url.failed && !(form && form->failed)) {
		rc = http_do(http,
		    &(struct http_request){ .url = buf_str(&url),
			.form = form,
			.bearer = bearer,
			.headers = headers,
			.total_timeout = TOTAL_TIMEOUT,
			.body_limit = BODY_LIMIT },
		    a);
		if (rc < 0)
			rc = no_answer(rc, base, a, f);
	}
	buf_free(&url);
	return rc;
}

static int
request_grant(struct http *http, const struct oauth_request *q, struct oauth_grant *out,
    struct oauth_failure *f)
{
	const char *login_url = q->config->login_url;
	struct http_response a = { 0 };
	struct buf form = BUF_INIT;

	buf_reserve(&form, FORM_ROOM);
	put_form_field(&form, "grant_type", flows[q->flow].grant_type);
	int rc = flows[q->flow].fill_form(q, &form);
	if (rc == 0)
		rc = call_endpoint(http, login_url, "token", &form, NULL, &a, f);
	if (rc == 0)
		rc = oauth_read_answer(a.status, buf_str(&a.body), login_url, out, f);
	buf_wipe(&form);
	http_response_free(&a);
	return rc;
}

int
oauth_ask(struct http *http, const struct oauth_request *request, struct oauth_grant *out,
    struct oauth_failure *f)
{
	struct oauth_request q = *request;
	int rc = 0;

	for (q.audience = 0; q.audience < flows[q.flow].audiences; q.audience++) {
		*f = (struct oauth_failure){ 0 };
		rc = request_grant(http, &q, out, f);
		if (rc != -EACCES || !f->audience)
			break;
	}
	return rc;
}

int
oauth_authorize_url(
    const struct config *c, const char *state, const char *challenge, struct buf *out)
{
	struct buf query = BUF_INIT;

	put_form_field(&query, "response_type", "code");
	put_form_field(&query, "client_id", c->client_id);
	put_form_field(&query, "redirect_uri", c->redirect_uri);
	put_form_field(&query, "scope", "api refresh_token");
	put_form_field(&query, "state", state);
	put_form_field(&query, "code_challenge", challenge);
	put_form_field(&query, "code_challenge_method", "S256");
	put_form_field(&query, "prompt", "login");
	if (c->username)
		put_form_field(&query, "login_hint", c->username);
	buf_printf(out, "%s/services/oauth2/authorize?%s", c->login_url, buf_str(&query));
	int rc = query.failed || out->failed ? -ENOMEM : 0;
	buf_free(&query);
	return rc;
}

int
oauth_revoke(struct http *http, const char *login_url, const struct secret *token)
{
	struct oauth_failure failure;
	struct http_response a = { 0 };
	struct buf form = BUF_INIT;

	buf_reserve(&form, FORM_ROOM);
	put_form_field(&form, "token", token->bytes);
	int rc = call_endpoint(http, login_url, "revoke", &form, NULL, &a, &failure);
	if (rc == -EAGAIN || (rc == 0 && a.status != 200 && a.status != 400))
		rc = -EHOSTUNREACH;
	buf_wipe(&form);
	http_response_free(&a);
	return rc;
}

static int
read_userinfo(const struct http_response *a, struct oauth_identity *out)
{
	cJSON *json = a->status == 200 ? cJSON_Parse(buf_str(&a->body)) : NULL;
	const char *name = json_string(json, "preferred_username");
	const char *org = json_string(json, "organization_id"), *user = json_string(json, "user_id");
	struct oauth_identity who = { 0 };
	int rc = a->status >= 500 ? -EHOSTUNREACH : -ENODATA;

	/* This endpoint reports an invalid token in plain text. */
	if (a->status == 401 || (a->status == 403 && strstr(buf_str(&a->body), "Bad_OAuth_Token")))
		rc = -EACCES;
	else if (name && org && user && read_id(org, strlen(org), "00D", who.org_id) &&
	    read_id(user, strlen(user), "005", who.user_id))
		rc = (who.username = strdup(name)) ? 0 : -ENOMEM;
	cJSON_Delete(json);
	if (rc == 0)
		*out = who;
	return rc;
}

int
oauth_identify(struct http *http, const char *instance_url, const struct secret *access_token,
    struct oauth_identity *out)
{
	struct oauth_failure failure;
	struct http_response a;
	int rc = call_endpoint(http, instance_url, "userinfo", NULL, access_token, &a, &failure);

	if (rc == 0)
		rc = read_userinfo(&a, out);
	http_response_free(&a);
	return rc == -EAGAIN ? -EHOSTUNREACH : rc;
}

void
oauth_identity_free(struct oauth_identity *who)
{
	free(who->username);
	*who = (struct oauth_identity){ 0 };
}

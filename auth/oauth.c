#include "oauth.h"

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
#include "id.h"
#include "json.h"
#include "jwt.h"
#include "log.h"
#include "utf8.h"

#define BODY_LIMIT	(256 * 1024)
#define FORM_ROOM	16384		/* a form has secrets: growing would leave copies behind */
#define JWT_LIFE	180		/* seconds */
#define KEY_MAX		65536
#define SHOWN		240		/* bytes of the org's text in a message, at most */

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

/* The first row that fits counts. Most have no kind: that is OAUTH_REFUSED. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const struct known {
	const char *fragments;	/* "this|that" of error or description, any case; NULL: any */
	const char *remedy;
	enum oauth_kind kind;
} errors[] = {
	{ "token request is already being processed", "another program is renewing the same login",
	    OAUTH_BUSY },
	{ "login rate exceeded|number of logins exceeded|rate_limit_exceeded",
	    "too many logins of this user; sffs asks again in an hour", OAUTH_RATE },
	{ "expired access/refresh token",
	    "the login was revoked, has expired, or was pushed out by a user's sixth login; "
	    "log in again",
	    OAUTH_DEAD },
	{ "expired authorization code",
	    "the code was too old or used before: log in again; with flow = jwt the clock of "
	    "this machine is wrong" },
	{ "invalid authorization code|code verifier",
	    "the code is incomplete or belongs to another login: log in again" },
	{ "ip restricted",
	    "an admin allows this machine's address and the hour in the profile's Login IP "
	    "Ranges and Login Hours, or relaxes IP in the app's policies" },
	{ "inactive user|inactive_user", "an admin reactivates or unfreezes the user" },
	{ "inactive organization|inactive_org", "the org is suspended; its admin knows why" },
	{ "approved this consumer|invalid_app_access|OAUTH_APP_ACCESS_DENIED",
	    "an admin sets the app's Permitted Users to pre-authorized and assigns it to the "
	    "user's profile or a permission set" },
	{ "not supported on this domain|audience",
	    "login_url must be the org's My Domain (Setup > My Domain), as "
	    "https://acme.my.salesforce.com" },
	{ "no client credentials user enabled",
	    "an admin names a Run As user in the app's policies, by exact Username" },
	{ "flow not enabled|unsupported_grant_type|unsupported_response_type",
	    "an admin enables this flow in the app's settings; login_url must be the org's My "
	    "Domain" },
	{ "no valid scopes|invalid_scope",
	    "an admin adds the scope api to the app, and refresh_token for flow = web" },
	{ "invalid assertion",
	    "private_key must be the key of the certificate that the app has, username a "
	    "user of this org" },
	{ "invalid_client_id",
	    "check client_id for typos: it must be the Consumer Key of an app in this org; a new "
	    "app works only after two to ten minutes, sometimes thirty" },
	{ "invalid_client", "client_secret must be the Consumer Secret in the app's settings" },
	{ "redirect_uri_mismatch|redirect_uri_missing",
	    "the app must have redirect_uri as a Callback URL, exactly as it is in the config" },
	{ "access_denied|access-denied",
	    "Deny was chosen in the browser; log in again and choose Allow" },
	{ "OAUTH_EC_APP_NOT_FOUND",
	    "login_url must be the My Domain of the org in which the app was made" },
	{ "OAUTH_AUTHORIZATION_BLOCKED",
	    "the browser is logged in to another org: use a private window, and the org's My "
	    "Domain as login_url" },
	{ "OAUTH_APP_BLOCKED", "an admin unblocks the app in Setup > Connected Apps OAuth Usage" },
	{ "OAUTH_APPROVAL_ERROR_GENERIC",
	    "the app is not installed in this org, lacks the scopes api and refresh_token, "
	    "or the user is for the API only" },
	{ "unknown_error", "try again in a moment", OAUTH_FAULT },
	{ NULL, "Setup > Login History shows why" },
};

static bool
matches_error(const struct known *k, const char *text)
{
	const char *s = k->fragments;
	char fragment[64];
	int n = 0;

	if (!s)
		return true;
	for (; sscanf(s, "%63[^|]%n", fragment, &n) == 1; s += n + (s[n] == '|'))
		if (strcasestr(text, fragment))
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
	char code[SHOWN], text[SHOWN];

	error = error ? error : "";
	description = description ? description : "";
	while (!matches_error(k, error) && !matches_error(k, description))
		k++;
	utf8_show_all(code, sizeof(code), error);
	utf8_show_all(text, sizeof(text), description);
	*out = (struct oauth_failure){ .kind = k->kind,
		.app = strncasecmp(error, "invalid_client", 14) == 0,
		.not_yet = strcasecmp(error, "invalid_client_id") == 0,
		.audience = strcasestr(description, "audience") != NULL };
	snprintf(out->text, sizeof(out->text), "Salesforce says %s%s%s: %s", code,
	    *code && *text ? ", " : "", text, k->remedy);
	return errno_of(k->kind);
}

int
oauth_fail(struct oauth_failure *f, enum oauth_kind kind, const char *fmt, ...)
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

/* https://login.salesforce.com/id/ORG/USER */
static bool
read_identity(const char *url, char org_id[19], char user_id[19])
{
	const char *ids = url ? strstr(url, "/id/") : NULL;
	char org[20], user[20], more;

	return ids && sscanf(ids, "/id/%19[^/]/%19[^/]%c", org, user, &more) == 2 &&
	    id_read(org, org_id) && id_read(user, user_id) && strncmp(org, "00D", 3) == 0 &&
	    strncmp(user, "005", 3) == 0;
}

int
oauth_read_answer(int status, const char *body, const char *login_url, struct oauth_grant *out,
    struct oauth_failure *f)
{
	cJSON *json = cJSON_Parse(body);
	const char *error = json_string(json, "error"), *scope = json_string(json, "scope");
	const char *description = json_string(json, "error_description");
	const char *instance = json_string(json, "instance_url");
	struct oauth_grant g = { 0 };
	int rc = 0;

	if (error && (description || status <= 400)) {
		rc = oauth_explain(error, description, f);
	} else if (status >= 500 || status == 429) {
		rc = oauth_fail(f, OAUTH_FAULT,
		    "%s answered %d; its status is on status.salesforce.com",
		    login_url, status);
	} else if (status != 200 || !take_token(json, "access_token", &g.access_token) ||
	    !take_token(json, "refresh_token", &g.refresh_token) || !g.access_token.bytes ||
	    !instance || !read_identity(json_string(json, "id"), g.org_id, g.user_id)) {
		rc = oauth_fail(f, OAUTH_UNREACHABLE,
		    "%s answered %d, but not as a login does: "
		    "login_url must be the org's My Domain",
		    login_url, status);
	} else if (!host_may_hold_token(instance, login_url)) {
		char shown[SHOWN];

		utf8_show_all(shown, sizeof(shown), instance);
		rc = oauth_fail(f, OAUTH_REFUSED,
		    "%s names %s as the org's host, which is not Salesforce's: "
		    "no token is sent there",
		    login_url, shown);
	} else {
		g.instance_url = strdup(instance);
		g.scope = scope ? strdup(scope) : NULL;
		rc = !g.instance_url || (scope && !g.scope) ? -ENOMEM : 0;
	}
	if (rc == 0)
		*out = g;
	else
		oauth_grant_free(&g);
	cJSON_Delete(json);
	return rc;
}

/*
 * Flows.
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
read_key_file(const char *path, struct secret *out)
{
	struct buf text = BUF_INIT;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (rc == 0)
		rc = buf_read(&text, fd, KEY_MAX);
	if (rc == 0 && (st.st_mode & 07))
		rc = log_invalid("login",
		    "private_key = %s: every user of this machine can use it: chmod 600 %s", path,
		    log_word(path).s);
	else if (rc == 0)
		rc = secret_set(out, text.data, text.len) ? 0 : -ENOMEM;
	else if (rc != -ENOMEM)
		rc = log_invalid("login", "private_key = %s: %s%s", path, strerror(-rc),
		    rc == -EACCES ? "; if it was replaced under a mount, mount again" : "");
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
put_assertion(const struct oauth_request *q, struct buf *form)
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

static int
fill_form(const struct oauth_request *q, struct buf *form)
{
	static const char *const grant_types[OAUTH_FLOWS] = {
		[OAUTH_WEB] = "authorization_code",
		[OAUTH_JWT] = "urn:ietf:params:oauth:grant-type:jwt-bearer",
		[OAUTH_CLIENT_CREDENTIALS] = "client_credentials",
		[OAUTH_REFRESH] = "refresh_token",
	};

	put_form_field(form, "grant_type", grant_types[q->flow]);
	if (q->flow == OAUTH_JWT)
		return put_assertion(q, form);
	if (q->flow == OAUTH_WEB) {
		put_form_field(form, "code", q->code->bytes);
		put_form_field(form, "redirect_uri", q->config->redirect_uri);
		put_form_field(form, "code_verifier", q->verifier);
	}
	if (q->flow == OAUTH_REFRESH)
		put_form_field(form, "refresh_token", q->refresh_token->bytes);
	return put_client(q, form);
}

/*
 * Requests.
 */

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
			.body_limit = BODY_LIMIT },
		    a);
		if (rc < 0 && rc != -EINTR && rc != -EMFILE && rc != -ENOMEM) {
			int failed = oauth_fail(f,
			    rc == -ECONNRESET ? OAUTH_FAULT : OAUTH_UNREACHABLE,
			    "%s is out of reach: %s", base, a->error);
			rc = rc == -ETIMEDOUT ? rc : failed;
		}
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
	int rc = fill_form(q, &form);
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
	int rc;

	q.audience = 0;
	do {
		*f = (struct oauth_failure){ 0 };
		rc = request_grant(http, &q, out, f);
	} while (rc == -EACCES && f->audience && q.flow == OAUTH_JWT && q.audience++ == 0);
	return rc;
}

int
oauth_authorize_url(
    const struct config *c, const char *state, const char *challenge, struct buf *out)
{
	const char *const fields[][2] = {
		{ "response_type", "code" },
		{ "client_id", c->client_id },
		{ "redirect_uri", c->redirect_uri },
		{ "scope", "api refresh_token" },
		{ "state", state },
		{ "code_challenge", challenge },
		{ "code_challenge_method", "S256" },
		{ "prompt", "login" },
		{ "login_hint", c->username },
	};
	struct buf query = BUF_INIT;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i][1])
			put_form_field(&query, fields[i][0], fields[i][1]);
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
	struct oauth_identity who = { 0 };
	int rc = a->status >= 500 ? -EHOSTUNREACH : -ENODATA;

	/* This endpoint reports an invalid token in plain text. */
	if (a->status == 401 || (a->status == 403 && strstr(buf_str(&a->body), "Bad_OAuth_Token")))
		rc = -EACCES;
	else if (name && read_identity(json_string(json, "sub"), who.org_id, who.user_id))
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

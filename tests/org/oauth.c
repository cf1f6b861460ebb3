#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/data.h"
#include "tests/org/fault.h"
#include "tests/org/http.h"
#include "tests/org/org.h"
#include "tests/org/reply.h"
#include "tests/org/oauth.h"

#define ACCESS_MAX	1000	/* access tokens that are valid at once; older ones end */
#define APPROVALS_MAX	1000
#define TOKEN_SIZE	128
#define REFRESH_OLD	16	/* rotated tokens of an approval that are still known */

/* A user said yes to the app: what refresh tokens belong to. */
struct approval {
	uint64_t	 number;	/* 0: not in use */
	bool		 busy;		/* a refresh is under way */
	char		 token[TOKEN_SIZE];
	char		 old[REFRESH_OLD][TOKEN_SIZE];
	unsigned	 rotations;
};

struct access {
	char		 token[TOKEN_SIZE];	/* "" : none */
	int64_t		 issued;
	uint64_t	 approval;		/* 0: of none */
};

struct tokens {
	pthread_mutex_t	 lock;		/* guards: all below */
	struct access	 access[ACCESS_MAX];	/* a ring */
	unsigned	 next_access;
	struct approval	 approvals[APPROVALS_MAX];	/* a ring */
	uint64_t	 next_approval;
};

int
tokens_new(struct tokens **out)
{
	struct tokens *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->next_approval = 1;
	pthread_mutex_init(&t->lock, NULL);
	*out = t;
	return 0;
}

void
tokens_free(struct tokens *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

void
tokens_expire(struct tokens *t)
{
	pthread_mutex_lock(&t->lock);
	for (unsigned i = 0; i < ACCESS_MAX; i++)
		t->access[i].token[0] = '\0';
	pthread_mutex_unlock(&t->lock);
}

static void
end_approval(struct tokens *t, struct approval *a)
{
	for (unsigned i = 0; i < ACCESS_MAX; i++)
		if (a->number && t->access[i].approval == a->number)
			t->access[i].token[0] = '\0';
	memset(a, 0, sizeof(*a));
}

void
tokens_revoke(struct tokens *t)
{
	pthread_mutex_lock(&t->lock);
	for (unsigned i = 0; i < APPROVALS_MAX; i++)
		if (t->approvals[i].number)
			end_approval(t, &t->approvals[i]);
	pthread_mutex_unlock(&t->lock);
}

/* `prefix` and random characters up to `len`. */
static bool
make_token(const char *prefix, size_t len, char out[TOKEN_SIZE])
{
	static const char table[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
	size_t n = strlen(prefix);
	unsigned char random[TOKEN_SIZE];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	memcpy(out, prefix, n);
	for (; n < len; n++)
		out[n] = table[random[n] & 63];
	out[n] = '\0';
	return true;
}

static bool
give_access(struct org *org, uint64_t approval, int64_t now, char out[TOKEN_SIZE])
{
	struct tokens *t = org->tokens;
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "%.15s!AQ", org->id);
	if (!make_token(prefix, 112, out))
		return false;
	pthread_mutex_lock(&t->lock);
	struct access *a = &t->access[t->next_access++ % ACCESS_MAX];
	memcpy(a->token, out, TOKEN_SIZE);
	a->issued = now;
	a->approval = approval;
	pthread_mutex_unlock(&t->lock);
	return true;
}

static struct access *
find_access(struct org *org, const char *token)
{
	struct tokens *t = org->tokens;
	int64_t life = settings_get(&org->settings, SETTING_TOKEN_LIFE);

	for (unsigned i = 0; *token && i < ACCESS_MAX; i++) {
		struct access *a = &t->access[i];

		if (strcmp(a->token, token) == 0)
			return life && a->issued + life * 1000 <= org_now(org) ? NULL : a;
	}
	return NULL;
}

static bool
is_access(struct org *org, const char *token)
{
	pthread_mutex_lock(&org->tokens->lock);
	bool good = find_access(org, token) != NULL;
	pthread_mutex_unlock(&org->tokens->lock);
	return good;
}

static struct approval *
find_approval(struct tokens *t, const char *token)
{
	for (unsigned i = 0; *token && i < APPROVALS_MAX; i++)
		if (strcmp(t->approvals[i].token, token) == 0)
			return &t->approvals[i];
	return NULL;
}

/* The approval of which this was a refresh token, before it was rotated. */
static struct approval *
find_rotated(struct tokens *t, const char *token)
{
	for (unsigned i = 0; *token && i < APPROVALS_MAX; i++)
		for (unsigned j = 0; j < REFRESH_OLD; j++)
			if (strcmp(t->approvals[i].old[j], token) == 0)
				return &t->approvals[i];
	return NULL;
}

bool
oauth_approve(struct org *org, char *token, size_t size)
{
	struct tokens *t = org->tokens;
	char made[TOKEN_SIZE];

	if (!make_token("5Aep861", 87, made))
		return false;
	pthread_mutex_lock(&t->lock);
	uint64_t number = t->next_approval++;
	struct approval *a = &t->approvals[number % APPROVALS_MAX];
	end_approval(t, a);
	a->number = number;
	memcpy(a->token, made, TOKEN_SIZE);
	pthread_mutex_unlock(&t->lock);
	snprintf(token, size, "%s", made);
	return true;
}

/* Who asks */

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

bool
oauth_check(struct org *org, const struct request *q, struct reply *r)
{
	const char *token = bearer(q);

	if (token && is_access(org, token))
		return true;
	if (token && strncmp(token, "00D", 3) != 0 && strncmp(token, "eyJ", 3) != 0)
		reply_error(r, "INVALID_AUTH_HEADER", NULL);
	else
		reply_error(r, "INVALID_SESSION_ID", NULL);
	return false;
}

/* What a form says of the client, or Basic does. Caller frees. */
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

static bool
check_client(struct org *org, const struct request *q, struct reply *r)
{
	char *id = NULL, *secret = NULL;
	bool good = false;

	client_of(q, &id, &secret);
	if (!id || strcmp(id, org->client_id) != 0)
		reply_oauth_error(r, "invalid_client_id", "client identifier invalid");
	else if (!secret || strcmp(secret, org->client_secret) != 0)
		reply_oauth_error(r, "invalid_client", "invalid client credentials");
	else
		good = true;
	free(id);
	free(secret);
	return good;
}

/* The org's own host: other names lead to the login host, which knows only some flows. */
static bool
is_my_domain(struct org *org, const struct request *q)
{
	const char *host = request_header(q, "Host");

	return host && strcasecmp(host, org->host) == 0;
}

/* Answers with a token */

static void
put_signature(struct org *org, const char *signed_text, struct buf *out)
{
	unsigned char mac[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!HMAC(EVP_sha256(), org->client_secret, (int)strlen(org->client_secret), (const unsigned char *)signed_text, strlen(signed_text), mac, &len))
		out->failed = true;
	EVP_EncodeBlock(text, mac, (int)len);
	buf_put_json(out, (char *)text, strlen((char *)text));
}

static void
reply_token(struct org *org, struct reply *r, uint64_t approval, const char *refresh)
{
	int64_t now = org_now(org);
	char token[TOKEN_SIZE], identity[128], text[160];

	if (!give_access(org, approval, now, token)) {
		reply_error(r, "UNKNOWN_EXCEPTION", NULL);
		return;
	}
	snprintf(identity, sizeof(identity), "%s/id/%s/%s", org->url, org->id, org->user_id);
	snprintf(text, sizeof(text), "%s%lld", identity, (long long)now);
	r->type = REPLY_JSON;
	reply_header(r, "Cache-Control: no-cache, no-store");
	buf_printf(&r->body, "{\"access_token\":\"%s\",\"signature\":", token);
	put_signature(org, text, &r->body);
	if (refresh)
		buf_printf(&r->body, ",\"refresh_token\":\"%s\"", refresh);
	buf_printf(&r->body, ",\"scope\":\"%s\",\"instance_url\":\"%s\",\"id\":\"%s\",\"token_type\":\"Bearer\",\"issued_at\":\"%lld\"}",
	    approval ? "refresh_token api" : "api", org->url, identity, (long long)now);
}

/* The flows */

static void
client_credentials(struct org *org, const struct request *q, struct reply *r)
{
	const struct settings *s = &org->settings;

	if (!is_my_domain(org, q))
		reply_oauth_error(r, "invalid_grant", "request not supported on this domain");
	else if (!check_client(org, q, r))
		return;
	else if (!settings_get(s, SETTING_FLOW_ENABLED))
		reply_oauth_error(r, "invalid_grant", "client credentials flow not enabled");
	else if (!settings_get(s, SETTING_RUN_AS))
		reply_oauth_error(r, "invalid_grant", "no client credentials user enabled");
	else if (!settings_get(s, SETTING_SCOPES))
		reply_oauth_error(r, "invalid_grant", "no valid scopes defined");
	else if (!settings_get(s, SETTING_APPROVED))
		reply_oauth_error(r, "invalid_app_access", "user is not admin approved to access this app");
	else
		reply_token(org, r, 0, NULL);
}

enum refresh { REFRESH_GONE, REFRESH_BUSY, REFRESH_BEGUN };

static enum refresh
refresh_begin(struct tokens *t, const char *token)
{
	enum refresh rc = REFRESH_GONE;

	pthread_mutex_lock(&t->lock);
	struct approval *a = find_approval(t, token), *rotated = a ? NULL : find_rotated(t, token);
	if (rotated)
		end_approval(t, rotated);
	if (a) {
		rc = a->busy ? REFRESH_BUSY : REFRESH_BEGUN;
		a->busy = true;
	}
	pthread_mutex_unlock(&t->lock);
	return rc;
}

/* The number of the approval; 0: it was revoked meanwhile. `fresh` is its next token, or NULL to keep this one. */
static uint64_t
refresh_end(struct tokens *t, const char *token, const char *fresh)
{
	uint64_t number = 0;

	pthread_mutex_lock(&t->lock);
	struct approval *a = find_approval(t, token);
	if (a) {
		number = a->number;
		a->busy = false;
		if (fresh) {
			memcpy(a->old[a->rotations++ % REFRESH_OLD], a->token, TOKEN_SIZE);
			memcpy(a->token, fresh, TOKEN_SIZE);
		}
	}
	pthread_mutex_unlock(&t->lock);
	return number;
}

static void
refresh_token(struct org *org, const struct request *q, struct reply *r)
{
	char *token = request_form(q, "refresh_token"), fresh[TOKEN_SIZE];
	bool rotate = settings_get(&org->settings, SETTING_ROTATE);
	uint64_t number = 0;

	if (!check_client(org, q, r))
		goto out;
	switch (token ? refresh_begin(org->tokens, token) : REFRESH_GONE) {
	case REFRESH_BUSY:
		reply_oauth_error(r, "invalid_grant", "token request is already being processed");
		goto out;
	case REFRESH_BEGUN:
		fault_pause(org->faults, (unsigned)settings_get(&org->settings, SETTING_REFRESH_TIME));
		rotate = rotate && make_token("5Aep861", 87, fresh);
		number = refresh_end(org->tokens, token, rotate ? fresh : NULL);
		break;
	case REFRESH_GONE:
		break;
	}
	if (number)
		reply_token(org, r, number, rotate ? fresh : NULL);
	else
		reply_oauth_error(r, "invalid_grant", "expired access/refresh token");
out:
	free(token);
}

static const struct {
	const char *type;
	void (*serve)(struct org *, const struct request *, struct reply *);
} grants[] = {
	{ "client_credentials", client_credentials },
	{ "refresh_token", refresh_token },
};

static void
serve_token(struct org *org, const struct request *q, struct reply *r)
{
	const char *content = request_header(q, "Content-Type");
	bool is_form = content && strncasecmp(content, "application/x-www-form-urlencoded", 33) == 0;
	char *type = is_form ? request_form(q, "grant_type") : NULL;
	bool found = false;

	if (strcmp(q->method, "POST") != 0) {
		reply_oauth_error(r, "invalid_request", "must use HTTP POST");
		goto out;
	}
	for (size_t i = 0; type && !found && i < sizeof(grants) / sizeof(grants[0]); i++) {
		found = strcmp(grants[i].type, type) == 0;
		if (found)
			grants[i].serve(org, q, r);
	}
	if (!found)
		reply_oauth_error(r, "unsupported_grant_type", "grant type not supported");
out:
	free(type);
}

/* The other paths */

static void
serve_revoke(struct org *org, const struct request *q, struct reply *r)
{
	struct tokens *t = org->tokens;
	const char *param = request_param(q, "token", NULL);
	char *form = request_form(q, "token");
	const char *token = form ? form : param ? param : "";

	pthread_mutex_lock(&t->lock);
	struct access *a = find_access(org, token);
	struct approval *approval = find_approval(t, token);
	if (a)
		a->token[0] = '\0';
	if (approval)
		end_approval(t, approval);
	pthread_mutex_unlock(&t->lock);
	if (!a && !approval)
		reply_oauth_error(r, "invalid_token", "the token is invalid");
	free(form);
}

static void
serve_introspect(struct org *org, const struct request *q, struct reply *r)
{
	char *token = request_form(q, "token");
	int64_t issued = 0;

	if (!check_client(org, q, r))
		goto out;
	pthread_mutex_lock(&org->tokens->lock);
	struct access *a = token ? find_access(org, token) : NULL;
	bool active = a || (token && find_approval(org->tokens, token));
	if (a)
		issued = a->issued / 1000;
	pthread_mutex_unlock(&org->tokens->lock);
	r->type = REPLY_JSON;
	if (!active) {
		buf_puts(&r->body, "{\"active\":false}");
		goto out;
	}
	buf_printf(&r->body, "{\"active\":true,\"scope\":\"api\",\"client_id\":\"%s\",\"username\":\"%s\",\"sub\":\"%s/id/%s/%s\","
	    "\"token_type\":\"%s\",\"exp\":%lld,\"iat\":%lld,\"nbf\":%lld}", org->client_id, data_user(DATA_RUN_AS)->username, org->url, org->id,
	    org->user_id, a ? "access_token" : "refresh_token", (long long)issued + 7200, (long long)issued, (long long)issued);
out:
	free(token);
}

static void
put_urls(struct org *org, struct buf *out)
{
	static const char *const rest[][2] = {
		{ "rest", "" }, { "sobjects", "sobjects/" }, { "search", "search/" }, { "query", "query/" }, { "recent", "recent/" },
	};

	buf_puts(out, "\"urls\":{");
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		buf_printf(out, "%s\"%s\":\"%s/services/data/v{version}/%s\"", i ? "," : "", rest[i][0], org->url, rest[i][1]);
	buf_puts(out, "}");
}

/* Of the identity URL and of userinfo: one body with the fields of both. */
static void
serve_identity(struct org *org, const struct request *q, struct reply *r)
{
	const struct person *u = data_user(DATA_RUN_AS);
	const char *token = bearer(q);

	if (!token || !is_access(org, token)) {
		r->status = 403;
		r->type = "text/plain";
		buf_puts(&r->body, "Bad_OAuth_Token");
		return;
	}
	r->type = REPLY_JSON;
	buf_printf(&r->body, "{\"id\":\"%s/id/%s/%s\",\"sub\":\"%s/id/%s/%s\",\"asserted_user\":true,\"user_id\":\"%s\",\"organization_id\":\"%s\",",
	    org->url, org->id, org->user_id, org->url, org->id, org->user_id, org->user_id, org->id);
	buf_printf(&r->body, "\"username\":\"%s\",\"preferred_username\":\"%s\",\"nick_name\":\"%s\",\"nickname\":\"%s\",\"display_name\":\"%s %s\","
	    "\"name\":\"%s %s\",\"email\":\"%s\",\"email_verified\":true,\"first_name\":\"%s\",\"last_name\":\"%s\",",
	    u->username, u->username, u->alias, u->alias, u->first, u->last, u->first, u->last, u->username, u->first, u->last);
	buf_puts(&r->body, "\"timezone\":\"GMT\",\"zoneinfo\":\"GMT\",");
	put_urls(org, &r->body);
	buf_puts(&r->body, ",\"active\":true,\"user_type\":\"STANDARD\",\"language\":\"en_US\",\"locale\":\"en_US\",\"utcOffset\":0}");
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
	char identity[64];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (strcmp(q->path, paths[i].path) == 0) {
			paths[i].serve(org, q, r);
			return;
		}
	}
	snprintf(identity, sizeof(identity), "/id/%s/%s", org->id, org->user_id);
	if (strcmp(q->path, identity) == 0) {
		serve_identity(org, q, r);
		return;
	}
	r->status = 404;
	r->type = "text/html";
	buf_puts(&r->body, "<html><head><title>404</title></head><body>URL No Longer Exists</body></html>\n");
}

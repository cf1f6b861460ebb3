#include "saved_login.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "http.h"
#include "log.h"
#include "oauth.h"

#define SLICE		20	/* ms between looks at another process's lock, and http_cancelled */
/* ms, and `timeout`: longer than the command and the request for which another process may hold the
 * lock */
#define LOCK_WAIT	70000
#define TRIES		4	/* of what is worth trying again */

_Static_assert((int)OAUTH_WEB == CONFIG_WEB && (int)OAUTH_JWT == CONFIG_JWT &&
	(int)OAUTH_CLIENT_CREDENTIALS == CONFIG_CLIENT_CREDENTIALS,
    "the config's flows are OAuth's");

/* -EINTR: http_cancel. */
static int
pause_for(const struct saved_login *s, int64_t ms)
{
	for (int64_t end = clock_ms() + ms; clock_ms() < end;) {
		if (http_cancelled(s->http))
			return -EINTR;
		nanosleep(&(struct timespec){ .tv_nsec = SLICE * 1000000 }, NULL);
	}
	return 0;
}

/*
 * The file.
 */

/* The login's name for the config's flow. */
static const char *
flow_name(const struct config *c)
{
	static const char *const names[] = { "web", "jwt", "client_credentials" };

	return names[c->flow];
}

static bool
same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether the login was made for what the config now says. */
static bool
belongs_to(const struct login *l, const struct config *c)
{
	if (!same(l->login_url, c->login_url))
		return false;
	return l->imported || (same(l->client_id, c->client_id) && same(l->how, flow_name(c)) &&
	    (c->flow != CONFIG_JWT || same(l->username, c->username)));
}

/* *out is empty if there is none. */
static int
read_any(const char *path, struct login *out)
{
	int rc = token_file_read(path, out);

	if (rc == 0 || rc == -ENOENT || rc == -EIO)
		return 0;
	if (rc == -ENOMEM)
		return rc;
	if (rc != -EACCES)	/* which is logged */
		log_error("token", "%s: %s", path, strerror(-rc));
	return -EINVAL;
}

int
saved_login_open(const struct config *c, struct http *http, struct saved_login *out)
{
	*out = (struct saved_login){ .config = c, .http = http, .lock = -1 };
	return token_file_path(c, &out->path);
}

void
saved_login_close(struct saved_login *s)
{
	free(s->path);
	s->path = NULL;
}

int
saved_login_read(const struct saved_login *s, struct login *out)
{
	int rc = read_any(s->path, out);

	if (rc == 0 && !belongs_to(out, s->config))
		login_free(out);
	return rc == 0 && !out->login_url ? -ENOKEY : rc;
}

/* s->lock stays -1 if locks do not work or a stopped process has it: neither must stop a login. */
static int
take_lock(struct saved_login *s)
{
	const int64_t most = s->lock_stuck ? 0 : LOCK_WAIT + 1000 * s->config->timeout;
	const int64_t end = clock_ms() + most;
	int rc;

	while ((rc = token_file_lock(s->path, &s->lock)) == -EAGAIN && clock_ms() < end)
		if (pause_for(s, SLICE) < 0)
			return -EINTR;
	if (rc == -EAGAIN && !s->lock_stuck)
		log_warn("token", "%s: another process has kept it locked for %d s; is it stopped?",
		    s->path, (int)(most / 1000));
	else if (rc < 0 && rc != -EAGAIN && rc != -ENOMEM)
		log_warn("token",
		    "%s: cannot be locked: %s; do not use this login in two processes at once",
		    s->path, strerror(-rc));
	s->lock_stuck = rc == -EAGAIN;
	return rc == -ENOMEM ? rc : 0;
}

static void
drop_lock(struct saved_login *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

/*
 * Asking for a token.
 */

static void
swap(char **a, char **b)
{
	char *old = *a;

	*a = *b;
	*b = old;
}

/* Moves the answer into the login. The replaced values move into the answer, to be freed there. */
static void
take_grant(struct login *l, struct oauth_grant *g)
{
	swap(&l->access_token.bytes, &g->access_token.bytes);
	if (g->refresh_token.bytes)
		swap(&l->refresh_token.bytes, &g->refresh_token.bytes);
	swap(&l->instance_url, &g->instance_url);
	if (g->scope)
		swap(&l->scope, &g->scope);
	memcpy(l->org_id, g->org_id, sizeof(l->org_id));
	memcpy(l->user_id, g->user_id, sizeof(l->user_id));
	l->renewed = time(NULL);
	free(l->ended);
	l->ended = NULL;
}

/* A new login, without the parts that come with the answer. */
static int
begin_login(const struct oauth_request *q, struct login *l)
{
	const struct config *c = q->config;

	login_free(l);
	l->since = time(NULL);
	l->imported = q->client_id != NULL;
	if (!secret_set_text(&l->login_url, c->login_url) ||
	    !secret_set_text(&l->client_id, l->imported ? q->client_id : c->client_id) ||
	    !secret_set_text(&l->how, l->imported ? "import" : flow_name(c)) ||
	    (c->flow == CONFIG_JWT && !l->imported &&
		!secret_set_text(&l->username, c->username)) ||
	    (l->imported && !secret_copy(&l->client_secret, q->client_secret)) ||
	    (q->refresh_token && !secret_copy(&l->refresh_token, q->refresh_token)))
		return -ENOMEM;
	return 0;
}

/* The request that renews the stored login, or makes a new one if that needs no person. */
static int
next_request(struct saved_login *s, const struct login *l, struct oauth_request *q)
{
	const struct config *c = s->config;

	*q = (struct oauth_request){ .config = c, .flow = (enum oauth_flow)c->flow };
	if (l->refresh_token.bytes) {
		q->flow = OAUTH_REFRESH;
		q->refresh_token = &l->refresh_token;
		q->client_id = l->imported ? l->client_id : NULL;
		q->client_secret = &l->client_secret;
	} else if (q->flow == OAUTH_WEB) {
		oauth_fail(&s->failure, OAUTH_DEAD, "%s",
		    l->ended	    ? l->ended :
			same(l->how, "sf") ?
				      "the session of the Salesforce CLI has ended; log in again" :
			l->imported ? "the imported login has ended; import it again, or log in" :
				      "not logged in; log in");
		return -ENOKEY;
	}
	return 0;
}

/* Sends one request, with the lock held. *l is the stored login, and then the new state of it,
 * which is in the file already. */
static int
request_token(struct saved_login *s, const struct oauth_request *q, bool begins, struct login *l)
{
	struct oauth_failure *f = &s->failure;
	struct oauth_grant grant = { 0 };
	int rc;

	*f = (struct oauth_failure){ 0 };
	rc = oauth_ask(s->http, q, &grant, f);
	if (rc == 0 && !begins && strcmp(l->org_id, grant.org_id) != 0)
		rc = oauth_fail(f, OAUTH_REFUSED,
		    "the answer is of another org (%s, not %s) and is not used", grant.org_id,
		    l->org_id);
	if (rc == 0 && begins)
		rc = begin_login(q, l);
	if (rc == 0) {
		take_grant(l, &grant);
		token_file_write(s->path, l);	/* logs a failure; the token is good all the same */
	}
	if (rc == -EACCES && f->kind == OAUTH_DEAD && !begins) {
		secret_free(&l->access_token);
		secret_free(&l->refresh_token);
		if (secret_set_text(&l->ended, f->text))
			token_file_write(s->path, l);
	}
	oauth_grant_free(&grant);
	return rc;
}

/* One try. first: as for saved_login_make; NULL: renew, and ask Salesforce only if `ask`. */
static int
try_login(struct saved_login *s, const struct oauth_request *first, const struct login *old,
    bool ask, struct login *out)
{
	struct oauth_request q = { 0 };
	struct login l = { 0 };
	int rc = take_lock(s);

	if (rc == 0) {
		rc = saved_login_read(s, &l);
		rc = rc == -ENOKEY ? 0 : rc;
	}
	/* The refresh token in the file may have been used up, or the file cannot be read. */
	if (old && old->unsaved && (rc == -EINVAL || (rc == 0 && l.renewed <= old->renewed))) {
		login_free(&l);
		rc = login_copy(&l, old);
	}
	if (rc == 0 && first) {
		rc = request_token(s, first, true, &l);
	} else if (rc == 0 &&
	    (!l.access_token.bytes ||
		(old && same(l.access_token.bytes, old->access_token.bytes)))) {
		rc = ask ? next_request(s, &l, &q) : -ENOKEY;
		if (rc == 0)
			rc = request_token(s, &q, q.flow != OAUTH_REFRESH, &l);
	}
	drop_lock(s);
	if (rc == 0)
		*out = l;
	else
		login_free(&l);
	return rc;
}

static int
log_in(struct saved_login *s, const struct oauth_request *first, const struct login *old, bool ask,
    struct login *out)
{
	for (unsigned tried = 1;; tried++) {
		int rc = try_login(s, first, old, ask, out);

		if (rc == 0)
			s->failure = (struct oauth_failure){ 0 };
		if (rc != -EAGAIN)
			return rc;
		if (tried == TRIES)
			return s->failure.kind == OAUTH_BUSY ? -ETIMEDOUT : -EHOSTUNREACH;
		rc = pause_for(s, s->failure.kind == OAUTH_BUSY ? 1000 : 250 << tried);
		if (rc < 0)
			return rc;
	}
}

int
saved_login_renew(struct saved_login *s, const struct login *old, bool ask, struct login *out)
{
	return log_in(s, NULL, old, ask, out);
}

int
saved_login_make(struct saved_login *s, const struct oauth_request *first, struct login *out)
{
	const struct config *c = s->config;
	struct oauth_request q = { .config = c, .flow = (enum oauth_flow)c->flow };
	struct login old = { 0 };
	int rc = saved_login_read(s, &old);

	if (rc == 0 || rc == -ENOKEY)
		rc = log_in(s, first ? first : &q, NULL, true, out);
	/* A user has at most five logins of an app: the replaced one must not count. */
	if (rc == 0 && old.refresh_token.bytes && !old.imported &&
	    !same(old.refresh_token.bytes, out->refresh_token.bytes))
		oauth_revoke(s->http, c->login_url, &old.refresh_token);
	login_free(&old);
	return rc;
}

int
saved_login_put(struct saved_login *s, struct login *l)
{
	int rc = take_lock(s);

	if (rc == 0)
		rc = token_file_write(s->path, l);
	drop_lock(s);
	return rc;
}

int
saved_login_end(struct saved_login *s, struct login *was)
{
	int revoked = 0;
	int rc = take_lock(s);

	if (rc == 0)
		rc = read_any(s->path, was);
	const struct secret *token =
	    was->refresh_token.bytes ? &was->refresh_token : &was->access_token;
	if (rc == 0 && token->bytes && !was->imported)
		revoked = oauth_revoke(s->http, was->login_url, token);
	const bool ended = token->bytes;
	/* What stays is whose login it was, for the cached data; and no secret. */
	if (rc == 0 && was->login_url) {
		secret_free(&was->access_token);
		secret_free(&was->refresh_token);
		secret_free(&was->client_secret);
		if ((ended || !was->ended) && !secret_set_text(&was->ended, "logged out"))
			rc = -ENOMEM;
		else if (ended && token_file_write(s->path, was) < 0)
			rc = token_file_remove(s->path);
	} else if (rc == 0) {
		rc = token_file_remove(s->path);
	}
	if (rc == 0)
		rc = ended ? revoked : -ENOKEY;
	drop_lock(s);
	return rc;
}

void
saved_login_tell(const struct saved_login *s)
{
	const struct config *c = s->config;

	if (*s->failure.text && s->failure.kind == OAUTH_DEAD)
		log_error("login", "%s: %s: %s login %s", c->org, s->failure.text, c->sffs_auth,
		    c->org);
	else if (*s->failure.text)
		log_error("login", "%s: %s", c->org, s->failure.text);
}

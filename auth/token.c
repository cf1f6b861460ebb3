/*
 * A token is renewed by one thread while the others wait, and by one process
 * while the others wait for the lock beside the file. Under that lock the file
 * is read again: a token that another process has just got is taken over. A new
 * login is on disk before it is used, because with it a refresh token may have
 * come that is the only one now.
 */
#include "token.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "oauth.h"

#define SLICE 20 /* ms between looks at a lock that another process has, and at http_cancelled */
#define LOCK_WAIT                                                                                  \
	130000 /* ms: longer than the command and the exchange for which another process may hold  \
		  it */
#define TRIES		4	/* of what is worth trying again */
#define REFUSED_TIME	60000	/* ms for which a refusal is believed without asking again */
#define RATE_TIME	3600000	/* and one that says there are too many logins */

struct token {
	const struct config *config;
	struct http	*http;
	char		*path;
	char		 org_id[19], user_id[19];

	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 renewed;
	struct login	 login;		/* only its access token and instance are used from here */
	unsigned	 serial;
	bool		 renewing;
	int		 last;		/* how the last renewal ended */
	int64_t		 refused_until;	/* ms; what `last` says holds until then */

	struct oauth_failure told;	/* the renewing thread's: what the log has said already */
};

/* -EINTR: http_cancel. */
static int
pause_for(struct http *http, int64_t ms)
{
	for (int64_t end = clock_ms() + ms; clock_ms() < end;) {
		if (http_cancelled(http))
			return -EINTR;
		nanosleep(&(struct timespec){ .tv_nsec = SLICE * 1000000 }, NULL);
	}
	return 0;
}

/*
 * The stored login.
 */

static enum oauth_flow
flow_of(const struct config *c)
{
	return c->flow == CONFIG_JWT		 ? OAUTH_JWT :
	    c->flow == CONFIG_CLIENT_CREDENTIALS ? OAUTH_CLIENT_CREDENTIALS :
						   OAUTH_WEB;
}

static const char *
flow_name(const struct config *c)
{
	return c->flow == CONFIG_JWT		 ? "jwt" :
	    c->flow == CONFIG_CLIENT_CREDENTIALS ? "client_credentials" :
						   "web";
}

static bool
same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether the login was made for what the config now says. */
static bool
belongs(const struct login *l, const struct config *c)
{
	if (!same(l->login_url, c->login_url))
		return false;
	return l->imported || (same(l->client_id, c->client_id) && same(l->how, flow_name(c)) &&
	    (c->flow != CONFIG_JWT || same(l->username, c->username)));
}

/* *out is empty when there is none. */
static int
read_any(const char *path, struct login *out)
{
	int rc = token_file_read(path, out);

	switch (rc) {
	case 0: case -ENOENT: case -EIO:
		return 0;
	case -ENOMEM:
		return rc;
	case -EACCES:		/* told */
		return -EINVAL;
	default:
		log_error("token", "%s: %s", path, strerror(-rc));
		return -EINVAL;
	}
}

/* *out is empty when there is none for this config. */
static int
read_stored(const struct config *c, const char *path, struct login *out)
{
	int rc = read_any(path, out);

	if (rc == 0 && !belongs(out, c))
		login_free(out);
	return rc;
}

/* *out: the lock, or -1 where locks do not work, which must not stop a login. */
static int
take_lock(struct http *http, const char *path, int *out, struct oauth_failure *f)
{
	int64_t end = clock_ms() + LOCK_WAIT;
	int rc;

	*out = -1;
	while ((rc = token_file_lock(path, out)) == -EAGAIN) {
		if (clock_ms() > end) {
			f->kind = OAUTH_UNREACHABLE;
			snprintf(f->text, sizeof(f->text),
			    "another process has kept %s locked for too long", path);
			return -ETIMEDOUT;
		}
		rc = pause_for(http, SLICE);
		if (rc < 0)
			return rc;
	}
	if (rc < 0 && rc != -ENOMEM)
		log_warn("token",
		    "%s: cannot be locked: %s; do not use this login in two processes at once",
		    path, strerror(-rc));
	return rc == -ENOMEM ? rc : 0;
}

static void
drop_lock(int lock)
{
	if (lock >= 0)
		close(lock);
}

/*
 * Asking for a token.
 */

static bool
set(char **to, const char *from)
{
	char *s = from ? strdup(from) : NULL;

	if (from && !s)
		return false;
	free(*to);
	*to = s;
	return true;
}

/* What an answer changes in a login. */
static int
take_grant(struct login *l, struct oauth_grant *g)
{
	secret_free(&l->access_token);
	l->access_token = g->access_token;
	g->access_token = (struct secret){ NULL };
	if (g->refresh_token.bytes) {
		secret_free(&l->refresh_token);
		l->refresh_token = g->refresh_token;
		g->refresh_token = (struct secret){ NULL };
	}
	memcpy(l->org_id, g->org_id, sizeof(l->org_id));
	memcpy(l->user_id, g->user_id, sizeof(l->user_id));
	l->renewed = time(NULL);
	free(l->ended);
	l->ended = NULL;
	if (!set(&l->instance_url, g->instance_url) || (g->scope && !set(&l->scope, g->scope)))
		return -ENOMEM;
	return 0;
}

/* A login that begins: all but what the answer gives. */
static int
begin_login(const struct config *c, const struct oauth_request *q, struct login *l)
{
	login_free(l);
	l->since = time(NULL);
	l->imported = q->client_id != NULL;
	if (!set(&l->login_url, c->login_url) ||
	    !set(&l->client_id, q->client_id ? q->client_id : c->client_id) ||
	    (c->flow == CONFIG_JWT && !l->imported && !set(&l->username, c->username)) ||
	    !set(&l->how, l->imported ? "import" : flow_name(c)) ||
	    (q->client_id && q->client_secret->bytes &&
		!secret_copy(&l->client_secret, q->client_secret)) ||
	    (q->refresh_token && !secret_copy(&l->refresh_token, q->refresh_token)))
		return -ENOMEM;
	return 0;
}

/* How the stored login is renewed, or one begun where that needs nobody. */
static int
next_request(
    const struct config *c, const struct login *l, struct oauth_request *q, struct oauth_failure *f)
{
	*q = (struct oauth_request){ .config = c, .flow = flow_of(c) };
	if (l->refresh_token.bytes) {
		q->flow = OAUTH_REFRESH;
		q->refresh_token = &l->refresh_token;
		q->client_id = l->imported ? l->client_id : NULL;
		q->client_secret = &l->client_secret;
	} else if (q->flow == OAUTH_WEB) {
		const char *why = l->ended ? l->ended :
		    l->imported ? "the imported login has ended; import it again, or log in" :
				  "not logged in; log in";

		f->kind = OAUTH_DEAD;
		snprintf(f->text, sizeof(f->text), "%s", why);
		return -ENOKEY;
	}
	return 0;
}

/*
 * One exchange; the lock is held. *l is what is stored, and then what that has become, on disk
 * already. `begins`: the answer is the begin of another login.
 */
static int
exchange(struct http *http, const char *path, const struct oauth_request *q, bool begins,
    struct login *l, struct oauth_failure *f)
{
	struct oauth_grant grant = { 0 };
	int rc = oauth_ask(http, q, &grant, f);

	if (rc == 0 && !begins && strcmp(l->org_id, grant.org_id) != 0) {
		f->kind = OAUTH_REFUSED;
		snprintf(f->text, sizeof(f->text),
		    "the answer is of another org (%s, not %s) and is not used", grant.org_id,
		    l->org_id);
		rc = -EACCES;
	}
	if (rc == 0 && begins)
		rc = begin_login(q->config, q, l);
	if (rc == 0)
		rc = take_grant(l, &grant);
	if (rc == 0)
		token_file_write(
		    path, l); /* a failure is told there; the token is good all the same */
	if (rc == -EACCES && f->kind == OAUTH_DEAD && !begins) {
		secret_free(&l->access_token);
		secret_free(&l->refresh_token);
		if (set(&l->ended, f->text))
			token_file_write(path, l);
	}
	oauth_grant_free(&grant);
	return rc;
}

/*
 * Gets a token, into *out and the file: as `first` says, else as the stored login is renewed.
 * Without `first` a stored token other than `dead` is taken as it is. Failures are in *f, but for
 * those that are told.
 */
static int
obtain(const struct config *c, struct http *http, const char *path,
    const struct oauth_request *first, const char *dead, struct login *out, struct oauth_failure *f)
{
	int rc = 0;

	for (unsigned tried = 1;; tried++) {
		struct oauth_request q = { 0 };
		struct login l = { 0 };
		int lock = -1;

		*f = (struct oauth_failure){ 0 };
		rc = take_lock(http, path, &lock, f);
		if (rc == 0)
			rc = read_stored(c, path, &l);
		if (rc == 0 &&
		    (first || !l.access_token.bytes || same(l.access_token.bytes, dead))) {
			if (!first)
				rc = next_request(c, &l, &q, f);
			if (rc == 0)
				rc = exchange(http, path, first ? first : &q,
				    first || q.flow != OAUTH_REFRESH, &l, f);
		}
		drop_lock(lock);
		if (rc == 0)
			*out = l;
		else
			login_free(&l);
		if (rc != -EAGAIN)
			return rc;
		if (tried == TRIES)
			return f->kind == OAUTH_BUSY ? -ETIMEDOUT : -EHOSTUNREACH;
		rc = pause_for(http, f->kind == OAUTH_BUSY ? 1000 : 250 << tried);
		if (rc < 0)
			return rc;
	}
}

static void
tell(const struct config *c, int rc, const struct oauth_failure *f)
{
	if (!*f->text)
		return;
	if (rc == -ENOKEY || f->kind == OAUTH_DEAD)
		log_error(
		    "login", "%s: %s: %ssffs-auth login %s", c->org, f->text, config_env(), c->org);
	else
		log_error("login", "%s: %s", c->org, f->text);
}

/*
 * The token of a mount.
 */

/* Takes *l over, but for one of another org or user: what is cached belongs to the one there was.
 */
static int
adopt(struct token *t, struct login *l)
{
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	if (*t->org_id &&
	    (strcmp(t->org_id, l->org_id) != 0 || strcmp(t->user_id, l->user_id) != 0)) {
		rc = -EACCES;
	} else {
		struct login old = t->login;

		memcpy(t->org_id, l->org_id, sizeof(t->org_id));
		memcpy(t->user_id, l->user_id, sizeof(t->user_id));
		t->login = *l;
		*l = old;
		t->serial++;
	}
	pthread_mutex_unlock(&t->lock);
	if (rc < 0)
		log_error("token",
		    "%s: the login is now of another user or org: unmount, and mount again",
		    t->config->org);
	return rc;
}

int
token_open(const struct config *c, struct http *http, struct token **out)
{
	struct token *t = calloc(1, sizeof(*t));
	struct oauth_failure failure = { 0 };
	struct login l = { 0 };
	int rc;

	if (!t)
		return -ENOMEM;
	t->config = c;
	t->http = http;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->renewed, NULL);
	rc = token_file_path(c, &t->path);
	if (rc == 0)
		rc = read_stored(c, t->path, &l);
	if (rc == 0 && !l.access_token.bytes) {
		login_free(&l);
		rc = obtain(c, http, t->path, NULL, NULL, &l, &failure);
		tell(c, rc, &failure);
	}
	if (rc == 0)
		rc = adopt(t, &l);
	login_free(&l);
	if (rc == 0)
		*out = t;
	else
		token_close(t);
	return rc;
}

void
token_close(struct token *t)
{
	if (!t)
		return;
	login_free(&t->login);
	pthread_cond_destroy(&t->renewed);
	pthread_mutex_destroy(&t->lock);
	free(t->path);
	free(t);
}

const char *
token_org_id(const struct token *t)
{
	return t->org_id;
}

const char *
token_user_id(const struct token *t)
{
	return t->user_id;
}

int
token_bearer(struct token *t, struct bearer *out)
{
	struct bearer b = { 0 };

	pthread_mutex_lock(&t->lock);
	bool good = secret_copy(&b.access_token, &t->login.access_token) &&
	    set(&b.instance_url, t->login.instance_url);
	b.serial = t->serial;
	pthread_mutex_unlock(&t->lock);
	if (good)
		*out = b;
	else
		bearer_free(&b);
	return good ? 0 : -ENOMEM;
}

void
bearer_free(struct bearer *b)
{
	secret_free(&b->access_token);
	free(b->instance_url);
	*b = (struct bearer){ 0 };
}

/*
 * After a refusal nobody is asked for a while, but the file is looked at: a person may have logged
 * in. *l: a login with another token than `dead`, if there is one.
 */
static int
look(struct token *t, const char *dead, struct login *l)
{
	int rc = read_stored(t->config, t->path, l);

	if (rc == 0 && (!l->access_token.bytes || same(l->access_token.bytes, dead))) {
		login_free(l);
		rc = -EACCES;
	}
	return rc;
}

/* By one thread at a time, without t->lock. */
static int
renew(struct token *t, bool silent, int64_t *silence)
{
	struct oauth_failure failure = { 0 };
	struct secret dead = { NULL };
	struct login l = { 0 };
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	if (!secret_copy(&dead, &t->login.access_token))
		rc = -ENOMEM;
	pthread_mutex_unlock(&t->lock);
	*silence = 0;
	if (rc == 0)
		rc = silent ? look(t, dead.bytes, &l) :
			      obtain(t->config, t->http, t->path, NULL, dead.bytes, &l, &failure);
	if (rc == 0)
		rc = adopt(t, &l);
	if (strcmp(t->told.text, failure.text) != 0)
		tell(t->config, rc, &failure);
	if (!silent)
		t->told = failure;
	if (!silent && (rc == -EACCES || rc == -ENOKEY || rc == -EINVAL))
		*silence = failure.kind == OAUTH_RATE ? RATE_TIME : REFUSED_TIME;
	secret_free(&dead);
	login_free(&l);
	return rc == -ENOKEY ? -EACCES : rc;
}

int
token_renew(struct token *t, unsigned serial)
{
	int64_t silence = 0;
	int rc;

	pthread_mutex_lock(&t->lock);
	bool waited = t->renewing;
	while (t->renewing)
		pthread_cond_wait(&t->renewed, &t->lock);
	if (t->serial != serial || waited) {
		rc = t->serial != serial ? 0 : t->last;
		pthread_mutex_unlock(&t->lock);
		return rc;
	}
	bool silent = clock_ms() < t->refused_until;
	t->renewing = true;
	pthread_mutex_unlock(&t->lock);

	rc = renew(t, silent, &silence);

	pthread_mutex_lock(&t->lock);
	t->renewing = false;
	t->last = rc;
	if (rc == 0 || silence)
		t->refused_until = clock_ms() + silence;
	pthread_cond_broadcast(&t->renewed);
	pthread_mutex_unlock(&t->lock);
	return rc;
}

/*
 * What sffs-auth does.
 */

int
token_login(const struct config *c, struct http *http, const struct oauth_request *first,
    struct login *out, struct oauth_failure *f)
{
	struct oauth_request q = { .config = c, .flow = flow_of(c) };
	struct login old = { 0 };
	char *path = NULL;
	int rc;

	if (!first && q.flow == OAUTH_WEB)
		return -ENOKEY;
	rc = token_file_path(c, &path);
	if (rc == 0)
		rc = read_stored(c, path, &old);
	if (rc == 0)
		rc = obtain(c, http, path, first ? first : &q, NULL, out, f);
	/* A user has five logins of an app at most: the one that this one replaces must not count.
	 */
	if (rc == 0 && old.refresh_token.bytes && !old.imported &&
	    !same(old.refresh_token.bytes, out->refresh_token.bytes))
		oauth_revoke(http, c->login_url, &old.refresh_token);
	login_free(&old);
	free(path);
	return rc;
}

int
token_import(const struct config *c, struct http *http, const struct login *l)
{
	struct oauth_failure failure = { 0 };
	char *path = NULL;
	int lock = -1;
	int rc = token_file_path(c, &path);

	if (rc == 0)
		rc = take_lock(http, path, &lock, &failure);
	if (rc == 0)
		rc = token_file_write(path, l);
	tell(c, rc, &failure);
	drop_lock(lock);
	free(path);
	return rc;
}

int
token_stored(const struct config *c, struct login *out)
{
	char *path = NULL;
	int rc = token_file_path(c, &path);

	if (rc == 0)
		rc = read_stored(c, path, out);
	free(path);
	return rc == 0 && !out->login_url ? -ENOKEY : rc;
}

int
token_logout(const struct config *c, struct http *http, struct login *was)
{
	struct oauth_failure failure = { 0 };
	char *path = NULL;
	int lock = -1;
	int rc = token_file_path(c, &path);

	if (rc == 0)
		rc = take_lock(http, path, &lock, &failure);
	if (rc == 0)
		rc = read_any(path, was);
	if (rc < 0)
		goto out;
	bool had = was->access_token.bytes || was->refresh_token.bytes;
	int revoked = 0;
	if (had && !was->imported)
		revoked = oauth_revoke(http, was->login_url,
		    was->refresh_token.bytes ? &was->refresh_token : &was->access_token);
	rc = token_file_remove(path);
	if (rc == 0)
		rc = had ? revoked : -ENOKEY;
out:
	tell(c, rc, &failure);
	drop_lock(lock);
	free(path);
	return rc;
}

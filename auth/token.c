#include "token.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "oauth.h"
#include "saved_login.h"

#define REFUSED_TIME	60000	/* ms for which a refusal is believed without asking again */
#define RATE_TIME	3600000	/* the same if Salesforce says that there are too many logins */

struct token {
	struct saved_login saved;	/* the renewing thread's */
	char		 org_id[19], user_id[19];

	pthread_mutex_t	 lock;		/* guards: all below */
	pthread_cond_t	 renewed;
	struct login	 login;		/* the renewing thread alone changes it */
	unsigned	 serial;
	bool		 renewing;
	int		 last;		/* how the last renewal ended */
	int64_t		 refused_until;	/* ms; until then Salesforce is not asked */
};

/* Uses *l from now on, unless it is of another org or user: the cached data is of the first one. */
static int
use_login(struct token *t, struct login *l)
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
		    t->saved.config->org);
	return rc;
}

int
token_open(const struct config *c, struct http *http, struct token **out)
{
	struct token *t = calloc(1, sizeof(*t));
	struct login l = { 0 };

	if (!t)
		return -ENOMEM;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->renewed, NULL);
	int rc = saved_login_open(c, http, &t->saved);
	if (rc == 0)
		rc = saved_login_read(&t->saved, &l);
	if (rc == -ENOKEY || (rc == 0 && !l.access_token.bytes)) {
		login_free(&l);
		rc = saved_login_renew(&t->saved, NULL, true, &l);
		saved_login_tell(&t->saved);
	}
	if (rc == 0)
		rc = use_login(t, &l);
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
	saved_login_close(&t->saved);
	pthread_cond_destroy(&t->renewed);
	pthread_mutex_destroy(&t->lock);
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
	    secret_set_text(&b.instance_url, t->login.instance_url);
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

/* For one thread at a time, without t->lock. silent: soon after a refusal it does not ask
 * Salesforce, but a person may have logged in. *silence: ms for which to be silent from now on. */
static int
renew_login(struct token *t, bool silent, int64_t *silence)
{
	struct oauth_failure told = t->saved.failure;	/* the log has it already */
	const struct oauth_failure *failure = &t->saved.failure;
	struct login l = { 0 };
	int rc = saved_login_renew(&t->saved, &t->login, !silent, &l);

	*silence = 0;
	if (rc == 0)
		rc = use_login(t, &l);
	if (strcmp(told.text, failure->text) != 0)
		saved_login_tell(&t->saved);
	if (!silent && (rc == -EACCES || rc == -ENOKEY || rc == -EINVAL))
		*silence = failure->kind == OAUTH_RATE ? RATE_TIME : REFUSED_TIME;
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

	rc = renew_login(t, silent, &silence);

	pthread_mutex_lock(&t->lock);
	t->renewing = false;
	t->last = rc;
	if (rc == 0 || silence)
		t->refused_until = clock_ms() + silence;
	pthread_cond_broadcast(&t->renewed);
	pthread_mutex_unlock(&t->lock);
	return rc;
}

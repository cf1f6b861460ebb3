#include <errno.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/org/data.h"
#include "tests/org/token.h"

#define ACCESS_MAX	1000	/* valid access tokens; a new one ends the oldest */
#define APPROVALS_MAX	5	/* of a user */
#define ROTATED_MAX	16	/* rotated tokens that an approval remembers */
#define ASKED_MAX	64
#define SESSIONS_MAX	16
#define HOUR		3600000

struct access {
	char		 token[TOKEN_SIZE];	/* "" : none */
	struct holder	 holder;
};

struct approval {
	struct holder	 holder;		/* approval 0: not in use */
	bool		 busy;			/* a refresh is under way */
	char		 token[TOKEN_SIZE];
	char		 rotated[ROTATED_MAX][TOKEN_SIZE];
	unsigned	 rotations;
};

struct session {
	char		 token[TOKEN_SIZE];
	unsigned	 user;
};

struct logins {
	int64_t		 since;
	int64_t		 count;
};

struct tokens {
	pthread_mutex_t	 lock;		/* guards: all below */
	struct access	 access[ACCESS_MAX];	/* a ring, like the arrays below but approvals */
	unsigned	 next_access;
	struct approval	 approvals[DATA_USERS][APPROVALS_MAX];
	uint64_t	 next_approval;
	struct asked	 asked[ASKED_MAX];
	unsigned	 next_asked;
	struct session	 sessions[SESSIONS_MAX];
	unsigned	 next_session;
	struct logins	 logins[DATA_USERS];
};

static const struct {
	enum scope scope;
	const char *name, *text;
} scopes[] = {
	{ SCOPE_ID, "id", "Access the identity URL service" },
	{ SCOPE_API, "api", "Manage user data via APIs" },
	{ SCOPE_WEB, "web", "Manage user data via Web browsers" },
	{ SCOPE_REFRESH, "refresh_token", "Perform requests at any time" },
};

#define SCOPES	(sizeof(scopes) / sizeof(scopes[0]))

static unsigned
scope_of(const char *name, size_t len)
{
	if (len == 14 && memcmp(name, "offline_access", 14) == 0)
		return SCOPE_REFRESH;
	for (size_t i = 0; i < SCOPES; i++)
		if (strlen(scopes[i].name) == len && memcmp(scopes[i].name, name, len) == 0)
			return scopes[i].scope;
	return 0;
}

bool
scopes_parse(const char *s, unsigned *out)
{
	unsigned all = 0;

	while (*(s += strspn(s, " "))) {
		size_t len = strcspn(s, " ");
		unsigned scope = scope_of(s, len);

		if (!scope)
			return false;
		all |= scope;
		s += len;
	}
	*out = all;
	return true;
}

void
scopes_put(unsigned all, struct buf *out)
{
	const char *between = "";

	for (size_t i = 0; i < SCOPES; i++) {
		if (all & scopes[i].scope) {
			buf_printf(out, "%s%s", between, scopes[i].name);
			between = " ";
		}
	}
}

const char *
scope_text(enum scope scope)
{
	for (size_t i = 0; i < SCOPES; i++)
		if (scopes[i].scope == scope)
			return scopes[i].text;
	return "";
}

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

/* Makes a token of `len` characters: prefix, random ones, suffix. */
static bool
make(const char *prefix, const char *suffix, size_t len, char out[TOKEN_SIZE])
{
	static const char table[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
	size_t n = strlen(prefix), end = len - strlen(suffix);
	unsigned char random[TOKEN_SIZE];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	memcpy(out, prefix, n);
	for (; n < end; n++)
		out[n] = table[random[n] & 63];
	memcpy(out + end, suffix, len - end + 1);
	return true;
}

static bool
same(const char *kept, const char *token)
{
	return *kept && strcmp(kept, token) == 0;
}

/* Access tokens */

bool
token_give(struct tokens *t, const char *org_id, const struct holder *holder, char out[TOKEN_SIZE])
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "%.15s!AQ", org_id);
	if (!make(prefix, "", 112, out))
		return false;
	pthread_mutex_lock(&t->lock);
	struct access *a = &t->access[t->next_access++ % ACCESS_MAX];
	memcpy(a->token, out, TOKEN_SIZE);
	a->holder = *holder;
	pthread_mutex_unlock(&t->lock);
	return true;
}

static struct access *
find_access(struct tokens *t, const char *token)
{
	for (unsigned i = 0; i < ACCESS_MAX; i++)
		if (same(t->access[i].token, token))
			return &t->access[i];
	return NULL;
}

bool
token_find(struct tokens *t, const char *token, int64_t oldest, struct holder *out)
{
	pthread_mutex_lock(&t->lock);
	const struct access *a = find_access(t, token);
	bool good = a && a->holder.issued > oldest;
	if (good)
		*out = a->holder;
	pthread_mutex_unlock(&t->lock);
	return good;
}

void
tokens_expire(struct tokens *t)
{
	pthread_mutex_lock(&t->lock);
	for (unsigned i = 0; i < ACCESS_MAX; i++)
		t->access[i].token[0] = '\0';
	pthread_mutex_unlock(&t->lock);
}

/* Approvals */

static void
end_approval(struct tokens *t, struct approval *a)
{
	for (unsigned i = 0; i < ACCESS_MAX; i++)
		if (a->holder.approval && t->access[i].holder.approval == a->holder.approval)
			t->access[i].token[0] = '\0';
	memset(a, 0, sizeof(*a));
}

void
tokens_revoke(struct tokens *t)
{
	pthread_mutex_lock(&t->lock);
	for (unsigned user = 0; user < DATA_USERS; user++)
		for (unsigned i = 0; i < APPROVALS_MAX; i++)
			end_approval(t, &t->approvals[user][i]);
	pthread_mutex_unlock(&t->lock);
}

/* Finds the approval with this refresh token, or (rotated) a former one. */
static struct approval *
find_approval(struct tokens *t, const char *token, bool rotated)
{
	for (unsigned user = 0; user < DATA_USERS; user++) {
		for (unsigned i = 0; i < APPROVALS_MAX; i++) {
			struct approval *a = &t->approvals[user][i];

			if (!rotated && same(a->token, token))
				return a;
			for (unsigned j = 0; rotated && j < ROTATED_MAX; j++)
				if (same(a->rotated[j], token))
					return a;
		}
	}
	return NULL;
}

bool
token_revoke(struct tokens *t, const char *token)
{
	pthread_mutex_lock(&t->lock);
	struct access *a = find_access(t, token);
	struct approval *approval = find_approval(t, token, false);
	if (a)
		a->token[0] = '\0';
	if (approval)
		end_approval(t, approval);
	pthread_mutex_unlock(&t->lock);
	return a || approval;
}

bool
refresh_make(char out[TOKEN_SIZE])
{
	return make("5Aep861", "", 87, out);
}

bool
approval_give(struct tokens *t, struct holder *holder, char refresh[TOKEN_SIZE])
{
	if (!refresh_make(refresh))
		return false;
	pthread_mutex_lock(&t->lock);
	struct approval *a = &t->approvals[holder->user][0];
	for (unsigned i = 1; i < APPROVALS_MAX; i++)
		if (t->approvals[holder->user][i].holder.approval < a->holder.approval)
			a = &t->approvals[holder->user][i];
	end_approval(t, a);
	holder->approval = t->next_approval++;
	a->holder = *holder;
	memcpy(a->token, refresh, TOKEN_SIZE);
	pthread_mutex_unlock(&t->lock);
	return true;
}

bool
approval_exists(struct tokens *t, unsigned user)
{
	bool found = false;

	pthread_mutex_lock(&t->lock);
	for (unsigned i = 0; i < APPROVALS_MAX; i++)
		found = found || t->approvals[user][i].holder.approval;
	pthread_mutex_unlock(&t->lock);
	return found;
}

bool
approval_find(struct tokens *t, const char *refresh, int64_t oldest, struct holder *out)
{
	pthread_mutex_lock(&t->lock);
	const struct approval *a = find_approval(t, refresh, false);
	bool good = a && a->holder.issued > oldest;
	if (good)
		*out = a->holder;
	pthread_mutex_unlock(&t->lock);
	return good;
}

int
refresh_begin(struct tokens *t, const char *refresh, int64_t oldest)
{
	int rc = -ENOENT;

	pthread_mutex_lock(&t->lock);
	struct approval *a = find_approval(t, refresh, false),
			*rotated = a ? NULL : find_approval(t, refresh, true);
	if (rotated)
		end_approval(t, rotated);
	if (a && a->holder.issued <= oldest) {
		end_approval(t, a);
	} else if (a) {
		rc = a->busy ? -EBUSY : 0;
		a->busy = true;
	}
	pthread_mutex_unlock(&t->lock);
	return rc;
}

int
refresh_end(struct tokens *t, const char *refresh, const char *fresh, int64_t now,
    struct holder *out)
{
	pthread_mutex_lock(&t->lock);
	struct approval *a = find_approval(t, refresh, false);
	if (a) {
		a->busy = false;
		a->holder.issued = now;
		*out = a->holder;
		if (fresh) {
			memcpy(a->rotated[a->rotations++ % ROTATED_MAX], a->token, TOKEN_SIZE);
			memcpy(a->token, fresh, TOKEN_SIZE);
		}
	}
	pthread_mutex_unlock(&t->lock);
	return a ? 0 : -ENOENT;
}

/* Requests of apps in a browser */

bool
asked_add(struct tokens *t, struct asked *asked)
{
	if (!make("", "", 32, asked->id))
		return false;
	pthread_mutex_lock(&t->lock);
	t->asked[t->next_asked++ % ASKED_MAX] = *asked;
	pthread_mutex_unlock(&t->lock);
	return true;
}

static struct asked *
find_asked(struct tokens *t, const char *id)
{
	for (unsigned i = 0; i < ASKED_MAX; i++)
		if (same(t->asked[i].id, id))
			return &t->asked[i];
	return NULL;
}

bool
asked_find(struct tokens *t, const char *id, struct asked *out)
{
	pthread_mutex_lock(&t->lock);
	const struct asked *a = find_asked(t, id);
	if (a)
		*out = *a;
	pthread_mutex_unlock(&t->lock);
	return a != NULL;
}

void
asked_login(struct tokens *t, const char *id, unsigned user)
{
	pthread_mutex_lock(&t->lock);
	struct asked *a = find_asked(t, id);
	if (a) {
		a->user = user;
		a->logged_in = true;
	}
	pthread_mutex_unlock(&t->lock);
}

void
asked_end(struct tokens *t, const char *id)
{
	pthread_mutex_lock(&t->lock);
	struct asked *a = find_asked(t, id);
	if (a)
		memset(a, 0, sizeof(*a));
	pthread_mutex_unlock(&t->lock);
}

/* A code ends in == like real ones: it fails a client that does not decode it exactly once. */
bool
code_give(struct tokens *t, const char *id, int64_t now, char code[TOKEN_SIZE])
{
	if (!make("aPrx", "==", 64, code))
		return false;
	pthread_mutex_lock(&t->lock);
	struct asked *a = find_asked(t, id);
	if (a) {
		a->id[0] = '\0';
		a->given = now;
		memcpy(a->code, code, TOKEN_SIZE);
	}
	pthread_mutex_unlock(&t->lock);
	return a != NULL;
}

int
code_take(struct tokens *t, const char *code, int64_t oldest, struct asked *out)
{
	struct asked *found = NULL;
	int rc = -ENOENT;

	pthread_mutex_lock(&t->lock);
	for (unsigned i = 0; i < ASKED_MAX && !found; i++)
		if (same(t->asked[i].code, code))
			found = &t->asked[i];
	if (found) {
		rc = found->used || found->given <= oldest ? -EALREADY : 0;
		found->used = true;
		*out = *found;
	}
	pthread_mutex_unlock(&t->lock);
	return rc;
}

/* Sessions, and the number of logins */

bool
session_give(struct tokens *t, unsigned user, char out[TOKEN_SIZE])
{
	if (!make("", "", 48, out))
		return false;
	pthread_mutex_lock(&t->lock);
	struct session *s = &t->sessions[t->next_session++ % SESSIONS_MAX];
	memcpy(s->token, out, TOKEN_SIZE);
	s->user = user;
	pthread_mutex_unlock(&t->lock);
	return true;
}

bool
session_find(struct tokens *t, const char *session, unsigned *user)
{
	bool found = false;

	pthread_mutex_lock(&t->lock);
	for (unsigned i = 0; i < SESSIONS_MAX && !found; i++) {
		found = same(t->sessions[i].token, session);
		if (found)
			*user = t->sessions[i].user;
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}

bool
login_count(struct tokens *t, unsigned user, int64_t now, int64_t limit)
{
	pthread_mutex_lock(&t->lock);
	struct logins *l = &t->logins[user];
	if (now - l->since >= HOUR) {
		l->since = now;
		l->count = 0;
	}
	bool good = l->count < limit;
	l->count += good;
	pthread_mutex_unlock(&t->lock);
	return good;
}

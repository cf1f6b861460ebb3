/* status, token and logout: the commands that use a stored login. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "login.h"
#include "token.h"

#define BODY_LIMIT	(1 << 20)

/*
 * Questions to the org.
 */

struct org_says {
	struct oauth_identity who;
	long long	 used, max;	/* API calls; -1: unknown */
};

static int
ask_limits(struct session *s, const struct bearer *b, struct org_says *out)
{
	struct http_response a = { 0 };
	struct buf url = BUF_INIT;
	int rc = -ENOMEM;

	buf_printf(&url, "%s/services/data/v%s/limits", b->instance_url, s->config->api_version);
	if (!url.failed)
		rc = http_do(s->http,
		    &(struct http_request){ .url = buf_str(&url),
			.bearer = &b->access_token,
			.body_limit = BODY_LIMIT },
		    &a);
	const char *usage = strstr(a.limit_info, "api-usage=");
	if (usage)
		sscanf(usage, "api-usage=%lld/%lld", &out->used, &out->max);
	if (rc < 0)
		log_error("login", "%s: the org is out of reach: %s", s->config->org,
		    *a.error ? a.error : strerror(-rc));
	buf_free(&url);
	http_response_free(&a);
	return rc;
}

static int
try_bearer(struct session *s, struct token *t, struct bearer *out, struct oauth_identity *who)
{
	int rc = token_bearer(t, out);

	if (rc == 0)
		rc = oauth_identify(s->http, out->instance_url, &out->access_token, who);
	if (rc == -EHOSTUNREACH || rc == -ETIMEDOUT)
		log_error("login", "%s: %s is out of reach", s->config->org, out->instance_url);
	return rc == -ENODATA ? 0 : rc;
}

/* A token that the org accepts now: the stored one, else a renewed one. *who: its user, if the org
 * tells. */
static int
working_bearer(struct session *s, struct bearer *out, struct oauth_identity *who)
{
	struct token *t = NULL;
	int rc = token_open(s->config, s->http, &t);

	if (rc < 0)
		return rc;
	rc = try_bearer(s, t, out, who);
	if (rc == -EACCES) {
		rc = token_renew(t, out->serial);
		bearer_free(out);
		if (rc == 0 && (rc = try_bearer(s, t, out, who)) == -EACCES)
			log_error("login", "%s: Salesforce refuses a token that it has just given; "
			    "Setup > Login History may say why", s->config->org);
	}
	token_close(t);
	return rc;
}

/*
 * status
 */

static const char *
date_of(int64_t t, char out[32])
{
	time_t when = (time_t)t;

	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime(&when));
	return out;
}

static void
say_age(const char *what, int64_t then, const char *date)
{
	int64_t age = time(NULL) - then;
	const int64_t day = 86400, hour = 3600, unit = age >= day ? day : age >= hour ? hour : 60;

	log_say("%-10s %s (%lld %s ago)\n", what, date, (long long)(age / unit),
	    unit == day ? "d" : unit == hour ? "h" : "min");
}

/* As text or JSON. l: NULL: nobody is logged in. a: NULL: the org was not asked. */
static void
say_login(struct session *s, const struct login *l, const struct org_says *a)
{
	static const struct login none;
	const char *org = s->config->org;
	char since[32], renewed[32];
	struct buf b = BUF_INIT;
	const bool stored = l;

	l = stored ? l : &none;
	const struct {
		const char *name, *label, *value;
		bool shown;		/* in JSON; text shows what has a label and a value */
	} facts[] = {
		{ "login_url", NULL, s->config->login_url, true },
		{ "ended", "why", l->ended, stored },
		{ "org_id", "org", l->org_id, stored },
		{ "user_id", "user", l->user_id, stored },
		{ "username", "username", a ? a->who.username : NULL, a },
		{ "instance_url", "instance", l->instance_url, stored },
		{ "scope", "scopes", l->scope, stored },
		{ "how", "by", l->how, stored },
		{ "since", NULL, date_of(l->since, since), stored },
		{ "renewed", NULL, date_of(l->renewed, renewed), stored },
	};

	if (s->json) {
		buf_puts(&b, "{\"org\":");
		buf_put_json_text(&b, org);
		buf_printf(&b, ",\"logged_in\":%s", stored && !l->ended ? "true" : "false");
		for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
			if (!facts[i].shown)
				continue;
			buf_printf(&b, ",\"%s\":", facts[i].name);
			buf_put_json_text(&b, facts[i].value);
		}
		if (a)
			buf_printf(&b, ",\"api_used\":%lld,\"api_max\":%lld", a->used, a->max);
		buf_puts(&b, "}\n");
		fputs(buf_str(&b), stdout);
		buf_free(&b);
	} else if (stored) {
		log_say("%-10s %s\n", org, l->ended ? "the login has ended" : "logged in");
		for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
			if (facts[i].label && facts[i].value)
				log_say("%-10s %s\n", facts[i].label, facts[i].value);
		say_age("since", l->since, since);
		say_age("renewed", l->renewed, renewed);
		if (a && a->max >= 0)
			log_say("%-10s %lld of %lld calls in 24 hours, %lld left\n", "API", a->used,
			    a->max, a->max > a->used ? a->max - a->used : 0);
	} else {
		log_say("%-10s not logged in: %s login %s\n", org, s->config->sffs_auth, org);
	}
}

int
login_status(struct session *s)
{
	struct org_says answer = { .used = -1, .max = -1 };
	struct bearer bearer = { 0 };
	struct login l = { 0 };
	int rc = saved_login_read(&s->saved, &l);
	bool stored = rc == 0;

	if (rc == 0 && !l.ended && s->limits) {
		rc = working_bearer(s, &bearer, &answer.who);
		if (rc == 0)
			rc = ask_limits(s, &bearer, &answer);
		login_free(&l);
		if (rc == 0)
			rc = saved_login_read(&s->saved, &l);
		if (rc < 0)
			goto out;
	}
	if (rc == 0 && l.ended)
		rc = -ENOKEY;
	if (stored || rc == -ENOKEY)
		say_login(s, stored ? &l : NULL, stored && s->limits ? &answer : NULL);
out:
	login_free(&l);
	bearer_free(&bearer);
	oauth_identity_free(&answer.who);
	return rc;
}

/*
 * token
 */

int
login_token(struct session *s)
{
	struct oauth_identity who = { 0 };
	struct bearer bearer = { 0 };
	int rc = working_bearer(s, &bearer, &who);

	if (rc == 0)
		log_say("%s\n", bearer.access_token.bytes);
	oauth_identity_free(&who);
	bearer_free(&bearer);
	return rc;
}

/*
 * logout
 */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

/* Removes the cache directories of this org and user, whose names begin with "ORGID-USERID". */
static int
purge_cache(const struct config *c, const struct login *l)
{
	char *dir = NULL, path[PATH_MAX], name[40];
	int rc = config_cache_dir(c, &dir);
	DIR *d = rc == 0 ? opendir(dir) : NULL;

	if (rc == 0 && !d)
		rc = -errno;
	snprintf(name, sizeof(name), "%s-%s", l->org_id, l->user_id);
	for (struct dirent *e; rc == 0 && (e = readdir(d));) {
		if (strncmp(e->d_name, name, strlen(name)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
			rc = -errno;
		else
			log_say("%s: %s removed\n", c->org, path);
	}
	if (rc < 0)
		log_error("login", "%s: cannot remove the cached data: %s", dir ? dir : c->org,
		    strerror(-rc));
	if (d)
		closedir(d);
	free(dir);
	return rc;
}

int
login_logout(struct session *s)
{
	const char *org = s->config->org;
	struct login l = { 0 };
	int rc = saved_login_end(&s->saved, &l);

	saved_login_tell(&s->saved);
	if (rc == -EHOSTUNREACH || rc == -ETIMEDOUT)
		log_error("login",
		    "%s: logged out here, but the org is out of reach and still honours the login: "
		    "revoke it there, in the user's settings under OAuth Connected Apps",
		    org);
	else if (rc == -ENOKEY)
		log_error("login", "%s: not logged in", org);
	else if (rc == 0 && l.imported)
		log_say(
		    "%s: the imported login is removed here; the Salesforce CLI still has it\n",
		    org);
	else if (rc == 0)
		log_say("%s: logged out\n", org);
	if (s->purge && *l.org_id) {
		int purged = purge_cache(s->config, &l);

		rc = rc < 0 ? rc : purged;
	}
	login_free(&l);
	return rc;
}

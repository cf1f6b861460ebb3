/* status, list, token and logout: the commands that use a stored login. */
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

struct fact {
	const char *name, *label, *value;
	bool shown;		/* in JSON; text shows what has a label and a value */
};
#define FACTS	10

/* l: NULL: nobody is logged in. a: NULL: the org was not asked. */
static void
put_login_json(struct buf *b, const char *org, const struct login *l,
    const struct fact facts[FACTS], const struct org_says *a)
{
	buf_puts(b, "{\"org\":");
	buf_put_json_text(b, org);
	buf_printf(b, ",\"logged_in\":%s", l && !l->ended ? "true" : "false");
	for (size_t i = 0; i < FACTS; i++) {
		if (!facts[i].shown)
			continue;
		buf_printf(b, ",\"%s\":", facts[i].name);
		buf_put_json_text(b, facts[i].value);
	}
	if (a)
		buf_printf(b, ",\"api_used\":%lld,\"api_max\":%lld", a->used, a->max);
	buf_puts(b, "}");
}

static void
say_text(const char *org, const struct login *l, const struct fact facts[FACTS],
    const struct org_says *a, const char *since, const char *renewed)
{
	log_say("%-10s %s\n", org, l->ended ? "the login has ended" : "logged in");
	for (size_t i = 0; i < FACTS; i++)
		if (facts[i].label && facts[i].value)
			log_say("%-10s %s\n", facts[i].label, facts[i].value);
	say_age("since", l->since, since);
	say_age("renewed", l->renewed, renewed);
	if (a && a->max >= 0)
		log_say("%-10s %lld of %lld calls in 24 hours, %lld left\n", "API", a->used, a->max,
		    a->max > a->used ? a->max - a->used : 0);
}

/* Puts a login to json or, if that is NULL, prints it. url: the config's login_url. */
static void
say_login(const char *org, const char *url, const struct login *stored, const struct org_says *a,
    struct buf *json)
{
	static const struct login none;
	const struct login *l = stored ? stored : &none;
	char since[32], renewed[32];
	const struct fact facts[FACTS] = {
		{ "login_url", NULL, url, true },
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

	if (json)
		put_login_json(json, org, stored, facts, a);
	else
		say_text(org, l, facts, a, since, renewed);
}

static void
print_json(struct buf *b)
{
	buf_putc(b, '\n');
	fputs(buf_str(b), stdout);
	buf_free(b);
}

int
login_status(struct session *s)
{
	const struct config *c = s->config;
	struct org_says answer = { .used = -1, .max = -1 };
	struct bearer bearer = { 0 };
	struct buf json = BUF_INIT;
	struct login l = { 0 };

	if (!c)
		return login_list(s);
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
	if (s->json && (stored || rc == -ENOKEY)) {
		say_login(c->org, c->login_url, stored ? &l : NULL,
		    stored && s->limits ? &answer : NULL, &json);
		print_json(&json);
	} else if (stored) {
		say_login(c->org, c->login_url, &l, s->limits ? &answer : NULL, NULL);
	}
	if (!s->json && rc == -ENOKEY)
		log_say("%-10s not logged in: %s login %s\n", c->org, c->sffs_auth, c->org);
out:
	login_free(&l);
	bearer_free(&bearer);
	oauth_identity_free(&answer.who);
	return rc;
}

/*
 * list
 */

static int
read_listed(const char *org, struct login *out)
{
	char *path = NULL;
	int rc = token_file_path(&(struct config){ .org = (char *)org }, &path);

	if (rc == 0)
		rc = token_file_read(path, out);
	free(path);
	return rc;
}

int
login_list(struct session *s)
{
	struct buf orgs = BUF_INIT, json = BUF_INIT;
	struct login l = { 0 };
	char since[32];
	int rc = token_file_orgs(&orgs);
	char *rest = orgs.data, *org;
	bool any = false;

	while (rc == 0 && rest && (org = strsep(&rest, "\n")) && *org) {
		if (read_listed(org, &l) < 0)	/* logged */
			continue;
		buf_putc(&json, any ? ',' : '[');
		say_login(org, l.login_url, &l, NULL, &json);
		date_of(l.since, since);
		since[strlen("YYYY-MM-DD")] = '\0';
		if (!s->json)
			log_say("%-15s %-10s  %-18s  since %s  %s\n", org,
			    l.ended ? "ended" : "logged in", l.how, since, l.instance_url);
		any = true;
		login_free(&l);
	}
	if (rc == 0 && s->json) {
		buf_puts(&json, any ? "]" : "[]");
		print_json(&json);
	} else if (rc == 0 && !any) {
		log_say("no logins yet; to make one: sffs-auth setup ORG\n");
	}
	buf_free(&json);
	buf_free(&orgs);
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
	bool any = false;
	for (struct dirent *e; rc == 0 && (e = readdir(d));) {
		if (strncmp(e->d_name, name, strlen(name)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
			rc = -errno;
		else
			log_say("%s: %s removed\n", c->org, path);
		any = true;
	}
	if (rc == 0 && !any)
		log_say("%s: nothing is cached in %s\n", c->org, dir);
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
	else if (rc == -ENOKEY && s->purge && *l.org_id)
		rc = 0;
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

		if (purged == 0)
			purged = token_file_remove(s->saved.path);
		rc = rc < 0 ? rc : purged;
	}
	login_free(&l);
	return rc;
}

/* status, list, token and logout: the commands that use a stored login. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
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

static void
say_age(const char *what, int64_t then)
{
	int64_t age = time(NULL) - then;
	const int64_t day = 86400, hour = 3600, unit = age >= day ? day : age >= hour ? hour : 60;

	log_say("%-10s %s (%lld %s ago)\n", what, clock_iso(then).s, (long long)(age / unit),
	    unit == day ? "d" : unit == hour ? "h" : "min");
}

static void
say_calls(const struct org_says *a)
{
	if (a && a->max >= 0)
		log_say("%-10s %lld of %lld calls in 24 hours, %lld left\n", "API", a->used, a->max,
		    a->max > a->used ? a->max - a->used : 0);
}

struct fact {
	const char *name, *label, *value;	/* text shows what has a label and a value */
	bool known;				/* else it is not in JSON */
};
#define FACTS	10

static void
say_facts(const struct fact facts[FACTS], struct buf *json)
{
	for (size_t i = 0; i < FACTS; i++) {
		if (json && facts[i].known) {
			buf_printf(json, ",\"%s\":", facts[i].name);
			buf_put_json_text(json, facts[i].value);
		} else if (!json && facts[i].label && facts[i].value) {
			log_say("%-10s %s\n", facts[i].label, facts[i].value);
		}
	}
}

/*
 * Puts a login to json or, if that is NULL, prints it. url: the config's login_url. l: NULL: nobody
 * is logged in, only for JSON. a: NULL: the org was not asked.
 */
static void
say_login(const char *org, const char *url, const struct login *l, const struct org_says *a,
    struct buf *json)
{
	static const struct login none;
	const struct login *of = l ? l : &none;
	const struct clock_text since = clock_iso(of->since), renewed = clock_iso(of->renewed);
	const struct fact facts[FACTS] = {
		{ "login_url", NULL, url, true },
		{ "ended", "why", of->ended, l },
		{ "org_id", "org", of->org_id, l },
		{ "user_id", "user", of->user_id, l },
		{ "username", "username", a ? a->who.username : NULL, a },
		{ "instance_url", "instance", of->instance_url, l },
		{ "scope", "scopes", of->scope, l },
		{ "how", "by", of->how, l },
		{ "since", NULL, since.s, l },
		{ "renewed", NULL, renewed.s, l },
	};

	if (json) {
		buf_puts(json, "{\"org\":");
		buf_put_json_text(json, org);
		buf_printf(json, ",\"logged_in\":%s", l && !l->ended ? "true" : "false");
	} else {
		log_say("%-10s %s\n", org, of->ended ? "the login has ended" : "logged in");
	}
	say_facts(facts, json);
	if (json) {
		if (a)
			buf_printf(json, ",\"api_used\":%lld,\"api_max\":%lld", a->used, a->max);
		buf_putc(json, '}');
	} else {
		say_age("since", of->since);
		say_age("renewed", of->renewed);
		say_calls(a);
	}
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
	if (stored || (s->json && rc == -ENOKEY))
		say_login(c->org, c->login_url, stored ? &l : NULL,
		    stored && s->limits ? &answer : NULL, s->json ? &json : NULL);
	if (json.len)
		print_json(&json);
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
	int rc = token_file_orgs(&orgs);
	char *rest = orgs.data, *org;
	bool any = false;

	while (rc == 0 && rest && (org = strsep(&rest, "\n")) && *org) {
		if (read_listed(org, &l) < 0)	/* logged */
			continue;
		buf_putc(&json, any ? ',' : '[');
		say_login(org, l.login_url, &l, NULL, &json);
		if (!s->json)
			log_say("%-15s %-10s  %-18s  since %.10s  %s\n", org,
			    l.ended ? "ended" : "logged in", l.how, clock_iso(l.since).s,
			    l.instance_url);
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

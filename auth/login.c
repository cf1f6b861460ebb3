#include "login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"

#define WAIT_PAUSE	30		/* seconds between tries, at most */
#define WAIT_MOST	(40 * 60)	/* seconds: half an hour has been seen */

void
login_say_who(struct session *s, const struct login *l)
{
	struct oauth_identity who = { 0 };

	int rc = oauth_identify(s->http, l->instance_url, &l->access_token, &who);
	log_say("%s: logged in as %s, user %s of org %s at %s\n", s->config->org,
	    rc == 0 ? who.username : "somebody", l->user_id, l->org_id, l->instance_url);
	oauth_identity_free(&who);
}

/*
 * For an app that Salesforce does not know yet, a browser shows an error and never comes back. So
 * an invalid code is sent first: the refusal is of the app, or else of the code.
 */
static int
check_app(struct session *s)
{
	struct oauth_failure *f = &s->saved.failure;
	static char none[] = "none";
	struct oauth_grant grant = { 0 };
	int rc = oauth_ask(s->http,
	    &(struct oauth_request){ .config = s->config,
		.flow = OAUTH_WEB,
		.code = &(struct secret){ none },
		.verifier = none },
	    &grant, f);

	oauth_grant_free(&grant);
	if (rc == -EAGAIN || (rc == -EACCES && !f->app)) {
		*f = (struct oauth_failure){ 0 };
		rc = 0;
	}
	return rc;
}

int
login_try(struct session *s, struct login *out)
{
	return s->config->flow == CONFIG_WEB ? check_app(s) :
					       saved_login_make(&s->saved, NULL, out);
}

/* Salesforce does not know the Consumer Key of a new app for some minutes: --wait tries again. */
static int
log_in_when_known(struct session *s, struct login *l)
{
	time_t end = time(NULL) + WAIT_MOST;

	for (unsigned pause = 1;; pause = pause * 2 < WAIT_PAUSE ? pause * 2 : WAIT_PAUSE) {
		bool web = s->config->flow == CONFIG_WEB;
		int rc = !web || s->wait ? login_try(s, l) : 0;

		if (rc == 0 && web)
			rc = login_web(s, l);
		if (rc != -EACCES || !s->saved.failure.not_yet || !s->wait || time(NULL) > end)
			return rc;
		log_info("login",
		    "%s: Salesforce does not know this client_id: check it for typos; "
		    "a new app takes up to 30 min; next try in %u s",
		    s->config->org, pause);
		nanosleep(&(struct timespec){ .tv_sec = pause }, NULL);
	}
}

/* Whether the login came from sf, which can give another; *l is it then. */
static bool
is_of_cli(struct session *s, struct login *l)
{
	return !s->config->client_id && s->config->login_url &&
	    saved_login_read(&s->saved, l) == 0 && strcmp(l->how, "sf") == 0 && l->username;
}

int
login_command(struct session *s)
{
	const struct config *c = s->config;
	struct login l = { 0 };
	const char *lacks = config_lacks(c);
	int rc;

	if (is_of_cli(s, &l)) {
		s->from_cli = l.username;
		rc = login_import(s);
	} else if (lacks) {
		rc = log_invalid("login", "%s: [%s] lacks %s; %s setup %s says more", c->file,
		    c->org, lacks, c->sffs_auth, c->org);
	} else {
		login_free(&l);
		rc = log_in_when_known(s, &l);
		if (rc == 0)
			login_say_who(s, &l);
		else
			saved_login_tell(&s->saved);
	}
	login_free(&l);
	return rc;
}

void
login_say_next(const struct session *s)
{
	const struct config *c = s->config;
	const char *options = c->sffs_auth + strlen("sffs-auth");

	log_say("Now mount it, such as: mkdir -p ~/%s && sffs%s %s ~/%s\n", c->org, options,
	    c->org, c->org);
}

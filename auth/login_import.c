/* import: a login that the Salesforce CLI has. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "host.h"
#include "log.h"
#include "login.h"
#include "option.h"
#include "section.h"
#include "sfdx.h"

#define INPUT_MAX	65536

static int
read_input(const char *file, struct buf *out)
{
	int rc = file ? buf_read_file(out, file, INPUT_MAX) :
			buf_read(out, STDIN_FILENO, INPUT_MAX);

	if (rc < 0 && rc != -ENOMEM)
		rc = log_invalid("login", "%s: %s", file ? file : "standard input", strerror(-rc));
	return rc;
}

static int
set_login_url(struct session *s, const char *url)
{
	return option_set(s->config, option_find("login_url", 9), url, "sf");
}

/* A token is sent only to the org of the config. If that names none, it is the org of sf. */
static int
agree_on_org(struct session *s, const char *url, bool same)
{
	const struct config *c = s->config;

	if (s->adopt)
		return set_login_url(s, url);
	return same ? 0 :
		      log_invalid("login",
			  "import: sf is logged in to %s, but login_url of [%s] is %s", url, c->org,
			  c->login_url);
}

/* Login hosts serve all orgs. */
static int
agree_on_host(struct session *s, const char *host)
{
	const char *ours = s->adopt ? "" : strstr(s->config->login_url, "://") + 3;
	char url[HOST_SIZE + 16];

	if (host_login_url(host, url))
		snprintf(url, sizeof(url), "https://%s", host);
	return agree_on_org(s, url,
	    strcasecmp(host, ours) == 0 || strcmp(host, "login.salesforce.com") == 0 ||
		strcmp(host, "test.salesforce.com") == 0);
}

static int
import_url(struct session *s, struct login *l)
{
	struct sfdx_url u = { 0 };
	struct buf text = BUF_INIT;
	int rc = read_input(s->file, &text);

	if (rc == 0) {
		rc = sfdx_url_parse(buf_str(&text), &u);
		if (rc == -EINVAL)
			log_error("login", "import: not an SFDX auth URL (force://...@HOST); "
			    "sf org auth show-sfdx-auth-url --json prints one");
	}
	if (rc == 0)
		rc = agree_on_host(s, u.host);
	if (rc == 0)
		rc = saved_login_make(&s->saved,
		    &(struct oauth_request){ .config = s->config,
			.flow = OAUTH_REFRESH,
			.client_id = u.client_id,
			.client_secret = &u.client_secret,
			.refresh_token = &u.refresh_token },
		    l);
	/* Only now is it known which org that is. */
	if (rc == 0 && s->adopt && (rc = set_login_url(s, l->instance_url)) == 0)
		rc = secret_set_text(&l->login_url, l->instance_url) ?
		    saved_login_put(&s->saved, l) :
		    -ENOMEM;
	sfdx_url_free(&u);
	buf_wipe(&text);
	return rc;
}

/* The lines of a text as one. */
static const char *
join_lines(char *s)
{
	char *to = s;

	for (const char *from = s; *from; from++) {
		const bool blank = strchr(" \t\r\n", *from);

		if (!blank || (to > s && to[-1] != ' '))
			*to++ = blank ? ' ' : *from;
	}
	*to = '\0';
	return s;
}

/* The value `name` of what sf prints; the command is for the log. */
static int
ask_cli(const char *command, const char *const *argv, const char *name, struct secret *out)
{
	struct secret text = { NULL }, why = { NULL };
	int status = 0;
	int rc = command_output(command, argv, &status, &text);

	if (rc == -ENOENT) {
		rc = log_invalid("login", "import: sf (the Salesforce CLI) is not in PATH");
	} else if (rc == 0 && status != 0) {
		sfdx_value(text.bytes, "message", &why);
		rc = log_invalid("login", "%s failed: %s", command,
		    why.bytes ? join_lines(why.bytes) : "run it by hand to see why");
	} else if (rc == 0) {
		rc = sfdx_value(text.bytes, name, out);
		/* Some versions of sf print a text instead of a token. */
		if (rc == -EINVAL || (rc == 0 && strchr(out->bytes, ' ')))
			rc = log_invalid("login", "%s prints no %s; update the Salesforce CLI",
			    command, name);
	}
	secret_free(&text);
	secret_free(&why);
	return rc;
}

/* The access token that sf has, and the org's host. */
static int
ask_cli_login(const char *name, struct secret *token, struct secret *instance)
{
	const char *const token_argv[] = { "sf", "org", "auth", "show-access-token", "--target-org",
		name, "--json", NULL };
	const char *const org_argv[] = { "sf", "org", "display", "--target-org", name, "--json",
		NULL };
	int rc = ask_cli("sf org auth show-access-token", token_argv, "accessToken", token);

	if (rc == 0)
		rc = ask_cli("sf org display", org_argv, "instanceUrl", instance);
	if (rc < 0)
		return rc;
	size_t n = strlen(instance->bytes);
	if (n && instance->bytes[n - 1] == '/')
		instance->bytes[n - 1] = '\0';
	return 0;
}

static int
import_cli(struct session *s, struct login *l)
{
	struct oauth_identity who = { 0 };
	struct secret instance = { NULL };
	int rc = 0;

	if (*s->from_cli == '-' || s->file)
		return log_invalid("login",
		    "import: --from-cli takes a username or an alias of the Salesforce CLI, "
		    "and no file");
	rc = ask_cli_login(s->from_cli, &l->access_token, &instance);
	if (rc == 0)
		rc = agree_on_org(s, instance.bytes,
		    s->adopt || host_may_hold_token(instance.bytes, s->config->login_url));
	if (rc == 0 && !host_may_hold_token(instance.bytes, s->config->login_url))
		rc = log_invalid(
		    "login", "import: %s is not a host of Salesforce", instance.bytes);
	if (rc < 0)
		goto out;
	rc = oauth_identify(s->http, instance.bytes, &l->access_token, &who);
	if (rc < 0) {
		log_error("login", "import: %s %s", instance.bytes,
		    rc == -EACCES	? "refuses the token of sf" :
			rc == -ENODATA ? "does not tell whose token that is" :
					 "is out of reach");
		goto out;
	}
	memcpy(l->org_id, who.org_id, sizeof(l->org_id));
	memcpy(l->user_id, who.user_id, sizeof(l->user_id));
	l->imported = true;
	l->since = l->renewed = time(NULL);
	if (secret_set_text(&l->login_url, s->config->login_url) &&
	    secret_set_text(&l->client_id, "sf") && secret_set_text(&l->how, "sf") &&
	    secret_set_text(&l->username, s->from_cli) &&
	    secret_set_text(&l->instance_url, instance.bytes))
		rc = saved_login_put(&s->saved, l);
	else
		rc = -ENOMEM;
out:
	oauth_identity_free(&who);
	secret_free(&instance);
	return rc;
}

int
login_import(struct session *s)
{
	const struct config *c = s->config;
	struct section_key url = { "login_url", { NULL } };
	struct login l = { 0 };
	int rc;

	s->adopt = s->adopt || !s->there || !c->login_url;
	rc = s->from_cli ? import_cli(s, &l) : import_url(s, &l);
	if (rc < 0) {
		saved_login_tell(&s->saved);
	} else {
		login_say_who(s, &l);
		if (!l.refresh_token.bytes)
			log_say("%s: this login lasts as long as the session of sf; "
				"to take it again: %s %s%s %s\n",
			    c->org, c->sffs_auth,
			    c->client_id ? "import --from-cli " : "login",
			    c->client_id ? s->from_cli : "", c->org);
		else
			log_say("%s: the CLI and sffs now share one login; with refresh token "
				"rotation in the org, only one of them can use it\n",
			    c->org);
	}
	if (rc == 0 && s->adopt) {
		url.value.bytes = c->login_url;
		rc = section_write(c->file, c->org, &url, 1);
		if (rc == 0)
			log_say("%s: [%s] is written\n", c->file, c->org);
		if (rc == 0)
			login_say_next(s);
	}
	login_free(&l);
	return rc;
}

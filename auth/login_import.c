/* import: a login that the Salesforce CLI has. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "host.h"
#include "log.h"
#include "login.h"
#include "sfdx.h"

#define INPUT_MAX	65536

/* The file, or standard input, whole. */
static int
read_input(const char *file, struct buf *out)
{
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	ssize_t n = 0;
	int rc = fd < 0 ? -errno : 0;

	if (rc == 0 && !buf_reserve(out, INPUT_MAX))
		rc = -ENOMEM;
	while (rc == 0 && (n = read(fd, out->data + out->len, INPUT_MAX - out->len)) > 0)
		out->len += (size_t)n;
	if (rc == 0 && n < 0)
		rc = -errno;
	if (rc == 0)
		out->data[out->len] = '\0';
	else if (rc != -ENOMEM)
		log_error("login", "%s: %s", file ? file : "standard input", strerror(-rc));
	if (file && fd >= 0)
		close(fd);
	return rc == 0 || rc == -ENOMEM ? rc : -EINVAL;
}

/*
 * The refresh token is tried at login_url: it must be of that org. The login hosts stand for any
 * org.
 */
static bool
is_host_of(const char *host, const char *login_url)
{
	const char *ours = strstr(login_url, "://") + 3;

	return strcasecmp(host, ours) == 0 || strcmp(host, "login.salesforce.com") == 0 ||
	    strcmp(host, "test.salesforce.com") == 0;
}

static int
import_url(struct session *s, struct login *l, struct oauth_failure *f)
{
	struct sfdx_url u = { 0 };
	struct buf text = BUF_INIT;
	int rc = read_input(s->file, &text);

	if (rc == 0) {
		rc = sfdx_url_parse(buf_str(&text), &u);
		if (rc == -EINVAL)
			log_error("login", "import: this is no SFDX auth URL (force://...@HOST); "
			    "sf org auth show-sfdx-auth-url --json prints one");
	}
	if (rc == 0 && !is_host_of(u.host, s->config->login_url)) {
		log_error("login", "import: the login is for %s, but login_url of [%s] is %s",
		    u.host, s->config->org, s->config->login_url);
		rc = -EINVAL;
	}
	if (rc == 0)
		rc = saved_login_make(s->config, s->http,
		    &(struct oauth_request){ .config = s->config,
			.flow = OAUTH_REFRESH,
			.client_id = u.client_id,
			.client_secret = &u.client_secret,
			.refresh_token = &u.refresh_token },
		    l, f);
	sfdx_url_free(&u);
	buf_wipe(&text);
	return rc;
}

/* One value of what `sf org ... --json` prints. */
static int
ask_cli(const char *const *argv, const char *name, struct secret *out)
{
	struct secret text = { NULL };
	int rc = command_output("sf (the Salesforce CLI)", argv, &text);

	if (rc == 0) {
		rc = sfdx_result(text.bytes, name, out);
		if (rc == -EINVAL)
			log_error("login",
			    "sf does not say %s; update the Salesforce CLI, and see that sf org display works",
			    name);
	}
	secret_free(&text);
	return rc;
}

static char *
copy(const char *s, bool *failed)
{
	char *p = strdup(s);

	*failed |= !p;
	return p;
}

static int
import_cli(struct session *s, struct login *l)
{
	const char *const token_argv[] = { "sf", "org", "auth", "show-access-token", "--target-org",
		s->from_cli, "--json", NULL };
	const char *const org_argv[] = { "sf", "org", "display", "--target-org", s->from_cli,
		"--json", NULL };
	struct oauth_identity who = { 0 };
	struct secret instance = { NULL };
	bool failed = false;
	int rc = 0;

	if (*s->from_cli == '-' || s->file) {
		log_error("login",
		    "import: --from-cli takes a username or an alias of the Salesforce CLI, and no file");
		return -EINVAL;
	}
	rc = ask_cli(token_argv, "accessToken", &l->access_token);
	if (rc == 0)
		rc = ask_cli(org_argv, "instanceUrl", &instance);
	if (rc < 0)
		goto out;
	/* Older and newer versions of the CLI print a text instead of a token. */
	if (strncmp(l->access_token.bytes, "00D", 3) != 0 &&
	    strncmp(l->access_token.bytes, "eyJ", 3) != 0) {
		log_error("login", "import: sf prints no access token");
		rc = -EINVAL;
	} else if (!host_may_hold_token(instance.bytes, s->config->login_url)) {
		log_error("login", "import: sf names %s, which cannot be the host of %s",
		    instance.bytes, s->config->login_url);
		rc = -EINVAL;
	} else {
		rc = oauth_identify(s->http, instance.bytes, &l->access_token, &who);
		if (rc < 0)
			log_error("login", "import: %s %s", instance.bytes,
			    rc == -EACCES      ? "refuses the token that sf gave" :
				rc == -ENODATA ? "does not tell whose token that is" :
						 "is out of reach");
	}
	if (rc < 0)
		goto out;
	l->login_url = copy(s->config->login_url, &failed);
	l->client_id = copy("sf", &failed);
	l->how = copy("sf", &failed);
	l->instance_url = copy(instance.bytes, &failed);
	memcpy(l->org_id, who.org_id, sizeof(l->org_id));
	memcpy(l->user_id, who.user_id, sizeof(l->user_id));
	l->imported = true;
	l->since = l->renewed = time(NULL);
	rc = failed ? -ENOMEM : saved_login_put(s->config, s->http, l);
out:
	oauth_identity_free(&who);
	secret_free(&instance);
	return rc;
}

int
login_import(struct session *s)
{
	struct oauth_failure failure = { 0 };
	struct login l = { 0 };
	int rc = s->from_cli ? import_cli(s, &l) : import_url(s, &l, &failure);

	if (rc == 0)
		login_say_who(s, &l);
	else if (*failure.text)
		log_error("login", "%s: %s", s->config->org, failure.text);
	if (rc == 0 && !l.refresh_token.bytes)
		printf("%s: it ends with the session; import it again then\n", s->config->org);
	else if (rc == 0)
		printf(
		    "%s: the CLI and sffs now share one login; with refresh token rotation in the org, "
		    "only one of them can\n",
		    s->config->org);
	login_free(&l);
	return rc;
}

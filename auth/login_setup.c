/*
 * login --setup: says how to make the app in Salesforce, for the flow that the config names. If the
 * config has no section yet, asks for its keys on a terminal and appends it to the file, or prints
 * a template elsewhere. A section that is there is never changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "log.h"
#include "login.h"
#include "option.h"

#define LINE_SIZE	4096

static const char begin[] =
    "\n"
    "1. Setup, Quick Find \"External Client App Manager\", New External Client App.\n"
    "   A name, a contact e-mail, Distribution State: Local.\n"
    "2. API (Enable OAuth Settings), Enable OAuth. Callback URL, exactly:\n";

static const char web[] =
    "   and Perform requests at any time (refresh_token, offline_access)\n"
    "4. Security: Require PKCE. To do without client_secret, uncheck Require Secret for Web\n"
    "   Server Flow and Require Secret for Refresh Token Flow.\n";

static const char jwt[] =
    "4. Flow Enablement: Enable JWT Bearer Flow, and upload the certificate of private_key:\n"
    "       umask 077; openssl req -x509 -newkey rsa:2048 -nodes -days 730 -subj /CN=sffs \\\n";

static const char jwt_user[] =
    "   After Create, under Policies: Permitted Users \"Admin approved users are\n"
    "   pre-authorized\", and the profile or a permission set of the user.\n";

static const char client_credentials[] =
    "4. Flow Enablement: Enable Client Credentials Flow.\n"
    "   After Create, under Policies: Enable Client Credentials Flow, and Run As the user, by\n"
    "   exact Username.\n";

static const char end[] =
    "\n"
    "Salesforce knows the app after two to ten minutes, sometimes thirty.\n";

enum { WEB = 1 << CONFIG_WEB, JWT = 1 << CONFIG_JWT, SECRET = 1 << CONFIG_CLIENT_CREDENTIALS };

/* The keys of a section, in their order. */
static const struct prompt {
	const char *key;
	unsigned flows;			/* that have the key */
	unsigned needed;		/* flows that cannot do without */
	const char *fallback;		/* of an empty answer; NULL: no such line */
	const char *example;		/* for the template */
	const char *text;
} prompts[] = {
	{ "login_url", ~0U, ~0U, NULL, "https://MYDOMAIN.my.salesforce.com",
	    "The org's My Domain (Setup, My Domain), such as https://acme.my.salesforce.com" },
	{ "flow", ~0U, ~0U, "web", "web",
	    "How sffs logs in: web (you, in a browser), client_credentials or jwt (for servers)" },
	{ "client_id", ~0U, ~0U, NULL, "", "The app's Consumer Key" },
	{ "client_secret", WEB | SECRET, SECRET, NULL, "",
	    "The app's Consumer Secret (hidden; with flow = web empty if the app needs none)" },
	{ "username", JWT, JWT, NULL, "", "The user to log in" },
	{ "private_key", JWT, JWT, NULL, "", "The file of the private key, PEM" },
};
#define PROMPTS	(sizeof(prompts) / sizeof(prompts[0]))

static void
say_template(const struct config *c)
{
	log_say("# %s has no [%s] yet. Put this there and fill it in (the directory 0700,\n",
		    c->file,
	    c->org);
	log_say("# the file 0600); then %s login --setup %s says how to make the app.\n",
	    c->sffs_auth, c->org);
	log_say("[%s]\n", c->org);
	for (const struct prompt *q = prompts; q < prompts + PROMPTS; q++) {
		log_say("# %s.\n", q->text);
		log_say("%s%s = %s\n", q->flows == JWT ? "#" : "", q->key, q->example);
	}
}

static void
say_steps(const struct config *c, const char *key)
{
	log_say("In Salesforce, as an admin of %s:\n", c->login_url ? c->login_url : "the org");
	fputs(begin, stdout);
	log_say("       %s\n", c->redirect_uri);
	fputs("3. OAuth Scopes: Manage user data via APIs (api)\n", stdout);
	if (c->flow == CONFIG_JWT) {
		fputs(jwt, stdout);
		log_say("           -keyout %s -out %s.crt\n", key, key);
		fputs(jwt_user, stdout);
	} else {
		fputs(c->flow == CONFIG_WEB ? web : client_credentials, stdout);
	}
	log_say("5. Create; then Settings, OAuth Settings, Consumer Key%s in %s.\n",
	    c->flow == CONFIG_JWT ? ": it is client_id" :
				    " and Secret: client_id and client_secret",
	    c->file);
	fputs(end, stdout);
}

/* The default place of a key: beside the config file. */
static void
default_key(const struct config *c, char out[PATH_MAX])
{
	const char *slash = strrchr(c->file, '/');

	snprintf(out, PATH_MAX, "%.*s%s.pem", slash ? (int)(slash - c->file) + 1 : 0, c->file,
	    c->org);
}

/*
 * Asking.
 */

static struct termios visible;	/* the terminal, as it was before it hid what is typed */

static void
show_again(int number)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &visible);
	signal(number, SIG_DFL);
	raise(number);
}

/*
 * Reads an answer, without the blanks around it. The question is still in stdout's buffer: it is
 * shown after the terminal has begun to hide the answer. TCSANOW keeps what was typed ahead.
 */
static int
read_answer(bool secret, char line[LINE_SIZE])
{
	static const char blank[] = " \t\r\n";

	if (secret && tcgetattr(STDIN_FILENO, &visible) == 0) {
		struct termios hidden = visible;

		hidden.c_lflag &= ~(tcflag_t)ECHO;
		signal(SIGINT, show_again);
		signal(SIGTERM, show_again);
		tcsetattr(STDIN_FILENO, TCSANOW, &hidden);
	}
	fflush(stdout);
	const char *got = fgets(line, LINE_SIZE, stdin);
	if (secret) {
		tcsetattr(STDIN_FILENO, TCSANOW, &visible);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		putchar('\n');
	}
	if (!got)
		return log_invalid("login", "the answers have ended; nothing is written");
	char *from = line + strspn(line, blank);
	size_t n = strlen(from);
	while (n && strchr(blank, from[n - 1]))
		n--;
	memmove(line, from, n);
	line[n] = '\0';
	return 0;
}

/* Asks until the answer is valid, and puts it into the config and, as a line, into text. */
static int
ask_key(struct config *c, const struct prompt *q, const char *fallback, struct buf *text)
{
	const struct option *o = option_find(q->key, strlen(q->key));
	const bool secret = strcmp(q->key, "client_secret") == 0;
	const bool needed = q->needed & 1U << c->flow;
	char line[LINE_SIZE] = "";
	int rc;

	putchar('\n');
	log_say("%s\n", q->text);
	for (;;) {
		log_say(fallback ? "%s [%s] = " : "%s = ", q->key, fallback);
		rc = read_answer(secret, line);
		if (rc < 0 || (!*line && !needed))
			break;
		if (!*line && !fallback)
			continue;
		rc = option_set(c, o, *line ? line : fallback, "login --setup");
		if (rc == 0)
			buf_printf(text, "%s = %s\n", q->key, *line ? line : fallback);
		if (rc != -EINVAL)
			break;
	}
	explicit_bzero(line, sizeof(line));
	return rc;
}

/* Nobody else may read the file that is to hold the secret. */
static int
check_closed(const char *file)
{
	struct stat st;

	if (stat(file, &st) < 0 || !(st.st_mode & 077))
		return 0;
	return log_invalid("login",
	    "%s: others can read it, and the secret is to be written there; first: chmod 600 '%s'",
	    file, file);
}

static int
ask_all(struct config *c, struct buf *text)
{
	char key[PATH_MAX];
	int rc = 0;

	default_key(c, key);
	/* The answers hold a secret: neither stdin's buffer nor a growing one may keep a copy. */
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOFBF, LINE_SIZE);
	buf_reserve(text, 8 * LINE_SIZE);
	log_say("[%s] is not in %s yet. Answer these questions to add it; "
		"Ctrl-C changes nothing.\n", c->org, c->file);
	buf_printf(text, "\n[%s]\n", c->org);
	for (const struct prompt *q = prompts; rc == 0 && q < prompts + PROMPTS; q++) {
		const char *fallback = q->fallback;

		if (!(q->flows & 1U << c->flow))
			continue;
		if (strcmp(q->key, "client_id") == 0) {
			putchar('\n');
			say_steps(c, key);
		} else if (strcmp(q->key, "client_secret") == 0) {
			rc = check_closed(c->file);
		} else if (strcmp(q->key, "private_key") == 0 && *key == '/') {
			fallback = key;
		}
		if (rc == 0)
			rc = ask_key(c, q, fallback, text);
	}
	return rc == 0 && text->failed ? -ENOMEM : rc;
}

/*
 * Writing.
 */

/* The text begins with a line end: it ends the last line of the file, or is an empty line. */
static int
append_section(char *file, const struct buf *text)
{
	struct stat st;
	int rc = 0;

	config_make_parents(file);	/* if it fails, so does open */
	int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = -errno;
	} else {
		const size_t skip = st.st_size == 0, n = text->len - skip;

		if (write(fd, text->data + skip, n) != (ssize_t)n)
			rc = -errno;
	}
	if (fd >= 0 && close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		log_error("login", "%s: cannot write the section: %s", file, strerror(-rc));
	return rc < 0 ? -EINVAL : 0;
}

int
login_setup(struct config *c, bool there)
{
	struct buf text = BUF_INIT;
	const char *lacks;
	int rc = 0;

	if (there) {
		char key[PATH_MAX];

		default_key(c, key);
		say_steps(c, c->private_key ? c->private_key : key);
		if ((lacks = config_lacks(c)))
			log_say("%s: [%s] still lacks %s\n", c->file, c->org, lacks);
		else
			log_say("Then: %s login --wait %s\n", c->sffs_auth, c->org);
	} else if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		say_template(c);
	} else {
		rc = ask_all(c, &text);
		if (rc == 0)
			rc = append_section(c->file, &text);
		if (rc == 0)
			log_say("%s: [%s] is written. Now: %s login --wait %s\n", c->file,
			    c->org, c->sffs_auth, c->org);
	}
	buf_wipe(&text);
	return rc;
}

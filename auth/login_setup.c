/*
 * login --setup: says how to make the app in Salesforce, for the flow that the config names. If the
 * config has no section yet, asks for its keys on a terminal and appends it to the file, or prints
 * a template elsewhere. A section that is there is never changed.
 */
#include <errno.h>
#include <fcntl.h>
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
    "In Salesforce, as an admin of %s:\n"
    "\n"
    "1. Setup, Quick Find \"External Client App Manager\", New External Client App.\n"
    "   A name, a contact e-mail, Distribution State: Local.\n"
    "2. API (Enable OAuth Settings), Enable OAuth. Callback URL, exactly:\n"
    "       %s\n"
    "3. OAuth Scopes: Manage user data via APIs (api)%s\n";

static const char web[] =
    "4. Security: Require PKCE. To do without client_secret, uncheck Require Secret for Web\n"
    "   Server Flow and Require Secret for Refresh Token Flow.\n";

static const char jwt[] =
    "4. Flow Enablement: Enable JWT Bearer Flow, and upload the certificate of private_key:\n"
    "       umask 077; openssl req -x509 -newkey rsa:2048 -nodes -days 730 -subj /CN=sffs \\\n"
    "           -keyout %s -out %s.crt\n"
    "   After Create, under Policies: Permitted Users \"Admin approved users are\n"
    "   pre-authorized\", and the profile or a permission set of the user.\n";

static const char client_credentials[] =
    "4. Flow Enablement: Enable Client Credentials Flow.\n"
    "   After Create, under Policies: Enable Client Credentials Flow, and Run As the user, by\n"
    "   exact Username.\n";

static const char end[] =
    "5. Create; then Settings, OAuth Settings, %s in %s.\n"
    "\n"
    "Salesforce knows the app after two to ten minutes, sometimes thirty.\n";

static const char template[] =
    "# %s has no [%s] yet. Put this there and fill it in (the directory 0700, the file\n"
    "# 0600); then run %s login --setup %s to see how to make the app in Salesforce.\n"
    "# On a terminal that command asks for all this, and writes it.\n"
    "[%s]\n"
    "# The org's My Domain: Setup, My Domain shows it.\n"
    "login_url = https://MYDOMAIN.my.salesforce.com\n"
    "# How sffs logs in: web (you, in a browser), client_credentials (the app's secret; for\n"
    "# servers) or jwt (a private key; for servers).\n"
    "flow = web\n"
    "# Consumer Key and Secret of the app. jwt needs no secret, web only if the app does.\n"
    "client_id =\n"
    "client_secret =\n"
    "# jwt: the user to log in, and the file of the key.\n"
    "#username =\n"
    "#private_key =\n";

static void
say_steps(const struct config *c, const char *key)
{
	printf(begin, c->login_url ? c->login_url : "the org", c->redirect_uri,
	    c->flow == CONFIG_WEB ?
		",\n   and Perform requests at any time (refresh_token, offline_access)" :
		"");
	if (c->flow == CONFIG_JWT)
		printf(jwt, key, key);
	else
		fputs(c->flow == CONFIG_WEB ? web : client_credentials, stdout);
	printf(end,
	    c->flow == CONFIG_JWT ?
		"Consumer Key: it is client_id" :
		"Consumer Key and Secret: they are client_id and\n   client_secret",
	    c->file);
}

/* The default place of a key: beside the config file. Caller frees. */
static char *
default_key(const struct config *c)
{
	const char *slash = strrchr(c->file, '/');
	char *key = NULL;

	int n = asprintf(
	    &key, "%.*s%s.pem", slash ? (int)(slash - c->file) + 1 : 0, c->file, c->org);

	return n < 0 ? NULL : key;
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

/* Asks until the answer is valid, and puts it into the config and, as a line, into text. fallback:
 * what an empty answer means; NULL: that there is no such key, unless it is needed. */
static int
ask_key(struct config *c, const char *key, const char *what, const char *fallback, bool needed,
    struct buf *text)
{
	const struct option *o = option_find(key, strlen(key));
	const bool secret = strcmp(key, "client_secret") == 0;
	char line[LINE_SIZE] = "";
	int rc;

	printf("\n%s\n", what);
	for (;;) {
		printf("%s%s%s%s = ", key, fallback ? " [" : "", fallback ? fallback : "",
		    fallback ? "]" : "");
		rc = read_answer(secret, line);
		if (rc < 0 || (!*line && !needed && !fallback))
			break;
		if (!*line && !fallback)
			continue;
		rc = option_set(c, o, *line ? line : fallback, "login --setup");
		if (rc == 0)
			buf_printf(text, "%s = %s\n", key, *line ? line : fallback);
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
	char *key = default_key(c);
	int rc = key ? 0 : -ENOMEM;

	/* The answers hold a secret: neither stdin's buffer nor a growing one may keep a copy. */
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOFBF, LINE_SIZE);
	buf_reserve(text, 8 * LINE_SIZE);
	printf("[%s] is not in %s yet. Answer these questions to add it; Ctrl-C changes nothing.\n",
	    c->org, c->file);
	buf_printf(text, "[%s]\n", c->org);
	if (rc == 0)
		rc = ask_key(c, "login_url",
		    "The org's My Domain (Setup, My Domain), such as https://acme.my.salesforce.com",
		    NULL, true, text);
	if (rc == 0)
		rc = ask_key(c, "flow",
		    "How sffs logs in: web (you, in a browser), client_credentials (the app's secret; for\n"
		    "servers) or jwt (a private key; for servers)",
		    "web", true, text);
	if (rc == 0) {
		putchar('\n');
		say_steps(c, key);
		rc = ask_key(c, "client_id", "The app's Consumer Key", NULL, true, text);
	}
	if (rc == 0 && c->flow == CONFIG_JWT) {
		rc = ask_key(c, "username", "The user to log in", NULL, true, text);
		if (rc == 0)
			rc = ask_key(c, "private_key", "The file of the private key, PEM",
			    *key == '/' ? key : NULL, true, text);
	} else if (rc == 0 && (rc = check_closed(c->file)) == 0) {
		bool needed = c->flow != CONFIG_WEB;

		rc = ask_key(c, "client_secret",
		    needed ? "Its Consumer Secret (hidden)" :
			     "Its Consumer Secret (hidden; empty if the app needs none)",
		    NULL, needed, text);
	}
	free(key);
	return rc == 0 && text->failed ? -ENOMEM : rc;
}

/*
 * Writing.
 */

static int
append_section(char *file, const struct buf *text)
{
	struct stat st;
	char last = '\n';
	int rc = 0;

	config_make_parents(file);	/* if it fails, so does open */
	int fd = open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		rc = -errno;
	if (rc == 0 && st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) < 0)
		rc = -errno;
	/* An empty line before the section. */
	const char *gap = rc < 0 || st.st_size == 0 ? "" : last == '\n' ? "\n" : "\n\n";
	if (rc == 0 &&
	    (write(fd, gap, strlen(gap)) < 0 ||
		write(fd, text->data, text->len) != (ssize_t)text->len))
		rc = -errno;
	if (fd >= 0 && close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		rc = log_invalid(
		    "login", "%s: cannot write the section: %s", file, strerror(-rc));
	return rc;
}

int
login_setup(struct config *c, bool there)
{
	struct buf text = BUF_INIT;
	const char *lacks;
	int rc = 0;

	if (there) {
		char *key = default_key(c);

		say_steps(c, c->private_key ? c->private_key : key ? key : "KEY");
		free(key);
		if ((lacks = config_lacks(c)))
			printf("\n%s: [%s] still lacks %s\n", c->file, c->org, lacks);
		else
			printf("Then: %s login --wait %s\n", c->sffs_auth, c->org);
	} else if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		printf(template, c->file, c->org, c->sffs_auth, c->org, c->org);
	} else {
		rc = ask_all(c, &text);
		if (rc == 0)
			rc = append_section(c->file, &text);
		if (rc == 0)
			printf("\n%s: [%s] is written. Now: %s login --wait %s\n", c->file,
			    c->org, c->sffs_auth, c->org);
	}
	buf_wipe(&text);
	return rc;
}

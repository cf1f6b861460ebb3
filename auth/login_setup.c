/*
 * login --setup: how the app in Salesforce is made, for the flow that the config names; and the
 * section that names it, if there is none yet: asked for on a terminal and appended to the file,
 * shown as a template elsewhere. A section that is there is its owner's and is not written to.
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
    "   After Create, under Policies: Permitted Users \"Admin approved users are pre-authorized\",\n"
    "   and the profile or a permission set of the user.\n";

static const char client_credentials[] =
    "4. Flow Enablement: Enable Client Credentials Flow.\n"
    "   After Create, under Policies: Enable Client Credentials Flow, and Run As the user, by\n"
    "   exact Username.\n";

static const char end[] =
    "5. Create; then Settings, OAuth Settings, %s in %s.\n"
    "\n"
    "The app works two to ten minutes later, sometimes thirty.\n";

static const char template[] =
    "# %s has no [%s] yet. Put this there, with what is yours (the directory 0700, the\n"
    "# file 0600); then sffs-auth login --setup %s says how the app in Salesforce is made.\n"
    "# On a terminal that command asks for all this, and writes it.\n"
    "[%s]\n"
    "# The org's My Domain: Setup, My Domain shows it.\n"
    "login_url = https://MYDOMAIN.my.salesforce.com\n"
    "# web: a person logs in, in a browser; jwt: a key does; client_credentials: a secret does.\n"
    "flow = web\n"
    "# Consumer Key and Consumer Secret of the app. jwt needs no secret, web only if the app does.\n"
    "client_id =\n"
    "client_secret =\n"
    "# jwt: whom to log in, and the file of the key.\n"
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
	printf(end, c->flow == CONFIG_JWT ? "Consumer Key: it is client_id" :
	    "Consumer Key and Secret: they are client_id and\n   client_secret", c->file);
}

/* Where the key may be, if the config does not say: beside the config file. Caller frees. */
static char *
own_key(const struct config *c)
{
	const char *slash = strrchr(c->file, '/');
	char *key = NULL;

	if (asprintf(&key, "%.*s%s.pem", slash ? (int)(slash - c->file) + 1 : 0, c->file, c->org) <
	    0)
		return NULL;
	return key;
}

/*
 * Asking.
 */

static struct termios seen;	/* the terminal, while it does not show what is typed */

static void
show_again(int number)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &seen);
	signal(number, SIG_DFL);
	raise(number);
}

/*
 * A line of the person's, without the blanks around it. The question, which is still in stdout's
 * buffer, is shown once what answers it is hidden; what was typed ahead is an answer, too.
 */
static int
read_line(bool secret, char line[LINE_SIZE])
{
	static const char blank[] = " \t\r\n";

	if (secret && tcgetattr(STDIN_FILENO, &seen) == 0) {
		struct termios hidden = seen;

		hidden.c_lflag &= ~(tcflag_t)ECHO;
		signal(SIGINT, show_again);
		signal(SIGTERM, show_again);
		tcsetattr(STDIN_FILENO, TCSANOW, &hidden);
	}
	fflush(stdout);
	const char *got = fgets(line, LINE_SIZE, stdin);
	if (secret) {
		tcsetattr(STDIN_FILENO, TCSANOW, &seen);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		putchar('\n');
	}
	if (!got) {
		log_error("login", "the answers have ended; nothing is written");
		return -EINVAL;
	}
	char *from = line + strspn(line, blank);
	size_t n = strlen(from);
	while (n && strchr(blank, from[n - 1]))
		n--;
	memmove(line, from, n);
	line[n] = '\0';
	return 0;
}

/* Until the answer is a good one, which goes to the config and, as a line, to text. fallback: what
 * an empty one means; NULL: nothing. */
static int
ask(struct config *c, const char *key, const char *what, const char *fallback, bool needed,
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
		rc = read_line(secret, line);
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

/* Nobody else may read the file that the secret is going to be in. */
static int
check_closed(const char *file)
{
	struct stat st;

	if (stat(file, &st) < 0 || !(st.st_mode & 077))
		return 0;
	log_error("login",
	    "%s: others can read it, and a secret is to be written there; first: chmod 600 '%s'",
	    file, file);
	return -EINVAL;
}

static int
ask_all(struct config *c, struct buf *text)
{
	char *key = own_key(c);
	int rc = key ? 0 : -ENOMEM;

	/* There is a secret in what comes: no copies are left behind in a buffer, nor by one that
	 * grows. */
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOFBF, LINE_SIZE);
	buf_reserve(text, 8 * LINE_SIZE);
	printf(
	    "%s has no section [%s] yet; it will when this is answered. Ctrl-C leaves all as it is.\n",
	    c->file, c->org);
	buf_printf(text, "[%s]\n", c->org);
	if (rc == 0)
		rc = ask(c, "login_url",
		    "The org's My Domain (Setup, My Domain), such as https://acme.my.salesforce.com",
		    NULL, true, text);
	if (rc == 0)
		rc = ask(c, "flow",
		    "How to log in: web (a person does, in a browser), jwt (a key does) or client_credentials\n"
		    "(a secret does, as a user whom the app names)",
		    "web", true, text);
	if (rc == 0) {
		putchar('\n');
		say_steps(c, key);
		rc = ask(c, "client_id", "The app's Consumer Key", NULL, true, text);
	}
	if (rc == 0 && c->flow != CONFIG_JWT && (rc = check_closed(c->file)) == 0)
		rc = ask(c, "client_secret",
		    c->flow == CONFIG_WEB ?
			"Its Consumer Secret, which is not shown; empty: the app wants none" :
			"Its Consumer Secret, which is not shown",
		    NULL, c->flow != CONFIG_WEB, text);
	if (rc == 0 && c->flow == CONFIG_JWT)
		rc = ask(c, "username", "The user to be logged in", NULL, true, text);
	if (rc == 0 && c->flow == CONFIG_JWT)
		rc = ask(c, "private_key", "The key, PEM", *key == '/' ? key : NULL, true, text);
	free(key);
	return rc == 0 && text->failed ? -ENOMEM : rc;
}

/*
 * Writing.
 */

static int
append(char *file, const struct buf *text)
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
	/* An empty line goes between it and what stands above. */
	const char *gap = rc < 0 || st.st_size == 0 ? "" : last == '\n' ? "\n" : "\n\n";
	if (rc == 0 &&
	    (write(fd, gap, strlen(gap)) < 0 ||
		write(fd, text->data, text->len) != (ssize_t)text->len))
		rc = -errno;
	if (fd >= 0 && close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		log_error("login", "%s: the section cannot be written: %s", file, strerror(-rc));
	return rc < 0 ? -EINVAL : 0;
}

int
login_setup(struct config *c, bool there)
{
	struct buf text = BUF_INIT;
	const char *lacks;
	int rc = 0;

	if (there) {
		char *key = own_key(c);

		say_steps(c, c->private_key ? c->private_key : key ? key : "KEY");
		free(key);
		if ((lacks = config_lacks(c)))
			printf("\n%s: [%s] still lacks %s\n", c->file, c->org, lacks);
		else
			printf("Then: sffs-auth login --wait %s\n", c->org);
	} else if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		printf(template, c->file, c->org, c->org, c->org);
	} else {
		rc = ask_all(c, &text);
		if (rc == 0)
			rc = append(c->file, &text);
		if (rc == 0)
			printf("\n%s: [%s] is written. Now: sffs-auth login --wait %s\n", c->file,
			    c->org, c->org);
	}
	buf_wipe(&text);
	return rc;
}

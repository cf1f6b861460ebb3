/*
 * setup: offers the logins of the Salesforce CLI; else asks for the keys of the section, says how
 * to make the app in Salesforce, tries the answers and writes them. Without a terminal it prints a
 * template or, of a section that is there, the steps in Salesforce.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "host.h"
#include "log.h"
#include "login.h"
#include "option.h"
#include "section.h"
#include "sfdx.h"

#define LINE_SIZE	4096
#define ANSWER_MOST	4000	/* with its key, a line that the config takes */

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

static const struct flow {
	const char *name, *text;
} flows[] = {
	[CONFIG_WEB] = { "web", "you log in, in a browser: for your own machine" },
	[CONFIG_JWT] = { "jwt", "a private key logs in: for a server" },
	[CONFIG_CLIENT_CREDENTIALS] = { "client_credentials",
	    "the app's secret logs in: for a server" },
};
#define FLOWS	(sizeof(flows) / sizeof(flows[0]))

/* The keys of a section, in their order. */
enum { LOGIN_URL, FLOW, CLIENT_ID, CLIENT_SECRET, USERNAME, PRIVATE_KEY, PROMPTS };
static const struct prompt {
	const char *key;
	unsigned flows;			/* that have the key */
	unsigned needed;		/* flows that cannot do without */
	const char *example;		/* for the template */
	const char *text;
} prompts[PROMPTS] = {
	{ "login_url", ~0U, ~0U, "https://MYDOMAIN.my.salesforce.com",
	    "The org: acme, acme.my.salesforce.com, or the address of any of its pages" },
	{ "flow", ~0U, ~0U, "web",
	    "How sffs logs in: web (you, in a browser), client_credentials or jwt (for servers)" },
	{ "client_id", ~0U, ~0U, "", "The app's Consumer Key" },
	{ "client_secret", WEB | SECRET, SECRET, "",
	    "The app's Consumer Secret (hidden; with flow = web empty if the app needs none)" },
	{ "username", JWT, JWT, "", "The user to log in" },
	{ "private_key", JWT, JWT, "", "The file of the private key, PEM" },
};

struct answers {
	struct session	*session;
	int		 shown;			/* the flow whose steps were shown; -1: none */
	char		 key[PATH_MAX];		/* the default place of a private key */
	struct section_key given[PROMPTS];	/* what is to be written */
};

static void
say_template(const struct config *c)
{
	log_say("# %s has no [%s] yet. Put this there and fill it in (the directory 0700,\n",
	    c->file, c->org);
	log_say("# the file 0600); then %s setup %s says how to make the app.\n", c->sffs_auth,
	    c->org);
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
		log_say("           -keyout %s -out %s.crt\n", log_word(key).s, log_word(key).s);
		fputs(jwt_user, stdout);
	} else {
		fputs(c->flow == CONFIG_WEB ? web : client_credentials, stdout);
	}
	log_say("5. Create; then Settings, OAuth Settings, Consumer Key%s.\n",
	    c->flow == CONFIG_JWT ? ": it is client_id" :
				    " and Secret: they are client_id and client_secret");
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
	if (strlen(line) > ANSWER_MOST) {
		tcflush(STDIN_FILENO, TCIFLUSH);	/* or a shell reads the rest of a secret */
		return log_invalid("login", "the answer is too long; nothing is written");
	}
	char *from = line + strspn(line, blank);
	size_t n = strlen(from);
	while (n && strchr(blank, from[n - 1]))
		n--;
	memmove(line, from, n);
	line[n] = '\0';
	return 0;
}

/* What the config says now; NULL: nothing. */
static const char *
value_of(const struct config *c, int i)
{
	const struct option *o = option_find(prompts[i].key, strlen(prompts[i].key));

	return i == FLOW ? flows[c->flow].name : *(char *const *)((const char *)c + o->offset);
}

/* Finds what the org or a mount would find too late: what a careless copy looks like. */
static int
check_copy(const struct config *c, int i, const char *line)
{
	const char *s = line;

	while (isgraph((unsigned char)*s))
		s++;
	if (*s)
		return log_invalid("login",
		    "%s: it has a blank, or a sign that is in no key; copy it again, in one piece",
		    prompts[i].key);
	if (i == CLIENT_SECRET &&
	    (strncmp(line, "3MVG9", 5) == 0 || (c->client_id && strcmp(line, c->client_id) == 0)))
		return log_invalid("login",
		    "%s: that is the Consumer Key; the Consumer Secret is beside it",
		    prompts[i].key);
	return 0;
}

/* Nobody else may read the file that is to hold the secret. */
static int
check_closed(const char *file)
{
	struct stat st;

	if (stat(file, &st) < 0 || !(st.st_mode & 077))
		return 0;
	return log_invalid("login",
	    "%s: others can read it, and the secret is to be written there; first: chmod 600 %s",
	    file, log_word(file).s);
}

/* Takes an answer in the form in which a person has it; *value is what is written. */
static int
read_value(const struct config *c, int i, const char *line, const char **value,
    char url[HOST_SIZE + 16])
{
	const char *why;

	*value = line;
	if (i == LOGIN_URL) {
		*value = url;
		if ((why = host_login_url(line, url)))
			return log_invalid("login", "%s: %s", line, why);
	} else if (i == FLOW && *line >= '1' && *line < '1' + (int)FLOWS && !line[1]) {
		*value = flows[*line - '1'].name;
	} else if (strcmp(line, "-") == 0 && !(prompts[i].needed & 1U << c->flow)) {
		*value = "";
	} else if (i == CLIENT_ID || i == CLIENT_SECRET) {
		int rc = check_copy(c, i, line);

		return rc == 0 && i == CLIENT_SECRET ? check_closed(c->file) : rc;
	}
	return 0;
}

/* Asks until the answer is valid. Enter takes the default, if there is one. */
static int
ask_key(struct answers *a, int i)
{
	struct config *c = a->session->config;
	const struct prompt *q = &prompts[i];
	const struct option *o = option_find(q->key, strlen(q->key));
	const bool secret = i == CLIENT_SECRET, needed = q->needed & 1U << c->flow;
	const char *now = value_of(c, i), *value;
	const char *fallback = now ? now : i == PRIVATE_KEY ? a->key : NULL;
	char line[LINE_SIZE] = "", url[HOST_SIZE + 16];
	int rc;

	putchar('\n');
	log_say("%s\n", q->text);
	for (unsigned f = 0; i == FLOW && f < FLOWS; f++)
		log_say("  %u  %-19s %s\n", f + 1, flows[f].name, flows[f].text);
	if (now && !needed)
		log_say("(- removes it)\n");
	do {
		if (fallback)
			log_say("%s [%s] = ", q->key, secret ? "as it is" : fallback);
		else
			log_say("%s = ", q->key);
		rc = read_answer(secret, line);
		/* A new section gets its flow, though that is the default. */
		if (rc < 0 || (!*line && (!needed || (now && (a->session->there || i != FLOW)))))
			break;
		if (!*line && fallback)		/* option_set frees what it replaces */
			snprintf(line, sizeof(line), "%s", fallback);
		rc = *line ? read_value(c, i, line, &value, url) : -EINVAL;
		if (rc == 0)
			rc = option_set(c, o, value, "setup");
		if (rc == 0 && !secret_set_text(&a->given[i].value.bytes, value))
			rc = -ENOMEM;
	} while (rc == -EINVAL);
	explicit_bzero(line, sizeof(line));
	return rc;
}

static int
ask_all(struct answers *a)
{
	struct config *c = a->session->config;
	int rc = 0;

	for (int i = 0; rc == 0 && i < PROMPTS; i++) {
		if (!(prompts[i].flows & 1U << c->flow) ||
		    (i == CLIENT_SECRET && c->client_secret_cmd) ||
		    (i == PRIVATE_KEY && c->private_key_cmd))
			continue;
		if (i == CLIENT_ID && a->shown != c->flow) {
			a->shown = c->flow;
			putchar('\n');
			say_steps(c, c->private_key ? c->private_key : a->key);
		}
		rc = ask_key(a, i);
	}
	return rc;
}

/*
 * The setup.
 */

/* Asks and tries until Salesforce takes the answers, or the user takes them all the same. */
static int
set_up_app(struct answers *a)
{
	struct session *s = a->session;
	struct config *c = s->config;
	struct login l = { 0 };
	char line[LINE_SIZE];
	int rc = 0, tried = -1;

	do {
		*line = '\0';
		rc = ask_all(a);
		if (rc == 0 && (tried = login_try(s, &l)) < 0) {
			saved_login_tell(&s->saved);
			putchar('\n');
			log_say("Enter: correct the answers. s: save them as they are.\n");
			log_say("what [correct] = ");
			rc = read_answer(false, line);
		}
	} while (rc == 0 && tried < 0 && *line != 's');
	if (rc == 0)
		rc = section_write(c->file, c->org, a->given, PROMPTS);
	if (rc == 0 && tried == 0 && c->flow != CONFIG_WEB)
		login_say_who(s, &l);
	if (rc == 0)
		log_say("%s: [%s] is written\n", c->file, c->org);
	if (rc == 0 && tried == 0 && c->flow != CONFIG_WEB)
		login_say_next(s);
	else if (rc == 0)
		log_say("Now log in: %s login %s%s\n", c->sffs_auth, tried ? "--wait " : "",
		    c->org);
	login_free(&l);
	return rc;
}

/* The login of the CLI that the user chooses; NULL: none. */
static int
choose_login(const struct sfdx_login *logins, size_t n, const struct sfdx_login **out)
{
	char line[LINE_SIZE], *stop;
	int rc;

	log_say("The Salesforce CLI has these logins:\n");
	for (size_t i = 0; i < n; i++)
		log_say("  %zu  %s  %s  %s\n", i + 1, logins[i].url, logins[i].username,
		    logins[i].alias);
	log_say("Type a number to use that login: it needs no app. Enter: none of them.\n");
	do {
		log_say("number [none] = ");
		rc = read_answer(false, line);
		unsigned long i = rc == 0 ? strtoul(line, &stop, 10) : 0;
		*out = i && i <= n && !*stop ? &logins[i - 1] : NULL;
	} while (rc == 0 && *line && !*out);
	return rc;
}

/* Without the CLI, or if it has no login, nobody is asked. */
static int
offer_cli(struct session *s, bool *done)
{
	static const char *const argv[] = { "sf", "org", "list", "auth", "--json", NULL };
	struct sfdx_login logins[SFDX_LOGINS];
	const struct sfdx_login *chosen = NULL;
	struct secret text = { NULL };
	size_t n = 0;
	int status = 0, rc = 0;

	if (command_output("sf org list auth", argv, &status, &text) == 0 && status == 0)
		n = sfdx_logins(text.bytes, logins);
	if (n)
		rc = choose_login(logins, n, &chosen);
	*done = chosen;
	if (chosen) {
		s->from_cli = chosen->username;
		s->adopt = true;
		rc = login_import(s);
	}
	sfdx_logins_free(logins, n);
	secret_free(&text);
	return rc;
}

int
login_setup(struct session *s)
{
	const struct config *c = s->config;
	struct answers a = { .session = s, .shown = -1 };
	bool done = false;
	int rc = 0;

	default_key(c, a.key);
	for (int i = 0; i < PROMPTS; i++)
		a.given[i].key = prompts[i].key;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
		/* The answers hold a secret: stdin's buffer may keep no copy. */
		setvbuf(stdin, NULL, _IONBF, 0);
		setvbuf(stdout, NULL, _IOFBF, LINE_SIZE);
		log_say(s->there ? "[%s] is in %s. Answer these questions to change it; "
				   "Enter keeps what is there, Ctrl-C changes nothing.\n" :
				   "[%s] is not in %s yet. Answer these questions to add it; "
				   "Ctrl-C changes nothing.\n",
		    c->org, c->file);
		fflush(stdout);
		config_make_parents(s->config->file);	/* for a key that the user makes there */
		rc = offer_cli(s, &done);
		if (rc == 0 && !done)
			rc = set_up_app(&a);
	} else if (s->there) {
		const char *lacks = config_lacks(c);

		say_steps(c, c->private_key ? c->private_key : a.key);
		if (lacks)
			log_say("%s: [%s] still lacks %s\n", c->file, c->org, lacks);
		else
			log_say("Then: %s login --wait %s\n", c->sffs_auth, c->org);
	} else {
		say_template(c);
	}
	for (int i = 0; i < PROMPTS; i++)
		secret_free(&a.given[i].value);
	return rc;
}

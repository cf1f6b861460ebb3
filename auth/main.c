/*
 * sffs-auth - logs in to a Salesforce org for sffs. Reads the command line. The only file of
 * sffs-auth that may exit.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit_status.h"
#include "log.h"
#include "login.h"
#include "process.h"

#define LOGIN_TIME	600	/* seconds: a person may have to find a second factor */

static const struct command {
	const char *name, *arguments;	/* [ORG]: need not be given */
	int (*run)(struct session *);
	const char *letters;		/* of its options */
	enum { WHOLE, PART, ANY } section;	/* what must be there of it */
	const char *what, *options, *more;
} commands[] = {
	{ "setup", "ORG", login_setup, "", ANY, "write the config section, or change it", "",
	    "Offers the logins of the Salesforce CLI, which need no app. Else asks for the keys\n"
	    "of the section, says how to make the app in Salesforce, and tries the login at\n"
	    "once. Without a terminal it prints what to write and what to do.\n"
	    "\n"
	    "  sffs-auth setup acme\n" },
	{ "login", "ORG", login_command, "nwt", WHOLE, "log in; with flow = web in a browser",
	    "    --no-browser       print the URL; wait for the browser, or for its last address\n"
	    "    --timeout TIME     wait so long for the browser, such as 90s or 15m (10m)\n"
	    "    --wait             try until Salesforce knows a new app, which takes minutes\n",
	    "A login that came from the Salesforce CLI is taken from it again.\n"
	    "\n"
	    "  sffs-auth login acme\n"
	    "  ssh -t server sffs-auth login --no-browser acme\n" },
	{ "status", "[ORG]", login_status, "jl", WHOLE,
	    "show who is logged in, where and since when; asks nobody",
	    "    --json             as JSON\n"
	    "    --limits           ask the org, too: the user, and how many API calls are left\n",
	    "Without ORG it shows all logins, as list does.\n"
	    "\n"
	    "  sffs-auth status --limits acme\n" },
	{ "list", "", login_list, "j", ANY, "show all stored logins; asks nobody",
	    "    --json             as JSON\n",
	    "  sffs-auth list\n" },
	{ "token", "ORG", login_token, "", WHOLE,
	    "print a valid access token; never waits for a person", "",
	    "  curl -H \"Authorization: Bearer $(sffs-auth token acme)\" ...\n" },
	{ "logout", "ORG", login_logout, "p", PART, "end the login, here and in the org",
	    "    --purge            remove the cached data of the org, too\n",
	    "Unmount first. --purge also works after the logout.\n"
	    "\n"
	    "  sffs-auth logout --purge acme\n" },
	{ "import", "ORG [FILE]", login_import, "f", ANY, "take over a login of the Salesforce CLI",
	    "    --from-cli NAME    its access token; NAME is its username or alias\n",
	    "Without --from-cli it reads an SFDX auth URL from FILE or standard input. If the\n"
	    "config has no section ORG, it is written.\n"
	    "\n"
	    "  sffs-auth import --from-cli it@example.org acme\n"
	    "  sf org auth show-sfdx-auth-url --json -o NAME | sffs-auth import acme\n" },
};
#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

/* command: NULL: all of them. */
static void
say_help(FILE *f, const struct command *command)
{
	const struct command *c = command ? command : commands;

	if (command) {
		log_print(f, "usage: sffs-auth [--config FILE] %s%s%s%s\n", c->name,
		    *c->options ? " [OPTION]..." : "", *c->arguments ? " " : "",
		    c->arguments);
		log_print(f, "%s: %s\n", c->name, c->what);
		fputs(c->options, f);
		fputc('\n', f);
		fputs(c->more, f);
		return;
	}
	fputs("usage: sffs-auth [--config FILE] COMMAND [OPTION]... [ORG]\n"
	      "\n"
	      "Makes, shows and ends the login of ORG, a section of the config file.\n"
	      "\n",
	    f);
	for (; c < commands + COMMANDS; c++) {
		log_print(f, "  %-6s %-11s %s\n", c->name, c->arguments, c->what);
		fputs(c->options, f);
	}
	fputs("  help COMMAND       more about it, with an example; so does COMMAND --help\n"
	      "  --config FILE      use this config file\n"
	      "  -h, --help         print this text\n"
	      "  -V, --version      print the version\n",
	    f);
}

struct auth_arguments {
	const struct command *command;
	const char	*config, *org;
	struct session	 session;
};

static int
complain(const char *what, const char *why)
{
	log_error("sffs-auth", "%s: %s (sffs-auth --help says more)", what, why);
	return EXIT_USAGE;
}

static const struct command *
command_of(const char *name)
{
	for (const struct command *c = commands; c < commands + COMMANDS; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* The words: COMMAND, ORG, FILE. given: the letters of the options. */
static int
choose_command(char **words, int n, const char *given, bool help, struct auth_arguments *a)
{
	const struct command *c;
	int least, most;

	if (n && strcmp(*words, "help") == 0)
		help = true, words++, n--;
	if (n == 0) {
		say_help(help ? stdout : stderr, NULL);
		return help ? EXIT_DONE : EXIT_USAGE;
	}
	if (!(c = command_of(*words)))
		return complain(*words,
		    "there is no such command; say setup, login, status, list, token, logout or "
		    "import");
	if (help) {
		say_help(stdout, c);
		return EXIT_DONE;
	}
	if (given[strspn(given, c->letters)])
		return complain(*words, "takes no such option");
	least = *c->arguments == 'O' || strchr(given, 'l');	/* --limits asks an org */
	most = *c->arguments ? strstr(c->arguments, "FILE") ? 2 : 1 : 0;
	if (n - 1 < least)
		return complain(*words, "which org? Its name comes last, such as acme");
	if (n - 1 > most)
		return complain(words[1 + most], "too many arguments");
	a->command = c;
	a->org = n > 1 ? words[1] : NULL;
	a->session.file = n > 2 ? words[2] : NULL;
	return -1;
}

/* -1: go on; else the exit status. */
static int
parse_arguments(int argc, char **argv, struct auth_arguments *a)
{
	struct session *s = &a->session;
	const struct option options[] = { { "no-browser", no_argument, &s->no_browser, 'n' },
		{ "wait", no_argument, &s->wait, 'w' }, { "json", no_argument, &s->json, 'j' },
		{ "limits", no_argument, &s->limits, 'l' },
		{ "purge", no_argument, &s->purge, 'p' },
		{ "timeout", required_argument, NULL, 't' },
		{ "from-cli", required_argument, NULL, 'f' }, { "setup", no_argument, NULL, 's' },
		{ "config", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	char given[16] = "";		/* each letter once */
	bool help = false;
	int c, row = 0;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hV", options, &row)) != -1) {
		switch (c) {
		case 'h': help = true; continue;
		case 'V': fputs("sffs-auth " SFFS_VERSION "\n", stdout); return EXIT_DONE;
		case 'c': a->config = optarg; continue;
		case 's': return complain("--setup", "is a command now: sffs-auth setup ORG");
		case 'f': s->from_cli = optarg; break;
		case 't':
			if (!login_set_timeout(s, optarg))
				return complain(
				    optarg, "say a time up to a day, such as 90s or 15m");
			break;
		case 0: c = options[row].val; break;
		default:
			return complain(
			    argv[optind - 1], c == ':' ? "it needs a value" : "no such option");
		}
		if (!strchr(given, c))
			given[strlen(given)] = (char)c;
	}
	return choose_command(argv + optind, argc - optind, given, help, a);
}

static int
run_chosen(struct auth_arguments *a)
{
	struct session *s = &a->session;
	int rc = 0;

	if (a->org && a->command->section == WHOLE)
		rc = config_load(a->config, a->org, NULL, &s->config);
	else if (a->org)
		rc = config_load_part(a->config, a->org,
		    a->command->section == ANY ? &s->there : NULL, &s->config);
	const struct config *c = s->config;
	if (c)
		rc = http_open(&(struct http_options){ .proxy = c->proxy,
				   .ca_file = c->ca_file,
				   .idle_timeout = (unsigned)c->timeout },
		    &s->http);
	if (rc == 0 && c)
		rc = saved_login_open(c, s->http, &s->saved);
	if (rc == 0)
		rc = a->command->run(s);
	if (rc == 0 && fflush(stdout) != 0) {
		log_error("sffs-auth", "standard output: %s", strerror(errno));
		rc = -EIO;
	}
	saved_login_close(&s->saved);
	http_close(s->http);
	config_free(s->config);
	return rc;
}

int
main(int argc, char **argv)
{
	struct auth_arguments a = { .session.timeout = LOGIN_TIME };

	process_begin("sffs-auth");
	int status = parse_arguments(argc, argv, &a);
	return status >= 0 ? status : exit_status_of(run_chosen(&a));
}

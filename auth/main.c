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
	const char *name;
	int (*run)(struct session *);
	const char *options;		/* their letters in options[] */
	int arguments;			/* after ORG, at most */
	bool part;			/* works with an incomplete section */
} commands[] = {
	{ "login", login_command, "nwst", 0, false },
	{ "status", login_status, "jl", 0, false },
	{ "token", login_token, "", 0, false },
	{ "logout", login_logout, "p", 0, .part = true },
	{ "import", login_import, "f", 1, false },
};

static void
usage(FILE *f)
{
	fputs(
	    "usage: sffs-auth [--config FILE] login|status|token|logout [OPTION]... ORG\n"
	    "       sffs-auth [--config FILE] import [--from-cli NAME] ORG [FILE]\n"
	    "\n"
	    "Makes, shows and ends the login of ORG, a section of the config file.\n"
	    "\n"
	    "  login                log in; with flow = web in a browser\n"
	    "    --no-browser       print the URL; wait for the browser, or for its last address\n"
	    "    --timeout S        wait S seconds for the browser (600)\n"
	    "    --wait             try until Salesforce knows a new app, which takes minutes\n"
	    "    --setup            do not log in: write the config section (on a terminal), and\n"
	    "                       say how to make the app in Salesforce\n"
	    "  status               show who is logged in, where and since when; asks nobody\n"
	    "    --json             as JSON\n"
	    "    --limits           ask the org, too: the user, and how many API calls are left\n"
	    "  token                print a valid access token; never waits for a person\n"
	    "  logout               end the login, here and in the org\n"
	    "    --purge            remove the cached data of the org, too\n"
	    "  import               take the Salesforce CLI's SFDX auth URL from FILE or stdin\n"
	    "    --from-cli NAME    take an access token from sf; NAME is its username or alias\n"
	    "  --config FILE        use this config file\n"
	    "  -h, --help           print this text\n"
	    "  -V, --version        print the version\n",
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

/* -1: go on; else the exit status. */
static int
parse_arguments(int argc, char **argv, struct auth_arguments *a)
{
	struct session *s = &a->session;
	const struct option options[] = { { "no-browser", no_argument, &s->no_browser, 'n' },
		{ "wait", no_argument, &s->wait, 'w' }, { "setup", no_argument, &s->setup, 's' },
		{ "json", no_argument, &s->json, 'j' }, { "limits", no_argument, &s->limits, 'l' },
		{ "purge", no_argument, &s->purge, 'p' },
		{ "timeout", required_argument, NULL, 't' },
		{ "from-cli", required_argument, NULL, 'f' },
		{ "config", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	char given[16] = "", *end;	/* each letter once */
	int c, row = 0;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hV", options, &row)) != -1) {
		switch (c) {
		case 'h': usage(stdout); return EXIT_DONE;
		case 'V': fputs("sffs-auth " SFFS_VERSION "\n", stdout); return EXIT_DONE;
		case 'c': a->config = optarg; continue;
		case 'f': s->from_cli = optarg; break;
		case 't':
			s->timeout = strtol(optarg, &end, 10);
			if (*end != '\0' || s->timeout < 1 || s->timeout > 86400)
				return complain(optarg, "say a number of seconds");
			break;
		case 0: c = options[row].val; break;
		default:
			return complain(
			    argv[optind - 1], c == ':' ? "it needs a value" : "no such option");
		}
		if (!strchr(given, c))
			given[strlen(given)] = (char)c;
	}
	if (optind == argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	const char *name = argv[optind++];
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			a->command = &commands[i];
	if (!a->command)
		return complain(
		    name, "there is no such command; say login, status, token, logout or import");
	if (given[strspn(given, a->command->options)])
		return complain(name, "takes no such option");
	if (optind == argc)
		return complain(name, "which org? Name a section of the config file");
	a->org = argv[optind++];
	if (argc - optind > a->command->arguments)
		return complain(argv[optind + a->command->arguments], "too many arguments");
	if (optind < argc)
		a->session.file = argv[optind];
	return -1;
}

static int
run_chosen(struct auth_arguments *a)
{
	struct config *c = NULL;
	struct http *http = NULL;
	bool there = false;
	int rc = a->session.setup    ? config_load_part(a->config, a->org, &there, &c) :
	    a->command->part ? config_load_part(a->config, a->org, NULL, &c) :
			       config_load(a->config, a->org, NULL, &c);

	if (rc == 0 && a->session.setup) {
		rc = login_setup(c, there);
		goto out;
	}
	if (rc == 0)
		rc = http_open(&(struct http_options){ .proxy = c->proxy,
				   .ca_file = c->ca_file,
				   .idle_timeout = (unsigned)c->timeout },
		    &http);
	if (rc == 0)
		rc = saved_login_open(c, http, &a->session.saved);
	if (rc == 0) {
		a->session.config = c;
		a->session.http = http;
		rc = a->command->run(&a->session);
	}
out:
	if (rc == 0 && fflush(stdout) != 0) {
		log_error("sffs-auth", "standard output: %s", strerror(errno));
		rc = -EIO;
	}
	saved_login_close(&a->session.saved);
	http_close(http);
	config_free(c);
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

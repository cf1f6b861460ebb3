#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "auth/config.h"
#include "auth/exit_status.h"
#include "auth/log.h"

#include "arguments.h"

/*
 * The commands. A word begins each but a mount. Any of them takes -h, --config and --log-level.
 */
static const struct verb {
	const char	*word;
	int		 least, most;	/* words that may follow */
	const char	*options;	/* their letters in long_options[] */
	const char	*help;
} commands[] = {
	[ARGUMENTS_MOUNT] = { "", 2, 2, "fdo",
		"usage: sffs [-f] [-o KEY=VALUE,...] ORG MOUNTPOINT\n"
		"       sffs COMMAND ...\n"
		"\n"
		"Mounts the Salesforce org that the config file calls ORG as a filesystem.\n"
		"Begin with: sffs-auth setup ORG, which writes the config and logs in.\n"
		"\n"
		"Commands (sffs help COMMAND says more):\n"
		"  unmount MOUNTPOINT   unmount, or say which programs are in the way\n"
		"  status [ORG]         what is mounted, and whether it works\n"
		"  doctor ORG           find out why ORG does not mount, and what to do\n"
		"  help [COMMAND]       this text, or that of a command\n"
		"Options:\n"
		"  -o KEY=VALUE         a key of the config file, for this mount\n"
		"  -f, --foreground     stay in the foreground, log to standard error\n"
		"  -d                   log every request of the kernel; implies -f\n"
		"  --config FILE        the config file (also -o config=FILE)\n"
		"  --log-level LEVEL    error, warn, info or debug\n"
		"  --keys, --orgs       print the keys of the config file, or its orgs\n"
		"  -h, --help; -V, --version\n"
		"\n"
		"Examples: sffs acme ~/acme && ls ~/acme/documents\n"
		"          sffs -o refresh=5m,names=portable acme ~/acme\n"
		"Manuals:  sffs(1), sffs-auth(1), sffs.conf(5), sffs-tree(5)\n" },
	[ARGUMENTS_UNMOUNT] = { "unmount", 1, 1, "",
		"usage: sffs unmount MOUNTPOINT\n"
		"\n"
		"Unmounts, and waits until the process of the mount has ended. If programs use\n"
		"the mount, it stays, and each program is named. A mount whose process has died\n"
		"goes, too.\n"
		"\n"
		"Example: sffs unmount ~/acme\n" },
	[ARGUMENTS_STATUS] = { "status", 0, 1, "jm",
		"usage: sffs status [ORG] [--json | --metrics]\n"
		"\n"
		"Shows each mount, and each org of the config file that is not mounted; or ORG.\n"
		"States: healthy, failing, offline, limit-spent, busy, stopped, dead,\n"
		"not-mounted, and private (another user's). Exit status: 0 if something is\n"
		"mounted, and all that is shown is healthy or private; else 1.\n"
		"\n"
		"  --json      print an array of objects\n"
		"  --metrics   print OpenMetrics text, for node_exporter's textfile collector;\n"
		"              the exit status is then 0 in every state\n"
		"\n"
		"Examples: sffs status acme >/dev/null || echo 'look at acme'\n"
		"          sffs status --json | jq -r '.[] | select(.state == \"dead\").org'\n" },
	[ARGUMENTS_DOCTOR] = { "doctor", 1, 1, "ojk",
		"usage: sffs doctor ORG [-o KEY=VALUE,...] [--json | --cache]\n"
		"\n"
		"Checks all that a mount of ORG with these options needs, and says what to do.\n"
		"Mounts nothing. The exit status is that of such a mount.\n"
		"\n"
		"  -o KEY=VALUE   a key of the config file, as for a mount\n"
		"  --json         print an array of objects\n"
		"  --cache        instead, verify each cached file and remove the damaged ones\n"
		"\n"
		"Examples: sffs doctor acme -o allow_other\n"
		"          sffs doctor acme --json | jq '.[] | select(.result == \"BAD\")'\n" },
	[ARGUMENTS_HELP] = { "help", 0, 1, "", "usage: sffs help [COMMAND]\n" },
	[ARGUMENTS_KEYS] = { .options = "" },
	[ARGUMENTS_ORGS] = { .options = "" },
	[ARGUMENTS_VERSION] = { .options = "" },
};

static const struct option long_options[] = { { "foreground", no_argument, NULL, 'f' },
	{ "config", required_argument, NULL, 'c' }, { "log-level", required_argument, NULL, 'l' },
	{ "json", no_argument, NULL, 'j' }, { "metrics", no_argument, NULL, 'm' },
	{ "cache", no_argument, NULL, 'k' }, { "keys", no_argument, NULL, 'K' },
	{ "orgs", no_argument, NULL, 'O' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

/* Options of mount(8) and fstab(5). One that ends in - or = is the beginning of an option. */
static bool
is_ignored(const char *option)
{
	static const char *const ignored[] = {
		"rw", "ro", "auto", "noauto", "user", "nouser", "users", "owner", "group",
		"nofail", "_netdev", "defaults", "dev", "nodev", "suid", "nosuid", "exec",
		"noexec", "atime", "noatime", "relatime", "diratime", "nodiratime", "async",
		"sync", "lazytime", "nolazytime", "default_permissions", "kernel_cache",
		"auto_cache", "reconnect", "x-", "comment=", "fsname=", "subtype=",
	};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
		const size_t n = strlen(ignored[i]);

		if (strncmp(option, ignored[i], n) == 0 &&
		    (!option[n] || strchr("-=", ignored[i][n - 1])))
			return true;
	}
	return false;
}

/* Why sffs does not take an option of other filesystems, or of version 0.1; NULL: it is neither. */
static const char *
why_refused(const char *option)
{
	static const char *const refused[][2] = {
		{ "auto_unmount",
		    "a mount whose process was killed stays until sffs unmount; "
		    "the systemd unit does that and mounts again" },
		{ "allow_root",
		    "say allow_other: with umask=077, the default, that lets in root alone" },
		{ "nonempty", "what is in the directory would be hidden; mount on an empty one" },
		{ "remount", "a mount cannot be changed; unmount it, and mount again" },
		{ "--list", "the command is now: sffs status" },
		{ "--doctor", "the command is now: sffs doctor ORG" },
		{ "--check-cache", "the command is now: sffs doctor --cache ORG" },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strncmp(option, refused[i][0], strlen(refused[i][0])) == 0)
			return refused[i][1];
	return NULL;
}

/* Sorts the words of one -o. `\,` is a comma within a word and stays as it is. False: logged. */
static bool
take_options(struct arguments *a, char *options)
{
	for (char *word = options, *next; word; word = next) {
		char *end = word + (config_word_end(word) - word);
		next = *end ? end + 1 : NULL;
		*end = '\0';
		const char *why = why_refused(word);
		if (why) {
			log_error("sffs", "-o %s: %s", word, why);
			return false;
		}
		if (strncmp(word, "config=", 7) == 0)
			a->config = word + 7;
		else if (*word && !is_ignored(word))
			buf_printf(&a->overrides, "%s%s", a->overrides.len ? "," : "", word);
	}
	return true;
}

/* The command that begins with this word; ARGUMENTS_MOUNT: none. */
static enum arguments_command
find_command(const char *word)
{
	for (int i = ARGUMENTS_UNMOUNT; word && i <= ARGUMENTS_HELP; i++)
		if (strcmp(word, commands[i].word) == 0)
			return (enum arguments_command)i;
	return ARGUMENTS_MOUNT;
}

/* What to say instead of a command of other programs, or of sffs-auth; NULL: it is neither. */
static const char *
find_instead(const char *word)
{
	static const char *const instead[][2] = {
		{ "mount", "sffs ORG MOUNTPOINT" },
		{ "umount", "sffs unmount MOUNTPOINT" },
		{ "list", "sffs status" },
		{ "version", "sffs --version" },
		{ "config", "sffs-auth setup ORG" },
		{ "setup", "sffs-auth setup ORG" },
		{ "login", "sffs-auth login ORG" },
		{ "logout", "sffs-auth logout ORG" },
		{ "token", "sffs-auth token ORG" },
		{ "import", "sffs-auth import ORG" },
	};

	for (size_t i = 0; i < sizeof(instead) / sizeof(instead[0]); i++)
		if (strcmp(word, instead[i][0]) == 0)
			return instead[i][1];
	return NULL;
}

static bool
is_org(const char *config, const char *word)
{
	struct buf orgs = BUF_INIT, line = BUF_INIT;

	buf_puts(&orgs, "\n");
	buf_printf(&line, "\n%s\n", word);
	const bool found = config_orgs(config, &orgs) == 0 &&
	    strstr(buf_str(&orgs), buf_str(&line));
	buf_free(&line);
	buf_free(&orgs);
	return found;
}

static int
refuse_usage(const struct verb *c)
{
	if (c->help && *c->word)
		log_error("sffs", "%.*s (sffs help %s says more)", (int)strcspn(c->help, "\n"),
		    c->help, c->word);
	else
		log_error("sffs", "usage: sffs ORG MOUNTPOINT, sffs unmount MOUNTPOINT, "
				  "sffs status [ORG], sffs doctor ORG (more: sffs --help)");
	return EXIT_USAGE;
}

/* An option that the command does not take. */
static int
refuse_here(const struct verb *c, char letter)
{
	const struct option *o = long_options;

	while (o->name && o->val != letter)
		o++;
	log_error("sffs", "%s takes no %s%.*s (see sffs --help)",
	    c->word && *c->word ? c->word : "a mount", o->name ? "--" : "-",
	    o->name ? 32 : 1, o->name ? o->name : &letter);
	return EXIT_USAGE;
}

static int
take_help(struct arguments *a, const char *word)
{
	if (word && strcmp(word, "mount") == 0)
		word = NULL;
	const enum arguments_command about = find_command(word);

	if (word && about == ARGUMENTS_MOUNT) {
		log_error("sffs", "help: there is no command %s; sffs --help lists them", word);
		return EXIT_USAGE;
	}
	a->command = ARGUMENTS_HELP;
	a->help = commands[about].help;
	return EXIT_DONE;
}

/* The words that are not options. given: the letters of the options. */
static int
take_words(struct arguments *a, char **words, int n, const char *given)
{
	const bool help = strchr(given, 'h');

	if (n > 0 && a->command == ARGUMENTS_MOUNT && find_command(words[0]) != ARGUMENTS_MOUNT) {
		a->command = find_command(words[0]);
		words++;
		n--;
	}
	const struct verb *c = &commands[a->command];
	if (help)
		return take_help(a, c->help && *c->word ? c->word : NULL);
	const char *instead =
	    a->command == ARGUMENTS_MOUNT && n > 0 ? find_instead(words[0]) : NULL;
	if (instead && !is_org(a->config, words[0])) {
		log_error("sffs", "%s: there is no such command; say: %s", words[0], instead);
		return EXIT_USAGE;
	}
	if (n < c->least || n > c->most || (a->json && (a->cache || a->metrics)))
		return refuse_usage(c);
	given += strspn(given, c->options);
	if (*given)
		return refuse_here(c, *given);
	if (a->command == ARGUMENTS_HELP)
		return take_help(a, n > 0 ? words[0] : NULL);
	if (a->command == ARGUMENTS_UNMOUNT) {
		a->mountpoint = words[0];
	} else {
		a->org = n > 0 ? words[0] : NULL;
		a->mountpoint = n > 1 ? words[1] : NULL;
	}
	return EXIT_DONE;
}

static bool
take_log_level(const char *word)
{
	enum log_level level;

	if (!log_level_parse(word, &level)) {
		log_error("sffs", "--log-level %s: say error, warn, info or debug", word);
		return false;
	}
	log_level_set(level);
	return true;
}

static void
refuse_option(const char *option, bool lacks_value)
{
	const char *why = why_refused(option);

	if (why)
		log_error("sffs", "%s: %s", option, why);
	else if (lacks_value)
		log_error("sffs", "%s needs a value (see sffs --help)", option);
	else
		log_error("sffs", "%s: no such option (see sffs --help)", option);
}

int
arguments_parse(int argc, char **argv, struct arguments *a)
{
	char given[32] = "";		/* each letter of a command's option once */
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":fdho:V", long_options, NULL)) != -1) {
		if (!strchr("clKOV", c) && !strchr(given, c))
			given[strlen(given)] = (char)c;
		switch (c) {
		case 'd':
			a->debug = true;
			log_level_set(LOG_LEVEL_DEBUG);
			/* fall through */
		case 'f': a->foreground = true; break;
		case 'j': a->json = true; break;
		case 'm': a->metrics = true; break;
		case 'k': a->cache = true; break;
		case 'h': break;
		case 'K': a->command = ARGUMENTS_KEYS; break;
		case 'O': a->command = ARGUMENTS_ORGS; break;
		case 'V': a->command = ARGUMENTS_VERSION; break;
		case 'c': a->config = optarg; break;
		case 'o':
			if (!take_options(a, optarg))
				return EXIT_USAGE;
			break;
		case 'l':
			if (!take_log_level(optarg))
				return EXIT_USAGE;
			break;
		default:
			refuse_option(argv[optind - 1], c == ':');
			return EXIT_USAGE;
		}
	}
	int status = take_words(a, argv + optind, argc - optind, given);
	return status == EXIT_DONE && a->overrides.failed ? exit_status_of(-ENOMEM) : status;
}

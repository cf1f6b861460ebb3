#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "auth/config.h"
#include "auth/exit_status.h"
#include "auth/log.h"

#include "arguments.h"

static const char help[] =
	"usage: sffs [-f] [-o OPTION[,OPTION...]] ORG MOUNTPOINT\n"
	"       sffs status [ORG] [--json]\n"
	"       sffs doctor ORG [-o OPTION[,OPTION...]] [--json | --cache]\n"
	"\n"
	"Mounts the Salesforce org that the config file calls ORG as a filesystem;\n"
	"fusermount3 -u MOUNTPOINT unmounts it.\n"
	"\n"
	"  status               what is mounted, and whether it works\n"
	"  doctor ORG           find out why ORG does not mount, and what to do\n"
	"  doctor --cache ORG   verify the cache, remove what is damaged\n"
	"  -o KEY=VALUE         a key of the config file, for this mount\n"
	"  -f, --foreground     stay in the foreground, log to standard error\n"
	"  -d                   log every request of the kernel; implies -f\n"
	"  --config FILE        the config file (also -o config=FILE)\n"
	"  --log-level LEVEL    error, warn, info or debug\n"
	"  --keys, --orgs       print the keys of the config file, or its orgs\n"
	"  -h, --help; -V, --version\n"
	"\n"
	"Examples: sffs acme ~/acme && ls ~/acme/documents\n"
	"          sffs -o refresh=5,names=portable acme ~/acme\n"
	"Manuals:  sffs(1), sffs-auth(1), sffs.conf(5), sffs-tree(5)\n";

/* mount(8) and fstab(5) pass these along. */
static bool
is_ignored(const char *word)
{
	static const char *const words[] = {
		"rw", "ro", "auto", "noauto", "user", "nouser", "users", "owner", "group",
		"nofail", "_netdev", "defaults", "dev", "nodev", "suid", "nosuid", "exec",
		"noexec", "atime", "noatime", "relatime", "diratime", "nodiratime", "async",
		"sync", "lazytime", "nolazytime", "default_permissions", "kernel_cache",
		"auto_cache", "reconnect",
	};
	static const char *const beginnings[] = { "x-", "comment=", "fsname=", "subtype=" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (strncmp(word, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

/* Options of other filesystems that sffs cannot honour: why, and what to do instead. */
static bool
refuse_word(const char *word)
{
	static const struct { const char *word, *why; } refused[] = {
		{ "auto_unmount",
		    "a mount whose process was killed stays until fusermount3 -u; "
		    "the systemd unit does that and mounts again" },
		{ "allow_root",
		    "say allow_other: with umask=077, the default, that lets in root alone" },
		{ "nonempty", "what is in the directory would be hidden; mount on an empty one" },
		{ "remount", "a mount cannot be changed; unmount it, and mount again" },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strcmp(word, refused[i].word) == 0) {
			log_error("sffs", "-o %s: %s", word, refused[i].why);
			return true;
		}
	return false;
}

/* Sorts the words of one -o. `\,` is a comma within a word and stays as it is. False: logged. */
static bool
take_options(struct arguments *a, char *options)
{
	for (char *word = options; word;) {
		char *end = word + (config_word_end(word) - word);
		char *next = *end ? end + 1 : NULL;
		*end = '\0';
		if (strncmp(word, "config=", 7) == 0)
			a->config = word + 7;
		else if (refuse_word(word))
			return false;
		else if (*word && !is_ignored(word))
			buf_printf(&a->overrides, "%s%s", a->overrides.len ? "," : "", word);
		word = next;
	}
	return true;
}

/* The words that are not options. False: they make no command. */
static bool
take_words(struct arguments *a, char **words, int n)
{
	static const struct { const char *word; enum arguments_command command; } commands[] = {
		{ "status", ARGUMENTS_STATUS },
		{ "doctor", ARGUMENTS_DOCTOR },
		{ "help", ARGUMENTS_HELP },
	};

	for (size_t i = 0; n > 0 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (a->command == ARGUMENTS_MOUNT && strcmp(words[0], commands[i].word) == 0) {
			a->command = commands[i].command;
			words++;
			n--;
			break;
		}
	if (n > 0 && strcmp(words[0], "unmount") == 0)
		return false;
	a->org = n > 0 ? words[0] : NULL;
	a->mountpoint = n > 1 ? words[1] : NULL;
	if (a->cache && a->command != ARGUMENTS_DOCTOR)
		return false;
	switch (a->command) {
	case ARGUMENTS_MOUNT:
		return n == 2 && !a->json;
	case ARGUMENTS_STATUS:
		return n <= 1;
	case ARGUMENTS_DOCTOR:
		return n == 1 && !(a->json && a->cache);
	default:
		return n == 0 && !a->json;
	}
}

/* Options of version 0.1. */
static const char *
new_command(const char *option)
{
	static const char *const commands[][2] = {
		{ "--list", "sffs status" },
		{ "--doctor", "sffs doctor ORG" },
		{ "--check-cache", "sffs doctor --cache ORG" },
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strncmp(option, commands[i][0], strlen(commands[i][0])) == 0)
			return commands[i][1];
	return NULL;
}

static int
refuse_option(const char *option, bool lacks_value)
{
	const char *command = new_command(option);

	if (command)
		log_error("sffs", "%s: the command is now: %s", option, command);
	else if (lacks_value)
		log_error("sffs", "%s needs a value (see sffs --help)", option);
	else
		log_error("sffs", "%s: no such option (see sffs --help)", option);
	return EXIT_USAGE;
}

int
arguments_parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = { { "foreground", no_argument, NULL, 'f' },
		{ "config", required_argument, NULL, 'c' },
		{ "log-level", required_argument, NULL, 'l' }, { "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' }, { "cache", no_argument, NULL, 'C' },
		{ "keys", no_argument, NULL, 'K' }, { "orgs", no_argument, NULL, 'O' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	enum log_level level;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":fdho:V", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			a->foreground = true;
			break;
		case 'd':
			a->foreground = a->debug = true;
			log_level_set(LOG_LEVEL_DEBUG);
			break;
		case 'o':
			if (!take_options(a, optarg))
				return EXIT_USAGE;
			break;
		case 'c':
			a->config = optarg;
			break;
		case 'l':
			if (!log_level_parse(optarg, &level)) {
				log_error("sffs", "--log-level %s: say error, warn, info or debug",
				    optarg);
				return EXIT_USAGE;
			}
			log_level_set(level);
			break;
		case 'h':
			a->command = ARGUMENTS_HELP;
			break;
		case 'K':
			a->command = ARGUMENTS_KEYS;
			break;
		case 'O':
			a->command = ARGUMENTS_ORGS;
			break;
		case 'V':
			a->command = ARGUMENTS_VERSION;
			break;
		case 'j':
			a->json = true;
			break;
		case 'C':
			a->cache = true;
			break;
		default:
			return refuse_option(argv[optind - 1], c == ':');
		}
	}
	if (!take_words(a, argv + optind, argc - optind)) {
		log_error("sffs",
		    "usage: sffs [-f] [-o OPTIONS] ORG MOUNTPOINT (to unmount: "
		    "fusermount3 -u MOUNTPOINT; to list: sffs status; more: sffs --help)");
		return EXIT_USAGE;
	}
	return a->overrides.failed ? EXIT_OTHER : EXIT_DONE;
}

void
arguments_put_help(struct buf *out)
{
	buf_puts(out, help);
}

void
arguments_free(struct arguments *a)
{
	buf_free(&a->overrides);
}

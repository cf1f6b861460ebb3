#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "auth/config.h"
#include "auth/exit_status.h"
#include "auth/log.h"

#include "arguments.h"

const char arguments_help[] =
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

/*
 * Its word, how many words may follow, and whether it takes --json. Those that are options: none.
 */
static const struct {
	const char	*word;
	int		 least, most;
	bool		 json;
} commands[ARGUMENTS_VERSION + 1] = {
	[ARGUMENTS_MOUNT] = { "", 2, 2 },
	[ARGUMENTS_STATUS] = { "status", 0, 1, true },
	[ARGUMENTS_DOCTOR] = { "doctor", 1, 1, true },
	[ARGUMENTS_HELP] = { "help" },
	[ARGUMENTS_UNMOUNT] = { "unmount", 1 },	/* not yet: usage */
};

/* Of mount(8) and fstab(5); those that end in - or = are beginnings. */
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
		    "a mount whose process was killed stays until fusermount3 -u; "
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

/* The words that are not options. False: they make no command. */
static bool
take_words(struct arguments *a, char **words, int n)
{
	for (int i = ARGUMENTS_STATUS; n > 0 && i <= ARGUMENTS_UNMOUNT; i++)
		if (a->command == ARGUMENTS_MOUNT && strcmp(words[0], commands[i].word) == 0) {
			a->command = i;
			words++;
			n--;
		}
	a->org = n > 0 ? words[0] : NULL;
	a->mountpoint = n > 1 ? words[1] : NULL;
	return n >= commands[a->command].least && n <= commands[a->command].most &&
	    (!a->json || (commands[a->command].json && !a->cache)) &&
	    (!a->cache || a->command == ARGUMENTS_DOCTOR);
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
	const struct option options[] = { { "foreground", no_argument, NULL, 'f' },
		{ "config", required_argument, NULL, 'c' },
		{ "log-level", required_argument, NULL, 'l' },
		{ "json", no_argument, &a->json, true }, { "cache", no_argument, &a->cache, true },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },
		{ "keys", no_argument, &a->command, ARGUMENTS_KEYS },
		{ "orgs", no_argument, &a->command, ARGUMENTS_ORGS }, { 0 } };
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":fdho:V", options, NULL)) != -1) {
		switch (c) {
		case 0:		/* getopt_long has stored it */
			break;
		case 'd':
			a->debug = true;
			log_level_set(LOG_LEVEL_DEBUG);
			/* fall through */
		case 'f':
			a->foreground = true;
			break;
		case 'o':
			if (!take_options(a, optarg))
				return EXIT_USAGE;
			break;
		case 'c':
			a->config = optarg;
			break;
		case 'l':
			if (!take_log_level(optarg))
				return EXIT_USAGE;
			break;
		case 'h':
			a->command = ARGUMENTS_HELP;
			break;
		case 'V':
			a->command = ARGUMENTS_VERSION;
			break;
		default:
			refuse_option(argv[optind - 1], c == ':');
			return EXIT_USAGE;
		}
	}
	if (!take_words(a, argv + optind, argc - optind)) {
		log_error("sffs",
		    "usage: sffs ORG MOUNTPOINT, sffs status, sffs doctor ORG "
		    "(to unmount: fusermount3 -u MOUNTPOINT; more: sffs --help)");
		return EXIT_USAGE;
	}
	return a->overrides.failed ? EXIT_OTHER : EXIT_DONE;
}

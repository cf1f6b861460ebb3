#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/config.h"
#include "auth/exit_status.h"
#include "auth/log.h"
#include "fs/mount/mount.h"

#include "arguments.h"

static const char help[] =
	"usage: sffs [-f] [-o OPTION[,OPTION...]] ORG MOUNTPOINT\n"
	"       sffs --list [ORG] | --doctor ORG | --check-cache ORG | --keys | --orgs\n"
	"\n"
	"Mounts the Salesforce org that the config file calls ORG as a filesystem;\n"
	"fusermount3 -u MOUNTPOINT unmounts it.\n"
	"\n"
	"  -o KEY=VALUE         a key of the config file, for this mount\n"
	"  -f, --foreground     stay in the foreground, log to standard error\n"
	"  -d                   log every request of the kernel; implies -f\n"
	"  --config FILE        the config file (also -o config=FILE)\n"
	"  --log-level LEVEL    error, warn, info or debug\n"
	"  --list               what is mounted, and which orgs are not; --json as JSON\n"
	"  --doctor ORG         what keeps ORG from being mounted, and what to do\n"
	"  --check-cache ORG    is every cached byte right; what is not is removed\n"
	"  --keys               the keys of the config file, one a line\n"
	"  --orgs               the orgs that the config file has, one a line\n"
	"  -h, --help; -V, --version\n"
	"\n"
	"Examples: sffs acme ~/acme && ls ~/acme/documents\n"
	"          sffs -o refresh=5,names=portable acme ~/acme\n"
	"Manuals:  sffs(1), sffs-auth(1), sffs.conf(5), sffs-tree(5)\n";

/* What mount(8) and fstab pass along, and what says nothing to us. */
static bool
is_for_the_system(const char *word)
{
	static const char *const words[] = {
		"rw",
		"ro",
		"auto",
		"noauto",
		"user",
		"nouser",
		"users",
		"owner",
		"group",
		"nofail",
		"_netdev",
		"defaults",
		"dev",
		"nodev",
		"suid",
		"nosuid",
		"exec",
		"noexec",
		"atime",
		"noatime",
		"relatime",
		"diratime",
		"nodiratime",
		"async",
		"sync",
		"lazytime",
		"nolazytime",
		"default_permissions",
		"kernel_cache",
		"auto_cache",
		"reconnect",
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

/* What other filesystems have, and what would not be kept here: why, and what to say instead. */
static bool
is_refused(const char *word)
{
	static const struct { const char *word, *why;
	} refused[] = {
		{ "auto_unmount",
		    "a mount whose process was killed stays until fusermount3 -u; the systemd unit does that and mounts again" },
		{ "allow_root",
		    "say allow_other: with umask=077, as it is by default, that lets in root alone" },
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

/* Sorts the words of one -o; `\,` is a comma within a word and stays as it is. False: told. */
static bool
take_options(struct arguments *a, char *options)
{
	for (char *word = options; word;) {
		char *end = word + (config_word_end(word) - word);
		char *next = *end ? end + 1 : NULL;
		*end = '\0';
		if (strncmp(word, "config=", 7) == 0)
			a->config = word + 7;
		else if (is_refused(word))
			return false;
		else if (*word && !is_for_the_system(word))
			buf_printf(&a->overrides, "%s%s", a->overrides.len ? "," : "", word);
		word = next;
	}
	return true;
}

int
arguments_parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = { { "foreground", no_argument, NULL, 'f' },
		{ "config", required_argument, NULL, 'c' },
		{ "log-level", required_argument, NULL, 'l' }, { "help", no_argument, NULL, 'h' },
		{ "list", no_argument, NULL, 'L' }, { "json", no_argument, NULL, 'j' },
		{ "doctor", required_argument, NULL, 'D' },
		{ "check-cache", required_argument, NULL, 'C' }, { "keys", no_argument, NULL, 'K' },
		{ "orgs", no_argument, NULL, 'O' }, { "version", no_argument, NULL, 'V' }, { 0 } };
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
			fputs(help, stdout);
			return EXIT_DONE;
		case 'C': case 'D': case 'K': case 'L': case 'O':
			a->command = c;
			a->org = optarg;
			break;
		case 'j':
			a->json = true;
			break;
		case 'V':
			printf("sffs %s\n", SFFS_VERSION);
			return EXIT_DONE;
		default:
			log_error("sffs",
			    c == ':' ? "%s wants a value (sffs --help says more)" :
				       "%s: no such option (sffs --help says more)",
			    argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (a->command == 'L' && argc == optind + 1)
		a->org = argv[optind++];
	if (a->json && a->command != 'L') {
		log_error("sffs", "--json goes with --list (sffs --help says more)");
		return EXIT_USAGE;
	}
	if (a->command && argc == optind)
		return -1;
	if (a->command || argc - optind != 2) {
		log_error(
		    "sffs", "usage: sffs [-f] [-o OPTIONS] ORG MOUNTPOINT (sffs --help says more)");
		return EXIT_USAGE;
	}
	a->org = argv[optind];
	int rc = mount_check(argv[optind + 1]);
	if (rc == 0 && !(a->mountpoint = realpath(argv[optind + 1], NULL)))
		rc = -errno;
	return rc < 0 ? EXIT_MOUNT : a->overrides.failed ? EXIT_OTHER : -1;
}

void
arguments_free(struct arguments *a)
{
	buf_free(&a->overrides);
	free(a->mountpoint);
}

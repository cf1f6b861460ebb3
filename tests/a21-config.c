/*
 * config: which files, keys and values are accepted, which are refused and with which words, and
 * which files and directories are trusted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/buf.h"
#include "auth/config.h"
#include "auth/log.h"
#include "auth/option.h"
#include "auth/section.h"
#include "tap.h"

#define WHOLE	"[acme]\nlogin_url = https://acme.my.salesforce.com\nclient_id = id\n"

static char dir[] = "/tmp/sffs-a21-XXXXXX";

static char *
in_dir(const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		_exit(1);
	return path;
}

static void
write_file(const char *path, const void *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || fchmod(fd, mode) < 0 || close(fd) < 0)
		_exit(1);
}

/* Loads text as a config file; *said gets the log of it. */
static int
load_bytes(const void *text, size_t len, mode_t mode, const char *org, const char *overrides,
    struct config **out, struct buf *said)
{
	char *path = in_dir("config");

	write_file(path, text, len, mode);
	log_info("test", "--");
	int rc = config_load(path, org, overrides, out);
	buf_clear(said);
	log_tail(said);
	const char *start = said->data;
	for (const char *s = said->data; (s = strstr(s, "info test: --")); s++)
		start = s;
	size_t skip = (size_t)(start - said->data);
	memmove(said->data, start, said->len - skip + 1);
	said->len -= skip;
	free(path);
	return rc;
}

static int
load(const char *text, const char *overrides, struct config **out, struct buf *said)
{
	return load_bytes(text, strlen(text), 0600, "acme", overrides, out, said);
}

/*
 * Files: accepted, or refused with a message.
 */

static void
test_files(void)
{
	static const struct {
		const char *name, *text, *org, *overrides;
		int rc;
		const char *says;
	} cases[] = {
		{ "the smallest", WHOLE, "acme", NULL, 0, NULL },
		{ "no -o is as good as an empty one", WHOLE, "acme", "", 0, NULL },
		{ "a section with all in [defaults]",
		    "[defaults]\nlogin_url=https://a.my.salesforce.com\nclient_id=x\n[acme]\n",
		    "acme", NULL, 0, NULL },
		{ "what is wrong in another section",
		    WHOLE "[beta]\nnonsense = 1\nrefresh = never\n", "acme", NULL, 0, NULL },
		{ "no section", WHOLE "[beta]\n[x y]\n", "gamma", NULL, -EINVAL,
		    "no section [gamma]; there are: acme, beta, x y" },
		{ "no section but defaults", "[defaults]\n", "acme", NULL, -EINVAL,
		    "no section [acme]; there is none at all" },
		{ "an empty file", "", "acme", NULL, -EINVAL,
		    "no section [acme]; there is none at all" },
		{ "[defaults] is no org", WHOLE, "defaults", NULL, -EINVAL,
		    "not the name of an org" },
		{ "unmount is no org", WHOLE, "unmount", NULL, -EINVAL, "not the name of an org" },
		{ "status is no org", WHOLE, "status", NULL, -EINVAL, "not the name of an org" },
		{ "doctor is no org", WHOLE, "doctor", NULL, -EINVAL, "not the name of an org" },
		{ "backup is no org", WHOLE, "backup", NULL, -EINVAL, "not the name of an org" },
		{ "help is no org", WHOLE, "help", NULL, -EINVAL, "not the name of an org" },
		{ "an org that is a path", WHOLE, "../acme", NULL, -EINVAL,
		    "an org name has only letters" },
		{ "an org that is an option", WHOLE, "-acme", NULL, -EINVAL,
		    "an org name has only letters" },
		{ "an org with a colon, as for sshfs", WHOLE, "acme:/documents", NULL, -EINVAL,
		    "acme:/documents: write acme, without a colon" },
		{ "an org without a name", WHOLE, "", NULL, -EINVAL,
		    "an org name has only letters" },
		{ "a key that is none", WHOLE "colour = red\n", "acme", NULL, -EINVAL,
		    "/config:4: colour: there is no such key; sffs --keys" },
		{ "a key with a slip", WHOLE "refesh = 5\n", "acme", NULL, -EINVAL,
		    "/config:4: refesh: there is no such key; is it refresh?" },
		{ "in [defaults] too", "[defaults]\nrefresh = x\n" WHOLE, "acme", NULL, -EINVAL,
		    "/config:2: refresh = x: say a number of seconds" },
		{ "twice", WHOLE "links = no\n\nlinks = yes\n", "acme", NULL, -EINVAL,
		    "/config:6: links is given a second time, first in line 4" },
		{ "twice, in two sections of a name", WHOLE "[beta]\n[acme]\nclient_id = y\n",
		    "acme", NULL, -EINVAL,
		    "/config:6: client_id is given a second time, first in line 3" },
		{ "before any section", "refresh = 5\n" WHOLE, "acme", NULL, -EINVAL,
		    "/config:1: refresh is before any [section]; put [acme] (the name you mount it "
		    "by) above it" },
		{ "a line that is nothing", WHOLE "refresh\n", "acme", NULL, -EINVAL,
		    "/config:4: not a [section], a key = value" },
		{ "a section without its end", WHOLE "[beta\n", "acme", NULL, -EINVAL,
		    "/config:4: not a [section]" },
		{ "all that is wrong is told: the first", WHOLE "a1 = 1\nlinks = maybe\n", "acme",
		    NULL, -EINVAL, "/config:4: a1" },
		{ "and the second", WHOLE "a1 = 1\nlinks = maybe\n", "acme", NULL, -EINVAL,
		    "/config:5: links = maybe: say yes or no" },

		{ "no login_url", "[acme]\nclient_id = id\n", "acme", NULL, -EINVAL,
		    "[acme] lacks login_url" },
		{ "no client_id", "[acme]\nlogin_url = https://a.my.salesforce.com\nflow = jwt\n",
		    "acme", NULL, -EINVAL, "[acme] lacks client_id" },
		{ "client_credentials without a secret", WHOLE "flow = client_credentials\n",
		    "acme", NULL, -EINVAL, "lacks client_secret" },
		{ "with a command for it",
		    WHOLE "flow = client_credentials\nclient_secret_cmd = pass acme\n", "acme",
		    NULL, 0, NULL },
		{ "jwt without a user", WHOLE "flow = jwt\nprivate_key = /k\n", "acme", NULL,
		    -EINVAL, "lacks username" },
		{ "jwt without a key", WHOLE "flow = jwt\nusername = u\n", "acme", NULL, -EINVAL,
		    "lacks private_key" },
		{ "jwt with all", WHOLE "flow = jwt\nusername = u\nprivate_key_cmd = pass key\n",
		    "acme", NULL, 0, NULL },
		{ "-o may bring what is missing", WHOLE "flow = jwt\nusername = u\n", "acme",
		    "private_key=/k", 0, NULL },

		{ "-o with a key that is none", WHOLE, "acme", "transfer=3", -EINVAL,
		    "-o: transfer: there is no such key; is it transfers?" },
		{ "-o with a value that is none", WHOLE, "acme", "transfers=0", -EINVAL,
		    "-o: transfers = 0: say a number from 1 to 25" },
		{ "-o without a value", WHOLE, "acme", "transfers", -EINVAL,
		    "-o transfers: it needs a value" },
		{ "-o with an empty value", WHOLE, "acme", "refresh=", -EINVAL,
		    "-o refresh=: it needs a value; the default is 60s" },
		{ "-o may empty a key without a default", WHOLE, "acme", "filter=", 0, NULL },
		{ "-o with a secret", WHOLE, "acme", "client_secret=hush", -EINVAL,
		    "-o client_secret: every user can read an argument list" },
		{ "-o with a password in the proxy", WHOLE, "acme", "proxy=http://u:hush@p:1",
		    -EINVAL, "-o proxy: every user can read" },
	};
	struct buf said = BUF_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *c = NULL;
		int rc = load_bytes(cases[i].text, strlen(cases[i].text), 0600, cases[i].org,
		    cases[i].overrides, &c, &said);

		if (!ok(rc == cases[i].rc && (rc == 0) == (c != NULL) &&
			    !strstr(buf_str(&said), "hush") &&
			    (cases[i].says ? strstr(buf_str(&said), cases[i].says) != NULL :
					     !strchr(buf_str(&said), '\n') ||
					!strstr(buf_str(&said), "error")),
			"%s", cases[i].name))
			printf("# rc %d: %s\n", rc, buf_str(&said));
		config_free(c);
	}
	buf_free(&said);
}

/* Files that no editor writes. */
static void
test_odd_files(void)
{
	struct buf text = BUF_INIT, said = BUF_INIT;
	struct config *c = NULL;

	is_int(
	    load(
		"\xef\xbb\xbf[acme]\r\n  login_url : https://acme.my.salesforce.com \r\n"
		"\t client_id=a ; b # c\r\n ; comment\r\n# comment",
		NULL, &c, &said),
	    0, "a BOM, CR LF, indented lines and no newline at the end are read");
	is_str(c ? c->client_id : NULL, "a ; b # c", "; and # in a value belong to it");
	config_free(c);
	c = NULL;

	is_int(load(WHOLE WHOLE, NULL, &c, &said), -EINVAL,
	    "a section that was pasted twice is refused");
	ok(strstr(buf_str(&said),
	       "/config:5: login_url is given a second time, first in line 2: keep one\n"),
	    "the log names both lines of a key");

	is_int(load_bytes(WHOLE "\0refresh = 5\n", sizeof(WHOLE) + 12, 0600, "acme", NULL, &c,
		   &said),
	    -EINVAL, "a config with a NUL is refused");
	ok(strstr(buf_str(&said), "not a text file") != NULL,
	    "the log says that it is not a text file");

	for (int n = 4096; n <= 4097; n++) {
		buf_clear(&text);
		buf_puts(&text, WHOLE "username = ");
		while (text.len < sizeof(WHOLE) - 1 + (size_t)n)
			buf_putc(&text, 'x');
		buf_puts(&text, "\nrefresh = 7\n");
		is_int(load(text.data, NULL, &c, &said), n == 4096 ? 0 : -EINVAL,
		    n == 4096 ? "the longest line" : "a longer one");
		if (n == 4096)
			ok(c && strlen(c->username) == 4096 - 11 && c->refresh == 7,
			    "the longest line is read whole, and the next one too");
		else
			ok(strstr(buf_str(&said), "/config:4: the line is longer") != NULL,
			    "the log says that the line is too long");
		config_free(c);
		c = NULL;
	}
	buf_clear(&text);
	while (text.len <= 1 << 20)
		buf_puts(&text, "# nothing\n");
	is_int(load(text.data, NULL, &c, &said), -EINVAL,
	    "a config of more than a megabyte is refused");
	is_int(config_load(dir, "acme", NULL, &c), -EINVAL,
	    "a directory instead of a config is refused");
	buf_free(&text);
	buf_free(&said);
}

/*
 * Values.
 */

static void
test_defaults(void)
{
	struct buf said = BUF_INIT;
	struct config *c = NULL;

	if (!ok(load(WHOLE, NULL, &c, &said) == 0, "a section with the required keys is read"))
		return;
	is_str(c->org, "acme", "default: org");
	ok(c->file && strstr(c->file, "/config"), "default: file");
	is_str(c->login_url, "https://acme.my.salesforce.com", "default: login_url");
	is_str(c->redirect_uri, "http://localhost:1717/OauthRedirect", "default: redirect_uri");
	is_str(c->api_version, "62.0", "default: api_version");
	ok(c->flow == CONFIG_WEB && c->offline == CONFIG_SERVE && c->names == CONFIG_UNIX,
	    "default: flow, offline, names");
	ok(!c->client_secret.bytes && !c->client_secret_cmd && !c->username && !c->private_key &&
		!c->private_key_cmd && !c->proxy && !c->ca_file && !c->cache_dir &&
		!c->csv_encoding && !c->csv_delimiter,
	    "keys that are not given are NULL");
	is_int((long long)c->refresh, 60, "default: refresh");
	is_int((long long)c->timeout, 60, "default: timeout");
	is_int((long long)c->transfers, 4, "default: transfers");
	is_int((long long)c->cache_size, 10LL << 30, "default: cache_size");
	is_int((long long)c->csv_max_field, 8 << 20, "default: csv_max_field");
	ok(c->links && !c->csv_strict && !c->allow_other,
	    "default: links, csv_strict, allow_other");
	ok(c->uid == getuid() && c->gid == getgid(), "default: uid and gid of the process");
	is_int(c->umask, 077, "default: umask");
	config_free(c);
	buf_free(&said);
}

static void
test_values(void)
{
	static const char all[] =
	    "[acme]\nlogin_url = HTTPS://Acme--SBX.Sandbox.my.salesforce.com.:443/\nflow = jwt\n"
	    "client_id = 3MVG9.x_y\n"
	    "client_secret = a;b #c=d:e\nclient_secret_cmd = \"pass\" \"acme/sffs\"\n"
	    "redirect_uri = http://localhost:1718/x\nusername = it@example.org\n"
	    "private_key = ~/key.pem\nprivate_key_cmd = cat key # mine\nproxy = http://proxy:3128\n"
	    "ca_file = /etc/ssl/certs/ca-certificates.crt\napi_version = 66.0\n"
	    "refresh = 5\ntimeout = 7\ntransfers = 8\ncache_size = 3g\ncache_dir = /var/x\n"
	    "offline = fail\nnames = portable\nlinks = false\n"
	    "csv_encoding = latin1\ncsv_delimiter = tab\ncsv_max_field = 1024\ncsv_strict = true\n"
	    "uid = 12\ngid = 34\numask = 0022\nallow_other = yes\n";
	struct buf said = BUF_INIT;
	struct config *c = NULL;

	setenv("HOME", "/home/u", 1);
	if (!ok(load(all, NULL, &c, &said) == 0, "a section with all keys is read")) {
		printf("# %s\n", buf_str(&said));
		return;
	}
	is_str(c->login_url, "https://acme--sbx.sandbox.my.salesforce.com",
	    "login_url is normalised");
	is_str(c->client_id, "3MVG9.x_y", "client_id");
	is_str(c->client_secret.bytes, "a;b #c=d:e", "client_secret");
	ok(strstr(buf_str(&said), "client_secret goes on to the end of the line: a comment is"),
	    "which looks as if a comment were meant");
	ok(!strstr(buf_str(&said), "_cmd goes on"), "a comment in a command is the shell's");
	is_str(c->client_secret_cmd, "\"pass\" \"acme/sffs\"",
	    "client_secret_cmd may begin and end with a quote");
	is_str(c->redirect_uri, "http://localhost:1718/x", "redirect_uri");
	is_str(c->username, "it@example.org", "username");
	is_str(c->private_key, "/home/u/key.pem", "private_key below the home");
	is_str(c->private_key_cmd, "cat key # mine", "private_key_cmd");
	is_str(c->proxy, "http://proxy:3128", "proxy");
	is_str(c->ca_file, "/etc/ssl/certs/ca-certificates.crt", "ca_file");
	is_str(c->api_version, "66.0", "api_version");
	is_str(c->cache_dir, "/var/x", "cache_dir");
	is_str(c->csv_encoding, "latin1", "csv_encoding");
	is_str(c->csv_delimiter, "\t", "csv_delimiter");
	ok(c->flow == CONFIG_JWT && c->offline == CONFIG_FAIL && c->names == CONFIG_PORTABLE,
	    "flow, offline and names");
	ok(c->refresh == 5 && c->timeout == 7 && c->transfers == 8,
	    "refresh, timeout and transfers");
	ok(c->cache_size == 3ull << 30 && c->csv_max_field == 1024, "cache_size and csv_max_field");
	ok(!c->links && c->csv_strict && c->allow_other, "links, csv_strict and allow_other");
	ok(c->uid == 12 && c->gid == 34 && c->umask == 022, "uid, gid and umask");
	config_free(c);
	c = NULL;

	is_int(
	    load(
		"[acme]\nrefresh = 5\nlinks=no\nusername =\nuid =\n"
		"login_url=https://a.my.salesforce.com\nclient_id=x\n[defaults]\nrefresh = 9\n"
		"timeout = 9\n"
		"username = u\nuid = 5\n",
		"timeout=11,links,csv_delimiter=\\,,,client_secret_cmd=a\\,b \\\\c=d,timeout=12",
		&c, &said),
	    0, "[defaults], a section and -o are read together");
	if (c) {
		is_int((long long)c->refresh, 5,
		    "a section goes before [defaults], wherever that stands");
		is_int((long long)c->timeout, 12, "-o goes before both, and the last one counts");
		ok(c->links, "-o with a flag sets it to yes");
		is_str(c->csv_delimiter, ",", "-o can have an escaped comma");
		is_str(c->client_secret_cmd, "a,b \\c=d",
		    "-o can have an escaped comma and backslash in a word");
		ok(!c->username && c->uid == getuid(),
		    "a key with an empty value is as if it were not given");
	}
	config_free(c);
	c = NULL;
	is_int(
	    load(WHOLE,
		"refresh=3,filter=FileExtension IN ('csv','t\\,sv') AND Title != "
		"'a\\\\'(,',timeout=11",
		&c, &said),
	    0, "-o with a filter is read");
	is_str(c ? c->filter : NULL, "FileExtension IN ('csv','t,sv') AND Title != 'a\\'(,'",
	    "the filter has its commas");
	ok(c && c->refresh == 3 && c->timeout == 11, "the keys beside the filter are read");
	config_free(c);
	buf_free(&said);
}

/* Units and the words for yes and no. */
static void
test_units(void)
{
	static const struct { const char *value; uint64_t refresh;
	} durations[] = { { "0", 0 }, { "90", 90 }, { "90s", 90 }, { "5m", 300 }, { "2h", 7200 },
		{ "7d", 604800 }, { "5M", 300 } };
	static const struct { const char *value; uint64_t size;
	} sizes[] = { { "2097152", 2 << 20 }, { "3000K", 3000 << 10 }, { "2M", 2 << 20 },
		{ "2m", 2 << 20 }, { "10G", 10ull << 30 }, { "10GB", 10ull << 30 },
		{ "10gib", 10ull << 30 }, { "1T", 1ull << 40 }, { "1P", 1ull << 50 } };
	static const struct { const char *value; bool links;
	} flags[] = { { "yes", true }, { "true", true }, { "1", true }, { "on", true },
		{ "no", false }, { "false", false }, { "0", false }, { "off", false } };
	struct buf said = BUF_INIT;
	char text[64];

	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		struct config *c = NULL;

		snprintf(text, sizeof(text), "refresh=%s", durations[i].value);
		ok(load(WHOLE, text, &c, &said) == 0 && c->refresh == durations[i].refresh, "%s",
		    text);
		config_free(c);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct config *c = NULL;

		snprintf(text, sizeof(text), "cache_size=%s", sizes[i].value);
		ok(load(WHOLE, text, &c, &said) == 0 && c->cache_size == sizes[i].size, "%s", text);
		config_free(c);
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct config *c = NULL;

		snprintf(text, sizeof(text), "links=%s", flags[i].value);
		ok(load(WHOLE, text, &c, &said) == 0 && c->links == flags[i].links, "%s", text);
		config_free(c);
	}
	buf_free(&said);
}

static void
test_wrong_values(void)
{
	static const struct { const char *line, *says;
	} cases[] = {
		{ "flow = password", "say one of web|jwt|client_credentials" },
		{ "flow = we", "say one of web|jwt|client_credentials" },
		{ "offline = no", "say one of serve|fail" },
		{ "links = 2", "say yes or no" },
		{ "refresh = 604801",
		    "say a number of seconds from 0 to 604800, or 90s, 5m, 2h, 1d" },
		{ "refresh = 8d", "say a number of seconds" },
		{ "refresh = 1mm", "say a number of seconds" },
		{ "refresh = 1G", "say a number of seconds" },
		{ "refresh = m", "say a number of seconds" },
		{ "transfers = 2m", "say a number from 1 to 25" },
		{ "refresh = -5", "say a number of seconds" },
		{ "refresh = +5", "say a number of seconds" },
		{ "transfers = 26", "say a number from 1 to 25" },
		{ "transfers = 99999999999999999999", "say a number from 1 to 25" },
		{ "cache_size = 10", "say a size from 1M to 1P, such as 500M or 10G" },
		{ "cache_size = 10GBB", "say a size from 1M" },
		{ "cache_size = 10B", "say a size from 1M" },
		{ "cache_size = 10Gi", "say a size from 1M" },
		{ "cache_size = 100s", "say a size from 1M" },
		{ "cache_size = 18446744073709551615P", "say a size from 1M" },
		{ "cache_size = 16385P", "say a size from 1M" }, /* which is 1P, less 2^64 */
		{ "cache_size = G", "say a size from 1M" },
		{ "csv_max_field = 2G", "say a size from 1K to 1G" },
		{ "umask = 088", "say an octal number" },
		{ "umask = 1777", "say an octal number" },
		{ "uid = root", "say a numeric id" },
		{ "uid = 4294967295", "say a numeric id" },
		{ "api_version = 62", "such as 62.0" },
		{ "api_version = v62.0", "such as 62.0" },
		{ "csv_delimiter = ;;", "say one character" },
		{ "csv_delimiter = a", "say one character" },
		{ "csv_delimiter = \"", "say one character" },
		{ "cache_dir = cache", "write the whole path" },
		{ "username = \"u\"", "write it without the quotes" },
		{ "client_secret = \"hush\"", "client_secret: write it without the quotes" },
		{ "login_url = acme.my.salesforce.com", "write https:// and the org's My Domain" },
		{ "login_url = ftp://acme.my.salesforce.com", "write https:// and" },
		{ "login_url = https://", "write https:// and" },
		{ "login_url = https://user:hush@acme.my.salesforce.com",
		    "login_url: write https:// and" },
		{ "login_url = https://acme.my.salesforce.com:0", "write https:// and" },
		{ "login_url = https://acme my.salesforce.com", "write https:// and" },
		{ "login_url = https://acme.my.salesforce.com/services",
		    "write https://acme.my.salesforce.com, no more" },
		{ "login_url = https://acme.my.salesforce.com # my domain",
		    "(a comment is a line of its own)" },
		{ "refresh = 5 ; seconds",
		    "2h, 1d (a comment is a line of its own)" },
		{ "login_url = https://acme.my.salesforce.com?x",
		    "write https://acme.my.salesforce.com, no more" },
		{ "login_url = http://acme.my.salesforce.com",
		    "http would show the secret to the network; write "
		    "https://acme.my.salesforce.com" },
		{ "login_url = http://127.0.0.1.example.com", "http would show" },
		{ "login_url = https://Acme.lightning.force.com/lightning/page/home",
		    "serves pages only; write https://acme.my.salesforce.com" },
		{ "login_url = https://acme--sbx.sandbox.lightning.force.com",
		    "write https://acme--sbx.sandbox.my.salesforce.com" },
		{ "login_url = https://acme.my.salesforce-setup.com/",
		    "write https://acme.my.salesforce.com" },
	};
	static const struct { const char *url, *normal;
	} urls[] = {
		{ "http://localhost:8080/", "http://localhost:8080" },
		{ "http://LOCALHOST", "http://localhost" },
		{ "http://127.0.0.1:80", "http://127.0.0.1" },
		{ "http://[::1]:8080", "http://[::1]:8080" },
		{ "https://127.0.0.1:8443", "https://127.0.0.1:8443" },
		{ "https://login.salesforce.com/", "https://login.salesforce.com" },
		{ "https://acme.my.salesforce.com:443", "https://acme.my.salesforce.com" },
	};
	struct buf said = BUF_INIT, text = BUF_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *c = NULL;

		buf_clear(&text);
		buf_printf(&text, "[acme]\nclient_id = id\n%s\n", cases[i].line);
		int rc = load(text.data, NULL, &c, &said);
		if (!ok(rc == -EINVAL && strstr(buf_str(&said), "/config:3: ") &&
			    strstr(buf_str(&said), cases[i].says) &&
			    !strstr(buf_str(&said), "hush"),
			"%s", cases[i].line))
			printf("# rc %d: %s\n", rc, buf_str(&said));
		config_free(c);
	}
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct config *c = NULL;

		buf_clear(&text);
		buf_printf(&text, "[acme]\nclient_id = id\nlogin_url = %s\n", urls[i].url);
		load(text.data, NULL, &c, &said);
		is_str(c ? c->login_url : buf_str(&said), urls[i].normal, urls[i].url);
		config_free(c);
	}
	buf_free(&text);
	buf_free(&said);
}

/*
 * Modes and owners.
 */

static void
test_modes(void)
{
#define SECRET	WHOLE "client_secret = hush\n"
#define OTHER	WHOLE "[beta]\nclient_secret = hush\n"
#define PROXY	WHOLE "proxy = http://u:hush@p:1\n"
	static const struct { const char *name, *text; mode_t mode; const char *says;
	} cases[] = {
		{ "no secret, all may read", WHOLE, 0644, NULL },
		{ "no secret, the group may write", WHOLE, 0664,
		    "others can change it: chmod go-w /" },
		{ "no secret, others may write", WHOLE, 0646,
		    "others can change it: chmod go-w /" },
		{ "a secret, its owner alone", SECRET, 0600, NULL },
		{ "a secret, its owner alone, read-only", SECRET, 0400, NULL },
		{ "a secret, the group may read", SECRET, 0640,
		    "holds a secret that others can read: chmod 600 /" },
		{ "a secret, others may read", SECRET, 0604,
		    "holds a secret that others can read: chmod 600 /" },
		{ "the secret of another section", OTHER, 0644,
		    "holds a secret that others can read: chmod 600 /" },
		{ "a password in the proxy", PROXY, 0644,
		    "holds a secret that others can read: chmod 600 /" },
		{ "no secret: an empty one", WHOLE "client_secret =\n", 0644, NULL },
	};
	struct buf said = BUF_INIT;
	struct config *c = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c = NULL;
		int rc = load_bytes(cases[i].text, strlen(cases[i].text), cases[i].mode, "acme",
		    NULL, &c, &said);
		if (!ok(rc == (cases[i].says ? -EINVAL : 0) &&
			    (!cases[i].says || strstr(buf_str(&said), cases[i].says)),
			"%s", cases[i].name))
			printf("# rc %d: %s\n", rc, buf_str(&said));
		config_free(c);
	}
	if (geteuid() == 0) {
		char *path = in_dir("foreign");

		write_file(path, WHOLE, strlen(WHOLE), 0600);
		ok(chown(path, 1, 1) == 0 && config_load(path, "acme", NULL, &c) == -EINVAL,
		    "a config of another user is refused");
		free(path);
	}
	buf_free(&said);
}

/*
 * Places of files and directories.
 */

static void
test_search(void)
{
	char *home = in_dir("home"), *dot = in_dir("home/.config"),
	     *dot_sffs = in_dir("home/.config/sffs"), *in_home = in_dir("home/.config/sffs/config");
	char *xdg = in_dir("xdg"), *xdg_sffs = in_dir("xdg/sffs"),
	     *in_xdg = in_dir("xdg/sffs/config"), *env = in_dir("env"), *given = in_dir("given");
	const struct { const char *name, *home, *xdg, *env, *given, *found;
	} cases[] = {
		{ "~/.config", home, NULL, NULL, NULL, in_home },
		{ "$XDG_CONFIG_HOME", home, xdg, NULL, NULL, in_xdg },
		{ "$XDG_CONFIG_HOME without a home", NULL, xdg, NULL, NULL, in_xdg },
		{ "an $XDG_CONFIG_HOME that is no path is none", home, "xdg", NULL, NULL, in_home },
		{ "$SFFS_CONFIG", home, xdg, env, NULL, env },
		{ "an empty $SFFS_CONFIG is none", home, xdg, "", NULL, in_xdg },
		{ "the one that is given", home, xdg, env, given, given },
		{ "one that is given and is not there", home, xdg, env, "/nonexistent/config",
		    NULL },
		{ "an $SFFS_CONFIG that is not there", home, xdg, "/nonexistent/config", NULL,
		    NULL },
	};
	const char *const files[] = { in_home, in_xdg, env, given };
	struct buf tail = BUF_INIT;

	mkdir(home, 0700), mkdir(dot, 0700), mkdir(dot_sffs, 0700), mkdir(xdg, 0700),
	    mkdir(xdg_sffs, 0700);
	for (size_t i = 0; i < 4; i++)
		write_file(files[i], WHOLE, strlen(WHOLE), 0600);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *c = NULL;

		cases[i].home ? setenv("HOME", cases[i].home, 1) : unsetenv("HOME");
		cases[i].xdg ? setenv("XDG_CONFIG_HOME", cases[i].xdg, 1) :
			       unsetenv("XDG_CONFIG_HOME");
		cases[i].env ? setenv("SFFS_CONFIG", cases[i].env, 1) : unsetenv("SFFS_CONFIG");
		int rc = config_load(cases[i].given, "acme", NULL, &c);
		is_int(rc, cases[i].found ? 0 : -EINVAL, cases[i].name);
		is_str(c ? c->file : NULL, cases[i].found, "the config is found");
		config_free(c);
	}
	log_tail(&tail);
	ok(strstr(buf_str(&tail), "there is no config file /nonexistent/config") &&
		strstr(buf_str(&tail), "sffs-auth --config /nonexistent/config setup acme"),
	    "the log says where there is no config, and what to do");
	unsetenv("SFFS_CONFIG");
	buf_free(&tail);
	char *all[] = { home, dot, dot_sffs, in_home, xdg, xdg_sffs, in_xdg, env, given };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
}

static bool
is_private_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 07777) == 0700;
}

static void
test_dirs(void)
{
	char *home = in_dir("deep/home"), *state = in_dir("deep/home/.local/state/sffs"),
	     *cache = in_dir("deep/home/.cache/sffs");
	char *xdg = in_dir("new/xdg"), *xdg_cache = in_dir("new/xdg/sffs"),
	     *above = in_dir("own"), *own = in_dir("own/cache"), *file = in_dir("config");
	struct config c = { 0 };
	char *got = NULL;

	setenv("HOME", home, 1);
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_CACHE_HOME");
	is_int(config_state_dir(&got), 0, "the state directory is made below the home");
	is_str(got, state, "the state directory has its name");
	ok(is_private_dir(state) && is_private_dir(home),
	    "the state directory and its parents are private");
	free(got);
	is_int(config_cache_dir(&c, &got), 0, "the cache directory is made below the home");
	is_str(got, cache, "the cache directory has its name");
	free(got);
	setenv("XDG_CACHE_HOME", xdg, 1);
	is_int(config_cache_dir(&c, &got), 0, "the cache directory is made in $XDG_CACHE_HOME");
	is_str(got, xdg_cache, "the cache directory has its name in $XDG_CACHE_HOME");
	free(got);
	c.cache_dir = own;
	is_int(config_cache_dir(&c, &got), -EINVAL,
	    "a cache_dir in a directory that is not there is refused");
	mkdir(above, 0700);
	is_int(config_cache_dir(&c, &got), 0, "the cache directory is made at cache_dir");
	is_str(got, own, "the cache directory is cache_dir");
	ok(is_private_dir(own), "the cache directory is private");
	free(got);
	is_int(config_cache_dir(&c, &got), 0, "a cache directory that is there is used");
	free(got);

	got = NULL;
	chmod(own, 0750);
	is_int(config_cache_dir(&c, &got), -EINVAL,
	    "a cache directory that others can read is refused");
	c.cache_dir = file;
	is_int(config_cache_dir(&c, &got), -EINVAL,
	    "a file instead of a cache directory is refused");
	c.cache_dir = geteuid() == 0 ? home : (char *)(uintptr_t)"/usr";
	ok(geteuid() != 0 || chown(home, 1, 1) == 0, "a directory is given to another user");
	is_int(config_cache_dir(&c, &got), -EINVAL, "a cache directory of another user is refused");
	c.cache_dir = (char *)(uintptr_t)"/proc/sffs";
	is_int(config_cache_dir(&c, &got), -EINVAL,
	    "a cache directory that cannot be made is refused");
	ok(got == NULL, "no name is handed out then");
	char *all[] = { home, state, cache, xdg, xdg_cache, above, own, file };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
}

static void
test_help(void)
{
	static const char *const keys[] = { "login_url=URL", "flow=web|jwt|client_credentials",
		"client_secret=", "refresh=DURATION", "cache_size=SIZE", "umask=OCTAL",
		"allow_other=yes|no", "by default 10G", "example: umask = 022", "Login:" };
	struct buf help = BUF_INIT;
	bool good = true;

	option_help(&help);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		good &= strstr(buf_str(&help), keys[i]) != NULL;
	ok(good && help.len && help.data[help.len - 1] == '\n',
	    "the help has each key with its values and its text");
	buf_free(&help);
}

/* Each process adds sections of its own to a file that is not there yet, behind a link. */
static void
test_writers(void)
{
	enum { WRITERS = 4, SECTIONS = 20 };
	char *link = in_dir("link"), *file = in_dir("linked"), org[32];
	struct section_key key = { "client_id", { NULL } };
	int status, failed = symlink(file, link), there = 0;
	struct buf text = BUF_INIT;

	secret_set_text(&key.value.bytes, "x");
	for (int w = 0; w < WRITERS; w++) {
		if (fork() != 0)
			continue;
		for (int i = 0; i < SECTIONS && failed == 0; i++) {
			snprintf(org, sizeof(org), "w%d-%d", w, i);
			failed |= section_write(link, org, &key, 1);
		}
		_exit(failed != 0);
	}
	for (int w = 0; w < WRITERS; w++)
		failed |= wait(&status) < 0 || status != 0;
	int fd = open(file, O_RDONLY);
	if (fd >= 0 && buf_read(&text, fd, 1 << 16) == 0)
		for (const char *s = text.data; (s = strstr(s, "]\nclient_id = x\n")); s++)
			there++;
	ok(failed == 0 && there == WRITERS * SECTIONS,
	    "sections that processes write at the same time are all there");
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	secret_free(&key.value);
	free(link);
	free(file);
}

/* Any bytes in the file give an answer, not a crash. */
static void
test_noise(void)
{
	static const char seed[] = "\xef\xbb\xbf[defaults]\r\nrefresh = 5\n ; x\n" WHOLE
				   "client_secret=a b\ncache_size = 3G\n[beta]\n[]\n=\n:\n\"\n";
	const char *rounds = getenv("ROUNDS");
	struct buf said = BUF_INIT;
	unsigned random = 1;

	for (int i = rounds ? atoi(rounds) : 300; i > 0; i--) {
		struct config *c = NULL;
		char text[sizeof(seed)];
		size_t len = 1 + (size_t)(rand_r(&random) % (int)(sizeof(seed) - 1));

		memcpy(text, seed, sizeof(seed));
		for (int n = rand_r(&random) % 8; n > 0; n--)
			text[rand_r(&random) % (int)len] =
			    "\0\n\r[]=:;# \"\\@~x\xff"[rand_r(&random) % 16];
		load_bytes(text, len, 0600, "acme", i % 2 ? text + 1 : NULL, &c, &said);
		config_free(c);
	}
	ok(true, "config_load survives random bytes");
	buf_free(&said);
}

int
main(void)
{
	FILE *quiet = fopen("/dev/null", "w");

	if (!mkdtemp(dir) || !quiet)
		return 1;
	stderr = quiet;		/* the log is read by log_tail */
	unsetenv("SFFS_CONFIG");
	test_files();
	test_odd_files();
	test_defaults();
	test_values();
	test_units();
	test_wrong_values();
	test_modes();
	test_search();
	test_dirs();
	test_help();
	test_writers();
	test_noise();
	fclose(quiet);

	char command[sizeof(dir) + 16];
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) != 0 || tap_done();
}

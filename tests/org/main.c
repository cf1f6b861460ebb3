/*
 * sffs-org: a Salesforce org on loopback. Reads the command line, makes the org, prints how to
 * reach it, and serves until a signal stops it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/log.h"

#include "tests/org/cursor.h"
#include "tests/org/data.h"
#include "tests/org/directory.h"
#include "tests/org/fault.h"
#include "tests/org/http.h"
#include "tests/org/jobs.h"
#include "tests/org/journal.h"
#include "tests/org/jwt.h"
#include "tests/org/org.h"
#include "tests/org/sample.h"
#include "tests/org/token.h"

#define EXIT_USAGE	2
#define SYNTHETIC_MAX	100000000

#define CLIENT_ID                                                                                  \
	"3MVG9sim.Ulated_Org.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012"
#define CLIENT_SECRET	"0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

#define PASSWORD	"simulated"
#define REDIRECT_URI	"http://localhost:1717/OauthRedirect"

struct options {
	const char	*dir, *name, *flow, *tls_cert, *tls_key, *jwt_cert, *jwt_key;
	unsigned	 redirects;
	uint64_t	 synthetic, records;
	bool		 has_synthetic, plain;
	unsigned	 port;
	char own_dir[64],
	    key[PATH_MAX]; /* of the key that was made; the one that the section names */
};

static void
help(void)
{
	struct buf settings = BUF_INIT;

	settings_help(&settings);
	printf(
	    "usage: sffs-org (--data DIR | --synthetic N) [--port P] [--name NAME] [OPTIONS]\n"
	    "\n"
	    "A simulated Salesforce org on 127.0.0.1. Prints the config section that reaches\n"
	    "it, then serves until SIGINT or SIGTERM.\n"
	    "\n"
	    "  --data DIR         the files below DIR are its documents\n"
	    "  --synthetic N      N documents made as they are asked for\n"
	    "  --records N        N records of each of Account, Contact, Opportunity, Case,\n"
	    "                     Lead and Invoice__c\n"
	    "  --plain            with --synthetic: ordinary titles, each once\n"
	    "  --port P           0, the default: the kernel chooses\n"
	    "  --front P          a proxy on port P leads here: the org's URLs name that port\n"
	    "  --name NAME        of the section (sim)\n"
	    "  --flow FLOW        of the section: client_credentials (the default), web or jwt\n"
	    "  --client-id ID, --client-secret SECRET\n"
	    "  --password WORD    of every user, for a login in a browser (" PASSWORD ")\n"
	    "  --redirect-uri URI a callback URL of the app; may come more than once\n"
	    "                     (" REDIRECT_URI ")\n"
	    "  --jwt-cert FILE    PEM: the app's certificate, for the JWT flow\n"
	    "  --jwt-key FILE     its key, for the section; without both, flow = jwt has a\n"
	    "                     key made for this run\n"
	    "  --tls-cert FILE, --tls-key FILE  PEM: https instead of http\n"
	    "  --help, --version\n"
	    "\n"
	    "Settings, which /_org/set changes while it runs:\n%s",
	    buf_str(&settings));
	buf_free(&settings);
}

static bool
parse_number(const char *s, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(s, &end, 10);
	return *s >= '0' && *s <= '9' && *end == '\0' && errno == 0 && *out <= max;
}

enum {
	OPT_DATA = 256,
	OPT_SYNTHETIC,
	OPT_RECORDS,
	OPT_PLAIN,
	OPT_PORT,
	OPT_FRONT,
	OPT_NAME,
	OPT_ID,
	OPT_SECRET,
	OPT_CERT,
	OPT_KEY,
	OPT_FLOW,
	OPT_PASSWORD,
	OPT_REDIRECT,
	OPT_JWT,
	OPT_JWT_KEY,
	OPT_HELP,
	OPT_VERSION
};

static const struct option long_options[] = {
	{ "data", required_argument, NULL, OPT_DATA },
	{ "synthetic", required_argument, NULL, OPT_SYNTHETIC },
	{ "records", required_argument, NULL, OPT_RECORDS },
	{ "plain", no_argument, NULL, OPT_PLAIN },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "front", required_argument, NULL, OPT_FRONT },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "client-id", required_argument, NULL, OPT_ID },
	{ "client-secret", required_argument, NULL, OPT_SECRET },
	{ "tls-cert", required_argument, NULL, OPT_CERT },
	{ "tls-key", required_argument, NULL, OPT_KEY },
	{ "flow", required_argument, NULL, OPT_FLOW },
	{ "password", required_argument, NULL, OPT_PASSWORD },
	{ "redirect-uri", required_argument, NULL, OPT_REDIRECT },
	{ "jwt-cert", required_argument, NULL, OPT_JWT },
	{ "jwt-key", required_argument, NULL, OPT_JWT_KEY },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

#define OPTIONS	(sizeof(long_options) / sizeof(long_options[0]) - 1)

static bool
copy(char *out, size_t size, const char *s)
{
	return (size_t)snprintf(out, size, "%s", s) < size;
}

/* Takes one option; false: the log says why not. */
static bool
take_option(int c, const char *arg, struct options *o, struct org *org)
{
	uint64_t n = 0;
	bool good = true;

	switch (c) {
	case OPT_DATA: o->dir = arg; break;
	case OPT_SYNTHETIC:
		good = parse_number(arg, SYNTHETIC_MAX, &o->synthetic);
		o->has_synthetic = true;
		break;
	case OPT_RECORDS: good = parse_number(arg, SYNTHETIC_MAX, &o->records); break;
	case OPT_PLAIN: o->plain = true; break;
	case OPT_PORT:
		good = parse_number(arg, 65535, &n);
		o->port = (unsigned)n;
		break;
	case OPT_FRONT:
		good = parse_number(arg, 65535, &n);
		org->front = (unsigned)n;
		break;
	case OPT_NAME: o->name = arg; break;
	case OPT_ID: good = copy(org->client_id, sizeof(org->client_id), arg); break;
	case OPT_SECRET: good = copy(org->client_secret, sizeof(org->client_secret), arg); break;
	case OPT_CERT: o->tls_cert = arg; break;
	case OPT_KEY: o->tls_key = arg; break;
	case OPT_FLOW:
		o->flow = arg;
		good = strcmp(arg, "client_credentials") == 0 || strcmp(arg, "web") == 0 ||
		    strcmp(arg, "jwt") == 0;
		break;
	case OPT_PASSWORD: org->password = arg; break;
	case OPT_REDIRECT:
		/* As Salesforce does at registration: plain http only for localhost. */
		good = o->redirects < ORG_REDIRECTS &&
		    (strncmp(arg, "http://", 7) != 0 || strncmp(arg, "http://localhost", 16) == 0);
		if (good)
			org->redirect_uri[o->redirects++] = arg;
		break;
	case OPT_JWT: o->jwt_cert = arg; break;
	case OPT_JWT_KEY: o->jwt_key = arg; break;
	}
	if (!good)
		log_error("main", "%s is no value for --%s", arg, long_options[c - OPT_DATA].name);
	return good;
}

/* Returns -1 to go on, or the exit status. */
static int
parse(int argc, char **argv, struct options *o, struct org *org)
{
	struct option all[OPTIONS + SETTINGS + 1] = { 0 };
	const char *why;
	int c, index;

	memcpy(all, long_options, OPTIONS * sizeof(all[0]));
	for (unsigned i = 0; i < SETTINGS; i++)
		all[OPTIONS + i] =
		    (struct option){ settings_name((enum setting)i), required_argument, NULL, 1 };
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", all, &index)) != -1) {
		if (c == OPT_HELP) {
			help();
			return 0;
		}
		if (c == OPT_VERSION) {
			printf("sffs-org %s\n", SFFS_VERSION);
			return 0;
		}
		if (c == 1 && !settings_set(&org->settings, all[index].name, optarg, &why)) {
			log_error("main", "--%s %s: %s", all[index].name, optarg, why);
			return EXIT_USAGE;
		}
		if (c == '?' || c == ':') {
			log_error("main",
			    c == ':' ? "%s wants a value" : "%s: no such option (try --help)",
			    argv[optind - 1]);
			return EXIT_USAGE;
		}
		if (c >= OPT_DATA && !take_option(c, optarg, o, org))
			return EXIT_USAGE;
	}
	why = optind < argc		 ? "an argument too many" :
	    !o->dir == !o->has_synthetic ? "give one of --data DIR and --synthetic N" :
	    !o->tls_cert != !o->tls_key	 ? "--tls-cert and --tls-key go together" :
	    o->jwt_key && !o->jwt_cert	 ? "--jwt-key goes with --jwt-cert" :
					   NULL;
	if (why)
		log_error("main", "%s (try --help)", why);
	return why ? EXIT_USAGE : -1;
}

static int
read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	char block[4096];
	size_t n;

	if (!f)
		return -errno;
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_put(out, block, n);
	int rc = ferror(f) ? -EIO : out->failed ? -ENOMEM : 0;
	fclose(f);
	return rc;
}

/* Another name or other data make other Ids, so that a mount never takes the cache of one org for
 * another's. */
static int
choose_ids(struct org *org, const struct options *o, const char *dir)
{
	char *text = NULL;

	if (asprintf(&text, "%s\n%s\n%llu%s", o->name, dir ? dir : "",
		(unsigned long long)o->synthetic, o->plain ? " plain" : "") < 0)
		return -ENOMEM;
	id_choose_pod(text);
	id_make("00D", 0, org->id);
	free(text);
	return 0;
}

/* Makes the parts of the org, except http. */
static int
make_org(struct org *org, const struct options *o)
{
	char *dir = o->dir ? realpath(o->dir, NULL) : NULL;
	int rc = o->dir && !dir ? -errno : choose_ids(org, o, dir);

	if (rc == 0)
		rc = data_new(&org->data);

	if (rc == 0)
		rc = journal_new(&org->journal);
	if (rc == 0)
		rc = faults_new(&org->faults);
	if (rc == 0)
		rc = tokens_new(&org->tokens);
	if (rc == 0)
		rc = cursors_new(&org->cursors);
	if (rc == 0)
		rc = jobs_new(&org->jobs);
	if (rc != 0)
		goto out;
	rc = dir ? directory_load(org->data, dir) :
		   data_make(org->data, (uint32_t)o->synthetic, o->plain);
	if (rc == 0)
		rc = sample_old_files(org->data);
	if (rc == 0)
		rc = sample_logs(org->data, org_now(org));
	if (rc == 0)
		rc = sample_records(org->data, (uint32_t)o->records, org_now(org));
out:
	if (rc != 0)
		log_error("main", "%s: %s", o->dir ? o->dir : "synthetic org", strerror(-rc));
	free(dir);
	return rc;
}

static void
free_org(struct org *org)
{
	jobs_free(org->jobs);
	cursors_free(org->cursors);
	tokens_free(org->tokens);
	faults_free(org->faults);
	journal_free(org->journal);
	data_free(org->data);
	EVP_PKEY_free(org->jwt_key);
}

static int
read_jwt_cert(struct org *org, const char *path)
{
	struct buf pem = BUF_INIT;
	int rc = read_file(path, &pem);

	if (rc == 0)
		org->jwt_key = jwt_key(buf_str(&pem));
	if (rc == 0 && !org->jwt_key)
		rc = -EINVAL;
	if (rc != 0)
		log_error("main", "%s: no certificate: %s", path, strerror(-rc));
	buf_free(&pem);
	return rc;
}

/* The app's certificate and key: the given ones, or, for a section with flow = jwt, a key that is
 * made for this run. */
static int
prepare_jwt(struct org *org, struct options *o)
{
	const char *tmp = getenv("TMPDIR");

	if (o->jwt_key && !realpath(o->jwt_key, o->key)) {
		log_error("main", "%s: %s", o->jwt_key, strerror(errno));
		return -EINVAL;
	}
	if (o->jwt_cert)
		return read_jwt_cert(org, o->jwt_cert);
	if (strcmp(o->flow, "jwt") != 0)
		return 0;
	snprintf(o->own_dir, sizeof(o->own_dir), "%s/sffs-org.XXXXXX",
	    tmp && *tmp == '/' && strlen(tmp) < 40 ? tmp : "/tmp");
	if (mkdtemp(o->own_dir)) {
		snprintf(o->key, sizeof(o->key), "%s/key.pem", o->own_dir);
		org->jwt_key = jwt_make_key(o->key);
	} else {
		*o->own_dir = '\0';
	}
	if (!org->jwt_key)
		log_error("main", "a key for the JWT flow: %s", strerror(errno));
	return org->jwt_key ? 0 : -EIO;
}

static int
start(struct org *org, const struct options *o, struct http **http)
{
	struct buf cert = BUF_INIT, key = BUF_INIT;
	int rc = o->tls_cert ? read_file(o->tls_cert, &cert) : 0;

	if (rc == 0 && o->tls_key)
		rc = read_file(o->tls_key, &key);
	if (rc == 0)
		rc = http_start(org, o->port, cert.data, key.data, http);
	if (rc != 0)
		log_error("main", "cannot serve on port %u: %s", o->port, strerror(-rc));
	buf_free(&cert);
	buf_wipe(&key);
	return rc;
}

/* The secret, or the key, comes last, and then the output ends: a reader may stop there. */
static void
say_where(const struct org *org, const struct options *o)
{
	printf("[%s]\nlogin_url = %s\nflow = %s\nclient_id = %s\n", o->name, org->url, o->flow,
	    org->client_id);
	const bool jwt = strcmp(o->flow, "jwt") == 0;
	if (jwt)
		printf("username = %s\n", data_user(DATA_RUN_AS)->username);
	if (jwt && *o->key)
		printf("private_key = %s\n", o->key);
	else if (jwt)
		printf("# private_key = the key of %s\n", o->jwt_cert);
	if (strcmp(o->flow, "web") == 0)
		printf("# in the browser: %s, password %s\nredirect_uri = %s\n",
		    data_user(DATA_RUN_AS)->username, org->password, org->redirect_uri[0]);
	if (!jwt)
		printf("client_secret = %s\n", org->client_secret);
	fflush(stdout);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDOUT_FILENO);
		close(null);
	}
}

int
main(int argc, char **argv)
{
	struct options o = { .name = "sim", .flow = "client_credentials" };
	struct org org = {
		.client_id = CLIENT_ID, .client_secret = CLIENT_SECRET, .password = PASSWORD
	};
	struct http *http = NULL;
	sigset_t signals;
	int status, number;

	setlocale(LC_CTYPE, "C.UTF-8");
	log_plain("sffs-org");
	settings_init(&org.settings);
	status = parse(argc, argv, &o, &org);
	if (status >= 0)
		return status;
	if (o.redirects == 0)
		org.redirect_uri[0] = REDIRECT_URI;
	/* All later threads block these signals; the main thread waits for them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	status = 1;
	if (prepare_jwt(&org, &o) == 0 && make_org(&org, &o) == 0 && start(&org, &o, &http) == 0) {
		say_where(&org, &o);
		sigwait(&signals, &number);
		faults_stop(org.faults);
		journal_stop(org.journal);
		status = 0;
	}
	http_stop(http);
	if (*o.own_dir) {
		unlink(o.key);
		rmdir(o.own_dir);
	}
	free_org(&org);
	return status;
}

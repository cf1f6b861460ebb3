/*
 * sffs - mounts a Salesforce org. Opens everything, wires the callbacks, and is
 * the only file that may exit.
 *
 * The child does all the work with the terminal's standard error still open;
 * when the mount answers it leaves the terminal and tells the parent, which
 * exits 0. A child that fails exits with the status that the parent passes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "auth/config.h"
#include "auth/exit_status.h"
#include "auth/http.h"
#include "auth/log.h"
#include "auth/token.h"
#include "fs/content/read_ahead.h"
#include "fs/command/arguments.h"
#include "fs/catalogue/catalogue.h"
#include "fs/command/cache.h"
#include "fs/mount/confine.h"
#include "fs/sync/on_demand.h"
#include "fs/command/doctor.h"
#include "fs/content/file.h"
#include "fs/tree/inventory.h"
#include "fs/mount/mounter.h"
#include "fs/command/status.h"
#include "fs/mount/mount.h"
#include "fs/mount/systemd.h"
#include "fs/rest/rest.h"
#include "fs/mount/status_json.h"
#include "fs/store/store.h"
#include "fs/content/parsed.h"
#include "fs/sync/sync.h"
#include "fs/tree/tree.h"

#define CONNECT_TIMEOUT	10	/* seconds */
#define PAGE_TIME	300	/* seconds that a page of a first fill may take, with all tries */

/* Everything that is open, in the order of opening. */
struct sffs {
	struct arguments arguments;
	struct config	*config;
	struct http	*http;
	struct token	*token;
	struct mounter *mounter; /* mounts and unmounts when this process is confined; else NULL */
	struct rest	*rest;
	struct catalogue *catalogue;
	struct store	*store;
	struct sync	*sync;
	struct on_demand	*demand;
	struct parsed	*surveys;
	struct files	*files;
	struct inventory *inventory;
	struct read_ahead	*ahead;
	struct tree	*tree;
	struct mount	*mount;
	struct status	 status;
	char		*mountpoint;	/* absolute */
	char		*dir;		/* of this org's and user's data */
	char		*catalogue_dir;
	int		 parent;	/* pipe to the parent; -1: none */
	int		 notify;	/* systemd_open's */
	time_t filling; /* when the first page came; 0: no progress line stands on the terminal */
	uint64_t	 filled_then;	/* documents then */
};

/* The exit status. */
static int
run_command(const struct arguments *a)
{
	struct buf out = BUF_INIT, orgs = BUF_INIT;
	bool healthy = true;
	int rc = 0;

	switch (a->command) {
	case ARGUMENTS_HELP:
		arguments_put_help(&out);
		break;
	case ARGUMENTS_VERSION:
		buf_puts(&out, "sffs " SFFS_VERSION "\n");
		break;
	case ARGUMENTS_KEYS:
		config_help(&out);
		break;
	case ARGUMENTS_ORGS:
		rc = config_orgs(a->config, &out);
		break;
	case ARGUMENTS_STATUS:
		rc = config_orgs(a->config, &orgs);
		if (rc == 0)
			rc = status_put(buf_str(&orgs), a->org, a->json, &out, &healthy);
		break;
	default:
		if (!a->json)	/* the log says the causes, which are part of the report */
			dup2(STDOUT_FILENO, STDERR_FILENO);
		rc = doctor_run(a->config, a->org, buf_str(&a->overrides), a->json, stdout);
		break;
	}
	if (out.failed || fputs(buf_str(&out), stdout) < 0 || fflush(stdout) != 0)
		rc = -EIO;
	buf_free(&out);
	buf_free(&orgs);
	return rc == 0 && !healthy ? EXIT_OTHER : exit_status_of(rc);
}

/*
 * Opening and closing.
 */

static void
show_progress(void *ctx, uint64_t documents, uint64_t total, unsigned calls)
{
	struct sffs *s = ctx;
	time_t now = time(NULL);

	/* A first fill may take longer than systemd waits; each page earns as long as one may take.
	 */
	systemd_notify(s->notify, "EXTEND_TIMEOUT_USEC=%u\nSTATUS=%llu of %llu documents",
	    PAGE_TIME * 1000000u, (unsigned long long)documents, (unsigned long long)total);
	if (!isatty(STDERR_FILENO))
		return;
	if (!s->filling) {
		s->filling = now;
		s->filled_then = documents;
	}
	fprintf(stderr, "\r\033[K%llu of %llu documents, %u calls", (unsigned long long)documents,
	    (unsigned long long)total, calls);
	uint64_t since = documents - s->filled_then;
	if (since > 0 && total > documents && now > s->filling)
		fprintf(stderr, ", %llu s left",
		    (unsigned long long)((total - documents) * (uint64_t)(now - s->filling) /
			since));
}

static void
end_progress(struct sffs *s)
{
	if (s->filling)
		fputc('\n', stderr);
	s->filling = 0;
}

/* Once the mount answers: a daemon leaves its terminal and lets the parent go. */
static void
mount_answers(void *ctx)
{
	struct sffs *s = ctx;

	systemd_notify(s->notify, "READY=1\nSTATUS=%s is mounted on %s", s->config->org,
	    s->mountpoint);
	if (s->parent < 0) {
		log_info("sffs", "%s is mounted on %s", s->config->org, s->mountpoint);
		return;
	}
	if (setsid() < 0 || chdir("/") < 0)
		log_warn("sffs", "leaving the terminal: %s", strerror(errno));
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	log_to_syslog("sffs");
	if (write(s->parent, "", 1) < 0)
		log_warn("sffs", "the parent is gone: %s", strerror(errno));
	close(s->parent);
	s->parent = -1;
}

static void
tell_changed(void *ctx, const struct catalogue_change *change)
{
	const struct sffs *s = ctx;

	mount_changed(s->mount, change);
	if (change->version_id && s->files)
		file_drop(s->files, change->version_id);
}

static char *
make_status(void *ctx, size_t *len)
{
	return status_json(ctx, len);
}

static char *
make_limits(void *ctx, size_t *len)
{
	return status_limits(ctx, len);
}

/* The directory of this org and user, whatever the section is called. */
static int
make_data_dir(struct sffs *s)
{
	char *cache = NULL;
	int rc = config_cache_dir(s->config, &cache);

	if (rc < 0)
		return rc;
	if (asprintf(&s->dir, "%s/%s-%s%s", cache, token_org_id(s->token), token_user_id(s->token),
	    s->config->names == CONFIG_PORTABLE ? "-portable" : "") < 0) {
		s->dir = NULL;
		rc = -ENOMEM;
	} else if (mkdir(s->dir, 0700) < 0 && errno != EEXIST) {
		rc = -errno;
		log_error("sffs",
		    "%s: cannot make the cache directory: %s; cache_dir names another", s->dir,
		    strerror(-rc));
	}
	free(cache);
	return rc;
}

static int
open_salesforce(struct sffs *s)
{
	const struct config *c = s->config;
	int rc = http_open(&(struct http_options){ .proxy = c->proxy,
			       .ca_file = c->ca_file,
			       .connect_timeout = CONNECT_TIMEOUT,
			       .idle_timeout = (unsigned)c->timeout,
			       .user_agent = "sffs/" SFFS_VERSION },
	    &s->http);

	if (rc == 0)
		rc = token_open(c, s->http, &s->token);
	if (rc == 0)
		rc = make_data_dir(s);
	if (rc == 0)
		rc = rest_open(s->http, s->token,
		    &(struct rest_options){ .api_version = c->api_version,
			.tries = (unsigned)c->tries,
			.reserve = (unsigned)c->api_reserve,
			.budget = c->api_budget },
		    &s->rest);
	return rc;
}

/*
 * What the mount needs is known now, and nothing of a document has been read: from here on all else
 * is out of its reach. A thread that runs by now would stay outside; there is none. A command that
 * prints a secret may need anything.
 */
static int
shut_in(struct sffs *s)
{
	const struct config *c = s->config;
	const char *command = c->client_secret_cmd ? "client_secret_cmd" :
	    c->private_key_cmd			   ? "private_key_cmd" :
						     NULL;
	char *state = NULL;
	int rc;

	if (!c->confine)
		return 0;
	if (command) {
		log_info("sffs", "%s may need any file: the mount is not confined", command);
		return 0;
	}
	if (confine_abi() == 0) {
		log_debug("sffs", "the kernel has no Landlock: the mount is not confined");
		return 0;
	}
	rc = mounter_open(s->mountpoint, &s->mounter);
	if (rc == 0)
		rc = config_state_dir(c, &state);
	if (rc == 0)
		rc = confine_enter(
		    (const struct confine_path[]){ { s->dir, true }, { state, true },
			{ c->private_key, false }, { c->ca_file, false } },
		    4);
	if (rc < 0)
		log_error(
		    "sffs", "cannot be confined: %s; confine = no does without", strerror(-rc));
	free(state);
	return rc;
}

/* What is listed with a filter, or with archived documents, is another catalogue; bytes are cached
 * for all of them together. */
static int
make_catalogue_dir(struct sffs *s)
{
	const struct config *c = s->config;
	char *part = NULL;
	int rc = asprintf(&part, "%s %s", c->archived ? "archived" : "",
		     c->filter ? c->filter : "") < 0 ?
	    -ENOMEM :
	    0;

	if (rc < 0)
		return rc;
	if ((c->filter || c->archived ? asprintf(&s->catalogue_dir, "%s/part-%016llx", s->dir,
					    (unsigned long long)name_hash_of(NAME_UNIX)(part)) :
					asprintf(&s->catalogue_dir, "%s", s->dir)) < 0) {
		s->catalogue_dir = NULL;
		rc = -ENOMEM;
	} else if (mkdir(s->catalogue_dir, 0700) < 0 && errno != EEXIST) {
		rc = -errno;
		log_error("sffs", "%s: cannot make the cache directory: %s", s->catalogue_dir,
		    strerror(-rc));
	}
	free(part);
	return rc;
}

static int
open_data(struct sffs *s)
{
	const struct config *c = s->config;
	const struct parsed_options surveys = {
		.view = { .encoding = c->csv_encoding,
		    .delimiter = c->csv_delimiter ? *c->csv_delimiter : 0,
		    .max_field = c->csv_max_field,
		    .strict = c->csv_strict },
		.names = c->names == CONFIG_PORTABLE ? NAME_PORTABLE : NAME_UNIX,
	};
	char *blobs = NULL;
	int rc = asprintf(&blobs, "%s/blobs", s->dir) < 0 ? -ENOMEM : 0;

	if (rc == 0)
		rc = make_catalogue_dir(s);
	if (rc == 0)
		rc = catalogue_open(s->catalogue_dir,
		    name_hash_of(c->names == CONFIG_PORTABLE ? NAME_PORTABLE : NAME_UNIX),
		    &s->catalogue);
	if (rc == 0)
		rc = store_open(
		    &(struct store_options){
			.dir = blobs, .limit = c->cache_size, .fetches = (unsigned)c->transfers },
		    &s->store);
	if (rc == 0)
		rc = parsed_open(s->store, s->rest, s->catalogue, &surveys, &s->surveys);
	if (rc == 0)
		rc = files_open(s->store, s->rest, s->surveys, &s->files);
	free(blobs);
	return rc;
}

/* With each list of all Ids: what the user's permissions hide. */
static void
renew_reach(void *ctx)
{
	const struct sffs *s = ctx;

	on_demand_renew(s->demand, ON_DEMAND_REACH, "");
}

/* What a walk and df are going to need, asked at once: later nobody could tell which look costs
 * these calls. */
static int
ask_ahead(struct sffs *s)
{
	static const enum on_demand_kind kinds[2] = { ON_DEMAND_REACH, ON_DEMAND_STORAGE };
	const struct on_demand_answer *a;
	struct wait_thread t[2];
	int rc[2];

	for (int i = 0; i < 2; i++) {
		wait_thread_init(&t[i]);
		rc[i] = on_demand_get(s->demand, kinds[i], "", INT64_MAX, &t[i].wait, &a);
		if (rc[i] == 0)
			on_demand_put(a);
	}
	for (int i = 0; i < 2; i++) {
		while (rc[i] == -EAGAIN) {
			wait_thread_sleep(&t[i]);
			if ((rc[i] = on_demand_get(
				 s->demand, kinds[i], "", INT64_MAX, &t[i].wait, &a)) == 0)
				on_demand_put(a);
		}
	}
	return rc[0] == -EINTR || rc[1] == -EINTR ?
	    -EINTR :
	    0; /* that the org does not say is no reason not to mount */
}

/* online: the org has just answered. */
static int
open_demand(struct sffs *s, enum name_rules names, bool online)
{
	const struct config *c = s->config;
	int rc = on_demand_open(s->rest, s->catalogue,
	    &(struct on_demand_options){ .refresh = c->refresh,
		.fail_offline = c->offline == CONFIG_FAIL,
		.archived = c->archived,
		.names = names },
	    &s->demand);

	if (rc == 0)
		on_demand_on_change(s->demand, tell_changed, s);
	if (rc == 0 && online)
		rc = ask_ahead(s);
	if (rc < 0)
		return rc;
	int all = on_demand_sees_all_files(s->demand);
	if (all < 0)
		log_info("sffs",
		    "Salesforce does not say whether you have the permission Query All Files; it is asked again");
	if (all == 0)
		log_info("sffs",
		    "files that are shared with you through a record only are not listed: that takes the permission Query All Files");
	return 0;
}

static bool
may_guess(void *ctx)
{
	return rest_may_guess(ctx);
}

static int
open_tree(struct sffs *s)
{
	const struct config *c = s->config;
	const enum name_rules names = c->names == CONFIG_PORTABLE ? NAME_PORTABLE : NAME_UNIX;
	struct sync_status status;
	char *turn = NULL;
	int rc = asprintf(&turn, "%s/turn.lock", s->catalogue_dir) < 0 ? -ENOMEM : 0;

	if (rc == 0)
		rc = sync_open(s->rest, s->catalogue,
		    &(struct sync_options){ .refresh = c->refresh,
			.turn = turn,
			.fail_offline = c->offline == CONFIG_FAIL,
			.names = names,
			.filter = c->filter,
			.archived = c->archived,
			.versions = c->versions == CONFIG_ALL,
			.lists = renew_reach,
			.ctx = s },
		    &s->sync);
	free(turn);
	if (rc == 0) {
		sync_on_change(s->sync, tell_changed, s);
		rc = sync_first(s->sync, show_progress, s);
		end_progress(s);
	}
	if (rc < 0)
		return rc;
	sync_status(s->sync, &status);
	rc = open_demand(s, names, status.result == 0);
	s->status = (struct status){ .org = c->org,
		.org_id = token_org_id(s->token),
		.user_id = token_user_id(s->token),
		.filter = c->filter,
		.archived = c->archived,
		.catalogue = s->catalogue,
		.rest = s->rest,
		.store = s->store,
		.sync = s->sync,
		.demand = s->demand,
		.reserve = (unsigned)c->api_reserve };
	if (rc == 0)
		rc = inventory_open(s->catalogue, s->dir, names, &s->inventory);
	if (rc == 0)
		rc = read_ahead_open(s->store, s->rest, s->catalogue,
		    &(struct read_ahead_options){ .transfers = (unsigned)c->transfers,
			.cache_size = c->cache_size,
			.may = may_guess,
			.ctx = s->rest },
		    &s->ahead);
	return rc < 0 ? rc :
			tree_open(&(struct tree_parts){ .catalogue = s->catalogue,
				      .sync = s->sync,
				      .on_demand = s->demand,
				      .files = s->files,
				      .inventory = s->inventory,
				      .read_ahead = s->ahead },
			    &(struct tree_options){ .names = names,
				.links = c->links,
				.browse = c->browse,
				.versions = c->versions == CONFIG_ALL,
				.uid = c->uid,
				.gid = c->gid,
				.umask = c->umask,
				.status = make_status,
				.limits = make_limits,
				.ctx = &s->status },
			    &s->tree);
}

/* First everything that works is stopped, which wakes what waits; nothing is freed that those who
 * wake still use. */
static void
close_all(struct sffs *s)
{
	if (s->rest)
		rest_cancel(s->rest);
	if (s->ahead)
		read_ahead_stop(s->ahead);
	if (s->store)
		store_stop(s->store);
	if (s->sync)
		sync_stop(s->sync);
	if (s->demand)
		on_demand_stop(s->demand);
	if (s->surveys)
		parsed_stop(s->surveys);
	if (s->inventory)
		inventory_stop(s->inventory);
	store_close(s->store);
	mount_close(s->mount);
	mounter_close(s->mounter);
	tree_close(s->tree);
	inventory_close(s->inventory);
	read_ahead_close(s->ahead);
	files_close(s->files);
	parsed_close(s->surveys);
	on_demand_close(s->demand);
	sync_close(s->sync);
	catalogue_close(s->catalogue);
	rest_close(s->rest);
	token_close(s->token);
	http_close(s->http);
}

static int
run(struct sffs *s)
{
	int status;
	int rc = open_salesforce(s);

	if (rc == 0)
		rc = shut_in(s);
	if (rc == 0)
		rc = open_data(s);
	if (rc == 0)
		rc = open_tree(s);
	status = exit_status_of(rc);
	if (rc == 0) {
		rc = mount_open(&(struct mount_options){ .name = s->config->org,
				    .allow_other = s->config->allow_other,
				    .mounter = s->mounter,
				    .debug = s->arguments.debug,
				    .ready = mount_answers,
				    .ctx = s },
		    s->mountpoint, &s->mount);
		prctl(PR_SET_PDEATHSIG, 0);
		if (rc == 0)
			rc = mount_serve(s->mount, s->tree);
		status = rc < 0 ? EXIT_MOUNT : EXIT_DONE;
	}
	close_all(s);
	return status;
}

/* sffs doctor --cache: what a mount would open, but for the org. */
static int
run_check(struct sffs *s)
{
	char *blobs = NULL;
	int rc = open_salesforce(s);

	if (rc == 0)
		rc = make_catalogue_dir(s);
	if (rc == 0)
		rc = catalogue_open(s->catalogue_dir,
		    name_hash_of(s->config->names == CONFIG_PORTABLE ? NAME_PORTABLE : NAME_UNIX),
		    &s->catalogue);
	if (rc == 0)
		rc = asprintf(&blobs, "%s/blobs", s->dir) < 0 ?
		    -ENOMEM :
		    cache_check(s->catalogue, blobs, stdout);
	free(blobs);
	close_all(s);
	return exit_status_of(rc);
}

/* The parent's side: the status to exit with. */
static int
wait_for_child(pid_t child, int from)
{
	int status = 0;
	char answers;

	if (read(from, &answers, 1) == 1)
		return EXIT_DONE;
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		return EXIT_OTHER;
	return WEXITSTATUS(status);
}

static int
run_as_daemon(struct sffs *s)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		log_error("sffs", "pipe: %s", strerror(errno));
		return EXIT_OTHER;
	}
	const pid_t self = getpid();
	pid_t child = fork();
	if (child < 0) {
		log_error("sffs", "fork: %s", strerror(errno));
		return EXIT_OTHER;
	}
	if (child > 0) {
		close(ends[1]);
		return wait_for_child(child, ends[0]);
	}
	close(ends[0]);
	/* Until it is mounted it is the parent that is to be stopped, be it by a SIGKILL. The
	 * signal is this thread's, as run() is. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != self)
		return EXIT_OTHER;
	s->parent = ends[1];
	return run(s);
}

/* Each open file is one of ours too. */
static void
raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

int
main(int argc, char **argv)
{
	struct sffs s = { .parent = -1, .notify = -1 };
	struct arguments *a = &s.arguments;
	int status;

	log_plain("sffs");
	if (getuid() != geteuid() || getgid() != getegid()) {
		log_error(
		    "sffs", "refuses to run set-uid; fusermount3 is what may mount for a user");
		return EXIT_USAGE;
	}
	/* The memory holds tokens: no core dumps, no other process of the user may look in. */
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	raise_file_limit();

	status = arguments_parse(argc, argv, a);
	if (status == EXIT_DONE && a->command != ARGUMENTS_MOUNT && !a->cache) {
		status = run_command(a);
		goto out;
	}
	if (status == EXIT_DONE)
		status = exit_status_of(
		    config_load(a->config, a->org, buf_str(&a->overrides), &s.config));
	if (status == EXIT_DONE && a->cache) {
		status = run_check(&s);
		goto out;
	}
	if (status == EXIT_DONE && mount_check(a->mountpoint, &s.mountpoint) < 0)
		status = EXIT_MOUNT;
	if (status == EXIT_DONE) {
		s.notify = systemd_open();
		if (a->foreground && !log_to_journal())
			log_plain(NULL);
		status = a->foreground ? run(&s) : run_as_daemon(&s);
	}
out:
	config_free(s.config);
	arguments_free(a);
	free(s.mountpoint);
	free(s.dir);
	if (s.notify >= 0)
		close(s.notify);
	free(s.catalogue_dir);
	return status;
}

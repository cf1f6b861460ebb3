/*
 * sffs - mounts a Salesforce org as a filesystem. This file opens the modules, connects them, and
 * closes them; only it may exit. fs/command has everything besides the mount.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "auth/clock.h"
#include "auth/config.h"
#include "auth/exit_status.h"
#include "auth/http.h"
#include "auth/log.h"
#include "auth/process.h"
#include "auth/token.h"
#include "auth/utf8.h"
#include "fs/catalogue/catalogue.h"
#include "fs/command/arguments.h"
#include "fs/command/cache.h"
#include "fs/command/command.h"
#include "fs/command/daemon.h"
#include "fs/command/directories.h"
#include "fs/command/progress.h"
#include "fs/content/file.h"
#include "fs/content/parsed.h"
#include "fs/content/read_ahead.h"
#include "fs/mount/confine.h"
#include "fs/mount/mount.h"
#include "fs/mount/mounter.h"
#include "fs/mount/status_json.h"
#include "fs/mount/systemd.h"
#include "fs/rest/rest.h"
#include "fs/store/store.h"
#include "fs/sync/on_demand.h"
#include "fs/sync/sync.h"
#include "fs/tree/inventory.h"
#include "fs/tree/tree.h"

#define FILES_LEAST	1024	/* a lower limit is worth a line */

/* Everything that is open, in the order of opening. */
struct sffs {
	struct arguments arguments;
	struct config	*config;
	char		*mountpoint;	/* absolute */
	int		 systemd;	/* systemd_open's */
	int		 parent;	/* daemon_start's; -1: none */
	struct http	*http;
	struct token	*token;
	struct directories dirs;
	struct rest	*rest;
	struct mounter	*mounter;	/* NULL: the mount is not confined */
	enum name_rules	 names;
	struct catalogue *catalogue;
	struct store	*store;
	struct parsed	*parsed;
	struct files	 files;
	struct sync	*sync;
	struct on_demand *on_demand;
	struct inventory *inventory;
	struct read_ahead *read_ahead;
	struct status_json status;
	struct tree	*tree;
	struct mount	*mount;
};

/*
 * The parts, from the bottom up.
 */

static int
open_salesforce(struct sffs *s)
{
	const struct config *c = s->config;
	int rc = http_open(&(struct http_options){ .proxy = c->proxy,
			       .ca_file = c->ca_file,
			       .idle_timeout = (unsigned)c->timeout },
	    &s->http);

	if (rc == 0)
		rc = token_open(c, s->http, &s->token);
	if (rc == 0)
		rc = directories_make(
		    c, token_org_id(s->token), token_user_id(s->token), &s->dirs);
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
 * Called once the files that the mount needs are known. By then it has read nothing of a document,
 * and has started no thread, which would stay outside. A command that prints a secret may need any
 * file.
 */
static int
confine(struct sffs *s)
{
	const struct config *c = s->config;
	char *state = NULL;

	if (!c->confine)
		return 0;
	if (c->client_secret_cmd || c->private_key_cmd) {
		log_info("sffs", "%s may need any file: the mount is not confined",
		    c->client_secret_cmd ? "client_secret_cmd" : "private_key_cmd");
		return 0;
	}
	if (confine_abi() == 0) {
		log_debug("sffs", "the kernel has no Landlock: the mount is not confined");
		return 0;
	}
	int rc = mounter_open(s->mountpoint, &s->mounter);
	if (rc == 0)
		rc = config_state_dir(&state);
	if (rc == 0)
		rc = confine_enter(
		    (const struct confine_path[]){ { s->dirs.data, true }, { state, true },
			{ c->private_key, false }, { c->ca_file, false } },
		    4);
	if (rc < 0)
		log_error(
		    "sffs", "cannot be confined: %s; confine = no does without", strerror(-rc));
	free(state);
	return rc;
}

static int
open_catalogue(struct sffs *s)
{
	s->names = s->config->names == CONFIG_PORTABLE ? NAME_PORTABLE : NAME_UNIX;
	return catalogue_open(s->dirs.catalogue, name_hash_of(s->names), &s->catalogue);
}

static int
open_content(struct sffs *s)
{
	const struct config *c = s->config;
	const struct parsed_options parsed = {
		.view = { .encoding = c->csv_encoding,
		    .delimiter = c->csv_delimiter ? *c->csv_delimiter : 0,
		    .max_field = c->csv_max_field,
		    .strict = c->csv_strict },
		.names = s->names,
	};
	int rc = store_open(
	    &(struct store_options){ .dir = s->dirs.blobs,
		.limit = c->cache_size,
		.fetches = (unsigned)c->transfers,
		.patience = (unsigned)c->timeout },
	    &s->store);

	if (rc == 0)
		rc = parsed_open(s->store, s->rest, s->catalogue, &parsed, &s->parsed);
	s->files = (struct files){ .store = s->store, .rest = s->rest, .parsed = s->parsed };
	return rc;
}

/* Runs with each list of all Ids: the user's permissions may have changed, too. */
static void
renew_permissions(void *ctx)
{
	const struct sffs *s = ctx;

	on_demand_renew(s->on_demand);
}

/* The tree is open before anything changes. */
static void
on_change(void *ctx, const struct catalogue_change *change)
{
	const struct sffs *s = ctx;

	tree_changed(s->tree, change);
}

/* The line of systemctl status, after `first`. */
static void
tell_health(const struct sffs *s, const char *first)
{
	struct sync_status status;
	char where[256];

	sync_status(s->sync, &status);
	utf8_show_all(where, sizeof(where), s->mountpoint);
	if (status.result == 0)
		systemd_notify(s->systemd, "%sSTATUS=%s is mounted on %s", first, s->config->org,
		    where);
	else
		systemd_notify(s->systemd, "%sSTATUS=failing since %s: %s", first,
		    clock_text(status.failing).s, sync_why(status.result));
}

static void
on_health(void *ctx)
{
	tell_health(ctx, "");
}

static int
open_sync(struct sffs *s)
{
	const struct config *c = s->config;
	const struct sync_options o = { .refresh = c->refresh,
		.turn = s->dirs.turn,
		.fail_offline = c->offline == CONFIG_FAIL,
		.names = s->names,
		.filter = c->filter,
		.archived = c->archived,
		.versions = c->versions == CONFIG_ALL,
		.changed = on_change,
		.lists = renew_permissions,
		.health = on_health,
		.ctx = s };
	int rc = sync_open(s->rest, s->catalogue, &o, &s->sync);

	if (rc == 0)
		rc = on_demand_open(s->rest, s->catalogue, &o, &s->on_demand);
	return rc;
}

static int
open_tree(struct sffs *s)
{
	const struct config *c = s->config;
	int rc = inventory_open(s->catalogue, s->dirs.data, s->names, &s->inventory);

	s->status = (struct status_json){ .config = c,
		.token = s->token,
		.catalogue = s->catalogue,
		.rest = s->rest,
		.store = s->store,
		.sync = s->sync,
		.on_demand = s->on_demand };
	if (rc == 0)
		rc = read_ahead_open(s->store, s->rest, s->catalogue,
		    &(struct read_ahead_options){ .transfers = (unsigned)c->transfers,
			.cache_size = c->cache_size },
		    &s->read_ahead);
	if (rc == 0)
		rc = tree_open(
		    &(struct tree_options){ .catalogue = s->catalogue,
			.sync = s->sync,
			.on_demand = s->on_demand,
			.files = &s->files,
			.inventory = s->inventory,
			.read_ahead = s->read_ahead,
			.names = s->names,
			.links = c->links,
			.browse = c->browse,
			.versions = c->versions == CONFIG_ALL,
			.uid = c->uid,
			.gid = c->gid,
			.umask = c->umask,
			.status = status_json,
			.limits = status_json_limits,
			.ctx = &s->status },
		    &s->tree);
	if (rc == 0)
		log_paths(inventory_path, s->inventory);
	return rc;
}

/* The first lines of .sffs/log. */
static void
introduce(const struct sffs *s, bool all)
{
	const struct config *c = s->config;

	log_keep("sffs", "version %s mounts [%s] of %s on %s: organization %s, user %s",
	    SFFS_VERSION, c->org, c->file, s->mountpoint, token_org_id(s->token),
	    token_user_id(s->token));
	log_keep("sffs", "left out: legacy Attachments and Documents%s%s%s%s",
	    c->archived ? "" : "; archived documents",
	    all ? "" : "; files that are shared with you through a record only",
	    c->filter ? "; all but filter = " : "", c->filter ? c->filter : "");
}

static int
fill_catalogue(struct sffs *s)
{
	struct progress progress = { .systemd = s->systemd };
	struct sync_status status;
	int rc = sync_first(s->sync, progress_show, &progress);

	progress_end(&progress);
	if (rc < 0)
		return rc;
	sync_status(s->sync, &status);
	if (status.result == 0)
		rc = on_demand_prepare(s->on_demand);
	if (rc < 0)
		return rc;
	int all = on_demand_sees_all_files(s->on_demand);
	if (all < 0)
		log_info("sffs", "Salesforce does not say whether you have the permission "
				 "Query All Files; it is asked again");
	if (all == 0)
		log_info("sffs", "files that are shared with you through a record only are not "
				 "listed: that takes the permission Query All Files");
	introduce(s, all != 0);
	return 0;
}

static void
on_mounted(void *ctx)
{
	struct sffs *s = ctx;

	tell_health(s, "READY=1\n");
	if (s->parent >= 0)
		daemon_leave(s->parent);
	log_info("sffs", "%s is mounted on %s", s->config->org, s->mountpoint);
}

static int
serve(struct sffs *s)
{
	int rc = mount_open(&(struct mount_options){ .name = s->config->org,
				.named = s->config->named,
				.allow_other = s->config->allow_other,
				.owner = s->config->uid,
				.mounter = s->mounter,
				.debug = s->arguments.debug,
				.ready = on_mounted,
				.ctx = s },
	    s->mountpoint, &s->mount);

	daemon_stay();
	if (rc == 0)
		rc = mount_serve(s->mount, s->tree);
	return rc;
}

/* Stops everything first, which wakes all waits, then frees it. */
static void
close_all(struct sffs *s)
{
	if (s->tree) {		/* the last of them: nothing works or waits before */
		http_cancel(s->http);
		read_ahead_stop(s->read_ahead);
		store_stop(s->store);
		sync_stop(s->sync);
		on_demand_stop(s->on_demand);
		parsed_stop(s->parsed);
		inventory_stop(s->inventory);
	}
	store_close(s->store);
	mount_close(s->mount);
	mounter_close(s->mounter);
	tree_close(s->tree);
	read_ahead_close(s->read_ahead);
	parsed_close(s->parsed);
	on_demand_close(s->on_demand);
	sync_close(s->sync);
	log_paths(NULL, NULL);
	inventory_close(s->inventory);
	catalogue_close(s->catalogue);
	rest_close(s->rest);
	token_close(s->token);
	http_close(s->http);
}

/*
 * The commands. Each returns the exit status.
 */

static int
run_mount(struct sffs *s)
{
	static int (*const steps[])(struct sffs *) = { open_salesforce, confine, open_catalogue,
		open_content, open_sync, open_tree, fill_catalogue };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		rc = steps[i](s);
	if (rc == 0)
		rc = serve(s);
	close_all(s);
	return exit_status_of(rc);
}

/* As far as the caller lets it. Returns what it is now. */
static unsigned long long
raise_limit(int resource)
{
	struct rlimit l = { RLIM_INFINITY, RLIM_INFINITY };

	if (getrlimit(resource, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(resource, &l);
	}
	return l.rlim_cur;
}

/* Each file that is open in the mount is a descriptor here, and the cache has files of any size. */
static void
raise_limits(void)
{
	const unsigned long long files = raise_limit(RLIMIT_NOFILE),
	    bytes = raise_limit(RLIMIT_FSIZE);

	if (files < FILES_LEAST)
		log_warn("sffs", "%llu files at most can be open in the mount (ulimit -n)", files);
	if (bytes != RLIM_INFINITY)
		log_warn("sffs", "no document of more than %llu bytes can be read (ulimit -f)",
		    bytes);
}

/* With allow_other it is what the user wants, as on a server. */
static void
warn_of_sudo(const struct sffs *s)
{
	const char *user = getenv("SUDO_USER");

	if (geteuid() == 0 && user && strcmp(user, "root") != 0 && !s->config->allow_other)
		log_warn("sffs",
		    "root owns this mount, and %s cannot use or unmount it: "
		    "run sffs without sudo, or with -o allow_other,umask=022",
		    user);
}

static int
start_mount(struct sffs *s)
{
	int status;

	/* Closes the caller's descriptors: a lock lasts as long as one is open. The config is
	 * read already. */
	closefrom(STDERR_FILENO + 1);
	raise_limits();
	/*
	 * Freed blocks above this size go back to the system; glibc would keep more each time. Each
	 * heap keeps the smaller blocks that its threads once needed.
	 */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	mallopt(M_ARENA_MAX, 4);
	if (mount_check(s->arguments.mountpoint, s->config->allow_other, &s->mountpoint) < 0)
		return EXIT_MOUNT;
	warn_of_sudo(s);
	s->systemd = systemd_open();
	if (s->arguments.foreground) {
		if (!log_to_journal())
			log_plain(NULL);
	} else if (!daemon_start(&s->parent, &status)) {
		return status;
	}
	return run_mount(s);
}

static int
check_cache(struct sffs *s)
{
	int rc = open_salesforce(s);

	if (rc == 0)
		rc = open_catalogue(s);
	if (rc == 0)
		rc = cache_check(s->catalogue, s->dirs.blobs, stdout);
	close_all(s);
	return exit_status_of(rc);
}

int
main(int argc, char **argv)
{
	struct sffs s = { .parent = -1, .systemd = -1 };
	struct arguments *a = &s.arguments;

	process_begin("sffs");
	if (getuid() != geteuid() || getgid() != getegid()) {
		log_error(
		    "sffs", "refuses to run set-uid; only fusermount3 may mount for a user");
		return EXIT_USAGE;
	}
	int status = arguments_parse(argc, argv, a);
	const bool needs_config = a->command == ARGUMENTS_MOUNT || a->cache;
	if (status == EXIT_DONE && needs_config)
		status = exit_status_of(
		    config_load(a->config, a->org, buf_str(&a->overrides), &s.config));
	if (status == EXIT_DONE)
		status = !needs_config ? command_run(a) :
		    a->cache	       ? check_cache(&s) :
					 start_mount(&s);
	config_free(s.config);
	directories_free(&s.dirs);
	free(s.mountpoint);
	if (s.systemd >= 0)
		close(s.systemd);
	buf_free(&a->overrides);
	return status;
}

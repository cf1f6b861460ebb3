#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/clock.h"
#include "auth/log.h"
#include "fs/catalogue/catalogue.h"
#include "fs/name.h"
#include "fs/store/store.h"
#include "fs/store/hash.h"

#include "cache.h"

#define PROGRESS	200		/* ms between two progress lines */

struct check {
	struct catalogue *catalogue;
	struct evp_md_st *md5;
	FILE		*out;
	bool		 complete;	/* the catalogue is: it has all but older versions */
	bool		 terminal;	/* show progress */
	int64_t		 shown;		/* when that was last (ms); 0: not yet */
	unsigned long long right, wrong, views, unknown, bytes;
	struct document_content removed;	/* the last damaged version */
	int		 rc;
};

static void
show_checked(struct check *k)
{
	const int64_t now = k->terminal ? clock_ms() : 0;

	if (now - k->shown < PROGRESS)
		return;
	fprintf(stderr, "\r\033[K%llu files, %llu MB", k->right + k->wrong + k->unknown + k->views,
	    k->bytes / 1000000);
	k->shown = now;
}

static void
clear_checked(struct check *k)
{
	if (k->shown)
		fputs("\r\033[K", stderr);
	k->shown = 0;
}

/* NULL: nothing. */
static const char *
fault_of(const struct check *k, const struct document *d, int fd, uint64_t size)
{
	struct hash h = { 0 };

	if (size != (uint64_t)d->content_size)
		return "size differs";
	if (!document_md5(d))
		return NULL;
	const char *wrong = NULL;
	if (hash_begin(&h, k->md5) < 0 || hash_to(&h, fd, size) < 0)
		wrong = "cannot be read";
	else if (!hash_is(&h, d->checksum))
		wrong = "MD5 differs";
	hash_end(&h);
	return wrong;
}

static bool
check_version(struct check *k, const char *name, int fd, uint64_t size)
{
	struct document d;
	int rc = k->complete ? catalogue_by_version_key(k->catalogue, name_text_key(name), &d) :
			       -ENOENT;

	if (rc < 0) {
		k->unknown += rc == -ENOENT;
		k->rc = rc == -ENOENT ? k->rc : rc;
		return true;
	}
	const char *wrong = fault_of(k, &d, fd, size);
	if (wrong) {
		clear_checked(k);
		log_print(k->out, "%s: %s, removed from the cache\n", d.name, wrong);
		k->removed = document_content(&d);
	}
	k->wrong += wrong != NULL;
	k->right += wrong == NULL;
	document_free(&d);
	return !wrong;
}

static bool
check_file(void *ctx, const char *name, int fd, uint64_t size)
{
	struct check *k = ctx;
	const char *removed = k->removed.s;
	bool keep = true;

	if (!strchr(name, '.'))
		keep = check_version(k, name, fd, size);
	else if (*removed && strncmp(name, removed, strlen(removed)) == 0 &&
	    name[strlen(removed)] == '.')
		keep = false;	/* a view of it: files come in order of their names */
	else
		k->views++;
	k->bytes += size;
	show_checked(k);
	return keep;
}

int
cache_check(struct catalogue *c, const char *blobs, FILE *out)
{
	struct check k = { .catalogue = c,
		.md5 = hash_load(),
		.out = out,
		.complete = catalogue_is_filled(c),
		.terminal = isatty(STDERR_FILENO) };
	int rc = k.md5 ? store_files(blobs, check_file, &k) : -EIO;

	hash_unload(k.md5);
	clear_checked(&k);
	if (rc == 0)
		rc = k.rc;
	if (rc < 0)
		return rc;
	log_print(out, "%llu right, %llu damaged, %llu views, %llu %s; %llu bytes\n", k.right,
	    k.wrong, k.views, k.unknown,
	    k.complete ? "older versions not checked" :
			 "not checked: there is no list of documents; mount, and check again",
	    k.bytes);
	return k.wrong ? -EBADMSG : k.unknown && !k.complete ? -ENODATA : 0;
}

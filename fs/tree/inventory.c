#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auth/log.h"
#include "fs/async/pool.h"
#include "fs/async/task.h"
#include "fs/catalogue/catalogue.h"
#include "fs/content/file.h"
#include "document_dir.h"

#include "inventory.h"

struct making {
	struct inventory *inventory;
	enum inventory_kind kind;
	struct task	 task;
	struct file	*newest;	/* NULL: none yet */
	uint64_t	 generation;	/* of the catalogue, that it shows */
};

struct inventory {
	struct catalogue *catalogue;
	enum name_rules	 names;
	char		*dir;

	pthread_mutex_t	 lock;		/* guards: all below */
	struct pool	*pool;		/* NULL once stopped */
	struct making	 making[INVENTORY_KINDS];
};

/*
 * Rows.
 */

/* The columns of a row that are about the document's file. */
struct facts {
	uint64_t	 size;
	char		 md5[33];	/* "": not known */
	struct buf	 path;		/* each backslash is doubled */
};

/* A link's file is made here, so its size and MD5 are made here, too. */
static void
measure_link(const struct document *d, struct facts *f)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	struct buf text = BUF_INIT;
	size_t n = 0;

	document_dir_put_url(&text, d);
	f->size = text.len;
	if (!text.failed && EVP_Q_digest(NULL, "MD5", NULL, text.data, text.len, md, &n))
		for (size_t i = 0; i < n && i < 16; i++)
			snprintf(f->md5 + 2 * i, 3, "%02x", md[i]);
	buf_free(&text);
}

static void
put_escaped(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\')
			buf_putc(b, '\\');
		buf_putc(b, *s);
	}
}

static void
get_facts(const struct document *d, enum name_rules names, struct facts *f)
{
	struct name file;

	*f = (struct facts){ .size = (uint64_t)d->content_size };
	if (document_is_link(d))
		measure_link(d, f);
	else if (document_md5(d))
		memcpy(f->md5, d->checksum, 33);
	document_dir_file_name(d, names, &file);
	buf_puts(&f->path, "documents/");
	put_escaped(&f->path, d->name);
	buf_putc(&f->path, '/');
	put_escaped(&f->path, file.s);
}

struct writer {
	const struct making *making;
	FILE		*out;
	int		 rc;
};

static const char documents_header[] = "id\tversion_id\tpath\tsize\tmd5\tmodified\towner_id\tcsv\n";

static bool
write_row(void *ctx, const struct document *d)
{
	struct writer *w = ctx;
	struct facts f;

	get_facts(d, w->making->inventory->names, &f);
	const char *path = buf_str(&f.path);
	errno = ENOMEM;
	if (w->making->kind == INVENTORY_DOCUMENTS)
		fprintf(w->out, "%s\t%s\t%s\t%llu\t%s\t%s\t%s\t%s\n", d->id, d->version_id, path,
		    (unsigned long long)f.size, f.md5, document_date(d->content_modified).s,
		    d->owner_id, document_is_csv(d) ? "yes" : "no");
	else if (*f.md5)	/* as md5sum marks a name with doubled backslashes */
		fprintf(w->out, "%s%s  %s\n", strchr(path, '\\') ? "\\" : "", f.md5, path);
	if (f.path.failed || ferror(w->out))
		w->rc = -errno;
	buf_free(&f.path);
	return w->rc == 0;
}

/*
 * Paths for the log.
 */

/* version: of the document; the same if it is the latest. */
static void
print_path(const struct inventory *i, const struct document *d, const struct document *version,
    bool view, char *out, size_t size)
{
	struct name file;

	(version == d ? document_dir_file_name : document_dir_version_name)(
	    version, i->names, &file);
	if (!d->listed)
		snprintf(out, size, "by-id/%s/content", d->id);
	else if (view)
		snprintf(out, size, "parsed/%s", d->name);
	else
		snprintf(out, size, "%s/%s/%s", version == d ? "documents" : "versions", d->name,
		    file.s);
}

bool
inventory_path(void *inventory, const char *name, size_t len, char *out, size_t size)
{
	const struct inventory *i = inventory;
	const char *dot = memchr(name, '.', len);
	struct document_content content;
	struct document version = { 0 }, latest = { 0 };

	snprintf(content.s, sizeof(content.s), "%.*s", (int)(dot ? dot - name : (ssize_t)len),
	    name);
	const uint64_t key = name_text_key(content.s);
	int rc = catalogue_by_version_key(i->catalogue, key, &version);
	const bool old = rc == -ENOENT;
	if (old)
		rc = catalogue_version(i->catalogue, key, &version);
	if (old && rc == 0)
		rc = catalogue_by_id(i->catalogue, version.id, &latest);
	if (rc == 0)
		print_path(i, old ? &latest : &version, &version, dot != NULL, out, size);
	document_free(&latest);
	document_free(&version);
	return rc == 0;
}

/*
 * Snapshots.
 */

static FILE *
open_nameless(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = memfd_create("sffs-inventory", MFD_CLOEXEC);
	FILE *out = fd >= 0 ? fdopen(fd, "w+") : NULL;
	if (!out && fd >= 0)
		close(fd);
	return out;
}

static int
make_snapshot(const struct making *m, struct file **out)
{
	const struct inventory *i = m->inventory;
	struct writer w = { .making = m, .out = open_nameless(i->dir) };

	if (!w.out)
		return -errno;
	if (m->kind == INVENTORY_DOCUMENTS)
		fputs(documents_header, w.out);
	int rc = catalogue_list(i->catalogue, 0, write_row, &w);
	if (rc == 0 && w.rc == 0 && fflush(w.out) != 0)
		w.rc = -errno;
	if (w.rc < 0)
		log_warn("inventory", "%s: cannot write a snapshot: %s", i->dir, strerror(-w.rc));
	if (rc == 0)
		rc = w.rc;
	if (rc == 0)
		return file_open_stream(w.out, (uint64_t)ftello(w.out), out);
	fclose(w.out);
	return rc;
}

static struct making *
making_of(struct job *job)
{
	return CONTAINER_OF(job, struct making, task.job);
}

static void
run_making(struct job *job)
{
	struct making *m = making_of(job);
	struct inventory *i = m->inventory;
	struct file *snapshot;
	struct catalogue_totals totals;
	/* First: a change while it is written then makes the snapshot an old one. */
	int rc = catalogue_totals(i->catalogue, &totals);

	if (rc == 0)
		rc = make_snapshot(m, &snapshot);
	if (rc == 0) {
		pthread_mutex_lock(&i->lock);
		struct file *old = m->newest;
		m->newest = snapshot;
		m->generation = totals.generation;
		pthread_mutex_unlock(&i->lock);
		file_close(old);
	}
	task_end(&m->task, &i->lock, rc);
}

static void
drop_making(struct job *job)
{
	struct making *m = making_of(job);

	task_end(&m->task, &m->inventory->lock, -EINTR);
}

int
inventory_get(struct inventory *i, enum inventory_kind kind, struct wait *w, struct file **out)
{
	struct making *m = &i->making[kind];
	struct catalogue_totals now;
	int rc = catalogue_totals(i->catalogue, &now);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&i->lock);
	if (m->generation != now.generation)
		m->task.made = false;
	rc = task_need(&m->task, i->pool, w);
	if (rc == 0) {
		file_hold(m->newest);
		*out = m->newest;
	}
	pthread_mutex_unlock(&i->lock);
	return rc;
}

int
inventory_open(struct catalogue *c, const char *dir, enum name_rules names, struct inventory **out)
{
	struct inventory *i = calloc(1, sizeof(*i));

	if (!i)
		return -ENOMEM;
	*i = (struct inventory){ .catalogue = c, .names = names, .dir = strdup(dir) };
	pthread_mutex_init(&i->lock, NULL);
	for (unsigned kind = 0; kind < INVENTORY_KINDS; kind++)
		i->making[kind] = (struct making){ .inventory = i,
			.kind = (enum inventory_kind)kind,
			.task.job = { .run = run_making, .drop = drop_making } };
	int rc = i->dir ? pool_open("sffs-inventory", 1, &i->pool) : -ENOMEM;
	if (rc < 0)
		inventory_close(i);
	else
		*out = i;
	return rc;
}

void
inventory_stop(struct inventory *i)
{
	pool_stop(&i->pool, &i->lock);
}

void
inventory_close(struct inventory *i)
{
	if (!i)
		return;
	pool_close(i->pool);
	for (unsigned kind = 0; kind < INVENTORY_KINDS; kind++)
		file_close(i->making[kind].newest);
	pthread_mutex_destroy(&i->lock);
	free(i->dir);
	free(i);
}

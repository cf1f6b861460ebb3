#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auth/log.h"
#include "fs/catalogue/catalogue.h"
#include "document_dir.h"
#include "fs/async/pool.h"
#include "fs/async/task.h"

#include "inventory.h"

#define WRITE_SIZE	(256 * 1024)

struct snapshot {
	int		 fd;
	uint64_t	 size, generation;
	atomic_uint	 users;
};

struct making {
	struct inventory *inventory;
	enum inventory_kind kind;
	struct task	 task;
	struct snapshot	*newest;	/* NULL: none yet */
};

struct inventory {
	struct catalogue *catalogue;
	enum name_rules	 names;
	char		*dir;

	pthread_mutex_t	 lock;		/* guards: all below */
	struct pool	*pool;		/* NULL once stopped */
	struct making	 making[INVENTORY_KINDS];
};

static struct snapshot *
snapshot_ref(struct snapshot *s)
{
	if (s)
		s->users++;
	return s;
}

void
snapshot_put(struct snapshot *s)
{
	if (s && --s->users == 0) {
		close(s->fd);
		free(s);
	}
}

int
snapshot_fd(const struct snapshot *s)
{
	return s->fd;
}

uint64_t
snapshot_size(const struct snapshot *s)
{
	return s->size;
}

/*
 * Rows.
 */

struct writer {
	const struct inventory *inventory;
	enum inventory_kind kind;
	struct buf	 text;
	int		 fd;
	uint64_t	 size;
	int		 rc;
};

/* The MD5 of the file that stands for a link; "": it could not be computed. */
static void
md5_of_link(const struct document *d, char out[33])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	struct buf text = BUF_INIT;
	size_t n = 0;

	document_dir_put_url(&text, d);
	if (!text.failed && EVP_Q_digest(NULL, "MD5", NULL, text.data, text.len, md, &n))
		for (size_t i = 0; i < n && i < 16; i++)
			snprintf(out + 2 * i, 3, "%02x", md[i]);
	buf_free(&text);
}

static void
md5_of(const struct document *d, char out[33])
{
	out[0] = '\0';
	if (document_is_link(d))
		md5_of_link(d, out);
	else if (d->checksum && strlen(d->checksum) == 32)
		memcpy(out, d->checksum, 33);
}

static void
put_path(struct buf *b, const struct document *d, enum name_rules names, bool double_backslash)
{
	struct name file;

	document_dir_file_name(d, names, &file);
	for (unsigned part = 0; part < 2; part++) {
		buf_puts(b, part == 0 ? "documents/" : "/");
		for (const char *p = part == 0 ? d->name : file.s; *p; p++) {
			if (*p == '\\' && double_backslash)
				buf_putc(b, '\\');
			buf_putc(b, *p);
		}
	}
}

/* A line as md5sum writes it: if a name has a backslash, that is doubled and the line begins with
 * one. No other character of a name needs this. */
static void
put_md5sum(struct writer *w, const struct document *d)
{
	struct buf path = BUF_INIT;
	char md5[33];

	md5_of(d, md5);
	if (!*md5)
		return;
	put_path(&path, d, w->inventory->names, true);
	if (strchr(buf_str(&path), '\\'))
		buf_putc(&w->text, '\\');
	buf_printf(&w->text, "%s  %s\n", md5, buf_str(&path));
	w->text.failed |= path.failed;
	buf_free(&path);
}

static const char documents_header[] = "id\tversion_id\tpath\tsize\tmd5\tmodified\towner_id\tcsv\n";

static void
put_document_row(struct writer *w, const struct document *d)
{
	char md5[33];

	md5_of(d, md5);
	buf_printf(&w->text, "%s\t%s\t", d->id, d->version_id);
	put_path(&w->text, d, w->inventory->names, true);
	uint64_t size = (uint64_t)d->content_size;
	if (document_is_link(d)) {
		struct buf url = BUF_INIT;

		document_dir_put_url(&url, d);
		size = url.len;
		buf_free(&url);
	}
	buf_printf(&w->text, "\t%llu\t%s\t%s\t%s\t%s\n", (unsigned long long)size, md5,
	    document_date(d->content_modified).s, d->owner_id, document_is_csv(d) ? "yes" : "no");
}

static int
write_rows(struct writer *w)
{
	size_t done = 0;

	if (w->text.failed)
		return -ENOMEM;
	while (done < w->text.len) {
		ssize_t n = write(w->fd, w->text.data + done, w->text.len - done);

		if (n < 0 && errno != EINTR) {
			int rc = -errno;

			log_warn("inventory", "%s: cannot write a snapshot: %s", w->inventory->dir,
			    strerror(-rc));
			return rc;
		}
		if (n > 0)
			done += (size_t)n;
	}
	w->size += w->text.len;
	buf_clear(&w->text);
	return 0;
}

static bool
put_row(void *ctx, const struct document *d)
{
	struct writer *w = ctx;

	if (w->kind == INVENTORY_MD5SUMS)
		put_md5sum(w, d);
	else
		put_document_row(w, d);
	if (w->text.failed || w->text.len >= WRITE_SIZE)
		w->rc = write_rows(w);
	return w->rc == 0;
}

static int
open_nameless(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("sffs-inventory", MFD_CLOEXEC);
}

/*
 * Snapshots.
 */

static int
make_snapshot(struct inventory *i, enum inventory_kind kind, struct snapshot **out)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	struct writer w = { .inventory = i, .kind = kind, .text = BUF_INIT };
	int rc;

	if (!s)
		return -ENOMEM;
	w.fd = s->fd = open_nameless(i->dir);
	if (s->fd < 0) {
		rc = -errno;
		free(s);
		return rc;
	}
	s->users = 1;
	if (kind == INVENTORY_DOCUMENTS)
		buf_puts(&w.text, documents_header);
	/* First: a change while it is written then makes the snapshot an old one. */
	rc = catalogue_generation(i->catalogue, &s->generation);
	if (rc == 0)
		rc = catalogue_list(i->catalogue, 0, put_row, &w);
	if (rc == 0)
		rc = w.rc < 0 ? w.rc : write_rows(&w);
	buf_free(&w.text);
	s->size = w.size;
	if (rc < 0) {
		snapshot_put(s);
	} else {
		*out = s;
	}
	return rc;
}

static struct making *
making_of(struct job *job)
{
	return (struct making *)((char *)job - offsetof(struct making, task.job));
}

static void
end_making(struct making *m, int rc, struct snapshot *made)
{
	struct inventory *i = m->inventory;
	struct snapshot *old = NULL;

	if (made) {
		pthread_mutex_lock(&i->lock);
		old = m->newest;
		m->newest = made;
		pthread_mutex_unlock(&i->lock);
	}
	task_end(&m->task, &i->lock, rc);
	snapshot_put(old);
}

static void
run_making(struct job *job)
{
	struct making *m = making_of(job);
	struct snapshot *made = NULL;
	int rc = make_snapshot(m->inventory, m->kind, &made);

	end_making(m, rc, made);
}

static void
drop_making(struct job *job)
{
	end_making(making_of(job), -EINTR, NULL);
}

int
inventory_get(struct inventory *i, enum inventory_kind kind, struct wait *w, struct snapshot **out)
{
	struct making *m = &i->making[kind];
	uint64_t now;
	int rc = catalogue_generation(i->catalogue, &now);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&i->lock);
	if (!m->newest || m->newest->generation != now)
		m->task.made = false;
	rc = task_need(&m->task, i->pool, w);
	if (rc == 0)
		*out = snapshot_ref(m->newest);
	pthread_mutex_unlock(&i->lock);
	return rc;
}

int
inventory_open(struct catalogue *c, const char *dir, enum name_rules names, struct inventory **out)
{
	struct inventory *i = calloc(1, sizeof(*i));
	int rc = i && (i->dir = strdup(dir)) ? pool_open("sffs-inventory", 1, &i->pool) : -ENOMEM;

	if (rc < 0) {
		if (i)
			free(i->dir);
		free(i);
		return rc;
	}
	i->catalogue = c;
	i->names = names;
	pthread_mutex_init(&i->lock, NULL);
	for (unsigned kind = 0; kind < INVENTORY_KINDS; kind++)
		i->making[kind] = (struct making){ .inventory = i,
			.kind = (enum inventory_kind)kind,
			.task.job = { .run = run_making, .drop = drop_making } };
	*out = i;
	return 0;
}

void
inventory_stop(struct inventory *i)
{
	pthread_mutex_lock(&i->lock);
	struct pool *pool = i->pool;
	i->pool = NULL;
	pthread_mutex_unlock(&i->lock);
	pool_close(pool);
}

void
inventory_close(struct inventory *i)
{
	if (!i)
		return;
	pool_close(i->pool);
	for (unsigned kind = 0; kind < INVENTORY_KINDS; kind++)
		snapshot_put(i->making[kind].newest);
	pthread_mutex_destroy(&i->lock);
	free(i->dir);
	free(i);
}
